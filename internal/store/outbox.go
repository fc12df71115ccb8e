package store

import (
	"encoding/json"
	"time"

	"aditus/internal/access"
)

// sealedMessage is the part of a message that only its reader may read.
type sealedMessage struct {
	To   string       `json:"to"`
	Args []access.Arg `json:"args"`
}

// Post puts m in the outbox; it is sent only if the transaction commits.
func (tx *Tx) Post(m access.Message) error {
	body, err := json.Marshal(sealedMessage{m.To, m.Args})
	if err != nil {
		return err
	}
	state, sealed, ended := access.MessageQueued, tx.seal("outbox", "body", m.ID, body), int64(0)
	if m.Discard {
		state, sealed, ended = access.MessageDiscarded, []byte{}, ms(tx.now)
	} else {
		tx.posted = true
	}
	return tx.later(`
		INSERT INTO outbox (fund, id, member, challenge, kind, lang, key, body, state, queued_at, expires_at,
			next_at, held_until, holder, fence, tries, ended_at, provider_id, said)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?11, ?9, ?10, ?9, 0, '', 0, 0, ?12, '', '')`,
		m.ID, m.Member, m.Challenge, string(m.Kind), m.Lang, m.Key, sealed, ms(tx.now), ms(m.ExpiresAt), string(state), ended)
}

// A Claim is a message in the hands of one worker. The fence tells an old
// holder, who woke up late, that the message is another's by now.
type Claim struct {
	access.Message
	Fence      int64
	Unreadable bool // the body could not be opened: it can only be closed
}

// Claim takes the message that has been due longest and holds it until then, or
// until soon if it expires, or reports ErrNone. The condition stands twice: on PostgreSQL the subselect may
// be stale by the time the row is locked.
func (tx *Tx) Claim(holder string, until, soon time.Time) (c Claim, err error) {
	var body []byte
	var queued, expires int64
	err = tx.first(`
		UPDATE outbox SET held_until = CASE WHEN expires_at > 0 THEN CAST(?5 AS BIGINT) ELSE CAST(?3 AS BIGINT) END, holder = ?4, fence = fence + 1, tries = tries + 1
		WHERE fund = ?1 AND state = 'queued' AND next_at <= ?2 AND held_until <= ?2 AND id = (
			SELECT id FROM outbox WHERE fund = ?1 AND state = 'queued' AND next_at <= ?2 AND held_until <= ?2
			ORDER BY next_at, id LIMIT 1)
		RETURNING id, member, challenge, kind, lang, key, body, queued_at, expires_at, fence, tries`,
		[]any{ms(tx.now), ms(until), holder, ms(soon)},
		&c.ID, &c.Member, &c.Challenge, &c.Kind, &c.Lang, &c.Key, &body, &queued, &expires, &c.Fence, &c.Tries)
	if err != nil {
		return c, err
	}
	c.Fund, c.QueuedAt, c.ExpiresAt, c.State = tx.fund, at(queued), at(expires), access.MessageQueued
	plain, err := tx.open("outbox", "body", c.ID, body)
	var s sealedMessage
	if err == nil {
		err = json.Unmarshal(plain, &s)
	}
	c.Unreadable = err != nil // one such row must not stand before all others for ever
	c.To, c.Args = s.To, s.Args
	return c, nil
}

// Finish brings a claimed message to a final state and erases its body. It
// reports ErrNone if the claim is not the holder's any more.
func (tx *Tx) Finish(c Claim, state access.MessageState, providerID, said string) error {
	return tx.one(`
		UPDATE outbox SET state = ?4, ended_at = ?5, provider_id = ?6, said = ?7, body = ?8, held_until = 0
		WHERE fund = ?1 AND id = ?2 AND fence = ?3 AND state = 'queued'`,
		c.ID, c.Fence, string(state), ms(tx.now), providerID, said, []byte{})
}

// Delay puts a claimed message back, not to be sent before then.
func (tx *Tx) Delay(c Claim, until time.Time, said string) error {
	return tx.one(`
		UPDATE outbox SET next_at = ?4, said = ?5, held_until = 0
		WHERE fund = ?1 AND id = ?2 AND fence = ?3 AND state = 'queued'`,
		c.ID, c.Fence, ms(until), said)
}

// MessageStates counts the fund's messages by state.
func (tx *Tx) MessageStates() (map[access.MessageState]int, error) {
	states := map[access.MessageState]int{}
	err := tx.query(func(r row) error {
		var s access.MessageState
		var n int
		err := r.Scan(&s, &n)
		states[s] = n
		return err
	}, `SELECT state, count(*) FROM outbox WHERE fund = ?1 GROUP BY state`)
	return states, err
}

// MessageOf is how far the message with a challenge's code got: its state and
// when it was sent. It reports ErrNone if there is none.
func (tx *Tx) MessageOf(challenge string) (m access.Message, endedAt time.Time, err error) {
	var ended int64
	m.Fund, m.Challenge = tx.fund, challenge
	err = tx.first(`SELECT id, kind, state, tries, ended_at FROM outbox WHERE fund = ?1 AND challenge = ?2 AND challenge <> ''`,
		[]any{challenge}, &m.ID, &m.Kind, &m.State, &m.Tries, &ended)
	return m, at(ended), err
}
