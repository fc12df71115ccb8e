package store

import (
	"encoding/json"
	"time"

	"aditus/internal/access"
)

// usernameIndex is what a user name is looked up by.
func (tx *Tx) usernameIndex(name string) string { return tx.keys.Index("username", name) }

// sealedName is what is sealed of a user name.
type sealedName struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

func (tx *Tx) sealName(u access.Username) ([]byte, error) {
	plain, err := json.Marshal(sealedName{u.Name, u.Address})
	if err != nil {
		return nil, err
	}
	return tx.seal("username", "name", tx.usernameIndex(u.Name), plain), nil
}

// UsernameTaken reports whether a name is somebody else's, or held for them.
func (tx *Tx) UsernameTaken(member, name string) (bool, error) {
	var n int
	err := tx.first(`
		SELECT count(*) FROM username
		WHERE fund = ?1 AND found_by = ?2 AND member <> ?3 AND (state = 'active' OR until > ?4)`,
		[]any{tx.usernameIndex(name), member, ms(tx.now)}, &n)
	return n > 0, err
}

// ReserveUsername holds a name for the journey that proved its mailbox, until a
// time, or reports ErrNone if it is somebody else's by now.
func (tx *Tx) ReserveUsername(u access.Username, until time.Time) error {
	return tx.putUsername(u, "reserved", ms(until))
}

// UseUsername makes a name the member's, in place of another they had, or reports
// ErrNone if it is somebody else's.
func (tx *Tx) UseUsername(u access.Username) error {
	if _, err := tx.exec(`DELETE FROM username WHERE fund = ?1 AND member = ?2 AND found_by <> ?3`, u.Member, tx.usernameIndex(u.Name)); err != nil {
		return err
	}
	return tx.putUsername(u, "active", 0)
}

func (tx *Tx) putUsername(u access.Username, state string, until int64) error {
	sealed, err := tx.sealName(u)
	if err != nil {
		return err
	}
	return tx.one(`
		INSERT INTO username (fund, found_by, member, name, state, journey, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
		ON CONFLICT (fund, found_by) DO UPDATE SET
			member = excluded.member, name = excluded.name, state = excluded.state, journey = excluded.journey, until = excluded.until
		WHERE username.member = excluded.member OR username.state = 'reserved' AND username.until <= ?8`,
		tx.usernameIndex(u.Name), u.Member, sealed, state, u.Journey, until, ms(tx.now))
}

// Username is the name that the member signs in with, zero if they chose none.
func (tx *Tx) Username(member string) (access.Username, error) {
	s, err := tx.standingOf(member)
	return s.username, err
}

// MembersByUsername finds the person who signs in with a name: one, or none.
func (tx *Tx) MembersByUsername(name string) ([]access.Member, error) {
	return tx.members(`
		SELECT `+entryColumns+` FROM entry
		WHERE fund = ?1 AND member = (SELECT member FROM username WHERE fund = ?1 AND found_by = ?2 AND state = 'active') AND `+seen,
		tx.usernameIndex(name))
}

// DropUsernames forgets names that were held for a journey that never ended.
func (tx *Tx) DropUsernames() error {
	return tx.later(`DELETE FROM username WHERE fund = ?1 AND state = 'reserved' AND until <= ?2`, ms(tx.now))
}
