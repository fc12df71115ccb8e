package store

import (
	"errors"

	"aditus/internal/access"
)

// Password is the member's password, zero if there is none.
func (tx *Tx) Password(member string) (c access.Credential, err error) {
	var made, due, reset int64
	err = tx.first(`
		SELECT member, kind, hash, source, made_at, due_at, reset_at, reset_by, coalesce(postponed, 0) FROM credential
		WHERE fund = ?1 AND member = ?2 AND kind = 'password'`,
		[]any{member}, &c.Member, &c.Kind, &c.Hash, &c.Source, &made, &due, &reset, &c.ResetBy, &c.Postponed)
	c.MadeAt, c.DueAt, c.ResetAt = at(made), at(due), at(reset)
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return c, err
}

// SetPassword sets the member's password, in place of another if there is one.
func (tx *Tx) SetPassword(c access.Credential) error {
	return tx.one(`
		INSERT INTO credential (fund, member, kind, hash, source, made_at, due_at, reset_at, reset_by, cost) VALUES (?1, ?2, 'password', ?3, ?4, ?5, ?6, 0, '', ?7)
		ON CONFLICT (fund, member, kind) DO UPDATE SET
			hash = excluded.hash, source = excluded.source, made_at = excluded.made_at, due_at = excluded.due_at, postponed = 0, cost = excluded.cost`,
		c.Member, c.Hash, c.Source, ms(tx.now), ms(c.DueAt), c.Cost)
}

// ImportedHashes are hashes of other systems that are not yet replaced by ours: one
// of each cost, the dearest first, at most so many.
func (tx *Tx) ImportedHashes(most int) (hashes []string, err error) {
	const above = int64(1) << 62
	for cost := above; len(hashes) < most; {
		var hash string
		err := tx.first(`SELECT cost, hash FROM credential WHERE fund = ?1 AND cost > 0 AND cost < ?2 ORDER BY cost DESC LIMIT 1`, []any{cost}, &cost, &hash)
		if errors.Is(err, ErrNone) {
			break
		}
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

// SamePassword holds the member's password as it is to the end of the
// transaction, or reports ErrNone if it is not that any more. No hash means that
// there is none yet.
func (tx *Tx) SamePassword(member, hash string) error {
	if hash == "" {
		now, err := tx.Password(member)
		if err == nil && now.Hash != "" {
			err = ErrNone
		}
		return err
	}
	return tx.one(`UPDATE credential SET due_at = due_at WHERE fund = ?1 AND member = ?2 AND kind = 'password' AND hash = ?3`, member, hash)
}

// Rehash replaces a password's hash by one of the same password under newer
// parameters. It does nothing if the password was changed meanwhile.
func (tx *Tx) Rehash(member, old, hash string) error {
	return tx.later(`UPDATE credential SET hash = ?4, cost = 0 WHERE fund = ?1 AND member = ?2 AND kind = 'password' AND hash = ?3`, member, old, hash)
}

// PasswordDue says that the member's password must be changed before anything
// else. It does nothing if there is none.
func (tx *Tx) PasswordDue(member string) error {
	return tx.later(`UPDATE credential SET due_at = ?3 WHERE fund = ?1 AND member = ?2 AND kind = 'password'`, member, ms(tx.now))
}

// PostponePassword puts the change of the member's password off once more, or
// reports ErrNone if it was put off that often already.
func (tx *Tx) PostponePassword(member string, most int) error {
	return tx.one(`
		UPDATE credential SET postponed = coalesce(postponed, 0) + 1
		WHERE fund = ?1 AND member = ?2 AND kind = 'password' AND coalesce(postponed, 0) < ?3`, member, most)
}

// PasswordReset notes that the member's password was given back, just now, by a
// code to the address of that index.
func (tx *Tx) PasswordReset(member, by string) error {
	return tx.later(`UPDATE credential SET reset_at = ?3, reset_by = ?4 WHERE fund = ?1 AND member = ?2 AND kind = 'password'`, member, ms(tx.now), by)
}
