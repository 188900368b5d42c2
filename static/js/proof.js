// The work before a code or an anonymous complaint goes out: done in a worker while people type, never a puzzle.
// Whoever presses sooner waits for the rest of it; where anything fails, the form goes out without.
const LONGEST_WAIT = 10_000;
// A task twice as hard may take twice as long (accounts/sign_in/codes.py, HARDEST).
const NUMBERS_OF_AN_EASY_ONE = 20_000;

for (const field of document.querySelectorAll("input[name=proof][data-task]")) {
  const form = field.form;
  if (!form || !window.Worker || !window.crypto?.subtle) continue;
  const task = JSON.parse(field.dataset.task);
  const worker = new Worker(field.dataset.worker);
  const done = new Promise((resolve) => {
    worker.onmessage = ({ data: number }) => {
      if (number !== null) {
        const { algorithm, challenge, salt, signature } = task;
        field.value = btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
      }
      resolve();
    };
    worker.onerror = resolve;
    setTimeout(resolve, LONGEST_WAIT * Math.max(1, task.maxNumber / NUMBERS_OF_AN_EASY_ONE));
  }).finally(() => worker.terminate());
  let isDone = false;
  done.then(() => {
    isDone = true;
  });
  worker.postMessage(task);
  const waiting = field.dataset.buttons.split(" ").filter(Boolean);
  form.addEventListener("submit", (event) => {
    const pressed = event.submitter;
    if (isDone || (waiting.length && !waiting.includes(pressed?.name))) return;
    event.preventDefault();
    pressed?.setAttribute("aria-busy", "true");
    done.then(() => {
      pressed?.removeAttribute("aria-busy");
      form.requestSubmit(pressed);
    });
  });
}
