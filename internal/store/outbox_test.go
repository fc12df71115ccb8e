package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

func message(id string) access.Message {
	return access.Message{ID: id, Member: "m", Challenge: "c" + id, Kind: access.Email, To: id + "@example.it", Lang: "it", Key: "code",
		ExpiresAt: start.Add(5 * time.Minute), Args: []access.Arg{{Name: "code", Value: "123456"}}}
}

// claims takes messages of one kind.
func claims(t *testing.T, db *store.DB, kind access.Kind, most int, holder string, lease time.Duration) (all []store.Claim) {
	t.Helper()
	write(t, db, func(tx *store.Tx) (err error) {
		all, err = tx.Claim(kind, most, holder, tx.Now().Add(lease), tx.Now().Add(lease))
		return err
	})
	return all
}

// claim takes the next e-mail, or reports ErrNone.
func claim(t *testing.T, db *store.DB, holder string, lease time.Duration) (c store.Claim, err error) {
	t.Helper()
	if all := claims(t, db, access.Email, 1, holder, lease); len(all) > 0 {
		return all[0], nil
	}
	return c, store.ErrNone
}

func finish(t *testing.T, db *store.DB, c store.Claim, state access.MessageState) error {
	t.Helper()
	return db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.Finish(c, state, "provider", "said") })
}

// What could have happened: two workers take the same message at the same
// moment, and a member gets every code twice.
func TestClaimedOnce(t *testing.T) {
	onNodes(t, func(t *testing.T, _ *clock, dbs []*store.DB) {
		const messages, workers = 120, 8
		want := map[string]bool{}
		write(t, dbs[0], func(tx *store.Tx) error {
			for i := range messages {
				m := message(fmt.Sprintf("m%03d", i))
				want[m.ID] = true
				if err := tx.Post(m); err != nil {
					return err
				}
			}
			return nil
		})
		var mu sync.Mutex
		claimed := map[string]int{}
		together(workers, dbs, func(i int, db *store.DB) {
			for {
				c, err := claim(t, db, fmt.Sprint("worker", i), time.Hour)
				if errors.Is(err, store.ErrNone) {
					// Another may have been faster: it is over when nothing is due.
					if n := due(t, db); n == 0 {
						return
					}
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if c.To != c.ID+"@example.it" || c.Args[0].Value != "123456" || c.Fence != 1 || c.Tries != 1 {
					t.Errorf("claimed %+v", c)
				}
				mu.Lock()
				claimed[c.ID]++
				mu.Unlock()
				if err := finish(t, db, c, access.MessageSent); err != nil {
					t.Error(err)
				}
			}
		})
		for id := range want {
			if claimed[id] != 1 {
				t.Errorf("%s was claimed %d times", id, claimed[id])
			}
		}
		ok(t, dbs[0].Read(t.Context(), fund, func(tx *store.Tx) error {
			states, err := tx.MessageStates()
			if !reflect.DeepEqual(states, map[access.MessageState]int{access.MessageSent: messages}) {
				t.Error(states)
			}
			return err
		}))
	})
}

func due(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	ok(t, db.Across(t.Context(), func(a *store.All) error {
		queues, err := a.WithMail()
		n = len(queues)
		return err
	}))
	return n
}

// What could have happened: a worker stops for longer than its lease, wakes up,
// and closes a message that another has sent again meanwhile (F13).
func TestFence(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		db, other := dbs[0], dbs[len(dbs)-1]
		write(t, db, func(tx *store.Tx) error { return tx.Post(message("m")) })
		old, err := claim(t, db, "one", time.Minute)
		ok(t, err)
		if _, err := claim(t, other, "two", time.Minute); !errors.Is(err, store.ErrNone) {
			t.Error("claimed while another holds it:", err)
		}
		if n := due(t, db); n != 0 {
			t.Error("a message in somebody's hands is due")
		}
		c.at(time.Minute - time.Millisecond)
		if _, err := claim(t, other, "two", time.Minute); !errors.Is(err, store.ErrNone) {
			t.Error("claimed a millisecond before the lease ends:", err)
		}
		c.at(time.Minute)
		if n := due(t, db); n != 1 {
			t.Error("a message whose lease ended is not due")
		}
		fresh, err := claim(t, other, "two", time.Minute)
		ok(t, err)
		if fresh.Fence != old.Fence+1 || fresh.Tries != 2 {
			t.Errorf("fence %d after %d, try %d", fresh.Fence, old.Fence, fresh.Tries)
		}
		if err := finish(t, db, old, access.MessageSent); !errors.Is(err, store.ErrNone) {
			t.Error("an old holder finished it:", err)
		}
		delay := func(c store.Claim) error {
			return db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.Delay(c, after(10*time.Minute), "busy") })
		}
		if err := delay(old); !errors.Is(err, store.ErrNone) {
			t.Error("an old holder put it back:", err)
		}

		// Put back, it waits; then it is anybody's.
		ok(t, delay(fresh))
		c.at(10*time.Minute - time.Millisecond)
		if _, err := claim(t, db, "one", time.Minute); !errors.Is(err, store.ErrNone) || due(t, db) != 0 {
			t.Error("claimed before its time:", err)
		}
		c.at(10 * time.Minute)
		third, err := claim(t, db, "one", time.Minute)
		ok(t, err, finish(t, db, third, access.MessageFailed))
		for what, err := range map[string]error{"finished": finish(t, db, third, access.MessageSent), "put back": delay(third)} {
			if !errors.Is(err, store.ErrNone) {
				t.Errorf("%s after its final state: %v", what, err)
			}
		}
		c.add(time.Hour)
		if _, err := claim(t, db, "one", time.Minute); !errors.Is(err, store.ErrNone) {
			t.Error("claimed after its final state:", err)
		}
	})
}

