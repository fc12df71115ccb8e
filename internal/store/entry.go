package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"aditus/internal/access"
)

const (
	entryColumns = `id, member, number, status, held, version, digest, record`

	// seen holds a query to what the fund's register shows: a version that is
	// being staged, or was left half-way by a crash, is not there yet (R9).
	seen = `version <= (SELECT version FROM registry WHERE fund = ?1)`
)

// Member finds a person by id, or reports ErrNone.
func (tx *Tx) Member(id string) (access.Member, error) {
	return tx.member(`SELECT `+entryColumns+` FROM entry WHERE fund = ?1 AND member = ?2 AND `+seen, id)
}

// MembersByLogin finds the persons known by what was typed, normalised: mostly
// one, none for a stranger.
func (tx *Tx) MembersByLogin(login string) ([]access.Member, error) {
	return tx.members(`SELECT `+entryColumns+` FROM entry WHERE fund = ?1 AND login = ?2 AND `+seen, tx.LoginIndex(login))
}

// MembersByTaxCode finds the persons of a fund who have a tax code, whether or
// not they sign in with it: none, one, or several where a person has a user name
// for each of two roles (C-21).
func (tx *Tx) MembersByTaxCode(code string) ([]access.Member, error) {
	return tx.members(`SELECT `+entryColumns+` FROM entry WHERE fund = ?1 AND login = ?2 AND `+seen+`
		UNION ALL SELECT `+entryColumns+` FROM entry WHERE fund = ?1 AND tax_code = ?2 AND `+seen, tx.LoginIndex(code))
}

func (tx *Tx) members(q string, args ...any) ([]access.Member, error) {
	var members []access.Member
	err := tx.query(tx.scanEntry(func(e access.Entry) {
		for i := range members {
			if members[i].ID == e.Member {
				members[i].Entries = append(members[i].Entries, e)
				return
			}
		}
		members = append(members, access.Member{ID: e.Member, Fund: tx.fund, Entries: []access.Entry{e}})
	}), q, args...)
	for _, m := range members {
		byNumber(m)
	}
	slices.SortFunc(members, func(a, b access.Member) int { return cmp.Compare(a.Entries[0].Number, b.Entries[0].Number) })
	return members, err
}

// byNumber sorts a person's entries, the oldest first. Not the database: before it
// has looked at what its tables hold, SQLite walks a whole fund to find a few rows
// in their order.
func byNumber(m access.Member) {
	slices.SortFunc(m.Entries, func(a, b access.Entry) int { return cmp.Compare(a.Number, b.Number) })
}

// MemberByNumber finds the person with a membership number, or reports ErrNone.
func (tx *Tx) MemberByNumber(number string) (access.Member, error) {
	var id string
	if err := tx.first(`SELECT member FROM entry WHERE fund = ?1 AND number = ?2 AND `+seen, []any{number}, &id); err != nil {
		return access.Member{}, err
	}
	return tx.Member(id)
}

func (tx *Tx) member(q string, args ...any) (m access.Member, err error) {
	m.Fund = tx.fund
	err = tx.query(tx.scanEntry(func(e access.Entry) {
		m.ID = e.Member
		m.Entries = append(m.Entries, e)
	}), q, args...)
	byNumber(m)
	if err == nil && m.ID == "" {
		err = ErrNone
	}
	return m, err
}

func (tx *Tx) scanEntry(add func(access.Entry)) func(row) error {
	return func(r row) error {
		var e access.Entry
		var sealed []byte
		if err := r.Scan(&e.ID, &e.Member, &e.Number, &e.Status, &e.Held, &e.Version, &e.Digest, &sealed); err != nil {
			return err
		}
		plain, err := tx.open("entry", "record", e.ID, sealed)
		if err != nil {
			return fmt.Errorf("entry %s: %w", e.ID, err)
		}
		var held sealedRecord
		if err := json.Unmarshal(plain, &held); err != nil {
			return fmt.Errorf("entry %s: %w", e.ID, err)
		}
		e.Record, e.Login = held.Record, cmp.Or(held.Login, held.TaxCode)
		if of := e.Record.OfAge; e.Held == access.HeldRepresented && of != 0 && tx.now.UnixMilli() >= of {
			e.Held = "" // of age by now: nobody acts for them any more, and no import was needed
		}
		add(e)
		return nil
	}
}

// LoginIndex is what a login is looked up by: the register itself does not hold
// it in clear.
func (tx *Tx) LoginIndex(login string) string { return tx.keys.Index("login", login) }

// taxCodeIndex is what an entry is found by that has a tax code and another
// login, nil for the rest. It is the same hash as a login's: one question finds
// people either way.
func (tx *Tx) taxCodeIndex(e access.Entry) any {
	if r := e.Record; r.TaxCode == "" || r.TaxCodeOff || r.TaxCode == e.Login {
		return nil
	}
	return tx.LoginIndex(e.Record.TaxCode)
}

// CountEntries is how many entries the fund's register shows.
func (tx *Tx) CountEntries() (n int, err error) {
	err = tx.first(`SELECT count(*) FROM entry WHERE fund = ?1 AND `+seen, nil, &n)
	return n, err
}

// PersonSalt is the member's salt for values in the audit trail; fresh becomes
// it at its first use. It is empty once it was dropped, and then stays so. The
// member "" is whoever is not one: strangers share a salt, so that what is
// written of them takes the same statements.
func (tx *Tx) PersonSalt(member string, fresh []byte) (salt []byte, err error) {
	if err := tx.later(`INSERT INTO person_key (fund, member, salt) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING`, member, fresh); err != nil {
		return nil, err
	}
	err = tx.first(`SELECT salt FROM person_key WHERE fund = ?1 AND member = ?2`, []any{member}, &salt)
	return salt, err
}

// SaltOf is the member's salt, empty once it was dropped, ErrNone before it was made.
func (tx *Tx) SaltOf(member string) (salt []byte, err error) {
	err = tx.first(`SELECT salt FROM person_key WHERE fund = ?1 AND member = ?2`, []any{member}, &salt)
	return salt, err
}

// DropPersonSalt makes everything personal about the member in the audit trail
// unreadable for good. The chain stays as it is.
func (tx *Tx) DropPersonSalt(member string) error {
	return tx.one(`UPDATE person_key SET salt = ?3 WHERE fund = ?1 AND member = ?2`, member, []byte{})
}
