package fault

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"maps"
	"strings"
)

// invariants are what must hold at any moment, as queries that find what breaks
// them. I1 to I7 are those of reliability.md part 3; a query that fits both
// engines names an event's field as {event.field}.
var invariants = []struct{ name, query string }{
	{"I1 one challenge is accepted once", `
		SELECT challenge, count(*) FROM confirmation GROUP BY challenge HAVING count(*) > 1`},
	{"I1 one challenge is spent once", `
		SELECT {event.challenge}, count(*) FROM event WHERE kind = 'code_spent' GROUP BY 1 HAVING count(*) > 1`},
	{"I1 spent means spent", `
		SELECT c.id, c.state FROM challenge c
		LEFT JOIN (SELECT {event.challenge} AS challenge FROM event WHERE kind = 'code_spent') e ON e.challenge = c.id
		WHERE (c.state = 'spent') <> (e.challenge IS NOT NULL)`},
	{"I1 no more than five wrong answers are heard", `
		SELECT {event.challenge}, count(*) FROM event
		WHERE kind = 'code_answered' AND CAST({event.right} AS TEXT) IN ('0', 'false') GROUP BY 1 HAVING count(*) > 5`},
	{"I1 one live code a person and purpose", `
		SELECT member, purpose, count(*) FROM challenge WHERE state IN ('open', 'burnt', 'killed') GROUP BY 1, 2 HAVING count(*) > 1`},
	{"I2 an operation is confirmed once", `
		SELECT operation, count(*) FROM confirmation GROUP BY operation HAVING count(*) > 1`},
	{"I2 confirmed means a receipt", `
		SELECT o.id, o.state FROM operation o LEFT JOIN confirmation c ON c.operation = o.id
		WHERE (o.state IN ('confirmed', 'withdrawn', 'handled')) <> (c.id IS NOT NULL)`},
	{"I2 what was confirmed is what was shown and coded", `
		SELECT o.id, o.digest, c.digest, h.subject, h.state FROM confirmation c
		JOIN operation o ON o.id = c.operation LEFT JOIN challenge h ON h.id = c.challenge
		WHERE o.digest <> c.digest OR o.member <> c.member OR o.challenge <> c.challenge OR h.id IS NULL OR h.state <> 'spent'
		OR h.member <> c.member OR h.session <> c.session OR h.subject <> 'operation/' || o.id || '/' || o.digest`},
	{"I2 one event for each confirmation, of the same content", `
		SELECT c.id, count(e.receipt) FROM confirmation c
		LEFT JOIN (SELECT {event.receipt} AS receipt, {event.digest} AS digest FROM event WHERE kind = 'operation_confirmed') e
			ON e.receipt = c.id AND e.digest = c.digest
		GROUP BY c.id HAVING count(e.receipt) <> 1`},
	{"I4 no event of a confirmation that is not there", `
		SELECT {event.receipt} FROM event WHERE kind = 'operation_confirmed' AND {event.receipt} NOT IN (SELECT id FROM confirmation)`},
	{"I4 drafts have their event", missing("operation", "id", "true", "operation_drafted", "operation")},
	{"I4 withdrawals have their event", missing("operation", "id", "state = 'withdrawn'", "operation_withdrawn", "operation")},
	{"I4 dropped drafts have their event", missing("operation", "id", "state = 'lapsed'", "operation_dropped", "operation")},
	{"I4 codes have their event", missing("challenge", "id", "true", "code_asked", "challenge")},
	{"I4 codes that were ended have their event", missing("challenge", "id", "state IN ('killed', 'bounced')", "code_killed", "challenge")},
	{"I4 sessions have their event", missing("session", "id", "true", "signed_in", "session")},
	{"I4 journeys have their event", missing("journey", "id", "true", "journey_begun", "journey")},
	{"I4 channels have their event", missing("channel", "id", "true", "channel_active", "channel")},
	{"I4 chosen passwords have their event", missing("credential", "member", "source = 'member'", "password_changed", "member")},
	{"I4 enrolments have their password's event", missing("enrolment", "member", "true", "password_changed", "member")},
	{"I4 messages that failed have their event", missing("outbox", "id", "state IN ('failed', 'expired')", "message_failed", "message")},
	{"I4 withdrawals are of what was withdrawn", `
		SELECT {event.operation} FROM event WHERE kind = 'operation_withdrawn'
		AND {event.operation} NOT IN (SELECT id FROM operation WHERE state = 'withdrawn')`},
	{"I4 the chain has no gap", `
		SELECT max(n), count(n) FROM event WHERE n IS NOT NULL HAVING max(n) <> count(n)`},
	{"I5 each code has its message", `
		SELECT c.id, count(o.id) FROM challenge c LEFT JOIN outbox o ON o.challenge = c.id GROUP BY c.id HAVING count(o.id) <> 1`},
	{"I5 each confirmation has its receipt in the mail", `
		SELECT c.member, count(*) FROM confirmation c GROUP BY c.member
		HAVING count(*) <> (SELECT count(*) FROM outbox o WHERE o.member = c.member AND o.key IN ('receipt', 'receipt_held'))`},
	{"I5 a message that ended is empty, and one that did not is not", `
		SELECT id, state, length(body) FROM outbox WHERE (state = 'queued') <> (length(body) > 0) OR (state = 'queued') <> (ended_at = 0)`},
	{"I9 what can no longer be answered can no longer be checked", `
		SELECT id, state FROM challenge WHERE state IN ('killed', 'bounced', 'burnt', 'replaced', 'lapsed') AND length(mac) > 0`},
	{"one session means one member", `
		SELECT s.id FROM session s JOIN operation o ON o.session = s.id WHERE o.member <> s.member`},
	{"only who is enrolled acts", `
		SELECT c.id FROM confirmation c LEFT JOIN enrolment e ON e.member = c.member WHERE e.level IS NULL OR e.level <> 'act'`},
}

