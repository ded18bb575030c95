// Compose, with script: follows the server when it answers a recipient with another
// page, such as the one to sign in. Files are the business of upload.js.
"use strict";

document.addEventListener("htmx:beforeSwap", (event) => {
  const answered = event.detail.xhr.responseURL;
  if (!answered || new URL(answered).pathname === "/compose/recipients") return;
  event.detail.shouldSwap = false;
  window.location.assign(answered);
});
