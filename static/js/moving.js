// What a worker is at is looked at again until it is through, and then the page is loaded anew. Without scripts the page
// loads itself. Looking keeps nobody signed in (accounts/sign_in/entering.py), and ends with an hour of it.
const END = Date.now() + 60 * 60_000;
const LONGEST = 15_000;
let wait = 1_000;

// Nobody's words are lost to it: the button that loads the page is there.
const isTyped = () => [...document.querySelectorAll("main :is(input, textarea)")].some((field) =>
  field.type === "hidden" ? false : field.value !== field.defaultValue || field.checked !== field.defaultChecked);

const look = async () => {
  const answer = await fetch(location.href, { headers: { "X-Looks-Again": "1" }, redirect: "manual" }).catch(() => null);
  // Signed out meanwhile, or gone: what stands there stays, with its button.
  if (answer && !answer.ok && answer.status < 500) return;
  if (answer && answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [fresh, old] = [page, document].map((one) => one.querySelector("[data-moving]"));
    if (!fresh && !isTyped()) { location.reload(); return; }
    if (!fresh) return;
    if (fresh.innerHTML !== old.innerHTML) { old.replaceChildren(...fresh.childNodes); wait = 1_000; }
  }
  wait = Math.min(wait * 1.5, LONGEST);
  if (Date.now() < END) setTimeout(look, wait);
};
setTimeout(look, wait);
