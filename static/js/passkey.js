// Passkeys: a button asks the server for a question, has the browser put it to whatever
// keeps passkeys, and sends the answer with the form around the button. Without this
// script, or where the browser has no passkeys, a sentence stands in their place.
"use strict";

(() => {
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) return;

  const reasons = {
    NotAllowedError: "passkeySaid.noneShown",
    InvalidStateError: "passkeySaid.thereAlready",
    SecurityError: "passkeySaid.notHere",
  };

  // failure is an error of our own, with what is said of it.
  const failure = (said) => Object.assign(new Error(said), { said });

  async function asked(url) {
    const answer = await fetch(url, { method: "POST", cache: "no-store" });
    if (answer.status === 429) throw failure("passkeySaid.tooManyTries");
    if (!answer.ok || answer.redirected) throw failure("passkeySaid.notAsked");
    return answer.json();
  }

  async function shown(button) {
    if (button.dataset.make) {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(button.dataset.make));
      return navigator.credentials.create({ publicKey });
    }
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await asked(button.dataset.passkey));
    return navigator.credentials.get({ publicKey });
  }

  async function press(button) {
    const form = button.form;
    const said = form.querySelector("[data-passkey-said]");
    const password = form.elements.password;
    if (password && !password.reportValidity()) return;
    said.hidden = true;
    button.disabled = true;
    try {
      form.elements.answer.value = JSON.stringify(await shown(button));
      form.submit();
    } catch (error) {
      said.hidden = false;
      said.textContent = wordsOf(said).text(error.said || reasons[error.name] || "passkeySaid.didNotWork");
    }
    button.disabled = false;
  }

  for (const instead of document.querySelectorAll("[data-passkey-without]")) instead.hidden = true;
  for (const part of document.querySelectorAll("[data-passkey-with]")) part.hidden = false;
  for (const button of document.querySelectorAll("button[data-passkey]")) {
    button.hidden = false;
    button.addEventListener("click", () => press(button));
  }
})();
