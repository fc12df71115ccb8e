package challenge_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/challenge"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

const fund = "aurora"

var (
	start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	rules = access.CodeRules{Digits: 6, Tries: 5, TTL: 5 * time.Minute}
)

// A stand is a database with one or two processes on it, and a clock.
type stand struct {
	where string
	ring  *keys.Ring
	clock atomic.Int64 // Unix ms
	nodes []*challenge.Service
}

// newStand opens an empty database: twice with the same keys on PostgreSQL, as
// two processes do, and once on SQLite, which has one.
func newStand(t *testing.T, engine string) *stand {
	t.Helper()
	st := &stand{where: dbtest.New(t, engine), ring: keys.New(nil)}
	st.clock.Store(start.UnixMilli())
	st.open(t)
	if engine == "postgres" {
		st.open(t)
	}
	return st
}

func (st *stand) open(t *testing.T) {
	t.Helper()
	db := dbtest.Open(t, st.where, store.Options{Keys: st.ring, Now: st.now})
	st.nodes = append(st.nodes, &challenge.Service{DB: db})
}

func each(t *testing.T, f func(t *testing.T, st *stand)) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) { f(t, newStand(t, engine)) })
	}
}

func (st *stand) now() time.Time                { return time.UnixMilli(st.clock.Load()) }
func (st *stand) add(d time.Duration)           { st.clock.Add(d.Milliseconds()) }
func (st *stand) db() *store.DB                 { return st.nodes[0].DB }
func (st *stand) node(i int) *challenge.Service { return st.nodes[i%len(st.nodes)] }

// together runs f n times at once, on the nodes in turn, from one starting shot.
func (st *stand) together(n int, f func(i int, s *challenge.Service)) {
	var all sync.WaitGroup
	shot := make(chan bool)
	for i := range n {
		all.Go(func() { <-shot; f(i, st.node(i)) })
	}
	close(shot)
	all.Wait()
}

func question(member string) access.Question {
	return access.Question{Fund: fund, Member: member, Purpose: access.PurposeOperation, Subject: "operation/o1/digest1", Session: "session1"}
}

func request(q access.Question, r access.CodeRules) challenge.Request {
	return challenge.Request{Question: q, Rules: r, Kind: access.Email, Address: q.Member + "@example.it", Masked: "a***@example.it", Lang: "it", Text: "code"}
}

// ask asks once, in a transaction of its own.
func ask(t *testing.T, s *challenge.Service, r challenge.Request) (c access.Challenge, err error) {
	t.Helper()
	var refusal *access.Refusal
	err = s.DB.Write(t.Context(), r.Question.Fund, func(tx *store.Tx) (err error) {
		c, refusal, err = s.Ask(tx, r)
		return err
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	return c, err
}

// asked asks, and reads the code in the message as the member would.
func (st *stand) asked(t *testing.T, r challenge.Request) (c access.Challenge, code string) {
	t.Helper()
	c, err := ask(t, st.nodes[0], r)
	ok(t, err)
	return c, st.read(t, r.Question.Fund, c.ID)
}

// claim takes a message from the outbox, or reports store.ErrNone.
func claim(tx *store.Tx, holder string, lease time.Duration) (store.Claim, error) {
	until := tx.Now().Add(lease)
	for _, kind := range []access.Kind{access.Email, access.SMS, access.PEC, access.Letter} {
		all, err := tx.Claim(kind, 1, holder, until, until)
		if err != nil {
			return store.Claim{}, err
		}
		if len(all) > 0 {
			return all[0], nil
		}
	}
	return store.Claim{}, store.ErrNone
}

// read takes messages from the outbox until it is that challenge's, and returns
// its code.
func (st *stand) read(t *testing.T, fund, challenge string) (code string) {
	t.Helper()
	for code == "" {
		ok(t, st.db().Write(t.Context(), fund, func(tx *store.Tx) error {
			m, err := claim(tx, "reader", time.Hour)
			if err != nil {
				return err
			}
			for _, a := range m.Args {
				if m.Challenge == challenge && a.Name == "code" {
					code = a.Value
				}
			}
			return tx.Finish(m, access.MessageSent, "", "")
		}))
	}
	return code
}

// wrong is a code of the same form that is not the code.
func wrong(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}

func answer(t *testing.T, s *challenge.Service, q access.Question, typed string) (challenge.Proof, error) {
	t.Helper()
	return s.Answer(t.Context(), q, rules, typed)
}

func spend(t *testing.T, s *challenge.Service, p challenge.Proof, q access.Question) error {
	t.Helper()
	return s.DB.Write(t.Context(), q.Fund, func(tx *store.Tx) error { return s.Spend(tx, p, q) })
}

// do runs one thing in a transaction.
func (st *stand) do(t *testing.T, f func(s *challenge.Service, tx *store.Tx) error) {
	t.Helper()
	ok(t, st.db().Write(t.Context(), fund, func(tx *store.Tx) error { return f(st.nodes[0], tx) }))
}

// find reads a challenge as it stands.
func (st *stand) find(t *testing.T, id string) (c access.Challenge) {
	t.Helper()
	ok(t, st.db().Read(t.Context(), fund, func(tx *store.Tx) (err error) { c, err = tx.Challenge(id); return err }))
	return c
}

// count asks the database behind the store's back.
func (st *stand) count(t *testing.T, q string) (n int) {
	t.Helper()
	ok(t, dbtest.Raw(t, st.where).QueryRow("SELECT count(*) FROM "+q).Scan(&n))
	return n
}

func ok(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// said is what became of an act, as a word.
func said(err error) string {
	refusal, refused := errors.AsType[*access.Refusal](err)
	switch {
	case err == nil:
		return "ok"
	case refused:
		return refusal.Code
	case errors.Is(err, store.ErrNone):
		return "none"
	}
	return fmt.Sprintf("fault: %v", err)
}
