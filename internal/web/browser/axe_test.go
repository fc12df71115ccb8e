package browser_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"aditus/internal/browsertest"
	"aditus/internal/texts"
)

// groups are all pages in all their states; each group has a world of its own.
var groups = map[string][]state{"in": statesIn, "code": statesCode, "area": statesArea, "act": statesAct, "enrol": statesEnrol, "loss": statesLoss,
	"meridiana": statesMeridiana, "halves": statesHalves, "alpina": statesAlpina, "passkey": statesPasskey, "people": statesPeople}

// fundOf is the fund of a group's world, where it is not the first.
var fundOf = map[string]string{"enrol": "alpina", "loss": "alpina", "meridiana": "meridiana", "halves": "meridiana", "alpina": "alpina", "passkey": "alpina", "people": "meridiana"}

// reviewed is what axe cannot tell of a page and a person looked at: a rule, how
// the page was shown, and what was seen. What axe cannot tell and is not here
// fails.
var reviewed = map[string]string{
	"color-contrast forced": "the system's own colours, which axe takes for one and the same; seen in pictures of each kind of page",
}

// shared are the titles that two pages of the site have, and why that is no
// mistake: whoever has both open reads which is which.
var shared = map[string]string{
	"/operations/{id}/confirm /otp":                 "one part asks for every code; what it is for stands below",
	"/operations/{id}/confirm /otp /recover":        "one SMS or another: what it is for stands below",
	"/channel /channel/done":                        "the channel is active: said once at the end of the steps, and afterwards at the invitation's place",
	"/channel /channel/choose":                      "nobody without a contact can go on, wherever they come from",
	"/operations/{id}/edit /operations/{new}/{act}": "one form, empty and filled in",
}

// fault is whether this is the long run.
func fault() bool { return os.Getenv("ADITUS_FAULT") != "" }

// shots is whether pictures are wanted.
func shots() bool { return os.Getenv("ADITUS_SHOTS") != "" }

// Every page in every state, at 320 and 1280 px: nothing that axe knows of is
// wrong; one heading; a title that says what is wrong; nothing sideways, nothing
// too small to press, nothing empty, nothing left unfilled, nothing too heavy,
// and not a word on the browser's console.
func TestBrowserStates(t *testing.T) {
	titles := &titles{routes: map[string][]string{}}
	t.Run("all", func(t *testing.T) {
		for name, group := range groups {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorldOf(t, cmp.Or(fundOf[name], "aurora"))
				p := browsertest.New(t, browsertest.Options{})
				for _, st := range group {
					t.Run(st.name, func(t *testing.T) {
						w.t = t
						defer func() { w.t = nil }()
						sight(w, p.In(t), st, titles, spoken(name))
					})
				}
			})
		}
	})
	titles.compare(t)
}

// spoken are the languages in which a group's states are seen. The pages of the
// second and third fund are those of the first with other words: in `make test`
// they are seen in the one all are compared with and in the one with the longest.
func spoken(group string) []string {
	if fundOf[group] != "" && !fault() && !shots() {
		return []string{texts.Languages[0], "de"}
	}
	return texts.Languages
}

// sight looks at a state in each of langs, until something is wrong in one.
func sight(w *world, p *browsertest.Page, st state, titles *titles, langs []string) {
	outline := "" // in Italian
	for _, lang := range langs {
		s := &stage{world: w, page: p, lang: lang}
		s.see(st, &outline, titles)
		if w.t.Failed() {
			w.t.Logf("in %s, on %s:\n%s", lang, p.URL(), p.Text())
			return
		}
	}
}

// see looks at a state in one language.
func (s *stage) see(st state, outline *string, titles *titles) {
	s.t.Helper()
	defer s.done()
	heard := len(s.page.Console())
	s.page.Lang(s.lang)
	s.page.Media(browsertest.Media{})
	s.page.Zoom(100)
	s.page.Size(1280, 900)
	s.view(st)
	s.weigh(st)
	same := *outline == s.outline()
	if s.lang == texts.Languages[0] {
		*outline = s.outline()
		titles.add(st, s.page.Title())
	}
	switch {
	case shots():
		s.pictures(st)
	case fault():
		s.lookLong()
	case !same:
		s.axeAt(320, "light")
		s.axeAt(1280, "light")
		s.page.Zoom(200)
		s.lookAt(320)
	case s.lang == "de": // where words are longest
		s.lookAt(320)
		s.page.Zoom(200)
		s.lookAt(320)
	}
	if said := s.page.Console()[heard:]; len(said) > 0 {
		s.t.Errorf("%s: the browser says: %q", s.lang, said)
	}
}

