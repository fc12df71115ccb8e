package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrate brings the tables up to what this program needs. Running it again
// changes nothing; several nodes may run it at the same time.
func (db *DB) Migrate(ctx context.Context) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	return db.migrate(ctx, files)
}

func (db *DB) migrate(ctx context.Context, files fs.FS) (err error) {
	dialect, pool := goose.DialectSQLite3, (*sql.DB)(nil)
	options := []goose.ProviderOption{goose.WithSlog(slog.New(slog.DiscardHandler))}
	if db.pg != nil {
		options = append(options, goose.WithSessionLocker(migrateLock{}))
		dialect, pool = goose.DialectPostgres, stdlib.OpenDBFromPool(db.pg.pool)
		defer func() { err = errors.Join(err, pool.Close()) }()
	} else {
		pool = db.lite.db
	}
	if made(ctx, pool, files) {
		return nil
	}
	p, err := goose.NewProvider(dialect, pool, files, options...)
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	_, err = p.Up(ctx)
	if db.lite != nil {
		// SQLite has no lock to wait for while several processes begin. Whoever
		// loses a step finds its tables made, in one transaction with the note
		// that they are, and goes on behind it.
		for range len(p.ListSources()) + 1 {
			if err == nil {
				break
			}
			_, err = p.Up(ctx)
		}
	}
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	return nil
}

// Made reports whether the database has all tables that this program needs: what
// Migrate would make. For commands that only read.
func (db *DB) Made(ctx context.Context) (bool, error) {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return false, err
	}
	if db.lite != nil {
		return made(ctx, db.lite.db, files), nil
	}
	pool := stdlib.OpenDBFromPool(db.pg.pool)
	return made(ctx, pool, files), pool.Close()
}

// made reports whether every step was taken before. goose would find that out
// too, with ten questions and a second connection, at every start of a program
// whose members wait for it. Whatever made cannot tell is left to goose.
func made(ctx context.Context, pool *sql.DB, files fs.FS) bool {
	steps, err := fs.Glob(files, "*.sql")
	if err != nil {
		return false
	}
	missing := map[int64]bool{}
	for _, name := range steps {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return false
		}
		missing[version] = true
	}
	rows, err := pool.QueryContext(ctx, `SELECT version_id FROM `+goose.DefaultTablename+` WHERE is_applied`)
	if err != nil {
		return false // a new database has no such table
	}
	defer rows.Close()
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			return false
		}
		delete(missing, version)
	}
	return rows.Err() == nil && len(missing) == 0
}

// migrateLock lets one node at a time migrate a PostgreSQL schema. goose's own
// lock is one for the whole server and is asked for every five seconds: nodes
// that start together would wait that long for nothing.
type migrateLock struct{}

const migrateLockID = `hashtext('aditus migrate'), hashtext(current_schema())`

// SessionLock waits for the lock, or for ctx to end. It asks and asks again, as
// a statement that waits would hold up CREATE INDEX CONCURRENTLY.
func (migrateLock) SessionLock(ctx context.Context, c *sql.Conn) error {
	for {
		var got bool
		if err := c.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(`+migrateLockID+`)`).Scan(&got); got || err != nil {
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// SessionUnlock gives the lock back.
func (migrateLock) SessionUnlock(ctx context.Context, c *sql.Conn) error {
	_, err := c.ExecContext(ctx, `SELECT pg_advisory_unlock(`+migrateLockID+`)`)
	return err
}

// Analyze lets the engine look at what its tables hold. Without it PostgreSQL
// walks all unsealed events for each batch of them (design.md, Audit).
//
// SQLite's samples of values are thrown away again: where there are some, it
// parses a statement anew each time another value is bound, which costs more
// than any plan for one value could save. Nobody can write while ANALYZE reads,
// and with a million people it read for longer than writers wait; so of each index
// it looks at ten thousand rows for each value. It reads in order, so its cache is
// kept small: full, it would be a megabyte and more of an idle program.
func (db *DB) Analyze(ctx context.Context) error {
	if db.pg != nil {
		_, err := db.pg.pool.Exec(ctx, "ANALYZE")
		return err
	}
	_, err := db.lite.db.ExecContext(ctx, "PRAGMA cache_size = -128; PRAGMA analysis_limit = 10000; ANALYZE; DELETE FROM sqlite_stat4; ANALYZE sqlite_schema; PRAGMA cache_size = -2000")
	return err
}
