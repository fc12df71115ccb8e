package challenge_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/challenge"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// What could have happened: a code lives a second longer on one of two nodes, or
// an expired one is heard because the job that clears up is late
// (security.md 3, number 7).
func TestFiveMinutes(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		for i, at := range []struct {
			after time.Duration
			want  string
		}{
			{0, "ok"},
			{rules.TTL - time.Millisecond, "ok"},
			{rules.TTL, "code_expired"},
			{rules.TTL + time.Hour, "code_expired"},
		} {
			r := request(question(fmt.Sprint("member", i)), rules)
			c, code := st.asked(t, r)
			if !c.ExpiresAt.Equal(st.now().Add(5*time.Minute)) || !c.IssuedAt.Equal(st.now()) {
				t.Errorf("asked at %v: issued %v, expires %v", st.now(), c.IssuedAt, c.ExpiresAt)
			}
			st.add(at.after)
			if _, err := answer(t, st.node(i), r.Question, code); said(err) != at.want {
				t.Errorf("after %v: %s, want %s", at.after, said(err), at.want)
			}
		}
	})
}

// The real clocks: nobody injects one, and a fresh code can be answered.
func TestOwnClock(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			st := &stand{where: dbtest.New(t, engine)}
			db := dbtest.Open(t, st.where, store.Options{})
			st.nodes = []*challenge.Service{{DB: db}}
			r := request(question("anna"), rules)
			c, code := st.asked(t, r)
			if life := c.ExpiresAt.Sub(c.IssuedAt); life != 5*time.Minute {
				t.Errorf("lives %v", life)
			}
			p, err := answer(t, st.nodes[0], r.Question, code)
			ok(t, err, spend(t, st.nodes[0], p, r.Question))
		})
	}
}

// The message says what the page and the code's fate depend on, and nothing of
// it leaves with a refused request.
func TestAskPosts(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		r := request(question("anna"), rules)
		r.Args = []access.Arg{{Name: "act", Type: access.ArgKey, Value: "act.iban"}}
		c, err := ask(t, st.nodes[0], r)
		ok(t, err)
		var m store.Claim
		st.do(t, func(_ *challenge.Service, tx *store.Tx) (err error) {
			m, err = claim(tx, "w", time.Hour)
			return err
		})
		args := map[string]string{}
		for _, a := range m.Args {
			args[a.Name] = a.Value
		}
		if m.Challenge != c.ID || m.To != "anna@example.it" || m.Key != "code" || m.Lang != "it" || m.Kind != access.Email ||
			!m.ExpiresAt.Equal(c.ExpiresAt) || len(args["code"]) != 6 || args["minutes"] != "5" || args["act"] != "act.iban" ||
			args["until"] != fmt.Sprint(c.ExpiresAt.UnixMilli()) || args["time"] != fmt.Sprint(start.UnixMilli()) {
			t.Errorf("posted %+v", m)
		}
		if m.Args[0].Name != "code" || strings.Contains(m.Key, args["code"]) {
			t.Errorf("%+v", m.Args)
		}
		if _, err := ask(t, st.nodes[0], r); said(err) != "code_still_valid" {
			t.Error(err)
		}
		if n := st.count(t, `outbox`); n != 1 {
			t.Errorf("%d messages", n)
		}
		if got := st.kinds(t); got["code_asked"] != 1 || got["code_refused"] != 1 {
			t.Errorf("events %v", got)
		}
		// A question is asked in its own fund.
		err = st.db().Write(t.Context(), "alpina", func(tx *store.Tx) error { _, _, err := st.nodes[0].Ask(tx, r); return err })
		if err == nil {
			t.Error("asked in another fund")
		}
	})
}

