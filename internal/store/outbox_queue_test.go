package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

func ids(all []store.Claim) string {
	var s []string
	for _, c := range all {
		s = append(s, c.ID)
	}
	slices.Sort(s) // claimed together, in no order
	return strings.Join(s, " ")
}

// What could have happened: the SMS gateway is away, its messages stand before
// all others, and no e-mail leaves either. Or a mailing to everybody stands before
// the code of somebody who waits for it.
func TestQueues(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		db := dbs[0]
		post := func(id string, kind access.Kind, code bool) {
			t.Helper()
			m := message(id)
			m.Kind = kind
			if !code {
				m.ExpiresAt = time.Time{}
			}
			write(t, db, func(tx *store.Tx) error { return tx.Post(m) })
			c.add(time.Second)
		}
		for i := range 3 {
			post(fmt.Sprint("notice", i), access.Email, false)
		}
		post("sms", access.SMS, true)
		post("pec", access.PEC, false)
		post("code", access.Email, true)
		ok(t, db.Write(t.Context(), "alpina", func(tx *store.Tx) error { return tx.Post(message("theirs")) }))

		ok(t, db.Across(t.Context(), func(a *store.All) error {
			queues, err := a.WithMail()
			want := []store.Queue{{Fund: "alpina", Kind: access.Email}, {Fund: fund, Kind: access.Email}, {Fund: fund, Kind: access.PEC}, {Fund: fund, Kind: access.SMS}}
			slices.SortFunc(queues, func(a, b store.Queue) int { return strings.Compare(a.Fund+string(a.Kind), b.Fund+string(b.Kind)) })
			if !slices.Equal(queues, want) {
				t.Errorf("queues %v, want %v", queues, want)
			}
			return err
		}))
		// What expires goes first, then what waited longest; no more than asked for.
		for _, want := range []struct {
			kind access.Kind
			most int
			ids  string
		}{
			{access.Email, 2, "code notice0"}, {access.Letter, 9, ""}, {access.SMS, 9, "sms"}, {access.SMS, 9, ""},
			{access.Email, 9, "notice1 notice2"}, {access.PEC, 1, "pec"},
		} {
			all := claims(t, db, want.kind, want.most, "one", time.Minute)
			if got := ids(all); got != want.ids {
				t.Errorf("claimed %q of %s, want %q", got, want.kind, want.ids)
			}
			for _, m := range all {
				if m.Kind != want.kind || m.Fund != fund || m.To == "" || m.Tries != 1 || m.Fence != 1 || m.Doubts != 0 {
					t.Errorf("%+v", m)
				}
			}
		}
	})
}

