// Names while one types: a combobox with a list of options (ARIA 1.2). The list comes ready from the server and lies over
// the page, so nothing moves; choosing one puts its name into the field and presses the search button that stands there
// anyway. Without scripts, or when the list does not come, the button alone does it.
const PAUSE = 150;

for (const input of document.querySelectorAll("[data-suggest]")) {
  const place = document.createElement("div");
  const told = document.createElement("p");
  told.className = "vh";
  told.setAttribute("role", "status");
  input.after(place, told);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-controls": "suggestions", autocomplete: "off" })) input.setAttribute(name, value);

  let timer = 0;
  let asking = new AbortController();
  let active = -1;
  const options = () => [...place.querySelectorAll("[role=option]")];

  const close = () => {
    clearTimeout(timer);
    asking.abort();
    place.replaceChildren();
    told.textContent = "";
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const mark = (number) => {
    const all = options();
    active = (number + all.length) % all.length;
    for (const [at, option] of all.entries()) option.setAttribute("aria-selected", String(at === active));
    input.setAttribute("aria-activedescendant", all[active].id);
    all[active].scrollIntoView({ block: "nearest" });
  };

  const choose = (option) => {
    input.value = option.dataset.value;
    close();
    (input.form.querySelector("[name=search]") ?? input.form.querySelector("button")).click();
  };

  const ask = async () => {
    const query = input.value.trim();
    if (!query) return close();
    asking.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(`${input.dataset.suggest}?${new URLSearchParams({ q: query })}`, { signal: asking.signal });
      if (!answer.ok) return close();
      const text = await answer.text();
      // Whoever went on to another field, or typed on, wants none of it.
      if (document.activeElement !== input || input.value.trim() !== query) return;
      place.innerHTML = text;
      active = -1;
      input.removeAttribute("aria-activedescendant");
      const list = place.querySelector("[role=listbox]");
      input.setAttribute("aria-expanded", String(Boolean(list)));
      told.textContent = list ? list.dataset.told : "";
    } catch {
      // Typed on, or no network: the button is there.
    }
  };

  const soon = () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); };
  // While a word is still being put together (pinyin into characters) its letters are not what is meant.
  input.addEventListener("input", (event) => { if (!event.isComposing) soon(); });
  input.addEventListener("compositionend", soon);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const all = options();
    if (event.key === "Escape" && all.length) { event.preventDefault(); close(); return; }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!all.length) ask();
      else if (active < 0) mark(event.key === "ArrowDown" ? 0 : -1);
      else mark(active + (event.key === "ArrowDown" ? 1 : -1));
    }
    if (event.key === "Enter" && active >= 0 && all.length) { event.preventDefault(); choose(all[active]); }
  });
  // The field keeps the focus while an option is pressed.
  place.addEventListener("mousedown", (event) => event.preventDefault());
  place.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
}
