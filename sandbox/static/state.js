// Who writes, over what, and what is known. Parts subscribe to what they show.

import { ask } from "/static/api.js";

export const CHANNELS = [
  { id: "wechat", name: "微信" },
  { id: "sms", name: "短信" },
  { id: "email", name: "邮件" },
];

export const state = {
  people: [],
  accounts: [],
  person: localStorage.getItem("person") || "",
  channel: localStorage.getItem("channel") || "wechat",
  entries: [],
  typing: false,
  unread: new Map(),
};

const listeners = new Map();

export function on(what, run) {
  listeners.set(what, [...(listeners.get(what) || []), run]);
}

export function changed(what) {
  for (const run of listeners.get(what) || []) run();
}

export const person = () => state.people.find((each) => each.id === state.person);
export const account = () => state.accounts.find((each) => each.kind === state.channel);
export const unreadKey = (personId, channel) => `${personId} ${channel}`;

export async function choose(choice) {
  Object.assign(state, choice);
  localStorage.setItem("person", state.person);
  localStorage.setItem("channel", state.channel);
  state.entries = [];
  state.typing = false;
  changed("choice");
  await loadPhone();
}

export async function loadPeople() {
  state.people = (await ask("GET", "people")) || state.people;
  if (!person() && state.people.length) state.person = state.people[0].id;
  changed("people");
}

export async function loadAccounts() {
  state.accounts = (await ask("GET", "accounts")) || state.accounts;
  changed("accounts");
}

export async function loadPhone() {
  if (!state.person) return;
  const { person: who, channel } = state;
  const entries = await ask("GET", `phone?person=${encodeURIComponent(who)}&channel=${channel}`);
  if (!entries || who !== state.person || channel !== state.channel) return;
  if (entries.at(-1)?.direction === "in") state.typing = false;
  state.entries = entries;
  state.unread.delete(unreadKey(who, channel));
  changed("phone");
  changed("unread");
}

// News of the sandbox: fetch what is shown, count what is not. Many at once are answered by one fetch.
export function listen(offline) {
  const source = new EventSource("/control/events");
  const waiting = new Set();
  let timer = null;
  const soon = (what) => {
    waiting.add(what);
    timer ??= setTimeout(() => {
      timer = null;
      for (const each of waiting) LOADERS[each]();
      waiting.clear();
    }, 60);
  };
  source.onopen = async () => { offline(false); await loadPeople(); Object.keys(LOADERS).forEach(soon); };
  source.onerror = () => offline(true);
  source.onmessage = (event) => {
    const news = JSON.parse(event.data);
    if (news.type === "typing") hearTyping(news);
    else if (news.type === "phone" && !isOpen(news)) countUnread(news);
    else if (news.type === "reset") Object.keys(LOADERS).forEach(soon);
    else if (LOADERS[news.type]) soon(news.type);
  };
}

const TYPING_MS = 15_000;
const LOADERS = {
  phone: loadPhone,
  people: loadPeople,
  accounts: loadAccounts,
  wire: () => changed("wire"),
  faults: () => changed("faults"),
};

const isOpen = (news) => news.person === state.person && news.channel === state.channel;

function hearTyping(news) {
  if (!isOpen(news)) return;
  state.typing = news.on;
  changed("phone");
  clearTimeout(hearTyping.timer);
  hearTyping.timer = setTimeout(() => { state.typing = false; changed("phone"); }, TYPING_MS);
}

function countUnread(news) {
  const key = unreadKey(news.person, news.channel);
  state.unread.set(key, (state.unread.get(key) || 0) + 1);
  changed("unread");
}
