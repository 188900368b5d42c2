// Passkeys: the form carries the server's options; the browser's answer goes back in its hidden field.
// Without this script the buttons stay hidden, and the authenticator app is offered instead.
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function asked(options, isNew) {
  const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  if (isNew) {
    publicKey.user = { ...options.user, id: bytes(options.user.id) };
    publicKey.excludeCredentials = known(options.excludeCredentials);
  } else {
    publicKey.allowCredentials = known(options.allowCredentials);
  }
  return { publicKey };
}

function answered(credential, isNew) {
  const { response } = credential;
  const answer = { clientDataJSON: text(response.clientDataJSON) };
  if (isNew) {
    answer.attestationObject = text(response.attestationObject);
    answer.transports = response.getTransports?.() ?? [];
  } else {
    answer.authenticatorData = text(response.authenticatorData);
    answer.signature = text(response.signature);
    answer.userHandle = response.userHandle ? text(response.userHandle) : null;
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response: answer };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) break;
  const isNew = form.dataset.passkey === "create";
  const button = form.querySelector("button");
  const failed = form.querySelector("[data-passkey-failed]");
  button.hidden = false;
  const section = form.closest("[data-needs-script]");
  if (section) section.hidden = false;
  form.addEventListener("submit", async (event) => {
    const field = form.elements.credential;
    if (field.value) return;
    event.preventDefault();
    button.disabled = true;
    failed.hidden = true;
    try {
      const wanted = asked(JSON.parse(form.dataset.options), isNew);
      const credential = await (isNew ? navigator.credentials.create(wanted) : navigator.credentials.get(wanted));
      field.value = JSON.stringify(answered(credential, isNew));
      form.submit();
    } catch {
      failed.hidden = false;
      button.disabled = false;
      button.focus();
    }
  });
}
