package audit_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"aditus/internal/audit"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

const fund = "aurora"

var (
	ring   = keys.New(nil)
	public = ring.Publics("checkpoint")
)

func sealer(db *store.DB, holder string, second io.Writer) *audit.Sealer {
	return &audit.Sealer{DB: db, Funds: []string{fund, "alpina"}, Holder: holder, Lease: time.Minute, Batch: 256,
		Signer: ring.Signer("checkpoint"), Second: second, Every: 10, Within: time.Hour}
}

func record(t *testing.T, db *store.DB, fund string, n int) {
	t.Helper()
	for i := range n {
		ok(t, db.Write(t.Context(), fund, func(tx *store.Tx) error {
			return audit.Record(tx, audit.CodeSpent{Member: "m", Challenge: fmt.Sprint(i), Subject: "operation"})
		}))
	}
}

func ok(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func seal(t *testing.T, s *audit.Sealer) int {
	t.Helper()
	n, err := s.Seal(t.Context())
	ok(t, err)
	return n
}

func verify(t *testing.T, db *store.DB, checkpoints string, public map[string]ed25519.PublicKey) (audit.Report, error) {
	t.Helper()
	return audit.Verify(t.Context(), db, fund, strings.NewReader(checkpoints), public)
}

// sealed makes a database whose chain of 30 events was signed at 10, 20 and 30,
// beside another fund's chain of three, and where it is.
func sealed(t *testing.T, engine string) (db *store.DB, where, checkpoints string) {
	t.Helper()
	where = dbtest.New(t, engine)
	db = dbtest.Open(t, where, store.Options{Keys: ring})
	var second bytes.Buffer
	s := sealer(db, "one", &second)
	for range 3 {
		record(t, db, fund, 10)
		record(t, db, "alpina", 1)
		if n := seal(t, s); n != 11 {
			t.Fatal(n)
		}
	}
	return db, where, second.String()
}

func tamper(t *testing.T, where, script string) {
	t.Helper()
	db := dbtest.Raw(t, where)
	for q := range strings.SplitSeq(script, "; ") {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatal(q, err)
		}
	}
}

