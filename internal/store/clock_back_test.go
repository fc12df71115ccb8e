package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// What could have happened: the machine's clock is set back ten minutes, and a
// code that had expired is answered.
func TestClockBack(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := time.Date(2025, 9, 30, 10, 0, 0, 0, time.UTC)
			where := dbtest.New(t, engine)
			db := dbtest.Open(t, where, store.Options{Now: func() time.Time { return now }})
			write := func(db *store.DB) error {
				return db.Write(context.Background(), "aurora", func(tx *store.Tx) error { return tx.MarkClock() })
			}
			if err := write(db); err != nil {
				t.Fatal(err)
			}
			now = now.Add(-2 * time.Second) // a clock being set right
			if err := write(db); err != nil {
				t.Error(err)
			}
			now = now.Add(-10 * time.Minute)
			if err := write(db); !errors.Is(err, store.ErrClock) {
				t.Errorf("a write: %v", err)
			}
			if err := db.Read(context.Background(), "aurora", func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClock) {
				t.Errorf("a read: %v", err)
			}

			// A restart does not forget it.
			now = now.Add(20 * time.Minute)
			again := dbtest.Open(t, where, store.Options{Now: func() time.Time { return now }})
			var mark time.Time
			err := again.Read(context.Background(), "aurora", func(tx *store.Tx) (err error) { mark, err = tx.ClockMark(); return err })
			if err != nil || mark.Hour() != 10 {
				t.Fatal(mark, err)
			}
			fresh := dbtest.Open(t, where, store.Options{Now: func() time.Time { return now }})
			fresh.Recall(mark)
			now = mark.Add(-time.Hour)
			if err := write(fresh); !errors.Is(err, store.ErrClock) {
				t.Errorf("after a restart: %v", err)
			}
		})
	}
}
