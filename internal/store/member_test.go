package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
)

func channel(id, member, address string) access.Channel {
	return access.Channel{ID: id, Member: member, Kind: access.Email, Address: address, Source: "registry", OnFile: start}
}

// What could have happened: two members prove one mailbox at the same moment,
// and each gets the other's codes (F-35).
func TestChannel(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		db := dbs[0]
		use := func(db *store.DB, c access.Channel) error {
			return db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.UseChannel(c) })
		}
		is := func(member, address string) {
			t.Helper()
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
				got, err := tx.Channel(member)
				if got.Address != address {
					t.Errorf("%s has %q, want %q", member, got.Address, address)
				}
				return err
			}))
		}
		is("anna", "")
		ok(t, use(db, channel("1", "anna", "Anna@example.it")))
		is("anna", "Anna@example.it")
		for _, shared := range []string{"Anna@example.it", " anna@EXAMPLE.it "} {
			if err := use(db, channel("2", "bruno", shared)); !errors.Is(err, store.ErrNone) {
				t.Errorf("%q is shared: %v", shared, err)
			}
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
				his, err := tx.AddressUsed("bruno", access.Email, shared)
				hers, err2 := tx.AddressUsed("anna", access.Email, shared)
				other, err3 := tx.AddressUsed("bruno", access.SMS, shared)
				if !his || hers || other {
					t.Errorf("%q is used: for bruno %t, for anna herself %t, as another kind %t", shared, his, hers, other)
				}
				return errors.Join(err, err2, err3)
			}))
		}
		is("bruno", "")

		// A new one ends the old, whose address is free for others from then on.
		c.add(time.Hour)
		ok(t, use(db, channel("3", "anna", "new@example.it")))
		is("anna", "new@example.it")
		ok(t, use(db, channel("4", "bruno", "anna@example.it")))
		is("bruno", "anna@example.it")

		// Sixty-four members at once prove one address: one has it.
		var won atomic.Int64
		together(64, dbs, func(i int, db *store.DB) {
			switch err := use(db, channel(fmt.Sprint("x", i), fmt.Sprint("member", i), "one@example.it")); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, store.ErrNone):
				t.Error(err)
			}
		})
		if won.Load() != 1 {
			t.Errorf("%d members have one address", won.Load())
		}
		// Eight addresses at once for one member: one is in use.
		for i := range 12 {
			member := fmt.Sprint("first", i)
			together(8, dbs, func(n int, db *store.DB) {
				err := use(db, channel(fmt.Sprint(member, n), member, fmt.Sprint(member, n, "@example.it")))
				if err != nil && !errors.Is(err, store.ErrNone) {
					t.Error(err)
				}
			})
			var inUse int
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
				return tx.First(`SELECT count(*) FROM channel WHERE fund = ?1 AND member = ?2 AND ended_at = 0`, []any{member}, &inUse)
			}))
			if inUse != 1 {
				t.Errorf("%s has %d channels in use", member, inUse)
			}
		}
		if err := db.Write(t.Context(), "alpina", func(tx *store.Tx) error { return tx.UseChannel(channel("1", "zoe", "one@example.it")) }); err != nil {
			t.Error("another fund's member has the address:", err)
		}
	})
}

func TestPassword(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		db := dbs[0]
		is := func(want access.Credential) {
			t.Helper()
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
				got, err := tx.Password("anna")
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got %+v, want %+v", got, want)
				}
				return err
			}))
		}
		do := func(f func(*store.Tx) error) { t.Helper(); write(t, db, f) }
		is(access.Credential{})
		do(func(tx *store.Tx) error { return tx.PasswordDue("anna") })
		is(access.Credential{})
		a := access.Credential{Member: "anna", Kind: "password", Hash: "one", Source: "registry", MadeAt: start}
		do(func(tx *store.Tx) error { return tx.SetPassword(a) })
		is(a)
		do(func(tx *store.Tx) error { return tx.Rehash("anna", "other", "stolen") }) // it was changed meanwhile
		is(a)
		do(func(tx *store.Tx) error { return tx.Rehash("anna", "one", "stronger") })
		a.Hash = "stronger"
		is(a)
		do(func(tx *store.Tx) error { return tx.PasswordDue("anna") })
		a.DueAt = start
		is(a)
		same := func(member, hash string, want error) {
			t.Helper()
			err := db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.SamePassword(member, hash) })
			if !errors.Is(err, want) {
				t.Errorf("%s's password is still %q: %v, want %v", member, hash, err, want)
			}
		}
		same("anna", "stronger", nil)
		same("anna", "one", store.ErrNone)
		same("anna", "", store.ErrNone)
		same("bruno", "", nil)
		same("bruno", "one", store.ErrNone)
		c.add(time.Minute)
		b := access.Credential{Member: "anna", Kind: "password", Hash: "two", Source: "member", MadeAt: after(time.Minute)}
		do(func(tx *store.Tx) error { return tx.SetPassword(b) })
		is(b)
	})
}

