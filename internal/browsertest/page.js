// What the harness asks of a page. It is evaluated over the DevTools protocol,
// which works with the page's own scripts switched off, and it leaves nothing
// behind in the page. The value of this file is one object.
(() => {
  const shown = el => el.checkVisibility({ visibilityProperty: true });
  const texts = list => [...list].map(el => el.innerText).join(" ");
  const byIDs = ids => texts(ids.split(/\s+/).map(id => document.getElementById(id)).filter(Boolean));

  // The name of a field is its label; without one, what a screen reader says.
  const label = el =>
    (el.labels?.length && texts(el.labels)) ||
    (el.ariaLabel) ||
    (el.hasAttribute("aria-labelledby") && byIDs(el.getAttribute("aria-labelledby"))) ||
    el.title || "";

  const kind = el => el.localName === "input" ? el.type : el.localName;
  const push = el => el.localName === "input" && ["submit", "button", "reset", "image"].includes(el.type);
  const name = el => push(el) ? el.value || el.alt || label(el)
    : ["input", "select", "textarea"].includes(el.localName) ? label(el)
    : el.innerText.trim() || el.ariaLabel || [...el.querySelectorAll("img[alt]")].map(i => i.alt).join(" ");

  const all = selector => [...document.querySelectorAll(selector)].filter(shown);
  const interactive = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [tabindex]:not([tabindex='-1'])";

  // What focus may change to be seen, on the element and on what is drawn beside it.
  const look = el => [el, ...(el.labels ?? [])].flatMap(e => [null, "::before", "::after"].map(pseudo => {
    const s = getComputedStyle(e, pseudo);
    return [s.outline, s.outlineOffset, s.boxShadow, s.backgroundColor, s.color, s.borderColor, s.borderWidth, s.textDecoration].join();
  })).join("|");

  return {
    fields: () => all("input:not([type=hidden]), select, textarea").filter(el => !push(el))
      .map(el => ({ el, text: label(el), kind: kind(el) })),

    choices: () => all("input[type=radio], input[type=checkbox]").map(el => ({ el, text: label(el), kind: kind(el) }))
      .concat(all("select").flatMap(s => [...s.options]).map(el => ({ el, text: el.label, kind: "option" }))),

    buttons: () => all("a[href], button, summary, [role=button], input").filter(el => el.localName !== "input" || push(el))
      .map(el => ({ el, text: name(el), kind: kind(el) })),

    // Where a finger would press el, once el has been brought into view.
    point(el) {
      el.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
      const box = [...el.getClientRects()].find(r => r.width > 0 && r.height > 0);
      if (!box) return { x: 0, y: 0, why: "it has no size" };
      if (el.disabled) return { x: 0, y: 0, why: "it is disabled" };
      const x = box.x + box.width / 2, y = box.y + box.height / 2;
      const hit = document.elementFromPoint(x, y);
      const free = hit && (el.contains(hit) || [...(el.labels ?? [])].some(l => l.contains(hit)));
      return { x, y, why: free ? "" : hit ? `<${hit.localName} class="${hit.className}"> lies over it` : "it is outside the window" };
    },

    pick(option) {
      const select = option.closest("select");
      select.focus();
      option.selected = true;
      select.dispatchEvent(new Event("input", { bubbles: true }));
      select.dispatchEvent(new Event("change", { bubbles: true }));
    },

    focused() {
      const el = document.activeElement;
      return !el || el === document.body ? "" : name(el) || el.id || el.localName;
    },

    // Why a person who uses the keyboard would not see where they are.
    focusHidden() {
      const el = document.activeElement;
      if (!el || el === document.body) return "nothing has the focus";
      const box = el.getBoundingClientRect();
      if (box.width < 1 || box.height < 1) return "the focused element has no size";
      if (box.bottom <= 0 || box.right <= 0 || box.top >= innerHeight || box.left >= innerWidth) return "the focused element is outside the window";
      const x = Math.min(Math.max(box.x + box.width / 2, 0), innerWidth - 1), y = Math.min(Math.max(box.y + box.height / 2, 0), innerHeight - 1);
      const hit = document.elementFromPoint(x, y);
      if (hit && !el.contains(hit) && ![...(el.labels ?? [])].some(l => l.contains(hit))) return `<${hit.localName}> lies over the focused element`;
      const on = look(el);
      el.blur();
      const off = look(el);
      el.focus({ preventScroll: true });
      return on === off ? "the focused element looks like any other" : "";
    },

    tooWide() {
      const wide = document.documentElement.scrollWidth;
      if (wide <= innerWidth) return [];
      const over = [...document.body.querySelectorAll("*")].filter(el => shown(el) && el.getBoundingClientRect().right > innerWidth + 0.5);
      const leaves = over.filter(el => !over.some(o => o !== el && el.contains(o)));
      return [`the page is ${wide} px wide in a window of ${innerWidth} px`]
        .concat(leaves.slice(0, 5).map(el => `<${el.localName} class="${el.className}"> ${el.innerText?.slice(0, 40) ?? ""}`));
    },

    // Interactive elements smaller than min px either way. A link inside a
    // sentence is exempt (WCAG 2.5.8), and so is what is hidden until focused.
    small(min) {
      return all(interactive).flatMap(el => {
        const boxes = [el, ...(el.labels ?? [])].map(e => e.getBoundingClientRect());
        const own = boxes[0];
        if (own.width <= 1 || own.height <= 1) return [];
        const inSentence = el.localName === "a" && getComputedStyle(el).display === "inline" &&
          el.parentElement.innerText.trim().length > el.innerText.trim().length;
        if (inSentence) return [];
        const grouped = ["radio", "checkbox"].includes(el.type) ? boxes : [own];
        const w = Math.max(...grouped.map(b => b.right)) - Math.min(...grouped.map(b => b.left));
        const h = Math.max(...grouped.map(b => b.bottom)) - Math.min(...grouped.map(b => b.top));
        return w + 0.01 < min || h + 0.01 < min ? [`${JSON.stringify(name(el))} is ${w.toFixed(1)} x ${h.toFixed(1)} px`] : [];
      });
    },

    // WCAG 1.4.12. A sheet made this way is not an inline style, so a strict
    // content security policy lets it be.
    spacing() {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
        p { margin-bottom: 2em !important }`);
      document.adoptedStyleSheets.push(sheet);
    },
  };
})()
