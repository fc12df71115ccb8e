package store

import "time"

// SpendWork uses a proof of work up, or reports ErrNone if it was used before. It
// need not be remembered after until.
func (tx *Tx) SpendWork(id string, until time.Time) error {
	return tx.one(`INSERT INTO work_spent (fund, id, until) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING`, id, ms(until))
}

// ForgetWork deletes the proofs that are too old to be used by anybody.
func (tx *Tx) ForgetWork() error {
	return tx.later(`DELETE FROM work_spent WHERE fund = ?1 AND until < ?2`, ms(tx.now))
}
