package journey

import (
	"context"
	"crypto/subtle"
	"errors"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/identifier"
	"aditus/internal/store"
)

// How long a letter with an activation code is good (S-5).
const letterMonths = 15 // a code is good, from the day of its statement

// Enrols reports whether the fund's people make their access themselves, with a
// code from a letter.
func Enrols(f *access.Fund) bool { _, ok := f.Flow("enrol"); return ok }

// A Letter is what somebody types of a letter: the national number, the birth date
// and the activation code (S-4).
type Letter struct{ AHV, Born, Code string }

// Enrol is the goal «enrol», with its first word: three data that must be one
// person's. Nothing is used up, and nothing counts, before the last code (S-21).
//
// It refuses for the form of what was typed, and else with one word: activation,
// or activation_many after ten in a day. From then on it may also refuse with work,
// before it looks at anything (crowd.go). A code that is used, replaced, too old or
// on two letters, a person who may not come in, and one who has an access already
// hear the same, after the same questions (S-17, S-18); the last is told by mail.
func (e *Engine) Enrol(ctx context.Context, f *access.Fund, v Visitor, typed Letter) (r Result, err error) {
	l, err := e.readLetter(ctx, f, typed)
	if err != nil {
		return r, err
	}
	floor := time.After(e.Floor)
	var said error
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r, said = Result{}, nil
		k, err := knocks(tx, v, l.AHV)
		if err != nil || k.said != nil {
			said = k.said
			return err
		}
		m, entry, why, err := open(tx, f, l)
		if err != nil {
			return err
		}
		if why != "" {
			if err := tellEnrolled(tx, v, m, k.number, why); err != nil {
				return err
			}
			said, err = refuseLetter(tx, v, m, k.number, "ahv", why, k.many)
			return err
		}
		if err := k.forgive(tx); err != nil {
			return err
		}
		device := e.device(v, who{member: m}, &r)
		j := access.Journey{Goal: "enrol", By: "letter", Device: device, Enrol: access.Enrolling{Entry: entry, Activation: tx.ActivationIndex(l.Code)}}
		r.Journey, r.To, err = e.set(tx, f, v, m, j, steps(f, "enrol")[1].Word)
		return err
	})
	select {
	case <-floor:
	case <-ctx.Done():
	}
	if err == nil {
		err = said
	}
	return r, err
}

// readLetter normalises what was typed.
func (e *Engine) readLetter(ctx context.Context, f *access.Fund, typed Letter) (l Letter, err error) {
	l, wrong, err := e.readPerson(ctx, f, typed)
	if err != nil {
		return l, err
	}
	if l.Code, err = identifier.ActivationCode(typed.Code); empty(typed.Code) {
		wrong = append(wrong, access.RefuseField("activation_code", "activation_empty"))
	} else if err != nil {
		wrong = append(wrong, access.RefuseField("activation_code", "activation_form"))
	}
	return l, wrong.Err()
}

func empty(s string) bool { return strings.TrimSpace(s) == "" }

// readPerson normalises the number and the birth date, and says what is wrong with
// their form.
func (e *Engine) readPerson(ctx context.Context, f *access.Fund, typed Letter) (l Letter, wrong access.Refusals, err error) {
	var today time.Time
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) error { today = tx.Now().In(f.Zone); return nil })
	if err != nil {
		return l, nil, err
	}
	if l.AHV, err = identifier.AHV(typed.AHV); empty(typed.AHV) {
		wrong = append(wrong, access.RefuseField("ahv", "ahv_empty"))
	} else if err != nil {
		wrong = append(wrong, access.RefuseField("ahv", "ahv_form"))
	}
	if l.Born, err = identifier.BirthDate(typed.Born, today); empty(typed.Born) {
		wrong = append(wrong, access.RefuseField("birth_date", "birth_date_missing"))
	} else if err != nil {
		wrong = append(wrong, access.RefuseField("birth_date", "birth_date_form"))
	}
	return l, wrong, nil
}

// open asks whether the three data open an enrolment: "", or why not. The
// questions are the same whatever the answers.
func open(tx *store.Tx, f *access.Fund, l Letter) (m access.Member, entry, why string, err error) {
	code, err := tx.ActivationCode(tx.ActivationIndex(l.Code))
	if err != nil && !errors.Is(err, store.ErrNone) {
		return m, "", "", err
	}
	known := err == nil
	members, err := tx.MembersByLogin(l.AHV)
	if err != nil {
		return m, "", "", err
	}
	m = whose(f, members, tx.Now())
	born := false
	for _, e := range m.Entries {
		if known && e.ID == code.Entry {
			entry = e.ID
			born = subtle.ConstantTimeCompare([]byte(e.Record.Born), []byte(l.Born)) == 1
		}
	}
	has, err := tx.Enrolment(m.ID)
	if err != nil {
		return m, "", "", err
	}
	switch {
	case !known:
		why = "code"
	case entry == "":
		why = "number"
	case !born:
		why = "birth_date"
	case code.State != access.ActivationOpen:
		why = code.State
	case expired(tx, f, code):
		why = "expired"
	case m.Dead():
		why = "deceased"
	case m.Access(f, tx.Now()) == "none" || entryAccess(tx, f, m, entry) == "none":
		why = "blocked"
	case has.Level != "":
		why = "enrolled"
	}
	return m, entry, why, nil
}

