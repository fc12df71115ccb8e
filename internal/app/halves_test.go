package app_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// What could have happened: the answer to somebody who asks a password back, or
// what it leaves in the database, tells whether a matricola exists, which of the
// three facts was wrong, or that its owner died (C-13; security.md part 6).
func TestFactsTellNothing(t *testing.T) {
	people := map[string]member{
		"has no reliable mobile": {number: "900002", code: "900002", status: "active", email: "b@example.com", mobile: "+393000000002"},
		"has no mobile":          {number: "900003", code: "900003", status: "active", email: "c@example.com"},
		"has no mailbox":         {number: "900004", code: "900004", status: "active", mobile: "+393000000004", reliable: true},
		"died":                   {number: "900005", code: "900005", status: "deceased", email: "e@example.com", mobile: "+393000000005", reliable: true},
		"is held":                {number: "900006", code: "900006", status: "active", held: "quarantine", email: "f@example.com", mobile: "+393000000006", reliable: true},
		"shares the mobile":      {number: "900007", code: "900007", status: "active", email: "g@example.com", mobile: "+393000000001", reliable: true},
		"said it was not them":   {number: "900011", code: "900011", status: "active", email: "k@example.com", mobile: "+393000000011", reliable: true},
		"is a stranger":          {number: "900008", code: "900009", status: "active", email: "h@example.com", mobile: "+393000000009", reliable: true},
	}
	matches := member{number: "900010", code: "900010", status: "active", email: "j@example.com", mobile: "+393000000010", reliable: true}
	tables := []string{"tally", "throttle", "event", "challenge", "outbox", "handed", "journey"}
	for _, engine := range dbtest.Engines {
		for _, style := range []string{access.SplitCodes, access.SplitInitialSecret} {
			t.Run(engine+"/"+style, func(t *testing.T) {
				t.Parallel()
				s := newSiteOf(t, engine, "meridiana", func(f *access.Fund) { f.Recovery.Style = style })
				all := []member{matches, {number: "900001", code: "900001", status: "active", email: "a@example.com", mobile: "+393000000001", reliable: true}}
				for what, m := range people {
					if what != "is a stranger" {
						all = append(all, m)
					}
				}
				s.register(all...)
				if err := s.app.DB.Write(t.Context(), s.fund.ID, func(tx *store.Tx) error { return tx.Freeze("M900011", "s") }); err != nil {
					t.Fatal(err)
				}
				net := 0
				ask := func(who string, m member) (answers []string, rows, cost []int64) {
					net++
					count := func() (n []int64) {
						for _, table := range tables {
							n = append(n, s.number(`SELECT count(*) FROM `+table))
						}
						return n
					}
					before := count()
					mail, mobile := m.email, m.mobile
					if mail == "" {
						mail = "nessuna@example.com"
					}
					if mobile == "" {
						mobile = "+393000000099"
					}
					for n := range 4 { // the fourth is one too many
						b := s.browser(who, fmt.Sprintf("192.0.2.%d", net))
						ran := s.app.DB.Statements()
						w := b.post("/password/forgot", "username", m.code, "mail", mail, "mobile", mobile)
						cost = append(cost, s.app.DB.Statements()-ran)
						answers = append(answers, shown(w, m.code, mail, mobile))
						if style == access.SplitCodes {
							answers = append(answers, shown(b.do("GET", "/recover", nil)), shown(b.post("/recover", "half", "QQQQQQQQQQQQ"), "QQQQQQQQQQQQ"))
						}
						s.now.pass(2 * time.Minute)
						if n < 2 {
							continue
						}
						if rows == nil { // the fourth makes the same statements for nobody, whose rows may be there or not
							for i, now := range count() {
								rows = append(rows, now-before[i])
							}
						}
					}
					s.now.pass(time.Hour)
					return answers, rows, cost
				}
				clock := regexp.MustCompile(`\d\d:\d\d`)
				want, wantRows, wantCost := ask("matches", matches)
				for who, m := range people {
					got, rows, cost := ask(who, m)
					for i := range got {
						if a, b := clock.ReplaceAllString(want[i], "TIME"), clock.ReplaceAllString(got[i], "TIME"); a != b {
							t.Errorf("answer %d: who %s is answered otherwise than who matches: %s", i+1, who, difference(a, b))
							break
						}
					}
					if fmt.Sprint(cost) != fmt.Sprint(wantCost) {
						t.Errorf("who %s costs %v statements, who matches %v", who, cost, wantCost)
					}
					if fmt.Sprint(rows) != fmt.Sprint(wantRows) {
						t.Errorf("who %s leaves %v rows of %v, who matches %v", who, rows, tables, wantRows)
					}
				}
				s.work()
				for _, m := range s.post.Messages() {
					if m.To != matches.email && m.To != matches.mobile {
						t.Errorf("a message left to %s", m.To)
					}
				}
			})
		}
	}
}

