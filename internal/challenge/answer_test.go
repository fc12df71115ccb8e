package challenge_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/challenge"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// Five wrong, then the right one: too late. The last of five right: in time.
func TestFiveTries(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		r := request(question("anna"), rules)
		c, code := st.asked(t, r)
		for i, want := range []string{"code_wrong", "code_wrong", "code_wrong", "code_wrong", "code_burnt"} {
			_, err := answer(t, st.node(i), r.Question, wrong(code))
			refusal, _ := errors.AsType[*access.Refusal](err)
			if said(err) != want {
				t.Fatalf("wrong answer %d: %s, want %s", i+1, said(err), want)
			}
			left := access.Arg{Name: "n", Type: access.ArgCount, Value: fmt.Sprint(4 - i)}
			if want == "code_wrong" && refusal.Args[0] != left {
				t.Errorf("wrong answer %d says %v are left, want %v", i+1, refusal.Args[0], left)
			}
			if want == "code_burnt" && refusal.Args[1] != access.TimeArg("time", access.ArgTime, c.ExpiresAt) {
				t.Errorf("burnt: the next from %v, want %v", refusal.Args, c.ExpiresAt)
			}
		}
		if _, err := answer(t, st.nodes[0], r.Question, code); said(err) != "code_burnt" {
			t.Error("the right one after five:", said(err))
		}
		r = request(question("bruno"), rules)
		_, code = st.asked(t, r)
		for i := range 4 {
			_, err := answer(t, st.node(i), r.Question, wrong(code))
			if said(err) != "code_wrong" {
				t.Fatal(err)
			}
		}
		p, err := answer(t, st.node(4), r.Question, code)
		ok(t, err, spend(t, st.node(5), p, r.Question))
	})
}

// What could have happened: a process dies between the right answer and the
// deed, and the member, who did nothing wrong, is told that the code is used.
// Or sixty clicks at once: some are heard after the right answer was, and before
// the deed is done. Typed again it is right again, however often.
func TestRightAgain(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		for wrongs := range 5 {
			r := request(question(fmt.Sprint("member", wrongs)), rules)
			c, code := st.asked(t, r)
			for range wrongs {
				if _, err := answer(t, st.nodes[0], r.Question, wrong(code)); said(err) != "code_wrong" {
					t.Fatal(err)
				}
			}
			_, err := answer(t, st.nodes[0], r.Question, code) // and the process dies
			ok(t, err)
			var p challenge.Proof
			for i := range 8 {
				got, err := answer(t, st.node(i), r.Question, code)
				if err != nil {
					t.Errorf("%d wrong, right, and again %d: %v", wrongs, i+1, err)
				}
				p = got
			}
			if p.Challenge() != c.ID {
				t.Errorf("proof of %q", p.Challenge())
			}
			ok(t, spend(t, st.nodes[0], p, r.Question))
		}
		// Also after a restart, and not from another session.
		r := request(question("anna"), rules)
		_, code := st.asked(t, r)
		_, err := answer(t, st.nodes[0], r.Question, code)
		ok(t, err)
		st.open(t)
		elsewhere := r.Question
		elsewhere.Session = "session2"
		again := st.nodes[len(st.nodes)-1]
		if _, err := answer(t, again, elsewhere, code); said(err) != "code_closed" {
			t.Error("from another session:", said(err))
		}
		p, err := answer(t, again, r.Question, code)
		ok(t, err, spend(t, again, p, r.Question))
		// A wrong one between is wrong, and does not burn what was passed; three in a
		// row end it.
		r = request(question("bruno"), rules)
		_, code = st.asked(t, r)
		for _, try := range []struct{ typed, want string }{{code, "ok"}, {wrong(code), "code_wrong"}, {wrong(code), "code_wrong"}, {code, "ok"},
			{wrong(code), "code_wrong"}, {wrong(code), "code_wrong"}, {wrong(code), "code_wrong"}, {wrong(code), "code_closed"}, {code, "code_closed"}} {
			if _, err := answer(t, again, r.Question, try.typed); said(err) != try.want {
				t.Errorf("%s, want %s", said(err), try.want)
			}
		}
	})
}

// Who never saw the answer asks again, and gets the same receipt: in the same
// session, with the same code, while it can still be checked.
func TestSame(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		r := request(question("anna"), rules)
		c, code := st.asked(t, r)
		is := func(what, id, session, typed string, want bool) {
			t.Helper()
			ok(t, st.db().Read(t.Context(), fund, func(tx *store.Tx) error {
				got, err := st.nodes[0].Same(tx, id, session, typed, rules)
				if got != want {
					t.Errorf("%s: %t", what, got)
				}
				return err
			}))
		}
		is("not yet answered", c.ID, "session1", code, false)
		p, err := answer(t, st.nodes[0], r.Question, code)
		ok(t, err)
		is("not yet spent", c.ID, "session1", code, false)
		ok(t, spend(t, st.nodes[0], p, r.Question))
		is("the same", c.ID, "session1", code, true)
		is("the same, pasted", c.ID, "session1", "  "+code[:3]+"-"+code[3:], true)
		is("another session", c.ID, "session2", code, false)
		is("no session", c.ID, "", code, false)
		is("another code", c.ID, "session1", wrong(code), false)
		is("nothing", c.ID, "session1", "", false)
		is("no code", c.ID, "session1", "letters", false)
		is("another challenge", "unknown", "session1", code, false)
		// It takes no try and leaves no mark, however often.
		if got := st.find(t, c.ID); got.State != access.ChallengeSpent || got.Left < -3 {
			t.Errorf("%+v", got)
		}
		st.add(rules.TTL)
		st.do(t, func(_ *challenge.Service, tx *store.Tx) error { _, err := tx.WipeChallenges(); return err })
		is("wiped", c.ID, "session1", code, false)
	})
}

