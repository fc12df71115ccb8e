package app_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// A loser has an access with a number, and may lose the telephone.
type loser struct {
	s            *site
	member, ahv  string
	mail, number string
	secret       string
}

// loses is a fund with one such person.
func loses(t *testing.T, engine string) *loser { return losers(t, engine, 1)[0] }

// losers are people of one fund, three at the most.
func losers(t *testing.T, engine string, n int) (all []*loser) {
	t.Helper()
	s := newSiteOf(t, engine, "alpina", func(f *access.Fund) { f.Code.PerHour, f.Code.PerDay, f.Code.PerSite = 1000, 1000, 1000 })
	for i, ahv := range []string{"7560000669896", "7560000695482", "7560000187741"}[:n] {
		all = append(all, &loser{s: s, member: fmt.Sprint("M", i+1), ahv: ahv, mail: fmt.Sprintf("agnes%d@posta.example", i),
			number: fmt.Sprintf("+4170123456%d", i), secret: fmt.Sprintf("Tw7!murx-quol-%d", i)})
	}
	hashes := map[string]string{}
	for _, l := range all {
		hash, err := s.app.Passwords.Hash(t.Context(), l.secret)
		if err != nil {
			t.Fatal(err)
		}
		hashes[l.member] = hash
	}
	err := s.app.DB.Write(t.Context(), s.fund.ID, func(tx *store.Tx) error {
		im, err := tx.BeginImport("letters.csv", "0")
		if err != nil {
			return err
		}
		for i, l := range all {
			id := fmt.Sprint("e", i)
			if err := tx.AddEntry(access.Entry{ID: id, Member: l.member, Number: id, Login: l.ahv, Status: "active", Version: im.Version, Digest: "0",
				Record: access.Record{Name: "Agnès", Surname: "Châtelarde", AHV: l.ahv, Born: "1982-03-21", Plan: "1e", Street: "Rue de l'Exemple " + id, Town: "Lausanne"}}); err != nil {
				return err
			}
		}
		if err := tx.PublishImport(im); err != nil {
			return err
		}
		for i, l := range all {
			for _, step := range []func() error{
				func() error {
					return tx.UseUsername(access.Username{Member: l.member, Name: l.mail, Address: l.mail, Journey: "j"})
				},
				func() error {
					return tx.SetPassword(access.Credential{Member: l.member, Kind: "password", Hash: hashes[l.member], Source: "member"})
				},
				func() error {
					return tx.UseChannel(access.Channel{ID: fmt.Sprint("c", i+1), Member: l.member, Kind: access.SMS, Address: l.number, Source: "member"})
				},
				func() error { return tx.Enrol(access.Enrolment{Member: l.member, Level: access.LevelAct}) },
			} {
				if err := step(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// knocks is somebody with the password, at a new browser.
func (l *loser) knocks(name string) *browser {
	l.s.t.Helper()
	b := l.s.browser(name, "192.0.2.1")
	if w := b.post("/login", "username", l.mail, "password", l.secret); w.Header().Get("Location") != "/otp" {
		l.s.t.Fatalf("%s: %s", name, said(w))
	}
	return b
}

// told is the newest message of a kind to an address whose text matches.
func (l *loser) told(to, pattern string) (groups []string) {
	l.s.work()
	for _, m := range l.s.post.Messages() {
		if groups := regexp.MustCompile(pattern).FindStringSubmatch(m.Text); m.To == to && groups != nil {
			return groups
		}
	}
	l.s.t.Fatalf("nothing to %s like %s", to, pattern)
	return nil
}

func (l *loser) text(to string) string { return l.told(to, `#(\d{6})`)[1] }

// events is how many events of a kind there are.
func (l *loser) events(kind string) int64 {
	return l.s.number(`SELECT count(*) FROM event WHERE kind = ?1`, kind)
}

// at is how many do something at the same moment.
const atOnce = 8

// allAtOnce runs f in so many browsers from one starting shot, and returns the
// statuses.
func allAtOnce(f func(i int) int) (codes []int) {
	codes = make([]int, atOnce)
	var all sync.WaitGroup
	shot := make(chan bool)
	for i := range atOnce {
		all.Go(func() { <-shot; codes[i] = f(i) })
	}
	close(shot)
	all.Wait()
	return codes
}

// What could have happened: the code of a letter, typed eight times at one moment,
// starts eight replacements, and eight codes that stop them stand in sixteen
// messages; two who stop it tell every contact twice.
func TestReplacementOnce(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			l := loses(t, engine)
			if err := l.s.app.Journeys.SendLetter(t.Context(), l.s.fund, l.member, "clerk"); err != nil {
				t.Fatal(err)
			}
			l.s.work()
			code := ""
			for _, m := range l.s.post.Messages() {
				if m.Channel == "letter" {
					code = regexp.MustCompile(`[A-Z2-9]{4}(?:-[A-Z2-9]{4}){2}`).FindString(m.Text)
				}
			}
			var at []*browser
			for i := range atOnce {
				at = append(at, l.knocks(fmt.Sprint("b", i)))
			}
			allAtOnce(func(i int) int { return at[i].post("/otp/letter", "letter_code", code).Code })
			if n := l.events("replacement_started"); n != 1 {
				t.Errorf("%d replacements", n)
			}
			if n := l.s.number(`SELECT count(*) FROM outbox WHERE key = 'replacement_started'`); n != 2 {
				t.Errorf("%d messages of the start", n)
			}

			stop := l.told(l.number, `/stop.* ([A-Z2-9]{4}-[A-Z2-9]{4})\.`)[1]
			var strangers []*browser
			for i := range atOnce {
				strangers = append(strangers, l.s.browser(fmt.Sprint("s", i), fmt.Sprintf("192.0.2.%d", 10+i)))
			}
			for i, status := range allAtOnce(func(i int) int {
				return strangers[i].post("/stop", "username", strings.ToUpper(l.mail), "stop", stop).Code
			}) {
				if status != http.StatusOK {
					t.Errorf("stop %d: %d", i, status)
				}
			}
			if n := l.events("replacement_stopped"); n != 1 {
				t.Errorf("stopped %d times", n)
			}
			if n := l.s.number(`SELECT count(*) FROM outbox WHERE key = 'replacement_stopped'`); n != 2 {
				t.Errorf("%d messages of the stop", n)
			}
			if n := l.s.number(`SELECT count(*) FROM desk_case WHERE kind = 'replacement'`); n != 1 {
				t.Errorf("%d cases", n)
			}
		})
	}
}

// What could have happened: at the very moment at which the day is over the owner
// stops it, and the thief's telephone is the second step all the same.
func TestStopAgainstUse(t *testing.T) {
	const theirs = "+41701234569"
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			won := map[string]int{}
			for range 6 {
				l := loses(t, engine)
				owner := l.knocks("owner")
				owner.post("/otp", "otp", l.text(l.number))
				if err := l.s.app.Journeys.Identified(t.Context(), l.s.fund, l.member, "clerk"); err != nil {
					t.Fatal(err)
				}
				// The owner's session must live at the mark: it begins a little before.
				l.s.now.pass(24*time.Hour - 10*time.Minute)
				owner = l.knocks("owner again")
				owner.post("/otp", "otp", l.text(l.number))
				l.s.now.pass(10 * time.Minute)
				thief := l.knocks("thief")
				if w := thief.post("/otp", "otp", l.s.code(l.mail)); w.Header().Get("Location") != "/enrol/factor" {
					t.Fatalf("the thief comes to %s", said(w))
				}
				thief.post("/enrol/factor", "factor", "sms", "number", theirs)
				code := l.text(theirs)
				allAtOnce(func(i int) int {
					if i == 0 {
						return thief.post("/otp", "otp", code).Code
					}
					if i == 1 {
						return owner.post("/security/replacement", "do", "stop").Code
					}
					return 0
				})
				used, stopped := l.events("replacement_used"), l.events("replacement_stopped")
				changed := l.s.number(`SELECT count(*) FROM channel WHERE ended_at = 0 AND id <> 'c1'`)
				if used+stopped != 1 || changed != used {
					t.Errorf("used %d, stopped %d, changed %d", used, stopped, changed)
				}
				won[fmt.Sprint(used)]++
			}
			t.Logf("the stop won %d times, the use %d", won["0"], won["1"])
		})
	}
}

