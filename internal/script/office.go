package script

import (
	"context"
	"fmt"
	"slices"

	"aditus/internal/access"
	"aditus/internal/profile"
	"aditus/internal/store"
)

// represents is what the office does who has seen a proof: represents WHO WHOM KIND,
// by their numbers. With «!» the office ends it.
func represents(w *world, c call) error {
	return w.app.DB.Write(context.Background(), w.fund.ID, func(tx *store.Tx) error {
		who, err := tx.MemberByNumber(c.args[0])
		if err != nil {
			return fmt.Errorf("number %s: %w", c.args[0], err)
		}
		other, err := tx.MemberByNumber(c.args[1])
		if err != nil {
			return fmt.Errorf("number %s: %w", c.args[1], err)
		}
		if !c.neg {
			_, err := profile.Enrol(tx, w.fund, access.Mandate{Representative: who.ID, Member: other.ID, Kind: c.args[2], By: "office",
				Proof: access.Document{Kind: "identity_document", Number: "AX1234567", Issuer: "Comune", Date: "2024-03-01"}})
			return err
		}
		all, err := tx.MandatesOf(who.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(m access.Mandate) bool { return m.Member == other.ID && m.Kind == c.args[2] })
		if i < 0 {
			return fmt.Errorf("%s does not act for %s", c.args[0], c.args[1])
		}
		return profile.End(tx, w.fund, all[i], "office")
	})
}
