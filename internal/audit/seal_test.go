package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"aditus/internal/audit"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// Many writers, four sealers on two nodes: every event is sealed once, nothing
// is left out though transactions commit in another order than they began, and
// what all of them signed is one chain.
func TestSealersTogether(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			where := dbtest.New(t, engine)
			dbs := []*store.DB{dbtest.Open(t, where, store.Options{Keys: ring})}
			if engine == "postgres" {
				dbs = append(dbs, dbtest.Open(t, where, store.Options{Keys: ring}))
			}
			var second lines
			ctx, stop := context.WithCancel(t.Context())
			var sealers, writers sync.WaitGroup
			for i := range 4 {
				sealers.Go(func() {
					s := sealer(dbs[i%len(dbs)], fmt.Sprint("sealer", i), &second)
					s.Lease, s.Batch, s.Within = 3*time.Millisecond, 7, 5*time.Millisecond // short: the lease changes hands
					s.Run(ctx, time.Millisecond, func(err error) { t.Error(err) })
				})
			}
			const n = 8 * 30
			for i := range 8 {
				writers.Go(func() {
					for range 30 {
						err := dbs[i%len(dbs)].Write(t.Context(), fund, func(tx *store.Tx) error {
							return audit.Record(tx, audit.CodeSpent{Member: "m", Challenge: "c", Subject: "operation"})
						})
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
			writers.Wait()
			for sealed := int64(0); sealed < n && t.Context().Err() == nil; {
				r, err := verify(t, dbs[0], second.String(), public)
				if err != nil {
					t.Fatal(err)
				}
				sealed = r.Sealed
			}
			stop()
			sealers.Wait()
			r, err := verify(t, dbs[0], second.String(), public)
			if err != nil || r.Sealed != n || r.Unsealed != 0 || r.After != 0 || r.Checked == 0 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// lines is a second place in memory, for several sealers.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// What could have happened: a node stops for a minute in the middle of sealing,
// another takes over, the first wakes up and links the same events again (F13).
func TestSealerLeaves(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Keys: ring, Now: func() time.Time { return now }})
			one, two := sealer(db, "one", io.Discard), sealer(db, "two", io.Discard)
			record(t, db, fund, 3)
			if n := seal(t, one); n != 3 {
				t.Fatal(n)
			}
			record(t, db, fund, 3)
			now = now.Add(one.Lease - time.Millisecond)
			if n := seal(t, two); n != 0 {
				t.Errorf("%d sealed while another has the lease", n)
			}
			now = now.Add(time.Millisecond)
			if n := seal(t, two); n != 3 {
				t.Errorf("%d sealed after the lease", n)
			}
			record(t, db, fund, 3)
			if n := seal(t, one); n != 0 {
				t.Errorf("%d sealed by who was overtaken", n)
			}
			if n := seal(t, two); n != 3 {
				t.Errorf("%d sealed by who has the lease", n)
			}
			if r, err := verify(t, db, "", public); err != nil || r.Sealed != 9 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// A checkpoint is signed after so many events, after so long, and also when the
// fund comes to rest: its tail does not stay unsigned until the next event.
func TestWhenItIsSigned(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Keys: ring, Now: func() time.Time { return now }})
			var second bytes.Buffer
			s := sealer(db, "one", &second)
			s.Every, s.Within, s.Batch = 10, time.Minute, 4
			after := func(what string, events int, pass time.Duration, want int64) {
				t.Helper()
				record(t, db, fund, events)
				now = now.Add(pass)
				seal(t, s)
				ok(t, s.Sign(t.Context(), false))
				r, err := verify(t, db, second.String(), public)
				if err != nil || r.After != want || r.Unsealed != 0 {
					t.Errorf("%s: %+v, %v; want %d after the last checkpoint", what, r, err, want)
				}
			}
			after("the first", 1, 0, 0)
			after("a few", 5, time.Second, 5)
			after("more than ten", 9, time.Second, 1) // signed with the batch in which it was ten
			after("at rest", 0, 10*time.Second, 1)
			after("at rest for a minute", 0, 50*time.Second, 0)
			before := second.Len()
			after("nothing new", 0, time.Hour, 0)
			if second.Len() != before {
				t.Error("signed again what was signed")
			}
			after("one after a long rest", 1, 0, 0)
			after("one more", 1, 0, 1)
			ok(t, s.Sign(t.Context(), true))
			after("all that moved", 0, 0, 0)
		})
	}
}

