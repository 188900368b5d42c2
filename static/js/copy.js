// Copying and printing need a script, so their buttons appear with it; the text can always be selected by hand.
for (const box of document.querySelectorAll("[data-copy]")) {
  const text = document.getElementById(box.dataset.copy);
  const select = () => {
    const range = document.createRange();
    range.selectNodeContents(text);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };
  box.querySelector("[data-copy-text]").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.innerText);
      box.querySelector("[role=status]").textContent = box.dataset.done;
    } catch {
      // Not allowed in this browser (WeChat, plain http): the text stands selected, one tap from being copied.
      select();
    }
  });
  const paper = box.querySelector("[data-print]");
  // Inside WeChat nothing comes of it.
  paper.hidden = !window.print || /MicroMessenger/.test(navigator.userAgent);
  paper.addEventListener("click", () => print());
  box.hidden = false;
}
