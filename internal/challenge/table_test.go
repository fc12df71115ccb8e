package challenge_test

import (
	"fmt"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/challenge"
	"aditus/internal/store"
)

// reach brings a member's challenge to a state.
var reach = map[string]func(t *testing.T, st *stand, r challenge.Request) (c access.Challenge, code string){
	"open": func(t *testing.T, st *stand, r challenge.Request) (access.Challenge, string) { return st.asked(t, r) },
	"passed": func(t *testing.T, st *stand, r challenge.Request) (access.Challenge, string) {
		c, code := st.asked(t, r)
		_, err := answer(t, st.nodes[0], r.Question, code)
		ok(t, err)
		return c, code
	},
	"spent": func(t *testing.T, st *stand, r challenge.Request) (access.Challenge, string) {
		c, code := st.asked(t, r)
		p, err := answer(t, st.nodes[0], r.Question, code)
		ok(t, err, spend(t, st.nodes[0], p, r.Question))
		return c, code
	},
	"burnt": func(t *testing.T, st *stand, r challenge.Request) (access.Challenge, string) {
		c, code := st.asked(t, r)
		for i := range 5 {
			_, err := answer(t, st.nodes[0], r.Question, wrong(code))
			if want := []string{"code_wrong", "code_burnt"}[i/4]; said(err) != want {
				t.Fatalf("wrong answer %d: %s", i+1, said(err))
			}
		}
		return c, code
	},
	"killed": func(t *testing.T, st *stand, r challenge.Request) (access.Challenge, string) {
		c, code := st.asked(t, r)
		st.do(t, func(s *challenge.Service, tx *store.Tx) error { return s.Kill(tx, c.Member, c.ID, "changed") })
		return c, code
	},
	"bounced": func(t *testing.T, st *stand, r challenge.Request) (access.Challenge, string) {
		c, code := st.asked(t, r)
		st.do(t, func(s *challenge.Service, tx *store.Tx) error { return s.Bounced(tx, c.Member, c.ID) })
		return c, code
	},
	"replaced": func(t *testing.T, st *stand, r challenge.Request) (access.Challenge, string) {
		c, code := st.asked(t, r)
		st.add(time.Minute)
		newer := r
		newer.Rules.Again, newer.Question.Subject = time.Minute, "operation/o1/digest2"
		_, err := ask(t, st.nodes[0], newer)
		ok(t, err)
		return c, code
	},
	"expired": func(t *testing.T, st *stand, r challenge.Request) (access.Challenge, string) {
		c, code := st.asked(t, r)
		st.add(r.Rules.TTL)
		return c, code
	},
	"lapsed": func(t *testing.T, st *stand, r challenge.Request) (access.Challenge, string) {
		c, code := st.asked(t, r)
		st.add(r.Rules.TTL)
		st.do(t, func(_ *challenge.Service, tx *store.Tx) error { _, err := tx.WipeChallenges(); return err })
		return c, code
	},
}