// What could have happened: an operator with the database's password changes
// what a member agreed to, and the chain still verifies (security.md part 8).
//
// One database serves all rows of the table: each begins from the same events.
func TestVerifyFinds(t *testing.T) {
	table := []struct {
		what string
		sql  string
		want string // "" is nothing wrong
	}{
		{"nothing", `SELECT 1`, ""},
		{"one bit of the body", `UPDATE event SET body = replace(body, 'operation', 'oqeration') WHERE fund = 'aurora' AND n = 7`, "event 7: does not follow"},
		{"a blank in the body", `UPDATE event SET body = replace(body, ',', ', ') WHERE fund = 'aurora' AND n = 7`, "event 7: does not follow"},
		{"the time", `UPDATE event SET at = at + 1 WHERE fund = 'aurora' AND n = 7`, "event 7: does not follow"},
		{"the kind", `UPDATE event SET kind = 'code_asked' WHERE fund = 'aurora' AND n = 7`, "event 7: does not follow"},
		{"whom it is about", `UPDATE event SET member = 'other' WHERE fund = 'aurora' AND n = 7`, "event 7: does not follow"},
		{"the id", `UPDATE event SET id = 'other' WHERE fund = 'aurora' AND n = 7`, "event 7: does not follow"},
		{"two columns shifted", `UPDATE event SET kind = substr(kind, 1, 4), member = substr(kind, 5) || member WHERE fund = 'aurora' AND n = 7`, "event 7: does not follow"},
		{"the hash", `UPDATE event SET hash = 'ff' WHERE fund = 'aurora' AND n = 7`, "event 7: does not follow"},
		{"the hash taken away", `UPDATE event SET hash = NULL WHERE fund = 'aurora' AND n = 7`, "event 7: does not follow"},
		{"the number taken away", `UPDATE event SET n = NULL WHERE fund = 'aurora' AND n = 7`, "event 7: missing"},
		{"the first", `UPDATE event SET body = '{}' WHERE fund = 'aurora' AND n = 1`, "event 1: does not follow"},
		{"the last", `UPDATE event SET body = '{}' WHERE fund = 'aurora' AND n = 30`, "event 30: does not follow"},
		{"deleted", `DELETE FROM event WHERE fund = 'aurora' AND n = 7`, "event 7: missing"},
		{"deleted, the first", `DELETE FROM event WHERE fund = 'aurora' AND n = 1`, "event 1: missing"},
		{"deleted and renumbered", `DELETE FROM event WHERE fund = 'aurora' AND n = 7; UPDATE event SET n = -n WHERE fund = 'aurora'; UPDATE event SET n = -n - 1 WHERE fund = 'aurora' AND n < -7; UPDATE event SET n = -n WHERE fund = 'aurora' AND n < 0`, "event 7: does not follow"},
		{"put in", `UPDATE event SET n = -n WHERE fund = 'aurora'; UPDATE event SET n = -n + 1 WHERE fund = 'aurora' AND n <= -7; UPDATE event SET n = -n WHERE fund = 'aurora' AND n < 0; INSERT INTO event (fund, id, kind, member, body, at, n, hash) VALUES ('aurora', 'x', 'code_spent', 'm', '{}', 6, 7, 'ff')`, "event 7: does not follow"},
		{"put in behind the end", `INSERT INTO event (fund, id, kind, member, body, at, n, hash) VALUES ('aurora', 'x', 'code_spent', 'm', '{}', 6, 31, 'ff')`, "event 31: does not follow"},
		{"put in behind a gap", `INSERT INTO event (fund, id, kind, member, body, at, n, hash) VALUES ('aurora', 'x', 'code_spent', 'm', '{}', 6, 40, 'ff')`, "event 31: missing"},
		{"put in before the first", `INSERT INTO event (fund, id, kind, member, body, at, n, hash) VALUES ('aurora', 'x', 'code_spent', 'm', '{}', 6, 0, 'ff')`, "event 0: was put in"},
		{"a copy", `INSERT INTO event (fund, id, kind, member, body, at, n, hash) SELECT fund, 'copy', kind, member, body, at, 31, hash FROM event WHERE fund = 'aurora' AND n = 30`, "event 31: does not follow"},
		{"swapped", `UPDATE event SET n = CASE n WHEN 7 THEN -8 ELSE -7 END WHERE fund = 'aurora' AND n IN (7, 8); UPDATE event SET n = -n WHERE fund = 'aurora' AND n < 0`, "event 7: does not follow"},
		{"renumbered", `UPDATE event SET n = n + 100 WHERE fund = 'aurora' AND n = 30`, "event 30: missing"},
		{"all renumbered", `UPDATE event SET n = n + 100 WHERE fund = 'aurora'`, "event 1: missing"},
		{"unsealed again", `UPDATE event SET n = NULL, hash = NULL WHERE fund = 'aurora' AND n = 7`, "event 7: missing"},
		{"the tail cut", `DELETE FROM event WHERE fund = 'aurora' AND n > 25`, "event 26: missing, with all up to 30"},
		{"the last cut", `DELETE FROM event WHERE fund = 'aurora' AND n = 30`, "event 30: missing, with all up to 30"},
		{"the tail unsealed", `UPDATE event SET n = NULL, hash = NULL WHERE fund = 'aurora' AND n > 25`, "event 26: missing, with all up to 30"},
		{"all cut", `DELETE FROM event WHERE fund = 'aurora'`, "event 1: missing, with all up to 30"},
		{"moved from another fund", `DELETE FROM event WHERE fund = 'aurora' AND n = 1; UPDATE event SET fund = 'aurora' WHERE fund = 'alpina' AND n = 1`, "event 1: does not follow"},
		{"moved behind the end", `UPDATE event SET fund = 'aurora', n = 31 WHERE fund = 'alpina' AND n = 2`, "event 31: does not follow"},
		{"moved to another fund", `UPDATE event SET fund = 'alpina', n = 4 WHERE fund = 'aurora' AND n = 30`, "event 30: missing, with all up to 30"},
	}
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			db, where, checkpoints := sealed(t, engine)
			raw := dbtest.Raw(t, where)
			ok(t, execute(raw, `CREATE TABLE untouched AS SELECT * FROM event`))
			for _, c := range table {
				ok(t, execute(raw, `DELETE FROM event`), execute(raw, `INSERT INTO event SELECT * FROM untouched`))
				tamper(t, where, c.sql)
				r, err := verify(t, db, checkpoints, public)
				if c.want == "" {
					if err != nil || r != (audit.Report{Sealed: 30, Checked: 3}) {
						t.Errorf("%s: %+v, %v", c.what, r, err)
					}
					continue
				}
				broken, isBroken := errors.AsType[*audit.Broken](err)
				if !isBroken || !strings.Contains(broken.Error(), c.want) || broken.Fund != fund || !strings.Contains(broken.Error(), fund+": ") {
					t.Errorf("%s: got %v, want %s", c.what, err, c.want)
				}
			}
		})
	}
}

