package store_test

import (
	"errors"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
)

// What could have happened: the member is shown one IBAN, changes it in a second
// tab, and the code for the first confirms the second (security.md 4.5).
func TestOperation(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		db := dbs[0]
		o := access.Operation{ID: "o1", Fund: fund, Member: "anna", Session: "s", Act: "iban", Number: "N1", Lang: "it",
			Values: access.Values{"iban": "IT60X0542811101000000123456"}, State: access.OperationDraft, DraftedAt: start, ChangedAt: start}
		find := func() (got access.Operation) {
			t.Helper()
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) (err error) { got, err = tx.Operation("anna", "o1"); return err }))
			return got
		}
		do := func(f func(*store.Tx) error) error { return db.Write(t.Context(), fund, f) }
		none := func(what string, err error) {
			t.Helper()
			if !errors.Is(err, store.ErrNone) {
				t.Errorf("%s: %v", what, err)
			}
		}
		confirm := func(db *store.DB, o access.Operation, challenge string) error {
			return db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.ConfirmOperation(o, challenge) })
		}

		ok(t, do(func(tx *store.Tx) error { return tx.AddOperation(o) }))
		if got := find(); !reflect.DeepEqual(got, o) {
			t.Errorf("got %+v, want %+v", got, o)
		}
		none("added twice", do(func(tx *store.Tx) error { return tx.AddOperation(o) }))
		twin := o
		twin.ID = "o2"
		none("a number twice", do(func(tx *store.Tx) error { return tx.AddOperation(twin) }))
		none("somebody else's", db.Read(t.Context(), fund, func(tx *store.Tx) error { _, err := tx.Operation("bruno", "o1"); return err }))
		none("confirmed without a code", confirm(db, o, ""))

		ok(t, do(func(tx *store.Tx) error { return tx.CodeOperation(o, "c1") }))
		old := find()
		stranger := old
		stranger.Session = "s2"
		ok(t, do(func(tx *store.Tx) error { return tx.CodeOperation(stranger, "c1") }))
		if got := find(); got.Session != o.Session {
			t.Errorf("written in %q, and after a code was asked for in another session, in %q", o.Session, got.Session)
		}
		c.add(time.Minute)
		edited := old
		edited.Values = access.Values{"iban": "IT60X0542811101000000999999"}
		ok(t, do(func(tx *store.Tx) error { return tx.ChangeOperation(edited) }))
		if got := find(); got.State != access.OperationDraft || got.Challenge != "" || got.Values["iban"] != edited.Values["iban"] {
			t.Errorf("after an edit: %+v", got)
		}
		none("the old code on the new content", confirm(db, edited, "c1"))
		none("the old code on the old content", confirm(db, old, "c1"))
		none("a code for content that is no more", do(func(tx *store.Tx) error { return tx.CodeOperation(old, "c2") }))

		ok(t, do(func(tx *store.Tx) error { return tx.CodeOperation(edited, "c2") }))
		none("another challenge", confirm(db, edited, "c1"))
		none("another content with the right challenge", confirm(db, old, "c2"))
		edited.HeldUntil, edited.HeldFor = after(hours(72)), "email"
		var won atomic.Int64
		together(32, dbs, func(_ int, db *store.DB) {
			switch err := confirm(db, edited, "c2"); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, store.ErrNone):
				t.Error(err)
			}
		})
		if got := find(); won.Load() != 1 || got.State != access.OperationConfirmed || got.HeldFor != "email" || !got.HeldUntil.Equal(after(hours(72))) {
			t.Errorf("confirmed %d times: %+v", won.Load(), got)
		}
		none("edited after", do(func(tx *store.Tx) error { return tx.ChangeOperation(edited) }))
		none("coded after", do(func(tx *store.Tx) error { return tx.CodeOperation(edited, "c3") }))
		none("dropped after", do(func(tx *store.Tx) error { return tx.DropOperation("anna", "o1") }))
		none("withdrawn by another", do(func(tx *store.Tx) error { return tx.WithdrawOperation("bruno", "o1") }))
		ok(t, do(func(tx *store.Tx) error { return tx.WithdrawOperation("anna", "o1") }))
		none("withdrawn twice", do(func(tx *store.Tx) error { return tx.WithdrawOperation("anna", "o1") }))

		// Drafts that nobody touched lapse, and only those.
		twin.Number = "N2"
		ok(t, do(func(tx *store.Tx) error { return tx.AddOperation(twin) }))
		c.add(time.Hour)
		third := twin
		third.ID, third.Number = "o3", "N3"
		ok(t, do(func(tx *store.Tx) error { return tx.AddOperation(third) }))
		ok(t, do(func(tx *store.Tx) error {
			lapsed, err := tx.LapseOperations(tx.Now())
			if len(lapsed) != 1 || lapsed[0].ID != twin.ID || lapsed[0].Member != twin.Member {
				t.Errorf("%v lapsed", lapsed)
			}
			return err
		}))
		ok(t, do(func(tx *store.Tx) error { return tx.DropOperation("anna", "o3") }))
		ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
			all, err := tx.OperationsOf("anna", 10)
			states := ""
			for _, o := range all {
				states += o.ID + ":" + string(o.State) + " "
			}
			if states != "o3:lapsed o2:lapsed o1:withdrawn " {
				t.Error(states)
			}
			return err
		}))
	})
}

