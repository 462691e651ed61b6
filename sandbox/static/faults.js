// The switches: what the providers do badly, and the clock.

import { ask } from "/static/api.js";
import { el, fill, toast } from "/static/dom.js";
import { on, state } from "/static/state.js";

const COMMON = [
  ["slow", "慢", "三秒后才应答", { seconds: 3 }],
  ["status", "503", "服务不可用，没有处理", { status: 503 }],
  ["status", "500", "服务器出错，没有处理", { status: 500 }],
  ["status", "429", "请求太多，没有处理", { status: 429, seconds: 2 }],
  ["drop", "收下后断开", "已经处理，但不应答", {}],
  ["cut", "直接断开", "没有处理，也不应答", {}],
];
const CALLBACKS = [["twice", "重复", "每个回调送两遍", {}], ["shuffle", "乱序", "回调不按先后到达", {}]];

const GROUPS = [
  ["wechat", "微信", [...COMMON, ["errcode", "系统繁忙", "errcode -1，稍后再试", {}], ["reject", "拒收", "用户把公众号拉黑", {}], ...CALLBACKS]],
  ["sms", "短信", [...COMMON, ["reject", "拒收", "收件人已退订", {}], ["undelivered", "未送达", "收下，之后报告失败", {}], ...CALLBACKS]],
  ["smtp", "发信 SMTP", [
    ["slow", "慢", "三秒后才收下", { seconds: 3 }], ["code", "451", "暂时不收，稍后再试", { code: 451 }],
    ["code", "550", "永远不收", { code: 550 }], ["reject", "拒收", "收件人不收", {}],
    ["drop", "收下后断开", "信已收下，但不应答", {}], ["cut", "直接断开", "没有收下", {}], ["bounce", "退信", "收下，之后退回", {}],
  ]],
  ["imap", "收信 IMAP", [["slow", "慢", "每条命令三秒", { seconds: 3 }], ["refuse", "拒绝连接", "连上就关", {}], ["drop", "断开", "命令中途断开", {}]]],
];

const LEAPS = [["1 分钟", 60], ["1 小时", 3600], ["48 小时", 172800]];
let shown = "wechat";

const isSame = (fault, provider, [kind, , , more]) =>
  fault.provider === provider && fault.kind === kind && (!more.status || fault.status === more.status) && (!more.code || fault.code === more.code);

function row(provider, each, active) {
  const [kind, name, about, more] = each;
  const running = active.filter((fault) => isSame(fault, provider, each));
  const turnOn = (times) => ask("POST", "faults", { provider, kind, times, ...more });
  const turnOff = () => Promise.all(running.map((fault) => ask("DELETE", `faults/${fault.id}`)));
  const how = running.some((fault) => fault.times === null) ? "一直" : `还剩 ${running.reduce((sum, fault) => sum + fault.times, 0)} 次`;
  return el("li", { class: running.length ? "fault running" : "fault" },
    el("span", { class: "about" }, el("strong", {}, name), el("small", {}, running.length ? `进行中 · ${how}` : about)),
    running.length
      ? el("button", { class: "quiet stop", "aria-label": `关闭 ${name}`, on: { click: turnOff } }, "关闭")
      : el("span", { class: "row" },
        el("button", { class: "quiet", "aria-label": `${name}：只下一次`, on: { click: () => turnOn(1) } }, "下一次"),
        el("button", { class: "quiet", "aria-label": `${name}：一直`, on: { click: () => turnOn(null) } }, "一直")));
}

async function leap(seconds) {
  const answer = await ask("POST", "clock", { forward: seconds });
  if (answer) { toast("体验台的时钟已拨快"); draw(); }
}

async function clockBox() {
  const { now } = (await ask("GET", "clock")) || { now: Date.now() / 1000 };
  const ahead = Math.round(now - Date.now() / 1000);
  const words = ahead > 5 ? `快 ${Math.floor(ahead / 3600)} 小时 ${Math.floor((ahead % 3600) / 60)} 分` : "与本机一致";
  return el("section", { class: "clock" }, el("h2", {}, "时钟"),
    el("p", {}, `${words}。拨快它，看客服消息窗口（48 小时、5 条）和令牌过期。`),
    el("div", { class: "row" }, LEAPS.map(([name, seconds]) => el("button", { class: "quiet", on: { click: () => leap(seconds) } }, `+${name}`)),
      ahead > 5 && el("button", { class: "quiet stop", on: { click: () => ask("POST", "clock", { reset: true }).then(draw) } }, "拨回")));
}

async function draw() {
  const active = await ask("GET", "faults");
  if (!active) return;
  const count = document.getElementById("fault-count");
  count.hidden = !active.length;
  count.textContent = String(active.length);
  const [, , rows] = GROUPS.find(([provider]) => provider === shown);
  fill(document.getElementById("faults"),
    el("div", { class: "groups", role: "group", "aria-label": "服务商" }, GROUPS.map(([provider, name]) => {
      const on_ = active.filter((fault) => fault.provider === provider).length;
      return el("button", { "aria-pressed": String(provider === shown), on: { click: () => { shown = provider; draw(); } } }, name, on_ > 0 && el("span", { class: "count" }, String(on_)));
    })),
    el("ul", { class: "fault-list" }, rows.map((each) => row(shown, each, active))),
    active.length > 0 && el("button", { class: "quiet stop wide", on: { click: () => ask("DELETE", "faults") } }, "全部恢复正常"),
    await clockBox(),
  );
}

export function start() {
  on("faults", draw);
  on("choice", () => { shown = state.channel === "email" ? "smtp" : state.channel; draw(); });
}
