package registry

import (
	"context"
	"errors"
	"slices"

	"aditus/internal/access"
	"aditus/internal/identifier"
	"aditus/internal/store"
)

// The issues that only show beside what the fund has published.
const (
	issueIdentityChanged = "IDENTITY_CHANGED" // a number that was somebody else's
	issueLoginTaken      = "LOGIN_TAKEN"      // a new row with the login of somebody else
	issueContactProved   = "CONTACT_PROVED"   // another contact than the one the person proved
)

// identities decides whose each row of a chunk is. Credentials, channels and
// receipts belong to a person and not to a number: a number that is given to
// somebody else, or a login that stands in somebody else's row by mistake, must
// never hand them over. Such a row is quarantined, and what is published stays.
func (im *importer) identities(ctx context.Context, a *Analysis, rows []staged) error {
	return im.db.Read(ctx, im.fund.ID, func(tx *store.Tx) error {
		for i := range rows {
			r := &rows[i]
			if r.entry.Number == "" || r.is.id != "" && r.is.digest == r.entry.Digest {
				continue
			}
			var err error
			if r.is.id == "" {
				err = im.newcomer(tx, a, r)
			} else {
				err = im.returning(tx, a, r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// newcomer gives a new row its person: one who is there, if login, name and
// birth agree, else a new one.
func (im *importer) newcomer(tx *store.Tx, a *Analysis, r *staged) error {
	r.entry.ID = access.NewID(im.now)
	r.entry.Member = r.entry.ID
	if r.entry.Held != "" || r.entry.Login == "" {
		return nil // nobody's, until somebody decides
	}
	member := im.byLogin[r.login]
	if member == "" {
		im.byLogin[r.login] = r.entry.ID
		return nil
	}
	m, err := tx.Member(member)
	if errors.Is(err, store.ErrNone) {
		// Of this very file: the analysis has compared its rows with each other.
		r.entry.Member = member
		return nil
	}
	if err != nil {
		return err
	}
	if !samePerson(m.Main().Record, r.entry.Record) {
		return im.quarantine(a, r, issueLoginTaken)
	}
	r.entry.Member = member
	return nil
}

// returning judges a changed row beside what is published under its number.
func (im *importer) returning(tx *store.Tx, a *Analysis, r *staged) error {
	r.entry.ID, r.entry.Member = r.is.id, r.is.member
	old, err := tx.Entry(r.is.id)
	if err != nil {
		return err
	}
	switch {
	case r.is.held == "" && r.entry.Held == "quarantine":
		// A damaged row must not lock out whoever comes in with the good one.
		r.entry.Number = ""
	case (r.is.held == "" || r.is.held == access.HeldRepresented) && otherHands(old.Record, r.entry.Record):
		// Also of somebody for whom another acts: the mandate is for that person.
		setOutcome(a, r, issueIdentityChanged)
		r.entry.Number = ""
	case r.is.held != "" && r.entry.Held == "":
		return im.freed(tx, a, r)
	default:
		return im.proved(tx, a, r, old.Record)
	}
	return nil
}

// proved tells of a row that brings another contact than the one its person has
// proved since: a channel that was proved stays in use, and the office has two to
// choose from (I-2). Which of them the fund shows, keepContacts decides.
func (im *importer) proved(tx *store.Tx, a *Analysis, r *staged, old access.Record) error {
	now := r.entry.Record
	brought := map[access.Kind]string{}
	if old.Email != now.Email {
		brought[access.Email] = now.Email
	}
	if old.PEC != now.PEC {
		brought[access.PEC] = now.PEC
	}
	if old.Mobile != now.Mobile {
		brought[access.SMS] = now.Mobile
	}
	if len(brought) == 0 {
		return nil
	}
	c, err := tx.Channel(r.is.member)
	if err != nil {
		return err
	}
	address, other := brought[c.Kind]
	other = other && c.ID != "" && tx.ChannelIndex(c.Kind, address) != tx.ChannelIndex(c.Kind, c.Address)
	if _, changed := brought[access.SMS]; changed && !other {
		at, err := provedOnline(tx, r.is.member, access.SMS, old.Mobile)
		if err != nil {
			return err
		}
		other = !at.IsZero()
	}
	if other {
		r.res.Issues = append(slices.Clone(r.res.Issues), issueContactProved)
		if r.res.Outcome.severity() < Warn.severity() {
			a.Totals[r.res.Outcome]--
			a.Totals[Warn]++
			r.res.Outcome = Warn
		}
	}
	return nil
}

// freed gives a row that was held aside and is good now to whoever has its login.
func (im *importer) freed(tx *store.Tx, a *Analysis, r *staged) error {
	member := im.byLogin[r.login]
	if member == "" || member == r.is.member {
		im.byLogin[r.login] = r.is.member
		return nil
	}
	m, err := tx.Member(member)
	if errors.Is(err, store.ErrNone) {
		r.entry.Member = member
		return nil
	}
	if err != nil {
		return err
	}
	if !samePerson(m.Main().Record, r.entry.Record) {
		setOutcome(a, r, issueLoginTaken)
		r.entry.Number = ""
		return nil
	}
	r.entry.Member = member
	return nil
}

// quarantine holds a new row aside.
func (im *importer) quarantine(a *Analysis, r *staged, issue string) error {
	setOutcome(a, r, issue)
	r.entry.Held = "quarantine"
	return im.digest(r)
}

// setOutcome quarantines a record after all.
func setOutcome(a *Analysis, r *staged, issue string) {
	a.Totals[r.res.Outcome]--
	a.Totals[Quarantine]++
	if r.res.Channels != "" {
		a.Channels[r.res.Channels]--
		r.res.Channels = ""
	}
	for _, word := range r.res.Ready {
		a.Ready[word]--
	}
	r.res.Ready = nil
	r.res.Outcome = Quarantine
	r.res.Issues = append(slices.Clone(r.res.Issues), issue)
	r.res.Capability = ""
}

// otherHands reports whether a number has gone to somebody else. Where the
// register tells no tax code, a marriage changes the name and a correction the
// day of birth: both at once are another person.
func otherHands(old, now access.Record) bool {
	if old.TaxCode != "" || now.TaxCode != "" {
		return old.TaxCode != now.TaxCode && !samePerson(old, now)
	}
	return old.Born != now.Born && identifier.FoldName(old.Surname+old.Name) != identifier.FoldName(now.Surname+now.Name)
}

// samePerson reports whether two rows agree on name and birth.
func samePerson(a, b access.Record) bool {
	return identifier.FoldName(a.Surname+a.Name) == identifier.FoldName(b.Surname+b.Name) && a.Born == b.Born
}
