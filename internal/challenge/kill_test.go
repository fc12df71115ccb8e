package challenge_test

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

// A run is all that the killed processes said, one after another.
type run struct {
	where, keyfile, second string
	kills                  int
	acked                  map[string]string   // challenge -> asked, passed, confirmed
	wrong                  map[string]int      // challenge -> fewest tries left that was told
	counted                map[string]int      // shared counter -> highest that was told
	sent                   map[string][]string // message -> digest of what was sent, each time
	open                   map[string]unfinished
	resumed                map[string]int    // how an unfinished walk ended -> how often
	receipts               map[string]string // operation -> receipt
	ready                  []time.Duration
}

// What could have happened: the machine dies between the commit that sixteen
// members share and their answers. One is told «confirmed» and it is not so, or
// an act is done twice, or a code is heard a sixth time, or a message is gone,
// or a member who did nothing wrong is told that the code is used.
//
// ADITUS_KILLS says how often (make fault: 300), ADITUS_SEED when.
func TestKill(t *testing.T) {
	kills := 20
	if os.Getenv("ADITUS_FAULT") != "" {
		kills = 300
	}
	kills = number(t, "ADITUS_KILLS", kills)
	seed := number(t, "ADITUS_SEED", 1)
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Logf("ADITUS_SEED=%d ADITUS_KILLS=%d", seed, kills)
			dir := t.TempDir()
			r := &run{where: dbtest.New(t, engine), keyfile: filepath.Join(dir, "keys"), second: filepath.Join(dir, "checkpoints"), kills: kills,
				acked: map[string]string{}, wrong: map[string]int{}, counted: map[string]int{}, sent: map[string][]string{},
				open: map[string]unfinished{}, resumed: map[string]int{}, receipts: map[string]string{}}
			ok(t, keys.Create(r.keyfile))
			dice := rand.New(rand.NewPCG(uint64(seed), 0))
			for range kills {
				r.live(t, 1+dice.IntN(250), time.Duration(dice.IntN(5000))*time.Microsecond)
			}
			r.look(t)
		})
	}
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	ok(t, err)
	return n
}

// live starts a process, kills it so long after so many acts, and takes down
// what it said: every kill meets work, on a fast machine and on a slow one.
func (r *run) live(t *testing.T, acts int, after time.Duration) {
	t.Helper()
	known, err := json.Marshal(r.open)
	ok(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ADITUS_CHILD="+r.where, "ADITUS_CHILD_KEYS="+r.keyfile, "ADITUS_CHILD_SECOND="+r.second)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(known), os.Stderr
	out, err := cmd.StdoutPipe()
	ok(t, err)
	began := time.Now()
	ok(t, cmd.Start())
	var killer *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		if acts--; acts <= 0 && killer == nil {
			killer = time.AfterFunc(after, func() {
				if err := cmd.Process.Kill(); err != nil {
					t.Error(err)
				}
			})
		}
		r.hear(t, word, strings.Fields(rest), began)
	}
	err = cmd.Wait()
	if killer == nil {
		t.Fatalf("process %d ended before its time: %v", len(r.ready), err)
	}
	if state := cmd.ProcessState.String(); state != "signal: killed" {
		t.Fatalf("process %d ended by itself: %s", len(r.ready), state)
	}
}

var rank = map[string]int{"asked": 1, "passed": 2, "confirmed": 3}

func (r *run) hear(t *testing.T, word string, about []string, began time.Time) {
	t.Helper()
	switch word {
	case "ready":
		r.ready = append(r.ready, time.Since(began))
	case "asked", "passed", "confirmed": // challenge …
		if rank[word] > rank[r.acked[about[0]]] {
			r.acked[about[0]] = word
		}
		if word == "confirmed" { // … operation receipt
			if had := r.receipts[about[1]]; had != "" && had != about[2] {
				t.Errorf("operation %s has the receipts %s and %s", about[1], had, about[2])
			}
			r.receipts[about[1]] = about[2]
			delete(r.open, about[0])
		}
	case "wrong": // challenge, tries left
		left, err := strconv.Atoi(about[1])
		ok(t, err)
		if had, told := r.wrong[about[0]]; told && left >= had {
			t.Errorf("%s has %d tries left after %d", about[0], left, had)
		}
		r.wrong[about[0]] = left
	case "counted": // counter, its value
		n, err := strconv.Atoi(about[1])
		ok(t, err)
		r.counted[about[0]] = max(n, r.counted[about[0]])
	case "sent": // message, digest
		r.sent[about[0]] = append(r.sent[about[0]], about[1])
	case "knows": // challenge, member, operation, session, code: the code has arrived
		r.open[about[0]] = unfinished{about[1], about[2], about[3], about[4]}
	case "resumed": // challenge, how it ended
		r.resumed[about[1]]++
		delete(r.open, about[0])
	default:
		t.Fatal(word, about)
	}
}

