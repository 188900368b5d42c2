// The answer to a complaint. What is typed is kept a moment after the last key and when the page is left; the server then
// says what the consumer will read of it. Without this there are buttons. Keys press what stands on the page: 1 2 3 the
// verdict on a demand, m and a number a template, Ctrl+Enter the button that sends; letters and figures alone are silent
// while one types, and where the keys are switched off (keys.js).

const WAIT = 1500;
const form = document.querySelector("[data-draft]");
const demands = [...form.querySelectorAll("[data-demand]")];
const show = (name, text) => { for (const place of document.querySelectorAll(`[data-${name}]`)) place.textContent = text; };

let timer, isDirty = false, isSending = false;
const save = async () => {
  clearTimeout(timer);
  if (!isDirty || isSending) return;
  isDirty = false;
  const body = new FormData(form);
  body.set("save", "1");
  try {
    const answer = await fetch(form.action, {
      method: "POST", body, credentials: "same-origin", keepalive: true, headers: { Accept: "application/json" },
    });
    if (!answer.ok) throw new Error(answer.status);
    const said = await answer.json();
    form.querySelector("[data-draft-state]").textContent = said.words;
    show("sum", said.sum);
    show("effect", said.effect);
    document.querySelector("[data-reads]").replaceChildren(...said.reads.map((line) => {
      const said = document.createElement("p");
      said.textContent = line;
      return said;
    }));
  } catch {
    form.querySelector("[data-draft-state]").textContent = form.dataset.failed;
  }
};
const later = (wait) => { isDirty = true; clearTimeout(timer); timer = setTimeout(save, wait); };
form.addEventListener("input", (event) => later(event.target.type === "radio" ? 100 : WAIT));
// What is sent is judged by itself; a draft that comes after it would only lie around.
form.addEventListener("submit", () => { isSending = true; clearTimeout(timer); });
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
