package store

import (
	"errors"
	"strings"

	"aditus/internal/access"
)

// ChannelIndex is what an address is looked up by: case and blanks do not make
// another one.
func (tx *Tx) ChannelIndex(kind access.Kind, address string) string {
	return tx.keys.Index("address", string(kind)+" "+strings.ToLower(strings.TrimSpace(address)))
}

// Channel is how the member gets codes, zero if there is no way yet: a channel, or
// an app.
func (tx *Tx) Channel(member string) (access.Channel, error) {
	s, err := tx.standingOf(member)
	return s.channel, err
}

// AddressUsed reports whether the address is another member's channel (F-35).
func (tx *Tx) AddressUsed(member string, kind access.Kind, address string) (bool, error) {
	var n int
	err := tx.first(`SELECT count(*) FROM channel WHERE fund = ?1 AND found_by = ?2 AND member <> ?3 AND ended_at = 0`,
		[]any{tx.ChannelIndex(kind, address), member}, &n)
	return n > 0, err
}

// UseChannel ends what the member had codes from, if anything, and puts c in its
// place. It reports ErrNone if the address is another member's channel.
func (tx *Tx) UseChannel(c access.Channel) error {
	if err := tx.endChannels(c.Member); err != nil {
		return err
	}
	return tx.one(`
		INSERT INTO channel (fund, id, member, kind, address, found_by, source, on_file_at, proved_at, ended_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0) ON CONFLICT DO NOTHING`,
		c.ID, c.Member, string(c.Kind), tx.seal("channel", "address", c.ID, []byte(c.Address)), tx.ChannelIndex(c.Kind, c.Address),
		c.Source, ms(c.OnFile), ms(tx.now))
}

// EndedChannel is the member's channel, or app, that was replaced last, with the
// time it ended; zero if none was. Of an app nothing else is left.
func (tx *Tx) EndedChannel(member string) (c access.Channel, err error) {
	var sealed []byte
	var ended int64
	err = tx.first(`
		SELECT id, member, kind, address, ended_at FROM channel
		WHERE fund = ?1 AND member = ?2 AND ended_at > 0
		UNION ALL
		SELECT id, member, 'totp', secret, ended_at FROM factor
		WHERE fund = ?1 AND member = ?2 AND ended_at > 0
		ORDER BY ended_at DESC, id DESC LIMIT 1`,
		[]any{member}, &c.ID, &c.Member, &c.Kind, &sealed, &ended)
	if errors.Is(err, ErrNone) {
		return access.Channel{}, nil
	}
	if err != nil {
		return c, err
	}
	c.Ended = at(ended)
	if c.Kind == access.TOTP {
		return c, nil
	}
	plain, err := tx.open("channel", "address", c.ID, sealed)
	c.Address = string(plain)
	return c, err
}

// Enrolment is the level the member can reach, zero if nothing was finished yet.
func (tx *Tx) Enrolment(member string) (access.Enrolment, error) {
	s, err := tx.standingOf(member)
	return s.enrolment, err
}

// Enrol sets the level the member can reach.
func (tx *Tx) Enrol(e access.Enrolment) error {
	return tx.one(`
		INSERT INTO enrolment (fund, member, level, journey, since) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (fund, member) DO UPDATE SET level = excluded.level, journey = excluded.journey, since = excluded.since`,
		e.Member, string(e.Level), e.Journey, ms(tx.now))
}
