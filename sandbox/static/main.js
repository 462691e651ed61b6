// Puts the three sides together.

import { clock, el, icon } from "/static/dom.js";
import { start as startFaults } from "/static/faults.js";
import { mail } from "/static/mail.js";
import { sms } from "/static/sms.js";
import { CHANNELS, account, listen, on, person, state } from "/static/state.js";
import { wechat } from "/static/wechat.js";
import { start as startWho } from "/static/who.js";
import { start as startWire } from "/static/wire.js";

const SCREENS = { wechat, sms, email: mail };
const screen = document.getElementById("screen");
let redraw = () => {};
let drawn = "";

// A new screen for a new person, channel, account or following; otherwise only what is inside changes.
function open() {
  const one = account();
  const following = !(one?.unfollowed || []).includes(person()?.openid);
  const wanted = JSON.stringify([state.person, state.channel, one?.key, one?.name, one?.menu, following]);
  if (wanted !== drawn) {
    drawn = wanted;
    screen.className = `screen ${state.channel}`;
    redraw = one && person() ? SCREENS[state.channel](screen, open) : missing();
  }
  redraw();
}

function missing() {
  const { name } = CHANNELS.find((each) => each.id === state.channel);
  screen.replaceChildren(el("div", { class: "empty" }, icon(state.channel), el("p", {}, `还没有接入${name}账号`),
    el("p", {}, "用 ./dev run 启动会自动接好；也可以在配置文件里写上账号再启动体验台。")));
  return () => {};
}

function tabs() {
  const all = [...document.querySelectorAll("[role=tab]")];
  const show = (tab) => {
    for (const each of all) {
      const chosen = each === tab;
      each.setAttribute("aria-selected", String(chosen));
      each.tabIndex = chosen ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
    }
  };
  for (const tab of all) {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      const other = all[(all.indexOf(tab) + 1) % all.length];
      show(other);
      other.focus();
    });
  }
}

// On a phone's width the three sides are three steps.
function steps() {
  const all = [...document.querySelectorAll(".steps [data-step]")];
  const go = (name) => {
    document.body.dataset.step = name;
    for (const each of all) each.dataset.step === name ? each.setAttribute("aria-current", "step") : each.removeAttribute("aria-current");
    redraw();
  };
  for (const each of all) each.addEventListener("click", () => go(each.dataset.step));
  document.getElementById("channels").addEventListener("click", () => { if (matchMedia("(max-width: 760px)").matches) go("phone"); });
}

function tick() {
  document.getElementById("phone-time").textContent = clock(Date.now() / 1000);
}

startWho();
startWire();
startFaults();
tabs();
steps();
tick();
setInterval(tick, 10_000);
for (const what of ["people", "accounts", "choice", "phone"]) on(what, open);
listen((away) => { document.getElementById("offline").hidden = !away; });
