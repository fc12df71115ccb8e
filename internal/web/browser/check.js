// What is asked of every page, beside axe. The value of this file is a function
// that returns what is wrong, one line each; it leaves nothing behind.
(errorWord) => {
  const wrong = [];
  const shown = (el) => el.checkVisibility({ visibilityProperty: true });
  const all = (selector) => [...document.querySelectorAll(selector)];
  const tell = (el) => el.outerHTML.replace(/\s+/g, " ").slice(0, 90);
  const text = (el) => (el.textContent ?? "").trim();

  // One heading of the first order, and a title that begins with what the page
  // is about, or with the word that says that something is wrong.
  const heads = all("h1").filter(shown);
  if (heads.length !== 1) wrong.push(`${heads.length} h1`);
  const problem = all(".govuk-error-summary").some(shown);
  if (document.title.startsWith(errorWord) !== problem) wrong.push(`title «${document.title}», error summary ${problem}`);
  if (!text(document.querySelector("title") ?? document.body)) wrong.push("no title");

  // Nothing that was to be filled in was left as it stands in the text files.
  const spoken = all("[aria-label]").map((el) => el.getAttribute("aria-label"));
  for (const said of [document.title, document.body.innerText, ...all(".govuk-visually-hidden").map(text), ...spoken]) {
    const hole = said.match(/\[[a-z_]+(\.[a-zA-Z0-9_]+)+\]|\{[a-z0-9_]+\}|%!|<no value>|<nil>|undefined|\bNaN\b/);
    if (hole) wrong.push(`left in the text: ${hole[0]}`);
  }

  // Nothing empty: a bullet, a row, a heading without a word.
  for (const el of all("h1,h2,h3,p,li,ul,ol,dl,dt,dd,th,td,a,button,label,legend,caption,summary,strong,section,nav")) {
    if (!shown(el) || el.closest("svg")) continue;
    if (el.matches("[role=status],[role=alert],[data-live]")) continue; // speaks later
    if (el.matches("button[aria-hidden=true]")) continue; // what Enter presses in a form
    if (!text(el) && !el.querySelector("input,select,textarea,img,svg")) wrong.push(`empty: ${tell(el)}`);
  }
  for (const el of all("[style]")) wrong.push(`inline style: ${tell(el)}`);

  // Names that others refer to are there, once.
  const ids = all("[id]").map((el) => el.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) wrong.push(`two of #${id}`);
  for (const name of ["aria-describedby", "aria-labelledby", "aria-controls", "for", "data-live", "data-resend", "data-confirm"]) {
    for (const el of all(`[${name}]`)) {
      for (const id of el.getAttribute(name).split(/\s+/).filter(Boolean)) {
        if (!ids.includes(id)) wrong.push(`${name} leads to #${id}, which is not there: ${tell(el)}`);
      }
    }
  }
  for (const el of all('a[href^="#"]')) {
    if (!ids.includes(el.getAttribute("href").slice(1))) wrong.push(`a link to ${el.getAttribute("href")}, which is not there`);
  }

  // What is pressed or typed into with a finger is 44 px high (ux.md 4.1); a
  // circle or a box counts with its label. Links have the harness's floor of 24.
  for (const el of all("button, .govuk-button, summary, select, input:not([type=hidden])")) {
    if (!shown(el) || el.matches("[aria-hidden=true]")) continue;
    const boxes = [el, ...(["radio", "checkbox"].includes(el.type) ? el.labels : [])].map((e) => e.getBoundingClientRect());
    const high = Math.max(...boxes.map((b) => b.bottom)) - Math.min(...boxes.map((b) => b.top));
    if (boxes[0].width > 1 && high < 43.99) wrong.push(`${high.toFixed(1)} px high: ${tell(el)}`);
  }

  // Codes are read out letter by letter: where there is room none is broken.
  for (const el of all(".u-code")) {
    const words = text(el).split(/[\s-]+/).length; // it may break after a hyphen
    const box = el.closest("td, dd, th, li, p, div").getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(el);
    const lines = new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size;
    const probe = document.createElement("canvas").getContext("2d");
    probe.font = getComputedStyle(el).font;
    const needs = probe.measureText(text(el)).width;
    if (shown(el) && words === 1 && lines > 1 && needs < innerWidth / 2) wrong.push(`broken over ${lines} lines: ${text(el)} in ${box.width.toFixed(0)} px`);
  }

  // Text that its own box cuts off.
  for (const el of all("main *, header *, nav *, footer *")) {
    if (!shown(el) || el.closest(".govuk-visually-hidden, svg, select")) continue;
    const s = getComputedStyle(el);
    if (s.overflowX !== "visible" && el.scrollWidth > el.clientWidth + 1 && el.clientWidth > 1 && el.localName !== "input") wrong.push(`cut off: ${tell(el)}`);
  }
  for (const el of all(".p-code")) {
    if (el.scrollWidth > el.clientWidth + 1) wrong.push(`not all of the code is in sight: ${el.value}`);
  }
  return wrong;
}
