package store_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

// What could have happened: a temporary password opens something when the other
// half bounced, was replaced or is too old; or it is used twice at one moment.
func TestHanded(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			c := newClock()
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Keys: keys.New(nil), Now: c.Now})
			hand := func(id string, life time.Duration) (h access.Handed) {
				write(t, db, func(tx *store.Tx) error {
					q := access.Question{Fund: fund, Member: "m" + id, Purpose: access.PurposeHandOver, Subject: "handed/" + id, Session: "handed/" + id}
					h = access.Handed{ID: id, Challenge: "c" + id, Member: q.Member, Hash: "hash " + id}
					if err := tx.AddChallenge(access.Challenge{ID: h.Challenge, Question: q, Left: 5, State: access.ChallengeOpen, MAC: []byte("mac"),
						IssuedAt: tx.Now(), ExpiresAt: tx.Now().Add(life)}, time.Time{}); err != nil {
						return err
					}
					return tx.HandOver(h)
				})
				return h
			}
			use := func(h access.Handed) error {
				return db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.UseHanded(h) })
			}
			good := hand("1", time.Hour)
			write(t, db, func(tx *store.Tx) error {
				if got, err := tx.Handed(good.Member); err != nil || got != good {
					t.Errorf("%+v, %v", got, err)
				}
				if got, err := tx.Handed("nobody"); err != nil || got != (access.Handed{}) {
					t.Errorf("%+v, %v", got, err)
				}
				return nil
			})
			other := good
			other.Hash = "hash 2"
			if err := use(other); !errors.Is(err, store.ErrNone) {
				t.Errorf("another hash: %v", err)
			}
			var used atomic.Int64
			var all sync.WaitGroup
			for range 16 {
				all.Go(func() {
					if err := use(good); err == nil {
						used.Add(1)
					} else if !errors.Is(err, store.ErrNone) {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if used.Load() != 1 {
				t.Errorf("used %d times", used.Load())
			}
			write(t, db, func(tx *store.Tx) error {
				if got, err := tx.Handed(good.Member); err != nil || got.Hash != "" {
					t.Errorf("used: %+v, %v", got, err)
				}
				return nil
			})
			bounced, old := hand("3", time.Hour), hand("4", time.Minute)
			write(t, db, func(tx *store.Tx) error { return tx.EndChallenge(bounced.Challenge, access.ChallengeBounced) })
			if err := use(bounced); !errors.Is(err, store.ErrNone) {
				t.Errorf("bounced: %v", err)
			}
			c.add(time.Minute)
			if err := use(old); !errors.Is(err, store.ErrNone) {
				t.Errorf("too old: %v", err)
			}
			write(t, db, func(tx *store.Tx) error { return tx.ForgetHanded(tx.Now().Add(time.Second)) })
			write(t, db, func(tx *store.Tx) error {
				if got, err := tx.Handed(old.Member); err != nil || got.Hash != "" {
					t.Errorf("forgotten: %+v, %v", got, err)
				}
				return nil
			})
		})
	}
}

