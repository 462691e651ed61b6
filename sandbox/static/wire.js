// What went over the wire: every call opens to what was said and answered.

import { ask } from "/static/api.js";
import { clock, el } from "/static/dom.js";
import { on } from "/static/state.js";

const NAMES = { wechat: "微信", sms: "短信", smtp: "发信", imap: "收信", email: "邮件" };
const open = new Map();

function pretty(text) {
  const trimmed = text.trim();
  if (/^[[{]/.test(trimmed)) {
    try { return JSON.stringify(JSON.parse(trimmed), null, 2); } catch { return text; }
  }
  if (/^<xml>|^<Response/.test(trimmed)) return trimmed.replace(/>\s*<(?=[A-Za-z])/g, ">\n  <").replace(/>\s*<\/(xml|Response)>$/, ">\n</$1>");
  if (/^[\w.%+~-]+=[^\n]*$/.test(trimmed) && trimmed.includes("&")) {
    return [...new URLSearchParams(trimmed)].map(([name, value]) => `${name} = ${value}`).join("\n");
  }
  return text;
}

const block = (title, text) => text && el("section", {}, el("h3", {}, title), el("pre", { tabindex: 0 }, text));

function details(call) {
  const headers = Object.entries(call.headers || {}).map(([name, value]) => `${name}: ${value}`).join("\n");
  return [
    block("地址", call.url), call.note && block("说明", call.note), block("标头", headers),
    block("内容", pretty(call.body || "")), block("解密后", pretty(call.opened || "")), block("应答", pretty(call.answer || "")),
  ].filter(Boolean);
}

function short(call) {
  if (call.provider === "smtp" || call.provider === "imap") return call.url;
  return call.url.replace(/^https?:\/\/[^/]+/, "").replace(/\?.*$/, "").replace(/^\/(wechat|twilio)/, "").replace(/^\/2010-04-01\/Accounts\/[^/]+/, "");
}

function verdict(call) {
  if (["imap", "smtp"].includes(call.provider) && !call.status) return call.note ? ["断开", "bad"] : ["完成", "good"];
  if (!call.status) return ["无应答", "bad"];
  return [String(call.status), call.status < 400 ? "good" : "bad"];
}

function row(call) {
  const [word, kind] = verdict(call);
  const to = call.direction === "to_product";
  const inside = el("div", { class: "inside", id: `call-${call.id}`, hidden: !open.has(call.id) }, open.get(call.id) || []);
  const button = el("button", {
    class: "call", "aria-expanded": String(open.has(call.id)), "aria-controls": `call-${call.id}`,
    on: { click: () => toggle(call.id, button, inside) },
  },
  el("span", { class: `way ${to ? "to" : "from"}` }, to ? "→ 应答" : "← 应答"),
  el("span", { class: "what" }, el("strong", {}, `${NAMES[call.provider] || call.provider} ${call.method}`), el("span", { class: "path" }, short(call)),
    call.note && el("em", {}, call.note)),
  el("span", { class: "end" }, el("span", { class: `status-code ${kind}` }, word), el("small", {}, `${clock(call.at)} · ${call.took_ms} ms`)));
  return el("li", {}, button, inside);
}

async function toggle(id, button, inside) {
  if (open.delete(id)) { inside.hidden = true; button.setAttribute("aria-expanded", "false"); return; }
  const call = await ask("GET", `wire/${id}`);
  if (!call) return;
  open.set(id, details(call));
  inside.replaceChildren(...open.get(id));
  inside.hidden = false;
  button.setAttribute("aria-expanded", "true");
}

async function draw() {
  const box = document.getElementById("wire");
  const calls = await ask("GET", "wire");
  if (!calls) return;
  for (const id of open.keys()) if (!calls.some((call) => call.id === id)) open.delete(id);
  const list = calls.length
    ? el("ol", { class: "calls", "aria-label": "最近的往来" }, calls.slice(0, 150).map(row))
    : el("div", { class: "empty" }, el("p", {}, "线路上还没有往来"), el("p", {}, "在手机上发一条消息，就能看到它怎样到达应答、应答又怎样回来。"));
  const top = box.scrollTop;
  box.replaceChildren(list);
  box.scrollTop = top;
}

export function start() {
  on("wire", draw);
}
