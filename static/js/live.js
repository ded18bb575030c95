// An open message asks whether it may still be seen. The server says so by a
// stream of events; where there is none, the page asks every few seconds. What
// the server refuses goes from the page at once. What it has not confirmed for a
// minute goes, too, with other words: that is no revocation.
"use strict";

(() => {
  const content = document.querySelector(".read[data-live-url]");
  const away = document.getElementById("away");
  if (!content || !away) return;
  const url = content.dataset.liveUrl;

  const second = 1000;
  const patience = 4 * second; // for one answer
  const askEvery = 5 * second;
  const streamAgain = 30 * second; // after a stream has failed
  const stale = 20 * second; // older word of the server's is none, to a page that slept
  const lost = 60 * second; // longer than that, nothing is shown without its word

  let contact = Date.now(); // when the server last said that the page may stay
  let asked = 0;
  let answered = true; // since then, no question has failed
  let stream = null;
  let streamed = 0; // when the last stream was opened
  let ticked = Date.now();
  let gone = false; // the content is no longer in the page
  let over = false; // and nothing will be asked any more

  // A clock that was set back makes everything old.
  function since(moment) {
    const age = Date.now() - moment;
    return age < 0 ? Infinity : age;
  }

  function conceal() {
    content.classList.add("is-asking");
  }

  // The title is content as well.
  function wipe() {
    gone = true;
    content.replaceChildren();
    content.remove();
    document.title = location.host;
  }

  // The server says at the same address why there is nothing to see.
  function leave() {
    if (over) return;
    stop();
    wipe();
    location.replace(location.pathname);
  }

  function stop() {
    over = true;
    clearInterval(clock);
    closeStream();
  }

  function closeStream() {
    if (stream) stream.close();
    stream = null;
  }

  function confirmed() {
    if (over) return;
    contact = Date.now();
    answered = true;
    if (gone) {
      stop();
      location.reload();
      return;
    }
    content.classList.remove("is-asking");
  }

  function unanswered() {
    if (over) return;
    answered = false;
    if (since(contact) >= lost) lose();
  }

  function lose() {
    if (gone) return;
    wipe();
    away.before(away.content.cloneNode(true));
    document.title = document.querySelector("h1").textContent;
  }

  // A status that says "not now" says nothing about access.
  function refused(status) {
    return status >= 400 && status < 500 && ![408, 425, 429].includes(status);
  }

  async function ask() {
    asked = Date.now();
    try {
      const answer = await fetch(url, {
        cache: "no-store", redirect: "manual", headers: { "Letterlock-Live": "1" },
        signal: AbortSignal.timeout(patience),
      });
      if (answer.status === 204) confirmed();
      else if (refused(answer.status)) leave();
      else unanswered();
    } catch {
      unanswered();
    }
  }

  // Hidden tabs ask instead: a browser opens only a few streams to one server.
  function listen() {
    if (stream || over || document.hidden) return;
    streamed = Date.now();
    stream = new EventSource(url);
    stream.addEventListener("alive", confirmed);
    stream.addEventListener("ended", leave);
    stream.addEventListener("error", () => {
      closeStream();
      if (!over) ask();
    });
  }

  // Whoever comes back to a page may find it as it was long ago.
  function wake() {
    if (over) return;
    if (since(contact) > stale) conceal();
    ask();
    listen();
  }

  function tick() {
    const slept = since(ticked) > stale;
    ticked = Date.now();
    if (slept) {
      closeStream();
      wake();
      return;
    }
    if (since(contact) >= lost) {
      conceal();
      if (!answered) lose();
    }
    if (stream && since(contact) > stale) closeStream();
    if (!stream && since(asked) >= askEvery) ask();
    if (!stream && answered && since(streamed) >= streamAgain) listen();
  }

  const clock = setInterval(tick, second);
  listen();

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) closeStream();
    else wake();
  });
  document.addEventListener("freeze", () => {
    closeStream();
    conceal();
  });
  document.addEventListener("resume", wake);
  window.addEventListener("online", wake);

  // A page that the browser keeps for its Back button keeps nothing to show.
  window.addEventListener("pagehide", () => {
    stop();
    wipe();
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    if (!gone) wipe();
    location.reload();
  });
})();
