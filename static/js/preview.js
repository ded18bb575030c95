// Takes away previews that do not come: the server makes few at a time, and not
// everything that says it is a picture is one. The file is there all the same.
"use strict";

(() => {
  const lost = (image) => {
    const row = image.closest(".file--picture");
    if (row) row.classList.remove("file--picture");
    image.remove();
  };
  // Failures of pictures do not bubble; they can be caught on their way down.
  document.addEventListener("error", (event) => {
    if (event.target instanceof HTMLImageElement && event.target.matches(".file-preview")) lost(event.target);
  }, true);
  for (const image of document.querySelectorAll(".file-preview")) {
    if (image.complete && image.naturalWidth === 0 && image.currentSrc) lost(image); // before we were here
  }
})();
