/**
 * A button that has the browser answer with a passkey, or make one. The form around
 * it is posted twice: with do=passkey for the question, which comes as JSON, and
 * with the browser's answer beside, as any form, so that what comes of it is a page.
 * A refusal of the question comes as JSON too, and is said beside the button.
 */
export function passkey(part) {
  if (!window.PublicKeyCredential || !navigator.credentials?.[part.dataset.passkey]) return;
  const form = part.closest("form");
  const button = part.querySelector("button");
  const status = part.querySelector("[role=status]");
  const words = JSON.parse(part.dataset.i18n);

  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    status.textContent = words.wait;
    try {
      const options = await ask(form, status);
      if (options) send(form, written(await navigator.credentials[part.dataset.passkey](read(options))));
    } catch (error) {
      status.textContent = said(words, error);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
  for (const without of form.querySelectorAll("[data-passkey-without]")) without.hidden = true;
  part.hidden = false;
}

// said is what went wrong, in the page's words. A browser does not tell whether
// somebody cancelled or the device did not answer.
function said(words, error) {
  const known = { NotAllowedError: words.cancelled, AbortError: words.cancelled, InvalidStateError: words.known }[error.name];
  if (!known) console.error(error);
  return known || words.failed;
}

// ask asks the server for the question, and returns nothing if there is none: what
// the server said is shown, or the page it leads to.
async function ask(form, status) {
  const body = new URLSearchParams(new FormData(form));
  body.set("do", "passkey");
  const answer = await fetch(form.action, { method: "POST", headers: { Accept: "application/json" }, body, cache: "no-store" });
  if (answer.redirected) {
    location.assign(answer.url);
    return undefined;
  }
  const data = await answer.json();
  if (answer.ok) return data;
  status.textContent = data.refused.map((one) => one.text).join(" ");
  document.getElementById(data.refused[0].field)?.focus();
  return undefined;
}

// send posts the form with the browser's answer. Those of an earlier try may stand
// there, if the browser kept the page.
function send(form, answer) {
  for (const field of form.querySelectorAll("[data-passkey-sent]")) field.remove();
  for (const [name, value] of [["do", "passkey"], ["answer", JSON.stringify(answer)]]) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.dataset.passkeySent = "";
    field.name = name;
    field.value = value;
    form.append(field);
  }
  form.submit();
}

// read turns the server's JSON into what the browser takes (WebAuthn 5.1.8, 5.1.9);
// browsers that do it themselves are younger than those we serve.
function read({ publicKey: o }) {
  const list = (all) => all?.map((one) => ({ ...one, id: bytes(one.id) }));
  return {
    publicKey: {
      ...o,
      challenge: bytes(o.challenge),
      ...(o.user && { user: { ...o.user, id: bytes(o.user.id) } }),
      ...(o.excludeCredentials && { excludeCredentials: list(o.excludeCredentials) }),
      ...(o.allowCredentials && { allowCredentials: list(o.allowCredentials) }),
    },
  };
}

// written is a credential as JSON (WebAuthn 5.1).
function written(credential) {
  const r = credential.response;
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (r[name]) response[name] = text(r[name]);
  }
  if (r.getTransports) response.transports = r.getTransports();
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: credential.getClientExtensionResults() };
}

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
}

function text(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