// What could have happened: a temporary password that was read over a shoulder is
// typed in two browsers at the same moment, and both go on with it (security.md
// part 3, row 3).
func TestTemporaryPasswordOnce(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSiteOf(t, engine, "meridiana", nil)
			s.register(member{number: "900010", code: "900010", status: "active", email: "j@example.com", mobile: "+393000000010", reliable: true})
			s.browser("asks", "192.0.2.1").post("/password/forgot", "username", "900010", "mail", "j@example.com", "mobile", "+393000000010")
			s.work()
			word := ""
			for _, m := range s.post.Messages() {
				if found := tempWord.FindString(m.Text); found != "" {
					word = found
				}
			}
			if word == "" {
				t.Fatal("no temporary password was sent")
			}
			const many = 20
			answers := make([]*httptest.ResponseRecorder, many)
			var all sync.WaitGroup
			start := make(chan bool)
			for i := range many {
				b := s.browser(fmt.Sprint(i), fmt.Sprintf("198.51.100.%d", i+1))
				all.Go(func() {
					<-start
					answers[i] = b.post("/login", "username", "900010", "password", word)
				})
			}
			close(start)
			all.Wait()
			in := 0
			for _, w := range answers {
				if w.Header().Get("Location") == "/recover" {
					in++
				}
			}
			if began := s.number(`SELECT count(*) FROM journey`); in != 1 || began != 1 {
				t.Errorf("%d of %d came in, and %d journeys began; want one", in, many, began)
			}
		})
	}
}

// What could have happened: two hundred guesses at a PIN come at the same moment,
// and all are looked at before the first is counted (security.md part 3, row 4).
func TestPINGuessedAtOnce(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSiteOf(t, engine, "meridiana", func(f *access.Fund) { f.Password.Rollout = time.Time{} })
			m := member{number: "900010", code: "900010", status: "active", email: "j@example.com", mobile: "+393000000010", password: secret, reliable: true}
			s.register(m)
			hash, err := s.app.Passwords.Hash(t.Context(), "K7M2Q9XA")
			if err != nil {
				t.Fatal(err)
			}
			if err := s.app.DB.Write(t.Context(), s.fund.ID, func(tx *store.Tx) error { return tx.SetPIN(m.id(), hash) }); err != nil {
				t.Fatal(err)
			}
			b := s.browser("theirs", "192.0.2.1")
			b.post("/login", "username", m.code, "password", secret)
			draft := b.post("/operations/new/iban", "iban", "IT60X0542811101000000123456").Header().Get("Location")
			var all sync.WaitGroup
			start := make(chan bool)
			for i := range 40 {
				each := *b
				each.cookies = maps.Clone(b.cookies)
				all.Go(func() {
					<-start
					each.post(draft, "do", "ask", "pin", fmt.Sprintf("QQ%06d", i))
				})
			}
			close(start)
			all.Wait()
			if n := s.number(`SELECT count(*) FROM event WHERE kind = 'pin_answered'`); n != 5 {
				t.Errorf("%d guesses were looked at, want 5", n)
			}
			if w := b.post(draft, "do", "ask", "pin", "K7M2Q9XA"); w.Code != 429 {
				t.Errorf("the right one is answered with %d while the PIN pauses", w.Code)
			}
			s.now.pass(time.Hour)
			b.post("/login", "username", m.code, "password", secret)
			if w := b.post(draft, "do", "ask", "pin", "K7M2Q9XA"); w.Code != 303 {
				t.Errorf("the right one, an hour later, is answered with %d", w.Code)
			}
		})
	}
}
