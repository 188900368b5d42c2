// The receipt's code carries number and token behind the #, which no server ever sees.
// They go into the form and out of the address, so that no history keeps them.
const [number, token] = location.hash.slice(1).split(".");
if (number && token) {
  for (const [id, value] of [["id_number", number], ["id_token", token]]) {
    const field = document.getElementById(id);
    if (field && !field.value) field.value = value;
  }
  history.replaceState(null, "", location.pathname);
  document.querySelector("main form button")?.focus();
}
