package journey

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/identifier"
	"aditus/internal/store"
)

const (
	// letterLife is how long the code of a letter about a lost factor is good: what
	// NIST SP 800-63B-4 gives a code that goes abroad by post.
	letterLife = 30 * 24 * time.Hour

	// letterTries is after how many wrong codes a day, of one person or from one
	// network, the page says what else there is. The right one is heard all the
	// same: it has 60 bits.
	letterTries = 10
)

// A Loss is how it stands with a factor that is lost.
type Loss struct {
	Ordered     time.Time           // since when a letter is to be sent; zero if none is
	Letter      access.FactorLetter // that was sent, and whose code is good
	Replacement access.Replacement  // that waits, or is ready
}

// Loss is how it stands with the lost factor of the journey's member.
func (e *Engine) Loss(ctx context.Context, f *access.Fund, j access.Journey) (l Loss, err error) {
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		if l.Ordered, err = tx.OpenedCase(j.Member, "letter", "factor"); err != nil {
			return err
		}
		if l.Letter, err = tx.FactorLetter(j.Member); err != nil {
			return err
		}
		l.Replacement, err = tx.Replacement(j.Member)
		return err
	})
	return l, err
}

// OrderLetter has the office send a letter with a code to somebody who typed the
// right password and whose factor is lost. While one is ordered, or a replacement
// waits, it changes nothing. It refuses with changes_stopped.
func (e *Engine) OrderLetter(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member) error {
	if !Backups(f, j) {
		return nil
	}
	return e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		if err := unfrozen(tx, m.ID); err != nil {
			return err
		}
		ordered, err := tx.OpenedCase(m.ID, "letter", "factor")
		if err != nil {
			return err
		}
		r, err := tx.Replacement(m.ID)
		if err != nil || !ordered.IsZero() || r.ID != "" {
			return err
		}
		if err := tx.OpenCase(access.Case{Kind: "letter", Member: m.ID, Why: "factor", Journey: j.ID}); err != nil {
			return err
		}
		return audit.Record(tx, audit.LetterOrdered{Member: m.ID, Journey: j.ID, Where: v.where()})
	})
}

// SendLetter is what the office does with such an order: a letter with a code goes
// to the address of the register, and the code of an older one is worth nothing. It
// refuses as Identified does.
func (e *Engine) SendLetter(ctx context.Context, f *access.Fund, member, staff string) error {
	return e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		m, lang, err := e.losing(tx, f, member)
		if err != nil {
			return err
		}
		code := newCode(identifier.ActivationLength)
		l := access.FactorLetter{ID: access.NewID(tx.Now()), Member: m.ID, By: staff, ExpiresAt: tx.Now().Add(letterLife)}
		if err := tx.SendFactorLetter(l, letterHash(tx, m.ID, code)); errors.Is(err, store.ErrNone) {
			return nil // two at once: one letter goes
		} else if err != nil {
			return err
		}
		if err := tx.CloseCase(m.ID, "letter", "factor"); err != nil {
			return err
		}
		if err := audit.Record(tx, audit.LetterSent{Member: m.ID, Letter: l.ID, By: staff}); err != nil {
			return err
		}
		return tx.Post(access.Message{ID: access.NewID(tx.Now()), Member: m.ID, Kind: access.Letter, To: postal(m), Lang: lang, Key: "factor_letter", ExpiresAt: l.ExpiresAt,
			Args: []access.Arg{{Name: "letter", Value: grouped(code)}, access.TimeArg("date", access.ArgDay, l.ExpiresAt), {Name: "host", Value: f.Hosts[0]}}})
	})
}

func letterHash(tx *store.Tx, member, code string) []byte {
	return tx.Keys().MAC("factor_letter", member, code)
}

