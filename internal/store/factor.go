package store

import (
	"errors"

	"aditus/internal/access"
)

// UseApp ends what the member had codes from, and puts an app in its place. A
// step of the clock that was used stays used, whatever secret it was of.
func (tx *Tx) UseApp(c access.Channel) error {
	if err := tx.endChannels(c.Member); err != nil {
		return err
	}
	return tx.one(`
		INSERT INTO factor (fund, id, member, secret, proved_at, ended_at) VALUES (?1, ?2, ?3, ?4, ?5, 0) ON CONFLICT DO NOTHING`,
		c.ID, c.Member, tx.seal("factor", "secret", c.ID, c.Secret), ms(tx.now))
}

// endChannels ends whatever the member has codes from. The secret of an app goes.
func (tx *Tx) endChannels(member string) error {
	if _, err := tx.exec(`UPDATE channel SET ended_at = ?3 WHERE fund = ?1 AND member = ?2 AND ended_at = 0`, member, ms(tx.now)); err != nil {
		return err
	}
	_, err := tx.exec(`UPDATE factor SET ended_at = ?3, secret = ?4 WHERE fund = ?1 AND member = ?2 AND ended_at = 0`, member, ms(tx.now), []byte{})
	return err
}

// TakeStep takes a step of an app's clock for a challenge, or reports ErrNone if
// it was taken already: of many at the same moment, on whatever node, one has it.
func (tx *Tx) TakeStep(member string, step int64, challenge string) error {
	return tx.one(`INSERT INTO totp_used (fund, member, step, challenge) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`, member, step, challenge)
}

// StepOf is the step that was taken for a challenge, or ErrNone.
func (tx *Tx) StepOf(member, challenge string) (step int64, err error) {
	err = tx.first(`SELECT step FROM totp_used WHERE fund = ?1 AND member = ?2 AND challenge = ?3 ORDER BY step DESC LIMIT 1`,
		[]any{member, challenge}, &step)
	return step, err
}

// ForgetSteps forgets steps before one that no clock can come back to.
func (tx *Tx) ForgetSteps(before int64) error {
	return tx.later(`DELETE FROM totp_used WHERE fund = ?1 AND step < ?2`, before)
}

// SetRecoveryCodes puts codes, by their hashes, in the place of those there were.
func (tx *Tx) SetRecoveryCodes(member string, hashes [][]byte) error {
	if _, err := tx.exec(`DELETE FROM recovery_code WHERE fund = ?1 AND member = ?2`, member); err != nil {
		return err
	}
	for _, h := range hashes {
		if err := tx.later(`INSERT INTO recovery_code (fund, member, hash, made_at, used_at) VALUES (?1, ?2, ?3, ?4, 0)`, member, h, ms(tx.now)); err != nil {
			return err
		}
	}
	return nil
}

// UseRecoveryCode uses a code up, or reports ErrNone if it is none of the
// member's, or was used: of many at the same moment, one has it.
func (tx *Tx) UseRecoveryCode(member string, hash []byte) error {
	return tx.one(`UPDATE recovery_code SET used_at = ?4 WHERE fund = ?1 AND member = ?2 AND hash = ?3 AND used_at = 0`, member, hash, ms(tx.now))
}

// CountRecoveryCodes is how many of the member's codes can still be used.
func (tx *Tx) CountRecoveryCodes(member string) (n int, err error) {
	err = tx.first(`SELECT count(*) FROM recovery_code WHERE fund = ?1 AND member = ?2 AND used_at = 0`, []any{member}, &n)
	return n, err
}

// AddConsent writes down what a member accepted.
func (tx *Tx) AddConsent(c access.Consent) error {
	return tx.one(`INSERT INTO consent (fund, member, what, version, lang, at, journey) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
		c.Member, c.What, c.Version, c.Lang, ms(c.At), c.Journey)
}

// Consent is what the member accepted last of a kind, zero if nothing.
func (tx *Tx) Consent(member, what string) (c access.Consent, err error) {
	var when int64
	err = tx.first(`SELECT member, what, version, lang, at, journey FROM consent WHERE fund = ?1 AND member = ?2 AND what = ?3 ORDER BY at DESC LIMIT 1`,
		[]any{member, what}, &c.Member, &c.What, &c.Version, &c.Lang, &when, &c.Journey)
	c.At = at(when)
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return c, err
}
