// Package dbtest gives tests an empty database on every engine there is.
package dbtest

import (
	"crypto/rand"
	"database/sql"
	"path/filepath"
	"testing"

	"aditus/internal/keys"
	"aditus/internal/store"
)

// Engines are the engines there are.
var Engines = []string{"sqlite", "postgres"}

// Each runs f on SQLite in a directory of its own and on PostgreSQL in a schema
// of its own.
func Each(t *testing.T, f func(t *testing.T, db *store.DB)) {
	t.Helper()
	for _, engine := range Engines {
		t.Run(engine, func(t *testing.T) {
			f(t, Open(t, New(t, engine), store.Options{}))
		})
	}
}

// New makes an empty database, with its tables, and returns where it is.
func New(t testing.TB, engine string) string {
	t.Helper()
	where := filepath.Join(t.TempDir(), "aditus.db")
	if engine == "postgres" {
		where = URL(t)
	}
	db := Open(t, where, store.Options{})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return where
}

// Open opens a database until the end of the test, with keys of its own unless
// the options have some.
func Open(t testing.TB, where string, o store.Options) *store.DB {
	t.Helper()
	if o.Keys == nil {
		o.Keys = keys.New(rand.Reader)
	}
	db, err := store.Open(t.Context(), where, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Raw opens a database behind the store's back, to break or to look.
func Raw(t testing.TB, where string) *sql.DB {
	t.Helper()
	driver := "sqlite"
	if store.Postgres(where) {
		driver = "pgx"
	}
	db, err := sql.Open(driver, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
