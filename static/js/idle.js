// Somebody at work is signed out after half an hour without a request, and twelve hours after signing in whatever is done.
// Two minutes before, the page says so; against the first, one button asks for more time.
// Without scripts the foot says until when, and nothing typed is lost either: the answer to a late form shows it again.
const WARN_BEFORE = 2 * 60_000;
const form = document.querySelector("form[data-idle-minutes]");
const idle = form.dataset.idleMinutes * 60_000;
const end = Date.now() + form.dataset.endMinutes * 60_000;
let timer = 0;

function wait() {
  form.hidden = true;
  clearTimeout(timer);
  const left = end - Date.now();
  timer = setTimeout(() => warn(left <= idle), Math.max(0, Math.min(idle, left) - WARN_BEFORE));
}

function warn(isTheEnd) {
  for (const text of form.querySelectorAll("[data-when]")) text.hidden = (text.dataset.when === "end") !== isTheEnd;
  form.querySelector("button").hidden = isTheEnd;
  form.hidden = false;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
  // Too late: what is typed stays here, and is shown again after it was sent and signed in for.
  if (answer.ok) wait();
  else form.hidden = true;
});
wait();
