package store_test

import (
	"aditus/internal/keys"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// Every table belongs to a fund and every key begins with it, so that even an
// ON CONFLICT cannot meet another fund's row. Only an index that makes nothing
// unique may begin otherwise.
func TestEveryKeyBeginsWithTheFund(t *testing.T) {
	schema, err := store.Schema()
	if err != nil {
		t.Fatal(err)
	}
	bare := regexp.MustCompile(`--.*`).ReplaceAllString(schema, "")
	tables, keys := 0, 0
	for stmt := range strings.SplitSeq(bare, ";") {
		stmt = strings.Join(strings.Fields(stmt), " ")
		if strings.HasPrefix(stmt, "CREATE TABLE") {
			tables++
			if !regexp.MustCompile(`^CREATE TABLE \w+ \( fund TEXT NOT NULL(,.*PRIMARY KEY \(fund, | PRIMARY KEY,)`).MatchString(stmt) {
				t.Error(stmt)
			}
		}
		for _, key := range regexp.MustCompile(`UNIQUE INDEX \w+ ON \w+ \([^)]*|(?:UNIQUE|PRIMARY KEY) \([^)]*`).FindAllString(stmt, -1) {
			keys++
			if !strings.Contains(key, "(fund, ") {
				t.Error(key)
			}
		}
		for _, index := range regexp.MustCompile(`INDEX \w+ ON \w+ \([^)]*`).FindAllString(stmt, -1) {
			if !regexp.MustCompile(`\bfund\b`).MatchString(index) {
				t.Error(index)
			}
		}
		if word := regexp.MustCompile(`(?i)\b(DEFERR\w*|REFERENCES|SERIAL|AUTOINCREMENT|BOOLEAN|TIMESTAMP\w*|JSONB?|BLOB|INTEGER|DEFAULT|TRIGGER)\b`).FindString(stmt); word != "" {
			t.Errorf("%s: %s (a deferred constraint fails in the commit that neighbours share; the rest is not the same on both engines)", word, stmt)
		}
	}
	if tables < 15 || keys < 15 {
		t.Errorf("only %d tables and %d keys found", tables, keys)
	}
}

var ring = keys.New(nil)

// What could have happened: two nodes start at once after an update, both make
// the tables, and one of them does not come up. Or a start that finds its
// tables there makes them again.
func TestMigrate(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			where := filepath.Join(t.TempDir(), "aditus.db")
			if engine == "postgres" {
				where = dbtest.URL(t)
			}
			var all sync.WaitGroup
			start := make(chan bool)
			for range 4 {
				db := dbtest.Open(t, where, store.Options{Conns: 2})
				all.Go(func() {
					<-start
					if err := db.Migrate(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			close(start)
			all.Wait()
			db := dbtest.Open(t, where, store.Options{})
			if err := db.Migrate(t.Context()); err != nil {
				t.Error("again:", err)
			}
			var applied, tables int
			raw := dbtest.Raw(t, where)
			if err := raw.QueryRow(`SELECT count(*) FROM goose_db_version WHERE version_id > 0`).Scan(&applied); err != nil {
				t.Fatal(err)
			}
			if err := raw.QueryRow(`SELECT count(*) FROM event`).Scan(&tables); err != nil {
				t.Error(err)
			}
			if steps, err := filepath.Glob("schema/*.sql"); err != nil || applied != len(steps) {
				t.Errorf("%d steps applied of %d, %v", applied, len(steps), err)
			}
			if err := db.Analyze(t.Context()); err != nil {
				t.Error(err)
			}
			if err := db.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for what, where := range map[string]string{
		"no such directory": filepath.Join(t.TempDir(), "no", "aditus.db"),
		"no such server":    "postgres://postgres@/postgres?host=" + t.TempDir(),
		"a bad address":     "postgres://%zz",
	} {
		db, err := store.Open(t.Context(), where, store.Options{Keys: ring})
		if err == nil {
			t.Errorf("%s: opened", what)
			db.Close()
		}
	}
	if _, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "aditus.db"), store.Options{}); err == nil {
		t.Error("opened without keys")
	}
}

// An update brings one step more: it is taken though all the others were, and a
// program without it, which a node may still run, finds nothing to do.
func TestMigrateTakesTheNextStep(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			where := filepath.Join(t.TempDir(), "aditus.db")
			if engine == "postgres" {
				where = dbtest.URL(t)
			}
			db := dbtest.Open(t, where, store.Options{})
			first := fstest.MapFS{"0001_start.sql": {Data: []byte("-- +goose Up\nCREATE TABLE one (fund TEXT NOT NULL);\n")}}
			both := fstest.MapFS{"0001_start.sql": first["0001_start.sql"],
				"0002_next.sql": {Data: []byte("-- +goose Up\nCREATE TABLE two (fund TEXT NOT NULL);\n")}}
			for _, steps := range []fstest.MapFS{first, both, both, first} {
				if err := db.MigrateTo(t.Context(), steps); err != nil {
					t.Fatal(err)
				}
			}
			err := db.Write(t.Context(), "f", func(tx *store.Tx) error {
				return tx.Bare("INSERT INTO two (fund) VALUES ('f')")
			})
			if err != nil {
				t.Errorf("the next step was not taken: %v", err)
			}
		})
	}
}
