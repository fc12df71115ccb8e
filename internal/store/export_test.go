package store

import (
	"context"
	"database/sql"
	"io/fs"
)

// What the tests outside the package need of its inside.
var (
	Judge      = judge
	NamesFunds = namesFunds
	Dollars    = dollars
)

// Schema is all that Migrate runs.
func Schema() (string, error) {
	all := ""
	err := fs.WalkDir(schema, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(schema, path)
		all += string(b)
		return err
	})
	return all, err
}

// MigrateTo is Migrate with other steps than ours.
func (db *DB) MigrateTo(ctx context.Context, files fs.FS) error { return db.migrate(ctx, files) }

// Exec, Later and First are exec, later and first.
func (tx *Tx) Exec(q string, args ...any) (int64, error)     { return tx.exec(q, args...) }
func (tx *Tx) Later(q string, args ...any) error             { return tx.later(q, args...) }
func (tx *Tx) First(q string, args []any, dest ...any) error { return tx.first(q, args, dest...) }
func (tx *Tx) Bare(q string, args ...any) error {
	_, err := tx.engine.exec(tx.driverCtx, q, args)
	return err
}
func (tx *Tx) BareFirst(q string, dest ...any) error {
	return tx.engine.query(tx.driverCtx, func(r row) error { return r.Scan(dest...) }, q, nil)
}

// Waiting is how many statements wait for the next one: PostgreSQL only.
func (tx *Tx) Waiting() int { return len(tx.engine.(*pgTx).waiting) }

// EachWriter runs q on every connection that writes to a SQLite file from now
// on, and ends the present one.
func (db *DB) EachWriter(q string) {
	g, open := db.lite.group, db.lite.group.open
	g.close()
	g.c = nil
	g.open = func(ctx context.Context) (*conn, error) {
		c, err := open(ctx)
		if err == nil {
			_, err = c.ExecContext(ctx, q)
		}
		return c, err
	}
}

// SQLite is the pool behind a SQLite file.
func (db *DB) SQLite() *sql.DB { return db.lite.db }
