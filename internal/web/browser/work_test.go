package browser_test

import (
	"context"
	"strings"
	"testing"

	"aditus/internal/access"
	"aditus/internal/browsertest"
)

// crowds has ten wrong letters of somebody's number go before.
func (s *stage) crowds(r *reader) {
	s.t.Helper()
	for range 10 {
		wrong := r.letter
		wrong.Born = "22.3.1982"
		if _, err := s.app.Journeys.Enrol(context.Background(), s.fund, r.visitor, wrong); !access.Refused(err, "activation") {
			s.t.Fatal(err)
		}
	}
}

// idles has the page's form go without the work that it may ask for: it is thrown
// away when it is done.
func (s *stage) idles() {
	s.t.Helper()
	until(s.t, s.page, "the work", `document.querySelector("[data-work] input")?.value !== ""`)
	browsertest.Eval[int](s.page, `(document.querySelector("[data-work] input")?.remove(), 0)`)
}

// What could have happened: the page's policy stops the worker, and nobody notices,
// because without it there is a wait; or a member who is quicker than their browser
// loses what they typed (security.md part 5).
func TestBrowserWork(t *testing.T) {
	t.Parallel()
	s := &stage{world: newWorldOf(t, "alpina"), page: browsertest.New(t, browsertest.Options{Lang: "de"}), lang: "de"}
	t.Cleanup(func() {
		for _, said := range s.page.Console() {
			if !strings.Contains(said, "429") {
				t.Errorf("the browser says %q", said)
			}
		}
	})
	r := s.reads()
	s.crowds(r)
	s.goes(nil, "/enrol/letter")
	// Twice without: the second is not heard. Its page brings a task, and the script
	// has it solved.
	for _, answer := range []string{"heute gab es schon viele Versuche", "Ohne diese Rechnung geht es ab"} {
		s.page.Fill("AHV-Nummer", r.letter.AHV)
		s.page.Fill("Geburtsdatum", "22.3.1982")
		s.page.Fill("Aktivierungscode", r.letter.Code)
		s.idles()
		s.page.Press("Weiter")
		s.page.See(answer)
	}
	until(t, s.page, "the end of the work", says("[data-work] [role=status]", "Die Rechnung ist fertig: Sie können weitermachen."))
	s.axeAt(360, "work done")
	s.page.Fill("Geburtsdatum", "21.3.1982")
	s.page.Press("Weiter")
	s.page.See("Nutzungsbedingungen")
	if n := s.posted("/enrol/letter"); n != 3 {
		t.Errorf("%d forms came, want 3", n)
	}
}
