import { everySecond, leftText, phases, serverClock } from "./common.js";

/**
 * The dialog before a session ends. dialog[data-session] carries
 *   data-until, data-now  RFC 3339: end of the session, server's time
 *   data-warn             seconds before the end; 120 if missing
 *   data-ended            where to go at the end
 *   data-i18n             {left, leftS?, at120, at60}
 * and holds: [data-left] (ticking, aria-hidden), [data-at] (absolute time,
 * printed by the server), [data-live] (role=status), form[data-stay] with the
 * button that has the focus. The form's answer is JSON {now, until, at}; any
 * other answer submits the form in the plain way.
 *
 * Other tabs of the same area tell each other when a page was opened, or the
 * dialog would stand on a session that is alive.
 */
export function session(dialog) {
  const words = JSON.parse(dialog.dataset.i18n);
  const warn = 1000 * (dialog.dataset.warn || 120);
  const form = dialog.querySelector("form[data-stay]");
  const left = dialog.querySelector("[data-left]");
  const at = dialog.querySelector("[data-at]");
  const live = dialog.querySelector("[data-live]");
  const say = (text) => {
    if (live) live.textContent = text;
  };
  const now = serverClock(dialog.dataset.now);
  let until = Date.parse(dialog.dataset.until);
  let spoken = phases(words, say);
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("aditus-session") : null;

  // extend moves the end; both the answer to "stay" and other tabs call it.
  const extend = (end, text) => {
    if (!(end > until)) return;
    until = end;
    if (at && text) at.textContent = text;
    spoken = phases(words, say);
    if (dialog.open) dialog.close();
  };
  tabs?.addEventListener("message", ({ data }) => extend(data.until, data.at));
  tabs?.postMessage({ until, at: at?.textContent });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
      });
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      const next = await answer.json();
      extend(Date.parse(next.until), next.at);
      tabs?.postMessage({ until, at: next.at });
      if (dialog.open) dialog.close();
    } catch {
      form.submit();
    }
  });
  // Escape means "I am here": the same as staying.
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    form.requestSubmit();
  });

  everySecond(() => {
    const ms = until - now();
    if (ms <= 0) {
      if (dialog.dataset.ended) location.assign(dialog.dataset.ended);
      return false;
    }
    if (ms <= warn) {
      if (left) left.textContent = leftText(words, ms);
      if (!dialog.open) {
        dialog.showModal();
        form.querySelector("button").focus();
        say(ms > 60000 ? words.at120 : words.at60);
      }
    }
    spoken(ms);
  });
}
