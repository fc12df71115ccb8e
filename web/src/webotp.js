/**
 * Fills a code that came by SMS (WebOTP: the message ends with "@host #code").
 * It fills and says so; it never submits, so a member always reads what is
 * being confirmed. data-webotp holds the words to say; data-live the region.
 */
export function fillFromSMS(input) {
  if (!("OTPCredential" in window)) return;
  const stop = new AbortController();
  input.form?.addEventListener("submit", () => stop.abort());
  navigator.credentials
    .get({ otp: { transport: ["sms"] }, signal: stop.signal })
    .then((credential) => {
      if (!credential || input.value) return;
      input.value = credential.code;
      const live = document.getElementById(input.dataset.live);
      if (live) live.textContent = input.dataset.webotp;
    })
    // Refused, aborted, not supported here: the member types.
    .catch(() => {});
}
