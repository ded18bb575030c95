// The Sent folder shows what happens to its messages while it is open. The
// server says that something has changed; the page then asks for itself again
// and changes where it differs, so that scrolling, the focus, what is typed and
// what is unfolded stay.
"use strict";

(() => {
  const news = document.getElementById("news");
  if (!news) return;

  const second = 1000;
  const askEvery = 30 * second; // while there is no stream
  const patience = 10 * second;
  let stream = null;
  let asking = false;
  let again = false; // something changed while we asked

  // A key tells which element of the new page is which of the old one.
  function key(node) {
    if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeName;
    const link = node.matches("a") ? node : node.querySelector(":scope > a");
    const name = node.id || (link && link.getAttribute("href")) || node.classList[0] || "";
    return node.nodeName + " " + name;
  }

  function patchAttributes(old, fresh) {
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && !(name === "open" && old.matches("details"))) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
  }

  // A frame that is moved or changed loads again, so it is left as it is.
  function patch(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.data !== fresh.data) old.data = fresh.data;
      return;
    }
    if (old.matches("iframe") && old.getAttribute("src") === fresh.getAttribute("src")) return;
    patchAttributes(old, fresh);
    patchChildren(old, fresh);
  }

  // Nothing is moved: what the new page does not have at its place is removed.
  function patchChildren(old, fresh) {
    let at = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      let match = at;
      while (match && key(match) !== key(wanted)) match = match.nextSibling;
      if (!match) {
        old.insertBefore(document.importNode(wanted, true), at);
        continue;
      }
      while (at !== match) {
        const next = at.nextSibling;
        at.remove();
        at = next;
      }
      patch(match, wanted);
      at = match.nextSibling;
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  }

  // What the list says of each message, to be told apart and read aloud.
  function states(page) {
    const said = new Map();
    for (const item of page.querySelectorAll('[data-live="list"] .item')) {
      const words = [...item.querySelectorAll(".state")].map((state) => state.textContent.trim());
      const who = item.querySelector(".item-who").textContent.trim();
      said.set(item.getAttribute("href"), who + ": " + words.join(", "));
    }
    return said;
  }

  function swap(page) {
    const before = states(document);
    let changed = false;
    for (const region of document.querySelectorAll("[data-live]")) {
      const fresh = page.querySelector('[data-live="' + region.dataset.live + '"]');
      if (!fresh) continue;
      const was = region.textContent;
      patch(region, fresh);
      changed ||= region.textContent !== was;
    }
    if (!changed) return;
    const told = [...states(document)].filter(([url, words]) => before.get(url) !== words).map(([, words]) => words);
    news.textContent = told.slice(0, 3).join(". ") || news.dataset.words;
  }

  async function ask() {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    try {
      const answer = await fetch(location.href, {
        cache: "no-store", headers: { "Letterlock-Live": "1" }, signal: AbortSignal.timeout(patience),
      });
      if (answer.redirected) location.assign(answer.url); // signed out
      else if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
      else if (answer.status < 500 && answer.status !== 429) location.reload();
    } catch {
      // The page stays as it is; the next change, or the clock, asks again.
    }
    asking = false;
    if (again) {
      again = false;
      ask();
    }
  }

  function close() {
    if (stream) stream.close();
    stream = null;
  }

  // What happened before the stream was there, or while it was not, is asked for.
  function listen() {
    if (stream || document.hidden) return;
    stream = new EventSource(news.dataset.liveUrl);
    stream.addEventListener("open", ask);
    stream.addEventListener("changed", ask);
    stream.addEventListener("ended", () => {
      close();
      location.reload();
    });
    stream.addEventListener("error", close);
  }

  setInterval(() => {
    if (stream || document.hidden) return;
    ask();
    listen();
  }, askEvery);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else listen();
  });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  listen();
})();
