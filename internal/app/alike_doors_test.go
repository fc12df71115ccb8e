package app_test

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"aditus/internal/dbtest"
)

// A sight is all that a stranger could see of a row of tries, and what they cost.
type sight struct {
	answers    []string
	rows       []int64 // by table, all tries together
	statements []int64 // by answer
}

// sees makes tries and takes down what comes of them. Each try may be several
// requests; what is typed is masked, and so are the times of day.
func (s *site) sees(tables []string, tries int, try func(n int, ask func(w func() *httptest.ResponseRecorder, typed ...string))) (saw sight) {
	s.t.Helper()
	count := func() (n []int64) {
		for _, table := range tables {
			n = append(n, s.number(`SELECT count(*) FROM `+table))
		}
		return n
	}
	before := count()
	for n := range tries {
		try(n, func(w func() *httptest.ResponseRecorder, typed ...string) {
			ran := s.app.DB.Statements()
			answer := w()
			saw.statements = append(saw.statements, s.app.DB.Statements()-ran)
			saw.answers = append(saw.answers, clockTime.ReplaceAllString(shown(answer, typed...), "TIME"))
		})
	}
	for i, now := range count() {
		saw.rows = append(saw.rows, now-before[i])
	}
	return saw
}

var clockTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z|\b\d?\d[:.]\d\d\b`)

// alike complains of what tells one from another.
func (s *site) alike(who string, got, want sight, tables []string) {
	s.t.Helper()
	for i := range want.answers {
		if got.answers[i] != want.answers[i] {
			s.t.Errorf("answer %d: who %s is answered otherwise: %s", i+1, who, difference(want.answers[i], got.answers[i]))
			break
		}
	}
	if fmt.Sprint(got.rows) != fmt.Sprint(want.rows) {
		s.t.Errorf("who %s leaves %v rows of %v, others %v", who, got.rows, tables, want.rows)
	}
	if fmt.Sprint(got.statements) != fmt.Sprint(want.statements) {
		s.t.Errorf("who %s costs %v statements, others %v", who, got.statements, want.statements)
	}
}

// What could have happened: the answer to a letter that opens nothing, what it
// leaves behind or what it costs tells whether the number exists, which of the
// three data was wrong, why a code is dead (scenario 35), or that its owner died,
// left, or has an access already (S-17, S-18; security.md part 3, rows 11 and 12).
// Beyond ten, that goes on while work is asked for and done.
func TestLettersTellNothing(t *testing.T) {
	tables := []string{"event", "outbox", "journey", "work_spent"} // counts may be there from before
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSiteOf(t, engine, "alpina", nil)
			classes := map[string]letter{
				"has another birth date":       {codes: []string{"AAAAAAAAAAAA"}},
				"has another code":             {codes: []string{"BBBBBBBBBBBB"}},
				"has no code":                  {},
				"used the code":                {codes: []string{"CCCCCCCCCCCC"}},
				"has a newer letter":           {codes: []string{"DDDDDDDDDDDD", "EEEEEEEEEEEE"}},
				"has a letter of last year":    {codes: []string{"FFFFFFFFFFFF"}, issued: "2024-05-30"},
				"has a letter without a day":   {codes: []string{"GGGGGGGGGGGG"}, issued: "unknown"},
				"shares a code":                {codes: []string{"HHHHHHHHHHHH"}},
				"is in quarantine":             {codes: []string{"JJJJJJJJJJJJ"}, held: "quarantine"},
				"died":                         {codes: []string{"KKKKKKKKKKKK"}, status: "deceased"},
				"is blocked":                   {codes: []string{"MMMMMMMMMMMM"}, held: "blocked"},
				"is represented":               {codes: []string{"NNNNNNNNNNNN"}, held: "represented"},
				"has an access and a new code": {codes: []string{"PPPPPPPPPPPP"}},
				"types somebody else's number": {codes: []string{"QQQQQQQQQQQQ"}},
			}
			typed := map[string]letter{} // what each types; the birth date beside it
			dates := map[string]string{"has another birth date": "22/03/1982"}
			var all []letter
			n := 0
			for who, l := range classes {
				n++
				l.ahv = ahv(n)
				classes[who] = l
				all = append(all, l)
				typed[who] = l
			}
			other := letter{ahv: ahv(900), codes: []string{"HHHHHHHHHHHH"}} // the pair Reprint
			s.letters(append(all, other)...)
			for who, change := range map[string]func(*letter){
				"has another code":             func(l *letter) { l.codes = []string{"BBBBBBBBBBBC"} },
				"has no code":                  func(l *letter) { l.codes = []string{"RRRRRRRRRRRR"} },
				"has a newer letter":           func(l *letter) { l.codes = l.codes[:1] },
				"types somebody else's number": func(l *letter) { l.ahv = classes["has another code"].ahv },
			} {
				l := typed[who]
				change(&l)
				typed[who] = l
			}
			// Two have an access; one of them a newer letter as well.
			s.browser("used", "198.51.100.1").enrols(classes["used the code"], "used@posta.example", "Tw7!murx-quol", "+41701234561")
			again := classes["has an access and a new code"]
			s.browser("again", "198.51.100.2").enrols(again, "again@posta.example", "Tw7!murx-quol", "+41701234562")
			fresh := letter{ahv: again.ahv, codes: []string{"SSSSSSSSSSSS"}}
			s.newLetter(fresh)
			typed["has an access and a new code"] = fresh
			s.work()
			sent := len(s.post.Messages())

			net := 0
			look := func(who string, l letter, date string) sight {
				net++
				from := fmt.Sprintf("192.0.2.%d", net)
				return s.sees(tables, 15, func(n int, ask func(func() *httptest.ResponseRecorder, ...string)) {
					b := s.browser(who, from)
					if n == 12 {
						s.now.pass(2 * time.Minute) // the wait without work
					}
					form := []string{"ahv", l.ahv, "birth_date", date, "activation_code", l.codes[0]}
					if n == 14 {
						form = append(form, "work", s.proof("/enrol/letter"))
					}
					ask(func() *httptest.ResponseRecorder { return b.post("/enrol/letter", form...) }, l.ahv, date, l.codes[0])
				})
			}
			want := look("nobody", letter{ahv: ahv(999), codes: []string{"TTTTTTTTTTTT"}}, "21/03/1982")
			s.now.pass(25 * time.Hour)
			for who, l := range typed {
				date := dates[who]
				if date == "" {
					date = "21/03/1982" // not as the page's example has it
				}
				s.alike(who, look(who, l, date), want, tables)
				s.now.pass(25 * time.Hour) // «somebody else's number» counts for its owner
			}
			s.work()
			for _, m := range s.post.Messages()[:len(s.post.Messages())-sent] {
				if m.To != "again@posta.example" {
					t.Errorf("a message left to %s", m.To)
				}
			}
		})
	}
}

// What could have happened: an address that already serves an access shows itself
// to somebody who only types it: by the page, its cost, or a code that is answered
// otherwise (scenario 36; S-19).
func TestTakenAddressTellsNothing(t *testing.T) {
	tables := []string{"event", "outbox", "journey", "challenge", "username"} // counts may be there from before
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSiteOf(t, engine, "alpina", nil)
			var all []letter
			for i := range 4 {
				all = append(all, letter{ahv: ahv(i + 1), codes: []string{fmt.Sprintf("AAAABBBB%04d", 2222+i)}})
			}
			s.letters(all...)
			s.browser("first", "198.51.100.1").enrols(all[0], "paar@posta.example", "Tw7!murx-quol", "+41701234561")
			// Held for an enrolment that only proved the mailbox.
			held := s.browser("half", "198.51.100.2")
			held.keyed(all[1], "peur@posta.example", "Tw7!murx-quol")
			held.must(held.post("/otp", "otp", s.code("peur@posta.example")), "/enrol/factor")
			s.now.pass(time.Minute)
			look := func(l letter, from, address string) sight {
				b := s.browser(address, from)
				b.must(b.post("/enrol/letter", "ahv", l.ahv, "birth_date", born, "activation_code", l.codes[0]), "/enrol/terms")
				b.must(b.post("/enrol/terms", "terms", "yes"), "/enrol/name")
				return s.sees(tables, 1, func(_ int, ask func(func() *httptest.ResponseRecorder, ...string)) {
					post := func(path string, form ...string) {
						typed := []string{address}
						for i := 1; i < len(form); i += 2 {
							typed = append(typed, form[i])
						}
						ask(func() *httptest.ResponseRecorder { return b.post(path, form...) }, typed...)
					}
					post("/enrol/name", "username", address)
					post("/password/new", "password", "Tw7!murx-quol")
					ask(func() *httptest.ResponseRecorder { return b.do("GET", "/otp", nil) }, address)
					s.work()
					ask(func() *httptest.ResponseRecorder { return b.do("GET", "/otp", nil) }, address)
					for range 6 { // five are looked at
						post("/otp", "otp", "123456")
					}
					post("/otp", "do", "again")
					ask(func() *httptest.ResponseRecorder { return b.do("GET", "/otp/help", nil) }, address)
					post("/otp", "do", "correct")
				})
			}
			want := look(all[2], "192.0.2.1", "pair@posta.example")
			s.now.pass(time.Hour)
			held.post("/otp", "otp", "")
			s.alike("types the address of an access", look(all[3], "192.0.2.2", "paar@posta.example"), want, tables)
			s.now.pass(time.Hour)
			s.alike("types an address that is held", look(all[2], "192.0.2.3", "peur@posta.example"), want, tables)
		})
	}
}

// What could have happened: whoever asks a password back learns by the page, its
// cost, or what the code's page does, who is a member, has a contact, died or left;
// or the fourth request in an hour, of which nothing is sent, shows it
// (scenario 18; security.md part 6).
func TestForgottenTellsNothing(t *testing.T) {
	tables := []string{"tally", "throttle", "event", "outbox", "journey", "challenge"}
	unknown, known := people()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, engine, nil)
			for _, m := range known {
				s.register(m)
			}
			net := 0
			look := func(code string) sight {
				net++
				from := fmt.Sprintf("192.0.2.%d", net)
				return s.sees(tables, 5, func(n int, ask func(func() *httptest.ResponseRecorder, ...string)) {
					b := s.browser(code, from)
					ask(func() *httptest.ResponseRecorder { return b.post("/password/forgot", "username", code) }, code)
					ask(func() *httptest.ResponseRecorder { return b.do("GET", "/otp", nil) })
					s.work()
					for range 6 {
						ask(func() *httptest.ResponseRecorder { return b.post("/otp", "otp", "123456") }, "123456")
					}
					ask(func() *httptest.ResponseRecorder { return b.post("/otp", "do", "again") })
					ask(func() *httptest.ResponseRecorder { return b.do("GET", "/otp/help", nil) })
					ask(func() *httptest.ResponseRecorder { return b.post("/otp", "do", "cancel") })
					s.now.pass(6 * time.Minute)
				})
			}
			want := look(unknown)
			for who, m := range known {
				s.alike(who, look(m.code), want, tables)
			}
		})
	}
}
