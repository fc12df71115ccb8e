// Package pin hears the PIN that a member types before a code is sent: for an
// act, or for a change of the password or of the PIN itself. It proves nothing
// alone; a code comes behind it (issue 3, item 11).
package pin

import (
	"context"
	"errors"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/password"
	"aditus/internal/store"
)

// row is how many wrong PINs in a row make a member's PIN pause for an hour,
// then two, up to a day. Codes need a right one first, so they pause with it.
const row = 5

// Hear looks at a PIN that the member typed, and returns nil if it is right. A
// try is counted as wrong in a commit of its own before it is looked at, and
// over all that the PIN is typed for. It refuses with pin_empty, pin_form,
// pin_wrong, pin_paused or busy.
func Hear(ctx context.Context, db *store.DB, hasher *password.Hasher, fund, member, typed string) error {
	pin, refusal := access.ReadPIN(typed)
	if refusal != nil {
		return refusal
	}
	known, err := take(ctx, db, fund, member)
	if err != nil {
		return err
	}
	right, _, err := hasher.Verify(ctx, known.Hash, pin)
	if err != nil {
		if errors.Is(err, password.ErrBusy) {
			err = access.Refuse("busy", access.Arg{Name: "seconds", Type: access.ArgCount, Value: "5"})
		}
		return errors.Join(err, forgive(ctx, db, fund, member))
	}
	err = db.Write(ctx, fund, func(tx *store.Tx) error {
		if right && known.Hash != "" {
			if err := tx.SamePIN(member, known.Hash); err != nil {
				return err
			}
			if err := tx.FreeThrottle(key(tx, member)); err != nil {
				return err
			}
		}
		return audit.Record(tx, audit.PINAnswered{Member: member, Right: right})
	})
	if errors.Is(err, store.ErrNone) || err == nil && !right {
		return access.RefuseField("pin", "pin_wrong")
	}
	return err
}

func key(tx *store.Tx, member string) string { return tx.Keys().Index("throttle", "pin "+member) }

// take counts a try as wrong and reads what it will be compared with. It
// refuses with pin_paused.
func take(ctx context.Context, db *store.DB, fund, member string) (known access.PIN, err error) {
	var refusal *access.Refusal
	err = db.Write(ctx, fund, func(tx *store.Tx) error {
		refusal = nil
		if known, err = tx.PIN(member); err != nil {
			return err
		}
		t, err := tx.TakeThrottle(key(tx, member), 30*24*time.Hour)
		if errors.Is(err, store.ErrNone) {
			refusal = access.RefuseField("pin", "pin_paused", access.TimeArg("time", access.ArgTime, t.FreeAt))
			return nil
		}
		if err != nil || t.Wrong%row != 0 {
			return err
		}
		wait := time.Hour << min(t.Wrong/row-1, 5)
		return tx.SetThrottle(key(tx, member), tx.Now().Add(min(wait, 24*time.Hour)))
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	return known, err
}

// forgive takes back what take counted: the try was never looked at.
func forgive(ctx context.Context, db *store.DB, fund, member string) error {
	return db.Write(context.WithoutCancel(ctx), fund, func(tx *store.Tx) error {
		return errors.Join(tx.ForgiveThrottle(key(tx, member)), tx.SetThrottle(key(tx, member), time.Time{}))
	})
}
