package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// An Event is one row of the audit trail: Body is the bytes that are hashed. N
// and Hash are zero until it is sealed.
type Event struct {
	ID, Kind, Member, Body string
	At                     int64 // Unix ms
	N                      int64
	Hash                   string // hexadecimal
}

// AddEvent appends e, not yet sealed. It touches no row but its own.
func (tx *Tx) AddEvent(e Event) error {
	return tx.later(`INSERT INTO event (fund, id, kind, member, body, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)`, e.ID, e.Kind, e.Member, e.Body, e.At)
}

// Unsealed lists the oldest events without a number.
func (tx *Tx) Unsealed(limit int) (es []Event, err error) {
	err = tx.query(func(r row) error {
		var e Event
		if err := r.Scan(&e.ID, &e.Kind, &e.Member, &e.Body, &e.At); err != nil {
			return err
		}
		es = append(es, e)
		return nil
	}, `SELECT id, kind, member, body, at FROM event WHERE fund = ?1 AND n IS NULL ORDER BY at, id LIMIT ?2`, limit)
	return es, err
}

// CountUnsealed is how many events have no number, and when the oldest was.
func (tx *Tx) CountUnsealed() (n int, oldest time.Time, err error) {
	var first int64
	err = tx.first(`SELECT count(*), coalesce(min(at), 0) FROM event WHERE fund = ?1 AND n IS NULL`, nil, &n, &first)
	return n, at(first), err
}

// Sealed lists the events numbered above n, in order.
func (tx *Tx) Sealed(n int64, limit int) (es []Event, err error) {
	err = tx.query(func(r row) error {
		var e Event
		if err := r.Scan(&e.ID, &e.Kind, &e.Member, &e.Body, &e.At, &e.N, &e.Hash); err != nil {
			return err
		}
		es = append(es, e)
		return nil
	}, `
		SELECT id, kind, member, body, at, n, coalesce(hash, '') FROM event
		WHERE fund = ?1 AND n IS NOT NULL AND n > ?2 ORDER BY n LIMIT ?3`, n, limit)
	return es, err
}

// EventsOf lists the newest events about a member, of the kinds named.
func (tx *Tx) EventsOf(member string, limit int, kinds ...string) (es []Event, err error) {
	args := []any{member, limit}
	var places []string
	for _, k := range kinds {
		args = append(args, k)
		places = append(places, fmt.Sprintf("?%d", len(args)+1))
	}
	err = tx.query(func(r row) error {
		var e Event
		if err := r.Scan(&e.ID, &e.Kind, &e.Member, &e.Body, &e.At); err != nil {
			return err
		}
		es = append(es, e)
		return nil
	}, `
		SELECT id, kind, member, body, at FROM event
		WHERE fund = ?1 AND member = ?2 AND kind IN (`+strings.Join(places, ", ")+`)
		ORDER BY at DESC, id DESC LIMIT ?3`, args...)
	return es, err
}

// Head is the last sealed number and hash of the fund's chain: 0 and "" before the first.
func (tx *Tx) Head() (n int64, hash string, err error) {
	err = tx.query(func(r row) error { return r.Scan(&n, &hash) }, `
		SELECT n, hash FROM event WHERE fund = ?1 AND n IS NOT NULL ORDER BY n DESC LIMIT 1`)
	return n, hash, err
}

const linked = 64

// Three texts for each event: as everything in them is text, neither engine
// needs to be told a type, and a number is cast by name. The spare places of a
// short batch hold an id that no event has.
//
// The ids stand twice, and the guard is on hash and not on n, for PostgreSQL's
// planner: left a choice, it walked every unsealed event for each batch. So only
// the primary key is of use to it, once the table has been analysed.
var link = fmt.Sprintf(`
	UPDATE event SET n = CAST(v.column2 AS BIGINT), hash = v.column3
	FROM (VALUES %s) AS v
	WHERE event.fund = ?1 AND event.hash IS NULL AND event.id IN (%s) AND event.id = v.column1`,
	places("(?%d, ?%d, ?%d)"), places("?%d"))

// places writes form once for each event of a batch, with its numbers.
func places(form string) string {
	all := make([]string, linked)
	for i := range all {
		numbers := []any{3*i + 2, 3*i + 3, 3*i + 4}
		all[i] = fmt.Sprintf(form, numbers[:strings.Count(form, "%d")]...)
	}
	return strings.Join(all, ", ")
}

// Link gives the events their numbers and hashes, or reports ErrNone if any of
// them has one already.
func (tx *Tx) Link(es []Event) error {
	for len(es) > 0 {
		n := min(linked, len(es))
		args := make([]any, 3*linked)
		for i := range linked {
			args[3*i], args[3*i+1], args[3*i+2] = "", "0", ""
			if i < n {
				args[3*i], args[3*i+1], args[3*i+2] = es[i].ID, strconv.FormatInt(es[i].N, 10), es[i].Hash
			}
		}
		switch done, err := tx.exec(link, args...); {
		case err != nil:
			return err
		case done != int64(n):
			return ErrNone
		}
		es = es[n:]
	}
	return nil
}

// Hold takes the fund's lease on a work, or renews it, or reports ErrNone while
// another holder has it. On PostgreSQL it also locks the lease to the end of
// the transaction, so what follows is fenced.
func (tx *Tx) Hold(work, holder string, until time.Time) error {
	return tx.one(`
		INSERT INTO lease (fund, work, holder, held_until) VALUES (?1, ?2, ?3, ?5)
		ON CONFLICT (fund, work) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
		WHERE lease.holder = excluded.holder OR lease.held_until <= ?4`,
		work, holder, ms(tx.now), ms(until))
}
