package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// A clock is an injected time that the test moves.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.ms.Store(start.UnixMilli())
	return c
}

func (c *clock) Now() time.Time      { return time.UnixMilli(c.ms.Load()) }
func (c *clock) add(d time.Duration) { c.ms.Add(d.Milliseconds()) }
func (c *clock) at(d time.Duration)  { c.ms.Store(start.Add(d).UnixMilli()) }

func after(d time.Duration) time.Time     { return start.Add(d) }
func same(a, b time.Time) bool            { return a.Equal(b) || a.IsZero() && b.IsZero() }
func hours(n time.Duration) time.Duration { return n * time.Hour }

// nodes opens one database several times with the same keys, as processes that
// share a PostgreSQL do; a SQLite file has one process.
func nodes(t *testing.T, engine string, n int, now func() time.Time) []*store.DB {
	t.Helper()
	where, ring := dbtest.New(t, engine), keys.New(nil)
	if engine == "sqlite" {
		n = 1
	}
	dbs := make([]*store.DB, n)
	for i := range dbs {
		dbs[i] = dbtest.Open(t, where, store.Options{Keys: ring, Now: now})
	}
	return dbs
}

// together runs f n times at once on the nodes in turn, from one starting shot.
func together(n int, dbs []*store.DB, f func(i int, db *store.DB)) {
	var all sync.WaitGroup
	shot := make(chan bool)
	for i := range n {
		all.Go(func() { <-shot; f(i, dbs[i%len(dbs)]) })
	}
	close(shot)
	all.Wait()
}

func onNodes(t *testing.T, f func(t *testing.T, c *clock, dbs []*store.DB)) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			c := newClock()
			f(t, c, nodes(t, engine, 2, c.Now))
		})
	}
}

