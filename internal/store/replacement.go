package store

import (
	"errors"

	"aditus/internal/access"
)

// SendFactorLetter writes down a letter with a code, by its hash, and ends the
// member's older one.
func (tx *Tx) SendFactorLetter(l access.FactorLetter, hash []byte) error {
	if err := tx.EndFactorLetters(l.Member); err != nil {
		return err
	}
	return tx.one(`
		INSERT INTO factor_letter (fund, id, member, hash, by_whom, made_at, expires_at, ended_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)
		ON CONFLICT DO NOTHING`, l.ID, l.Member, hash, l.By, ms(tx.now), ms(l.ExpiresAt))
}

// FactorLetter is the member's letter whose code is good, zero if there is none.
func (tx *Tx) FactorLetter(member string) (l access.FactorLetter, err error) {
	var made, expires int64
	err = tx.first(`
		SELECT id, member, by_whom, made_at, expires_at FROM factor_letter
		WHERE fund = ?1 AND member = ?2 AND ended_at = 0 AND expires_at > ?3`,
		[]any{member, ms(tx.now)}, &l.ID, &l.Member, &l.By, &made, &expires)
	l.MadeAt, l.ExpiresAt = at(made), at(expires)
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return l, err
}

// UseFactorLetter uses the code of a letter up, or reports ErrNone if it is not the
// member's good one: of many at the same moment, one has it.
func (tx *Tx) UseFactorLetter(member string, hash []byte) error {
	return tx.one(`
		UPDATE factor_letter SET ended_at = ?4, hash = ?5
		WHERE fund = ?1 AND member = ?2 AND ended_at = 0 AND hash = ?3 AND expires_at > ?4`, member, hash, ms(tx.now), []byte{})
}

// EndFactorLetters makes the code of the member's letter worthless.
func (tx *Tx) EndFactorLetters(member string) error {
	_, err := tx.exec(`UPDATE factor_letter SET ended_at = ?3, hash = ?4 WHERE fund = ?1 AND member = ?2 AND ended_at = 0`, member, ms(tx.now), []byte{})
	return err
}

// StartReplacement has a replacement wait, or reports ErrNone if one does already:
// of many at the same moment, one begins. One that has lapsed makes room.
func (tx *Tx) StartReplacement(r access.Replacement, stop []byte) error {
	if _, err := tx.exec(`
		UPDATE replacement SET state = 'lapsed', ended_at = lapses_at
		WHERE fund = ?1 AND member = ?2 AND state = 'waiting' AND lapses_at <= ?3`, r.Member, ms(tx.now)); err != nil {
		return err
	}
	return tx.one(`
		INSERT INTO replacement (fund, id, member, source, by_whom, stop, state, started_at, ready_at, lapses_at, ended_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', ?7, ?8, ?9, 0) ON CONFLICT DO NOTHING`,
		r.ID, r.Member, r.Source, r.By, stop, ms(tx.now), ms(r.ReadyAt), ms(r.LapsesAt))
}

const replacementColumns = `id, member, source, by_whom, started_at, ready_at, lapses_at, CASE WHEN state = 'stopped' THEN 1 ELSE 0 END`

func (tx *Tx) replacement(q string, args ...any) (r access.Replacement, err error) {
	var started, ready, lapses, stopped int64
	err = tx.first(q, args, &r.ID, &r.Member, &r.Source, &r.By, &started, &ready, &lapses, &stopped)
	r.StartedAt, r.ReadyAt, r.LapsesAt, r.Stopped = at(started), at(ready), at(lapses), stopped == 1
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return r, err
}

// Replacement is the member's replacement that waits, or is ready and was not
// used; zero if there is none.
func (tx *Tx) Replacement(member string) (access.Replacement, error) {
	return tx.replacement(`SELECT `+replacementColumns+` FROM replacement WHERE fund = ?1 AND member = ?2 AND state = 'waiting' AND lapses_at > ?3`,
		member, ms(tx.now))
}

// ReplacementByStop is the member's replacement that a stop code is for, whether it
// waits still or was stopped; zero if the code is for none.
func (tx *Tx) ReplacementByStop(member string, stop []byte) (access.Replacement, error) {
	return tx.replacement(`
		SELECT `+replacementColumns+` FROM replacement
		WHERE fund = ?1 AND member = ?2 AND stop = ?3 AND (state = 'stopped' OR state = 'waiting' AND lapses_at > ?4)`, member, stop, ms(tx.now))
}

// StopReplacement stops one of the member's replacements, or reports ErrNone if it
// does not wait any more.
func (tx *Tx) StopReplacement(member, id string) error {
	return tx.one(`
		UPDATE replacement SET state = 'stopped', ended_at = ?4
		WHERE fund = ?1 AND member = ?2 AND id = ?3 AND state = 'waiting' AND lapses_at > ?4`, member, id, ms(tx.now))
}

// UseReplacement uses the member's replacement up, or reports ErrNone if none is
// ready: it was stopped, used, has lapsed, or its delay began anew.
func (tx *Tx) UseReplacement(member string) error {
	return tx.one(`
		UPDATE replacement SET state = 'used', ended_at = ?3
		WHERE fund = ?1 AND member = ?2 AND state = 'waiting' AND ready_at <= ?3 AND lapses_at > ?3`, member, ms(tx.now))
}

// DelayReplacement has the delay of the member's replacement begin anew, or
// reports ErrNone if none waits.
func (tx *Tx) DelayReplacement(r access.Replacement) error {
	return tx.one(`
		UPDATE replacement SET ready_at = ?3, lapses_at = ?4 WHERE fund = ?1 AND member = ?2 AND state = 'waiting' AND lapses_at > ?5`,
		r.Member, ms(r.ReadyAt), ms(r.LapsesAt), ms(tx.now))
}
