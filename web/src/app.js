// The script of every Aditus page. Nothing needs it: each page works without,
// and what follows only saves a reload, a look at the clock or a second press.
// All words come from data attributes, so from the fund's text files.
import { Button } from "govuk-frontend/dist/govuk/components/button/button.mjs";
import { CharacterCount } from "govuk-frontend/dist/govuk/components/character-count/character-count.mjs";
import { ErrorSummary } from "govuk-frontend/dist/govuk/components/error-summary/error-summary.mjs";
import { PasswordInput } from "govuk-frontend/dist/govuk/components/password-input/password-input.mjs";
import { SkipLink } from "govuk-frontend/dist/govuk/components/skip-link/skip-link.mjs";
import { countdown } from "./countdown.js";
import { each } from "./common.js";
import { fillFromSMS } from "./webotp.js";
import { passkey } from "./passkey.js";
import { poll } from "./poll.js";
import { session } from "./session.js";
import { work } from "./work.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");

each("[data-module]", (element) => {
  const Component = {
    "govuk-button": Button,
    "govuk-character-count": CharacterCount,
    "govuk-error-summary": ErrorSummary,
    "govuk-password-input": PasswordInput,
    "govuk-skip-link": SkipLink,
  }[element.dataset.module];
  if (Component) new Component(element);
});
each(".p-timer[data-until]", countdown);
each("input[data-webotp]", fillFromSMS);
each("dialog[data-session]", session);
each("[data-poll]", poll);
each("[data-work]", work);
each("[data-passkey]", passkey);
each("[data-print]", (button) => {
  button.hidden = false;
  button.addEventListener("click", () => print());
});