// What could have happened: sixty-four requests read «three codes this hour» at
// the same moment, and a member's telephone rings sixty-four times.
func TestCount(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		const perHour, perDay = 20, 30
		try := func(key string, n int) (counted int64, again time.Time) {
			t.Helper()
			var ok atomic.Int64
			var mu sync.Mutex
			together(n, dbs, func(_ int, db *store.DB) {
				err := db.Write(t.Context(), fund, func(tx *store.Tx) error {
					at, err := tx.Count(key, perHour, perDay)
					mu.Lock()
					defer mu.Unlock()
					again = at
					return err
				})
				switch {
				case err == nil:
					ok.Add(1)
				case !errors.Is(err, store.ErrNone):
					t.Error(err)
				}
			})
			return ok.Load(), again
		}
		for _, step := range []struct {
			at    time.Duration
			n     int
			want  int64
			again time.Duration
			what  string
		}{
			{0, 64, 20, hours(1), "the first hour"},
			{hours(1) - time.Millisecond, 1, 0, hours(1), "its last millisecond"},
			{hours(1), 64, 10, hours(24), "the second hour: the day ends first"},
			{hours(23), 3, 0, hours(24), "the day is used up"},
			{hours(24) - time.Millisecond, 1, 0, hours(24), "its last millisecond"},
			{hours(24), 64, 20, hours(25), "the next day"},
			{hours(50), 64, 20, hours(51), "a day in which nothing was used"},
		} {
			c.at(step.at)
			got, again := try("key", step.n)
			if got != step.want || step.n > int(step.want) && !same(again, after(step.again)) {
				t.Errorf("%s: %d counted, want %d; again at +%v, want +%v", step.what, got, step.want, again.Sub(start), step.again)
			}
		}
		if got, _ := try("another key", 1); got != 1 {
			t.Error("one key's use is held against another")
		}
		if err := dbs[0].Write(t.Context(), "alpina", func(tx *store.Tx) error { _, err := tx.Count("key", 1, 1); return err }); err != nil {
			t.Error("one fund's use is held against another:", err)
		}
		// A limit of 0 is none.
		write(t, dbs[0], func(tx *store.Tx) error {
			for range 50 {
				if _, err := tx.Count("free", 0, 0); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// What could have happened: sixty-four guesses at once are each «the first».
func TestThrottle(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		const key, life = "key", 24 * time.Hour
		take := func(n int, then func(tx *store.Tx, th store.Throttle) error) (heard []int64) {
			t.Helper()
			var mu sync.Mutex
			together(n, dbs, func(_ int, db *store.DB) {
				var th store.Throttle
				err := db.Write(t.Context(), fund, func(tx *store.Tx) (err error) {
					if th, err = tx.TakeThrottle(key, life); err != nil {
						return err
					}
					return then(tx, th)
				})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					heard = append(heard, th.Wrong)
				case !errors.Is(err, store.ErrNone):
					t.Error(err)
				}
			})
			return heard
		}
		nothing := func(*store.Tx, store.Throttle) error { return nil }
		stands := func(what string, wrong int64, free time.Time) {
			t.Helper()
			err := dbs[len(dbs)-1].Read(t.Context(), fund, func(tx *store.Tx) error {
				th, err := tx.Throttle(key)
				if th.Wrong != wrong || !same(th.FreeAt, free) {
					t.Errorf("%s: %+v, want %d wrong and free at %v", what, th, wrong, free)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}

		stands("a stranger", 0, time.Time{})
		if n := len(take(64, nothing)); n != 64 {
			t.Errorf("%d of 64 heard", n)
		}
		stands("64 at once", 64, time.Time{})
		write(t, dbs[0], func(tx *store.Tx) error { return tx.FreeThrottle(key) })
		stands("after a right answer", 0, time.Time{})

		// The fifth sets a wait in its own transaction: nobody is heard after it.
		wait := func(tx *store.Tx, th store.Throttle) error {
			if th.Wrong < 5 {
				return nil
			}
			return tx.SetThrottle(key, tx.Now().Add(time.Minute))
		}
		if heard := take(64, wait); len(heard) != 5 {
			t.Errorf("heard %v, want five", heard)
		}
		stands("waiting", 5, after(time.Minute))
		c.at(time.Minute - time.Millisecond)
		err := dbs[0].Write(t.Context(), fund, func(tx *store.Tx) error {
			th, err := tx.TakeThrottle(key, life)
			if th.Wrong != 5 || !same(th.FreeAt, after(time.Minute)) {
				t.Errorf("refused with %+v", th)
			}
			return err
		})
		if !errors.Is(err, store.ErrNone) {
			t.Error("heard while it waits:", err)
		}
		c.at(time.Minute)
		if heard := take(1, wait); len(heard) != 1 || heard[0] != 6 {
			t.Errorf("after the wait: heard %v, want the sixth", heard)
		}
		write(t, dbs[0], func(tx *store.Tx) error { return tx.ForgiveThrottle(key) })
		stands("one forgiven", 5, after(2*time.Minute))

		// After a life without a try the count starts again.
		c.at(time.Minute + life - time.Millisecond)
		if heard := take(1, nothing); len(heard) != 1 || heard[0] != 6 {
			t.Errorf("just before its life ends: heard %v, want the sixth", heard)
		}
		c.add(life)
		if heard := take(1, nothing); len(heard) != 1 || heard[0] != 1 {
			t.Errorf("after its life: heard %v, want the first", heard)
		}
		// Forgiving never goes below none.
		write(t, dbs[0], func(tx *store.Tx) error {
			return errors.Join(tx.ForgiveThrottle(key), tx.ForgiveThrottle(key))
		})
		stands("forgiven twice", 0, after(2*time.Minute))
	})
}

// What could have happened: a restart gives everybody their tries back.
func TestCountersSurvive(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			where, ring, c := dbtest.New(t, engine), keys.New(nil), newClock()
			for i := range int64(3) {
				db, err := store.Open(t.Context(), where, store.Options{Keys: ring, Now: c.Now})
				if err != nil {
					t.Fatal(err)
				}
				write(t, db, func(tx *store.Tx) error {
					th, err := tx.TakeThrottle("key", time.Hour)
					if th.Wrong != i+1 {
						t.Errorf("start %d: %d wrong", i, th.Wrong)
					}
					return err
				})
				err = db.Write(t.Context(), fund, func(tx *store.Tx) error { _, err := tx.Count("key", 2, 0); return err })
				if (err == nil) != (i < 2) {
					t.Errorf("start %d: %v", i, err)
				}
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// What is long over is deleted, and nothing that still counts.
func TestForgetLimits(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		db := dbs[0]
		use := func(key string) {
			t.Helper()
			write(t, db, func(tx *store.Tx) error {
				_, err := tx.Count(key, 1, 1)
				_, err2 := tx.TakeThrottle(key, time.Hour)
				return errors.Join(err, err2)
			})
		}
		rows := func() (tallies, throttles int) {
			t.Helper()
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
				return errors.Join(tx.First(`SELECT count(*) FROM tally WHERE fund = ?1`, nil, &tallies),
					tx.First(`SELECT count(*) FROM throttle WHERE fund = ?1`, nil, &throttles))
			}))
			return tallies, throttles
		}
		use("old")
		use("waits")
		write(t, db, func(tx *store.Tx) error { return tx.SetThrottle("waits", tx.Now().Add(hours(1000))) })
		for _, step := range []struct {
			at                 time.Duration
			tallies, throttles int
		}{
			{hours(25), 2, 2}, {hours(25) + time.Millisecond, 2, 1}, {hours(48), 2, 1}, {hours(48) + time.Millisecond, 0, 1},
			{hours(1024), 0, 1}, {hours(1024) + time.Millisecond, 0, 0},
		} {
			c.at(step.at)
			write(t, db, func(tx *store.Tx) error { return tx.ForgetLimits() })
			if tallies, throttles := rows(); tallies != step.tallies || throttles != step.throttles {
				t.Errorf("+%v: %d counts and %d waits, want %d and %d", step.at, tallies, throttles, step.tallies, step.throttles)
			}
		}
	})
}
