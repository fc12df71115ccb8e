package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"aditus/internal/dbtest"
	"aditus/internal/store"
)

const fund = "aurora"

func event(id string) store.Event {
	return store.Event{ID: id, Kind: "test", Member: "m", Body: "{}", At: 1}
}

// events are the ids of the fund's events of kind test, sorted.
func events(t *testing.T, db *store.DB) string {
	t.Helper()
	var ids []string
	err := db.Read(t.Context(), fund, func(tx *store.Tx) error {
		es, err := tx.EventsOf("m", 1000, "test")
		for _, e := range es {
			ids = append(ids, e.ID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

func write(t *testing.T, db *store.DB, f func(*store.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), fund, f); err != nil {
		t.Fatal(err)
	}
}

// What could have happened: the statement that nobody waits for is the audit
// event, it fails on its way with the COMMIT, and the deed stands without it.
func TestLaterFailsAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		write(t, db, func(tx *store.Tx) error { return tx.AddEvent(event("there")) })
		for what, after := range map[string]func(tx *store.Tx) error{
			"with COMMIT":             func(*store.Tx) error { return nil },
			"with the next statement": func(tx *store.Tx) error { _, err := tx.Exec(`DELETE FROM lease WHERE fund = ?1`); return err },
			"with the next query":     func(tx *store.Tx) error { _, err := tx.Unsealed(1); return err },
			"with another later":      func(tx *store.Tx) error { return tx.AddEvent(event("after")) },
		} {
			err := db.Write(t.Context(), fund, func(tx *store.Tx) error {
				if err := tx.Hold("work", "before", tx.Now().Add(time.Hour)); err != nil {
					return err
				}
				if err := tx.AddEvent(event("there")); err != nil { // the same key again
					return err
				}
				return after(tx)
			})
			if err == nil || errors.Is(err, store.ErrUnknown) || errors.Is(err, store.ErrNone) {
				t.Errorf("%s: got %v, want the server's own no", what, err)
			}
		}
		if got := events(t, db); got != "there" {
			t.Errorf("committed %q", got)
		}
		// The lease taken before is free for anybody: it was rolled back too.
		write(t, db, func(tx *store.Tx) error { return tx.Hold("work", "other", tx.Now().Add(time.Hour)) })
	})
}

// Statements that nobody waits for cost no round trip of their own, stay in
// their order, and are seen by what comes after them.
func TestLaterRidesAlong(t *testing.T) {
	p := newProxy(t, dbtest.New(t, "postgres"))
	db := dbtest.Open(t, p.Where, store.Options{Conns: 1})
	deed := func(id string) func(*store.Tx) error {
		return func(tx *store.Tx) error {
			for i := range 3 {
				if err := tx.AddEvent(event(fmt.Sprint(id, i))); err != nil {
					return err
				}
			}
			if tx.Waiting() != 3 {
				t.Errorf("%d statements wait, want 3", tx.Waiting())
			}
			if err := tx.Hold("work", "me", tx.Now().Add(time.Hour)); err != nil {
				return err
			}
			if tx.Waiting() != 0 {
				t.Errorf("%d statements still wait", tx.Waiting())
			}
			if err := tx.AddEvent(event(id + "x")); err != nil {
				return err
			}
			es, err := tx.EventsOf("m", 100, "test")
			if err != nil {
				return err
			}
			mine := 0
			for _, e := range es {
				if strings.HasPrefix(e.ID, id) {
					mine++
				}
			}
			if mine != 4 {
				t.Errorf("the transaction sees %d of its 4 events", mine)
			}
			return tx.AddEvent(event(id + "y"))
		}
	}
	write(t, db, deed("a")) // the first time each text is prepared
	before := p.trips.Load()
	write(t, db, deed("b"))
	// BEGIN with the clock; three events with the lease; one with the query; one with COMMIT.
	if trips := p.trips.Load() - before; trips != 4 {
		t.Errorf("%d round trips, want 4", trips)
	}
	if got := events(t, db); got != "a0 a1 a2 ax ay b0 b1 b2 bx by" {
		t.Error(got)
	}
	before = p.trips.Load()
	write(t, db, func(tx *store.Tx) error { return tx.AddEvent(event("c")) })
	if trips := p.trips.Load() - before; trips != 2 {
		t.Errorf("%d round trips for one durable event, want 2", trips)
	}
}

// What could have happened: the server commits a confirmation, the network
// loses the answer, the member is told «failed», and does it again.
func TestAnswerLost(t *testing.T) {
	p := newProxy(t, dbtest.New(t, "postgres"))
	db := dbtest.Open(t, p.Where, store.Options{Conns: 1})
	write(t, db, func(tx *store.Tx) error { return tx.AddEvent(event("first")) })
	runs := 0
	err := db.Write(t.Context(), fund, func(tx *store.Tx) error {
		runs++
		if err := tx.AddEvent(event("done")); err != nil {
			return err
		}
		p.deaf.Store(true)
		return nil
	})
	if !errors.Is(err, store.ErrUnknown) {
		t.Errorf("told %v", err)
	}
	if runs != 1 {
		t.Errorf("run %d times: what may be done must not be done again", runs)
	}
	if got := events(t, db); got != "done first" { // by id, on a fresh connection
		t.Error(got)
	}
}

// The connection is ended by the server between the last statement and COMMIT.
func TestTerminatedBeforeCommit(t *testing.T) {
	where := dbtest.New(t, "postgres")
	db := dbtest.Open(t, where, store.Options{Conns: 1})
	raw := dbtest.Raw(t, where)
	err := db.Write(t.Context(), fund, func(tx *store.Tx) error {
		if err := tx.AddEvent(event("gone")); err != nil {
			return err
		}
		if err := tx.Hold("work", "me", tx.Now().Add(time.Hour)); err != nil {
			return err
		}
		return terminate(t.Context(), tx, raw)
	})
	if !errors.Is(err, store.ErrUnknown) {
		t.Errorf("told %v", err)
	}
	write(t, db, func(tx *store.Tx) error { return tx.AddEvent(event("next")) })
	if got := events(t, db); got != "next" {
		t.Error(got)
	}
}

// The server answers COMMIT with success and a warning when the wait for its
// synchronous standby was cancelled: the commit may be lost with the machine
// (reliability.md R3). A deferred trigger says the same words at the same moment.
func TestCommitWithWarning(t *testing.T) {
	where := dbtest.New(t, "postgres")
	db := dbtest.Open(t, where, store.Options{Conns: 1})
	atCommit(t, where, `RAISE WARNING 'canceling wait for synchronous replication due to user request'`)
	err := db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.AddEvent(event("there")) })
	if !errors.Is(err, store.ErrUnknown) || !strings.Contains(fmt.Sprint(err), "synchronous replication") {
		t.Errorf("told %v", err)
	}
	if got := events(t, db); got != "there" {
		t.Error(got)
	}
	// A warning of one transaction is not held against the next.
	write(t, db, func(tx *store.Tx) error { return tx.Hold("work", "me", tx.Now().Add(time.Hour)) })

	// A notice is no warning, and a warning before the commit does not speak of it.
	atCommit(t, where, `RAISE NOTICE 'all is well'`)
	write(t, db, func(tx *store.Tx) error {
		if err := tx.Bare(`DO $$ BEGIN RAISE WARNING 'early'; END $$`); err != nil {
			return err
		}
		return tx.AddEvent(event("noticed"))
	})
}

