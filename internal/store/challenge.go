package store

import (
	"time"

	"aditus/internal/access"
)

const challengeColumns = `id, member, purpose, subject, session, kind, masked, mac, tries_left, state, issued_at, expires_at`

func scanChallenge(fund string, c *access.Challenge) func(row) error {
	return func(r row) error {
		var issued, expires int64
		err := r.Scan(&c.ID, &c.Member, &c.Purpose, &c.Subject, &c.Session, &c.Kind, &c.Masked, &c.MAC, &c.Left, &c.State, &issued, &expires)
		c.Fund, c.IssuedAt, c.ExpiresAt = fund, at(issued), at(expires)
		return err
	}
}

// AddChallenge opens c, and reports ErrNone while another challenge holds the
// member's place for the purpose.
//
// Free is the latest moment at which a challenge may have been issued to give
// way to c before its time (code.again); the zero time lets none. A proof that
// was never spent gives way too.
func (tx *Tx) AddChallenge(c access.Challenge, free time.Time) error {
	err := tx.later(`
		UPDATE challenge SET mac = ?6, wiped_at = ?4, state = CASE WHEN expires_at <= ?4 THEN 'lapsed' ELSE 'replaced' END
		WHERE fund = ?1 AND member = ?2 AND purpose = ?3 AND state IN ('open', 'burnt', 'killed', 'passed')
		AND (expires_at <= ?4 OR issued_at <= ?5 OR state = 'passed')`,
		c.Member, c.Purpose, ms(c.IssuedAt), ms(free), []byte{})
	if err != nil {
		return err
	}
	return tx.one(`
		INSERT INTO challenge (fund, id, member, purpose, subject, session, kind, masked, mac, wiped_at, tries_left, state, issued_at, expires_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, 'open', ?11, ?12) ON CONFLICT DO NOTHING`,
		c.ID, c.Member, c.Purpose, c.Subject, c.Session, string(c.Kind), c.Masked, c.MAC, c.Left, ms(c.IssuedAt), ms(c.ExpiresAt))
}

// TryChallenge takes one try from the challenge for q, or reports ErrNone. It
// also hears answers to a challenge that was passed and not yet spent, until three
// of them were wrong: a process may have died between the two, and the member
// tries again.
//
// Pause is the key of the member's throttle row: while that holds them back, no
// try is taken.
func (tx *Tx) TryChallenge(q access.Question, pause string) (c access.Challenge, err error) {
	found := false
	err = tx.query(func(r row) error { found = true; return scanChallenge(tx.fund, &c)(r) }, `
		UPDATE challenge SET tries_left = tries_left - 1
		WHERE fund = ?1 AND member = ?2 AND purpose = ?3 AND subject = ?4 AND session = ?5 AND expires_at > ?6
		AND (state = 'open' AND tries_left > 0 OR state = 'passed' AND tries_left > -3)
		AND NOT EXISTS (SELECT 1 FROM throttle WHERE fund = ?1 AND key = ?7 AND free_at > ?6)
		RETURNING `+challengeColumns,
		q.Member, q.Purpose, q.Subject, q.Session, ms(tx.now), pause)
	if err == nil && !found {
		err = ErrNone
	}
	return c, err
}

// SpendChallenge uses a passed challenge up, or reports ErrNone if it was spent,
// ended otherwise, or expired since the answer: there is no grace (R1).
func (tx *Tx) SpendChallenge(id string) error {
	return tx.one(`
		UPDATE challenge SET state = 'spent' WHERE fund = ?1 AND id = ?2 AND state = 'passed' AND expires_at > ?3`, id, ms(tx.now))
}

// PassChallenge notes that a try just taken was right, and leaves the three more
// that TryChallenge hears. The right answer again gives its own try back, however
// often: sixty clicks at once are one member. Nothing waits for it: the row is
// locked by the try.
func (tx *Tx) PassChallenge(id string) error {
	return tx.later(`UPDATE challenge SET state = 'passed', tries_left = 0 WHERE fund = ?1 AND id = ?2 AND state IN ('open', 'passed')`, id)
}

// EndChallenge moves a challenge that can still be answered to a state in which
// it cannot, and erases what a code could be checked against. One that is over
// already stays as it is.
func (tx *Tx) EndChallenge(id string, to access.ChallengeState) error {
	_, err := tx.exec(`
		UPDATE challenge SET state = ?3, mac = ?5, wiped_at = ?4 WHERE fund = ?1 AND id = ?2 AND state IN ('open', 'passed')`,
		id, string(to), ms(tx.now), []byte{})
	return err
}

// ReplaceChallenges makes every code of the member that can still be answered
// worthless, and frees their places.
func (tx *Tx) ReplaceChallenges(member string) error {
	_, err := tx.exec(`
		UPDATE challenge SET state = 'replaced', mac = ?4, wiped_at = ?3
		WHERE fund = ?1 AND member = ?2 AND state IN ('open', 'passed')`, member, ms(tx.now), []byte{})
	return err
}

// Challenge finds a challenge by id, or reports ErrNone.
func (tx *Tx) Challenge(id string) (c access.Challenge, err error) {
	return tx.challenge(`SELECT `+challengeColumns+` FROM challenge WHERE fund = ?1 AND id = ?2`, id)
}

// LastChallenge finds the newest challenge for q, whatever became of it, or
// reports ErrNone.
func (tx *Tx) LastChallenge(q access.Question) (access.Challenge, error) {
	return tx.challenge(`
		SELECT `+challengeColumns+` FROM challenge
		WHERE fund = ?1 AND member = ?2 AND purpose = ?3 AND subject = ?4 AND session = ?5
		ORDER BY issued_at DESC, id DESC LIMIT 1`, q.Member, q.Purpose, q.Subject, q.Session)
}

// HoldingChallenge finds the challenge that holds the member's place for a
// purpose, or reports ErrNone.
func (tx *Tx) HoldingChallenge(member, purpose string) (access.Challenge, error) {
	return tx.challenge(`
		SELECT `+challengeColumns+` FROM challenge
		WHERE fund = ?1 AND member = ?2 AND purpose = ?3 AND state IN ('open', 'burnt', 'killed') AND expires_at > ?4`,
		member, purpose, ms(tx.now))
}

func (tx *Tx) challenge(q string, args ...any) (c access.Challenge, err error) {
	found := false
	err = tx.query(func(r row) error { found = true; return scanChallenge(tx.fund, &c)(r) }, q, args...)
	if err == nil && !found {
		err = ErrNone
	}
	return c, err
}

// WipeChallenges erases what codes could be checked against in challenges that
// expired, and returns how many it did.
func (tx *Tx) WipeChallenges() (int64, error) {
	return tx.exec(`
		UPDATE challenge SET mac = ?3, wiped_at = ?2, state = CASE WHEN state IN ('open', 'burnt', 'killed', 'passed') THEN 'lapsed' ELSE state END
		WHERE fund = ?1 AND wiped_at = 0 AND expires_at <= ?2`, ms(tx.now), []byte{})
}