// What could have happened: the member presses «continue» twice, both requests
// do the step, and the second does it to what the first left.
func TestJourney(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		db := dbs[0]
		j := access.Journey{ID: "j1", Fund: fund, Member: "anna", Goal: "secure_channel", Lang: "it", Session: "s", Device: "d", Agent: "Firefox",
			Channel: access.Email, Address: "anna@example.it", Password: "$argon2id$", State: "open", StartedAt: start, ExpiresAt: after(time.Hour)}
		find := func(id string) (got access.Journey, err error) {
			err = db.Read(t.Context(), fund, func(tx *store.Tx) (err error) { got, err = tx.Journey(id); return err })
			return got, err
		}
		add := func(j access.Journey) {
			t.Helper()
			write(t, db, func(tx *store.Tx) error { return tx.AddJourney(j) })
		}
		add(j)
		if got, err := find("j1"); err != nil || !reflect.DeepEqual(got, j) {
			t.Errorf("got %+v, %v; want %+v", got, err, j)
		}
		var moved atomic.Int64
		together(16, dbs, func(_ int, db *store.DB) {
			switch err := db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.MoveJourney(j, 1, "open") }); {
			case err == nil:
				moved.Add(1)
			case !errors.Is(err, store.ErrNone):
				t.Error(err)
			}
		})
		if got, _ := find("j1"); moved.Load() != 1 || got.At != 1 {
			t.Errorf("moved %d times, stands at %d", moved.Load(), got.At)
		}
		// Another with the same goal in the same session drops it; in another session not.
		other := j
		other.ID, other.Session = "j2", "elsewhere"
		add(other)
		again := j
		again.ID = "j3"
		add(again)
		for id, state := range map[string]string{"j1": "dropped", "j2": "open", "j3": "open"} {
			if got, err := find(id); err != nil || got.State != state {
				t.Errorf("%s is %s, want %s; %v", id, got.State, state, err)
			}
		}
		j.At = 1
		if err := db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.MoveJourney(j, 2, "open") }); !errors.Is(err, store.ErrNone) {
			t.Error("a dropped journey moved:", err)
		}
		write(t, db, func(tx *store.Tx) error { return tx.DropJourneys("anna", "j3") })
		if got, _ := find("j2"); got.State != "dropped" {
			t.Error(got.State)
		}
		if got, _ := find("j3"); got.State != "open" {
			t.Error("the one to keep is", got.State)
		}
		j.ID = "j4"
		j.At = 0
		add(j)
		c.at(time.Hour - time.Millisecond)
		if _, err := find("j4"); err != nil {
			t.Error("a millisecond before its end:", err)
		}
		c.at(time.Hour)
		if _, err := find("j4"); !errors.Is(err, store.ErrNone) {
			t.Error("at its end:", err)
		}
		if err := db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.MoveJourney(j, 1, "open") }); !errors.Is(err, store.ErrNone) {
			t.Error("moved at its end:", err)
		}
	})
}

