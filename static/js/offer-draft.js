// What is typed is kept a few seconds after the last key, and when the page is left; the sum beside it then is that of what
// was kept. Without this there is a button.

const WAIT = 4000;

for (const form of document.querySelectorAll("[data-draft]")) {
  const state = form.querySelector("[data-draft-state]");
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
      state.textContent = said.words;
      for (const sum of document.querySelectorAll("[data-sum]")) sum.textContent = said.sum;
    } catch {
      state.textContent = form.dataset.failed;
    }
  };

  form.addEventListener("input", () => {
    isDirty = true;
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  });
  // What is sent is judged by itself; a draft that comes after it would only lie around.
  form.addEventListener("submit", () => { isSending = true; clearTimeout(timer); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
}
