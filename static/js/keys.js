// Working through the queue by keyboard. Nothing here does what a link or a button of the page does not do: a key moves
// the focus, follows a link or presses a button. Silent while one types, and switched off for good in the list of keys.
const place = document.querySelector("[data-keys]");
const table = place.querySelector("[role=dialog]");
const shut = place.querySelector("[data-shut]");
const wish = place.querySelector("#keys_on");
const queue = place.dataset.queue;
const COOKIE = location.protocol === "https:" ? "__Host-keys" : "keys";

// Storage may be shut; then the keys work all the same, and a case does not know its neighbours. What is kept is sealed:
// the queue opens it and leads on.
const keep = (text) => { try { sessionStorage.setItem(queue, text); } catch { /* shut */ } };
const kept = () => { try { return sessionStorage.getItem(queue); } catch { return null; } };

wish.checked = !document.cookie.includes("keys=off");
wish.addEventListener("change", () => {
  document.cookie = `${COOKIE}=${wish.checked ? "on" : "off"}; path=/; max-age=31536000; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
});
// A dialog: the focus stays in it, Esc closes it, and the focus goes back to where it was.
let back = null;
const help = () => {
  table.hidden = !table.hidden;
  if (table.hidden) { if (back) back.focus(); return; }
  back = document.activeElement;
  shut.focus();
};
const inside = (event) => {
  if (event.key === "Tab") { event.preventDefault(); (document.activeElement === shut ? wish : shut).focus(); }
  if (event.key === "Escape" || event.key === "?") { event.preventDefault(); help(); }
};
shut.addEventListener("click", help);
place.querySelector("[data-help]").addEventListener("click", help);
place.hidden = false;

const rows = [...document.querySelectorAll("[data-case]")];
const links = rows.map((row) => row.querySelector("th a, .t a") || row.querySelector("a"));
// A list alone, not one with a case beside it.
const isList = "list" in place.dataset && !place.dataset.self;
const where = location.pathname;
// In the order in which they stand now: what was worked on may stand elsewhere when one comes back.
if ("list" in place.dataset) keep(place.dataset.list);

const list = kept();
const self = place.dataset.self || (where.match(/^.*\/(?:cases|triage)\/[^/]+\//) || [""])[0];
for (const link of place.querySelectorAll("[data-go]")) {
  const by = link.dataset.go;
  if (!self || !list && by < 0) continue;
  link.href = list ? `${queue}?${new URLSearchParams({ by, from: self, list })}` : queue;
  link.hidden = false;
}

// What is sent from a page of the case leads on to the next one where nothing is left to do, and stays beside the list
// that it was read beside (enterprise/leading_on.py).
for (const form of document.querySelectorAll("main form[method=post]")) {
  if (!list || !self || isList) break;
  const then = document.createElement("input");
  Object.assign(then, { type: "hidden", name: "then", value: `${queue}?${new URLSearchParams({ by: 1, from: self, list })}` });
  form.append(then);
}

for (const box of document.querySelectorAll("[data-case] [type=checkbox]")) {
  const mark = () => box.closest("[data-case]").classList.toggle("is-selected", box.checked);
  box.addEventListener("change", mark);
  mark();
}

const here = () => rows.findIndex((row) => row.contains(document.activeElement));
const move = (by) => {
  const at = here();
  const next = at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + by, 0), links.length - 1);
  if (links[next]) { links[next].focus(); links[next].scrollIntoView({ block: "nearest" }); }
};
const follow = (link) => { if (link) link.click(); return Boolean(link); };
// A step of the case: its page from the list or from the case, its button on its own page.
const step = (name) => {
  if (isList) { const at = here(); if (at >= 0) location.href = `${links[at].pathname}${name}/`; return; }
  if (name === "accept" && where === `${self}accept/`) {
    const button = document.querySelector("main form[method=post] .btn:not(.is-2):not([type=button])");
    if (button) button.click();
    return;
  }
  // Where a press of one button does it on the spot, that button is next.
  const quick = document.querySelector(`main form[action^="${self}${name}/"] button`);
  if (quick) { quick.focus(); return; }
  if (!follow(document.querySelector(`main a[href^="${self}${name}/"]`)) && self && self !== where) location.href = self;
};

// What is suggested first: its button is next; the others have pages of their own.
const suggestion = (number) => follow(document.querySelector(`main a[data-rank="${number}"]`));
// On the list one press sends the open row; the row that follows it opens.
const enter = () => {
  const button = document.querySelector("main [data-enter]");
  if (!button) return false;
  if (isList) { button.click(); return true; }
  button.focus();
  button.scrollIntoView({ block: "nearest" });
  return true;
};

// Beside its list a case is worked on from its first field or button.
const pane = () => {
  const first = document.querySelector(".is-split article .act :is(input:not([type=hidden]), select, textarea, button, a.btn)");
  if (first) { first.focus(); first.scrollIntoView({ block: "nearest" }); }
  return Boolean(first);
};

// What shows a key is what the key presses; with data-first, whichever of these is still empty comes before it.
const shown = (key) => document.querySelector(`[data-key="${CSS.escape(key)}"]`);
const isFilled = (field) => (field.type === "radio" ? document.querySelector(`[name="${field.name}"]:checked`) : field.value.trim());
const press = (target) => {
  const empty = [...document.querySelectorAll(target.dataset.first || ":not(*)")].find((field) => !isFilled(field));
  if (empty) { empty.focus(); empty.scrollIntoView({ block: "center" }); return; }
  if (target.tagName === "DETAILS") {
    target.open = !target.open;
    (target.open && target.querySelector("textarea, select, input:not([type=hidden])") || target.querySelector("summary")).focus();
    return;
  }
  target.click();
};

const KEYS = {
  ...Object.fromEntries(["2", "3", "4", "5"].map((number) => [number, () => suggestion(number)])),
  j: () => (isList ? move(1) : follow(place.querySelector("[data-go='1'][href]"))),
  k: () => (isList ? move(-1) : follow(place.querySelector("[data-go='-1'][href]"))),
  n: () => follow(document.querySelector("[data-next]") || place.querySelector("[data-go='1'][href]")),
  p: () => follow(shown("k") || place.querySelector("[data-go='-1'][href]")),
  x: () => { const row = rows[here()]; const box = row && row.querySelector("[type=checkbox]"); if (box) box.click(); },
  a: () => step("accept"),
  o: () => step("offer"),
  c: () => step("contact"),
  "/": () => { const field = document.querySelector("form.filters [type=search]"); if (field) field.focus(); else location.href = `${queue}#id_q`; },
  "?": help,
};
let before = "";
const isTyping = (target) => target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)
  || (target.tagName === "INPUT" && !/^(checkbox|radio|button|submit)$/.test(target.type));

document.addEventListener("keydown", (event) => {
  // What a page's own script has seen to is done.
  if (event.defaultPrevented) return;
  if (!table.hidden) { inside(event); return; }
  // The form of the field, or else the only one of the page, is sent, as by its first button.
  if (wish.checked && event.ctrlKey && event.key === "Enter") {
    const forms = document.querySelectorAll("main form.panel[method=post]");
    const form = event.target.form || (forms.length === 1 ? forms[0] : null);
    const send = [...(form?.elements || [])].find((field) => field.matches("button:not([type=button])"));
    if (send) { event.preventDefault(); send.click(); }
    return;
  }
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || event.repeat && event.key !== "j" && event.key !== "k") return;
  if (!wish.checked || isTyping(event.target)) return;
  const wasG = before === "g";
  before = event.key;
  if (wasG && event.key === "q") { event.preventDefault(); location.href = queue; return; }
  if (event.key === "Enter") { if (event.target === document.body && (enter() || pane())) event.preventDefault(); return; }
  const target = shown(event.key);
  const act = target ? () => press(target) : KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});
// Marked by the list of keys or by a link from elsewhere: "/" on a page without a search.
if (location.hash === "#id_q") document.getElementById("id_q")?.focus();
