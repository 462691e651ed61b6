// A small mail program: the list, one letter, writing and answering.

import { media } from "/static/api.js";
import { attachment, stateLine } from "/static/bubbles.js";
import { chip, filePicker, say } from "/static/composer.js";
import { clock, el, icon, linked, toast } from "/static/dom.js";
import { account, person, state } from "/static/state.js";
import { avatar } from "/static/who.js";

const QUOTES = [["qq", "QQ 邮箱"], ["163", "网易邮箱"], ["outlook", "Outlook"], ["gmail", "Gmail"], ["", "不引用原文"]];

export function mail(screen) {
  const box = el("div", { class: "mail" });
  let view = { name: "list" };
  const go = (next) => { view = next; draw(); };

  function bar(title, ...more) {
    const back = view.name !== "list" && el("button", { class: "round", "aria-label": "返回收件箱", on: { click: () => go({ name: "list" }) } }, icon("back"));
    return el("header", { class: "bar" }, back, el("h2", {}, title), ...more);
  }

  function row(entry) {
    const mine = entry.direction === "out";
    const name = mine ? `我 → ${account().name}` : account().name;
    return el("li", {}, el("button", { class: "letter-row", on: { click: () => go({ name: "letter", id: entry.id }) } },
      avatar(mine ? person().name : account().name, mine ? person().id : "desk"),
      el("span", { class: "about" },
        el("span", { class: "row" }, el("strong", {}, name), el("small", {}, clock(entry.at))),
        el("span", { class: "subject" }, entry.subject || "（无主题）", entry.media.length > 0 && icon("clip")),
        el("small", { class: "snippet" }, entry.text.slice(0, 80)))));
  }

  function list() {
    const letters = [...state.entries].reverse();
    const write = el("button", { class: "primary small", on: { click: () => go({ name: "write" }) } }, icon("pen"), "写邮件");
    return [bar("收件箱", write), letters.length
      ? el("ul", { class: "letters", "aria-label": "邮件" }, letters.map(row))
      : el("div", { class: "empty" }, icon("email"), el("p", {}, "收件箱是空的"), el("p", {}, `给 ${account().address} 写一封吧`))];
  }

  function letter(entry) {
    const mine = entry.direction === "out";
    const answer = el("button", { class: "primary small", on: { click: () => go({ name: "write", reply: entry }) } }, icon("reply"), "回复");
    return [bar("邮件", answer), el("article", { class: "letter" },
      el("h3", {}, entry.subject || "（无主题）"),
      el("p", { class: "meta" }, `${mine ? "我" : entry.card.from}`, el("small", {}, clock(entry.at)), stateLine(entry)),
      el("div", { class: "body" }, linked(entry.text)),
      entry.media.length > 0 && el("div", { class: "files" }, entry.media.map(attachment)))];
  }

  function form({ reply }) {
    let files = [];
    const chips = el("div", { class: "chips", hidden: true });
    const drawChips = () => {
      chips.hidden = !files.length;
      chips.replaceChildren(...files.map((file) => chip(file, () => { files = files.filter((each) => each !== file); drawChips(); })));
    };
    const picker = filePicker({ onPick: (file) => { files = [...files, file]; drawChips(); } });
    const subject = el("input", { name: "subject", value: reply ? `回复：${reply.subject.replace(/^(回复：|Re: )+/i, "")}` : "", maxlength: 200, placeholder: "主题" });
    const text = el("textarea", { name: "text", rows: 8, "aria-label": "正文", placeholder: "正文（Ctrl+Enter 发送）" });
    const quote = el("select", { name: "quote" }, QUOTES.map(([value, name]) => el("option", { value }, name)));
    const button = el("button", { class: "primary", type: "submit" }, "发送");

    async function submit(event) {
      event.preventDefault();
      if (!text.value.trim() && !files.length) { toast("写点内容再发送"); text.focus(); return; }
      button.disabled = true;
      const sent = await say({
        subject: subject.value.trim() || "（无主题）", text: text.value, media: await Promise.all(files.map(media)),
        ...(reply ? { reply_to: reply.provider_id, quote: quote.value } : {}),
      });
      button.disabled = false;
      if (sent) go({ name: "list" });
    }
    text.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event); });
    setTimeout(() => (reply ? text : subject).focus());
    return [bar(reply ? "回复邮件" : "写邮件"), el("form", { class: "write", on: { submit } },
      el("label", {}, "收件人", el("output", {}, account().address)),
      el("label", {}, "主题", subject), text, chips, picker.input,
      reply && el("label", {}, "写信软件", quote),
      el("div", { class: "row" }, picker.button, button))];
  }

  function draw() {
    const found = view.name === "letter" && state.entries.find((entry) => entry.id === view.id);
    if (view.name === "write") { box.replaceChildren(...form(view)); return; }
    box.replaceChildren(...(found ? letter(found) : list()));
  }
  screen.replaceChildren(box);
  return () => { if (view.name !== "write") draw(); else if (!box.children.length) draw(); };
}
