package journey

import (
	"context"
	"errors"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
)

// goalRaise is a sign-in with a password that breaks the rules of today: it is
// changed on the way in, or that is put off (C-3, scenario 30). It is no flow of
// the fund's file: that the rules rise is a setting.
const goalRaise = "raise_password"

// weak reports whether a password breaks the fund's rules, if they rise.
func weak(f *access.Fund, m access.Member, secret string) bool {
	return !f.Password.Rollout.IsZero() && judge(f, Visitor{}, access.Journey{}, m, secret) != nil
}

// raises reports whether somebody who signs in is asked to change the password.
func raises(f *access.Fund, w who, now time.Time) bool {
	return w.weak && w.by == "password" && !now.Before(f.Password.Rollout)
}

// Raises reports whether a journey is a sign-in on which the password has to
// follow the rules of today, and for how many sign-ins more that can be put off.
func (e *Engine) Raises(ctx context.Context, f *access.Fund, j access.Journey) (left int, ok bool, err error) {
	if j.Goal != goalRaise {
		return 0, false, nil
	}
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		c, err := tx.Password(j.Member)
		left = max(f.Password.Grace-c.Postponed, 0)
		return err
	})
	return left, true, err
}

// Postpone lets a member in with the password as it is, once more. It refuses
// with password_must when that was done as often as the fund lets.
func (e *Engine) Postpone(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member) (r Result, err error) {
	if j.Goal != goalRaise || Word(f, j) != "password" {
		return Result{To: Where(f, j)}, nil
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r = Result{}
		if err := tx.MoveJourney(j, j.At+1, "done"); err != nil {
			return err
		}
		if err := tx.PostponePassword(m.ID, f.Password.Grace); errors.Is(err, store.ErrNone) {
			return access.Refuse("password_must")
		} else if err != nil {
			return err
		}
		c, err := tx.Password(m.ID)
		if err != nil {
			return err
		}
		if err := audit.Record(tx, audit.PasswordPostponed{Member: m.ID, N: c.Postponed}); err != nil {
			return err
		}
		r, err = e.raised(tx, f, v, j, m)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		to, err := e.reload(ctx, f, v)
		return Result{To: to}, err
	}
	return r, err
}

// raised opens the session that the sign-in was for.
func (e *Engine) raised(tx *store.Tx, f *access.Fund, v Visitor, j access.Journey, m access.Member) (r Result, err error) {
	channel, err := tx.Channel(m.ID)
	if err != nil {
		return r, err
	}
	known := true
	if _, err := tx.Device(j.Device, m.ID); errors.Is(err, store.ErrNone) {
		known = false
	} else if err != nil {
		return r, err
	}
	method, level, proved := "password", access.LevelRead, time.Time{}
	if j.Half != "" {
		method, level, proved = signedIn(j.By, j.Half), access.LevelAct, tx.Now()
	}
	r.To = entrance(f, channel.ID != "")
	r.Session, err = e.open(tx, f, v, m, j.Device, method, level, proved, known)
	return r, err
}
