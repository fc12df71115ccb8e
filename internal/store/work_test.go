package store_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

// What could have happened: one proof of work is sent in sixty-four requests to two
// nodes at the same moment, or once more after a restart, and each is heard
// (security.md part 3, rows 5 and 49).
func TestWorkOnce(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		until := c.Now().Add(10 * time.Minute)
		spend := func(db *store.DB, fund, id string) error {
			return db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.SpendWork(id, until) })
		}
		for round := range 5 {
			id := fmt.Sprint("task", round)
			var heard, refused atomic.Int64
			together(64, dbs, func(_ int, db *store.DB) {
				switch err := spend(db, fund, id); {
				case err == nil:
					heard.Add(1)
				case errors.Is(err, store.ErrNone):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
			if heard.Load() != 1 || refused.Load() != 63 {
				t.Errorf("%d of 64 were heard, %d refused", heard.Load(), refused.Load())
			}
		}
		ok(t, spend(dbs[0], "another", "task0"))
		// It is remembered for as long as it could be used, and no longer.
		forget := func() {
			ok(t, dbs[0].Write(t.Context(), fund, (*store.Tx).ForgetWork))
		}
		c.at(10 * time.Minute)
		forget()
		if err := spend(dbs[0], fund, "task0"); !errors.Is(err, store.ErrNone) {
			t.Errorf("at its end a proof is %v, want it to be remembered", err)
		}
		c.at(10*time.Minute + time.Millisecond)
		forget()
		ok(t, spend(dbs[0], fund, "task0"))
	})
	for _, engine := range dbtest.Engines {
		where, ring := dbtest.New(t, engine), keys.New(nil)
		for i, want := range []error{nil, store.ErrNone} {
			db, err := store.Open(t.Context(), where, store.Options{Keys: ring})
			ok(t, err)
			err = db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.SpendWork("task", time.Now().Add(time.Hour)) })
			if !errors.Is(err, want) {
				t.Errorf("%s, start %d: %v, want %v", engine, i+1, err, want)
			}
			ok(t, db.Close())
		}
	}
}
