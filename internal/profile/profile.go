// Package profile says whose positions somebody may see and act on: their own,
// their own under another name (C-21), and those of people they represent (C-22).
//
// It is judged when it is asked, from the register, the mandates and the clock, and
// nowhere kept: a mandate that is over at midnight opens nothing a moment later,
// whether or not anybody has tidied up.
package profile

import (
	"errors"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/identifier"
	"aditus/internal/store"
)

// A Profile is one person's position, open to somebody.
type Profile struct {
	Member  access.Member  // as whoever has the profile reads them
	For     string         // access.ProfileRole, access.ProfileMandate, or "" for one's own
	Mandate access.Mandate // by which one acts
}

// Of are the profiles of somebody who has signed in: their own first, then the other
// roles they have, then those they act for.
func Of(tx *store.Tx, f *access.Fund, m access.Member) ([]Profile, error) {
	all := []Profile{{Member: m}}
	if code := taxCode(m); code != "" && f.Registry.Login != "tax_code" {
		found, err := tx.MembersByTaxCode(code)
		if err != nil {
			return nil, err
		}
		for _, other := range found {
			if other.ID != m.ID && same(m, other) && other.Access(f, tx.Now()) != "none" {
				all = append(all, Profile{Member: other, For: access.ProfileRole})
			}
		}
	}
	mandates, err := tx.MandatesOf(m.ID)
	if err != nil || len(mandates) == 0 {
		return all, err
	}
	may, err := mayAct(tx, f, m)
	if err != nil || !may {
		return all, err
	}
	for _, mandate := range mandates {
		other, err := tx.Member(mandate.Member)
		if errors.Is(err, store.ErrNone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if over(f, m, other, mandate, tx.Now()) == "" {
			all = append(all, Profile{other.Through(), access.ProfileMandate, mandate})
		}
	}
	return all, nil
}

// Several reports whether somebody who signs in has a choice. It asks no more than
// the fund's register can have.
func Several(tx *store.Tx, f *access.Fund, member string) (bool, error) {
	if f.Registry.Login == "tax_code" || !f.Registry.Has("tax_code") { // nobody has another role under another name
		mandates, err := tx.MandatesOf(member)
		if err != nil || len(mandates) == 0 {
			return false, err
		}
	}
	m, err := tx.Member(member)
	if err != nil {
		return false, err
	}
	all, err := Of(tx, f, m)
	return len(all) > 1, err
}

// Name is whose a profile is, as people are called.
func (p Profile) Name() string {
	r := p.Member.Main().Record
	return strings.TrimSpace(r.Name + " " + r.Surname)
}

// Called is what a profile that is not one's own is told by: the name of somebody
// else, or what the register calls one's other role by.
func (p Profile) Called() string {
	if p.For == access.ProfileRole {
		return p.Member.Main().Number
	}
	return p.Name()
}

// Find is one profile of somebody who has signed in. It refuses with profile_closed
// for whatever is not theirs, or not any more; it says no more of others than that.
func Find(tx *store.Tx, f *access.Fund, m access.Member, whose string) (p Profile, err error) {
	if whose == m.ID {
		return Profile{Member: m}, nil
	}
	other, err := tx.Member(whose)
	if errors.Is(err, store.ErrNone) {
		return p, access.Refuse("profile_closed")
	}
	if err != nil {
		return p, err
	}
	if f.Registry.Login != "tax_code" && same(m, other) && other.Access(f, tx.Now()) != "none" {
		return Profile{Member: other, For: access.ProfileRole}, nil
	}
	mandates, err := tx.MandatesOf(m.ID)
	if err != nil {
		return p, err
	}
	for _, mandate := range mandates {
		if mandate.Member != whose || over(f, m, other, mandate, tx.Now()) != "" {
			continue
		}
		may, err := mayAct(tx, f, m)
		if err != nil || !may {
			return p, errors.Join(err, access.Refuse("profile_closed"))
		}
		return Profile{other.Through(), access.ProfileMandate, mandate}, nil
	}
	return p, access.Refuse("profile_closed")
}

// same reports whether two members of the register are one person: they have the same
// tax code, which nobody else has, and agree on name and birth.
func same(a, b access.Member) bool {
	x, y := a.Main().Record, b.Main().Record
	return taxCode(a) != "" && taxCode(a) == taxCode(b) && x.Born == y.Born && identifier.FoldName(x.Surname+x.Name) == identifier.FoldName(y.Surname+y.Name)
}

// taxCode is the tax code that a person is found by, "" for none.
func taxCode(m access.Member) string {
	if r := m.Main().Record; !r.TaxCodeOff {
		return r.TaxCode
	}
	return ""
}

// mayAct reports whether somebody can act for others at all: who has left, has died
// or has said «that was not me» cannot, from that moment on.
func mayAct(tx *store.Tx, f *access.Fund, m access.Member) (bool, error) {
	frozen, err := tx.Frozen(m.ID)
	return frozen.IsZero() && m.Access(f, tx.Now()) == "full", err
}

// over is why a mandate cannot be used any more, "" if it can: "of_age", "died",
// "register" if the register says something else by now, or "blocked".
func over(f *access.Fund, m, other access.Member, mandate access.Mandate, now time.Time) string {
	switch {
	case other.Dead() || m.Dead():
		return "died"
	case !mandate.Until.IsZero() && !now.Before(mandate.Until):
		return "of_age"
	case !other.Represented():
		for _, e := range other.Entries {
			if of := e.Record.OfAge; of != 0 && now.UnixMilli() >= of {
				return "of_age"
			}
		}
		return "register"
	case !names(other, m):
		return "register"
	case other.Through().Access(f, now) == "none":
		return "blocked"
	}
	return ""
}

// names reports whether the register, where it names who acts for somebody, names m.
func names(other, m access.Member) bool {
	for _, e := range other.Entries {
		if e.Held == access.HeldRepresented && e.Record.Representative != "" && e.Record.Representative != taxCode(m) {
			return false
		}
	}
	return true
}
