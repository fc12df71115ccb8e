package challenge_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/challenge"
	"aditus/internal/store"
	"aditus/internal/totp"
)

// an app's secret.
var appSecret = []byte("12345678901234567890")

func (st *stand) appCode(off int64) string { return totp.Code(appSecret, totp.At(st.now())+off) }

func appRequest(q access.Question) challenge.Request {
	return challenge.Request{Question: q, Rules: rules, Kind: access.TOTP, Secret: appSecret, Lang: "it", Text: "code"}
}

// What could have happened: a code that somebody read over a shoulder, or caught on
// its way, is good for ninety seconds, for anything (security.md part 3, row 6).
func TestAppOnce(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		s := st.nodes[0]
		sign := question("m1")
		sign.Purpose = access.PurposeSignIn
		_, err := ask(t, s, appRequest(sign))
		ok(t, err)
		code := st.appCode(0)
		p, err := s.Answer(t.Context(), sign, rules, code)
		ok(t, err)
		if p.Kind() != access.TOTP {
			t.Errorf("kind %q", p.Kind())
		}
		// Before it is spent the same answer is right again: the process may have died.
		st.add(30 * time.Second)
		again, err := st.node(1).Answer(t.Context(), sign, rules, code)
		ok(t, err)
		ok(t, s.DB.Write(t.Context(), fund, func(tx *store.Tx) error { return s.Spend(tx, again, sign) }))
		ok(t, s.DB.Read(t.Context(), fund, func(tx *store.Tx) error {
			for typed, want := range map[string]bool{code: true, "000000": false} {
				if same, err := s.Same(tx, p.Challenge(), sign.Session, typed, rules); err != nil || same != want {
					t.Errorf("%s: same %t, %v", typed, same, err)
				}
			}
			return nil
		}))

		// For anything else it is nothing, however it is spelt, and a try is gone.
		act := question("m1")
		_, err = ask(t, s, appRequest(act))
		ok(t, err)
		for i, typed := range []string{code, " " + code[:3] + " " + code[3:], "#" + code} {
			if _, err := st.node(i).Answer(t.Context(), act, rules, typed); said(err) != "code_wrong_app" {
				t.Errorf("%q: %v", typed, err)
			}
		}
		if _, err := s.Answer(t.Context(), act, rules, st.appCode(1)); err != nil {
			t.Error("the next code:", err)
		}
		// Nothing was sent.
		ok(t, s.DB.Write(t.Context(), fund, func(tx *store.Tx) error {
			if m, err := claim(tx, "reader", time.Hour); err == nil {
				t.Errorf("a message left: %+v", m)
			}
			return nil
		}))
	})
}

// What could have happened: sixty-four answers with the one right code, at two
// nodes, each for another purpose, all see that nobody has used it yet.
func TestAppRace(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		var all [32]access.Question
		for i := range all {
			all[i] = question("m1")
			all[i].Purpose = fmt.Sprintf("purpose%d", i)
			_, err := ask(t, st.nodes[0], appRequest(all[i]))
			ok(t, err)
		}
		code := st.appCode(0)
		var right, other atomic.Int64
		st.together(len(all), func(i int, s *challenge.Service) {
			switch _, err := s.Answer(context.Background(), all[i], rules, code); {
			case err == nil:
				right.Add(1)
			case said(err) != "code_wrong_app" && said(err) != "code_paused":
				t.Error(err)
			default:
				other.Add(1)
			}
		})
		if right.Load() != 1 || other.Load() != int64(len(all))-1 {
			t.Errorf("%d right, %d refused", right.Load(), other.Load())
		}
	})
}

// A telephone's clock may be a step off, and no more. Asking is never refused, and
// takes the place of what was asked before; wrong answers pause all the same.
func TestAppSteps(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		s := st.nodes[0]
		for off, right := range map[int64]bool{-2: false, 2: false, -1: true, 1: true} {
			q := question(fmt.Sprint("m", off))
			for range 12 { // more than an hour's codes
				if _, err := ask(t, s, appRequest(q)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.Answer(t.Context(), q, rules, st.appCode(off)); (err == nil) != right || err != nil && said(err) != "code_wrong_app" {
				t.Errorf("%d steps off: %v", off, err)
			}
		}
		q := question("guessed")
		for i := range 15 {
			if i%5 == 0 {
				_, err := ask(t, s, appRequest(q))
				ok(t, err)
			}
			if _, err := s.Answer(t.Context(), q, rules, "000000"); err == nil {
				t.Fatal("guessed")
			}
		}
		if _, err := ask(t, s, appRequest(q)); said(err) != "code_paused" {
			t.Error("after 15 wrong ones:", err)
		}
	})
}

// The secret is kept no longer than there is something to answer, and a mute
// question has none.
func TestAppSecret(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		s := st.nodes[0]
		c, err := ask(t, s, appRequest(question("m1")))
		ok(t, err)
		ok(t, s.DB.Write(t.Context(), fund, func(tx *store.Tx) error { return s.Kill(tx, "m1", c.ID, "cancelled") }))
		ok(t, s.DB.Read(t.Context(), fund, func(tx *store.Tx) error {
			c, err := tx.Challenge(c.ID)
			if len(c.MAC) != 0 {
				t.Errorf("%d bytes are left", len(c.MAC))
			}
			return err
		}))
		r := appRequest(question("m2"))
		r.Mute = true
		_, err = ask(t, s, r)
		ok(t, err)
		if _, err := s.Answer(t.Context(), r.Question, rules, st.appCode(0)); said(err) != "code_wrong_app" {
			t.Error("mute:", err)
		}
	})
}
