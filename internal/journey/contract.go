package journey

import (
	"context"
	"errors"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/identifier"
	"aditus/internal/store"
)

// AddContract shows the letter of another contract of the visitor's member, who is
// signed in: its code alone, as the rest is known (S-24, scenario 38). It refuses
// for the form, and else as Enrol does: with one word, whatever is wrong, another
// person's letter included.
func (e *Engine) AddContract(ctx context.Context, f *access.Fund, v Visitor, typed string) error {
	if typed == "" {
		return access.RefuseField("activation_code", "activation_empty")
	}
	code, err := identifier.ActivationCode(typed)
	if err != nil {
		return access.RefuseField("activation_code", "activation_form")
	}
	var said error
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		said = nil
		m, err := tx.Member(v.Session.Member)
		if err != nil {
			return err
		}
		entry, why, err := opens(tx, f, m, code)
		if err != nil {
			return err
		}
		if why == "" {
			err = tx.UseActivationCode(tx.ActivationIndex(code), entry, v.Session.ID)
			if errors.Is(err, store.ErrNone) { // somebody was faster
				why, err = access.ActivationUsed, nil
			}
			if err != nil {
				return err
			}
		}
		if why != "" {
			subject := tx.Keys().Index("tally", "contract "+m.ID)
			many, err := tooManyLetters(tx, v, subject)
			if err != nil {
				return err
			}
			said, err = refuseLetter(tx, v, m, subject, "activation_code", why, many)
			return err
		}
		if err := audit.Record(tx, audit.ContractAdded{Member: m.ID, Entry: entry}); err != nil {
			return err
		}
		channel, err := tx.Channel(m.ID)
		if err != nil {
			return err
		}
		return e.notify(tx, m, v.Lang, "contract_added", []address{{channel.Kind, channel.Address}}, access.Channel{})
	})
	if err == nil {
		err = said
	}
	return err
}

// tooManyLetters counts one letter that opened nothing, for a member and a network.
// Somebody who is signed in is only told: a code has 60 bits.
func tooManyLetters(tx *store.Tx, v Visitor, subject string) (many bool, err error) {
	_, from := letterKeys(tx, v, "")
	for _, key := range []string{subject, from} {
		if _, err := tx.Count(key, 0, letterWrong); errors.Is(err, store.ErrNone) {
			many = true
		} else if err != nil {
			return false, err
		}
	}
	return many, nil
}

// opens asks whether a code stands on a letter of the person's own that is good:
// "", or why not.
func opens(tx *store.Tx, f *access.Fund, m access.Member, code string) (entry, why string, err error) {
	c, err := tx.ActivationCode(tx.ActivationIndex(code))
	if errors.Is(err, store.ErrNone) {
		return "", "code", nil
	}
	if err != nil {
		return "", "", err
	}
	for _, e := range m.Entries {
		if e.ID == c.Entry {
			entry = e.ID
		}
	}
	switch {
	case entry == "":
		why = "number"
	case c.State != access.ActivationOpen:
		why = c.State
	case expired(tx, f, c):
		why = "expired"
	case entryAccess(tx, f, m, entry) == "none":
		why = "blocked"
	}
	return entry, why, nil
}
