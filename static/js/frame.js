// The frame with a message's own text grows to its content. The frame runs no
// script; its sandbox lets us measure it. Without this script the server's
// choice of height stays and the frame scrolls.
"use strict";

(() => {
  const tallest = 30000; // pixels: more is a trick, and scrolls

  // The frame is closed first: text that is as high as its window would
  // otherwise grow with every measurement.
  function fit(frame) {
    const page = frame.contentDocument;
    if (!page || !page.body || !frame.offsetParent) return;
    const top = window.scrollY;
    frame.style.blockSize = "0";
    const height = Math.max(page.documentElement.scrollHeight, page.body.scrollHeight);
    frame.style.blockSize = Math.min(height + 2, tallest) + "px";
    if (window.scrollY !== top) window.scrollTo(window.scrollX, top);
  }

  function watch(frame) {
    const loaded = () => {
      fit(frame);
      const page = frame.contentDocument;
      if (!page) return;
      for (const image of page.images) image.addEventListener("load", () => fit(frame));
      page.addEventListener("toggle", () => fit(frame), true);
    };
    frame.addEventListener("load", loaded);
    if (frame.contentDocument && frame.contentDocument.readyState === "complete") loaded();

    let width = frame.clientWidth;
    new ResizeObserver(() => {
      if (frame.clientWidth === width) return;
      width = frame.clientWidth;
      fit(frame);
    }).observe(frame);
  }

  document.querySelectorAll("iframe.body-frame").forEach(watch);
})();
