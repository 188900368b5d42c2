// Looking for an enterprise, choosing one or a category draws the parts that depend on it anew, in their place: nothing moves,
// and the consents are asked of the enterprise that is meant. Without scripts the buttons do it with the whole page.
const form = document.querySelector("[data-intake]");
let running = null;

// What was typed or chosen while the answer was on its way stays.
function keep(old, fresh) {
  for (const field of old.querySelectorAll("[name]")) {
    const isTicked = /^(radio|checkbox)$/.test(field.type);
    const value = isTicked ? `[value="${CSS.escape(field.value)}"]` : "";
    const same = fresh.querySelector(`[name="${CSS.escape(field.name)}"]${value}`);
    if (!same) continue;
    if (isTicked) same.checked = field.checked;
    else if (same.tagName !== "SELECT" || [...same.options].some((option) => option.value === field.value)) same.value = field.value;
  }
}

async function refresh() {
  running?.abort();
  running = new AbortController();
  const typed = new FormData(form);
  typed.set("find", "1");
  try {
    const answer = await fetch(form.action, { method: "POST", body: typed, signal: running.signal });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of form.querySelectorAll("[data-part]")) {
      const fresh = page.getElementById(part.id);
      if (!fresh) continue;
      keep(part, fresh);
      const active = part.contains(document.activeElement) ? document.activeElement : null;
      const caret = active?.selectionStart ?? null;
      part.replaceWith(fresh);
      const again = active && document.getElementById(active.id);
      again?.focus();
      if (again && caret !== null) again.setSelectionRange(caret, caret);
    }
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
form.addEventListener("change", (event) => {
  if (event.target.matches("[name='enterprise-respondent'], [name='enterprise-service_region'], [name='purchase-object_category']")) refresh();
});
