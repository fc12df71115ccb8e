package store

import (
	"aditus/internal/access"
)

// newest holds a query to a code that no later statement of its entry has put
// out of use; of two statements with one day, the later import counts.
const newest = `NOT EXISTS (
		SELECT 1 FROM activation_code AS n WHERE n.fund = ?1 AND n.entry = activation_code.entry AND n.` + seen + `
		AND (n.issued_on > activation_code.issued_on OR n.issued_on = activation_code.issued_on AND n.version > activation_code.version))`

// alone holds a query to a code that stands on one row of the register: two
// letters with one code would open each other's account.
const alone = `NOT EXISTS (
		SELECT 1 FROM activation_code AS o WHERE o.fund = ?1 AND o.hash = activation_code.hash AND o.entry <> activation_code.entry AND o.` + seen + `)`

// ActivationIndex is what a normalised activation code is looked up by. It is all
// that is kept of the code (docs/decisions/0010-activation-codes.md).
func (tx *Tx) ActivationIndex(code string) string { return tx.keys.Index("activation_code", code) }

// AddActivationCode stages the code of an entry's statement, by its index. Index
// "" says that the statement has no code that could be used, which ends the
// entry's older ones all the same. Published, the newest statement counts,
// whatever order they came in. The same code again is the same code: used, it
// stays used.
//
// It goes with an AddEntry or ChangeEntry of the same version, which holds the
// import.
func (tx *Tx) AddActivationCode(entry, index, issued string, version int64) error {
	if index == "" {
		index = "none " + issued
	}
	return tx.later(`
		INSERT INTO activation_code (fund, hash, entry, issued_on, version, used_at, used_by)
		VALUES (?1, ?2, ?3, ?4, ?5, 0, '') ON CONFLICT DO NOTHING`, index, entry, issued, version)
}

// ActivationCode finds a code by its index, whatever its state. It reports ErrNone
// for one that nobody has, and for one that stands on two rows of the register.
// Its entry may be held, and its person have no access: that is for the caller to
// ask, as with any entry.
func (tx *Tx) ActivationCode(index string) (c access.ActivationCode, err error) {
	var used, live int64
	err = tx.first(`
		SELECT entry, issued_on, used_at, used_by, CASE WHEN `+newest+` THEN 1 ELSE 0 END FROM activation_code
		WHERE fund = ?1 AND hash = ?2 AND `+seen+` AND `+alone,
		[]any{index}, &c.Entry, &c.Issued, &used, &c.UsedBy, &live)
	c.UsedAt = at(used)
	switch {
	case err != nil:
		return access.ActivationCode{}, err
	case used > 0:
		c.State = access.ActivationUsed
	case live == 0:
		c.State = access.ActivationReplaced
	default:
		c.State = access.ActivationOpen
	}
	return c, nil
}

// OpenedEntries are the member's entries of which a code was used, ever: those that
// the member has shown a letter of.
func (tx *Tx) OpenedEntries(member string) (entries []string, err error) {
	err = tx.query(func(r row) error {
		var id string
		err := r.Scan(&id)
		entries = append(entries, id)
		return err
	}, `
		SELECT DISTINCT entry FROM activation_code
		WHERE fund = ?1 AND used_at > 0 AND entry IN (SELECT id FROM entry WHERE fund = ?1 AND member = ?2) ORDER BY entry`, member)
	return entries, err
}

// UseActivationCode uses an open code of an entry up, in the name of a journey.
// It reports ErrNone if it is not open: of many at the same moment, one has it.
// How old a code may be is not asked here.
func (tx *Tx) UseActivationCode(index, entry, journey string) error {
	return tx.one(`
		UPDATE activation_code SET used_at = ?4, used_by = ?5
		WHERE fund = ?1 AND hash = ?2 AND entry = ?3 AND used_at = 0 AND `+seen+` AND `+newest+` AND `+alone,
		index, entry, ms(tx.now), journey)
}

// GiveBackActivationCode makes a code good again that a journey used and then
// came to nothing (S-21). It reports ErrNone if the journey does not have it.
func (tx *Tx) GiveBackActivationCode(index, entry, journey string) error {
	return tx.one(`
		UPDATE activation_code SET used_at = 0, used_by = ''
		WHERE fund = ?1 AND hash = ?2 AND entry = ?3 AND used_by = ?4 AND used_at > 0`, index, entry, journey)
}
