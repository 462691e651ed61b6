// Writing: which way it goes, what fits, files, a draft for each conversation, and sending exactly once.
"use strict";


(() => {
  const GSM = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/;
  const GSM_DOUBLE = /[\^{}\\[~\]|€]/g;

  const byId = (id) => document.getElementById(id);
  const key = (id) => "draft:" + id;
  const facts = () => byId("address")?.selectedOptions[0]?.dataset || null;
  const usable = () => Boolean(byId("address")?.selectedOptions[0] && !byId("address").selectedOptions[0].disabled);
  const mode = (form) => form.elements.mode.value;

  let files = [];
  let attempt = { about: "", once: "" };

  Yingda.hasDraft = (id) => sessionStorage.getItem(key(id)) !== null;

  function saveDraft(form) {
    const { text, subject } = form.elements;
    if (!text.value && !subject.value) sessionStorage.removeItem(key(form.dataset.id));
    else {
      const draft = { text: text.value, subject: subject.value, mode: mode(form), address: byId("address")?.value };
      sessionStorage.setItem(key(form.dataset.id), JSON.stringify(draft));
    }
  }

  function restoreDraft(form) {
    const kept = sessionStorage.getItem(key(form.dataset.id));
    if (!kept) return;
    const draft = JSON.parse(kept);
    form.elements.text.value = draft.text;
    form.elements.subject.value = draft.subject;
    form.elements.mode.value = draft.mode;
    const option = [...(byId("address")?.options || [])].find((each) => each.value === draft.address);
    if (option && !option.disabled) byId("address").value = draft.address;
  }

  // The same content again is the same message; changed content is another one.
  function onceFor(form) {
    const about = JSON.stringify([form.dataset.id, mode(form), form.elements.text.value, form.elements.subject.value,
      byId("address")?.value, files.map((each) => [each.name, each.size, each.lastModified])]);
    if (attempt.about !== about) attempt = { about, once: crypto.randomUUID() };
    return attempt.once;
  }

  function segments(text) {
    if (GSM.test(text)) {
      const length = text.length + (text.match(GSM_DOUBLE) || []).length;
      return length <= 160 ? 1 : Math.ceil(length / 153);
    }
    return text.length <= 70 ? 1 : Math.ceil(text.length / 67);
  }

  const MEASURES = {
    characters: (text) => text.length,
    bytes: (text) => new TextEncoder().encode(text).length,
    segments,
  };

  function counted(text, fact) {
    const length = MEASURES[fact.unit](fact.signature + text);
    const parts = Math.ceil(length / Number(fact.longest));
    if (parts > Number(fact.parts)) return { words: `太长：${length} / ${fact.longest * fact.parts} ${fact.words}`, over: true };
    if (fact.unit === "segments") return { words: `${text.length} 字 · ${length} 条短信` };
    if (parts > 1) return { words: `${length} / ${fact.longest} ${fact.words} · 将分 ${parts} 条发送` };
    const near = length > Number(fact.longest) * 0.5;
    return { words: near ? `${length} / ${fact.longest} ${fact.words}` : `${text.length} 字` };
  }

  function fileProblem(file, fact) {
    const types = fact.types.split(" ").filter(Boolean);
    const type = file.type || "application/octet-stream";
    if (!types.some((each) => (each.endsWith("/") ? type.startsWith(each) : type === each))) return `${fact.label}不能发送这种文件`;
    if (file.size > Number(fact.largest)) return `太大，${fact.label}最多 ${Math.floor(fact.largest / 1024 / 1024)} MB`;
    return "";
  }

  function show(form) {
    const noting = mode(form) === "note";
    const fact = facts();
    const replying = !noting && form.dataset.state === "open" && usable();
    form.classList.toggle("noting", noting);
    byId("through").hidden = noting;
    byId("cannot").hidden = noting || replying;
    byId("subject-field").hidden = noting || !replying || !fact.subject;
    byId("attach").hidden = noting || !replying || !fact.types;
    if (byId("left")) byId("left").textContent = (fact && fact.left) || "";
    form.elements.text.placeholder = noting ? "写给同事的备注，不会发给对方" : "输入回复";
    const { words, over } = !noting && fact ? counted(form.elements.text.value, fact) : { words: `${form.elements.text.value.length} 字` };
    byId("counter").textContent = form.elements.text.value ? words : "";
    byId("counter").classList.toggle("over", Boolean(over));
    byId("send").textContent = noting ? "保存备注" : "发送";
    if (!byId("send").hasAttribute("aria-busy")) byId("send").disabled = Boolean(over) || !(noting || replying);
    showFiles(form, noting ? null : fact);
  }

  function showFiles(form, fact) {
    const list = byId("picked");
    for (const image of list.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    list.replaceChildren(...files.map((file, at) => {
      const item = document.createElement("li");
      if (file.type.startsWith("image/")) {
        const image = document.createElement("img");
        image.src = URL.createObjectURL(file);
        image.alt = "";
        item.append(image);
      }
      const name = document.createElement("span");
      name.className = "file-name";
      name.textContent = file.name;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "icon-button";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `去掉 ${file.name}`);
      remove.addEventListener("click", () => {
        files.splice(at, 1);
        show(form);
      });
      const problem = fact ? fileProblem(file, fact) : "";
      item.append(name);
      if (problem) {
        const words = document.createElement("span");
        words.className = "field-problem";
        words.textContent = problem;
        item.append(words);
      }
      item.append(remove);
      return item;
    }));
    list.hidden = !files.length || !fact;
  }

  function add(form, more) {
    files = [...files, ...more].slice(0, 10);
    show(form);
  }

  function problem(words) {
    const shown = byId("composer-problem");
    shown.textContent = words;
    shown.hidden = !words;
  }

  async function said(response) {
    try {
      return (await response.json()).error.message || "没有成功，请再试一次";
    } catch {
      return "系统暂时连不上，内容已保留，请再试一次";
    }
  }

  function body(form) {
    const data = new FormData();
    data.set("once", onceFor(form));
    data.set("text", form.elements.text.value);
    if (mode(form) === "note") return data;
    data.set("address", byId("address").value);
    data.set("subject", form.elements.subject.value);
    for (const file of files) data.append("files", file, file.name);
    return data;
  }

  function busy(form, now) {
    const button = byId("send");
    if (now) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
    button.disabled = now;
    form.elements.text.readOnly = now;
  }

  function sent(form) {
    sessionStorage.removeItem(key(form.dataset.id));
    attempt = { about: "", once: "" };
    files = [];
    form.elements.text.value = "";
    form.elements.subject.value = "";
    form.elements.mode.value = "reply";
    show(form);
    document.dispatchEvent(new Event("yingda:changed"));
  }

  async function send(form) {
    if (byId("send").disabled) return;
    if (!form.elements.text.value.trim() && !(files.length && mode(form) === "reply")) {
      problem(mode(form) === "note" ? "请先写备注" : "请先输入回复，或添加文件");
      return;
    }
    problem("");
    busy(form, true);
    try {
      const url = `/inbox/c/${form.dataset.id}/${mode(form)}`;
      const options = { method: "POST", body: body(form), headers: { Accept: "application/json" } };
      const response = await Yingda.fetch(url, { ...options, signal: AbortSignal.timeout(files.length ? 120_000 : 20_000) });
      busy(form, false);
      if (response.ok) sent(form);
      else problem(await said(response));
    } catch {
      busy(form, false);
      problem("网络连不上，内容已保留，请再试一次。同样的内容不会发两遍。");
    }
    show(form);
    if (form.isConnected) form.elements.text.focus();
  }

  function onKey(form, event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    const long = mode(form) === "reply" && facts()?.subject;
    if (long && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    send(form);
  }

  // Set up the composer of a conversation that was just opened.
  Yingda.composer = (form) => {
    files = [];
    restoreDraft(form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
    form.addEventListener("input", () => {
      saveDraft(form);
      show(form);
    });
    form.elements.text.addEventListener("keydown", (event) => onKey(form, event));
    form.elements.text.addEventListener("paste", (event) => {
      if (!event.clipboardData.files.length || mode(form) === "note") return;
      event.preventDefault();
      add(form, event.clipboardData.files);
    });
    byId("files").addEventListener("change", (event) => {
      add(form, event.target.files);
      event.target.value = "";
    });
    for (const kind of ["dragover", "drop"]) {
      form.addEventListener(kind, (event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        if (kind === "drop" && mode(form) === "reply") add(form, event.dataTransfer.files);
      });
    }
    show(form);
  };

  // The conversation changed: what may be written through may have, too. What is typed stays.
  Yingda.mergeComposer = (fresh) => {
    const form = byId("composer");
    const chosen = byId("address")?.value;
    form.dataset.state = fresh.getElementById("composer").dataset.state;
    byId("cannot").textContent = fresh.getElementById("cannot").textContent;
    if (document.activeElement !== byId("address")) {
      byId("through").replaceWith(fresh.getElementById("through"));
      const option = [...(byId("address")?.options || [])].find((each) => each.value === chosen);
      if (option && !option.disabled) byId("address").value = chosen;
      else if (option && usable()) problem(`${option.dataset.label}现在不能回复，已改为通过${facts().label}`);
    }
    show(form);
  };
})();
