package journey

import (
	"context"
	"errors"

	"aditus/internal/access"
	"aditus/internal/store"
	"aditus/internal/trust"
)

// The goals of a change from within the area, by the fund's flows of these names.
const (
	goalPassword = "change_password"
	goalPIN      = "change_pin"
)

// ChangePassword begins the goal «change_password» from within the area. It
// refuses with what the flow's words want and the member has not: channel_needed,
// pin_needed, mobile_needed.
func (e *Engine) ChangePassword(ctx context.Context, f *access.Fund, v Visitor) (Result, error) {
	return e.change(ctx, f, v, goalPassword)
}

// ChangePIN begins the goal «change_pin» from within the area. Whoever has
// forgotten the PIN is given a new one as the first time, by «recover»: a PIN
// that is not known is a factor lost (ASVS 6.4.4). It refuses as ChangePassword.
func (e *Engine) ChangePIN(ctx context.Context, f *access.Fund, v Visitor) (Result, error) {
	return e.change(ctx, f, v, goalPIN)
}

func (e *Engine) change(ctx context.Context, f *access.Fund, v Visitor, goal string) (r Result, err error) {
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r = Result{}
		m, err := tx.Member(v.Session.Member)
		if err != nil {
			return err
		}
		if err := changeable(tx, f, m, goal); err != nil {
			return err
		}
		r.Journey, r.To, err = e.begin(tx, f, v, m, goal, steps(f, goal)[0].Word, "password", v.Session.Device)
		return err
	})
	return r, err
}

// A Changes says of the password and the PIN why they cannot be changed now: nil
// if they can, or a refusal: channel_needed, pin_needed, mobile_needed; or
// form_unknown where the fund has no flow for it.
type Changes struct{ Password, PIN error }

// MayChange says what the member can change from within the area.
func (e *Engine) MayChange(ctx context.Context, f *access.Fund, member string) (c Changes, err error) {
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		m, err := tx.Member(member)
		if err != nil {
			return err
		}
		for goal, to := range map[string]*error{goalPassword: &c.Password, goalPIN: &c.PIN} {
			*to = changeable(tx, f, m, goal)
			if _, refused := errors.AsType[*access.Refusal](*to); *to != nil && !refused {
				return *to
			}
		}
		return nil
	})
	return c, err
}

// changeable refuses unless the member has what the words of a goal ask for.
func changeable(tx *store.Tx, f *access.Fund, m access.Member, goal string) error {
	if len(steps(f, goal)) == 0 {
		return access.Refuse("form_unknown")
	}
	for _, s := range steps(f, goal) {
		switch {
		case s.Word == "pin" && s.Says("known"):
			known, err := tx.PIN(m.ID)
			if err != nil {
				return err
			}
			if known.Hash == "" {
				return access.Refuse("pin_needed")
			}
		case s.Word == "code" && s.Says("trusted_mobile"):
			mobile, err := trust.Of(tx, f, m)
			if err != nil {
				return err
			}
			if !mobile.Reliable {
				return access.Refuse("mobile_needed")
			}
		case s.Word == "code":
			channel, err := tx.Channel(m.ID)
			if err != nil {
				return err
			}
			if channel.ID == "" {
				return access.Refuse("channel_needed")
			}
		}
	}
	return nil
}
