import { everySecond, leftText, phases, serverClock } from "./common.js";

/**
 * The time left of a code. The page says the absolute time in plain text; this
 * adds the ticking words (hidden from screen readers), the ring, four spoken
 * moments, and what changes at the end.
 *
 * .p-timer carries
 *   data-until, data-now   RFC 3339: end of the code, server's time
 *   data-total             seconds a code lasts, for the ring; 300 if missing
 *   data-live              id of the polite region (role=status)
 *   data-resend            id of the button "Rigenera OTP"
 *   data-confirm           id of the button "Conferma"
 *   data-i18n              {left, leftS?, outLong, at120, at60, at30}
 * The reason why a new code cannot be had yet is the element the resend button
 * is described by (aria-describedby).
 */
export function countdown(timer) {
  const words = JSON.parse(timer.dataset.i18n);
  const until = Date.parse(timer.dataset.until);
  const now = serverClock(timer.dataset.now);
  const total = 1000 * (timer.dataset.total || 300);
  const live = document.getElementById(timer.dataset.live);
  const resend = document.getElementById(timer.dataset.resend);
  const confirm = document.getElementById(timer.dataset.confirm);
  const why = document.getElementById(resend?.getAttribute("aria-describedby"));
  const left = timer.querySelector("[data-left]");
  const ring = timer.querySelector("[data-ring]");
  const svg = timer.querySelector("svg");
  const sentence = timer.querySelector("p");
  const around = ring ? 2 * Math.PI * ring.r.baseVal.value : 0;

  // Two regions: an alert that says the end interrupts, a phase waits its turn.
  const alert = document.createElement("p");
  alert.className = "govuk-visually-hidden";
  alert.setAttribute("role", "alert");
  timer.before(alert);

  const say = (text) => {
    if (live) live.textContent = text;
  };
  const spoken = phases(words, say);
  const tooEarly = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    // Emptied first, so that the same words are said at each press.
    say("");
    setTimeout(() => say(why?.textContent ?? ""), 100);
  };

  if (resend) {
    resend.setAttribute("aria-disabled", "true");
    resend.addEventListener("click", tooEarly);
  }
  // A drawing has no hidden property, only the attribute.
  svg?.removeAttribute("hidden");
  left?.closest("[hidden]")?.removeAttribute("hidden");

  const end = () => {
    timer.dataset.state = "out";
    sentence.textContent = words.outLong;
    alert.textContent = words.outLong;
    say("");
    if (why) why.hidden = true;
    if (resend) {
      resend.removeEventListener("click", tooEarly);
      resend.removeAttribute("aria-disabled");
      resend.removeAttribute("aria-describedby");
      resend.classList.remove("govuk-button--secondary");
    }
    // Hidden, not disabled: Enter in the field still sends the code, and the
    // server answers that it has expired, in words.
    if (confirm) {
      const focused = document.activeElement === confirm;
      confirm.hidden = true;
      if (focused) resend?.focus();
    }
  };

  everySecond(() => {
    const ms = until - now();
    if (ms <= 0) {
      end();
      return false;
    }
    spoken(ms);
    timer.dataset.state = ms <= 60000 ? "low" : "";
    if (left) left.textContent = leftText(words, ms);
    if (ring) {
      const share = Math.min(1, ms / total);
      ring.setAttribute("stroke-dasharray", `${share * around} ${around}`);
    }
  });
}
