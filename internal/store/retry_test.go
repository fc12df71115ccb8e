package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// Two transactions that take two rows in opposite order: PostgreSQL ends one
// with deadlock_detected, and it is run again as a whole. On SQLite there is one
// writer and nothing to retry. Either way both succeed.
func TestDeadlockIsRetried(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		var runs atomic.Int32
		var both, all sync.WaitGroup
		both.Add(2)
		for i, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
			all.Go(func() {
				err := db.Write(t.Context(), fund, func(tx *store.Tx) error {
					run := runs.Add(1)
					if err := tx.AddEvent(event(fmt.Sprint(i))); err != nil { // what is left of a first run would be in the way
						return err
					}
					for n, work := range order {
						if err := tx.Hold(work, "me", tx.Now().Add(time.Hour)); err != nil {
							return err
						}
						if n == 0 && run <= 2 && db.Shared() {
							both.Done()
							both.Wait() // until the other has its first row
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		// The loser of a deadlock may lose once more before the winner has its row.
		if n := runs.Load(); db.Shared() && n < 3 || !db.Shared() && n != 2 {
			t.Errorf("%d runs: there was no deadlock", n)
		}
		if got := events(t, db); got != "0 1" {
			t.Error(got)
		}
	})
}

// Only what PostgreSQL asks to be run again is, and not for ever.
func TestRetryIsBounded(t *testing.T) {
	where := dbtest.New(t, "postgres")
	db := dbtest.Open(t, where, store.Options{})
	for code, want := range map[string]int{"40001": 3, "40P01": 3, "23505": 1, "57014": 1, "P0001": 1} {
		runs := 0
		raise := func(tx *store.Tx) error {
			runs++
			return tx.Bare(`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '` + code + `'; END $$`)
		}
		err := db.Write(t.Context(), fund, raise)
		if err == nil || !strings.Contains(err.Error(), code) || errors.Is(err, store.ErrUnknown) || runs != want {
			t.Errorf("%s in a statement: run %d times, want %d; %v", code, runs, want, err)
		}
		runs = 0
		atCommit(t, where, `RAISE EXCEPTION 'no' USING ERRCODE = '`+code+`'`)
		err = db.Write(t.Context(), fund, func(tx *store.Tx) error {
			runs++
			return tx.AddEvent(event("x"))
		})
		if err == nil || !strings.Contains(err.Error(), code) || runs != want {
			t.Errorf("%s at COMMIT: run %d times, want %d; %v", code, runs, want, err)
		}
		// The server took back a query_canceled too; but that class is also of
		// servers that go away, and «unknown» is the answer that is always true.
		if unknown := code == "57014"; errors.Is(err, store.ErrUnknown) != unknown {
			t.Errorf("%s at COMMIT: %v", code, err)
		}
	}
}

// A run that is to be run again leaves nothing behind, in the database or in
// its Tx: not the wish to wake the mail's worker, not the hold on an import.
func TestRetryBeginsAfresh(t *testing.T) {
	posted := 0
	db := dbtest.Open(t, dbtest.New(t, "postgres"), store.Options{Posted: func(q store.Queue) {
		if posted++; q != (store.Queue{Fund: fund, Kind: access.Email}) {
			t.Error("woken for", q)
		}
	}})
	march, err := begin(t, db, "march")
	ok(t, err)
	runs := 0
	write(t, db, func(tx *store.Tx) error {
		if runs++; runs == 1 {
			ok(t, tx.Post(message("one")), tx.AddEntry(entry("1", march)))
			return tx.Bare(`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`)
		}
		if tx.Waiting() != 0 {
			t.Errorf("%d statements wait from the first run", tx.Waiting())
		}
		_, err := begin(t, db, "april") // the first run's hold is gone
		ok(t, err)
		if err := tx.AddEntry(entry("1", march)); !errors.Is(err, store.ErrNone) {
			t.Error("staged in an import that was dropped:", err)
		}
		return nil
	})
	if runs != 2 || posted != 0 {
		t.Errorf("%d runs, the worker was woken %d times for a message that is not there", runs, posted)
	}
	write(t, db, func(tx *store.Tx) error { return tx.Post(message("two")) })
	if posted != 1 {
		t.Errorf("woken %d times", posted)
	}
	if err := db.Write(t.Context(), fund, func(tx *store.Tx) error {
		return errors.Join(tx.Post(message("three")), errors.New("refused"))
	}); err == nil || posted != 1 {
		t.Errorf("woken for what was rolled back: %d, %v", posted, err)
	}
}
