// What every page does: forms that go out once, notices that can be put away, menus that close.
"use strict";

// What the scripts of a page know of each other.
const Yingda = {};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("form[data-forget]")) sessionStorage.clear();
  if (!form.matches("form[data-once]")) return;
  const button = event.submitter || form.querySelector("button[type=submit]");
  if (!button) return;
  // After the event: a disabled button would not be sent along.
  setTimeout(() => {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
  });
});

// A page that comes back from the browser's memory must not have dead buttons.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[aria-busy]")) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
});

document.addEventListener("click", (event) => {
  const dismiss = event.target.closest("[data-dismiss]");
  if (dismiss) dismiss.closest(".notice").remove();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
  event.stopImmediatePropagation();
});
