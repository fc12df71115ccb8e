package script

import (
	"context"
	"fmt"

	"aditus/internal/access"
	"aditus/internal/store"
)

// clerk is the person of the office, as the trail names them.
const clerk = "clerk-1"

// staff does what the fund's office does for the person with a login, whose
// telephone is lost.
func (w *world) staff(deed, login string) error {
	var all []access.Member
	ctx := context.Background()
	err := w.app.DB.Read(ctx, w.fund.ID, func(tx *store.Tx) (err error) {
		all, err = tx.MembersByLogin(login)
		return err
	})
	if err != nil {
		return err
	}
	if len(all) != 1 {
		return fmt.Errorf("%d people are called %s", len(all), login)
	}
	switch deed {
	case "letter":
		return w.app.Journeys.SendLetter(ctx, w.fund, all[0].ID, clerk)
	case "identified":
		return w.app.Journeys.Identified(ctx, w.fund, all[0].ID, clerk)
	}
	return fmt.Errorf("the office does not %q", deed)
}
