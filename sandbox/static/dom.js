// Building elements: every text goes in as text, never as markup.

const present = (child) => child !== undefined && child !== null && child !== false && child !== "";

// Replace what is inside; what is missing is left out.
export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter(present));
}

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else if (name === "class") node.className = value;
    else if (value === true) node.setAttribute(name, "");
    else node.setAttribute(name, value);
  }
  node.append(...children.flat().filter(present));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  for (const d of PATHS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

const PATHS = {
  wechat: ["M9.5 4C5.4 4 2 6.8 2 10.3c0 2 1.1 3.7 2.9 4.9L4.2 17.4l2.6-1.3c.9.2 1.8.4 2.7.4h.5", "M22 15.2c0-2.9-2.8-5.2-6.2-5.2s-6.3 2.3-6.3 5.2 2.8 5.2 6.3 5.2c.7 0 1.4-.1 2-.3l2.2 1.1-.6-1.9c1.6-.9 2.6-2.4 2.6-4.1z"],
  sms: ["M4 5h16a1.5 1.5 0 0 1 1.5 1.5v9A1.5 1.5 0 0 1 20 17h-8l-4.5 3.5V17H4a1.5 1.5 0 0 1-1.5-1.5v-9A1.5 1.5 0 0 1 4 5z", "M7 11h.01M12 11h.01M17 11h.01"],
  email: ["M3.5 5.5h17a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-17a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1z", "M3 6.5l9 7 9-7"],
  plus: ["M12 5v14M5 12h14"],
  close: ["M6 6l12 12M18 6L6 18"],
  back: ["M15 5l-7 7 7 7"],
  send: ["M4 12l16-8-6 16-3-6z"],
  image: ["M4 5h16v14H4z", "M4 16l5-5 4 4 3-3 4 4", "M15.5 9h.01"],
  voice: ["M12 4a3 3 0 0 1 3 3v4a3 3 0 0 1-6 0V7a3 3 0 0 1 3-3z", "M6 11a6 6 0 0 0 12 0M12 17v3"],
  place: ["M12 21s-7-6-7-11a7 7 0 0 1 14 0c0 5-7 11-7 11z", "M12 10h.01"],
  link: ["M9 15l6-6", "M10.5 6.5l1-1a4.5 4.5 0 0 1 6.5 6.5l-1 1M13.5 17.5l-1 1A4.5 4.5 0 0 1 6 12l1-1"],
  scan: ["M4 9V5h4M16 5h4v4M20 15v4h-4M8 19H4v-4M4 12h16"],
  leave: ["M9 5H5v14h4M14 8l4 4-4 4M18 12H9"],
  clip: ["M8 12l6-6a3 3 0 0 1 4.5 4.5L10 19a5 5 0 0 1-7-7l8-8"],
  pen: ["M4 20l1-4L16 5l3 3L8 19z"],
  reply: ["M10 6L4 12l6 6M4 12h9a7 7 0 0 1 7 7"],
};

const LINK = /<a\s[^>]*href="(https?:\/\/[^"<>]+)"[^>]*>([^<]*)<\/a>|(https?:\/\/[^\s<>"，。；！？）]+)/g;

// Text with addresses (and WeChat's own <a href>) as links.
export function linked(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    nodes.push(text.slice(from, match.index));
    const [whole, href, label, bare] = match;
    nodes.push(el("a", { href: href || bare, target: "_blank", rel: "noopener noreferrer" }, label || bare));
    from = match.index + whole.length;
  }
  nodes.push(text.slice(from));
  return nodes.filter((node) => node !== "");
}

// The phones are in China, whatever the time is where somebody tries them: the inbox shows the same.
const ZONE = { timeZone: "Asia/Shanghai" };
const dayOf = (at) => at.toLocaleDateString("sv-SE", ZONE); // 2026-11-03

export function clock(seconds) {
  const at = new Date(seconds * 1000);
  const time = at.toLocaleTimeString("zh-CN", { ...ZONE, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const days = (Date.parse(dayOf(new Date())) - Date.parse(dayOf(at))) / 86400000;
  if (days === 0) return time;
  if (days === 1) return `昨天 ${time}`;
  const [, month, day] = dayOf(at).split("-").map(Number);
  return `${month}月${day}日 ${time}`;
}

export function toast(text) {
  const node = document.getElementById("toast");
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { node.hidden = true; }, 5000);
}