func execute(db *sql.DB, q string) error { _, err := db.Exec(q); return err }

// Who can write the database can also compute hashes, which have no key. Changed
// with its own hash made again, an event does not fit the next; made again to the
// end, the chain does not fit what was signed.
func TestVerifyFindsHashesMadeAgain(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			db, where, checkpoints := sealed(t, engine)
			tamper(t, where, `UPDATE event SET body = '{}' WHERE fund = 'aurora' AND n = 7`)
			for _, c := range []struct {
				to   int
				want string
			}{{7, "event 8: does not follow"}, {30, "event 10: is not the one that was signed"}} {
				raw, previous := dbtest.Raw(t, where), ""
				for n := 1; n <= c.to; n++ {
					var id, kind, member, body string
					var at int64
					ok(t, raw.QueryRow(`SELECT id, kind, member, body, at FROM event WHERE fund = 'aurora' AND n = $1`, n).Scan(&id, &kind, &member, &body, &at))
					h := sha256.New()
					for _, part := range []string{"audit1", fund, fmt.Sprint(n), previous, id, fmt.Sprint(at), kind, member, body} {
						h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
						h.Write([]byte(part))
					}
					previous = hex.EncodeToString(h.Sum(nil))
					_, err := raw.Exec(`UPDATE event SET hash = $1 WHERE fund = 'aurora' AND n = $2`, previous, n)
					ok(t, err)
				}
				if _, err := verify(t, db, checkpoints, public); !strings.Contains(fmt.Sprint(err), c.want) {
					t.Errorf("made again to %d: got %v, want %s", c.to, err, c.want)
				}
			}
		})
	}
}

// Who can write the database can also seal: a chain made again from event 15 on
// verifies by itself. Only the signatures in the second place show it, as they
// do after a failover to a standby that had not heard everything.
func TestVerifyFindsFork(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			db, where, checkpoints := sealed(t, engine)
			tamper(t, where, `DELETE FROM event WHERE fund = 'aurora' AND n >= 15`)
			record(t, db, fund, 16)
			var second bytes.Buffer
			seal(t, sealer(db, "one", &second))
			check := func(what, checkpoints string, public map[string]ed25519.PublicKey, want string) {
				t.Helper()
				if _, err := verify(t, db, checkpoints, public); !strings.Contains(fmt.Sprint(err), want) {
					t.Errorf("%s: got %v, want %s", what, err, want)
				}
			}
			check("no checkpoints", "", public, "<nil>")
			check("the old ones", checkpoints, public, "event 20: is not the one that was signed")
			check("old and new", checkpoints+second.String(), public, "event 30: signed twice with different hashes")
			check("new and old", second.String()+checkpoints, public, "event 30: signed twice with different hashes")
			check("the new alone", second.String(), public, "<nil>")
		})
	}
}

