package store

import (
	"errors"
	"time"

	"aditus/internal/access"
)

// HandOver writes down a temporary password. It is good for as long as the
// challenge of the other half can be answered.
func (tx *Tx) HandOver(h access.Handed) error {
	return tx.later(`INSERT INTO handed (fund, id, challenge, member, hash, made_at, used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)`,
		h.ID, h.Challenge, h.Member, h.Hash, ms(tx.now))
}

// Handed is the member's newest temporary password that may still be good, zero
// if there is none: whether it is, its challenge says.
func (tx *Tx) Handed(member string) (h access.Handed, err error) {
	err = tx.first(`
		SELECT id, challenge, member, hash FROM handed WHERE fund = ?1 AND member = ?2 AND used_at = 0
		ORDER BY made_at DESC, id DESC LIMIT 1`, []any{member}, &h.ID, &h.Challenge, &h.Member, &h.Hash)
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return h, err
}

// UseHanded uses a temporary password up, or reports ErrNone if it was used, or
// if the other half is not to be had any more: it bounced, was replaced, was
// guessed at too often, or is too old.
func (tx *Tx) UseHanded(h access.Handed) error {
	return tx.one(`
		UPDATE handed SET used_at = ?5, hash = '' WHERE fund = ?1 AND id = ?2 AND hash = ?4 AND used_at = 0
		AND EXISTS (SELECT 1 FROM challenge WHERE fund = ?1 AND id = ?3 AND state = 'open' AND expires_at > ?5)`,
		h.ID, h.Challenge, h.Hash, ms(tx.now))
}

// ForgetHanded deletes temporary passwords that were made so long ago that none
// can be good.
func (tx *Tx) ForgetHanded(before time.Time) error {
	return tx.later(`DELETE FROM handed WHERE fund = ?1 AND made_at < ?2`, ms(before))
}
