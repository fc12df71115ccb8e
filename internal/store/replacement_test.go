package store_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

func replacement(id, member string, from time.Duration) access.Replacement {
	return access.Replacement{ID: id, Member: member, Source: "staff", By: "clerk", ReadyAt: after(from + hours(24)), LapsesAt: after(from + hours(24*15))}
}

// race runs many at the same moment and counts those that had what they wanted;
// the others saw ErrNone.
func race(t *testing.T, dbs []*store.DB, n int, f func(i int, tx *store.Tx) error) int64 {
	t.Helper()
	var had atomic.Int64
	together(n, dbs, func(i int, db *store.DB) {
		err := db.Write(t.Context(), fund, func(tx *store.Tx) error { return f(i, tx) })
		switch {
		case err == nil:
			had.Add(1)
		case !errors.Is(err, store.ErrNone):
			t.Error(err)
		}
	})
	return had.Load()
}

// What could have happened: a replacement is used before its time, after it, twice,
// or after it was stopped; a stranger's code stops it, or one of another's.
func TestReplacement(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			c := newClock()
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Keys: ring, Now: c.Now})
			try := func(what string, want error, f func(tx *store.Tx) error) {
				t.Helper()
				if err := db.Write(t.Context(), fund, f); !errors.Is(err, want) {
					t.Errorf("%s: got %v, want %v", what, err, want)
				}
			}
			start := func(r access.Replacement, stop string) func(*store.Tx) error {
				return func(tx *store.Tx) error { return tx.StartReplacement(r, []byte(stop)) }
			}
			use := func(member string) func(*store.Tx) error {
				return func(tx *store.Tx) error { return tx.UseReplacement(member) }
			}
			stop := func(member, id string) func(*store.Tx) error {
				return func(tx *store.Tx) error { return tx.StopReplacement(member, id) }
			}
			waits := func(member, id string) {
				t.Helper()
				ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
					r, err := tx.Replacement(member)
					if r.ID != id || r.Stopped {
						t.Errorf("waits for %s: %+v, want %q", member, r, id)
					}
					return err
				}))
			}
			found := func(member, code, id string, stopped bool) {
				t.Helper()
				ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
					r, err := tx.ReplacementByStop(member, []byte(code))
					if r.ID != id || r.Stopped != stopped {
						t.Errorf("%s of %s stops %+v", code, member, r)
					}
					return err
				}))
			}

			try("none", store.ErrNone, use("m1"))
			try("begins", nil, start(replacement("r1", "m1", 0), "s1"))
			try("a second", store.ErrNone, start(replacement("r2", "m1", 0), "s2"))
			try("somebody else's", nil, start(replacement("r3", "m2", 0), "s3"))
			waits("m1", "r1")
			found("m1", "s1", "r1", false)
			found("m1", "s2", "", false)
			found("m2", "s1", "", false)
			found("", "s1", "", false)
			try("another's stopped", store.ErrNone, stop("m2", "r1"))
			c.at(hours(24) - time.Millisecond)
			try("a moment early", store.ErrNone, use("m1"))
			c.at(hours(24))
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
				r, err := tx.Replacement("m1")
				if !r.Ready(tx.Now()) || r.Ready(tx.Now().Add(-time.Millisecond)) || r.Ready(r.LapsesAt) || (access.Replacement{}).Ready(tx.Now()) {
					t.Errorf("ready at %v: %+v", tx.Now(), r)
				}
				return err
			}))
			try("ready", nil, use("m1"))
			try("again", store.ErrNone, use("m1"))
			try("stopped when used", store.ErrNone, stop("m1", "r1"))
			waits("m1", "")
			found("m1", "s1", "", false)

			// Stopped; its code finds it still, so that saying it again is no mistake.
			try("stopped", nil, stop("m2", "r3"))
			try("again", store.ErrNone, stop("m2", "r3"))
			try("used when stopped", store.ErrNone, use("m2"))
			found("m2", "s3", "r3", true)

			// The delay begins anew.
			try("begins", nil, start(replacement("r4", "m1", hours(24)), "s4"))
			try("delayed", nil, func(tx *store.Tx) error { return tx.DelayReplacement(replacement("", "m1", hours(36))) })
			try("nobody's delayed", store.ErrNone, func(tx *store.Tx) error { return tx.DelayReplacement(replacement("", "m2", 0)) })
			c.at(hours(48))
			try("by the old time", store.ErrNone, use("m1"))
			c.at(hours(60))
			waits("m1", "r4")

			// Two weeks later it has lapsed, whoever comes by, and makes room.
			c.at(hours(36 + 24*15))
			waits("m1", "")
			found("m1", "s4", "", false)
			try("lapsed", store.ErrNone, use("m1"))
			try("stopped when lapsed", store.ErrNone, stop("m1", "r4"))
			try("delayed when lapsed", store.ErrNone, func(tx *store.Tx) error { return tx.DelayReplacement(replacement("", "m1", 0)) })
			try("another", nil, start(replacement("r5", "m1", hours(36+24*15)), "s5"))
			waits("m1", "r5")

			// Another fund's member of the same name has none.
			ok(t, db.Read(t.Context(), "another", func(tx *store.Tx) error {
				r, err := tx.Replacement("m1")
				if r.ID != "" {
					t.Errorf("another fund sees %+v", r)
				}
				return err
			}))
		})
	}
}

