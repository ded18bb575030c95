// Passkeys: a button asks the server for a question, has the browser put it to whatever
// keeps passkeys, and sends the answer with the form around the button. Without this
// script, or where the browser has no passkeys, a sentence stands in their place.
"use strict";

(() => {
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseRequestOptionsFromJSON) return;

  // What is said stands at the paragraph that says it, in the language of the page: there
  // is a text for each of these errors of browsers, and for each of ours.
  const known = ["notAllowedError", "invalidStateError", "securityError", "tooManyTries", "notAsked"];

  async function asked(url) {
    const answer = await fetch(url, { method: "POST", cache: "no-store" });
    if (answer.status === 429) throw new Error("tooManyTries");
    if (!answer.ok || answer.redirected) throw new Error("notAsked");
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
      const name = error.name === "Error" ? error.message : error.name[0].toLowerCase() + error.name.slice(1);
      said.textContent = said.dataset[known.includes(name) ? name : "didNotWork"];
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
