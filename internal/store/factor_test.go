package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

func name(member, name, journey string) access.Username {
	return access.Username{Member: member, Name: name, Address: "As." + name, Journey: journey}
}

// What could have happened: two people have one address, and a code for the one
// goes to the other; or an address that was left in an enrolment is lost for good
// (S-19, S-21).
func TestUsernames(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			c := newClock()
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Keys: ring, Now: c.Now})
			im, err := begin(t, db, "march")
			ok(t, err)
			write(t, db, func(tx *store.Tx) error { return tx.AddEntry(entry("1", im)) })
			ok(t, publish(t, db, im))
			member := entry("1", im).Member
			taken := func(by string, want bool) {
				t.Helper()
				ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
					got, err := tx.UsernameTaken(by, "a@posta.example")
					if got != want {
						t.Errorf("taken for %s: %t", by, got)
					}
					return err
				}))
			}
			try := func(f func(tx *store.Tx) error, want error) {
				t.Helper()
				if err := db.Write(t.Context(), fund, f); !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
			}
			reserve := func(who string) func(*store.Tx) error {
				return func(tx *store.Tx) error {
					return tx.ReserveUsername(name(who, "a@posta.example", "j1"), after(hours(24)))
				}
			}
			taken("m2", false)
			try(reserve("m2"), nil)
			try(reserve("m2"), nil) // in another journey
			try(reserve(member), store.ErrNone)
			taken("m2", false)
			taken(member, true)
			c.add(hours(24))
			taken(member, false)
			try(func(tx *store.Tx) error { return tx.UseUsername(name(member, "a@posta.example", "j2")) }, nil)
			try(func(tx *store.Tx) error { return tx.UseUsername(name("m2", "a@posta.example", "j1")) }, store.ErrNone)
			try(func(tx *store.Tx) error { return tx.DropUsernames() }, nil)
			taken("m2", true)
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
				found, err := tx.MembersByUsername("a@posta.example")
				if len(found) != 1 || found[0].ID != member {
					t.Errorf("found %+v", found)
				}
				u, nameErr := tx.Username(member)
				if want := (access.Username{Member: member, Name: "a@posta.example", Address: "As.a@posta.example", Active: true, Journey: "j2"}); u != want {
					t.Errorf("%+v", u)
				}
				return errors.Join(err, nameErr)
			}))
			// A new one takes the place of the old, which is free.
			try(func(tx *store.Tx) error { return tx.UseUsername(name(member, "b@posta.example", "j3")) }, nil)
			taken("m2", false)
			try(func(tx *store.Tx) error { return tx.UseUsername(name("m2", "a@posta.example", "j1")) }, nil)
		})
	}
}

// Codes come in one way at a time: from an app, or to an address. An app that is
// replaced leaves no secret.
func TestOneWay(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			c := newClock()
			where := dbtest.New(t, engine)
			db := dbtest.Open(t, where, store.Options{Keys: ring, Now: c.Now})
			is := func(id string, kind access.Kind, secret, ended string) {
				t.Helper()
				ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
					now, err := tx.Channel("m1")
					old, oldErr := tx.EndedChannel("m1")
					if now.ID != id || now.Kind != kind || string(now.Secret) != secret || old.ID != ended || len(old.Secret) > 0 {
						t.Errorf("now %+v, before %+v", now, old)
					}
					return errors.Join(err, oldErr)
				}))
			}
			is("", "", "", "")
			write(t, db, func(tx *store.Tx) error { return tx.UseChannel(channel("c1", "m1", "+41701234567")) })
			c.add(time.Second)
			write(t, db, func(tx *store.Tx) error {
				return tx.UseApp(access.Channel{ID: "f1", Member: "m1", Secret: []byte("one")})
			})
			is("f1", access.TOTP, "one", "c1")
			c.add(time.Second)
			write(t, db, func(tx *store.Tx) error {
				return tx.UseApp(access.Channel{ID: "f2", Member: "m1", Secret: []byte("two")})
			})
			is("f2", access.TOTP, "two", "f1")
			c.add(time.Second)
			write(t, db, func(tx *store.Tx) error { return tx.UseChannel(channel("c2", "m1", "+41701234568")) })
			is("c2", channel("", "", "").Kind, "", "f2")
			var left int
			if err := dbtest.Raw(t, where).QueryRow(`SELECT count(*) FROM factor WHERE length(secret) > 0`).Scan(&left); err != nil || left != 0 {
				t.Errorf("%d secrets left, %v", left, err)
			}
		})
	}
}

// What could have happened: of two letters with one backup code, or two nodes with
// one step of the clock, both see that it is unused.
func TestOnceEach(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			c := newClock()
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Keys: ring, Now: c.Now, Conns: 8})
			write(t, db, func(tx *store.Tx) error { return tx.SetRecoveryCodes("m1", [][]byte{[]byte("a"), []byte("b")}) })
			for what, f := range map[string]func(tx *store.Tx, i int) error{
				"backup code": func(tx *store.Tx, _ int) error { return tx.UseRecoveryCode("m1", []byte("a")) },
				"step":        func(tx *store.Tx, i int) error { return tx.TakeStep("m1", 42, fmt.Sprint("c", i)) },
			} {
				var won atomic.Int64
				var all sync.WaitGroup
				for i := range 32 {
					all.Go(func() {
						err := db.Write(t.Context(), fund, func(tx *store.Tx) error { return f(tx, i) })
						if err == nil {
							won.Add(1)
						} else if !errors.Is(err, store.ErrNone) {
							t.Error(err)
						}
					})
				}
				all.Wait()
				if won.Load() != 1 {
					t.Errorf("%s: %d had it", what, won.Load())
				}
			}
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
				if n, err := tx.CountRecoveryCodes("m1"); n != 1 || err != nil {
					t.Errorf("%d left, %v", n, err)
				}
				return nil
			}))
			for _, other := range []struct{ member, code string }{{"m2", "b"}, {"m1", "c"}} {
				err := db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.UseRecoveryCode(other.member, []byte(other.code)) })
				if !errors.Is(err, store.ErrNone) {
					t.Errorf("%s of %s: %v", other.code, other.member, err)
				}
			}
		})
	}
}
