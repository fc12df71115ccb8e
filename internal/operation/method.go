package operation

import (
	"slices"

	"aditus/internal/access"
	"aditus/internal/store"
	"aditus/internal/trust"
)

// codesTo is where the member's codes for acts go, as the fund's flow «confirm»
// says: the reliable mobile, or the channel in use. It refuses with
// mobile_needed or channel_needed if there is none.
func codesTo(tx *store.Tx, f *access.Fund, m access.Member) (access.Channel, error) {
	if confirmSays(f, "code", "trusted_mobile") {
		mobile, err := trust.Of(tx, f, m)
		if err != nil {
			return access.Channel{}, err
		}
		if !mobile.Reliable {
			return access.Channel{}, access.Refuse("mobile_needed")
		}
		return access.Channel{Member: m.ID, Kind: access.SMS, Address: mobile.Number, Source: "registry"}, nil
	}
	e, err := tx.Enrolment(m.ID)
	if err != nil {
		return access.Channel{}, err
	}
	c, err := tx.Channel(m.ID)
	if err != nil {
		return c, err
	}
	if e.Level != access.LevelAct || c.ID == "" {
		return c, access.Refuse("channel_needed")
	}
	return c, nil
}

// asksPIN reports whether the fund's members type a PIN before a code is sent.
func asksPIN(f *access.Fund) bool { return confirmSays(f, "pin", "known") }

// confirmSays reports whether the fund's flow «confirm» has a word that says arg.
func confirmSays(f *access.Fund, word, arg string) bool {
	flow, _ := f.Flow("confirm")
	return slices.ContainsFunc(flow.Steps, func(s access.Step) bool { return s.Word == word && s.Says(arg) })
}
