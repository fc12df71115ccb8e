/**
 * Asks the server every two seconds whether a check is over, at most
 * data-poll-max times (60 if missing). The server answers 204 for "not yet" or
 * JSON {"url": "/…"}, a path of this site to go on to. After the last try the
 * page's [data-poll-end] is shown. A page without the script has the same link
 * to press.
 */
export function poll(element) {
  const ends = document.querySelector("[data-poll-end]");
  let tries = Number(element.dataset.pollMax || 60);

  const ask = async () => {
    // A page in the background waits, so as not to use up its tries unseen.
    if (!document.hidden) {
      tries--;
      try {
        const answer = await fetch(element.dataset.poll, {
          headers: { Accept: "application/json" },
          cache: "no-store",
        });
        if (answer.status === 200) {
          const { url } = await answer.json();
          const next = new URL(url, location.href);
          if (next.origin === location.origin) {
            location.assign(next);
            return;
          }
        }
      } catch {
        // No network for a moment: the next try tells.
      }
    }
    if (tries > 0) setTimeout(ask, 2000);
    else {
      element.classList.add("p-wait--done");
      if (ends) ends.hidden = false;
    }
  };
  setTimeout(ask, 2000);
}
