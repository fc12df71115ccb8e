package store

import (
	"encoding/json"
	"slices"
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
	} else if !slices.Contains(tx.posted, m.Kind) {
		tx.posted = append(tx.posted, m.Kind)
	}
	return tx.later(`
		INSERT INTO outbox (fund, id, member, challenge, kind, lang, key, body, state, queued_at, expires_at,
			next_at, held_until, holder, fence, tries, ended_at, provider_id, said, doubts)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?11, ?9, ?10, ?9, 0, '', 0, 0, ?12, '', '', 0)`,
		m.ID, m.Member, m.Challenge, string(m.Kind), m.Lang, m.Key, sealed, ms(tx.now), ms(m.ExpiresAt), string(state), ended)
}

// A Queue is where the messages of one fund stand that go over one kind of
// channel. Queues know nothing of each other, so a gateway that is slow or away
// holds up nobody but its own.
type Queue struct {
	Fund string
	Kind access.Kind
}

// A Claim is a message in the hands of one worker. The fence tells an old
// holder, who woke up late, that the message is another's by now.
type Claim struct {
	access.Message
	Fence      int64
	Doubts     int  // how often nobody knew whether it was taken; Finish and Delay write it down
	Unreadable bool // the body could not be opened: it can only be closed
}

// claimMost is how many messages one Claim takes at the most: so many ids stand
// in its statement.
const claimMost = 16

// Claim takes messages of one kind, most at the most and never above 16, and holds
// each until then, or until soon if it expires. What expires goes first, then what
// has been due longest. It returns none if none is due, or if other nodes took
// them at this very moment.
//
// The condition stands twice, as what was read may be stale by the time the rows
// are locked; the second time with ended_at for state, so that PostgreSQL goes by
// the ids it is given. In one statement, and without statistics, it reads all that
// waits again for each row of it.
func (tx *Tx) Claim(kind access.Kind, most int, holder string, until, soon time.Time) (all []Claim, err error) {
	args := []any{ms(tx.now), ms(until), holder, ms(soon)}
	err = tx.query(func(r row) error {
		var id string
		err := r.Scan(&id)
		args = append(args, id)
		return err
	}, `
		SELECT id FROM outbox WHERE fund = ?1 AND kind = ?3 AND state = 'queued' AND next_at <= ?2 AND held_until <= ?2
		ORDER BY (expires_at = 0), next_at, id LIMIT ?4`,
		ms(tx.now), string(kind), min(most, claimMost))
	if err != nil || len(args) == 4 {
		return nil, err
	}
	for len(args) < 4+claimMost {
		args = append(args, "")
	}
	err = tx.query(func(r row) error {
		c := Claim{Message: access.Message{Fund: tx.fund, Kind: kind, State: access.MessageQueued}}
		var body []byte
		var queued, expires int64
		err := r.Scan(&c.ID, &c.Member, &c.Challenge, &c.Lang, &c.Key, &body, &queued, &expires, &c.Fence, &c.Tries, &c.Doubts)
		if err != nil {
			return err
		}
		c.QueuedAt, c.ExpiresAt = at(queued), at(expires)
		plain, err := tx.open("outbox", "body", c.ID, body)
		var s sealedMessage
		if err == nil {
			err = json.Unmarshal(plain, &s)
		}
		c.Unreadable = err != nil // one such row must not stand before all others for ever
		c.To, c.Args = s.To, s.Args
		all = append(all, c)
		return nil
	}, `
		UPDATE outbox SET held_until = CASE WHEN expires_at > 0 THEN CAST(?5 AS BIGINT) ELSE CAST(?3 AS BIGINT) END, holder = ?4, fence = fence + 1, tries = tries + 1
		WHERE fund = ?1 AND ended_at = 0 AND next_at <= ?2 AND held_until <= ?2
			AND id IN (?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
		RETURNING id, member, challenge, lang, key, body, queued_at, expires_at, fence, tries, COALESCE(doubts, 0)`, args...)
	return all, err
}

// Sent brings a claimed message to its final state and erases its body. If the
// claim is another's by now nothing changes; as nobody waits to hear that, it
// costs no round trip (see later).
func (tx *Tx) Sent(c Claim, providerID string) error {
	return tx.later(`
		UPDATE outbox SET state = 'sent', ended_at = ?4, provider_id = ?5, said = '', body = ?6, held_until = 0
		WHERE fund = ?1 AND id = ?2 AND fence = ?3 AND ended_at = 0`,
		c.ID, c.Fence, ms(tx.now), providerID, []byte{})
}

// Finish brings a claimed message to a final state and erases its body. It
// reports ErrNone if the claim is not the holder's any more.
func (tx *Tx) Finish(c Claim, state access.MessageState, providerID, said string) error {
	return tx.one(`
		UPDATE outbox SET state = ?4, ended_at = ?5, provider_id = ?6, said = ?7, body = ?8, held_until = 0, doubts = ?9
		WHERE fund = ?1 AND id = ?2 AND fence = ?3 AND ended_at = 0`,
		c.ID, c.Fence, string(state), ms(tx.now), providerID, said, []byte{}, c.Doubts)
}

// Delay puts a claimed message back, not to be sent before then.
func (tx *Tx) Delay(c Claim, until time.Time, said string) error {
	return tx.one(`
		UPDATE outbox SET next_at = ?4, said = ?5, held_until = 0, doubts = ?6
		WHERE fund = ?1 AND id = ?2 AND fence = ?3 AND ended_at = 0`,
		c.ID, c.Fence, ms(until), said, c.Doubts)
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
