// Looks for the number behind a task of the server: SHA-256 of salt and number is the challenge.
const AT_ONCE = 200;

async function hex(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

onmessage = async ({ data: task }) => {
  for (let from = 0; from <= task.maxNumber; from += AT_ONCE) {
    const numbers = Array.from({ length: AT_ONCE }, (_, step) => from + step);
    const found = await Promise.all(numbers.map((number) => hex(task.salt + number)));
    const at = found.indexOf(task.challenge);
    if (at >= 0) {
      postMessage(from + at);
      return;
    }
  }
  postMessage(null);
};
