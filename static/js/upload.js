// Where files are attached, with script: sends each file as soon as it is chosen or dropped, piece
// by piece, one file after the other. When the line breaks it asks how much has
// arrived and goes on from there. The form then carries the names that the server
// gave them, and no file. What it says is in the page.
"use strict";

(() => {
  const zone = document.getElementById("drop");
  const template = document.getElementById("upload-row");
  if (!zone || !template) return;
  const form = zone.closest("form");
  const input = document.getElementById("files");
  const list = document.getElementById("files-chosen");
  const problem = document.getElementById("files-problem");
  const announced = document.getElementById("files-status");
  const say = wordsOf(zone);
  const url = zone.dataset.uploadUrl;
  const most = Number(zone.dataset.most);

  const piece = 2 << 20;
  const patience = 60000; // without an answer to a piece
  const waits = [500, 1000, 2000, 4000, 8000, 15000, 30000]; // after so many failures in a row
  const tries = 20;

  const uploads = new Map(); // by row; rows that the server made are not in it
  let working = false;

  // ask sends one request. It fails when no answer came; an answer from another
  // page, which is the one to sign in, counts as 401.
  function ask(upload, method, path, headers, body) {
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      upload.request = xhr;
      xhr.open(method, path);
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
      let watch;
      const alive = () => {
        clearTimeout(watch);
        watch = setTimeout(() => xhr.abort(), patience);
      };
      xhr.upload.onprogress = (event) => {
        alive();
        if (method === "PATCH") show(upload, upload.offset + event.loaded);
      };
      xhr.onload = () => {
        const there = new URL(xhr.responseURL).pathname === path;
        resolve({ status: there ? xhr.status : 401, header: (name) => xhr.getResponseHeader(name) });
      };
      xhr.onerror = xhr.onabort = () => reject(new Error("no answer"));
      xhr.onloadend = () => clearTimeout(watch);
      alive();
      xhr.send(body);
    });
  }

  const refusals = {
    401: "upload.signedOut",
    403: "upload.denied",
    410: "upload.gone",
    413: "upload.large",
    429: "upload.often",
    422: "upload.file",
  };

  // step does the next thing for an upload and returns the answer.
  async function step(upload) {
    const here = url + "/" + upload.id;
    if (!upload.id) {
      const about = new URLSearchParams({ name: upload.file.name, type: upload.file.type, size: upload.file.size });
      const answer = await ask(upload, "POST", url, { "Content-Type": "application/x-www-form-urlencoded" }, about.toString());
      if (answer.status === 201) {
        upload.id = answer.header("Location").split("/").pop();
        upload.offset = 0;
      }
      return answer;
    }
    if (upload.unsure) {
      const answer = await ask(upload, "HEAD", here, {});
      if (answer.status === 200) {
        upload.offset = Number(answer.header("Upload-Offset"));
        upload.unsure = false;
      }
      return answer;
    }
    const part = upload.file.slice(upload.offset, upload.offset + piece);
    const answer = await ask(upload, "PATCH", here, { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(upload.offset) }, part);
    if (answer.status === 204) upload.offset = Number(answer.header("Upload-Offset"));
    return answer;
  }

  function pause(upload) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waits[Math.min(upload.failures, waits.length) - 1]);
      upload.hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  // send sends a file to its end, or until it is refused or given up.
  async function send(upload) {
    upload.state = "going";
    upload.failures = 0;
    show(upload, upload.offset);
    while (upload.state === "going") {
      let answer = null;
      try {
        answer = await step(upload);
      } catch {
        // The line broke; what the server has of the piece is to be asked.
      }
      if (upload.state !== "going") return; // removed meanwhile
      const status = answer ? answer.status : 0;
      if (status >= 200 && status < 300) {
        upload.failures = 0;
        show(upload, upload.offset);
        if (!upload.unsure && upload.offset === upload.file.size) return arrived(upload);
        continue;
      }
      if (refusals[status]) return stop(upload, say.text(refusals[status]));
      if (status === 404) upload.id = ""; // it was kept for a day
      upload.unsure = upload.id !== "";
      if (++upload.failures > tries) return stop(upload, say.text("upload.unsent"));
      note(upload, say.text("upload.line", { Sent: say.size(upload.offset), Size: say.size(upload.file.size) }));
      await pause(upload);
    }
  }

  async function work() {
    if (working) return;
    working = true;
    for (;;) {
      const next = Array.from(uploads.values()).find((u) => u.state === "waiting");
      if (!next) break;
      await send(next);
    }
    working = false;
  }

  function note(upload, text) {
    upload.row.querySelector("small").textContent = text;
  }

  function show(upload, loaded) {
    const bar = upload.row.querySelector("progress");
    bar.hidden = false;
    bar.max = upload.file.size || 1;
    bar.value = loaded;
    note(upload, say.text("upload.progress", { Sent: say.size(Math.min(loaded, upload.file.size)), Size: say.size(upload.file.size) }));
  }

  function arrived(upload) {
    upload.state = "arrived";
    upload.row.querySelector("progress").hidden = true;
    note(upload, say.size(upload.file.size));
    const field = upload.row.querySelector("input");
    field.value = upload.id;
    field.disabled = false;
    announced.textContent = say.text("upload.attached", { File: upload.file.name });
    if (!pending()) complain("");
  }

  function stop(upload, text) {
    upload.state = "stopped";
    upload.unsure = upload.id !== "";
    upload.row.classList.add("upload--failed");
    upload.row.querySelector("progress").hidden = true;
    upload.row.querySelector(".upload-again").hidden = false;
    note(upload, text);
    announced.textContent = say.text("upload.failed", { File: upload.file.name, Reason: text });
  }

  function pending() {
    return Array.from(uploads.values()).some((u) => u.state !== "arrived");
  }

  function complain(text) {
    problem.textContent = text;
    problem.hidden = text === "";
    if (text) problem.scrollIntoView({ block: "nearest" }); // it may lie behind the bar with Send
  }

  function total() {
    return Array.from(list.children).reduce((sum, row) => sum + Number(row.dataset.bytes), 0);
  }

  function add(file) {
    if (total() + file.size > most) {
      complain(say.text("upload.tooLarge", { Size: say.size(most), File: file.name }));
      return;
    }
    const row = template.content.firstElementChild.cloneNode(true);
    row.dataset.bytes = file.size;
    for (const name of row.querySelectorAll("bdi")) name.textContent = file.name;
    row.querySelector("progress").setAttribute("aria-label", say.text("upload.sending", { File: file.name }));
    row.querySelector("input").disabled = true;
    list.append(row);
    list.hidden = false;
    const upload = { file, row, id: "", offset: 0, unsure: false, state: "waiting", failures: 0 };
    uploads.set(row, upload);
    note(upload, say.text("upload.waiting", { Size: say.size(file.size) }));
  }

  function take(files) {
    complain("");
    for (const file of files) add(file);
    if (problem.hidden) list.scrollIntoView({ block: "nearest" });
    work();
  }

  function remove(row, id) {
    const upload = uploads.get(row);
    uploads.delete(row);
    if (upload) {
      upload.state = "removed";
      if (upload.request) upload.request.abort();
      if (upload.hurry) upload.hurry();
      id = upload.id;
    }
    row.remove();
    list.hidden = list.children.length === 0;
    complain("");
    input.focus();
    if (id) ask({}, "DELETE", url + "/" + id, {}).catch(() => {}); // kept for a day otherwise
  }

  list.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("li");
    if (button.name === "drop") {
      remove(row, button.value);
      return;
    }
    row.classList.remove("upload--failed");
    button.hidden = true;
    uploads.get(row).state = "waiting";
    work();
  });

  input.addEventListener("change", () => {
    const files = Array.from(input.files);
    input.value = ""; // they go ahead, and not with the form
    take(files);
  });

  form.addEventListener("submit", (event) => {
    if (!pending() || (event.submitter && event.submitter.value !== "send")) return;
    event.preventDefault();
    complain(say.text("upload.notYet"));
  });

  window.addEventListener("online", () => {
    for (const upload of uploads.values()) if (upload.hurry) upload.hurry();
  });

  // Dropping, anywhere on the page: a file that misses its target would otherwise
  // be shown in the place of the message being written.
  const carries = (event) => event.dataTransfer && Array.from(event.dataTransfer.types).includes("Files");
  for (const kind of ["dragenter", "dragover"]) {
    document.addEventListener(kind, (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      zone.classList.add("drop--over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("drop--over");
  });
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    zone.classList.remove("drop--over");
    const items = Array.from(event.dataTransfer.items || []);
    const folder = (item) => item.webkitGetAsEntry && item.webkitGetAsEntry()?.isDirectory;
    const files = items.filter((item) => item.kind === "file" && !folder(item)).map((item) => item.getAsFile());
    take(files.filter(Boolean));
    if (items.some((item) => item.kind === "file" && folder(item))) complain(say.text("upload.folders"));
  });

  document.getElementById("drop-hint").hidden = false;
  if (input.files.length > 0) {
    input.dispatchEvent(new Event("change")); // a browser that came back to this page may still hold files
  }
})();
