// How many cases, to how many, stands in the button and beside it while one ticks. Without scripts the page asks once more
// with the same numbers.
const form = document.querySelector("[data-urge]");
const button = document.querySelector("[name=sure]");
const list = document.querySelector("[data-firms]");
const empty = list.querySelector(".muted")?.cloneNode(true);

function tell() {
  const counts = new Map();
  for (const box of form.querySelectorAll("[name=case]:checked")) counts.set(box.dataset.to, (counts.get(box.dataset.to) ?? 0) + 1);
  const many = [...counts.values()].reduce((sum, n) => sum + n, 0);
  const words = many === 0 ? "none" : many >= Number(form.dataset.second) ? "propose" : "send";
  button.value = many;
  button.textContent = button.dataset[words].replace("#", counts.size).replace("*", many);
  button.disabled = many === 0;
  list.replaceChildren(...[...counts].map(([to, n]) => {
    const line = document.createElement("li"), count = document.createElement("b");
    count.textContent = n;
    line.append(`${to} `, count);
    return line;
  }), ...(many === 0 && empty ? [empty] : []));
}

form.addEventListener("change", tell);
tell();
