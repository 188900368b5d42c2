// Files are sent as soon as they are chosen, in parts of 1 MB with a digest each. What arrived stays there: after a
// break the server is asked how far it came, and the rest follows. Where the browser cannot do this, the field works
// as it always did.

const PART = 1024 * 1024;
const TRIES = 6;
const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
const digest = async (bytes) => hex(await crypto.subtle.digest("SHA-256", bytes));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Refused extends Error {}

// What was not taken, and what was on its way when the page was left, stays beside the field until it was read.
class Kept {
  constructor(box) { this.key = `uploads:${box.dataset.uploads}`; }
  all() { try { return JSON.parse(sessionStorage.getItem(this.key)) || {}; } catch { return {}; } }
  put(id, row) {
    const rows = this.all();
    if (row) rows[id] = row; else delete rows[id];
    try { sessionStorage.setItem(this.key, JSON.stringify(rows)); } catch { /* full or forbidden: this page alone */ }
  }
}

class Upload {
  constructor(box, file, id) {
    this.box = box;
    this.file = file;
    this.id = id || crypto.randomUUID();
    this.kept = new Kept(box);
    this.address = box.dataset.uploads.replace("00000000-0000-0000-0000-000000000000", this.id);
    this.stopping = new AbortController();
    this.digests = [];
    this.isDone = false;
    this.isOver = false;
    const row = box.querySelector("template").content.firstElementChild.cloneNode(true);
    for (const place of row.querySelectorAll("[data-name]")) place.textContent = file.name;
    row.querySelector("[data-cancel]").addEventListener("click", () => this.cancel());
    row.querySelector("[data-again]").addEventListener("click", () => this.run());
    row.querySelector("[data-read]").addEventListener("click", () => this.cancel());
    box.querySelector("ul").append(row);
    this.row = row;
  }

  // Not taken: the words stay until they were read, also when the page is loaded anew.
  refuse(words) {
    this.say(words);
    this.row.querySelector("[data-state]").classList.replace("muted", "error");
    this.row.querySelector("[data-cancel]").hidden = this.row.querySelector("[data-again]").hidden = true;
    this.row.querySelector("[data-read]").hidden = false;
    this.isOver = this.isRefused = true;
    this.kept.put(this.id, { name: this.file.name, words });
  }

  say(words, part) {
    this.row.querySelector("[data-state]").textContent = words;
    const bar = this.row.querySelector("progress");
    if (part === undefined) bar.hidden = true;
    else { bar.hidden = false; bar.value = part; }
  }

  async call(path, body, headers = {}) {
    const token = this.box.closest("form").querySelector("[name=csrfmiddlewaretoken]").value;
    const options = { credentials: "same-origin", signal: this.stopping.signal, headers: { "X-CSRFToken": token, ...headers } };
    if (body) Object.assign(options, { method: "POST", body });
    const answer = await fetch(this.address + path, options);
    const said = (answer.headers.get("Content-Type") || "").startsWith("application/json") ? await answer.json() : {};
    if (answer.status === 422 && said.text) throw new Refused(said.text);
    if ((answer.ok || answer.status === 409) && "received" in said) return { ...said, isWrong: answer.status === 409 };
    if (answer.status >= 500 || answer.status === 429) throw new TypeError("busy");
    throw new Refused(this.box.dataset.failed);
  }

  // The digests of all parts, also of those that were sent before a break.
  async digestOf(number) {
    if (!this.digests[number]) {
      const part = await this.file.slice(number * PART, (number + 1) * PART).arrayBuffer();
      this.digests[number] = await digest(part);
    }
    return this.digests[number];
  }

  async send() {
    const words = this.box.dataset;
    const about = new URLSearchParams({ size: this.file.size, name: this.file.name });
    let state = await this.call("", about);
    while (!state.is_done && state.received < this.file.size) {
      this.say(words.sending, Math.floor((100 * state.received) / this.file.size));
      const number = Math.floor(state.received / PART);
      const sum = await this.digestOf(number);
      const part = this.file.slice(number * PART, (number + 1) * PART);
      state = await this.call(`part/?at=${number * PART}&sha256=${sum}`, part, {
        "Content-Type": "application/octet-stream", "File-Name": encodeURIComponent(this.file.name) });
      if (state.isWrong) { await sleep(300); state = await this.call(""); }
    }
    this.say(words.checking, 100);
    for (let number = 0; number * PART < this.file.size; number += 1) await this.digestOf(number);
    const whole = await digest(new TextEncoder().encode(this.digests.join("")));
    const kind = this.box.closest("form").querySelector("select[name=kind]");
    while (!state.is_done) {
      state = await this.call("finish/", new URLSearchParams({
        name: this.file.name, kind: kind ? kind.value : "", sha256: whole }));
      if (state.isWrong) {
        if (state.received < this.file.size) throw new TypeError("parts are missing");
        await sleep(1000);
      }
    }
    return state.state || words.ready;
  }

