package store

import (
	"time"

	"aditus/internal/access"
)

// Freeze stops whatever changes or confirms something of the member's, in the
// name of a session. It reports ErrNone if that is stopped already.
func (tx *Tx) Freeze(member, session string) error {
	return tx.one(`
		INSERT INTO member_freeze (fund, id, member, session, since, ended_at) VALUES (?1, ?2, ?3, ?4, ?5, 0) ON CONFLICT DO NOTHING`,
		access.NewID(tx.now), member, session, ms(tx.now))
}

// Frozen is since when the member's changes are stopped, the zero time if they
// are not.
func (tx *Tx) Frozen(member string) (since time.Time, err error) {
	s, err := tx.standingOf(member)
	return s.frozen, err
}

// Thaw ends what Freeze began. It reports ErrNone if nothing was stopped.
func (tx *Tx) Thaw(member string) error {
	return tx.one(`UPDATE member_freeze SET ended_at = ?3 WHERE fund = ?1 AND member = ?2 AND ended_at = 0`, member, ms(tx.now))
}
