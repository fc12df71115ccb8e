package app_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"aditus/internal/dbtest"
)

// together sends forms of many browsers at the same moment, each a copy of b.
func (b *browser) together(n int, path string, form func(i int) []string) (answers []*httptest.ResponseRecorder) {
	answers = make([]*httptest.ResponseRecorder, n)
	var all sync.WaitGroup
	start := make(chan bool)
	for i := range n {
		each := *b
		each.cookies = maps.Clone(b.cookies)
		all.Go(func() {
			<-start
			answers[i] = each.post(path, form(i)...)
		})
	}
	close(start)
	all.Wait()
	return answers
}

// counted is how many answers have a status.
func counted(answers []*httptest.ResponseRecorder, status int) (n int) {
	for _, w := range answers {
		if w.Code == status {
			n++
		}
	}
	return n
}

// What could have happened: two hundred letters come at the same moment, and all
// are looked at before the tenth is counted; or one proof of work opens the door to
// all of them (security.md part 3, rows 4 and 49).
func TestLettersAtOnce(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSiteOf(t, engine, "alpina", nil)
			l := letter{ahv: ahv(1), codes: []string{"AAAABBBBCCCC"}}
			s.letters(l)
			b := s.browser("stranger", "192.0.2.1")
			wrong := func(i int) []string {
				return []string{"ahv", l.ahv, "birth_date", born, "activation_code", fmt.Sprintf("BBBBCCCC%04d", 2000+i)}
			}
			// Ten, and the one that the wait without work lets through.
			answers := b.together(200, "/enrol/letter", wrong)
			if n := counted(answers, 422); n != 11 {
				t.Errorf("%d of 200 were looked at, want 11", n)
			}
			if n := s.number(`SELECT count(*) FROM event WHERE kind = 'enrolment_refused'`); n != 12 { // one tells of the rest
				t.Errorf("%d events, want 12", n)
			}
			proof := s.proof("/enrol/letter")
			answers = b.together(64, "/enrol/letter", func(i int) []string { return append(wrong(i), "work", proof) })
			if n := counted(answers, 422); n != 1 {
				t.Errorf("%d of 64 with one proof were looked at, want 1", n)
			}
			for what, proof := range map[string]string{"spent": proof, "of another door": s.proof("/login"), "forged": "e30="} {
				if w := b.post("/enrol/letter", append(wrong(1), "work", proof)...); w.Code != 429 {
					t.Errorf("a proof that is %s: %s", what, said(w))
				}
			}
			// The holder comes in at once with work, and after the wait without.
			b.must(b.post("/enrol/letter", "ahv", l.ahv, "birth_date", born, "activation_code", l.codes[0], "work", s.proof("/enrol/letter")), "/enrol/terms")
			s.now.pass(31 * time.Second)
			s.browser("holder", "192.0.2.1").must(b.post("/enrol/letter", "ahv", l.ahv, "birth_date", born, "activation_code", l.codes[0]), "/enrol/terms")
		})
	}
}

// What could have happened: the waits without work are one queue for all, and a
// stranger who stands in it day and night keeps the holder of the right letter out;
// or the waits grow without end.
func TestHolderIsNeverLockedOut(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSiteOf(t, engine, "alpina", nil)
			l, other := letter{ahv: ahv(1), codes: []string{"AAAABBBBCCCC"}}, letter{ahv: ahv(2), codes: []string{"AAAABBBBDDDD"}}
			s.letters(l, other)
			heard := 0
			guess := func(from string) {
				w := s.browser("stranger", from).post("/enrol/letter", "ahv", l.ahv, "birth_date", born, "activation_code", "BBBBCCCCDDDD")
				if w.Code == 422 {
					heard++
				}
			}
			for range 24 * 12 { // every five minutes of a day, from two networks
				guess("192.0.2.1")
				guess("192.0.2.2")
				s.now.pass(5 * time.Minute)
			}
			// Ten, and from each network those of the growing waits: 4 an hour.
			if heard < 20 || heard > 10+2*(24*4+8) {
				t.Errorf("%d guesses of a day were looked at", heard)
			}
			// Without script, from home; and from a network where nobody was quiet.
			form := []string{"ahv", l.ahv, "birth_date", born, "activation_code", l.codes[0]}
			home := s.browser("holder", "198.51.100.1")
			home.must(home.post("/enrol/letter", form...), "/enrol/terms")
			s.now.pass(15 * time.Minute)
			beside := s.browser("beside", "192.0.2.1")
			beside.must(beside.post("/enrol/letter", form...), "/enrol/terms")
			neighbour := s.browser("neighbour", "192.0.2.2")
			neighbour.must(neighbour.post("/enrol/letter", "ahv", other.ahv, "birth_date", born, "activation_code", other.codes[0]), "/enrol/terms")
		})
	}
}

// What could have happened: beyond fifty wrong passwords somebody who does not
// exist is answered otherwise; a proof shortens the wait for guesses; or a hundred
// guesses a day turn into thousands, as each brings its proof (security.md part 5;
// NIST SP 800-63B-4 3.2.2).
func TestPasswordCrowd(t *testing.T) {
	tables := []string{"throttle", "event", "work_spent"}
	unknown, known := people()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, engine, nil)
			somebody := known["has a channel"]
			s.register(somebody, known["died"])
			net := 0
			b := func() *browser {
				net++
				return s.browser("stranger", fmt.Sprintf("192.%d.%d.%d", 1+net>>16, net>>8&255, net&255))
			}
			crowd := func(code string) {
				for range crowdWrong + 1 {
					s.now.pass(15 * time.Minute)
					if w := b().post("/login", "username", code, "password", "sbagliata-davvero"); w.Code != 422 {
						t.Fatalf("a guess of %s: %s", code, said(w))
					}
				}
			}
			look := func(code string) sight {
				crowd(code)
				return s.sees(tables, 4, func(n int, ask func(func() *httptest.ResponseRecorder, ...string)) {
					post := func(form ...string) {
						form = append([]string{"username", code, "password", secret + "x"}, form...)
						ask(func() *httptest.ResponseRecorder { return b().post("/login", form...) }, code)
					}
					proof := s.proof("/login")
					post()
					post("work", proof)
					post("work", proof)
					post("work", s.proof("/login"))
					post("work", s.proof("/enrol/letter"))
					s.now.pass(31 * time.Minute)
				})
			}
			want := look(unknown)
			for who, m := range map[string]member{"has a channel": somebody, "died": known["died"]} {
				s.alike(who, look(m.code), want, tables)
			}
			// A day of guesses with and without work, every quarter of an hour.
			s.now.pass(25 * time.Hour)
			crowd(somebody.code)
			heard := 0
			for i := range 24 * 4 {
				form := []string{"username", somebody.code, "password", "sbagliata-davvero"}
				if i%2 == 0 {
					form = append(form, "work", s.proof("/login"))
				}
				if b().post("/login", form...).Code == 422 {
					heard++
				}
				s.now.pass(15 * time.Minute)
			}
			if heard < 48 || heard > 100 {
				t.Errorf("%d guesses of a day were looked at, want fewer than a hundred", heard)
			}
			in := s.browser("theirs", "198.51.100.7")
			if w := in.post("/login", "username", somebody.code, "password", secret, "work", s.proof("/login")); w.Code == 303 {
				return
			}
			s.now.pass(30 * time.Minute)
			in.must(in.post("/login", "username", somebody.code, "password", secret, "work", s.proof("/login")), "/otp")
		})
	}
}

// crowdWrong is journey's number of wrong passwords after which work has a wait of
// its own.
const crowdWrong = 50