// What could have happened: two workers take batches that overlap, and members
// get their codes twice. Each message of a batch has a lease and a fence of its own.
func TestClaimBatches(t *testing.T) {
	onNodes(t, func(t *testing.T, c *clock, dbs []*store.DB) {
		const messages, workers = 200, 8
		write(t, dbs[0], func(tx *store.Tx) error {
			for i := range messages {
				if err := tx.Post(message(fmt.Sprintf("m%03d", i))); err != nil {
					return err
				}
			}
			return nil
		})
		var mu sync.Mutex
		claimed := map[string]int{}
		together(workers, dbs, func(i int, db *store.DB) {
			for due(t, db) > 0 {
				var all []store.Claim
				err := db.Write(t.Context(), fund, func(tx *store.Tx) (err error) {
					all, err = tx.Claim(access.Email, 16, fmt.Sprint("worker", i), tx.Now().Add(time.Hour), tx.Now().Add(time.Hour))
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, m := range all {
					claimed[m.ID]++
				}
				mu.Unlock()
				if len(all) > 16 {
					t.Errorf("claimed %d at once", len(all))
				}
				// Half of each batch is noted, together; the rest is left as by a dead worker.
				err = db.Write(t.Context(), fund, func(tx *store.Tx) error {
					for _, m := range all[:len(all)/2] {
						if err := tx.Sent(m, "p "+m.ID); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
		for id, n := range claimed {
			if n != 1 {
				t.Errorf("%s was claimed %d times", id, n)
			}
		}
		states := func() (s map[access.MessageState]int) {
			ok(t, dbs[0].Read(t.Context(), fund, func(tx *store.Tx) (err error) { s, err = tx.MessageStates(); return err }))
			return s
		}
		s := states()
		if len(claimed) != messages || s[access.MessageSent]+s[access.MessageQueued] != messages || s[access.MessageSent] == 0 {
			t.Fatalf("%d claimed, %v", len(claimed), s)
		}
		// The dead workers' messages are claimed again, and only these.
		c.add(time.Hour)
		again := 0
		for {
			all := claims(t, dbs[0], access.Email, messages, "another", time.Hour)
			if len(all) == 0 {
				break
			}
			again += len(all)
			if len(all) > 16 {
				t.Errorf("%d claimed at once", len(all))
			}
			for _, m := range all {
				if m.Fence != 2 || m.Tries != 2 {
					t.Fatalf("%+v", m)
				}
			}
		}
		if again != s[access.MessageQueued] {
			t.Errorf("%d claimed again, %v", again, s)
		}
	})
}

// What could have happened: a worker that slept beyond its lease notes a message
// as sent that another has just put back, and it never leaves.
func TestSentByAnOldHolder(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			c := newClock()
			where := dbtest.New(t, engine)
			db := dbtest.Open(t, where, store.Options{Keys: keys.New(nil), Now: c.Now})
			write(t, db, func(tx *store.Tx) error { return tx.Post(message("m")) })
			old, err := claim(t, db, "one", time.Minute)
			ok(t, err)
			c.add(time.Minute)
			fresh, err := claim(t, db, "two", time.Minute)
			ok(t, err)
			state := func() access.MessageState {
				var m access.Message
				ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) (err error) { m, _, err = tx.MessageOf("cm"); return err }))
				return m.State
			}
			write(t, db, func(tx *store.Tx) error { return tx.Sent(old, "old") })
			if s := state(); s != access.MessageQueued {
				t.Error("an old holder closed it:", s)
			}
			fresh.Doubts = 1
			ok(t, db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.Delay(fresh, after(time.Minute), "nobody knows") }))
			third, err := claim(t, db, "three", time.Minute)
			ok(t, err)
			if third.Doubts != 1 {
				t.Errorf("%d doubts, want 1", third.Doubts)
			}
			write(t, db, func(tx *store.Tx) error { return tx.Sent(third, "new") })
			var id string
			var body int
			ok(t, dbtest.Raw(t, where).QueryRow(`SELECT provider_id, length(body) FROM outbox`).Scan(&id, &body))
			if s := state(); s != access.MessageSent || id != "new" || body != 0 {
				t.Errorf("%s %q, %d bytes of body", s, id, body)
			}
			if _, err := claim(t, db, "four", time.Minute); !errors.Is(err, store.ErrNone) {
				t.Error("claimed after it was sent:", err)
			}
			// A row of the program before this one holds no number.
			write(t, db, func(tx *store.Tx) error { return tx.Post(message("n")) })
			if _, err := dbtest.Raw(t, where).Exec(`UPDATE outbox SET doubts = NULL`); err != nil {
				t.Fatal(err)
			}
			if m, err := claim(t, db, "one", time.Minute); err != nil || m.Doubts != 0 {
				t.Errorf("%+v, %v", m, err)
			}
		})
	}
}

// What could have happened: with a million messages behind it, each claim reads
// them all. SQLite says what it would do; its planner knows nothing here, as after
// a first start.
func TestClaimIsFound(t *testing.T) {
	raw := dbtest.Raw(t, dbtest.New(t, "sqlite"))
	rows, err := raw.Query(`EXPLAIN QUERY PLAN SELECT id FROM outbox WHERE fund = ?1 AND kind = ?3 AND state = 'queued' AND next_at <= ?2 AND held_until <= ?2
		ORDER BY (expires_at = 0), next_at, id LIMIT ?4`, "f", 1, "email", 16)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, rest int
		var line string
		if err := rows.Scan(&id, &parent, &rest, &line); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(plan, "\n"); !strings.Contains(got, "outbox_due (fund=? AND kind=?") || strings.Contains(got, "TEMP B-TREE FOR ORDER BY") {
		t.Errorf("the plan is\n%s", got)
	}
}
