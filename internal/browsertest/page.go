package browsertest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// pageJS is an expression: the object of questions of page.js. Chromium
// evaluates it also with the page's scripts off and under any content security
// policy.
//
//go:embed page.js
var pageJS string

// A Page is a window with one page in it. Its methods end the test, showing the
// page as text, when what they were asked for cannot be done.
type Page struct {
	t     testing.TB
	ctx   context.Context
	visit *visit
	noJS  bool // as JS last said

	zoomed bool // as Zoom last said
}

// Open goes to url and waits until the page and all its parts are there. A
// status such as 422 is a page like any other: see [Page.Status].
func (p *Page) Open(url string) {
	p.t.Helper()
	p.visit.leave()
	r, err := call(p, page.Navigate, page.NavigateParams{URL: url})
	switch {
	case err != nil:
		p.fail("opening %s: %v", url, err)
	case r.ErrorText != "":
		p.fail("opening %s: %s", url, r.ErrorText)
	case r.LoaderID == "": // another place in the same document
		p.visit.stay()
	}
	p.arrive()
}

// Back goes back one page, as with the browser's button. The page is asked for
// again: nothing comes from memory.
func (p *Page) Back() {
	p.t.Helper()
	h, err := call(p, page.GetNavigationHistory, cdp.Empty{})
	if err == nil && h.CurrentIndex == 0 {
		err = errors.New("there is no page before this one")
	}
	if err == nil {
		p.visit.leave()
		_, err = call(p, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: h.Entries[h.CurrentIndex-1].ID})
	}
	if err != nil {
		p.fail("going back: %v", err)
	}
	p.arrive()
}

// Fill types text into the field so labelled, in place of what is there.
func (p *Page) Fill(label, text string) {
	p.t.Helper()
	f := p.find("fields", "field labelled", label)
	if k := f.kind; k == "radio" || k == "checkbox" || k == "select" {
		p.fail("%q is not for typing: it is a %s", label, k)
	}
	p.press(f)
	if _, err := ask[chromedp.Void](p, f.el, `this.select()`); err != nil {
		p.fail("filling %q: %v", label, err)
	}
	if text == "" {
		p.Key("Delete")
		return
	}
	if _, err := call(p, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		p.fail("filling %q: %v", label, err)
	}
}

// Choose takes the radio button, the checkbox or the option so labelled. What
// is already chosen stays so.
func (p *Page) Choose(label string) {
	p.t.Helper()
	c := p.find("choices", "choice", label)
	if c.kind == "option" {
		if _, err := ask[chromedp.Void](p, c.el, `(`+pageJS+`).pick(this)`); err != nil {
			p.fail("choosing %q: %v", label, err)
		}
		return
	}
	chosen, err := ask[bool](p, c.el, `this.checked`)
	if err != nil {
		p.fail("choosing %q: %v", label, err)
	}
	if !chosen {
		p.press(c)
	}
}

// Press presses the button, the link or the summary that reads so. If another
// page comes of it, it waits until that is there.
func (p *Page) Press(text string) {
	p.t.Helper()
	p.press(p.find("buttons", "button or link", text))
}

// Key presses keys one after the other: Tab, Shift+Tab, Enter, Escape, Space,
// Delete, ArrowUp, ArrowDown, ArrowLeft, ArrowRight, Home, End. If another page
// comes of one, it waits until that is there.
func (p *Page) Key(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		name, shift := strings.CutPrefix(key, "Shift+")
		code, ok := keyCodes[name]
		if !ok {
			p.fail("there is no key %q", key)
		}
		options := []chromedp.KeyOption{raw}
		if shift {
			options = append(options, chromedp.KeyModifiers(chromedp.ModifierShift))
		}
		if _, err := run(p, chromedp.KeyEvent(code, options...)); err != nil {
			p.fail("pressing %s: %v", key, err)
		}
		p.settle()
	}
}

// raw makes a key go down as one of a keyboard does: what that led to may move
// the focus, and the character that follows must not be typed there.
func raw(k *input.DispatchKeyEventParams) {
	if k.Type == kb.KeyDown {
		k.Type = input.DispatchKeyEventTypeRawKeyDown
	}
}

// See waits until text stands on the page, however its spaces and its
// typographic signs are written.
func (p *Page) See(text string) {
	p.t.Helper()
	p.eventually(func() error {
		there, err := p.text()
		if err == nil && !strings.Contains(squeeze(there), squeeze(text)) {
			err = fmt.Errorf("%q is not on the page", text)
		}
		return err
	})
}

// NotSee fails if text stands on the page now.
func (p *Page) NotSee(text string) {
	p.t.Helper()
	if strings.Contains(squeeze(p.Text()), squeeze(text)) {
		p.fail("%q is on the page", text)
	}
}