// Who waited longest goes first, and a message not yet due does not hold up one
// that is.
func TestClaimOrder(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		db := dbs[0]
		for _, id := range []string{"b", "a", "c"} {
			write(t, db, func(tx *store.Tx) error { return tx.Post(message(id)) })
			c.add(time.Second)
		}
		first, err := claim(t, db, "one", time.Minute)
		ok(t, err, db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.Delay(first, after(time.Hour), "busy") }))
		got := first.ID
		for range 2 {
			next, err := claim(t, db, "one", time.Minute)
			ok(t, err)
			got += next.ID
		}
		if got != "bac" {
			t.Errorf("claimed in the order %s, want bac", got)
		}
		if _, err := claim(t, db, "one", time.Minute); !errors.Is(err, store.ErrNone) {
			t.Error(err)
		}
		ok(t, db.Write(t.Context(), "alpina", func(tx *store.Tx) error {
			all, err := tx.Claim(access.Email, 9, "one", after(time.Hour), after(time.Hour))
			if len(all) > 0 {
				t.Error("another fund's message:", all)
			}
			return err
		}))
	})
}

// At the final state nothing of the address or the code is left, and what can be
// asked about the message still can.
func TestBodyErased(t *testing.T) {
	for _, engine := range dbtest.Engines {
		for _, state := range []access.MessageState{access.MessageSent, access.MessageFailed, access.MessageExpired, access.MessageDiscarded} {
			t.Run(engine+" "+string(state), func(t *testing.T) {
				c := newClock()
				where := dbtest.New(t, engine)
				db := dbtest.Open(t, where, store.Options{Keys: keys.New(nil), Now: c.Now})
				raw := dbtest.Raw(t, where)
				body := func() (n int) {
					t.Helper()
					ok(t, raw.QueryRow(`SELECT length(body) FROM outbox`).Scan(&n))
					return n
				}
				write(t, db, func(tx *store.Tx) error { return tx.Post(message("m")) })
				if n := body(); n < 50 {
					t.Errorf("a body of %d bytes before it is sent", n)
				}
				c.add(time.Second)
				claimed, err := claim(t, db, "one", time.Minute)
				ok(t, err)
				want := message("m")
				want.Fund, want.QueuedAt, want.Tries, want.State = fund, start, 1, access.MessageQueued
				if !reflect.DeepEqual(claimed.Message, want) {
					t.Errorf("claimed %+v, want %+v", claimed.Message, want)
				}
				ok(t, finish(t, db, claimed, state))
				if n := body(); n != 0 {
					t.Errorf("%d bytes of body left", n)
				}
				ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
					m, ended, err := tx.MessageOf("cm")
					if m.State != state || !ended.Equal(after(time.Second)) || m.Kind != access.Email {
						t.Errorf("%+v ended %v", m, ended)
					}
					if _, _, err := tx.MessageOf("unknown"); !errors.Is(err, store.ErrNone) {
						t.Error(err)
					}
					return err
				}))
			})
		}
	}
}

// What could have happened: one row whose key is gone stands before all others
// for ever; or a worker that died with a code in its hands holds it for longer
// than the code lives.
func TestClaimUnreadableAndSoon(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			c := newClock()
			where, ring := dbtest.New(t, engine), keys.New(nil)
			db := dbtest.Open(t, where, store.Options{Keys: ring, Now: c.Now})
			write(t, db, func(tx *store.Tx) error { return tx.Post(message("code")) })
			c.add(time.Second)
			write(t, db, func(tx *store.Tx) error {
				letter := message("letter")
				letter.ExpiresAt = time.Time{}
				return tx.Post(letter)
			})
			take := func() (got store.Claim, err error) {
				err = db.Write(t.Context(), fund, func(tx *store.Tx) error {
					all, err := tx.Claim(access.Email, 1, "one", tx.Now().Add(time.Hour), tx.Now().Add(time.Minute))
					if err == nil && len(all) == 0 {
						return store.ErrNone
					}
					if err == nil {
						got = all[0]
					}
					return err
				})
				return got, err
			}
			for _, want := range []string{"code", "letter"} {
				if got, err := take(); err != nil || got.ID != want || got.Unreadable || got.To == "" {
					t.Errorf("took %+v, %v; want %s", got, err, want)
				}
			}
			c.add(time.Minute)
			got, err := take()
			if err != nil || got.ID != "code" {
				t.Errorf("after a minute: %+v, %v", got, err)
			}
			if _, err := take(); !errors.Is(err, store.ErrNone) {
				t.Error("what does not expire was given up as soon as what does:", err)
			}

			// Under other keys nothing can be read: it can be closed all the same.
			c.add(time.Hour)
			db = dbtest.Open(t, where, store.Options{Keys: keys.New(nil), Now: c.Now})
			for range 2 {
				got, err := take()
				if err != nil || !got.Unreadable || got.To != "" || len(got.Args) != 0 {
					t.Fatalf("took %+v, %v", got, err)
				}
				ok(t, finish(t, db, got, access.MessageFailed))
			}
			if _, err := take(); !errors.Is(err, store.ErrNone) {
				t.Error(err)
			}
		})
	}
}
