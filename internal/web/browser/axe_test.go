package browser_test

import (
	"os"
	"testing"

	"aditus/internal/browsertest"
)

// states are all pages in all their states.
func states() (all []state) {
	for _, part := range [][]state{statesIn, statesCode, statesArea, statesAct} {
		all = append(all, part...)
	}
	return all
}

func TestBrowserStates(t *testing.T) {
	w := newWorld(t)
	p := browsertest.New(t, browsertest.Options{Lang: "it"})
	s := &stage{world: w, lang: "it"}
	for _, st := range states() {
		t.Run(st.name, func(t *testing.T) {
			w.t, s.page = t, p.In(t)
			defer func() { w.t = nil }()
			defer s.done()
			s.view(st)
			s.weigh(); t.Logf("W %d", s.page.Weight())
			for _, width := range []int{320, 1280} {
				s.page.Size(width, 900)
				s.look()
				if os.Getenv("NOAXE") == "" {
					bad, may := s.page.Axe()
					for _, v := range bad {
						t.Errorf("at %d: %s", width, v)
					}
					for _, v := range may {
						t.Logf("INC at %d: %s", width, v)
					}
				}
			}
		})
	}
}
