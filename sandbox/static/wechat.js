// A WeChat conversation with a service account.

import { ask, media } from "/static/api.js";
import { bubble, notice, thread, timeline } from "/static/bubbles.js";
import { composer, filePicker, say } from "/static/composer.js";
import { el, icon, linked, toast } from "/static/dom.js";
import { account, person, state } from "/static/state.js";

const act = (more) => ask("POST", "act", { person: state.person, channel: "wechat", ...more });
const following = () => !(account()?.unfollowed || []).includes(person()?.openid);

const CARDS = {
  news: (entry) => card("news", entry.card.title, entry.card.description, entry.card.url, entry.card.picurl),
  link: (entry) => card("news", entry.card.title || "链接", entry.card.description, entry.card.url),
  location: (entry) => el("div", { class: "card place" }, el("strong", {}, entry.card.label || "位置"),
    el("small", {}, `${entry.card.latitude}, ${entry.card.longitude}`), el("span", { class: "map", "aria-hidden": "true" }, icon("place"))),
  msgmenu: (entry) => [
    entry.text && el("span", { class: "text" }, linked(entry.text)),
    el("div", { class: "choices" }, entry.card.choices.map((choice) =>
      el("button", { class: "link", on: { click: () => say({ text: choice.content, menu_id: choice.id }) } }, choice.content))),
    entry.card.tail && el("span", { class: "text" }, entry.card.tail),
  ],
  template: (entry) => el("div", { class: "card template" }, el("strong", {}, "服务通知"),
    el("dl", {}, entry.card.fields.map((field) => [el("dt", {}, field.name), el("dd", {}, field.value)]).flat()),
    entry.card.url && outward(entry.card.url, "详情")),
};

const isWeb = (url) => /^https?:\/\//.test(url || "");
const outward = (url, text) => isWeb(url) && el("a", { class: "more", href: url, target: "_blank", rel: "noopener noreferrer" }, text);

function card(kind, title, description, url, picture) {
  return el("div", { class: `card ${kind}` }, picture && picture.startsWith("/media/") && el("img", { src: picture, alt: "" }),
    el("strong", {}, title), description && el("small", {}, description), outward(url, "打开"));
}

function line(entry) {
  if (entry.kind === "event") return notice(`你${entry.text}${entry.state === "failed" ? "（应答没有接到）" : ""}`);
  if (entry.kind === "notice") return notice(entry.error ? `${entry.text}（${entry.error}）` : entry.text, "trouble");
  const one = account();
  return bubble(entry, {
    me: person(),
    them: { name: one?.name || "应答", id: "desk" },
    body: CARDS[entry.kind]?.(entry),
  });
}

// Sub-menus and the panel close when something else is touched.
function closePopups() {
  for (const each of document.querySelectorAll(".below, .panel")) each.hidden = true;
}
document.addEventListener("click", (event) => { if (!event.target.closest(".foot")) closePopups(); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closePopups(); });

// The menu bar with its sub-menus.
function menuBar() {
  const buttons = account()?.menu?.button || [];
  if (!buttons.length) return null;
  const press = (button) => act({ action: button.type === "scancode_push" ? "scan" : "menu", key: button.key || button.name, name: button.name, url: button.url || "", scene: button.key || "" });
  return el("nav", { class: "menu-bar", "aria-label": "公众号菜单" }, buttons.map((button) => {
    const below = button.sub_button || [];
    if (!below.length) return el("div", {}, el("button", { type: "button", on: { click: () => press(button) } }, button.name));
    const list = el("div", { class: "below", hidden: true }, below.map((each) =>
      el("button", { type: "button", on: { click: () => { list.hidden = true; press(each); } } }, each.name)));
    const opener = el("button", { type: "button", "aria-haspopup": "true", on: { click: () => { const closed = list.hidden; closePopups(); list.hidden = !closed; } } }, `≡ ${button.name}`);
    return el("div", {}, list, opener);
  }));
}

async function sendFile(file) {
  const kind = ["image", "video", "audio"].find((each) => file.type.startsWith(`${each}/`));
  if (!kind) { toast("微信里只能发图片、语音和视频"); return; }
  await say({ kind: kind === "audio" ? "voice" : kind, media: [await media(file)] });
}

const PLACES = [{ latitude: 31.2304, longitude: 121.4737, label: "示例市人民路 1 号" }];

function morePanel(refresh) {
  const any = filePicker({ accept: "image/*,audio/*,video/*", onPick: sendFile });
  const item = (name, text, run) => el("button", { type: "button", on: { click: () => { panel.hidden = true; run(); } } }, el("span", {}, icon(name)), text);
  const panel = el("div", { class: "panel", hidden: true },
    item("image", "图片 / 视频", any.open), item("voice", "语音", any.open),
    item("place", "位置", () => say({ kind: "location", ...PLACES[0] })),
    item("link", "链接", () => say({ kind: "link", title: "产品说明书", description: "示例空调 KFR-35", url: "https://example.com/manual" })),
    item("scan", "扫门店码", () => act({ action: "scan", scene: "demo_store" })),
    item("leave", "取消关注", () => act({ action: "unfollow" }).then(refresh)));
  return { panel, input: any.input };
}

async function send({ text, files }) {
  for (const file of files) if (!(await say({ media: [file] }))) return false;
  return !text || Boolean(await say({ text }));
}

function footer(refresh) {
  if (!following()) {
    return el("div", { class: "unfollowed" }, el("p", {}, "你还没有关注这个公众号"),
      el("button", { class: "primary", on: { click: () => act({ action: "follow" }).then(refresh) } }, "关注公众号"));
  }
  const { panel, input } = morePanel(refresh);
  const plus = el("button", { type: "button", class: "round", "aria-label": "更多", on: { click: () => { const closed = panel.hidden; closePopups(); panel.hidden = !closed; } } }, icon("plus"));
  return el("div", { class: "foot" },
    composer({ placeholder: "发消息", accept: "image/*", send, after: plus }), panel, input, menuBar());
}

async function drawWindow(badge) {
  const open_ = await ask("GET", `window?channel=wechat&person=${encodeURIComponent(state.person)}`);
  if (!open_) return;
  const hours = Math.max(0, open_.seconds) / 3600;
  const rest = hours >= 1 ? `${Math.round(hours)} 小时` : `${Math.ceil(hours * 60)} 分钟`;
  badge.textContent = open_.open ? `可下发 ${open_.left} 条 · ${rest}` : "窗口已关";
}

export function wechat(screen, refresh) {
  const list = el("div", { class: "thread", role: "log", tabindex: 0, "aria-live": "polite", "aria-label": "微信对话" });
  const title = el("h2", {}, account().name);
  const left = el("span", { class: "badge", title: "公众号现在还能主动下发的客服消息" });
  screen.replaceChildren(el("header", { class: "bar" }, icon("back"), title, left), list, footer(refresh));
  return () => {
    drawWindow(left);
    title.textContent = state.typing ? "对方正在输入……" : account()?.name;
    thread(list, state.entries.length ? timeline(state.entries, line) : [notice("还没有消息。说点什么，或点下面的菜单。")]);
  };
}
