// What is typed or chosen draws the parts anew that depend on it, in their place: what was heard in the words is filled in,
// the consents name the enterprise that is meant, and what will be filed stands there to be read out. Without scripts the
// buttons do it with the whole page.
const form = document.querySelector("[data-intake]");
const PAUSE = 900;
let running = null, waiting = null, release = () => {}, released = Promise.resolve();

// A part is never exchanged under a pressed pointer: its click would go nowhere.
document.addEventListener("pointerdown", () => { released = new Promise((resolve) => { release = resolve; }); });
for (const up of ["pointerup", "pointercancel"]) document.addEventListener(up, () => setTimeout(() => release()));

// What was typed or chosen while the answer was on its way stays, and what was folded open.
function keep(old, fresh, sent) {
  for (const field of old.querySelectorAll("[name]")) {
    const isTicked = /^(radio|checkbox)$/.test(field.type);
    const was = sent.getAll(field.name);
    if (field.type === "hidden" || (isTicked ? was.includes(field.value) === field.checked : was[0] === field.value)) continue;
    const value = isTicked ? `[value="${CSS.escape(field.value)}"]` : "";
    const same = fresh.querySelector(`[name="${CSS.escape(field.name)}"]${value}`);
    if (!same) continue;
    if (isTicked) same.checked = field.checked;
    else if (same.tagName !== "SELECT" || [...same.options].some((option) => option.value === field.value)) same.value = field.value;
  }
  const before = [...old.querySelectorAll("details")];
  [...fresh.querySelectorAll("details")].forEach((one, place) => { if (before[place]?.open) one.open = true; });
}

async function refresh() {
  clearTimeout(waiting);
  running?.abort();
  running = new AbortController();
  const sent = new FormData(form), typed = new FormData(form);
  typed.set("find", "1");
  try {
    const answer = await fetch(form.action, { method: "POST", body: typed, signal: running.signal });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    await released;
    if (running.signal.aborted) return;
    for (const part of form.querySelectorAll("[data-part]")) {
      const fresh = page.getElementById(part.id);
      if (!fresh) continue;
      keep(part, fresh, sent);
      const active = part.contains(document.activeElement) ? document.activeElement : null;
      const caret = active?.selectionStart ?? null;
      part.replaceWith(fresh);
      const again = active && document.getElementById(active.id);
      again?.focus();
      if (again && caret !== null) again.setSelectionRange(caret, caret);
    }
    for (const button of form.querySelectorAll(".next-text")) button.textContent = page.querySelector(".next-text").textContent;
  } catch (failure) {
    if (failure.name !== "AbortError") form.querySelector("[name=find]").form.requestSubmit(form.querySelector("[name=find]"));
  }
}

form.addEventListener("click", (event) => {
  const find = event.target.closest("[name=find]");
  if (find) { event.preventDefault(); refresh(); }
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[type=search]")) { event.preventDefault(); refresh(); }
});
form.addEventListener("input", (event) => {
  if (event.target.id === "id_problem-statement") { clearTimeout(waiting); waiting = setTimeout(refresh, PAUSE); }
});
form.addEventListener("change", (event) => {
  if (event.target.name !== "read") refresh();
});