// A server that says no to a COMMIT has rolled back: that is not unknown.
func TestCommitRefused(t *testing.T) {
	where := dbtest.New(t, "postgres")
	db := dbtest.Open(t, where, store.Options{Conns: 1})
	atCommit(t, where, `RAISE EXCEPTION 'no'`)
	err := db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.AddEvent(event("never")) })
	if err == nil || errors.Is(err, store.ErrUnknown) {
		t.Errorf("told %v", err)
	}
	// Neither is a COMMIT of what had failed before, and was passed over.
	err = db.Write(t.Context(), fund, func(tx *store.Tx) error {
		_ = tx.Bare(`SELECT 1 / 0`)
		return nil
	})
	if err == nil || errors.Is(err, store.ErrUnknown) {
		t.Errorf("a failed transaction's COMMIT was told as %v", err)
	}
	if got := events(t, db); got != "" {
		t.Error(got)
	}
}

// atCommit makes the server run statement at the end of every transaction that
// adds an event.
func atCommit(t *testing.T, where, statement string) {
	t.Helper()
	for _, q := range []string{
		`CREATE OR REPLACE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ` + statement + `; RETURN NULL; END $$`,
		`DROP TRIGGER IF EXISTS at_commit ON event`,
		`CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()`,
	} {
		if _, err := dbtest.Raw(t, where).Exec(q); err != nil {
			t.Fatal(err)
		}
	}
}

// A caller that gives up while it waits for a row or a connection gets its own
// context's error, leaves nothing, and the pool is whole afterwards (F11).
func TestGivingUp(t *testing.T) {
	where := dbtest.New(t, "postgres")
	db := dbtest.Open(t, where, store.Options{Conns: 2})
	other := dbtest.Open(t, where, store.Options{Conns: 1})
	write(t, db, func(tx *store.Tx) error { return tx.Hold("row", "a", tx.Now()) })
	free, held := make(chan bool), make(chan bool)
	done := make(chan error)
	go func() {
		done <- other.Write(context.Background(), fund, func(tx *store.Tx) error {
			err := tx.Hold("row", "a", tx.Now())
			close(held)
			<-free
			return err
		})
	}()
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var errs [6]error
	all := make(chan int)
	for i := range errs {
		go func() {
			errs[i] = db.Write(ctx, fund, func(tx *store.Tx) error {
				if err := tx.AddEvent(event(fmt.Sprint("never", i))); err != nil {
					return err
				}
				return tx.Hold("row", "a", tx.Now())
			})
			all <- i
		}()
	}
	for range errs {
		<-all
	}
	for i, err := range errs {
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrUnknown) {
			t.Errorf("caller %d: %v", i, err)
		}
	}
	close(free)
	if err := <-done; err != nil {
		t.Error(err)
	}
	for i := range 8 {
		write(t, db, func(tx *store.Tx) error { return tx.AddEvent(event(fmt.Sprint("after", i))) })
	}
	if got := events(t, db); strings.Contains(got, "never") || strings.Count(got, "after") != 8 {
		t.Error(got)
	}
}

// terminate ends the transaction's own connection and waits until it is gone.
func terminate(ctx context.Context, tx *store.Tx, db *sql.DB) error {
	var pid int
	if err := tx.BareFirst(`SELECT pg_backend_pid()`, &pid); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `SELECT pg_terminate_backend($1)`, pid); err != nil {
		return err
	}
	for n := 1; n > 0; {
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity WHERE pid = $1`, pid).Scan(&n); err != nil {
			return err
		}
	}
	return nil
}