// missing finds rows of a table, under a condition, without an event that tells
// of them.
func missing(table, column, where, kind, field string) string {
	return fmt.Sprintf(`
		SELECT %s FROM %s WHERE (%s) AND %s NOT IN
		(SELECT {event.%s} FROM event WHERE kind = '%s' AND {event.%s} IS NOT NULL)`, column, table, where, column, field, kind, field)
}

// check holds the database, as it is at one moment, against the invariants and
// against what members were told before. It returns what is wrong.
func (w *world) check(h *history) []string {
	w.t.Helper()
	var told promises // a copy from before the moment: it must all be there
	if h != nil {
		h.promise(func(p *promises) {
			told = promises{confirmed: maps.Clone(p.confirmed), withdrawn: maps.Clone(p.withdrawn), wrong: maps.Clone(p.wrong), enrolled: maps.Clone(p.enrolled)}
		})
	}
	var wrong []string
	ctx := context.Background()
	var one *sql.TxOptions // a SQLite transaction sees one moment by itself
	if w.engine == "postgres" {
		one = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := w.raw.BeginTx(ctx, one)
	if err != nil {
		w.t.Fatal(err)
	}
	defer tx.Rollback() // nothing was written
	for _, i := range invariants {
		if found := w.rows(tx, i.query); len(found) > 0 {
			wrong = append(wrong, fmt.Sprintf("%s: %d: %s", i.name, len(found), strings.Join(found[:min(3, len(found))], " | ")))
		}
	}
	if h != nil {
		wrong = append(wrong, w.promised(tx, told)...)
		wrong = append(wrong, h.complaints()...)
	}
	return wrong
}

// rows are the rows of a query, as text.
func (w *world) rows(tx *sql.Tx, q string) (all []string) {
	w.t.Helper()
	rows, err := tx.Query(w.dialect(q))
	if err != nil {
		w.t.Fatalf("%s: %v", q, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			w.t.Fatal(err)
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = v.String
		}
		all = append(all, strings.Join(texts, " "))
	}
	if err := rows.Err(); err != nil {
		w.t.Fatalf("%s: %v", q, err)
	}
	return all
}

// promised looks for what members were told (I3), and for the tries they were
// told to have used (I7).
func (w *world) promised(tx *sql.Tx, told promises) (wrong []string) {
	w.t.Helper()
	numbers, withdrawn := map[string]string{}, map[string]bool{}
	for _, row := range w.rows(tx, `SELECT o.id, o.number, o.state FROM confirmation c JOIN operation o ON o.id = c.operation`) {
		f := strings.Fields(row)
		numbers[f[0]] = f[1]
		withdrawn[f[0]] = f[2] == "withdrawn"
	}
	for op, number := range told.confirmed {
		if numbers[op] != number {
			wrong = append(wrong, fmt.Sprintf("I3 lost: operation %s was confirmed with the number %s, and has %q", op, number, numbers[op]))
		}
	}
	for op := range told.withdrawn {
		if !withdrawn[op] {
			wrong = append(wrong, fmt.Sprintf("I3 lost: operation %s was withdrawn, and is not", op))
		}
	}
	enrolled := map[string]bool{}
	for _, row := range w.rows(tx, `SELECT e.member FROM enrolment e JOIN channel c ON c.member = e.member AND c.ended_at = 0 WHERE e.level = 'act'`) {
		enrolled[row] = true
	}
	for member := range told.enrolled {
		if !enrolled[member] {
			wrong = append(wrong, fmt.Sprintf("I3 lost: member %s registered a channel, and has none", member))
		}
	}
	heard := map[string]int{}
	for _, row := range w.rows(tx, `
		SELECT h.subject FROM challenge h JOIN (SELECT {event.challenge} AS challenge FROM event
		WHERE kind = 'code_answered' AND CAST({event.right} AS TEXT) IN ('0', 'false')) e ON e.challenge = h.id`) {
		if part := strings.Split(row, "/"); part[0] == "operation" {
			heard[part[1]]++
		}
	}
	for op, n := range told.wrong {
		if heard[op] < n {
			wrong = append(wrong, fmt.Sprintf("I7 lost: operation %s had %d wrong answers, and %d are counted", op, n, heard[op]))
		}
	}
	return wrong
}

// messages checks what left against the outbox (I5, I6): every message came to a
// final state, none was sent that is not there, none after its time, none more
// often than processes died, and a second time only with the same bytes.
func (w *world) messages(deaths int) (wrong []string) {
	w.t.Helper()
	type row struct {
		state   string
		expires int64
		tries   int
	}
	all := map[string]row{}
	rows, err := w.raw.Query(`SELECT id, state, expires_at, tries FROM outbox`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var r row
		if err := rows.Scan(&id, &r.state, &r.expires, &r.tries); err != nil {
			w.t.Fatal(err)
		}
		all[id] = r
		if r.state == "queued" {
			wrong = append(wrong, "I5 message "+id+" did not end")
		}
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	times, bytes := map[string]int{}, map[string][sha256.Size]byte{}
	for _, l := range w.sink.all() {
		r, there := all[l.id]
		times[l.id]++
		switch {
		case !there:
			wrong = append(wrong, "I4 message "+l.id+" was sent and its cause is not there")
		case r.expires != 0 && l.at.UnixMilli() >= r.expires:
			wrong = append(wrong, "I5 message "+l.id+" was sent after its time")
		case times[l.id] > 1+deaths || times[l.id] > r.tries:
			wrong = append(wrong, fmt.Sprintf("I6 message %s was sent %d times, with %d deaths and %d claims", l.id, times[l.id], deaths, r.tries))
		case times[l.id] > 1 && bytes[l.id] != l.digest:
			wrong = append(wrong, "I6 message "+l.id+" was sent again with other bytes")
		}
		bytes[l.id] = l.digest
	}
	for id, r := range all {
		if r.state == "sent" && times[id] == 0 {
			wrong = append(wrong, "I5 message "+id+" counts as sent and never left")
		}
	}
	return wrong
}

// sent counts the letters that went out more than once.
func (w *world) repeats() (n int) {
	times := map[string]int{}
	for _, l := range w.sink.all() {
		if times[l.id]++; times[l.id] > 1 {
			n++
		}
	}
	return n
}

// ended waits until every message has come to its end. Nobody may hold one that
// is dead: see release.
func (w *world) ended() {
	w.t.Helper()
	until(w.t, "every message to end", func() bool {
		return w.number(`SELECT count(*) FROM outbox WHERE state = 'queued'`) == 0
	})
}

// release runs out the leases that dead processes left on messages, and the
// waits before another try, behind the program's back: nobody waits for minutes
// here. No process may be alive meanwhile.
func (w *world) release() {
	w.t.Helper()
	w.change(`UPDATE outbox SET held_until = 0, next_at = queued_at WHERE state = 'queued'`)
}
