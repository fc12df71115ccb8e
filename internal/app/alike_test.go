package app_test

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aditus/internal/dbtest"
)

// people are one person in each state that a stranger must not be able to tell
// from another (security.md part 6). The tax codes are invented; nobody is known
// to the register by the first.
func people() (unknown string, all map[string]member) {
	return "RVRMRT93M27B893R", map[string]member{
		"has a password":     {number: "00908304", code: "LMRSML58M22L006O", status: "active", email: "a@example.com", mobile: "+393007581279", password: secret},
		"has a channel":      {number: "00905739", code: "MRNNOE61L16B893Z", status: "active", email: "b@example.com", password: secret, active: true},
		"has no password":    {number: "00902076", code: "MCCTRS81C49H884H", status: "active", email: "c@example.com"},
		"has no contact":     {number: "00900025", code: "SNTPGR83H07I392P", status: "active"},
		"left":               {number: "00901531", code: "SGRMRK86R30A614O", status: "left", email: "d@example.com", password: secret},
		"died":               {number: "00900392", code: "MRZBRN55P12I191U", status: "deceased", email: "e@example.com", password: secret},
		"died, no password":  {number: "00900393", code: "ZZNNMA69L48Z330E", status: "deceased", email: "f@example.com"},
		"is represented":     {number: "00900394", code: "PRNNCL65E13I462E", status: "active", held: "represented", email: "g@example.com", password: secret},
		"is in quarantine":   {number: "00900395", code: "BRTGUO65R12C287D", status: "active", held: "quarantine", email: "h@example.com"},
		"is held, and known": {number: "00900396", code: "MRSNOE89T29D711F", status: "active", held: "quarantine", email: "i@example.com", password: secret},
	}
}

var (
	nonce = regexp.MustCompile(`nonce-?="?[A-Z2-7]{26}"?|nonce-[A-Z2-7]{26}`)
	task  = regexp.MustCompile(`data-work="[^"]*"`) // another each time
)

// shown is all of an answer that a stranger sees: status, headers, the names of
// cookies and how they are set, and the body, less what they typed themselves and
// what is random.
func shown(w *httptest.ResponseRecorder, typed ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", w.Code)
	var lines []string
	for name, values := range w.Header() {
		for _, v := range values {
			if name == "Set-Cookie" {
				key, rest, _ := strings.Cut(v, "=")
				_, how, _ := strings.Cut(rest, ";")
				v = key + "=…;" + how
			}
			lines = append(lines, name+": "+nonce.ReplaceAllString(v, "NONCE"))
		}
	}
	slices.Sort(lines)
	b.WriteString(strings.Join(lines, "\n") + "\n\n")
	body := task.ReplaceAllString(nonce.ReplaceAllString(w.Body.String(), "NONCE"), "TASK")
	for _, t := range typed {
		if t == "" {
			continue
		}
		body = strings.ReplaceAll(body, t, "TYPED")
	}
	b.WriteString(body)
	return b.String()
}

// difference is the first line in which two texts differ.
func difference(a, b string) string {
	la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(la), len(lb)) {
		if la[i] != lb[i] {
			return fmt.Sprintf("line %d:\n  %.300s\n  %.300s", i+1, la[i], lb[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(la), len(lb))
}

// What could have happened: the answer to a stranger tells whether a person is a
// member, has a password, died, is somebody's ward, or is guessed at too often
// (security.md part 3, row 11).
//
// Everybody hears the same as a person who does not exist, again and again until
// they are made to wait, and the register's state leaves the same number of rows
// behind.
func TestStrangersLearnNothing(t *testing.T) {
	type try struct {
		name, path string
		form       func(m member, n int) []string
		opens      func(m member) bool // who comes in by it, and is left out; nil: nobody
	}
	may := func(m member) bool { return m.held == "" && m.status != "deceased" }
	tries := []try{
		{"a wrong password", "/login", func(m member, n int) []string {
			return []string{"username", m.code, "password", fmt.Sprintf("sbagliata-davvero-%d", n)}
		}, nil},
		{"a number for a password", "/login", func(m member, n int) []string {
			return []string{"username", m.code, "password", fmt.Sprintf("99%06d", n)}
		}, nil},
		{"a wrong number", "/first-access/identify", func(m member, n int) []string {
			return []string{"username", m.code, "number", fmt.Sprintf("99%06d", n)}
		}, nil},
		{"no number", "/first-access/identify", func(m member, n int) []string { return []string{"username", m.code, "number", "abc"} }, nil},
		{"no password", "/login", func(m member, n int) []string { return []string{"username", m.code, "password", ""} }, nil},
		{"too long a password", "/login", func(m member, n int) []string {
			return []string{"username", m.code, "password", strings.Repeat("a", 1500)}
		}, nil},
		{"a long password", "/login", func(m member, n int) []string {
			return []string{"username", m.code, "password", strings.Repeat("a", 300)}
		}, nil},
		// Those who cannot come in hear the same even with what would be right.
		{"the right password", "/login", func(m member, n int) []string { return []string{"username", m.code, "password", secret} },
			func(m member) bool { return may(m) && m.password != "" }},
		{"the right number", "/first-access/identify", func(m member, n int) []string {
			number := m.number
			if number == "" {
				number = "00900999"
			}
			return []string{"username", m.code, "number", number}
		}, func(m member) bool { return may(m) && m.password == "" }},
	}
	unknown, known := people()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			for _, tr := range tries {
				s := newSite(t, engine, nil)
				var all []member
				for _, m := range known {
					all = append(all, m)
				}
				s.register(all...)
				sequence := func(who string, m member, net int) (answers []string, rows [3]int64, cost []int64) {
					count := func() (n [3]int64) {
						for i, table := range []string{"throttle", "tally", "event"} {
							n[i] = s.number(`SELECT count(*) FROM ` + table)
						}
						return n
					}
					before := count()
					for n := range 9 {
						b := s.browser(who, fmt.Sprintf("192.0.2.%d", net))
						form := tr.form(m, n)
						ran := s.app.DB.Statements()
						answers = append(answers, shown(b.post(tr.path, form...), form[1], form[3]))
						cost = append(cost, s.app.DB.Statements()-ran)
					}
					after := count()
					for i := range rows {
						rows[i] = after[i] - before[i]
					}
					return answers, rows, cost
				}
				want, wantRows, wantCost := sequence("nobody", member{code: unknown}, 1)
				net := 1
				for who, m := range known {
					if tr.opens != nil && tr.opens(m) {
						continue
					}
					net++
					got, rows, cost := sequence(who, m, net)
					for i := range got {
						if got[i] != want[i] {
							t.Errorf("%s, try %d: a person who %s is answered otherwise than one who does not exist: %s", tr.name, i+1, who, difference(want[i], got[i]))
							break
						}
					}
					if fmt.Sprint(cost) != fmt.Sprint(wantCost) {
						t.Errorf("%s: a person who %s costs %v statements, one who does not exist %v", tr.name, who, cost, wantCost)
					}
					if rows != wantRows {
						t.Errorf("%s: a person who %s leaves %v rows of waits, counts and events, one who does not exist %v", tr.name, who, rows, wantRows)
					}
				}
				s.work()
				if sent := len(s.post.Messages()); sent > 0 {
					t.Errorf("%s: %d messages left", tr.name, sent)
				}
				if n := s.number(`SELECT count(*) FROM session`) + s.number(`SELECT count(*) FROM journey`); n > 0 {
					t.Errorf("%s: somebody came in", tr.name)
				}
			}
		})
	}
}