// Every state meets every event: what is said, and what state it leaves. A state
// that cannot be left stays; only what can still be answered keeps its MAC.
func TestEveryStateAndEvent(t *testing.T) {
	type outcome struct{ said, state string }
	table := map[string]map[string]outcome{
		"open": {"right": {"ok", "passed"}, "wrong": {"code_wrong", "open"}, "empty": {"code_empty", "open"}, "letters": {"code_form", "open"},
			"ask": {"code_still_valid", "open"}, "kill": {"ok", "killed"}, "bounce": {"ok", "bounced"}, "wipe": {"ok", "open"}},
		"passed": {"right": {"ok", "passed"}, "wrong": {"code_wrong", "passed"}, "empty": {"code_empty", "passed"}, "letters": {"code_form", "passed"},
			"ask": {"ok", "replaced"}, "kill": {"ok", "killed"}, "bounce": {"ok", "bounced"}, "wipe": {"ok", "passed"}},
		"spent": {"right": {"code_closed", "spent"}, "wrong": {"code_closed", "spent"}, "empty": {"code_empty", "spent"}, "letters": {"code_form", "spent"},
			"ask": {"ok", "spent"}, "kill": {"ok", "spent"}, "bounce": {"ok", "spent"}, "wipe": {"ok", "spent"}},
		"burnt": {"right": {"code_burnt", "burnt"}, "wrong": {"code_burnt", "burnt"}, "empty": {"code_empty", "burnt"}, "letters": {"code_form", "burnt"},
			"ask": {"code_still_valid", "burnt"}, "kill": {"ok", "burnt"}, "bounce": {"ok", "burnt"}, "wipe": {"ok", "burnt"}},
		"killed": {"right": {"code_closed", "killed"}, "wrong": {"code_closed", "killed"}, "empty": {"code_empty", "killed"}, "letters": {"code_form", "killed"},
			"ask": {"code_still_valid", "killed"}, "kill": {"ok", "killed"}, "bounce": {"ok", "killed"}, "wipe": {"ok", "killed"}},
		"bounced": {"right": {"code_closed", "bounced"}, "wrong": {"code_closed", "bounced"}, "empty": {"code_empty", "bounced"}, "letters": {"code_form", "bounced"},
			"ask": {"ok", "bounced"}, "kill": {"ok", "bounced"}, "bounce": {"ok", "bounced"}, "wipe": {"ok", "bounced"}},
		"replaced": {"right": {"code_closed", "replaced"}, "wrong": {"code_closed", "replaced"}, "empty": {"code_empty", "replaced"}, "letters": {"code_form", "replaced"},
			"ask": {"code_still_valid", "replaced"}, "kill": {"ok", "replaced"}, "bounce": {"ok", "replaced"}, "wipe": {"ok", "replaced"}},
		"expired": {"right": {"code_expired", "open"}, "wrong": {"code_expired", "open"}, "empty": {"code_empty", "open"}, "letters": {"code_form", "open"},
			"ask": {"ok", "lapsed"}, "kill": {"ok", "killed"}, "bounce": {"ok", "bounced"}, "wipe": {"ok", "lapsed"}},
		"lapsed": {"right": {"code_expired", "lapsed"}, "wrong": {"code_expired", "lapsed"}, "empty": {"code_empty", "lapsed"}, "letters": {"code_form", "lapsed"},
			"ask": {"ok", "lapsed"}, "kill": {"ok", "lapsed"}, "bounce": {"ok", "lapsed"}, "wipe": {"ok", "lapsed"}},
	}
	each(t, func(t *testing.T, st *stand) {
		events := map[string]func(q access.Question, c access.Challenge, code string) error{
			"right": func(q access.Question, _ access.Challenge, code string) error {
				_, err := answer(t, st.nodes[0], q, code)
				return err
			},
			"wrong": func(q access.Question, _ access.Challenge, code string) error {
				_, err := answer(t, st.nodes[0], q, wrong(code))
				return err
			},
			"empty": func(q access.Question, _ access.Challenge, _ string) error {
				_, err := answer(t, st.nodes[0], q, " ")
				return err
			},
			"letters": func(q access.Question, _ access.Challenge, _ string) error {
				_, err := answer(t, st.nodes[0], q, "abc")
				return err
			},
			"ask": func(q access.Question, _ access.Challenge, _ string) error {
				_, err := ask(t, st.nodes[0], request(q, rules))
				return err
			},
			"kill": func(_ access.Question, c access.Challenge, _ string) error {
				return st.db().Write(t.Context(), fund, func(tx *store.Tx) error { return st.nodes[0].Kill(tx, c.Member, c.ID, "cancelled") })
			},
			"bounce": func(_ access.Question, c access.Challenge, _ string) error {
				return st.db().Write(t.Context(), fund, func(tx *store.Tx) error { return st.nodes[0].Bounced(tx, c.Member, c.ID) })
			},
			"wipe": func(access.Question, access.Challenge, string) error {
				return st.db().Write(t.Context(), fund, func(tx *store.Tx) error { _, err := tx.WipeChallenges(); return err })
			},
		}
		n := 0
		for state, outcomes := range table {
			if len(outcomes) != len(events) {
				t.Errorf("%s: %d of %d events", state, len(outcomes), len(events))
			}
			for event, want := range outcomes {
				n++
				q := question(fmt.Sprint("member", n))
				c, code := reach[state](t, st, request(q, rules))
				before := st.find(t, c.ID)
				got := said(events[event](q, c, code))
				after := st.find(t, c.ID)
				if got != want.said || string(after.State) != want.state {
					t.Errorf("%s, %s: said %s and left %s, want %s and %s", state, event, got, after.State, want.said, want.state)
				}
				lives := after.State == access.ChallengeOpen || after.State == access.ChallengePassed || after.State == access.ChallengeSpent
				if lives != (len(after.MAC) == 32) || !lives && len(after.MAC) != 0 {
					t.Errorf("%s, %s: left %s with a MAC of %d bytes", state, event, after.State, len(after.MAC))
				}
				if heard := got == "ok" && event == "right" && state != "passed" || got == "code_wrong"; heard != (after.Left < before.Left) {
					t.Errorf("%s, %s: %d tries before, %d after, and it said %s", state, event, before.Left, after.Left, got)
				}
			}
		}
	})
}