// Text is the page as it reads, without what is not shown. Text that is there
// for screen readers alone is part of it.
func (p *Page) Text() string {
	p.t.Helper()
	text, err := p.text()
	if err != nil {
		p.fail("reading the page: %v", err)
	}
	return text
}

// Value is what the field so labelled holds.
func (p *Page) Value(label string) string {
	p.t.Helper()
	v, err := ask[string](p, p.find("fields", "field labelled", label).el, `this.value`)
	if err != nil {
		p.fail("reading %q: %v", label, err)
	}
	return v
}

// Title is the title of the page.
func (p *Page) Title() string { p.t.Helper(); return Eval[string](p, `document.title`) }

// URL is the address of the page.
func (p *Page) URL() string { p.t.Helper(); return Eval[string](p, `location.href`) }

// Status is the HTTP status the page came with.
func (p *Page) Status() int {
	p.visit.mu.Lock()
	defer p.visit.mu.Unlock()
	return int(p.visit.status[p.visit.loader])
}

// Eval is the value of a JavaScript expression in the page, for what no method
// tells. It works with scripts off, but then nothing that waits comes back.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	v, err := run(p, chromedp.Evaluate[T](expression))
	if err != nil {
		p.fail("evaluating %s: %v", expression, err)
	}
	return v
}

func (p *Page) text() (string, error) {
	return run(p, chromedp.Evaluate[string](`document.body.innerText`))
}

// press presses an element where a finger would, which must be free.
func (p *Page) press(e element) {
	p.t.Helper()
	at, err := ask[struct {
		X, Y float64
		Why  string
	}](p, e.el, `(`+pageJS+`).point(this)`)
	if err == nil && at.Why != "" {
		err = errors.New(at.Why)
	}
	if err == nil {
		_, err = run(p, chromedp.MouseClickXY(at.X, at.Y))
	}
	if err != nil {
		p.fail("%q cannot be pressed: %v", e.text, err)
	}
	p.settle()
}

// settle puts one question to the page, so that whatever the last act led to
// was heard (see visit), and waits for a page that was asked for. The question
// may fail: the page it was put to may be gone.
func (p *Page) settle() {
	p.t.Helper()
	if _, err := run(p, chromedp.Evaluate[int](`0`)); err != nil && p.ctx.Err() != nil {
		p.t.Fatalf("browsertest: %v", err)
	}
	p.arrive()
}

func (p *Page) arrive() {
	p.t.Helper()
	ctx, end := context.WithTimeout(p.ctx, patience)
	defer end()
	if err := p.visit.arrived(ctx); err != nil {
		p.fail("%v", err)
	}
}

// eventually tries until it works, for what scripts of the page may still do.
func (p *Page) eventually(try func() error) {
	p.t.Helper()
	ctx, end := context.WithTimeout(p.ctx, patience/6)
	defer end()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			p.fail("%v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// fail ends the test and shows the page.
func (p *Page) fail(format string, args ...any) {
	p.t.Helper()
	where, err := run(p, chromedp.Evaluate[string](`location.href`))
	if err != nil {
		where = err.Error()
	}
	text, err := p.text()
	if err != nil {
		text = err.Error()
	}
	p.t.Fatalf("%s\n--- %d %s\n%s\n---", fmt.Sprintf(format, args...), p.Status(), where, text)
}

// prepare sets what holds for every page of the window.
func (p *Page) prepare() {
	p.t.Helper()
	_, err := call(p, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true}) // each page weighs what a first visit weighs
	if err == nil {
		_, err = call(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // many windows, one screen
	}
	if err != nil {
		p.t.Fatalf("browsertest: %v", err)
	}
}

// run runs one action in the window, within patience.
func run[T any](p *Page, action chromedp.Action[T]) (T, error) {
	ctx, end := context.WithTimeout(p.ctx, patience)
	defer end()
	return chromedp.Run(ctx, action)
}

// call sends one command to the window, within patience.
func call[P, R any](p *Page, command cdp.Command[P, R], params P) (R, error) {
	ctx, end := context.WithTimeout(p.ctx, patience)
	defer end()
	return chromedp.Call(ctx, command, params)
}

// ask evaluates a JavaScript expression in which this is the object el.
func ask[T any](p *Page, el *runtime.RemoteObject, expression string, args ...any) (T, error) {
	on := func(c *runtime.CallFunctionOnParams) { c.ObjectID = el.ObjectID }
	return run(p, chromedp.CallFunctionOn[T](`function(...args) { return (`+expression+`) }`, on, args...))
}
