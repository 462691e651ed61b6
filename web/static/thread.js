// The opened conversation: fetched again when it changed, and merged in without moving what somebody reads.
"use strict";


// Looking for news is not work: it must not keep an abandoned session alive. A fetch soon after somebody did something is.
let lastAct = Date.now();
for (const kind of ["pointerdown", "keydown", "wheel"]) addEventListener(kind, () => (lastAct = Date.now()), { passive: true });

Yingda.fetch = async (url, options = {}) => {
  const headers = { "HX-Request": "true", ...options.headers };
  if (Date.now() - lastAct > 60_000) headers["Yingda-Background"] = "1";
  const response = await fetch(url, { signal: AbortSignal.timeout(15_000), ...options, headers });
  if (response.status === 401) location.assign("/login?next=" + encodeURIComponent(location.pathname));
  return response;
};

Yingda.thread = () => document.querySelector(".thread");
Yingda.openedId = () => Yingda.thread()?.dataset.id || "";

const scroller = () => document.getElementById("scroller");
const atEnd = () => {
  const box = scroller();
  return box.scrollHeight - box.scrollTop - box.clientHeight < 60;
};
const toEnd = () => {
  scroller().scrollTop = scroller().scrollHeight;
  document.getElementById("new-messages").hidden = true;
};

// Who reads the end goes on reading it when the composer grows, a keyboard slides in or the window is turned.
function stayAtEnd(box) {
  let follows = true;
  box.addEventListener("scroll", () => (follows = atEnd()), { passive: true });
  new ResizeObserver(() => follows && box.isConnected && toEnd()).observe(box);
}

Yingda.step = (name) => (document.getElementById("columns").dataset.step = name);

function started() {
  const thread = Yingda.thread();
  if (!thread) return;
  Yingda.step("thread");
  Yingda.composer(document.getElementById("composer"));
  toEnd();
  stayAtEnd(scroller());
  scroller().addEventListener("scroll", () => {
    if (atEnd()) document.getElementById("new-messages").hidden = true;
  }, { passive: true });
  document.getElementById("new-messages").addEventListener("click", toEnd);
  Yingda.markCurrent();
}

// What was fetched replaces a node only where it differs, and never under somebody's hands.
function replaced(selector, fresh) {
  const old = document.querySelector(selector);
  const now = fresh.querySelector(selector);
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const held = focused?.matches("input, select, textarea") || old.querySelector("details[open]");
  if (held || old.textContent === now.textContent) return;
  old.replaceWith(now);
  htmx.process(now);
  const same = (each) => each.tagName === focused.tagName && each.textContent === focused.textContent;
  if (focused) [...now.querySelectorAll("a, button, summary")].find(same)?.focus();
}

function place(list, node) {
  const later = [...list.children].find((each) => each.dataset.at > node.dataset.at);
  list.insertBefore(node, later || null);
  htmx.process(node);
}

function mergeMessages(fresh) {
  const list = document.getElementById("messages");
  const nodes = [...fresh.querySelectorAll("#messages > [data-at]")];
  // What was fetched ends where older messages have their own page: what stands above it was not asked about.
  const from = fresh.querySelector(".earlier") ? nodes[0].dataset.at : "";
  const ids = new Set(nodes.map((each) => each.id));
  for (const old of [...list.children]) {
    if (old.dataset.at >= from && !ids.has(old.id)) old.remove();
  }
  let came = false;
  for (const node of nodes) {
    const old = document.getElementById(node.id);
    if (!old) {
      came = came || node.matches(".message.in, .message.note");
      place(list, node);
    } else if (old.dataset.version !== node.dataset.version) {
      if (old.querySelector("details[open]")) node.querySelector("details")?.setAttribute("open", "");
      old.replaceWith(node);
      htmx.process(node);
    }
  }
  if (nodes.length) document.getElementById("no-messages")?.remove();
  return came;
}

let refreshing = null;
let again = false;

Yingda.refreshThread = async (mine = false) => {
  const id = Yingda.openedId();
  if (!id) return;
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = Yingda.fetch(`/inbox/c/${id}?view=${Yingda.view()}`);
  try {
    const response = await refreshing;
    if (response.ok && id === Yingda.openedId()) merge(await response.text(), mine);
    if (response.status === 404) location.assign(`/inbox?view=${Yingda.view()}`);
  } catch {
    // The line's banner says it; the next news or reconnection looks again.
  } finally {
    refreshing = null;
  }
  if (again) {
    again = false;
    await Yingda.refreshThread(mine);
  }
};

function merge(html, mine) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const follow = mine || atEnd();
  const came = mergeMessages(fresh);
  replaced("#thread-head", fresh);
  replaced("#panel", fresh);
  Yingda.mergeComposer(fresh);
  if (follow) toEnd();
  else if (came) document.getElementById("new-messages").hidden = false;
  if (fresh.querySelector(".thread").dataset.unread !== "0" && document.visibilityState === "visible" && follow) {
    Yingda.fetch(`/inbox/c/${Yingda.openedId()}/read`, { method: "POST" }).catch(() => {});
  }
}

async function earlier(button) {
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    const response = await Yingda.fetch(button.dataset.earlier);
    if (!response.ok) throw new Error();
    const fresh = new DOMParser().parseFromString(`<div>${await response.text()}</div>`, "text/html").body.firstChild;
    const box = scroller();
    const before = box.scrollHeight - box.scrollTop;
    for (const day of fresh.querySelectorAll(".day")) document.getElementById(day.id)?.remove();
    const list = document.getElementById("messages");
    button.closest(".earlier").remove();
    const nodes = [...fresh.childNodes];
    list.prepend(...nodes);
    for (const node of nodes) if (node.nodeType === Node.ELEMENT_NODE) htmx.process(node);
    box.scrollTop = box.scrollHeight - before;
  } catch {
    button.disabled = false;
    button.removeAttribute("aria-busy");
    button.textContent = "没有取到，点这里重试";
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-earlier]");
  if (button) earlier(button);
  const step = event.target.closest("[data-step-to]");
  if (step) {
    const columns = document.getElementById("columns");
    const to = step.dataset.stepTo;
    Yingda.step(to === "panel" && columns.dataset.step === "panel" ? "thread" : to);
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "conversation") started();
});

// Something that this page did changed a conversation.
document.addEventListener("yingda:changed", () => {
  for (const menu of document.querySelectorAll("#assign-menu[open], .rename[open]")) menu.open = false;
  if (document.activeElement?.matches(".rename-form input")) document.activeElement.blur();
  Yingda.refreshThread(true);
  Yingda.refreshList();
});

document.addEventListener("DOMContentLoaded", started);
