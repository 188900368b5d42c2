// The answer to a complaint. What is typed is kept a moment after the last key and when the page is left; the server then
// says what the consumer will read of it. Without this there are buttons. Keys press what stands on the page: 1 2 3 the
// verdict on a demand, m and a number a template, Ctrl+Enter the button that sends; letters and figures alone are silent
// while one types, and where the keys are switched off (keys.js).

const WAIT = 1500;
const form = document.querySelector("[data-draft]");
const demands = [...form.querySelectorAll("[data-demand]")];
const show = (name, text) => { for (const place of document.querySelectorAll(`[data-${name}]`)) place.textContent = text; };

let timer, isDirty = false, isSending = false, applying = null;
// What the server says to the form as it stands, and what the consumer will read of it.
const ask = async (name, value) => {
  const body = new FormData(form);
  body.set(name, value);
  const answer = await fetch(form.action, {
    method: "POST", body, credentials: "same-origin", keepalive: true, headers: { Accept: "application/json" },
  });
  if (!answer.ok) throw new Error(answer.status);
  const said = await answer.json();
  show("sum", said.sum);
  show("effect", said.effect);
  document.querySelector("[data-reads]").replaceChildren(...said.reads.map((line) => {
    const said = document.createElement("p");
    said.textContent = line;
    return said;
  }));
  return said;
};
const save = async () => {
  clearTimeout(timer);
  if (!isDirty || isSending) return;
  isDirty = false;
  try {
    form.querySelector("[data-draft-state]").textContent = (await ask("save", "1")).words;
  } catch {
    form.querySelector("[data-draft-state]").textContent = form.dataset.failed;
  }
};
const later = (wait) => { isDirty = true; clearTimeout(timer); timer = setTimeout(save, wait); };
form.addEventListener("input", (event) => later(event.target.type === "radio" ? 100 : WAIT));
// What is sent is judged by itself; a draft that comes after it would only lie around. A template that is being filled in
// comes first.
form.addEventListener("submit", (event) => {
  if (applying) {
    event.preventDefault();
    applying.then(() => form.requestSubmit(event.submitter));
    return;
  }
  isSending = true;
  clearTimeout(timer);
});
// A template fills the page as it stands; where it cannot, the button sends the form and the page comes anew.
const apply = async (button) => {
  try {
    const { fields } = await ask("use", button.value);
    const controls = Object.entries(fields).map(([name, value]) => [form.elements[name], value]);
    if (controls.some(([control]) => !control)) throw new Error("no such field");
    for (const [control, value] of controls) {
      if (control.type === "checkbox") control.checked = Boolean(value);
      else control.value = value;
    }
    for (const one of form.querySelectorAll(".macro")) one.setAttribute("aria-pressed", String(one === button));
    later(WAIT);
  } catch { form.requestSubmit(button); }
};
form.addEventListener("click", (event) => {
  const button = event.target.closest(".macro");
  // What was found in the words before stands all over the page.
  if (!button || applying || document.getElementById("findings")) return;
  event.preventDefault();
  applying = apply(button).finally(() => { applying = null; });
});
document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });

const verdict = (demand) => demand.querySelector("[type=radio]:checked");
// Where a verdict leaves nothing to write, the next demand is next.
const chosen = (demand) => {
  const value = verdict(demand).value;
  const amount = demand.querySelector(".sum input");
  if (value === "grant" && (!amount.checkVisibility() || amount.value)) {
    const next = demands.find((one) => !verdict(one));
    (next ? next.querySelector("[type=radio]") : verdict(demand)).focus();
  } else if (value === "refuse" || !amount.checkVisibility()) demand.querySelector(".reason textarea").focus();
  else { amount.focus(); amount.select(); }
};
const judge = (number) => {
  const demand = demands.find((one) => one.contains(document.activeElement)) || demands.find((one) => !verdict(one));
  const option = demand && demand.querySelectorAll("[type=radio]")[number - 1];
  if (!option) return false;
  option.click();
  chosen(demand);
  return true;
};
const macro = (number) => {
  const button = form.querySelectorAll(".macro")[number - 1];
  if (button) button.click();
  return Boolean(button);
};

const isTyping = (target) => target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName)
  || (target.tagName === "INPUT" && !/^(checkbox|radio|button|submit)$/.test(target.type));
let wasM = false;
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.repeat || event.altKey || event.metaKey) return;
  if (event.key === "Enter" && event.ctrlKey) {
    event.preventDefault();
    document.querySelector(".decide [name=anyway], .decide [name=send]").click();
    return;
  }
  if (event.ctrlKey || document.cookie.includes("keys=off") || isTyping(event.target)) return;
  const afterM = wasM;
  wasM = event.key === "m";
  const number = Number(event.key);
  if (number && (afterM ? macro(number) : judge(number))) event.preventDefault();
  else if (wasM) event.preventDefault();
});

// The first verdict is the first field, where the whole answer is in sight.
const first = form.querySelector("[type=radio]");
if (first && location.hash === "" && !document.querySelector(".error-summary") && matchMedia("(min-width: 1100px)").matches) {
  first.focus({ preventScroll: true });
}