// kinds counts the fund's events.
func (st *stand) kinds(t *testing.T) map[string]int {
	t.Helper()
	rows, err := dbtest.Raw(t, st.where).Query(`SELECT kind, count(*) FROM event GROUP BY kind`)
	ok(t, err)
	defer rows.Close()
	n := map[string]int{}
	for rows.Next() {
		var kind string
		var count int
		ok(t, rows.Scan(&kind, &count))
		n[kind] = count
	}
	ok(t, rows.Err())
	return n
}

// What could have happened: a member presses «send» sixty-four times and gets
// sixty-four codes, each of which opens the door (F-13).
func TestAsksAtOnce(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		r := request(question("anna"), rules)
		for round, want := range []int{1, 2} {
			var asked, refused atomic.Int64
			st.together(64, func(_ int, s *challenge.Service) {
				switch _, err := ask(t, s, r); said(err) {
				case "ok":
					asked.Add(1)
				case "code_still_valid":
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
			if asked.Load() != 1 || refused.Load() != 63 {
				t.Errorf("round %d: %d asked, %d refused", round, asked.Load(), refused.Load())
			}
			if m, c, live := st.count(t, `outbox`), st.count(t, `challenge`), st.count(t, `challenge WHERE state = 'open'`); m != want || c != want || live != 1 {
				t.Errorf("round %d: %d messages, %d challenges, %d open", round, m, c, live)
			}
			st.add(rules.TTL)
		}
		// One for each purpose and each member is their own affair.
		for _, change := range []func(q *access.Question){
			func(q *access.Question) { q.Purpose = access.PurposeSignIn },
			func(q *access.Question) { q.Member = "bruno" },
		} {
			other := request(question("anna"), rules)
			change(&other.Question)
			_, err := ask(t, st.nodes[0], other)
			ok(t, err)
		}
	})
}

// A burnt or killed code holds the place until it would have expired; a spent,
// passed or bounced one frees it at once (security.md 4.2). The refusal says
// when.
func TestWhoHoldsThePlace(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		n := 0
		for state, free := range map[string]bool{"open": false, "burnt": false, "killed": false, "passed": true, "spent": true, "bounced": true} {
			n++
			r := request(question(fmt.Sprint("member", n)), rules)
			c, _ := reach[state](t, st, r)
			began := st.now()
			for _, at := range []time.Duration{0, rules.TTL - time.Millisecond} {
				st.clock.Store(began.Add(at).UnixMilli())
				if free && at > 0 {
					continue // the place is taken by the new code
				}
				held, err := ask(t, st.nodes[0], r)
				if want := map[bool]string{true: "ok", false: "code_still_valid"}[free]; said(err) != want {
					t.Errorf("%s, +%v: %s, want %s", state, at, said(err), want)
				} else if !free {
					refusal := err.(*access.Refusal)
					if held.ID != c.ID || refusal.Args[0] != access.TimeArg("time", access.ArgTime, c.ExpiresAt) {
						t.Errorf("%s: held by %s until %v, want %s until %v", state, held.ID, refusal.Args, c.ID, c.ExpiresAt)
					}
				}
			}
			st.clock.Store(began.Add(rules.TTL).UnixMilli())
			if _, err := ask(t, st.nodes[0], r); said(err) != "ok" {
				t.Errorf("%s, at the original expiry: %s", state, said(err))
			}
		}
	})
}