// One operation, one receipt; one code, one receipt (I2).
func TestConfirmation(t *testing.T) {
	onNodes(t, func(t *testing.T, _ *clock, dbs []*store.DB) {
		db := dbs[0]
		c := access.Confirmation{ID: "k1", Operation: "o1", Member: "anna", Session: "s", Challenge: "c1", Digest: "d", Method: "otp_sms",
			At: start, HeldUntil: after(hours(72)), Receipt: `{"act":"iban"}`, KeyID: "receipt-1", Signature: "sig"}
		add := func(c access.Confirmation) error {
			return db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.AddConfirmation(c) })
		}
		ok(t, add(c))
		ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
			got, err := tx.Confirmation("anna", "o1")
			if !reflect.DeepEqual(got, c) {
				t.Errorf("got %+v, want %+v", got, c)
			}
			if _, err := tx.Confirmation("bruno", "o1"); !errors.Is(err, store.ErrNone) {
				t.Error("somebody else's receipt:", err)
			}
			return err
		}))
		second, reused := c, c
		second.ID, second.Challenge = "k2", "c2"
		reused.ID, reused.Operation = "k3", "o2"
		for what, c := range map[string]access.Confirmation{"a second for the operation": second, "a second for the code": reused} {
			if err := add(c); err == nil || errors.Is(err, store.ErrUnknown) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// The salt of a person is made once, however many ask at the same moment, and a
// dropped one stays dropped.
func TestPersonSalt(t *testing.T) {
	onNodes(t, func(t *testing.T, _ *clock, dbs []*store.DB) {
		var first atomic.Pointer[string]
		salt := func(db *store.DB, fresh string) (got string) {
			err := db.Write(t.Context(), fund, func(tx *store.Tx) error {
				b, err := tx.PersonSalt("anna", []byte(fresh))
				got = string(b)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			return got
		}
		together(16, dbs, func(i int, db *store.DB) {
			got := salt(db, string(rune('a'+i)))
			if !first.CompareAndSwap(nil, &got) && *first.Load() != got {
				t.Errorf("two salts: %q and %q", got, *first.Load())
			}
		})
		db := dbs[0]
		if err := db.Read(t.Context(), fund, func(tx *store.Tx) error { _, err := tx.SaltOf("bruno"); return err }); !errors.Is(err, store.ErrNone) {
			t.Error("before it was made:", err)
		}
		drop := func(member string) error {
			return db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.DropPersonSalt(member) })
		}
		ok(t, drop("anna"))
		if err := drop("bruno"); !errors.Is(err, store.ErrNone) {
			t.Error(err)
		}
		if got := salt(db, "new"); got != "" {
			t.Errorf("a dropped salt came back as %q", got)
		}
	})
}