// Fifteen wrong answers in a row, over several codes, and the codes pause for an
// hour; fifteen more, for two. A right answer forgets them (security.md part 5).
func TestPause(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		fail := func(member string, n int, more string) (code string) {
			t.Helper()
			r := request(question(member), rules)
			_, code = st.asked(t, r)
			for i := range n {
				if _, err := answer(t, st.node(i), r.Question, wrong(code)); said(err) != "code_wrong" && said(err) != "code_burnt" {
					t.Fatalf("%s, wrong answer %d%s: %v", member, i+1, more, err)
				}
			}
			return code
		}
		row := func(want time.Duration) {
			t.Helper()
			for i := range 3 {
				r := request(question("anna"), rules)
				if i > 0 {
					st.add(rules.TTL)
				}
				_, err := ask(t, st.nodes[0], r)
				ok(t, err, st.bounce(t, "anna"))
				fail("anna", 5, fmt.Sprint(" of code ", i+1))
			}
			began := st.now()
			r := request(question("anna"), rules)
			r.Question.Purpose = access.PurposeSignIn // whatever it is for
			for _, at := range []time.Duration{0, want - time.Millisecond} {
				st.clock.Store(began.Add(at).UnixMilli())
				_, err := ask(t, st.nodes[0], r)
				refusal, _ := errors.AsType[*access.Refusal](err)
				if said(err) != "code_paused" || refusal.Args[0] != access.TimeArg("time", access.ArgTime, began.Add(want)) {
					t.Errorf("+%v: %v %v, want a pause of %v", at, err, refusal, want)
				}
			}
			st.clock.Store(began.Add(want).UnixMilli())
		}
		row(time.Hour)
		row(2 * time.Hour)
		row(4 * time.Hour)
		// A right answer ends the row: fourteen more are no pause.
		code := fail("anna", 4, "")
		r := request(question("anna"), rules)
		_, err := answer(t, st.nodes[0], r.Question, code)
		ok(t, err)
		for i := range 3 {
			st.add(rules.TTL)
			fail("anna", []int{5, 5, 4}[i], " after a right one")
		}
		st.add(rules.TTL)
		_, err = ask(t, st.nodes[0], r)
		ok(t, err)

		// A code that was open when the pause began is not heard either, wrong or
		// right, and no try is taken.
		open := request(question("bruno"), rules)
		open.Question.Purpose = access.PurposeChannel
		c, right := st.asked(t, open)
		for range 3 {
			fail("bruno", 4, "")
			st.do(t, func(s *challenge.Service, tx *store.Tx) error {
				held, err := tx.HoldingChallenge("bruno", access.PurposeOperation)
				if err != nil {
					return err
				}
				return s.Bounced(tx, "bruno", held.ID)
			})
		}
		fail("bruno", 3, "")
		for _, typed := range []string{wrong(right), right} {
			if _, err := answer(t, st.nodes[0], open.Question, typed); said(err) != "code_paused" {
				t.Error("while paused:", said(err))
			}
		}
		if got := st.find(t, c.ID); got.Left != 5 || got.State != access.ChallengeOpen {
			t.Errorf("%d tries left, %s", got.Left, got.State)
		}
		// Somebody else's codes do not pause.
		_, err = ask(t, st.nodes[0], request(question("carla"), rules))
		ok(t, err)
	})
}

// bounce frees a member's place for an operation's code.
func (st *stand) bounce(t *testing.T, member string) error {
	t.Helper()
	return st.db().Write(t.Context(), fund, func(tx *store.Tx) error {
		held, err := tx.HoldingChallenge(member, access.PurposeOperation)
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		return st.nodes[0].Bounced(tx, member, held.ID)
	})
}

