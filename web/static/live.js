// News over a WebSocket: ids of conversations that changed. A lost line says so, comes back, and looks at everything.
"use strict";

(() => {
  const QUIET = 50_000; // the server says something every 20 s
  const SESSION_ENDED = 4401;
  let failures = 0;
  let wait = 500;
  let socket = null;
  let watchdog = 0;
  let bannerTimer = 0;

  const banner = () => document.getElementById("lost");

  function soon(work, delay) {
    let timer = 0;
    return () => {
      if (!timer) timer = setTimeout(() => ((timer = 0), work()), delay);
    };
  }

  const thread = soon(() => Yingda.refreshThread(), 60);
  const list = soon(() => Yingda.refreshList(), 250);

  function alive() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => socket.close(), QUIET);
  }

  function lost(event) {
    document.body.dataset.live = "off";
    failures += 1;
    // A session that ended shows in the answer to an ordinary request, which then leads to the login.
    if (event.code === SESSION_ENDED || failures % 3 === 0) list();
    clearTimeout(watchdog);
    if (!bannerTimer) bannerTimer = setTimeout(() => (banner().hidden = false), 800);
    setTimeout(connect, wait * (0.5 + Math.random()));
    wait = Math.min(wait * 2, 10_000);
  }

  function connect() {
    socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/live");
    socket.addEventListener("open", () => {
      wait = 500;
      failures = 0;
      clearTimeout(bannerTimer);
      bannerTimer = 0;
      banner().hidden = true;
      document.body.dataset.live = "on";
      alive();
      thread();
      list();
    });
    socket.addEventListener("message", (event) => {
      alive();
      const changed = event.data.split("\n").filter(Boolean);
      if (!changed.length) return;
      list();
      if (changed.includes("*") || changed.includes(Yingda.openedId())) thread();
    });
    socket.addEventListener("close", lost);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    thread();
    list();
  });
  addEventListener("offline", () => socket?.close());
  document.addEventListener("DOMContentLoaded", connect);
})();