// What could have happened: the page that stops a replacement answers otherwise for a
// name that exists, or has a replacement, or whose member died; so does the form
// that orders a letter (security.md part 6).
func TestStopTellsNothing(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			l := loses(t, engine)
			ask := func(i int, name, code string) string {
				b := l.s.browser("b", fmt.Sprintf("192.0.2.%d", 100+i))
				return shown(b.post("/stop", "username", name, "stop", code), name, code)
			}
			nobody := ask(0, "niemand@posta.example", "ABCD-EFGH")
			if got := ask(1, l.mail, "ABCD-EFGH"); got != nobody {
				t.Error("somebody without a replacement is told from nobody")
			}
			if err := l.s.app.Journeys.Identified(t.Context(), l.s.fund, l.member, "clerk"); err != nil {
				t.Fatal(err)
			}
			if got := ask(2, l.mail, "ABCD-EFGH"); got != nobody {
				t.Error("somebody with a replacement is told from nobody")
			}
			order := func(i int, ahv, born string) string {
				b := l.s.browser("b", fmt.Sprintf("192.0.2.%d", 200+i))
				return shown(b.post("/enrol/new-letter", "ahv", ahv, "birth_date", born), ahv, born)
			}
			none := order(0, "756.9217.0769.85", "21.3.1982")
			if got := order(1, "756.0000.6698.96", "21.3.1982"); got != none {
				t.Error("somebody who has an access is told from nobody")
			}
			if got := order(2, "756.0000.6698.96", "22.3.1982"); got != none {
				t.Error("somebody with another birth date is told from nobody")
			}
		})
	}
}