// What could have happened: two codes of one member are guessed at together, the
// fifteenth wrong answer to the one begins the pause, the other's answer meets
// it half-way, fails, and its try is given back.
func TestPauseTakesNoTryBack(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		for round := range 8 {
			member := fmt.Sprint("member", round)
			purposes := []string{access.PurposeOperation, access.PurposeSignIn, access.PurposeChannel, access.PurposePassword}
			var qs []access.Question
			var codes []string
			for _, p := range purposes {
				r := request(question(member), rules)
				r.Question.Purpose = p
				_, code := st.asked(t, r)
				qs, codes = append(qs, r.Question), append(codes, code)
			}
			var heard atomic.Int64
			st.together(40, func(i int, s *challenge.Service) {
				_, err := s.Answer(context.Background(), qs[i%4], rules, wrong(codes[i%4]))
				switch said(err) {
				case "code_wrong":
					heard.Add(1)
				case "code_burnt", "code_paused":
				default:
					t.Errorf("a fault: %v", err)
				}
			})
			// Every try that was heard is in the trail, and is gone.
			left := 0
			raw := dbtest.Raw(t, st.where)
			ok(t, raw.QueryRow(`SELECT sum(tries_left) FROM challenge WHERE member = '`+member+`'`).Scan(&left))
			if logged := st.count(t, `event WHERE kind = 'code_answered' AND member = '`+member+`'`); logged != 20-left || int64(logged) < heard.Load() || logged < 15 {
				t.Errorf("%d wrong answers in the trail, %d tries taken, %d told «wrong»", logged, 20-left, heard.Load())
			}
		}
	})
}

// What could have happened: a restart forgets the wrong answers, and every
// restart is five more guesses (security.md 3, numbers 2 and 4).
func TestTriesSurviveReopening(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		r := request(question("anna"), rules)
		c, code := st.asked(t, r)
		for i := range 5 {
			st.open(t)
			s := st.nodes[len(st.nodes)-1]
			if got := st.find(t, c.ID); got.Left != 5-i {
				t.Errorf("start %d: %d tries left", i, got.Left)
			}
			if _, err := answer(t, s, r.Question, wrong(code)); said(err) != []string{"code_wrong", "code_burnt"}[i/4] {
				t.Fatal(err)
			}
		}
		if _, err := answer(t, st.nodes[0], r.Question, code); said(err) != "code_burnt" {
			t.Error(said(err))
		}
		ok(t, st.db().Read(t.Context(), fund, func(tx *store.Tx) error {
			th, err := tx.Throttle(tx.Keys().Index("throttle", "codes anna"))
			if th.Wrong != 5 {
				t.Errorf("%d wrong answers remembered", th.Wrong)
			}
			return err
		}))
	})
}

// A database does not know a code, nor what could be computed from it once it
// can no longer be answered.
func TestCodesAreNotKept(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		r := request(question("anna"), rules)
		r.Rules.Digits = 9 // long enough not to stand in a time by chance
		c, err := ask(t, st.nodes[0], r)
		ok(t, err)
		st.sealedOnly(t, "while it lives", "")
		code := st.read(t, fund, c.ID)
		st.sealedOnly(t, "sent", code)
		p, err := st.nodes[0].Answer(t.Context(), r.Question, r.Rules, code)
		ok(t, err, spend(t, st.nodes[0], p, r.Question))
		st.sealedOnly(t, "spent", code)

		// Funds with something to wipe are named, and afterwards none is.
		ended := func() (funds []string) {
			t.Helper()
			ok(t, st.db().Across(t.Context(), func(a *store.All) (err error) { funds, err = a.WithEnded(); return err }))
			return funds
		}
		if got := ended(); len(got) != 0 {
			t.Error("before the end:", got)
		}
		st.add(rules.TTL)
		if got := ended(); len(got) != 1 || got[0] != fund {
			t.Error("at the end:", got)
		}
		st.do(t, func(_ *challenge.Service, tx *store.Tx) error {
			n, err := tx.WipeChallenges()
			if n != 1 {
				t.Errorf("%d wiped", n)
			}
			return err
		})
		if got := st.find(t, c.ID); len(got.MAC) != 0 || got.State != access.ChallengeSpent {
			t.Errorf("%s with a MAC of %d bytes", got.State, len(got.MAC))
		}
		if got := ended(); len(got) != 0 {
			t.Error("after:", got)
		}
	})
}

// What could have happened: the commit that takes the try fails, and the guess is
// answered all the same: a failing database becomes an oracle that takes no tries.
func TestNothingIsToldUnlessCommitted(t *testing.T) {
	st := newStand(t, "postgres")
	raw := dbtest.Raw(t, st.where)
	for _, q := range []string{
		`CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.kind = 'code_answered' THEN RAISE EXCEPTION 'no'; END IF; RETURN NULL; END $$`,
		`CREATE CONSTRAINT TRIGGER no AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no()`,
	} {
		_, err := raw.Exec(q)
		ok(t, err)
	}
	r := request(question("anna"), rules)
	c, code := st.asked(t, r)
	for what, typed := range map[string]string{"right": code, "wrong": wrong(code)} {
		p, err := answer(t, st.nodes[0], r.Question, typed)
		if refusal, refused := errors.AsType[*access.Refusal](err); err == nil || refused || p != (challenge.Proof{}) {
			t.Errorf("a %s answer whose commit failed was told %v, %v", what, refusal, err)
		}
	}
	if got := st.find(t, c.ID); got.State != access.ChallengeOpen || got.Left != rules.Tries {
		t.Errorf("%s with %d tries", got.State, got.Left)
	}
}
