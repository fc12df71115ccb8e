package store_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

// What could have happened: two nodes whose clocks are a minute apart serve one
// member, and a code lives four minutes or six.
//
// In the bubble the process's clock stands in the year 2000. PostgreSQL's does
// not, and a transaction goes by that; SQLite has no clock but the process's.
func TestOneTime(t *testing.T) {
	fake := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			where := dbtest.New(t, engine)
			began := time.Now()
			synctest.Test(t, func(t *testing.T) {
				db, err := store.Open(context.Background(), where, store.Options{Keys: keys.New(nil), Conns: 1})
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				moments := map[string]time.Time{}
				err = db.Write(context.Background(), fund, func(tx *store.Tx) error {
					first := tx.Now()
					time.Sleep(time.Second) // of the bubble's clock
					if err := tx.Enrol(access.Enrolment{Member: "m", Level: access.LevelAct}); err != nil {
						return err
					}
					e, err := tx.Enrolment("m")
					if !tx.Now().Equal(first) || e.Since.UnixMilli() != first.UnixMilli() {
						t.Errorf("began at %v, now %v, written %v", first, tx.Now(), e.Since)
					}
					moments["write"] = first
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				err = db.Read(context.Background(), fund, func(tx *store.Tx) error { moments["read"] = tx.Now(); return nil })
				if err != nil {
					t.Fatal(err)
				}
				err = db.Across(context.Background(), func(a *store.All) error { moments["across"] = a.Now(); return nil })
				if err != nil {
					t.Fatal(err)
				}
				for what, at := range moments {
					if at.Location() != time.UTC {
						t.Errorf("%s: %v is not UTC", what, at)
					}
					if engine == "sqlite" && (at.Before(fake) || at.After(fake.Add(time.Minute))) {
						t.Errorf("%s: %v is not the process's clock", what, at)
					}
					if engine == "postgres" && at.Before(began.Add(-time.Second)) {
						t.Errorf("%s: %v is not the server's clock", what, at)
					}
				}
			})
		})
	}
}

// An injected clock is asked once for each transaction, and never again in it.
func TestInjectedClock(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.FixedZone("", 3600))
			asked := 0
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Conns: 1, Now: func() time.Time { asked++; return now }})
			look := func(tx *store.Tx) error {
				if !tx.Now().Equal(now) || tx.Now().Location() != time.UTC {
					t.Errorf("now is %v", tx.Now())
				}
				return tx.DropJourneys("m", "")
			}
			if err := db.Write(t.Context(), fund, look); err != nil {
				t.Fatal(err)
			}
			if asked != 1 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}
