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
	if _, ok := f.Flow(goalMobile); !ok {
		return r, access.Refuse("mobile_none")
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r = Result{}
		m, err := tx.Member(v.Session.Member)
		if err != nil {
			return err
		}
		mobile, err := trust.Of(tx, f, m)
		if err != nil {
			return err
		}
		if refusal := trust.Earnable(mobile); refusal != nil {
			return refusal
		}
		j := access.Journey{Goal: goalMobile, By: "password", Channel: access.SMS, Address: mobile.Number, Device: v.Session.Device}
		r.Journey, r.To, err = e.set(tx, f, v, m, j, "code")
		return err
	})
	return r, err
}