// postal is where a letter goes, in one line.
func postal(m access.Member) string {
	r := m.Main().Record
	parts := []string{strings.TrimSpace(r.Name + " " + r.Surname), r.Street, strings.TrimSpace(r.Postcode + " " + r.Town), r.Country}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// language is what the office writes to a member in: the register's, if the fund
// speaks it.
func language(f *access.Fund, m access.Member) string {
	if lang := m.Main().Record.Language; slices.Contains(f.Languages, lang) {
		return lang
	}
	return f.Languages[0]
}

// UseLetter is the code of a letter, after the password, of somebody whose factor is
// lost: it starts the replacement. It refuses with letter_code_empty,
// letter_code_form, changes_stopped, and letter_code, or letter_code_many after ten
// wrong ones in a day. While a replacement waits it uses nothing up.
func (e *Engine) UseLetter(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, typed string) error {
	if !Backups(f, j) {
		return nil
	}
	if strings.TrimSpace(typed) == "" {
		return access.RefuseField("letter_code", "letter_code_empty")
	}
	code, err := identifier.ActivationCode(typed)
	if err != nil {
		return access.RefuseField("letter_code", "letter_code_form")
	}
	var said error
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		said = nil
		if err := unfrozen(tx, m.ID); err != nil {
			return err
		}
		if r, err := tx.Replacement(m.ID); err != nil || r.ID != "" {
			return err
		}
		err := tx.UseFactorLetter(m.ID, letterHash(tx, m.ID, code))
		if errors.Is(err, store.ErrNone) {
			said, err = e.refuseCode(tx, v, j)
			return err
		}
		if err != nil {
			return err
		}
		if err := audit.Record(tx, audit.LetterUsed{Member: m.ID, Journey: j.ID, Right: true}); err != nil {
			return err
		}
		return e.startReplacement(tx, f, v.Host, j.Lang, m, byLetter, j.ID)
	})
	if err == nil {
		err = said
	}
	return err
}

// refuseCode counts a wrong code of a letter, and says so.
func (e *Engine) refuseCode(tx *store.Tx, v Visitor, j access.Journey) (said, err error) {
	said = access.RefuseField("letter_code", "letter_code")
	for _, key := range []string{"factor letter " + j.Member, "factor letter from " + network(v.IP)} {
		if _, err := tx.Count(tx.Keys().Index("tally", key), 0, letterTries); errors.Is(err, store.ErrNone) {
			said = access.RefuseField("letter_code", "letter_code_many")
		} else if err != nil {
			return nil, err
		}
	}
	return said, audit.Record(tx, audit.LetterUsed{Member: j.Member, Journey: j.ID, Right: false})
}

// OrderActivation has the office send a new letter with an activation code, to
// somebody who typed their number and birth date (scenario 34, 35). The answer is
// the same, after the same time, whoever was named: a letter goes only to the
// address on file. It refuses for the form of what was typed alone.
func (e *Engine) OrderActivation(ctx context.Context, f *access.Fund, v Visitor, typed Letter) error {
	l, wrong, err := e.readPerson(ctx, f, typed)
	if err == nil {
		err = wrong.Err()
	}
	if err != nil {
		return err
	}
	floor := time.After(e.Floor)
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		members, err := tx.MembersByLogin(l.AHV)
		if err != nil {
			return err
		}
		m := whose(f, members, tx.Now())
		has, err := tx.Enrolment(m.ID)
		if err != nil {
			return err
		}
		subject := tx.Keys().Index("tally", "letter "+l.AHV)
		asked := audit.LetterAsked{Member: m.ID, Subject: subject, Why: "ordered", Where: v.where()}
		switch {
		case m.ID == "":
			asked.Why = "unknown"
		case !slices.ContainsFunc(m.Entries, func(e access.Entry) bool { return e.Record.Born == l.Born }):
			asked.Why = "birth_date"
		case m.Access(f, tx.Now()) == "none":
			asked.Why = "blocked"
		case has.Level != "":
			asked.Why = "enrolled"
		}
		for _, key := range []string{subject, tx.Keys().Index("tally", "letter from "+network(v.IP))} {
			if _, err := tx.Count(key, 0, letterWrong); errors.Is(err, store.ErrNone) {
				asked.Why = "limit"
			} else if err != nil {
				return err
			}
		}
		kind := ""
		if asked.Why == "ordered" {
			kind = "letter"
		}
		if err := tx.OpenCase(access.Case{Kind: kind, Member: m.ID, Why: "activation"}); err != nil {
			return err
		}
		if err := tellEnrolled(tx, v, m, subject, asked.Why); err != nil {
			return err
		}
		return audit.Record(tx, asked)
	})
	e.wait(ctx, floor)
	return err
}
