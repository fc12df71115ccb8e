// Package trust says whether a member's mobile is one that secrets may be sent
// to (C-9, C-20; security.md 4.11): the register vouches for it, or it was
// earned, and it is the member's alone. It is judged when it is asked, and
// nowhere kept, so that what happens to the number meanwhile counts at once.
package trust

import (
	"slices"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
)

// A Mobile is the number on file, and whether it is reliable.
type Mobile struct {
	Number   string // E.164, "" if there is none that may be used
	Reliable bool
	Why      string // if not: "missing", "shared", "unproved", "old", "failed"
}

// Of judges the member's mobile by the fund's rules. The same is read for
// somebody who does not exist: a stranger must not see by what it took.
func Of(tx *store.Tx, f *access.Fund, m access.Member) (Mobile, error) {
	number := m.OnFile(access.SMS)
	people, err := tx.MobileHolders(number)
	if err != nil {
		return Mobile{}, err
	}
	earned, err := tx.MobileTrust(m.ID, number)
	if err != nil {
		return Mobile{}, err
	}
	mobile := Mobile{Number: number}
	mobile.Why = why(f, m, earned, number, people, tx.Now())
	mobile.Reliable = mobile.Why == ""
	return mobile, nil
}

// why is what keeps a number from being reliable, "" if nothing does.
func why(f *access.Fund, m access.Member, earned access.MobileTrust, number string, people int, now time.Time) string {
	switch {
	case number == "":
		return "missing"
	case people > f.Trust.MaxPersons:
		return "shared"
	case !earned.LostAt.IsZero():
		return earned.LostWhy
	}
	fresh := func(since time.Time) bool {
		return f.Trust.MaxAge == 0 || now.Before(since.Add(f.Trust.MaxAge))
	}
	known := false
	if !earned.At.IsZero() && slices.Contains(f.Trust.By, earned.Source) {
		if fresh(earned.At) {
			return ""
		}
		known = true
	}
	for _, e := range m.Entries {
		if e.Held != "" || !e.Record.MobileReliable || e.Record.Mobile != number || !slices.Contains(f.Trust.By, "registry") {
			continue
		}
		checked, err := time.ParseInLocation(time.DateOnly, e.Record.MobileChecked, f.Zone)
		if f.Trust.MaxAge == 0 || err == nil && fresh(checked) { // a day nobody wrote down is too long ago
			return ""
		}
		known = true
	}
	if known {
		return "old"
	}
	return "unproved"
}

// Earnable is why a mobile cannot be made reliable by a code, nil if it can:
// mobile_reliable, mobile_none or mobile_shared.
func Earnable(m Mobile) *access.Refusal {
	switch {
	case m.Reliable:
		return access.Refuse("mobile_reliable")
	case m.Number == "":
		return access.Refuse("mobile_none")
	case m.Why == "shared":
		return access.Refuse("mobile_shared")
	}
	return nil
}

// Earn notes that the member has just answered a code sent to the number, in a
// journey. It refuses with mobile_shared for a number that others have too, and
// with mobile_changed if it is not the one on file any more.
func Earn(tx *store.Tx, f *access.Fund, m access.Member, number, journey string) error {
	now, err := tx.Member(m.ID)
	if err != nil {
		return err
	}
	people, err := tx.MobileHolders(number)
	switch {
	case err != nil:
		return err
	case now.OnFile(access.SMS) != number:
		return access.Refuse("mobile_changed") // an import replaced it meanwhile
	case people > f.Trust.MaxPersons:
		return access.Refuse("mobile_shared")
	}
	if err := tx.TrustMobile(access.MobileTrust{Member: m.ID, Source: "sms", By: journey}, number); err != nil {
		return err
	}
	return audit.Record(tx, audit.MobileTrusted{Member: m.ID, Source: "sms", By: journey, Number: access.MaskPhone(number)})
}

// Failed counts a proved failure to reach the member's number. Only the number
// on file counts: nothing is learnt of another. A fund whose flows ask for no
// reliable mobile counts none.
func Failed(tx *store.Tx, f *access.Fund, m access.Member, number string) error {
	if number == "" || m.OnFile(access.SMS) != number || !asked(f) {
		return nil
	}
	lost, err := tx.FailMobile(m.ID, number, f.Trust.Demote)
	if err != nil || !lost {
		return err
	}
	return audit.Record(tx, audit.MobileLost{Member: m.ID, Why: "failed"})
}

// asked reports whether a flow of the fund asks for a reliable mobile.
func asked(f *access.Fund) bool {
	return slices.ContainsFunc(f.Flows, func(fl access.Flow) bool {
		return slices.ContainsFunc(fl.Steps, func(s access.Step) bool { return s.Says("trusted_mobile") })
	})
}