// What could have happened: two requests at one moment begin two replacements, a
// letter's code begins two, or a replacement is stopped and used as well.
func TestReplacementRaces(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		if n := race(t, dbs, 16, func(i int, tx *store.Tx) error {
			return tx.StartReplacement(replacement(fmt.Sprint("r", i), "m1", 0), []byte{byte(i)})
		}); n != 1 {
			t.Errorf("%d replacements began", n)
		}
		var id string
		ok(t, dbs[0].Read(t.Context(), fund, func(tx *store.Tx) error {
			r, err := tx.Replacement("m1")
			id = r.ID
			return err
		}))
		c.at(hours(24))
		if n := race(t, dbs, 16, func(i int, tx *store.Tx) error {
			if i%2 == 0 {
				return tx.UseReplacement("m1")
			}
			return tx.StopReplacement("m1", id)
		}); n != 1 {
			t.Errorf("%d used or stopped it", n)
		}

		ok(t, dbs[0].Write(t.Context(), fund, func(tx *store.Tx) error {
			return tx.SendFactorLetter(access.FactorLetter{ID: "l1", Member: "m1", By: "clerk", ExpiresAt: after(hours(240))}, []byte("code"))
		}))
		if n := race(t, dbs, 16, func(_ int, tx *store.Tx) error { return tx.UseFactorLetter("m1", []byte("code")) }); n != 1 {
			t.Errorf("a letter's code was used %d times", n)
		}
		if n := race(t, dbs, 16, func(i int, tx *store.Tx) error {
			return tx.SendFactorLetter(access.FactorLetter{ID: fmt.Sprint("n", i), Member: "m1", By: "clerk", ExpiresAt: after(hours(240))}, []byte{byte(i)})
		}); n < 1 {
			t.Error("no letter went")
		}
	})
}

// What could have happened: an old letter, found in the bin, is as good as the new
// one; one of another member opens this one's account.
func TestFactorLetter(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			c := newClock()
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Keys: ring, Now: c.Now})
			send := func(id, member, code string) {
				t.Helper()
				write(t, db, func(tx *store.Tx) error {
					return tx.SendFactorLetter(access.FactorLetter{ID: id, Member: member, By: "clerk", ExpiresAt: tx.Now().Add(hours(24))}, []byte(code))
				})
			}
			use := func(member, code string, want error) {
				t.Helper()
				err := db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.UseFactorLetter(member, []byte(code)) })
				if !errors.Is(err, want) {
					t.Errorf("%s of %s: got %v, want %v", code, member, err, want)
				}
			}
			good := func(member, id string) {
				t.Helper()
				ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
					l, err := tx.FactorLetter(member)
					if l.ID != id {
						t.Errorf("good for %s: %+v, want %q", member, l, id)
					}
					return err
				}))
			}
			good("m1", "")
			use("m1", "", store.ErrNone)
			send("l1", "m1", "one")
			send("l2", "m1", "two")
			send("l3", "m2", "three")
			good("m1", "l2")
			use("m1", "one", store.ErrNone)
			use("m1", "three", store.ErrNone)
			use("m1", "", store.ErrNone) // what an ended one's hash was emptied to
			use("m1", "two", nil)
			use("m1", "two", store.ErrNone)
			good("m1", "")
			good("m2", "l3")
			write(t, db, func(tx *store.Tx) error { return tx.EndFactorLetters("m2") })
			use("m2", "three", store.ErrNone)
			send("l4", "m2", "four")
			c.add(hours(24))
			good("m2", "")
			use("m2", "four", store.ErrNone)
		})
	}
}

// What could have happened: forgetting a browser forgets another's, or all.
func TestForgetDevice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		write(t, db, func(tx *store.Tx) error {
			return errors.Join(tx.UseDevice(access.Device{ID: "d1", Member: "m1", Agent: "Firefox"}), tx.UseDevice(access.Device{ID: "d2", Member: "m1"}),
				tx.UseDevice(access.Device{ID: "d1", Member: "m2"}))
		})
		known := func(member string, want int) {
			t.Helper()
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
				all, err := tx.DevicesOf(member, 10)
				if len(all) != want {
					t.Errorf("%s has %+v", member, all)
				}
				return err
			}))
		}
		known("m1", 2)
		write(t, db, func(tx *store.Tx) error { return tx.ForgetDevice("m1", "d1") })
		known("m1", 1)
		known("m2", 1)
		write(t, db, func(tx *store.Tx) error { return tx.ForgetDevice("m1", "d1") })
		known("m1", 1)
	})
}
