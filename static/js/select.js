// The style sheet counts which rows are ticked. With script it is said aloud as well, and
// all rows are ticked without asking for the page again.
"use strict";

(() => {
  const form = document.querySelector(".selectable");
  const said = form && form.querySelector("[data-selected]");
  if (!said) return;

  const boxes = () => [...form.querySelectorAll("tbody input[type=checkbox]")];
  function say() {
    said.textContent = said.dataset.selected + " " + boxes().filter((box) => box.checked).length;
  }

  form.addEventListener("change", say);
  form.addEventListener("reset", () => setTimeout(say)); // boxes change after it
  const all = form.querySelector("[data-select-all]");
  if (!all) return;
  all.addEventListener("click", (event) => {
    event.preventDefault();
    for (const box of boxes()) box.checked = true;
    say();
  });
})();
