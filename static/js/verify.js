// The paper's code carries number and digest behind the #, which no server ever sees. They go into the form.
const [number, digest] = location.hash.slice(1).split(".");
if (number && digest) {
  for (const [id, value] of [["id_number", number], ["id_digest", digest]]) {
    const field = document.getElementById(id);
    if (field && !field.value) field.value = value;
  }
  history.replaceState(null, "", location.pathname);
  document.getElementById("id_digest")?.form?.querySelector("button")?.focus();
}
