package profile

import (
	"errors"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
)

// Enrol writes down that one member acts for another, because the office has seen a
// proof. Both are told. It is the only way to a mandate: that the register names
// somebody opens nothing by itself.
//
// The register has the last word: it must say that somebody acts for the person, and
// may not name another. A parent's mandate ends by itself when the child comes of
// age. It refuses with mandate_proof if the proof is not complete, mandate_register
// if the register says otherwise, mandate_blocked if the representative cannot act,
// and mandate_open if the two have one.
func Enrol(tx *store.Tx, f *access.Fund, m access.Mandate) (access.Mandate, error) {
	if p := m.Proof; strings.TrimSpace(p.Kind) == "" || strings.TrimSpace(p.Number) == "" || strings.TrimSpace(p.Issuer) == "" || m.By == "" {
		return m, access.Refuse("mandate_proof")
	}
	if shown, err := time.ParseInLocation(time.DateOnly, m.Proof.Date, f.Zone); err != nil || shown.After(tx.Now()) {
		return m, access.Refuse("mandate_proof")
	}
	who, err := tx.Member(m.Representative)
	if err != nil {
		return m, err
	}
	other, err := tx.Member(m.Member)
	if err != nil {
		return m, err
	}
	may, err := mayAct(tx, f, who)
	if err != nil {
		return m, err
	}
	if !may {
		return m, access.Refuse("mandate_blocked")
	}
	m.ID, m.Since, m.Until = access.NewID(tx.Now()), tx.Now(), time.Time{}
	if !says(other, m.Kind) {
		return m, access.Refuse("mandate_register")
	}
	if m.Kind == access.MandateParent {
		if m.Until = comesOfAge(f, other); m.Until.IsZero() {
			return m, access.Refuse("mandate_register") // no end can be told
		}
	}
	if who.ID == other.ID || over(f, who, other, m, tx.Now()) != "" {
		return m, access.Refuse("mandate_register")
	}
	if err := tx.AddMandate(m); errors.Is(err, store.ErrNone) {
		return m, access.Refuse("mandate_open")
	} else if err != nil {
		return m, err
	}
	if err := tx.EndCases(other.ID, "representative"); err != nil {
		return m, err
	}
	for _, about := range []string{who.ID, other.ID} {
		e := audit.MandateBegun{Member: about, Mandate: m.ID, Representative: who.ID, Represented: other.ID, Kind: m.Kind, By: m.By}
		if !m.Until.IsZero() {
			e.Until = m.Until.UnixMilli()
		}
		if err := audit.Record(tx, e); err != nil {
			return m, err
		}
	}
	_, err = tell(tx, f, "mandate_begun", who, other.Through())
	return m, err
}

// says reports whether the register agrees that somebody with that kind of mandate
// acts for the person.
func says(other access.Member, kind string) bool {
	for _, e := range other.Entries {
		if e.Held == access.HeldRepresented && e.Record.RepresentativeKind != "" && e.Record.RepresentativeKind != kind {
			return false
		}
	}
	return kind != "" && other.Represented()
}

// comesOfAge is when the last of the person's entries says that they come of age.
func comesOfAge(f *access.Fund, m access.Member) (last time.Time) {
	for _, e := range m.Entries {
		if of := access.OfAge(e.Record.Born, f.Zone); of.After(last) {
			last = of
		}
	}
	return last
}

// End ends a mandate, and tells both. It reports store.ErrNone if it had ended. Why
// is "office", or a word of Keep's.
func End(tx *store.Tx, f *access.Fund, m access.Mandate, why string) error {
	if err := tx.EndMandate(m.ID, why); err != nil {
		return err
	}
	for _, about := range []string{m.Representative, m.Member} {
		if err := audit.Record(tx, audit.MandateEnded{Member: about, Mandate: m.ID, Representative: m.Representative, Represented: m.Member, Why: why}); err != nil {
			return err
		}
	}
	who, err := known(tx, m.Representative)
	if err != nil {
		return err
	}
	other, err := known(tx, m.Member)
	if err != nil {
		return err
	}
	other = other.Through()
	if why != "of_age" {
		_, err := tell(tx, f, "mandate_ended", who, other)
		return err
	}
	if _, err := tell(tx, f, "mandate_ended_age", who); err != nil {
		return err
	}
	reached, err := tell(tx, f, "of_age", other)
	if err != nil || reached {
		return err
	}
	// Who has no contact on file is told by the office.
	return tx.OpenCase(access.Case{Kind: "representative", Member: m.Member, Why: "of_age"})
}

// known is a person who may have left the register.
func known(tx *store.Tx, id string) (access.Member, error) {
	m, err := tx.Member(id)
	if errors.Is(err, store.ErrNone) {
		return access.Member{ID: id}, nil
	}
	return m, err
}

// tell posts a text to the people's contacts, each contact once; nothing to those
// of whom the register says that they have died. It reports whether one was posted.
func tell(tx *store.Tx, f *access.Fund, text string, people ...access.Member) (told bool, err error) {
	sent := map[string]bool{}
	for _, m := range people {
		if m.Dead() || len(m.Entries) == 0 {
			continue
		}
		name, err := tx.Username(m.ID)
		if err != nil {
			return told, err
		}
		for _, a := range []struct {
			kind access.Kind
			to   string
		}{{access.Email, name.Address}, {access.Email, m.OnFile(access.Email)}, {access.PEC, m.OnFile(access.PEC)}, {access.SMS, m.OnFile(access.SMS)}} {
			if a.to == "" || sent[a.to] {
				continue
			}
			sent[a.to], told = true, true
			if err := tx.Post(access.Message{ID: access.NewID(tx.Now()), Member: m.ID, Kind: a.kind, To: a.to, Lang: Language(f, m), Key: text,
				Args: []access.Arg{access.TimeArg("stamp", access.ArgStamp, tx.Now())}}); err != nil {
				return told, err
			}
		}
	}
	return told, nil
}

// Language is what somebody is written to in who is reading nothing: their own, if
// the fund speaks it, or the fund's.
func Language(f *access.Fund, m access.Member) string {
	for _, lang := range f.Languages {
		if lang == m.Main().Record.Language {
			return lang
		}
	}
	return f.Languages[0]
}
