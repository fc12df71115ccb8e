package store

import (
	"encoding/json"
	"fmt"
	"regexp"
	"sync"
	"time"

	"aditus/internal/access"
)

// A standing is what decides where a member's codes go and what the member may
// do. Nearly every transaction asks for two or more of its parts, some of them
// twice; so they are read in one question, and kept until the transaction itself
// changes one of them. A neighbour's change that is committed meanwhile is not
// seen: it comes after this transaction, as one committed a moment later would.
type standing struct {
	member    string
	channel   access.Channel
	enrolment access.Enrolment
	frozen    time.Time
	username  access.Username
}

// standingOf reads where a member stands, or what this transaction knows of it.
// Nothing is said of somebody of whom there is nothing.
func (tx *Tx) standingOf(member string) (standing, error) {
	if tx.stands != nil && tx.stands.member == member {
		return *tx.stands, nil
	}
	s := standing{member: member}
	err := tx.query(func(r row) error {
		var table, id, kind, more string
		var sealed []byte
		var from, proved int64
		if err := r.Scan(&table, &id, &kind, &more, &sealed, &from, &proved); err != nil {
			return err
		}
		switch table {
		case "channel":
			plain, err := tx.open("channel", "address", id, sealed)
			s.channel = access.Channel{ID: id, Member: member, Kind: access.Kind(kind), Address: string(plain), Source: more, OnFile: at(from), Proved: at(proved)}
			return err
		case "factor":
			secret, err := tx.open("factor", "secret", id, sealed)
			s.channel = access.Channel{ID: id, Member: member, Kind: access.TOTP, Secret: secret, Source: "member", Proved: at(proved)}
			return err
		case "enrolment":
			s.enrolment = access.Enrolment{Member: member, Level: access.Level(kind), Journey: id, Since: at(from)}
		case "member_freeze":
			s.frozen = at(from)
		case "username":
			plain, err := tx.open("username", "name", id, sealed)
			if err != nil {
				return err
			}
			var u sealedName
			err = json.Unmarshal(plain, &u)
			s.username = access.Username{Name: u.Name, Member: member, Address: u.Address, Journey: more, Active: true}
			return err
		}
		return nil
	}, `
		SELECT 'channel', id, kind, source, address, on_file_at, proved_at FROM channel
		WHERE fund = ?1 AND member = ?2 AND ended_at = 0
		UNION ALL
		SELECT 'factor', id, 'totp', 'member', secret, 0, proved_at FROM factor
		WHERE fund = ?1 AND member = ?2 AND ended_at = 0
		UNION ALL
		SELECT 'enrolment', journey, level, '', NULL, since, 0 FROM enrolment
		WHERE fund = ?1 AND member = ?2
		UNION ALL
		SELECT 'member_freeze', id, '', '', NULL, since, 0 FROM member_freeze
		WHERE fund = ?1 AND member = ?2 AND ended_at = 0
		UNION ALL
		SELECT 'username', found_by, '', journey, name, 0, 0 FROM username
		WHERE fund = ?1 AND member = ?2 AND state = 'active'`, member)
	if err != nil {
		return s, fmt.Errorf("where a member stands: %w", err)
	}
	tx.stands = &s
	return s, nil
}

var (
	moving   = regexp.MustCompile(`^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+(?:channel|factor|enrolment|member_freeze|username)\b`)
	movement sync.Map // query -> whether it is one
)

// moves reports whether a statement changes where somebody stands. It judges the
// text, so that a new statement cannot forget to say so.
func moves(q string) bool {
	if v, ok := movement.Load(q); ok {
		return v.(bool)
	}
	m := moving.MatchString(q)
	movement.Store(q, m)
	return m
}