// look finishes what can be finished, and then asks the database behind the
// store's back whether the invariants hold (reliability.md part 3).
func (r *run) look(t *testing.T) {
	t.Helper()
	ring, err := keys.Load(r.keyfile)
	ok(t, err)
	db := dbtest.Open(t, r.where, store.Options{Keys: ring})
	ok(t, db.QuickCheck(t.Context()))
	r.drain(t, db)
	second, err := audit.OpenFile(r.second)
	ok(t, err)
	sealer := &audit.Sealer{DB: db, Funds: []string{fund}, Holder: "the end", Lease: time.Minute, Batch: 1024,
		Signer: ring.Signer("checkpoint"), Second: second, Every: 1000, Within: time.Minute}
	ok(t, waitForLease(t, sealer), sealer.Sign(t.Context(), true), second.Close())
	checkpoints, err := os.Open(r.second)
	ok(t, err)
	defer checkpoints.Close()
	report, err := audit.Verify(t.Context(), db, fund, checkpoints, ring.Publics("checkpoint"))
	if err != nil || report.Unsealed != 0 || report.After != 0 {
		t.Errorf("I4: the chain: %+v, %v", report, err)
	}

	raw := dbtest.Raw(t, r.where)
	for _, never := range []struct{ what, rows string }{
		{"I1: a spent challenge without exactly one event of it", `challenge c WHERE c.state = 'spent' AND (SELECT count(*) FROM event e
			WHERE e.fund = c.fund AND e.member = c.member AND e.kind = 'code_spent' AND e.body LIKE '%' || c.id || '%') <> 1`},
		{"I1: a challenge that is not spent, with an event that it is", `challenge c WHERE c.state <> 'spent' AND EXISTS (SELECT 1 FROM event e
			WHERE e.fund = c.fund AND e.member = c.member AND e.kind = 'code_spent' AND e.body LIKE '%' || c.id || '%')`},
		{"I1: a passed or spent challenge that was never answered right", `challenge c WHERE c.state IN ('passed', 'spent') AND NOT EXISTS (SELECT 1 FROM event e
			WHERE e.fund = c.fund AND e.member = c.member AND e.kind = 'code_answered' AND e.body LIKE '%"right":true%' AND e.body LIKE '%' || c.id || '%')`},
		{"I2: an operation whose state and receipt do not agree", `operation o LEFT JOIN confirmation k ON k.fund = o.fund AND k.operation = o.id
			WHERE (CASE WHEN o.state = 'confirmed' THEN 1 ELSE 0 END) <> (CASE WHEN k.id IS NULL THEN 0 ELSE 1 END)`},
		{"I2: a receipt of another content or code than the operation's", `confirmation k JOIN operation o ON k.fund = o.fund AND k.operation = o.id
			WHERE k.digest <> o.digest OR k.challenge <> o.challenge OR k.member <> o.member`},
		{"I2: a spent challenge without a receipt, or a receipt without", `challenge c LEFT JOIN confirmation k ON k.fund = c.fund AND k.challenge = c.id
			WHERE (CASE WHEN c.state = 'spent' THEN 1 ELSE 0 END) <> (CASE WHEN k.id IS NULL THEN 0 ELSE 1 END)`},
		{"I4: a challenge without exactly one event that it was asked", `challenge c WHERE (SELECT count(*) FROM event e
			WHERE e.fund = c.fund AND e.member = c.member AND e.kind = 'code_asked' AND e.body LIKE '%' || c.id || '%') <> 1`},
		{"I4: a receipt without exactly one event", `confirmation k WHERE (SELECT count(*) FROM event e
			WHERE e.fund = k.fund AND e.member = k.member AND e.kind = 'operation_confirmed' AND e.body LIKE '%' || k.id || '%') <> 1`},
		{"I4: an operation without exactly one event that it was drafted", `operation o WHERE (SELECT count(*) FROM event e
			WHERE e.fund = o.fund AND e.member = o.member AND e.kind = 'operation_drafted' AND e.body LIKE '%' || o.id || '%') <> 1`},
		{"I5: a challenge without exactly one message", `challenge c WHERE (SELECT count(*) FROM outbox m WHERE m.fund = c.fund AND m.challenge = c.id) <> 1`},
		{"I5: a receipt without exactly one message", `confirmation k WHERE (SELECT count(*) FROM outbox m WHERE m.fund = k.fund AND m.member = k.member AND m.key = 'receipt') <> 1`},
		{"I5: a message without a final state", `outbox WHERE state NOT IN ('sent', 'failed', 'expired', 'discarded')`},
		{"I5: a code sent after its time", `outbox WHERE state = 'sent' AND expires_at > 0 AND ended_at >= expires_at`},
		{"I11: a body that was not erased", `outbox WHERE length(body) > 0`},
		{"I7: a challenge with more tries taken than there are", `challenge WHERE tries_left < -3`},
	} {
		var n int
		ok(t, raw.QueryRow(`SELECT count(*) FROM `+never.rows).Scan(&n))
		if n != 0 {
			t.Errorf("%s: %d", never.what, n)
		}
	}
	r.compare(t, raw)
}

