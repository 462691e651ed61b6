// The keyboard, dialogs, and what to say when something could not be fetched.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const typing = (element) => element.matches("input, textarea, select, [contenteditable]");

  function move(by) {
    const rows = [...document.querySelectorAll(".row")];
    if (!rows.length) return;
    let at = rows.indexOf(document.activeElement);
    if (at < 0) {
      const current = rows.findIndex((row) => row.hasAttribute("aria-current"));
      at = current < 0 && by > 0 ? -1 : current;
    }
    const row = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  }

  function write(mode) {
    const composer = byId("composer");
    if (!composer) return;
    Yingda.step("thread");
    composer.querySelector(`[name=mode][value=${mode}]`).click();
    byId("text").focus();
  }

  const press = (...ids) => ids.map(byId).find((each) => each && !each.disabled)?.click();

  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    r: () => write("reply"),
    n: () => write("note"),
    a: () => press("act-take"),
    e: () => press("act-close"),
    "/": () => byId("find-text").focus(),
    "?": () => byId("keys").showModal(),
    Escape: () => (byId("columns").dataset.step === "panel" ? Yingda.step("thread") : Yingda.step("list")),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (typing(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) byId("keys").showModal();
    if (event.target instanceof HTMLDialogElement) event.target.close(); // its backdrop
  });

  // A question of ours instead of the browser's own, which cannot name its buttons.
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    byId("ask-text").textContent = event.detail.question;
    byId("ask-yes").textContent = event.detail.elt.dataset.yes || "确定";
    const ask = byId("ask");
    ask.returnValue = "";
    ask.addEventListener("close", () => ask.returnValue === "yes" && event.detail.issueRequest(true), { once: true });
    ask.showModal();
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "dialog-content" && !byId("dialog").open) byId("dialog").showModal();
    for (const passing of document.querySelectorAll(".notice[data-passing]")) {
      passing.removeAttribute("data-passing");
      setTimeout(() => passing.remove(), 10_000);
    }
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const from = event.detail.elt;
    if (!event.detail.successful) return;
    if (from.matches("[data-closes-dialog]")) byId("dialog").close();
    if (from.querySelector("[data-dismiss-after]")) from.closest(".notice").remove();
  });

  // Not even an answer: say so, and offer to do the same again.
  function unreachable(event) {
    const notice = document.createElement("div");
    notice.className = "notice error";
    notice.setAttribute("role", "alert");
    notice.innerHTML = '<p>网络连不上，没有成功。</p><button type="button" class="button">重试</button><button type="button" class="icon-button" data-dismiss aria-label="关闭提示">×</button>';
    const config = event.detail.requestConfig;
    notice.querySelector(".button").addEventListener("click", () => {
      notice.remove();
      htmx.trigger(config.elt, config.triggeringEvent?.type || "click");
    });
    byId("notices").replaceChildren(notice);
  }
  document.addEventListener("htmx:sendError", unreachable);
  document.addEventListener("htmx:timeout", unreachable);

  for (const [kind, busy] of [["htmx:beforeRequest", true], ["htmx:afterRequest", false]]) {
    document.addEventListener(kind, (event) => {
      const from = event.detail.elt;
      const button = from.matches("button") ? from : from.querySelector("button[type=submit]");
      if (!button || from.matches(".find")) return;
      button.disabled = busy;
      if (busy) button.setAttribute("aria-busy", "true");
      else button.removeAttribute("aria-busy");
    });
  }
})();
