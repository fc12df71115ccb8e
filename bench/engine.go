package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/keys"
	"aditus/internal/policy"
	"aditus/internal/store"

	_ "embed"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // for peek
)

// An engine is one of the two databases, with what is measured on it.
type engine struct {
	name   string
	server string // PostgreSQL's address; "" for SQLite
	dir    string // SQLite's files

	postmaster int // PostgreSQL's process
	schemas    []string

	limits commitLimits
	site   *site     // what the server serves
	serve  *prepared // what `aditus serve` is started on
	writer *store.DB // for the group writer alone
	town   *town     // for journeys without HTTP
	apps   *appSite  // whose people have an app

	small, large *grown // towns of few people and of many

	enrolled, initial, codes takers // who went which way in the town
}

// The bench's own fund: its file is as the product's are, with limits that the
// load does not meet. They are counted like any.
//
//go:embed fund.toml
var fundFile []byte

// fundName is the fund's file, and without its ending its ID.
const fundName = "bench.toml"

// prepare opens what all rounds use.
func (b *bench) prepare(ctx context.Context, only string) (err error) {
	if b.fund, err = policy.Parse(fundName, fundFile); err != nil {
		return err
	}
	b.keys = filepath.Join(b.dir, "keys")
	if err := keys.Create(b.keys); err != nil {
		return err
	}
	if b.has("start") || b.has("memory") || b.has("size") {
		if b.aditus, err = b.build(ctx, "aditus", "./cmd/aditus"); err != nil {
			return err
		}
		if b.barebin, err = b.build(ctx, "bare", "./bench/bare"); err != nil {
			return err
		}
	}
	if only != "postgres" {
		b.engines = append(b.engines, &engine{name: "SQLite", dir: b.dir})
	}
	if server := os.Getenv("TEST_POSTGRES"); server != "" && only != "sqlite" {
		e := &engine{name: "PostgreSQL", server: server}
		if e.postmaster, err = postmaster(ctx, server); err != nil {
			return err
		}
		b.engines = append(b.engines, e)
	}
	if len(b.engines) == 0 {
		return errors.New("no engine to measure: TEST_POSTGRES is not set")
	}
	if b.has("session") {
		if b.bare, err = b.startBare(); err != nil {
			return err
		}
	}
	for _, e := range b.engines {
		if !b.has("flows") && !b.has("signin") && !b.has("passkey") && !b.has("session") {
			break
		}
		if e.site, err = b.openSite(ctx, e); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
	}
	return nil
}

// close ends what prepare and the rounds opened.
func (b *bench) close() error {
	var errs []error
	if b.bare != nil {
		errs = append(errs, b.bare.stop())
	}
	for _, e := range b.engines {
		if e.site != nil {
			errs = append(errs, e.site.server.stop(), e.site.peek.close(), e.site.db.Close())
		}
		if e.town != nil {
			errs = append(errs, e.town.close())
		}
		for _, g := range []*grown{e.small, e.large} {
			if g != nil {
				errs = append(errs, g.close())
			}
		}
		if e.apps != nil {
			errs = append(errs, e.apps.close())
		}
		if e.writer != nil {
			errs = append(errs, e.writer.Close())
		}
		for _, schema := range e.schemas {
			errs = append(errs, e.execute("DROP SCHEMA "+schema+" CASCADE"))
		}
	}
	return errors.Join(errs...)
}

// fresh makes an empty database and says where it is.
func (e *engine) fresh(ctx context.Context, name string) (string, error) {
	if e.server == "" {
		dir, err := os.MkdirTemp(e.dir, name+"-")
		return filepath.Join(dir, "aditus.db"), err
	}
	schema := fmt.Sprintf("bench_%d_%s_%d", os.Getpid(), name, len(e.schemas))
	if err := e.execute("CREATE SCHEMA " + schema); err != nil {
		return "", err
	}
	e.schemas = append(e.schemas, schema)
	u, err := url.Parse(e.server)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String(), ctx.Err()
}

// drop throws a database away, so that the disk does not fill.
func (e *engine) drop(where string) error {
	if e.server == "" {
		return os.RemoveAll(filepath.Dir(where))
	}
	schema := e.schemas[len(e.schemas)-1]
	if !strings.Contains(where, schema) {
		return fmt.Errorf("%s is not the newest schema", schema)
	}
	e.schemas = e.schemas[:len(e.schemas)-1]
	return e.execute("DROP SCHEMA " + schema + " CASCADE")
}

// execute runs one statement on PostgreSQL on a connection of its own.
func (e *engine) execute(statement string) error {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	c, err := pgx.Connect(ctx, e.server)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, statement)
	return errors.Join(err, c.Close(ctx))
}

// postmaster is the process that all of PostgreSQL's are children of.
func postmaster(ctx context.Context, server string) (pid int, err error) {
	c, err := pgx.Connect(ctx, server)
	if err != nil {
		return 0, fmt.Errorf("TEST_POSTGRES: %w", err)
	}
	var backend int
	err = c.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend)
	if fields := stat(backend); err == nil && len(fields) > 1 {
		_, err = fmt.Sscan(fields[1], &pid)
	}
	if err == nil && pid == 0 {
		err = errors.New("TEST_POSTGRES is not on this machine: its processor time cannot be read")
	}
	return pid, errors.Join(err, c.Close(ctx))
}

// open opens a database of the run with the run's keys, and makes its tables.
func (b *bench) open(ctx context.Context, where string) (*store.DB, error) {
	ring, err := keys.Load(b.keys)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, where, store.Options{Keys: ring})
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// host is where members reach the fund.
func host(f *access.Fund) string { return f.Hosts[0] }