// What a crash left sealed and not signed is signed at the next start, for every
// fund; so is what a process seals in its last moment.
func TestStartAndEnd(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Keys: ring})
			var lost, second bytes.Buffer
			crashed := sealer(db, "one", &lost)
			record(t, db, fund, 5)
			record(t, db, "alpina", 2)
			seal(t, crashed)
			if r, err := verify(t, db, second.String(), public); err != nil || r.After != 5 {
				t.Fatalf("%+v, %v", r, err)
			}
			s := sealer(db, "two", &second)
			ok(t, s.Start(t.Context()))
			if r, err := verify(t, db, second.String(), public); err != nil || r.After != 0 || r.Checked != 1 {
				t.Errorf("after a start: %+v, %v", r, err)
			}
			if r, err := audit.Verify(t.Context(), db, "alpina", strings.NewReader(second.String()), public); err != nil || r.After != 0 || r.Checked != 1 {
				t.Errorf("the other fund after a start: %+v, %v", r, err)
			}
			// A chain without events is signed as such: a process that is killed between
			// its first link and the checkpoint of it does not look like one whose
			// checkpoints were taken away.
			var first bytes.Buffer
			ok(t, (&audit.Sealer{DB: db, Funds: []string{"empty"}, Signer: ring.Signer("checkpoint"), Second: &first}).Start(t.Context()))
			record(t, db, "empty", 3)
			killed := sealer(db, "three", failingWriter{})
			if _, err := killed.Seal(t.Context()); !errors.Is(err, io.ErrShortWrite) {
				t.Error(err)
			}
			if r, err := audit.Verify(t.Context(), db, "empty", strings.NewReader(first.String()), public); err != nil || r != (audit.Report{Sealed: 3, Checked: 1, After: 3}) {
				t.Errorf("killed before the first checkpoint: %+v, %v", r, err)
			}

			record(t, db, fund, 3)
			ctx, stop := context.WithCancel(t.Context())
			stop() // it ends before it has begun
			last := sealer(db, "one", &second)
			last.Run(ctx, time.Hour, func(err error) { t.Error(err) })
			if r, err := verify(t, db, second.String(), public); err != nil || r != (audit.Report{Sealed: 8, Checked: 2}) {
				t.Errorf("after the end: %+v, %v", r, err)
			}
		})
	}
}

// A second place that cannot be written is reported, sealing goes on, and the
// next checkpoint makes good.
func TestSecondPlaceFails(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	db := dbtest.Open(t, dbtest.New(t, "sqlite"), store.Options{Keys: ring, Now: func() time.Time { return now }})
	s := sealer(db, "one", failingWriter{})
	record(t, db, fund, 3)
	if _, err := s.Seal(t.Context()); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
	record(t, db, fund, 3)
	if _, err := s.Seal(t.Context()); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
	var second bytes.Buffer
	s.Second = &second
	ok(t, s.Sign(t.Context(), false))
	if r, err := verify(t, db, second.String(), public); err != nil || r != (audit.Report{Sealed: 6, Checked: 1}) {
		t.Errorf("%+v, %v", r, err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// A batch that is full is followed by the next at once: a backlog does not wait
// for the pause.
func TestBacklog(t *testing.T) {
	db := dbtest.Open(t, dbtest.New(t, "sqlite"), store.Options{Keys: ring})
	s := sealer(db, "one", io.Discard)
	s.Batch = 100 // more than one UPDATE links, and not a multiple of it
	for range 10 {
		ok(t, db.Write(t.Context(), fund, func(tx *store.Tx) error {
			for range 65 {
				if err := audit.Record(tx, audit.SignedOut{Member: "m", Session: "s"}); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	if n := seal(t, s); n != 650 {
		t.Errorf("%d sealed at once", n)
	}
	if r, err := verify(t, db, "", public); err != nil || r.Sealed != 650 {
		t.Errorf("%+v, %v", r, err)
	}
}

// What could have happened: one fund's events cannot be sealed, and no other
// fund's are any more.
func TestOneFundFails(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			where := dbtest.New(t, engine)
			db := dbtest.Open(t, where, store.Options{Keys: ring})
			for _, f := range []string{"alpina", fund, "zeta"} {
				record(t, db, f, 2)
			}
			// A constraint that only one fund breaks.
			tamper(t, where, `CREATE UNIQUE INDEX broken ON event (fund, kind) WHERE fund = 'alpina' AND hash IS NOT NULL`)
			n, err := sealer(db, "one", io.Discard).Seal(t.Context())
			if err == nil || errors.Is(err, store.ErrNone) || n != 4 {
				t.Errorf("%d sealed, %v", n, err)
			}
			if r, err := verify(t, db, "", public); err != nil || r.Sealed != 2 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}
