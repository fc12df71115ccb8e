package journey

import (
	"context"

	"aditus/internal/access"
	"aditus/internal/store"
	"aditus/internal/trust"
)

// goalMobile is the goal of a mobile that becomes reliable.
const goalMobile = "trust_mobile"

// Mobile begins the goal «trust_mobile» from within the area: a code goes to the
// number on file, and the right answer makes it one that secrets may go to
// (C-20). It refuses with mobile_none, mobile_shared, and mobile_reliable if it
// is that already.
func (e *Engine) Mobile(ctx context.Context, f *access.Fund, v Visitor) (r Result, err error) {
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r = Result{}
		m, err := tx.Member(v.Session.Member)
		if err != nil {
			return err
		}
		if refusal, err := earnable(tx, f, m); err != nil {
			return err
		} else if refusal != nil {
			return refusal
		}
		j := access.Journey{Goal: goalMobile, By: "password", Channel: access.SMS, Address: m.OnFile(access.SMS), Device: v.Session.Device}
		r.Journey, r.To, err = e.set(tx, f, v, m, j, "code")
		return err
	})
	return r, err
}

// CanEarn reports whether the member can make the number on file reliable: the
// fund has a flow for it, and nothing refuses.
func CanEarn(tx *store.Tx, f *access.Fund, m access.Member) (bool, error) {
	if _, ok := f.Flow(goalMobile); !ok {
		return false, nil
	}
	refusal, err := earnable(tx, f, m)
	return refusal == nil, err
}

// earnable is why the member's number cannot become reliable, nil if it can.
func earnable(tx *store.Tx, f *access.Fund, m access.Member) (*access.Refusal, error) {
	if _, ok := f.Flow(goalMobile); !ok {
		return access.Refuse("mobile_none"), nil
	}
	mobile, err := trust.Of(tx, f, m)
	switch {
	case err != nil:
		return nil, err
	case mobile.Reliable:
		return access.Refuse("mobile_reliable"), nil
	case mobile.Number == "":
		return access.Refuse("mobile_none"), nil
	case mobile.Why == "shared":
		return access.Refuse("mobile_shared"), nil
	}
	return nil, nil
}