func TestMobiles(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Keys: keys.New(nil), Now: newClock().Now})
			const number, second = "+393009399047", "+393009399048"
			im, err := begin(t, db, "march")
			ok(t, err)
			write(t, db, func(tx *store.Tx) error {
				for _, e := range []access.Entry{
					{ID: "1", Member: "m1", Number: "1", Record: access.Record{Mobile: number}},
					{ID: "2", Member: "m1", Number: "2", Record: access.Record{Mobile: number}}, // another position of the same person
					{ID: "3", Member: "m2", Number: "3", Record: access.Record{Mobile: second}},
					{ID: "4", Member: "m3", Number: "4"},
				} {
					e.Version, e.Login = im.Version, e.ID
					if err := tx.AddEntry(e); err != nil {
						return err
					}
				}
				return nil
			})
			holders := func(number string) (n int) {
				write(t, db, func(tx *store.Tx) (err error) { n, err = tx.MobileHolders(number); return err })
				return n
			}
			if n := holders(number); n != 0 {
				t.Errorf("%d people before it is published", n)
			}
			ok(t, publish(t, db, im))
			if a, b, none := holders(number), holders(second), holders(""); a != 1 || b != 1 || none != 0 {
				t.Errorf("%d, %d and %d people", a, b, none)
			}
			im, err = begin(t, db, "april")
			ok(t, err)
			write(t, db, func(tx *store.Tx) error {
				return tx.ChangeEntry(access.Entry{ID: "3", Member: "m2", Number: "3", Login: "3", Version: im.Version, Record: access.Record{Mobile: number}})
			})
			ok(t, publish(t, db, im))
			if a, b := holders(number), holders(second); a != 2 || b != 0 {
				t.Errorf("after a change %d and %d people", a, b)
			}

			write(t, db, func(tx *store.Tx) error {
				for i, want := range []bool{false, true, false} {
					if lost, err := tx.FailMobile("m1", number, 2); err != nil || lost != want {
						t.Errorf("failure %d: lost %t, %v", i+1, lost, err)
					}
				}
				got, err := tx.MobileTrust("m1", number)
				if err != nil || got.Failures != 3 || got.LostAt.IsZero() || got.LostWhy != "failed" || !got.At.IsZero() {
					t.Errorf("lost: %+v, %v", got, err)
				}
				if err := tx.TrustMobile(access.MobileTrust{Member: "m1", Source: "sms", By: "J"}, number); err != nil {
					return err
				}
				got, err = tx.MobileTrust("m1", number)
				if err != nil || got.Failures != 0 || !got.LostAt.IsZero() || got.Source != "sms" || got.By != "J" || !got.At.Equal(tx.Now()) {
					t.Errorf("earned again: %+v, %v", got, err)
				}
				if got, err := tx.MobileTrust("m2", number); err != nil || got != (access.MobileTrust{}) {
					t.Errorf("another's: %+v, %v", got, err)
				}
				return nil
			})
		})
	}
}

// One open case for each person and reason; one without a kind is none.
func TestCasesAndPINs(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Keys: keys.New(nil), Now: newClock().Now})
			write(t, db, func(tx *store.Tx) error {
				for _, c := range []access.Case{{Member: "m1", Why: "sent"}, {Kind: "recovery", Member: "m1", Why: "limit"},
					{Kind: "recovery", Member: "m1", Why: "limit"}, {Kind: "recovery", Member: "m2", Why: "limit"}, {Kind: "half_delivered", Member: "m1", Why: "email_bounced"}} {
					if err := tx.OpenCase(c); err != nil {
						return err
					}
				}
				all, err := tx.Cases(10)
				var got []string
				for _, c := range all {
					got = append(got, c.Kind+" "+c.Member+" "+c.Why)
					if !c.At.Equal(tx.Now()) || c.ID == "" {
						t.Errorf("%+v", c)
					}
				}
				slices.Sort(got)
				if want := []string{"half_delivered m1 email_bounced", "recovery m1 limit", "recovery m2 limit"}; !slices.Equal(got, want) {
					t.Errorf("%q, want %q", got, want)
				}
				if err != nil {
					return err
				}

				if p, err := tx.PIN("m1"); err != nil || p != (access.PIN{}) {
					t.Errorf("%+v, %v", p, err)
				}
				for _, hash := range []string{"one", "two"} {
					if err := tx.SetPIN("m1", hash); err != nil {
						return err
					}
				}
				if p, err := tx.PIN("m1"); err != nil || p.Hash != "two" || !p.MadeAt.Equal(tx.Now()) {
					t.Errorf("%+v, %v", p, err)
				}
				if err := tx.SamePIN("m1", "two"); err != nil {
					t.Error(err)
				}
				if err := tx.SamePIN("m1", "one"); !errors.Is(err, store.ErrNone) {
					t.Errorf("changed meanwhile: %v", err)
				}

				if err := tx.SetPassword(access.Credential{Member: "m1", Hash: "h", Source: "registry"}); err != nil {
					return err
				}
				for i := range 3 {
					err := tx.PostponePassword("m1", 2)
					if errors.Is(err, store.ErrNone) != (i == 2) {
						t.Errorf("time %d: %v", i+1, err)
					}
				}
				if c, err := tx.Password("m1"); err != nil || c.Postponed != 2 {
					t.Errorf("%+v, %v", c, err)
				}
				if err := tx.SetPassword(access.Credential{Member: "m1", Hash: "h2", Source: "member"}); err != nil {
					return err
				}
				if c, err := tx.Password("m1"); err != nil || c.Postponed != 0 {
					t.Errorf("a new one: %+v, %v", c, err)
				}
				return nil
			})
		})
	}
}
