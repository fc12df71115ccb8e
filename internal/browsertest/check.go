package browsertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chromedp/chromedp"
)

// A Violation is a rule of axe that the page breaks, or may break.
type Violation struct {
	ID, Impact, Help string
	Nodes            []string // where: selector, markup and what is wrong
}

// String tells a violation in a few lines.
func (v Violation) String() string {
	return fmt.Sprintf("%s (%s): %s\n    %s", v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n    "))
}

// axeRun asks for WCAG 2.2 A and AA and for what axe calls best practice, and
// makes of the answer what a person needs. preload would fetch the style sheets
// again, which our content security policy refuses, aloud.
const axeRun = `(async () => {
	const r = await axe.run(document, { preload: false, resultTypes: ["violations", "incomplete"],
		runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] } });
	const tell = list => list.map(v => ({ ID: v.id, Impact: v.impact ?? "", Help: v.help,
		Nodes: v.nodes.map(n => [n.target.flat().join(" "), n.html, n.failureSummary ?? ""].join(" | ").replace(/\s+/g, " ")) }));
	return JSON.stringify({ Violations: tell(r.violations), Incomplete: tell(r.incomplete) });
})()`

// Axe asks axe-core what is wrong with the page for people who use it another
// way, and what it cannot tell. It runs also with the page's scripts off: they
// are let on for the time of the question, when the page is past running any.
// It needs web/node_modules, which scripts/setup fills.
func (p *Page) Axe() (violations, incomplete []Violation) {
	p.t.Helper()
	source, err := axeSource()
	if err != nil {
		p.t.Fatalf("browsertest: %v", err)
	}
	if p.noJS {
		p.JS(true)
		defer p.JS(false)
	}
	p.set(run(p, chromedp.Evaluate[chromedp.Void](source)))
	answer, err := run(p, chromedp.Evaluate[string](axeRun, chromedp.EvalAwaitPromise))
	if err != nil {
		p.fail("axe: %v", err)
	}
	var r struct{ Violations, Incomplete []Violation }
	if err := json.Unmarshal([]byte(answer), &r); err != nil {
		p.t.Fatalf("browsertest: axe: %v", err)
	}
	return r.Violations, r.Incomplete
}

// axeSource reads axe-core from the project's web/node_modules, which stands
// above the directory a test runs in.
func axeSource() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the test")
		}
		dir = up
	}
	b, err := os.ReadFile(filepath.Join(dir, "web", "node_modules", "axe-core", "axe.min.js"))
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("axe-core is not there, run scripts/setup: %w", err)
	}
	return string(b), err
}

// NoSidewaysScroll fails the test, and lets it go on, if the page is wider than
// the window (WCAG 1.4.10 at 320 px).
func (p *Page) NoSidewaysScroll() {
	p.t.Helper()
	if over := Eval[[]string](p, `(`+pageJS+`).tooWide()`); len(over) > 0 {
		p.t.Errorf("%s: %s", p.URL(), strings.Join(over, "; "))
	}
}

// Targets fails the test, and lets it go on, if something to press is smaller
// than min CSS pixels either way (WCAG 2.5.8 asks for 24). A link within a
// sentence is exempt; a radio button and its label count as one.
func (p *Page) Targets(min float64) {
	p.t.Helper()
	if small := Eval[[]string](p, fmt.Sprintf(`(%s).small(%g)`, pageJS, min)); len(small) > 0 {
		p.t.Errorf("%s: smaller than %g px: %s", p.URL(), min, strings.Join(small, "; "))
	}
}

// Focused is the name of what has the focus: the text of a button, the label of
// a field; "" if nothing has.
func (p *Page) Focused() string {
	p.t.Helper()
	return squeeze(Eval[string](p, `(`+pageJS+`).focused()`))
}

// FocusShown fails the test, and lets it go on, if a person could not see what
// has the focus (WCAG 2.4.7, 2.4.11): it is outside the window, something lies
// over it, or it looks like everything else.
func (p *Page) FocusShown() {
	p.t.Helper()
	if why := Eval[string](p, `(`+pageJS+`).focusHidden()`); why != "" {
		p.t.Errorf("%s: %s: %q", p.URL(), why, p.Focused())
	}
}

// Console is what the browser complained of since the window was opened:
// errors, exceptions, parts of a page that did not come, and everything that
// the content security policy kept out.
func (p *Page) Console() []string {
	p.settle() // what the page did until now has been heard after this
	p.visit.mu.Lock()
	defer p.visit.mu.Unlock()
	return slices.Clone(p.visit.console)
}

// Weight is how many bytes came over the wire, headers included, for this page
// and its parts, as for somebody who has never been here. The icon of the tab,
// which nobody waits for, is left out.
func (p *Page) Weight() int {
	p.t.Helper()
	ctx, end := context.WithTimeout(p.ctx, patience)
	defer end()
	var sum float64
	err := p.visit.until(ctx, "weighing the page", func() bool {
		sum = 0
		for _, r := range p.visit.requests {
			if r.loader == p.visit.loader {
				if !r.done {
					return false
				}
				sum += r.bytes
			}
		}
		return true
	})
	if err != nil {
		p.fail("%v", err)
	}
	return int(sum)
}