// expired reports whether a code's statement is too old, or has no day.
func expired(tx *store.Tx, f *access.Fund, c access.ActivationCode) bool {
	issued, err := time.ParseInLocation(time.DateOnly, c.Issued, f.Zone)
	return err != nil || !tx.Now().Before(issued.AddDate(0, letterMonths, 0))
}

// entryAccess is what the entry alone would let the person do.
func entryAccess(tx *store.Tx, f *access.Fund, m access.Member, id string) string {
	for _, e := range m.Entries {
		if e.ID == id {
			return access.Member{ID: m.ID, Entries: []access.Entry{e}}.Access(f, tx.Now())
		}
	}
	return "none"
}

// refuseLetter says of a letter that opens nothing so, in one way for all.
func refuseLetter(tx *store.Tx, v Visitor, m access.Member, subject, field, why string, many bool) (said, err error) {
	looked := access.Case{Member: m.ID, Why: "letter"} // opens none
	if why == "deceased" {
		looked.Kind = "deceased"
	}
	if err := tx.OpenCase(looked); err != nil {
		return nil, err
	}
	said = access.RefuseField(field, "activation")
	if many {
		said = access.RefuseField(field, "activation_many")
	}
	return said, audit.Record(tx, audit.EnrolmentRefused{Member: m.ID, Subject: subject, Why: why, Where: v.where()})
}

// tellEnrolled tells the holder of an access that a newer letter was used to make
// another, at most once a day: there is one for each person (scenario 38). Whoever
// else's letter is refused has the same rows written, and nothing is sent.
func tellEnrolled(tx *store.Tx, v Visitor, m access.Member, number, why string) error {
	enrolled := why == "enrolled"
	key := "unsaid " + number // apart, so that no stranger uses up the day of the holder's
	if enrolled {
		key = "enrolled " + m.ID
	}
	if _, err := tx.Count(tx.Keys().Index("tally", key), 0, 1); errors.Is(err, store.ErrNone) {
		return nil
	} else if err != nil {
		return err
	}
	name, err := tx.Username(m.ID)
	if err != nil {
		return err
	}
	if !enrolled {
		m.ID, name.Address = nobody+number, nobody+number
	}
	return tx.Post(access.Message{ID: access.NewID(tx.Now()), Member: m.ID, Kind: access.Email, To: name.Address, Lang: v.Lang, Key: "enrolled_already",
		Discard: !enrolled || name.Address == "", Args: []access.Arg{access.TimeArg("stamp", access.ArgStamp, tx.Now())}})
}

// enrolled is the deed of the last code: all that was chosen counts from here on,
// together, or nothing does (S-21). Who used the letter first has it.
func (e *Engine) enrolled(tx *store.Tx, f *access.Fund, j *access.Journey, m access.Member) error {
	flow, _ := f.Flow("enrol")
	has, err := tx.Enrolment(m.ID)
	if err != nil {
		return err
	}
	if has.Level != "" {
		return access.RefuseField("otp", "activation")
	}
	err = tx.UseActivationCode(j.Enrol.Activation, j.Enrol.Entry, j.ID)
	if errors.Is(err, store.ErrNone) { // used, or replaced by a newer letter, meanwhile
		return access.RefuseField("otp", "activation")
	}
	if err != nil {
		return err
	}
	err = tx.UseUsername(username(*j))
	if errors.Is(err, store.ErrNone) {
		return access.RefuseField("username", "username_taken")
	}
	if err != nil {
		return err
	}
	if err := tx.SetPassword(access.Credential{Member: m.ID, Kind: "password", Hash: j.Password, Source: "member"}); err != nil {
		return err
	}
	if j.Enrol.Terms != "" {
		if err := tx.AddConsent(access.Consent{Member: m.ID, What: "terms", Version: j.Enrol.Terms, Lang: j.Enrol.TermsLang, At: j.Enrol.TermsAt, Journey: j.ID}); err != nil {
			return err
		}
	}
	c, err := useFactor(tx, j)
	if err != nil {
		return err
	}
	if err := tx.Enrol(access.Enrolment{Member: m.ID, Level: flow.Grants, Journey: j.ID}); err != nil {
		return err
	}
	if err := tx.DropJourneys(m.ID, j.ID); err != nil {
		return err
	}
	if err := audit.Record(tx, audit.Enrolled{Member: m.ID, Journey: j.ID, Terms: j.Enrol.Terms, Factor: string(c.Kind)}); err != nil {
		return err
	}
	// Who has a contact on file hears of it there, and can object while money waits
	// (security.md 4.8).
	j.Password, j.Channel, j.Address = "", "", ""
	return e.notify(tx, m, j.Lang, "access_made", nil, c)
}