  async run() {
    const again = this.row.querySelector("[data-again]");
    again.hidden = true;
    this.isOver = false;
    this.kept.put(this.id, { name: this.file.name, words: this.box.dataset.brokenOff });
    for (let tries = 0; tries < TRIES && !this.isOver; ) {
      const before = this.sent;
      try {
        this.done(await this.send());
        return;
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        if (error instanceof Refused) {
          this.refuse(error.message);
          break;
        }
        tries = this.sent === before ? tries + 1 : 0;
        this.say(this.box.dataset.waiting, 0);
        await sleep(Math.min(15000, 500 * 2 ** tries));
      }
    }
    if (!this.isOver) {
      this.say(this.box.dataset.failed);
      again.hidden = false;
      this.isOver = true;
    }
    changed(this.box);
  }

  get sent() {
    return this.digests.length;
  }

  done(words) {
    this.isDone = this.isOver = true;
    this.say(words);
    this.kept.put(this.id);
    if (!("draft" in this.box.dataset)) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "uploaded", value: `${this.id}/${this.file.name}` });
      this.row.append(field);
    }
    changed(this.box);
  }

  async cancel() {
    this.isOver = true;
    this.stopping.abort();
    this.stopping = new AbortController();
    this.row.remove();
    this.kept.put(this.id);
    this.box.querySelector("[data-unread-note]").hidden = true;
    const uploads = boxes.get(this.box).uploads;
    uploads.splice(uploads.indexOf(this), 1);
    changed(this.box);
    // Nothing of a refused file is there.
    if (this.isRefused && !this.isBrokenOff) return;
    try { await this.call("cancel/", new URLSearchParams()); } catch { /* it runs out by itself */ }
  }
}

const boxes = new Map();

// All are there: a draft shows its files anew, a form that was sent meanwhile goes on its way.
function changed(box) {
  const { uploads, submit } = boxes.get(box);
  if (uploads.some((upload) => !upload.isOver)) return;
  const all = uploads.every((upload) => upload.isDone);
  if (submit && all) {
    boxes.get(box).submit = null;
    box.closest("form").requestSubmit(submit === true ? undefined : submit);
  } else if (all && uploads.length && "draft" in box.dataset) {
    location.reload();
  }
}

for (const box of document.querySelectorAll("[data-uploads]")) {
  const form = box.closest("form");
  const fields = form ? Array.from(form.querySelectorAll("input[type=file]")) : [];
  if (!fields.length || !window.isSecureContext || !crypto.subtle || !crypto.randomUUID) continue;
  boxes.set(box, { uploads: [], submit: null });
  for (const [id, { name, words }] of Object.entries(new Kept(box).all())) {
    const upload = new Upload(box, { name }, id);
    upload.isBrokenOff = words === box.dataset.brokenOff;
    boxes.get(box).uploads.push(upload);
    upload.refuse(words);
  }
  for (const field of fields) field.addEventListener("change", async () => {
    const chosen = Array.from(field.files);
    field.value = "";
    const added = chosen.map((file) => new Upload(box, file));
    boxes.get(box).uploads.push(...added);
    // One after the other: on a bad network two at once are both slower.
    for (const upload of added) if (!upload.stopping.signal.aborted) await upload.run();
  });
  form.addEventListener("submit", (event) => {
    const { uploads } = boxes.get(box);
    const unread = uploads.find((upload) => upload.isRefused);
    if (unread) {
      event.preventDefault();
      const note = box.querySelector("[data-unread-note]");
      note.textContent = box.dataset.unread;
      note.hidden = false;
      unread.row.querySelector("[data-read]").focus();
      return;
    }
    if (!uploads.some((upload) => !upload.isOver)) return;
    event.preventDefault();
    boxes.get(box).submit = event.submitter || true;
    for (const upload of uploads) if (!upload.isOver) upload.say(box.dataset.unfinished, 0);
  });
}
