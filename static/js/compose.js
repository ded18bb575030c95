// Compose, with script: names the chosen files and their sizes under the file
// field, which by itself says only how many there are, and follows the server
// when it answers a recipient with another page, such as the one to sign in.
"use strict";

document.addEventListener("htmx:beforeSwap", (event) => {
  const answered = event.detail.xhr.responseURL;
  if (!answered || new URL(answered).pathname === "/compose/recipients") return;
  event.detail.shouldSwap = false;
  window.location.assign(answered);
});

(() => {
  const input = document.getElementById("files");
  const list = document.getElementById("files-chosen");
  if (!input || !list) return;

  function size(bytes) {
    if (bytes < 1000) return bytes + " bytes";
    if (bytes < 1e6) return Math.round(bytes / 1000) + " KB";
    return (bytes / 1e6).toFixed(1) + " MB";
  }

  function row(file) {
    const item = document.createElement("li");
    const name = document.createElement("b");
    const note = document.createElement("small");
    name.textContent = file.name;
    note.textContent = size(file.size);
    item.className = "file";
    const text = document.createElement("span");
    text.append(name, note);
    item.append(text);
    return item;
  }

  function show() {
    list.replaceChildren(...Array.from(input.files, row));
    list.hidden = input.files.length === 0;
  }

  input.addEventListener("change", () => {
    show();
    list.scrollIntoView({ block: "nearest" });
  });
  show(); // a browser that came back to this page may still hold files
})();
