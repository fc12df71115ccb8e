package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
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
	dialect, pool := goose.DialectSQLite3, (*sql.DB)(nil)
	options := []goose.ProviderOption{goose.WithSlog(slog.New(slog.DiscardHandler))}
	if db.pg != nil {
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return err
		}
		options = append(options, goose.WithSessionLocker(locker))
		dialect, pool = goose.DialectPostgres, stdlib.OpenDBFromPool(db.pg.pool)
	} else {
		pool = db.lite.db
	}
	p, err := goose.NewProvider(dialect, pool, files, options...)
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	return nil
}

// Analyze lets the engine look at what its tables hold. Without it PostgreSQL
// walks all unsealed events for each batch of them (design.md, Audit).
func (db *DB) Analyze(ctx context.Context) error {
	if db.pg != nil {
		_, err := db.pg.pool.Exec(ctx, "ANALYZE")
		return err
	}
	_, err := db.lite.db.ExecContext(ctx, "ANALYZE")
	return err
}