// A fund may say that asking again after a minute sends a new code and kills the
// old one (code.again = "60s").
func TestAgain(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		r := request(question("anna"), rules)
		r.Rules.Again = time.Minute
		first, old := st.asked(t, r)
		st.add(time.Minute - time.Millisecond)
		_, err := ask(t, st.nodes[0], r)
		if refusal, _ := err.(*access.Refusal); said(err) != "code_still_valid" || refusal.Args[0] != access.TimeArg("time", access.ArgTime, start.Add(time.Minute)) {
			t.Errorf("a millisecond early: %v", err)
		}
		st.add(time.Millisecond)
		second, code := st.asked(t, r)
		if got := st.find(t, first.ID); got.State != access.ChallengeReplaced || len(got.MAC) != 0 {
			t.Errorf("the old one is %s", got.State)
		}
		if old != code {
			if _, err := answer(t, st.nodes[0], r.Question, old); said(err) != "code_wrong" {
				t.Error("the old code:", said(err))
			}
		}
		p, err := answer(t, st.nodes[0], r.Question, code)
		ok(t, err)
		if p.Challenge() != second.ID || !second.ExpiresAt.Equal(start.Add(time.Minute+rules.TTL)) {
			t.Errorf("%+v", second)
		}
		// Many at once, when one may be replaced: one is.
		bruno := request(question("bruno"), r.Rules)
		_, err = ask(t, st.nodes[0], bruno)
		ok(t, err)
		st.add(time.Minute)
		var asked atomic.Int64
		st.together(32, func(_ int, s *challenge.Service) {
			switch _, err := ask(t, s, bruno); said(err) {
			case "ok":
				asked.Add(1)
			case "code_still_valid":
			default:
				t.Error(err)
			}
		})
		if asked.Load() != 1 {
			t.Errorf("%d new codes", asked.Load())
		}
	})
}

// What could have happened: the code that holds the place is used up in the
// very moment in which another is asked for, and the request ends in a fault.
func TestAskWhileOthersAnswer(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		r := request(question("anna"), rules)
		st.together(8, func(_ int, s *challenge.Service) {
			for range 15 {
				c, err := ask(t, s, r)
				switch said(err) {
				case "ok":
					if err := s.DB.Write(t.Context(), fund, func(tx *store.Tx) error { return s.Bounced(tx, "anna", c.ID) }); err != nil {
						t.Error(err)
					}
				case "code_still_valid":
				default:
					t.Error(err)
				}
			}
		})
		if a, b := st.kinds(t)["code_asked"], st.count(t, `challenge`); a != b {
			t.Errorf("%d codes asked, %d challenges", a, b)
		}
	})
}

// What an answer or a request that is not heard leaves is an event.
func TestRefusalsAreLogged(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		r := request(question("anna"), rules)
		c, code := st.asked(t, r)
		for what, change := range map[string]func(q *access.Question){
			"another session": func(q *access.Question) { q.Session = "session2" },
			"another purpose": func(q *access.Question) { q.Purpose = access.PurposeChannel },
			"another content": func(q *access.Question) { q.Subject = "operation/o1/digest2" },
			"another member":  func(q *access.Question) { q.Member = "bruno" },
			"another fund":    func(q *access.Question) { q.Fund = "alpina" },
		} {
			q := r.Question
			change(&q)
			before := st.refusals(t, q.Fund, q.Member)
			if _, err := answer(t, st.nodes[0], q, code); said(err) != "code_closed" {
				t.Errorf("%s: %s", what, said(err))
			}
			if got := st.refusals(t, q.Fund, q.Member); len(got) != len(before)+1 || !slices.Contains(got, audit.CodeRefused{Member: q.Member, Purpose: q.Purpose, Why: "closed"}) {
				t.Errorf("%s: events %v", what, got)
			}
		}
		if got := st.find(t, c.ID); got.Left != 5 || got.State != access.ChallengeOpen {
			t.Errorf("answers from elsewhere took tries: %d left, %s", got.Left, got.State)
		}
		_, err := answer(t, st.nodes[0], r.Question, code)
		ok(t, err)
	})
}

// refusals are the refused codes of a member in the trail.
func (st *stand) refusals(t *testing.T, fund, member string) (all []audit.CodeRefused) {
	t.Helper()
	ok(t, st.db().Read(t.Context(), fund, func(tx *store.Tx) error {
		es, err := tx.EventsOf(member, 100, audit.KindCodeRefused)
		for _, e := range es {
			var r audit.CodeRefused
			if err := audit.Read(e, &r); err != nil {
				return err
			}
			all = append(all, r)
		}
		return err
	}))
	return all
}