// lookAt asks of the page at a width what is asked of every page.
func (s *stage) lookAt(width int) {
	s.t.Helper()
	s.page.Size(width, 900)
	s.look()
}

// axeAt is lookAt, and asks axe as well. How is how the page is shown.
func (s *stage) axeAt(width int, how string) {
	s.t.Helper()
	s.lookAt(width)
	bad, unsure := s.page.Axe()
	for _, v := range bad {
		s.t.Errorf("%s at %d px: %s", s.lang, width, v)
	}
	for _, v := range unsure {
		if reviewed[v.ID+" "+how] == "" {
			s.t.Errorf("%s at %d px, %s: axe cannot tell, and nobody looked: %s", s.lang, width, how, v)
		}
	}
}

// weigh asks how much came over the wire.
func (s *stage) weigh(st state) {
	s.t.Helper()
	if n := s.page.Weight(); n > max(heaviest, st.weight) {
		s.t.Errorf("the page weighs %d bytes, at most %d", n, max(heaviest, st.weight))
	}
}

// titles are those of the pages, in Italian.
type titles struct {
	mu     sync.Mutex
	routes map[string][]string
}

func (a *titles) add(st state, title string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if st.route != "" && !st.leads && !slices.Contains(a.routes[title], st.route) {
		a.routes[title] = append(a.routes[title], st.route)
	}
}

// compare fails the test if two pages have one title.
func (a *titles) compare(t *testing.T) {
	t.Helper()
	for title, routes := range a.routes {
		slices.Sort(routes)
		if len(routes) > 1 && shared[strings.Join(routes, " ")] == "" {
			t.Errorf("the title «%s» is that of %s", title, routes)
		}
	}
}

// Every page of the site's table of contents is looked at.
func TestBrowserRoutes(t *testing.T) {
	seen := map[string]bool{}
	for _, group := range groups {
		for _, st := range group {
			seen[st.route] = true
		}
	}
	all := routesIn(t)
	if len(all) < 30 {
		t.Fatalf("only %d pages in routes.go: %s", len(all), all)
	}
	for _, path := range all {
		if !seen[path] {
			t.Errorf("no state of %s", path)
		}
		delete(seen, path)
	}
	delete(seen, "")
	for path := range seen {
		t.Errorf("%s is no page of the site", path)
	}
}

// pictures leaves what people look at: `make shots`.
func (s *stage) pictures(st state) {
	s.t.Helper()
	shoot := func(width int, how string) {
		s.page.Size(width, 900)
		s.page.Screenshot(fmt.Sprintf("%s.%s.%d%s", st.name, s.lang, width, how))
	}
	shoot(360, "")
	if s.lang == "it" {
		shoot(1280, "")
		s.page.Media(browsertest.Media{Dark: true})
		shoot(360, ".dark")
		s.page.Media(browsertest.Media{})
		s.page.Zoom(200)
		shoot(360, ".200")
		s.page.Zoom(100)
	}
}

// lookLong looks in all the ways of seeing of ux.md 4.10.
func (s *stage) lookLong() {
	s.t.Helper()
	for how, dark := range map[string]bool{"light": false, "dark": true} {
		s.page.Media(browsertest.Media{Dark: dark})
		s.axeAt(320, how)
		s.axeAt(1280, how)
	}
	s.page.Media(browsertest.Media{ForcedColors: true, ReducedMotion: true})
	s.axeAt(320, "forced")
	if n := browsertest.Eval[int](s.page, `document.getAnimations().filter(a => a.playState === "running").length`); n > 0 {
		s.t.Errorf("%s: %d things move for somebody who asked for less motion", s.lang, n)
	}
	s.page.Media(browsertest.Media{})
	s.page.Zoom(200)
	s.lookAt(320)
	s.lookAt(1280)
	s.page.Zoom(100)
	s.page.Spacing() // for good, on this page
	s.lookAt(320)
	s.lookAt(1280)
}
