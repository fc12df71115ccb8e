package journey

import (
	"context"
	"errors"
	"slices"
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
)

// A Choice is one kind of channel the member may choose, or is told is missing.
type Choice struct {
	Kind    access.Kind
	OnFile  bool
	Address string // on file; "" where it must not be shown yet
}

// Choices are the kinds of channel of the journey's step. An address is there
// only if the person proved to be the member: somebody who typed a number that
// stands on a letter sees no more than which kinds there are (security.md 4.7).
func Choices(f *access.Fund, j access.Journey, m access.Member) (all []Choice) {
	for _, arg := range Step(f, j).Args {
		kind := access.Kind(arg)
		address := m.OnFile(kind)
		c := Choice{Kind: kind, OnFile: address != ""}
		if j.By == "password" {
			c.Address = address
		}
		all = append(all, c)
	}
	return all
}

// Reachable reports whether the register has a contact of the member's to which
// the fund's flow can send codes. Without one there is no way to a channel but
// to have a contact put on file (F-28).
func Reachable(f *access.Fund, m access.Member) bool {
	for _, s := range steps(f, "secure_channel") {
		if s.Word == "channel" && slices.ContainsFunc(s.Args, func(arg string) bool { return m.OnFile(access.Kind(arg)) != "" }) {
			return true
		}
	}
	return false
}

// Overdue reports whether the invitation to the channel can be put off no more:
// the day the fund's file names is over (Q2).
func Overdue(f *access.Fund, now time.Time) bool {
	until := f.SignIn.InviteUntil
	return !until.IsZero() && !now.Before(until.AddDate(0, 0, 1))
}

// Choose is the word «channel»: the member says where codes go. Going on sends
// the first code there (F-10). It refuses with channel_missing (nothing or
// something unknown was chosen), channel_no_email or channel_no_mobile (F-28),
// and contact_shared if it is somebody else's channel (F-35).
func (e *Engine) Choose(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, kind access.Kind) (to Place, err error) {
	if Word(f, j) != "channel" {
		return Where(f, j), nil
	}
	if !slices.Contains(Step(f, j).Args, string(kind)) {
		return "", access.RefuseField("channel", "channel_missing")
	}
	if m.OnFile(kind) == "" {
		if kind == access.Email {
			return "", access.RefuseField("channel", "channel_no_email")
		}
		return "", access.RefuseField("channel", "channel_no_mobile")
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		used, err := tx.AddressUsed(m.ID, kind, m.OnFile(kind))
		if err != nil {
			return err
		}
		if used {
			return access.RefuseField("channel", "contact_shared")
		}
		j := j
		j.Channel, j.Address = kind, m.OnFile(kind)
		j, err = e.move(tx, f, v, j, m)
		to = Where(f, j)
		return err
	})
	if errors.Is(err, store.ErrNone) { // two tabs: the other was faster
		return e.reload(ctx, f, v)
	}
	return to, err
}

// reload is where the visitor's journey stands by now.
func (e *Engine) reload(ctx context.Context, f *access.Fund, v Visitor) (Place, error) {
	j, _, err := e.Load(ctx, f, v)
	if err != nil {
		return "", err
	}
	return Where(f, j), nil
}
