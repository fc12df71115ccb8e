package store

import (
	"encoding/json"
	"fmt"

	"aditus/internal/access"
)

const mandateColumns = `id, representative, member, kind, proof, by_whom, since, until, ended_at, ended_why`

func (tx *Tx) mandates(q string, args ...any) (all []access.Mandate, err error) {
	err = tx.query(func(r row) error {
		var m access.Mandate
		var sealed []byte
		var since, until, ended int64
		if err := r.Scan(&m.ID, &m.Representative, &m.Member, &m.Kind, &sealed, &m.By, &since, &until, &ended, &m.EndedWhy); err != nil {
			return err
		}
		m.Since, m.Until, m.EndedAt = at(since), at(until), at(ended)
		plain, err := tx.open("mandate", "proof", m.ID, sealed)
		if err != nil {
			return fmt.Errorf("mandate %s: %w", m.ID, err)
		}
		if err := json.Unmarshal(plain, &m.Proof); err != nil {
			return fmt.Errorf("mandate %s: %w", m.ID, err)
		}
		all = append(all, m)
		return nil
	}, q, args...)
	return all, err
}

// AddMandate writes a mandate down, from now on. It reports ErrNone if one between
// the same two is open.
func (tx *Tx) AddMandate(m access.Mandate) error {
	plain, err := json.Marshal(m.Proof)
	if err != nil {
		return err
	}
	return tx.one(`
		INSERT INTO mandate (fund, id, representative, member, kind, proof, by_whom, since, until, ended_at, ended_why)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, '') ON CONFLICT DO NOTHING`,
		m.ID, m.Representative, m.Member, m.Kind, tx.seal("mandate", "proof", m.ID, plain), m.By, ms(tx.now), ms(m.Until))
}

// EndMandate ends one, or reports ErrNone if it had ended.
func (tx *Tx) EndMandate(id, why string) error {
	return tx.one(`UPDATE mandate SET ended_at = ?3, ended_why = ?4 WHERE fund = ?1 AND id = ?2 AND ended_at = 0`, id, ms(tx.now), why)
}

// MandatesOf are the open mandates of somebody who acts for others, the oldest
// first. Open does not say that one can be used.
func (tx *Tx) MandatesOf(representative string) ([]access.Mandate, error) {
	return tx.mandates(`SELECT `+mandateColumns+` FROM mandate WHERE fund = ?1 AND representative = ?2 AND ended_at = 0 ORDER BY id`, representative)
}

// MandatesFor are the open mandates of those who act for somebody.
func (tx *Tx) MandatesFor(member string) ([]access.Mandate, error) {
	return tx.mandates(`SELECT `+mandateColumns+` FROM mandate WHERE fund = ?1 AND member = ?2 AND ended_at = 0 ORDER BY id`, member)
}

// MandatesOver are open mandates whose time is over.
func (tx *Tx) MandatesOver(limit int) ([]access.Mandate, error) {
	return tx.mandates(`
		SELECT `+mandateColumns+` FROM mandate WHERE fund = ?1 AND ended_at = 0 AND until <> 0 AND until <= ?2
		ORDER BY until LIMIT ?3`, ms(tx.now), limit)
}

// OpenMandates are open mandates after one, by their ids.
func (tx *Tx) OpenMandates(after string, limit int) ([]access.Mandate, error) {
	return tx.mandates(`SELECT `+mandateColumns+` FROM mandate WHERE fund = ?1 AND ended_at = 0 AND id > ?2 ORDER BY id LIMIT ?3`, after, limit)
}

// RepresentedEntries are entries of the register for whom another acts, after one,
// by their ids.
func (tx *Tx) RepresentedEntries(after string, limit int) (all []access.Entry, err error) {
	err = tx.query(tx.scanEntry(func(e access.Entry) { all = append(all, e) }),
		`SELECT `+entryColumns+` FROM entry WHERE fund = ?1 AND held = 'represented' AND id > ?2 AND `+seen+` ORDER BY id LIMIT ?3`, after, limit)
	return all, err
}

// LookedAt is the version of the register whose represented people were looked at
// last, 0 for none.
func (tx *Tx) LookedAt() (version int64, err error) {
	err = tx.first(`SELECT coalesce(max(looked), 0) FROM registry WHERE fund = ?1`, nil, &version)
	return version, err
}

// Looked notes that the represented people of a version were looked at.
func (tx *Tx) Looked(version int64) error {
	_, err := tx.exec(`UPDATE registry SET looked = ?2 WHERE fund = ?1 AND coalesce(looked, 0) < ?2`, version)
	return err
}
