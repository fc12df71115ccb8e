package browser_test

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/browsertest"
	"aditus/internal/texts"
)

// checkJS is what is asked of every page.
//
//go:embed check.js
var checkJS string

// heaviest is what a page may weigh on a first visit (ux.md 0), in bytes.
const heaviest = 60 << 10

// A state is a page as somebody meets it.
type state struct {
	name   string // of its picture
	route  string // the page's path, as routes.go has it; "" for what no route answers
	status int    // 0 is 200
	wrong  bool   // something is wrong: the title says so, and where
	noJS   bool   // it is only reached without the page's scripts
	leads  bool   // the page is never drawn: it leads to another
	weight int    // in bytes, if it may be more than heaviest
	open   func(*stage)
}

// A stage is a window on a world, in one language.
type stage struct {
	*world
	page *browsertest.Page
	lang string
	undo []func() // what a state changed for everybody
}

// goes opens a page for whoever sits there; nil is nobody.
func (s *stage) goes(who *seat, path string) {
	s.t.Helper()
	cookies := map[string]string{"lang": s.lang}
	if who != nil {
		cookies = who.cookies
	}
	s.page.Open(s.be(path, cookies))
}

// tells opens a page that has something to say from the one before.
func (s *stage) tells(who *seat, path, notice string) {
	s.t.Helper()
	cookies := map[string]string{"lang": s.lang}
	if who != nil {
		cookies = who.cookies
	}
	cookies["notice"] = notice
	defer delete(cookies, "notice")
	s.page.Open(s.be(path, cookies))
}

// submits fills in fields, pairs of a name and a value, and presses a button by
// the keyboard. Names are the same in every language; labels are not.
func (s *stage) submits(button string, pairs ...string) {
	s.t.Helper()
	fields, err := json.Marshal(pairs)
	if err != nil {
		s.t.Fatal(err)
	}
	missing := browsertest.Eval[string](s.page, fmt.Sprintf(`(() => {
		const button = document.querySelector(%q), fields = %s ?? [];
		if (!button) return "no button";
		for (let i = 0; i < fields.length; i += 2) {
			const found = [...button.form.elements].filter(e => e.name === fields[i] && (e.type !== "radio" || e.value === fields[i+1]));
			if (found.length !== 1) return found.length + " fields " + fields[i];
			if (found[0].type === "radio") found[0].checked = true; else found[0].value = fields[i+1];
		}
		button.focus();
		return "";
	})()`, button, fields))
	if missing != "" {
		s.t.Fatalf("%s: %s in:\n%s", button, missing, s.page.Text())
	}
	s.page.Key("Enter")
}

// The buttons there are.
const (
	send    = "main form button[type=submit].govuk-button:not(.govuk-button--secondary)"
	again   = "#again"
	confirm = "#confirm"
)

// posts sends a form that no page has, from the site of host.
func (s *stage) posts(who *seat, host, path string, pairs ...string) {
	s.t.Helper()
	s.goes(who, "/help") // takes the cookies
	s.page.Open(s.form(host, path, pairs...))
	s.page.Press("post")
}

// spoken is a text of the product in the stage's language.
func (s *stage) spoken(key string) string {
	return s.app.Texts.Voice(texts.StyleOf(s.fund, s.lang), s.lang).T(key)
}

// passes lets time pass here and in the browser alike, for a page that is open.
// Its script looks at the clock once a second.
func (s *stage) passes(d time.Duration) {
	s.t.Helper()
	s.clock.Add(d)
	browsertest.Eval[int](s.page, fmt.Sprintf(`(() => { const now = Date.now; Date.now = () => now() + %d; return 0 })()`, d.Milliseconds()))
}

// meanwhile changes something for everybody until the state was looked at.
func (s *stage) meanwhile(undo func()) { s.undo = append(s.undo, undo) }

// read and act seat a new person of a kind at a browser.
func (s *stage) read(k kind) *seat { return s.person(k).sits(s.lang, access.LevelRead) }

func (s *stage) act(k kind) *seat { return s.person(k).sits(s.lang, access.LevelAct) }

// Shorthand for how people stand.
var (
	bySMS   = kind{channel: access.SMS}
	byEmail = kind{channel: access.Email}
)

// view opens a state and reports what is wrong with how it came.
func (s *stage) view(st state) {
	s.t.Helper()
	if st.noJS {
		s.page.JS(false)
		defer s.page.JS(true)
	}
	st.open(s)
	if want := max(st.status, 200); s.page.Status() != want {
		s.t.Errorf("status %d, want %d:\n%s", s.page.Status(), want, s.page.Text())
	}
	if got := browsertest.Eval[string](s.page, `document.documentElement.lang`); got != s.lang {
		s.t.Errorf("lang=%q, want %q", got, s.lang)
	}
	if got := browsertest.Eval[bool](s.page, `!!document.querySelector(".govuk-error-summary")`); got != st.wrong {
		s.t.Errorf("something is wrong: %v, want %v", got, st.wrong)
	}
}

// done takes back what the state changed for everybody.
func (s *stage) done() {
	for _, undo := range slices.Backward(s.undo) {
		undo()
	}
	s.undo = nil
}

// complaints are what is wrong with a page of those things that are asked of
// every page, at the window's width. errorWord begins the title of a page on
// which something is wrong.
func complaints(p *browsertest.Page, errorWord string) []string {
	return browsertest.Eval[[]string](p, fmt.Sprintf("(%s)(%q)", checkJS, errorWord))
}

// look asks of the page what is asked of every page, at the window's width.
func (s *stage) look() {
	s.t.Helper()
	for _, wrong := range complaints(s.page, s.spoken("frame.error")) {
		s.t.Errorf("%s: %s", s.lang, wrong)
	}
	s.page.NoSidewaysScroll()
	s.page.Targets(24)
}

// outline is the markup of the page's main part without its words: two languages
// with the same outline are one page to axe.
func (s *stage) outline() string {
	s.t.Helper()
	return browsertest.Eval[string](s.page, `(() => {
		const walk = el => el.localName + "." + el.className + [...el.attributes].filter(a => /^(role|type|hidden|disabled|aria-(?!label$))/.test(a.name))
			.map(a => "[" + a.name + "=" + a.value + "]").join("") + "(" + [...el.children].map(walk).join("") + ")";
		return walk(document.querySelector("main"));
	})()`)
}

// routesIn are the paths in the site's table of contents.
func routesIn(t *testing.T) (paths []string) {
	t.Helper()
	source, err := os.ReadFile("../routes.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\{"(/[^"]*)", [a-z]+\.[A-Z]`).FindAllStringSubmatch(string(source), -1) {
		paths = append(paths, m[1])
	}
	return paths
}
