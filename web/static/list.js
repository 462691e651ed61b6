// The list: kept fresh without losing the place, the selection or the focus.
"use strict";

Yingda.view = () => document.getElementById("columns").dataset.view;

const rows = () => document.getElementById("rows");

Yingda.markCurrent = () => {
  const opened = Yingda.openedId();
  for (const row of document.querySelectorAll(".row")) {
    if (row.dataset.id === opened) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
    row.classList.toggle("draft", Yingda.hasDraft(row.dataset.id));
  }
};

// The row at the upper edge, and how far from it: after the exchange it is put there again.
function anchor() {
  const list = rows();
  if (list.scrollTop < 8) return null;
  const top = list.getBoundingClientRect().top;
  const first = [...list.querySelectorAll(".row")].find((row) => row.getBoundingClientRect().bottom > top);
  return first && { id: first.dataset.id, offset: first.getBoundingClientRect().top - top };
}

function exchange(fresh) {
  const list = rows();
  const held = anchor();
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : "";
  list.replaceChildren(...fresh.childNodes);
  htmx.process(list);
  const find = (id) => list.querySelector(`.row[data-id="${id}"]`);
  const row = held && find(held.id);
  if (row) list.scrollTop += row.getBoundingClientRect().top - list.getBoundingClientRect().top - held.offset;
  if (focused) find(focused)?.focus({ preventScroll: true });
  Yingda.markCurrent();
}

function retitle(todo) {
  document.title = (todo > 0 ? `(${todo}) ` : "") + "会话 · 应答";
}

const parsed = (html) => new DOMParser().parseFromString(html, "text/html");

async function fetchList() {
  const count = Math.max(50, rows().querySelectorAll(".row").length);
  const response = await Yingda.fetch(`/inbox/list?view=${Yingda.view()}&count=${count}`);
  if (!response.ok) return;
  const fresh = parsed(await response.text());
  const focused = document.activeElement?.closest(".views a")?.id;
  document.querySelector("#list .views").replaceWith(fresh.querySelector(".views"));
  if (focused) document.getElementById(focused).focus();
  retitle(Number(fresh.getElementById("rows").dataset.todo));
  if (!document.getElementById("find-text").value.trim()) exchange(fresh.getElementById("rows"));
}

let listing = false;
let listAgain = false;

Yingda.refreshList = async () => {
  if (listing) {
    listAgain = true;
    return;
  }
  listing = true;
  try {
    await fetchList();
  } catch {
    // Away: the banner says so, and coming back refreshes.
  } finally {
    listing = false;
  }
  if (listAgain) {
    listAgain = false;
    await Yingda.refreshList();
  }
};

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.closest("#list")) Yingda.markCurrent();
});

// How long people wait moves on by itself.
setInterval(() => {
  if (document.visibilityState === "visible") Yingda.refreshList();
}, 60_000);

document.addEventListener("DOMContentLoaded", () => {
  document.querySelector(".row[aria-current]")?.scrollIntoView({ block: "nearest" });
});
