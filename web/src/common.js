/** Runs f for each element; a fault in one leaves the others working. */
export function each(selector, f) {
  for (const element of document.querySelectorAll(selector)) {
    try {
      f(element);
    } catch (error) {
      console.error(error);
    }
  }
}

/**
 * The server's time in ms, now. stamp is the server's time when it wrote the
 * page. It left just before the first byte came, so that moment, not the moment
 * this script runs, is what stamp is compared with. The device's clock may be
 * wrong by hours: only differences count. (performance.timeOrigin is not used:
 * after the device slept it may be hours from Date.now.)
 */
export function serverClock(stamp) {
  const [page] = performance.getEntriesByType("navigation");
  const since = page?.responseStart ? performance.now() - page.responseStart : 0;
  const skew = Date.parse(stamp) - (Date.now() - since);
  return () => Date.now() + skew;
}

/** Fills the holes of a text: fill("ancora {m} min", {m: 4}). */
export function fill(text, holes) {
  return text.replace(/\{(\w+)\}/g, (_, name) => holes[name] ?? "");
}

/** Time left as {m, s} for the holes of a text. */
export function minutes(ms) {
  const total = Math.max(0, Math.ceil(ms / 1000));
  return { m: Math.floor(total / 60), s: total % 60 };
}

/**
 * The words for "how long": left with minutes, leftS for the last minute, if
 * the page brings it.
 */
export function leftText(words, ms) {
  const holes = minutes(ms);
  return fill(holes.m || !words.leftS ? words.left : words.leftS, holes);
}

/**
 * Calls say(key) when the time left falls past 2:00, 1:00, 0:30. What had
 * passed before the page opened is not said; after a sleep of the device only
 * the last one is.
 */
export function phases(words, say) {
  let before;
  return (ms) => {
    if (before !== undefined) {
      const key = [30, 60, 120].find((s) => before > s * 1000 && ms <= s * 1000);
      if (key && ms > 0 && words["at" + key]) say(words["at" + key]);
    }
    before = ms;
  };
}

/**
 * Calls tick at once and each second, exactly on the second, until it returns
 * false. Pages kept by the browser (back button) go on by themselves.
 */
export function everySecond(tick) {
  const run = () => {
    if (tick() !== false) setTimeout(run, 1000 - (Date.now() % 1000) + 5);
  };
  run();
}
