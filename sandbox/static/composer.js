// Where the person writes: Enter sends, Shift+Enter breaks the line, files wait as chips until they are sent.

import { ask, media } from "/static/api.js";
import { el, icon, toast } from "/static/dom.js";
import { state } from "/static/state.js";

const LARGEST_FILE = 20 * 1024 * 1024;

export async function say(ask_) {
  return ask("POST", "say", { person: state.person, channel: state.channel, ...ask_ });
}

export function filePicker({ accept = "", label = "添加文件", name = "clip", onPick }) {
  const input = el("input", { type: "file", accept, hidden: true, tabindex: -1, "aria-hidden": "true" });
  const open = () => input.click();
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    if (file.size > LARGEST_FILE) toast("文件太大，最多 20 MB");
    else onPick(file);
  });
  return { input, open, button: el("button", { type: "button", class: "round", "aria-label": label, on: { click: open } }, icon(name)) };
}

export function chip(file, remove) {
  const kind = file.type.startsWith("image/") ? "image" : "clip";
  return el("span", { class: "chip" }, icon(kind), el("span", {}, file.name),
    el("button", { type: "button", "aria-label": `移除 ${file.name}`, on: { click: remove } }, icon("close")));
}

// `send({text, files})` returns whether it worked; what was typed stays where it did not.
export function composer({ placeholder, accept, before, after, send, onInput }) {
  let files = [];
  const chips = el("div", { class: "chips" });
  const area = el("textarea", { rows: 1, placeholder, "aria-label": placeholder, enterkeyhint: "send" });
  const button = el("button", { class: "send", type: "submit", disabled: true }, "发送");
  const picker = accept && filePicker({ accept, label: "添加图片", name: "image", onPick: (file) => { files = [file]; draw(); area.focus(); } });

  function draw() {
    chips.replaceChildren(...files.map((file) => chip(file, () => { files = []; draw(); })));
    chips.hidden = !files.length;
    button.disabled = !area.value.trim() && !files.length;
    area.style.height = "";
    if (area.value) area.style.height = `${Math.min(area.scrollHeight, 120)}px`;
    onInput?.(area.value);
  }

  async function submit(event) {
    event.preventDefault();
    const text = area.value.trim();
    if (button.disabled || (!text && !files.length)) return;
    button.disabled = true;
    const ready = await Promise.all(files.map(media));
    if (await send({ text, files: ready })) { area.value = ""; files = []; }
    draw();
    area.focus();
  }

  area.addEventListener("input", draw);
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
  area.addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (file && accept && file.type.startsWith("image/")) { files = [file]; draw(); }
  });
  draw();
  return el("form", { class: "composer", on: { submit } }, chips,
    el("div", { class: "row" }, before, picker?.button, picker?.input, area, after, button));
}
