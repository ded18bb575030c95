// The editor of a brand, with script: the previews follow what is typed, as if their button
// were pressed whenever the hands rest. Nothing moves but they and what is said of them.
"use strict";

(() => {
  const form = document.querySelector(".brand-editor form");
  const said = document.getElementById("preview-said");
  if (!form || !said) return;
  const words = wordsOf(said);
  const rest = 700; // milliseconds without a key

  let timer, asking = false, again = false, sent;

  function soon(wait) {
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  }

  // One question is on its way at a time. Where there is too much to do, we wait as long
  // as we are told; where nobody answers, there is still the button.
  async function ask() {
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    again = false;
    let wait = rest;
    try {
      const fields = new FormData(form), logo = form.elements.logo.files[0];
      fields.set("do", "follow");
      if (logo && logo === sent) fields.delete("logo"); // the page has kept it
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields, redirect: "manual" });
      if (answer.status === 429 || answer.status === 503) {
        again = true;
        wait = 1000 * (Number(answer.headers.get("Retry-After")) || 5);
      } else if (answer.ok) {
        if (show(new DOMParser().parseFromString(await answer.text(), "text/html"))) sent = logo;
      }
    } catch { /* the line is down */ }
    asking = false;
    if (again) soon(wait);
  }

  // show takes from the page that the server has answered what is about the previews, and
  // reports whether there are any.
  function show(page) {
    const frames = [...page.querySelectorAll(".brand-frame")];
    if (frames.length === 0) {
      const why = [...page.querySelectorAll(".brand-editor .error, #form-error p")].map((e) => e.textContent.trim());
      say(words.text("brandPreview.notYet") + " " + why.join("; "));
      return false;
    }
    const now = [...document.querySelectorAll(".brand-frame")];
    if (now.length === 0) { // what was wrong when the page came is mended
      document.getElementById("previews").replaceChildren(...page.getElementById("previews").childNodes);
    }
    now.forEach((frame, i) => turn(frame, frames[i].getAttribute("src")));
    form.elements["logo-kept"].value = page.querySelector("[name=logo-kept]").value;
    const logo = form.querySelector(".brand-name img"), other = page.querySelector(".brand-editor .brand-name img");
    if (logo && other) logo.src = other.getAttribute("src");
    const contrasts = document.getElementById("contrasts"), fresh = page.getElementById("contrasts");
    if (contrasts.textContent !== fresh.textContent) contrasts.replaceChildren(...fresh.childNodes);
    say(words.text("brandPreview.asTyped"));
    return true;
  }

  function say(text) {
    if (said.textContent !== text) said.textContent = text;
  }

  // turn leads a preview on to its next page, where it was scrolled to, and leaves Back alone.
  function turn(frame, url) {
    const within = frame.contentWindow, at = within.scrollY;
    frame.addEventListener("load", () => frame.contentWindow.scrollTo(0, at), { once: true });
    within.location.replace(url);
  }

  form.addEventListener("input", () => soon(rest));
})();
