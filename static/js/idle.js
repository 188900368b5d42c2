// Somebody at work is signed out after half an hour without a request. Two minutes before, the page says so, and one
// button asks for more time. Without scripts nothing typed is lost either: the answer to a late form shows it again.
const WARN_BEFORE = 2 * 60_000;
const form = document.querySelector("form[data-idle-minutes]");
let timer = 0;

function wait() {
  form.hidden = true;
  clearTimeout(timer);
  timer = setTimeout(() => {
    form.hidden = false;
  }, form.dataset.idleMinutes * 60_000 - WARN_BEFORE);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
  // Too late: what is typed stays here, and is shown again after it was sent and signed in for.
  if (answer.ok) wait();
  else form.hidden = true;
});
wait();
