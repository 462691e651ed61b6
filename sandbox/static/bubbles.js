// Bubbles, cards and their states, shared by WeChat and SMS.

import { clock, el, icon, linked } from "/static/dom.js";
import { avatar } from "/static/who.js";

const OWN = { sending: "发送中……", delivered: "已送达", failed: "没有送到" };
const THEIRS = { queued: "排队中", sent: "已发出", delivered: "已送达", undelivered: "未送达，机主没有收到" };
const WAYS = { passive: "随回调带回", api: "接口下发", template: "模板消息", twiml: "随回调带回", platform: "平台代答" };

export function stateLine(entry) {
  const failed = ["failed", "undelivered"].includes(entry.state);
  const words = entry.direction === "out"
    ? OWN[entry.state]
    : [WAYS[entry.via], entry.via !== "platform" && THEIRS[entry.state], entry.error].filter(Boolean).join(" · ");
  return words && el("span", { class: failed ? "state failed" : "state" }, failed && icon("close"), words);
}

export function picture(file) {
  return el("a", { href: file.url, target: "_blank", rel: "noopener" },
    el("img", { src: file.url, alt: file.name, loading: "lazy" }));
}

export function attachment(file) {
  if (file.content_type.startsWith("image/")) return picture(file);
  if (file.content_type.startsWith("video/")) return el("video", { src: file.url, controls: true, preload: "metadata" });
  if (file.content_type.startsWith("audio/")) return el("span", { class: "voice" }, icon("voice"), el("a", { href: file.url, download: file.name }, "语音"));
  return el("a", { class: "file", href: file.url, download: file.name }, icon("clip"), el("span", {}, file.name));
}

const isBare = (entry) => entry.media.length && !entry.text;

export function bubble(entry, { me, them, body }) {
  const mine = entry.direction === "out";
  const who = mine ? me : them;
  const inside = body || [
    ...entry.media.map(attachment),
    entry.text && el("span", { class: "text" }, linked(entry.text)),
  ];
  return el("div", { class: `line ${mine ? "mine" : "theirs"}`, "data-id": entry.id },
    who && avatar(who.name, who.id),
    el("div", { class: "stack" },
      el("div", { class: `bubble${isBare(entry) ? " bare" : ""}` }, inside),
      stateLine(entry)));
}

export const notice = (text, kind = "") => el("p", { class: `notice ${kind}` }, text);

// Lines with the time wherever five minutes passed.
export function timeline(entries, line) {
  const lines = [];
  let last = 0;
  for (const entry of entries) {
    if (entry.at - last > 300) lines.push(el("p", { class: "time" }, clock(entry.at)));
    last = entry.at;
    lines.push(line(entry));
  }
  return lines;
}

// A list that stays at its end unless the reader scrolled up.
export function thread(list, lines) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  list.replaceChildren(...lines);
  const settle = () => { list.scrollTop = list.scrollHeight; };
  if (!atEnd) return;
  settle();
  for (const image of list.querySelectorAll("img")) image.addEventListener("load", settle, { once: true });
}