func TestSession(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		db := dbs[0]
		s := access.Session{ID: "s1", Fund: fund, Member: "anna", Level: access.LevelRead, Method: "password", Lang: "it", Device: "d", Agent: "Firefox",
			StartedAt: start, SeenAt: start, EndsAt: after(hours(8))}
		find := func(id string) (got access.Session, err error) {
			err = db.Read(t.Context(), fund, func(tx *store.Tx) (err error) { got, err = tx.Session(id); return err })
			return got, err
		}
		write(t, db, func(tx *store.Tx) error { return tx.AddSession(s) })
		if got, err := find("s1"); err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("got %+v, %v; want %+v", got, err, s)
		}
		if _, err := find("unknown"); !errors.Is(err, store.ErrNone) {
			t.Error(err)
		}
		// Being seen never goes backwards, and ends with the session.
		for _, at := range []time.Duration{2 * time.Minute, time.Minute} {
			write(t, db, func(tx *store.Tx) error { return tx.SeenSession("s1", after(at)) })
		}
		if got, _ := find("s1"); !got.SeenAt.Equal(after(2 * time.Minute)) {
			t.Error("seen at", got.SeenAt)
		}
		for i, id := range []string{"s2", "s3"} {
			c.at(time.Duration(i+1) * time.Minute)
			other := s
			other.ID = id
			write(t, db, func(tx *store.Tx) error { return tx.AddSession(other) })
		}
		ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
			ss, err := tx.SessionsOf("anna", 2)
			if len(ss) != 2 || ss[0].ID != "s3" || ss[1].ID != "s2" {
				t.Errorf("%+v", ss)
			}
			return err
		}))
		end := func(member, id string) error {
			return db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.EndSession(member, id) })
		}
		if err := end("bruno", "s3"); !errors.Is(err, store.ErrNone) {
			t.Error("another member's session:", err)
		}
		ok(t, end("anna", "s3"))
		if err := end("anna", "s3"); !errors.Is(err, store.ErrNone) {
			t.Error("ended twice:", err)
		}
		write(t, db, func(tx *store.Tx) error {
			ended, err := tx.EndOtherSessions("anna", "s1")
			if !reflect.DeepEqual(ended, []string{"s2"}) {
				t.Errorf("ended %v", ended)
			}
			return err
		})
		for id, lives := range map[string]bool{"s1": true, "s2": false, "s3": false} {
			if got, err := find(id); err != nil || got.EndedAt.IsZero() != lives {
				t.Errorf("%s: ended %v, %v", id, got.EndedAt, err)
			}
		}
		write(t, db, func(tx *store.Tx) error { return tx.SeenSession("s3", after(time.Hour)) })
		if got, _ := find("s3"); got.SeenAt.Equal(after(time.Hour)) {
			t.Error("an ended session was seen")
		}
	})
}

// What could have happened: two requests of a new browser arrive together, and
// one fails on a key that the other made.
func TestDevice(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		db := dbs[0]
		find := func(id, member string) (d access.Device, err error) {
			err = db.Read(t.Context(), fund, func(tx *store.Tx) (err error) { d, err = tx.Device(id, member); return err })
			return d, err
		}
		if _, err := find("d", "anna"); !errors.Is(err, store.ErrNone) {
			t.Error(err)
		}
		use := func(db *store.DB, d access.Device) error {
			return db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.UseDevice(d) })
		}
		together(16, dbs, func(_ int, db *store.DB) {
			if err := use(db, access.Device{ID: "d", Member: "anna", Agent: "Firefox"}); err != nil {
				t.Error(err)
			}
		})
		want := access.Device{ID: "d", Member: "anna", Agent: "Firefox", FirstAt: start, SeenAt: start}
		is := func(what string) {
			t.Helper()
			if got, err := find("d", "anna"); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %+v, %v; want %+v", what, got, err, want)
			}
		}
		is("first")
		c.add(time.Minute)
		ok(t, use(db, access.Device{ID: "d", Member: "anna", Agent: "Firefox 2", Proved: after(time.Minute)}))
		want.Agent, want.Proved, want.SeenAt = "Firefox 2", after(time.Minute), after(time.Minute)
		is("proved")
		c.add(time.Minute)
		ok(t, use(db, access.Device{ID: "d", Member: "anna", Agent: "Firefox 2"}))
		want.SeenAt = after(2 * time.Minute)
		is("used without a code: still proved")
		// A shared browser is known for each member apart, and forgotten apart.
		ok(t, use(db, access.Device{ID: "d", Member: "bruno"}), use(db, access.Device{ID: "e", Member: "anna"}))
		write(t, db, func(tx *store.Tx) error { return tx.ForgetDevices("anna", "e") })
		for _, d := range []struct {
			id, member string
			there      bool
		}{{"d", "anna", false}, {"e", "anna", true}, {"d", "bruno", true}} {
			if _, err := find(d.id, d.member); (err == nil) != d.there {
				t.Errorf("%s of %s: %v", d.id, d.member, err)
			}
		}
	})
}
