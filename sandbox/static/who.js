// The left side: who am I, and over which channel.

import { ask } from "/static/api.js";
import { el, fill, icon, toast } from "/static/dom.js";
import { CHANNELS, account, choose, on, state, unreadKey } from "/static/state.js";

const COLOURS = 5;

// The desk has the accent, people take turns.
function colour(id) {
  const place = state.people.findIndex((each) => each.id === id);
  return place < 0 ? "tint-desk" : `tint-${place % COLOURS}`;
}

export function avatar(name, id) {
  return el("span", { class: `avatar ${colour(id)}`, "aria-hidden": "true" }, [...name][0] || "?");
}

function unread(personId, channel) {
  const keys = channel ? [channel] : CHANNELS.map((each) => each.id);
  return keys.some((each) => state.unread.get(unreadKey(personId, each)));
}

const dot = (label) => el("span", { class: "dot", role: "img", "aria-label": label });

function personCard(each) {
  const chosen = each.id === state.person;
  return el("button", {
    class: "person", role: "radio", "aria-checked": String(chosen), tabindex: chosen ? 0 : -1,
    on: { click: () => choose({ person: each.id }), keydown: arrows },
  },
  avatar(each.name, each.id),
  el("span", { class: "about" },
    el("strong", {}, each.name),
    el("small", {}, each.phone.replace("+86", "")),
    el("small", {}, each.mail)),
  !chosen && unread(each.id) && dot("有新消息"));
}

function channelButton(each) {
  const chosen = each.id === state.channel;
  const missing = !state.accounts.some((one) => one.kind === each.id);
  return el("button", {
    class: "channel", role: "radio", "aria-checked": String(chosen), tabindex: chosen ? 0 : -1,
    on: { click: () => choose({ channel: each.id }), keydown: arrows },
  },
  icon(each.id), el("span", {}, each.name), missing && el("small", {}, "未接入"),
  !chosen && unread(state.person, each.id) && dot("有新消息"));
}

// Radio groups move with the arrow keys.
function arrows(event) {
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const group = event.currentTarget.parentElement;
  const all = [...group.children];
  const next = all[(all.indexOf(event.currentTarget) + step + all.length) % all.length];
  const position = all.indexOf(next);
  next.click();
  group.children[position]?.focus();
}

function drawAccount() {
  const box = document.getElementById("account");
  const one = account();
  if (!one) { box.replaceChildren(); return; }
  const checked = { true: "回调地址验证通过", false: "回调地址验证没有通过" }[one.checked];
  fill(box,
    el("h2", {}, "对方账号"),
    el("p", {}, el("strong", {}, one.name), el("br"), el("span", { class: "mono" }, one.number || one.address || one.key)),
    el("p", { class: "mono hook" }, one.hook_url ? `回调 ${one.hook_url}` : "没有回调：应答自己来收信（IMAP）"),
    one.kind === "wechat" && el("button", { class: "quiet", on: { click: check } }, "验证回调地址"),
    checked && el("p", { class: one.checked ? "good" : "bad", role: "status" }, checked),
  );
}

const check = () => ask("POST", "act", { person: state.person, channel: "wechat", action: "check", wait: true });

function draw() {
  document.getElementById("people").replaceChildren(...state.people.map(personCard));
  document.getElementById("channels").replaceChildren(...CHANNELS.map(channelButton));
  drawAccount();
}

async function add(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const name = form.elements.name.value.trim();
  if (!name) { toast("先写一个称呼"); form.elements.name.focus(); return; }
  const [added] = (await ask("POST", "people", { name })) || [];
  if (!added) return;
  form.reset();
  state.people = [...state.people.filter((each) => each.id !== added.id), added];
  await choose({ person: added.id });
}

export function start() {
  document.getElementById("add-person").addEventListener("submit", add);
  for (const what of ["people", "accounts", "choice", "unread"]) on(what, draw);
}
