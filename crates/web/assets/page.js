// Improves what already works: nothing here is needed.
"use strict";
const texts = document.currentScript.dataset;

// A password can be looked at before it is sent.
for (const input of document.querySelectorAll("input[data-reveal]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  const show = (visible) => {
    input.type = visible ? "text" : "password";
    button.setAttribute("aria-pressed", String(visible));
    button.textContent = visible ? texts.hide : texts.show;
  };
  show(false);
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => show(input.type === "password"));
  input.closest("form").addEventListener("submit", () => show(false));
  input.after(button);
}

// A code that was copied with spaces or dashes is still the code.
for (const input of document.querySelectorAll("input[data-digits]")) {
  input.addEventListener("input", () => {
    const digits = input.value.replace(/[^0-9]/g, "").slice(0, 6);
    if (digits !== input.value) input.value = digits;
  });
}

// A second press of the same button sends nothing; coming back to the page frees it again.
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    else form.dataset.sent = "1";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Times are in UTC; the reader's own time is one hover away.
for (const time of document.querySelectorAll("time[datetime]")) {
  time.title = new Date(time.dateTime).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
}

// An answer to an application sends itself.
for (const form of document.querySelectorAll("form[data-send-at-once]")) form.submit();

// Other applications hear of a logout by pages in frames; then it goes on.
for (const link of document.querySelectorAll("a[data-go-when-framed]")) {
  let gone = false;
  const go = () => {
    if (!gone) location.replace(link.href);
    gone = true;
  };
  addEventListener("load", go);
  setTimeout(go, 5000);
}

// Passkeys: the browser asks the authenticator, and the answer travels in the form. Without them it stays hidden.
const passkeys = window.PublicKeyCredential?.parseRequestOptionsFromJSON ? [...document.querySelectorAll("form[data-passkey]")] : [];
let offered;
for (const form of passkeys) {
  const creates = "new" in form.dataset;
  const { publicKey } = JSON.parse(form.dataset.passkey);
  const send = (credential) => {
    form.elements.passkey.value = JSON.stringify(credential);
    form.submit();
  };
  const ask = (more) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey), ...more });
  let asking = false;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    offered?.abort();
    if (asking) return;
    asking = true;
    const failed = form.querySelector("[data-failed]");
    failed.hidden = true;
    try {
      send(creates ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) }) : await ask());
    } catch (error) {
      failed.textContent = error.name === "InvalidStateError" ? failed.dataset.taken : failed.dataset.none;
      asking = false;
      failed.setAttribute("role", "alert");
      failed.hidden = false;
      delete form.dataset.sent;
    }
  });
  // Beside the addresses that the browser remembers.
  if ("autofill" in form.dataset) {
    PublicKeyCredential.isConditionalMediationAvailable?.().then(async (available) => {
      if (!available) return;
      offered = new AbortController();
      send(await ask({ mediation: "conditional", signal: offered.signal }));
    }).catch(() => {});
  }
}
