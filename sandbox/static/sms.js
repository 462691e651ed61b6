// Text messages, with their length as the network counts it.

import { bubble, notice, thread, timeline } from "/static/bubbles.js";
import { composer, say } from "/static/composer.js";
import { el, icon } from "/static/dom.js";
import { account, state } from "/static/state.js";

const GSM7 = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/;
const TWICE = /[\^{}\\[~\]|€]/g;

function length(text) {
  const plain = GSM7.test(text);
  const units = plain ? text.length + (text.match(TWICE) || []).length : text.length;
  const [single, several] = plain ? [160, 153] : [70, 67];
  return `${text.length} 字 · ${units <= single ? 1 : Math.ceil(units / several)} 条`;
}

async function send({ text, files }) {
  return Boolean(await say({ text, media: files }));
}

const line = (entry) => bubble(entry, {});

export function sms(screen) {
  const one = account();
  const list = el("div", { class: "thread sms", role: "log", tabindex: 0, "aria-live": "polite", "aria-label": "短信对话" });
  const counter = el("small", { class: "counter", "aria-live": "off" });
  const quick = el("div", { class: "quick" }, ["STOP", "START", "1", "好的，谢谢"].map((word) =>
    el("button", { type: "button", on: { click: () => say({ text: word }) } }, word)));
  screen.replaceChildren(
    el("header", { class: "bar" }, icon("back"), el("h2", {}, one.name, el("small", {}, one.number))),
    list,
    el("div", { class: "foot" }, quick,
      composer({ placeholder: "短信", accept: "image/*", send, onInput: (text) => { counter.textContent = text ? length(text) : ""; } }), counter));
  return () => thread(list, state.entries.length ? timeline(state.entries, line) : [notice("还没有短信。")]);
}
