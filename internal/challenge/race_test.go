package challenge_test

import (
	"context"
	"crypto/hmac"
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"

	"aditus/internal/access"
	"aditus/internal/challenge"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// A way is how an answer is heard and a proof is spent: ours, or the naive one.
// Answer says whether it was right, and refuses when it was not looked at.
type way struct {
	answer func(i int, q access.Question, typed string) (right bool, err error)
	spend  func(i int, q access.Question) error
}

// ours goes through the two processes in turn.
func (st *stand) ours() way {
	proofs := make([]challenge.Proof, 100)
	return way{
		answer: func(i int, q access.Question, typed string) (bool, error) {
			p, err := st.node(i).Answer(context.Background(), q, rules, typed)
			proofs[i] = p
			if said(err) == "code_wrong" {
				err = nil
			}
			return p.Challenge() != "", err
		},
		spend: func(i int, q access.Question) error {
			s := st.node(i)
			return s.DB.Write(context.Background(), q.Fund, func(tx *store.Tx) error { return s.Spend(tx, proofs[i], q) })
		},
	}
}

// naive is how one would write it first: look whether a try is left, or whether
// the proof is unused, and then note that it is gone. It is kept so that the
// tests below are seen to fail on it.
func (st *stand) naive(t *testing.T) way {
	db := dbtest.Raw(t, st.where)
	if !store.Postgres(st.where) {
		var err error
		db, err = sql.Open("sqlite", "file:"+st.where+"?_pragma=busy_timeout(5000)")
		ok(t, err)
		t.Cleanup(func() { ok(t, db.Close()) })
	}
	db.SetMaxOpenConns(16)
	keys := st.ring.Fund(fund)
	return way{
		answer: func(_ int, q access.Question, typed string) (bool, error) {
			var id, kind string
			var left int
			var mac []byte
			if err := db.QueryRow(`SELECT id, kind, tries_left, mac FROM challenge WHERE member = $1`, q.Member).Scan(&id, &kind, &left, &mac); err != nil {
				return false, err
			}
			if left <= 0 {
				return false, access.Refuse("code_burnt")
			}
			right := hmac.Equal(mac, keys.MAC("code", id, q.Member, q.Purpose, q.Subject, q.Session, kind, typed))
			state := "open"
			if right {
				state = "passed"
			}
			_, err := db.Exec(`UPDATE challenge SET tries_left = $1, state = $2 WHERE id = $3`, left-1, state, id)
			return right, err
		},
		spend: func(_ int, q access.Question) error {
			var state string
			if err := db.QueryRow(`SELECT state FROM challenge WHERE member = $1`, q.Member).Scan(&state); err != nil {
				return err
			}
			if state != "passed" {
				return store.ErrNone
			}
			_, err := db.Exec(`UPDATE challenge SET state = 'spent' WHERE member = $1`, q.Member)
			return err
		},
	}
}

// rightAtOnce answers right sixty-four times at once, spends what it got, and
// returns how many deeds were done.
func (st *stand) rightAtOnce(t *testing.T, member string, w way) (done int64) {
	t.Helper()
	q := question(member)
	_, code := st.asked(t, request(q, rules))
	var n atomic.Int64
	st.together(64, func(i int, _ *challenge.Service) {
		right, err := w.answer(i, q, code)
		if err == nil && !right {
			t.Error("the right code is wrong")
		}
		if err == nil {
			err = w.spend(i, q)
		}
		switch said(err) {
		case "ok":
			n.Add(1)
		case "none", "code_closed", "code_burnt":
		default:
			t.Error(err)
		}
	})
	return n.Load()
}

// wrongAtOnce answers wrong a hundred times at once and returns how many were
// looked at.
func (st *stand) wrongAtOnce(t *testing.T, member string, w way) (heard int64) {
	t.Helper()
	q := question(member)
	_, code := st.asked(t, request(q, rules))
	var n atomic.Int64
	st.together(100, func(i int, _ *challenge.Service) {
		switch right, err := w.answer(i, q, wrong(code)); {
		case right:
			t.Error("a wrong code is right")
		case err == nil:
			n.Add(1)
		case said(err) != "code_burnt":
			t.Error(err)
		}
	})
	return n.Load()
}

const rounds = 12

// What could have happened: sixty-four requests with the one right code arrive
// at two nodes at once, and money leaves sixty-four times (F12; Gitea
// CVE-2026-20779).
func TestRightAtOnce(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		for i := range rounds {
			if n := st.rightAtOnce(t, fmt.Sprint("ours", i), st.ours()); n != 1 {
				t.Errorf("round %d: done %d times", i, n)
			}
		}
		if answered, spent := st.kinds(t)["code_spent"], st.count(t, `challenge WHERE state = 'spent'`); answered != rounds || spent != rounds {
			t.Errorf("%d rounds, %d spent, %d events of it", rounds, spent, answered)
		}
		most := int64(0)
		for i := 0; i < 2*rounds && most < 2; i++ {
			most = max(most, st.rightAtOnce(t, fmt.Sprint("naive", i), st.naive(t)))
		}
		if most < 2 {
			t.Error("the naive version passes this test: it proves nothing")
		}
	})
}

// What could have happened: a hundred guesses arrive at once, and all are heard
// because each reads «five left» (F12; Keycloak #31726).
func TestWrongAtOnce(t *testing.T) {
	each(t, func(t *testing.T, st *stand) {
		for i := range rounds / 3 {
			// Four are told «wrong»; the fifth «burnt», as all after it are, but
			// the trail tells which was looked at.
			member := fmt.Sprint("ours", i)
			told := st.wrongAtOnce(t, member, st.ours())
			if heard := st.count(t, `event WHERE kind = 'code_answered' AND member = '`+member+`'`); told != 4 || heard != 5 {
				t.Errorf("round %d: %d wrong answers were heard, %d told so", i, heard, told)
			}
		}
		most := int64(0)
		for i := 0; i < 2*rounds && most < 6; i++ {
			most = max(most, st.wrongAtOnce(t, fmt.Sprint("naive", i), st.naive(t)))
		}
		if most < 6 {
			t.Error("the naive version passes this test: it proves nothing")
		}
	})
}
