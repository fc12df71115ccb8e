package store

import (
	"errors"

	"aditus/internal/access"
)

// PIN is the member's PIN, its hash "" if there is none.
func (tx *Tx) PIN(member string) (p access.PIN, err error) {
	var made int64
	err = tx.first(`SELECT member, hash, made_at FROM pin WHERE fund = ?1 AND member = ?2`, []any{member}, &p.Member, &p.Hash, &made)
	p.MadeAt = at(made)
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return p, err
}

// SetPIN sets the member's PIN, in place of another if there is one.
func (tx *Tx) SetPIN(member, hash string) error {
	return tx.one(`
		INSERT INTO pin (fund, member, hash, made_at) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (fund, member) DO UPDATE SET hash = excluded.hash, made_at = excluded.made_at`,
		member, hash, ms(tx.now))
}

// SamePIN holds the member's PIN as it is to the end of the transaction, or
// reports ErrNone if it is not that any more.
func (tx *Tx) SamePIN(member, hash string) error {
	return tx.one(`UPDATE pin SET made_at = made_at WHERE fund = ?1 AND member = ?2 AND hash = ?3`, member, hash)
}
