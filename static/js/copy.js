// What is to be taken elsewhere, such as a Message-ID, can be copied with a button. Without
// script, or where the browser has no clipboard for us, it is text like any other.
"use strict";

(() => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("[data-copy]")) {
    const said = button.parentElement.querySelector("[role=status]");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        said.textContent = wordsOf(said).text("copying.copied");
      } catch {
        said.textContent = wordsOf(said).text("copying.notCopied");
      }
    });
  }
})();
