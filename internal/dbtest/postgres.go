package dbtest

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// URL makes an empty schema in the PostgreSQL that TEST_POSTGRES names and
// returns the address of a database in which that schema is all there is. The
// schema is dropped at the end of the test, with all it holds; close what is
// connected to it first, by a cleanup that is set after this one.
//
// Without TEST_POSTGRES the test fails. It is never skipped: half of what we
// promise is kept by PostgreSQL.
func URL(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		t.Fatal("TEST_POSTGRES is not set: run `make test`, or `scripts/with-postgres go test ...`")
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatalf("TEST_POSTGRES: %v", err)
	}
	name := "t" + strings.ToLower(rand.Text())
	execute(t, server, "CREATE SCHEMA "+name)
	t.Cleanup(func() { execute(t, server, "DROP SCHEMA "+name+" CASCADE") })
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// execute runs one statement on a connection of its own, so that a test holds
// none while it runs: tests run side by side and connections are few. It has
// its own time limit, because the test's context is over when cleanups run.
func execute(t testing.TB, server, statement string) {
	t.Helper()
	ctx, end := context.WithTimeout(context.Background(), time.Minute)
	defer end()
	db, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connecting to TEST_POSTGRES: %v", err)
	}
	defer db.Close(ctx)
	if _, err := db.Exec(ctx, statement); err != nil {
		t.Errorf("%s: %v", statement, err)
	}
}