// The second place itself: who cannot sign cannot change it unseen, and what a
// crash or a stranger leaves in it is told.
func TestCheckpoints(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			db, _, checkpoints := sealed(t, engine)
			lines := strings.SplitAfter(checkpoints, "\n")
			if len(lines) != 5 || !strings.Contains(lines[0], "alpina") || lines[4] != "" {
				t.Fatalf("%d lines: %s", len(lines), checkpoints)
			}
			rotated, err := ring.Add(keys.UseSign, nil, time.Now())
			ok(t, err)
			both := rotated.Publics("checkpoint")
			stranger := keys.New(nil)
			onlyNew := maps.Clone(both)
			for id := range public {
				delete(onlyNew, id)
			}
			replaced := map[string]ed25519.PublicKey{}
			for id := range public { // the same name, another key
				replaced[id] = stranger.Signer("checkpoint").Public()
			}
			const not, good = "is not signed by a key of ours", "<nil>"
			for what, c := range map[string]struct {
				text   string
				public map[string]ed25519.PublicKey
				want   string
			}{
				"as they are":                {checkpoints, public, good},
				"after a key was added":      {checkpoints, both, good},
				"a number changed":           {strings.Replace(checkpoints, `"n":20`, `"n":21`, 1), public, not},
				"a hash changed":             {strings.Replace(checkpoints, `"hash":"`, `"hash":"0`, 1), public, not},
				"a time changed":             {strings.Replace(checkpoints, `"at":1`, `"at":2`, 1), public, not},
				"another fund's name":        {strings.Replace(checkpoints, `"fund":"alpina"`, `"fund":"aurora"`, 1), public, not},
				"no signature":               {strings.Replace(checkpoints, `"sig":"`, `"gis":"`, 1), public, not},
				"a bad signature":            {strings.Replace(checkpoints, `"sig":"`, `"sig":"!`, 1), public, not},
				"another's keys":             {checkpoints, stranger.Publics("checkpoint"), not},
				"the key replaced":           {checkpoints, replaced, not},
				"the old key forgotten":      {checkpoints, onlyNew, not},
				"a key of another purpose":   {checkpoints, ring.Publics("receipt"), not},
				"no keys":                    {checkpoints, nil, not},
				"not checkpoints":            {"hello\n" + checkpoints, public, "checkpoint 1: "},
				"a line cut in the middle":   {lines[0] + lines[1][:40] + "\n" + lines[2], public, "checkpoint 2: "},
				"the last line cut":          {checkpoints[:len(checkpoints)-30], public, good},
				"the last line without end":  {strings.TrimSuffix(checkpoints, "\n"), public, good},
				"a line twice":               {checkpoints + checkpoints, public, good},
				"in another order":           {lines[3] + lines[0] + lines[1], public, good},
				"the second place was empty": {"", public, good},
			} {
				if _, err := verify(t, db, c.text, c.public); !strings.Contains(fmt.Sprint(err), c.want) {
					t.Errorf("%s: got %v, want %s", what, err, c.want)
				}
			}
			// The report says how much a cut would not show.
			for what, c := range map[string]struct {
				text string
				want audit.Report
			}{
				"all":            {checkpoints, audit.Report{Sealed: 30, Checked: 3}},
				"the first only": {lines[0] + lines[1], audit.Report{Sealed: 30, Checked: 1, After: 20}},
				"none":           {"", audit.Report{Sealed: 30, After: 30}},
			} {
				if r, err := verify(t, db, c.text, public); err != nil || r != c.want {
					t.Errorf("%s: %+v, %v", what, r, err)
				}
			}
			record(t, db, fund, 4)
			if r, err := verify(t, db, checkpoints, public); err != nil || r.Unsealed != 4 {
				t.Errorf("unsealed: %+v, %v", r, err)
			}
		})
	}
}

// A reader that fails is not «all is well».
func TestVerifyCannotRead(t *testing.T) {
	db, _, _ := sealed(t, "sqlite")
	if _, err := audit.Verify(t.Context(), db, fund, failing{}, public); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := audit.Verify(ctx, db, fund, strings.NewReader(""), public); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
