package dbtest

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Two tests do not see each other's tables, and what a test leaves is dropped.
func TestURL(t *testing.T) {
	var gone string
	t.Run("one", func(t *testing.T) {
		gone = URL(t)
		for i, where := range []string{gone, URL(t)} {
			db, err := pgx.Connect(t.Context(), where)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close(t.Context()) })
			if _, err := db.Exec(t.Context(), fmt.Sprintf("CREATE TABLE only_here AS SELECT %d AS n", i)); err != nil {
				t.Error(err)
			}
			var durable string
			if err := db.QueryRow(t.Context(), "SHOW fsync").Scan(&durable); err != nil || durable != "on" {
				t.Errorf("fsync is %q, %v: what is tested must be what is promised", durable, err)
			}
		}
	})
	db, err := pgx.Connect(t.Context(), gone)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	_, err = db.Exec(t.Context(), "SELECT * FROM only_here")
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "42P01" {
		t.Errorf("the schema of a test that is over answers %v, want undefined_table", err)
	}
}

type failed struct {
	testing.TB
	said string
}

func (f *failed) Fatal(args ...any) { f.said = fmt.Sprint(args...); runtime.Goexit() }
func (*failed) Helper()             {}

// Without a PostgreSQL a test fails and says in one line what to do.
func TestURLWithout(t *testing.T) {
	t.Setenv("TEST_POSTGRES", "")
	f := &failed{}
	done := make(chan bool)
	go func() { defer close(done); URL(f) }()
	<-done
	if !strings.Contains(f.said, "make test") || strings.Contains(f.said, "\n") {
		t.Errorf("it says %q", f.said)
	}
}
