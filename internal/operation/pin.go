package operation

import (
	"context"
	"errors"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/password"
	"aditus/internal/store"
)

// pinRow is how many wrong PINs in a row make a member's PIN pause for an hour,
// then two, up to a day. Codes need a right one first, so they pause with it.
const pinRow = 5

// wantsPIN reports whether the PIN must be typed before a code for the question
// is sent: the fund asks for one, and no code for this very content was sent in
// this very session yet, or it was cancelled.
func (s *Service) wantsPIN(tx *store.Tx, f *access.Fund, q access.Question) (bool, error) {
	if !asksPIN(f) {
		return false, nil
	}
	c, err := tx.LastChallenge(q)
	if errors.Is(err, store.ErrNone) {
		return true, nil
	}
	return c.State == access.ChallengeKilled || c.State == access.ChallengeReplaced, err
}

// hearPIN looks at the PIN that was typed, if one must be, and reports whether
// it did. A try is counted as wrong in a commit of its own before it is looked
// at, and over all acts of the member.
func (s *Service) hearPIN(ctx context.Context, f *access.Fund, sess access.Session, id, typed string) (heard bool, err error) {
	if !asksPIN(f) {
		return false, nil
	}
	wants := false
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		p, err := between(tx, f, sess)
		if err != nil {
			return err
		}
		o, err := p.find(tx, id)
		if err != nil {
			return err
		}
		wants, err = s.wantsPIN(tx, f, o.Question(sess.ID))
		return err
	})
	if err != nil || !wants {
		return false, err
	}
	pin, refusal := access.ReadPIN(typed)
	if refusal != nil {
		return false, refusal
	}
	known, err := s.takePIN(ctx, f, sess.Member)
	if err != nil {
		return false, err
	}
	right, _, err := s.Passwords.Verify(ctx, known.Hash, pin)
	if err != nil {
		if errors.Is(err, password.ErrBusy) {
			err = access.Refuse("busy", access.Arg{Name: "seconds", Type: access.ArgCount, Value: "5"})
		}
		return false, errors.Join(err, s.forgivePIN(ctx, f, sess.Member))
	}
	err = s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		if right && known.Hash != "" {
			if err := tx.SamePIN(sess.Member, known.Hash); err != nil {
				return err
			}
			if err := tx.FreeThrottle(pinKey(tx, sess.Member)); err != nil {
				return err
			}
		}
		return audit.Record(tx, audit.PINAnswered{Member: sess.Member, Right: right})
	})
	if errors.Is(err, store.ErrNone) || err == nil && !right {
		return false, access.RefuseField("pin", "pin_wrong")
	}
	return err == nil, err
}

func pinKey(tx *store.Tx, member string) string { return tx.Keys().Index("throttle", "pin "+member) }

// takePIN counts a try as wrong and reads what it will be compared with. It
// refuses with pin_paused.
func (s *Service) takePIN(ctx context.Context, f *access.Fund, member string) (known access.PIN, err error) {
	var refusal *access.Refusal
	err = s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		refusal = nil
		if known, err = tx.PIN(member); err != nil {
			return err
		}
		t, err := tx.TakeThrottle(pinKey(tx, member), 30*24*time.Hour)
		if errors.Is(err, store.ErrNone) {
			refusal = access.RefuseField("pin", "pin_paused", access.TimeArg("time", access.ArgTime, t.FreeAt))
			return nil
		}
		if err != nil || t.Wrong%pinRow != 0 {
			return err
		}
		wait := time.Hour << min(t.Wrong/pinRow-1, 5)
		return tx.SetThrottle(pinKey(tx, member), tx.Now().Add(min(wait, 24*time.Hour)))
	})
	if err == nil && refusal != nil {
		err = refusal
	}
	return known, err
}

// forgivePIN takes back what takePIN counted: the try was never looked at.
func (s *Service) forgivePIN(ctx context.Context, f *access.Fund, member string) error {
	return s.DB.Write(context.WithoutCancel(ctx), f.ID, func(tx *store.Tx) error {
		key := pinKey(tx, member)
		return errors.Join(tx.ForgiveThrottle(key), tx.SetThrottle(key, time.Time{}))
	})
}