// compare holds what callers were told against what is there.
func (r *run) compare(t *testing.T, raw *sql.DB) {
	t.Helper()
	state, left := map[string]string{}, map[string]int{}
	rows, err := raw.Query(`SELECT id, state, tries_left FROM challenge`)
	ok(t, err)
	for rows.Next() {
		var id, s string
		var n int
		ok(t, rows.Scan(&id, &s, &n))
		state[id], left[id] = s, n
	}
	ok(t, rows.Err(), rows.Close())
	is := map[string]int{"open": 1, "burnt": 1, "passed": 2, "spent": 3}
	lost, confirmed := 0, 0
	for id, told := range r.acked {
		if is[state[id]] < rank[told] {
			lost++
			t.Errorf("I3: %s was told «%s», and is %q", id, told, state[id])
		}
		if told == "confirmed" {
			confirmed++
		}
	}
	for id, told := range r.wrong {
		if left[id] > told {
			t.Errorf("I7: %s has %d tries left, %d were told", id, left[id], told)
		}
	}
	for counter, told := range r.counted {
		var n int
		ok(t, raw.QueryRow(`SELECT wrong FROM throttle WHERE key = $1`, counter).Scan(&n))
		if n < told {
			t.Errorf("I7: a counter stands at %d, %d was told", n, told)
		}
	}
	receipts := map[string]string{}
	rows, err = raw.Query(`SELECT operation, id FROM confirmation`)
	ok(t, err)
	for rows.Next() {
		var operation, id string
		ok(t, rows.Scan(&operation, &id))
		receipts[operation] = id
	}
	ok(t, rows.Err(), rows.Close())
	for operation, told := range r.receipts {
		if receipts[operation] != told {
			t.Errorf("I3: operation %s was told the receipt %s, and has %q", operation, told, receipts[operation])
		}
	}
	twice := 0
	for id, times := range r.sent {
		twice += len(times) - 1
		if len(slices.Compact(slices.Sorted(slices.Values(times)))) != 1 {
			t.Errorf("I6: message %s was sent with different contents", id)
		}
	}
	if most := r.kills * workers; twice > most {
		t.Errorf("I6: %d messages sent again, at most %d stood in a crash", twice, most)
	}
	if r.resumed["lost"] > 0 {
		t.Errorf("R2: %d members were told that a code is used, and have no receipt", r.resumed["lost"])
	}
	if len(r.acked) < 3*r.kills || confirmed < r.kills || len(r.wrong) == 0 || len(r.counted) == 0 {
		t.Errorf("too little work to mean anything: %d asked, %d confirmed, %d answered wrong, %d counted", len(r.acked), confirmed, len(r.wrong), len(r.counted))
	}
	slices.Sort(r.ready)
	t.Logf("%d kills: %d challenges, %d acknowledged, %d lost; %d receipts, %d acknowledged; %d messages sent, %d of them again; unfinished walks: %v",
		r.kills, len(state), len(r.acked), lost, len(receipts), confirmed, len(r.sent), twice, r.resumed)
	t.Logf("start of the process to ready, with quick_check: median %v, longest %v", r.ready[len(r.ready)/2].Round(time.Millisecond), r.ready[len(r.ready)-1].Round(time.Millisecond))
}

// drain sends what the dead processes left, after their leases.
func (r *run) drain(t *testing.T, db *store.DB) {
	t.Helper()
	for left := 1; left > 0; {
		m, err := take(t.Context(), db, "the end")
		if err == nil {
			r.sent[m.ID] = append(r.sent[m.ID], contents(m))
			ok(t, finish(t.Context(), db, m, m.Now))
			continue
		}
		if said(err) != "none" {
			t.Fatal(err)
		}
		ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
			states, err := tx.MessageStates()
			left = states[access.MessageQueued]
			return err
		}))
	}
}

// waitForLease seals everything, once the lease of a dead sealer is over.
func waitForLease(t *testing.T, s *audit.Sealer) error {
	t.Helper()
	for {
		if _, err := s.Seal(t.Context()); err != nil {
			return err
		}
		left := 0
		err := s.DB.Read(t.Context(), fund, func(tx *store.Tx) (err error) { left, _, err = tx.CountUnsealed(); return err })
		if err != nil || left == 0 {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}