// When a proof was got and time or another event came between, the deed is not
// done: the consuming update looks again (reliability.md R1).
func TestSpend(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		between := map[string]struct {
			do   func(r challenge.Request, c access.Challenge)
			want string
		}{
			"nothing":  {func(challenge.Request, access.Challenge) {}, "ok"},
			"4:59.999": {func(challenge.Request, access.Challenge) { st.add(rules.TTL - time.Millisecond) }, "ok"},
			"5:00.000": {func(challenge.Request, access.Challenge) { st.add(rules.TTL) }, "none"},
			"killed": {func(_ challenge.Request, c access.Challenge) {
				st.do(t, func(s *challenge.Service, tx *store.Tx) error { return s.Kill(tx, c.Member, c.ID, "changed") })
			}, "none"},
			"a newer code was asked": {func(r challenge.Request, _ access.Challenge) { _, err := ask(t, st.nodes[0], r); ok(t, err) }, "none"},
			"wiped": {func(challenge.Request, access.Challenge) {
				st.add(rules.TTL)
				st.do(t, func(_ *challenge.Service, tx *store.Tx) error { _, err := tx.WipeChallenges(); return err })
			}, "none"},
		}
		n := 0
		for what, b := range between {
			n++
			r := request(question(fmt.Sprint("member", n)), rules)
			c, code := st.asked(t, r)
			p, err := answer(t, st.nodes[0], r.Question, code)
			ok(t, err)
			b.do(r, c)
			if got := said(spend(t, st.nodes[0], p, r.Question)); got != b.want {
				t.Errorf("%s between: %s, want %s", what, got, b.want)
			}
			if spent := st.find(t, c.ID).State == access.ChallengeSpent; spent != (b.want == "ok") {
				t.Errorf("%s between: spent %t", what, spent)
			}
		}

		// A proof is good for its own question, in its own fund, once.
		r := request(question("anna"), rules)
		c, code := st.asked(t, r)
		p, err := answer(t, st.nodes[0], r.Question, code)
		ok(t, err)
		if p.Challenge() != c.ID || p.Kind() != access.Email {
			t.Errorf("proof of %s over %s", p.Challenge(), p.Kind())
		}
		for what, change := range map[string]func(q *access.Question){
			"another subject": func(q *access.Question) { q.Subject = "operation/o1/digest2" },
			"another purpose": func(q *access.Question) { q.Purpose = access.PurposeChannel },
			"another member":  func(q *access.Question) { q.Member = "bruno" },
			"another session": func(q *access.Question) { q.Session = "session2" },
			"another fund":    func(q *access.Question) { q.Fund = "alpina" },
		} {
			q := r.Question
			change(&q)
			if err := spend(t, st.nodes[0], p, q); err == nil {
				t.Errorf("spent on %s", what)
			}
		}
		if err := spend(t, st.nodes[0], challenge.Proof{}, access.Question{Fund: fund}); err == nil {
			t.Error("an empty proof was spent")
		}
		// What is rolled back was not spent.
		err = st.db().Write(t.Context(), fund, func(tx *store.Tx) error {
			ok(t, st.nodes[0].Spend(tx, p, r.Question))
			return access.Refuse("operation_changed")
		})
		if said(err) != "operation_changed" || st.find(t, c.ID).State != access.ChallengePassed {
			t.Error("rolled back:", err, st.find(t, c.ID).State)
		}
		ok(t, spend(t, st.nodes[0], p, r.Question))
		if got := said(spend(t, st.nodes[0], p, r.Question)); got != "none" {
			t.Error("spent twice:", got)
		}
	})
}

// When a member's way in is changed, codes on their way are worth nothing and
// hold no place; another member's go on.
func TestReplaceChallenges(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		want := map[string]string{"open": "replaced", "passed": "replaced", "spent": "spent", "burnt": "burnt", "killed": "killed", "bounced": "bounced"}
		for state, left := range want {
			r := request(question("anna "+state), rules)
			c, code := reach[state](t, st, r)
			st.do(t, func(_ *challenge.Service, tx *store.Tx) error { return tx.ReplaceChallenges(r.Question.Member) })
			got := st.find(t, c.ID)
			if string(got.State) != left || (len(got.MAC) > 0) != (state == "spent") {
				t.Errorf("%s became %s with a MAC of %d bytes", state, got.State, len(got.MAC))
			}
			if _, err := answer(t, st.nodes[0], r.Question, code); err == nil {
				t.Errorf("%s: the code is still heard", state)
			}
			if left == "replaced" {
				_, err := ask(t, st.nodes[0], r)
				ok(t, err)
			}
		}
		r := request(question("bruno"), rules)
		_, code := st.asked(t, r)
		st.do(t, func(_ *challenge.Service, tx *store.Tx) error { return tx.ReplaceChallenges("anna") })
		_, err := answer(t, st.nodes[0], r.Question, code)
		ok(t, err)
	})
}
