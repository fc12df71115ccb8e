package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"aditus/internal/registry"
	"aditus/internal/store"

	"github.com/jackc/pgx/v5"
)

// imports measures a register's way in, every check on, into an empty database,
// beside as many rows of twenty columns put into a table with as many indexes
// and nothing looked at (performance.md, f).
func (b *bench) imports(ctx context.Context, e *engine) (err error) {
	if b.file == nil {
		if b.file, err = register(b.rows); err != nil {
			return err
		}
	}
	limit, err := b.insert(ctx, e)
	if err != nil {
		return err
	}
	where, err := e.fresh(ctx, "import")
	if err != nil {
		return err
	}
	db, err := b.open(ctx, where)
	if err != nil {
		return err
	}
	var f figure
	err = b.profiledHere(e, "import", func() (err error) { f, err = b.apply(ctx, e, db); return err })
	if err := errors.Join(err, db.Close(), e.drop(where)); err != nil {
		return err
	}
	r := b.table.row(e.name, "import", fmt.Sprintf("%d rows, every check, rows a second", b.rows))
	r.limit("bare insert")
	r.goal("0.5 of the limit", func(s sample) bool { return s.ratio >= 0.5 })
	r.add(f, sample{bound: limit.rate(), boundCPU: limit.each(), ratio: f.rate() / limit.rate()})
	return nil
}

// apply brings the register in.
func (b *bench) apply(ctx context.Context, e *engine, db *store.DB) (f figure, err error) {
	var s registry.Summary
	f, err = b.timed(e, func() error {
		s, err = registry.Apply(ctx, db, b.fund, bytes.NewReader(b.file), int64(len(b.file)), registry.Options{Name: "bench.csv"})
		return err
	})
	f.n = s.New
	if err == nil && s.New != b.rows {
		err = fmt.Errorf("of %d rows %d came in: %v", b.rows, s.New, s.Totals)
	}
	return f, err
}

// timed measures one thing in this process.
func (b *bench) timed(e *engine, do func() error) (figure, error) {
	return b.timedOn(meter{postgres: e.server != ""}, do)
}

// timedOn measures one thing.
func (b *bench) timedOn(m meter, do func() error) (f figure, err error) {
	before := m.read(b)
	begun := time.Now()
	err = do()
	f.elapsed = time.Since(begun)
	after := m.read(b)
	f.cpu, f.others = after.measured-before.measured, others(before, after)
	return f, err
}

const memberTable = `CREATE TABLE member (
	id TEXT PRIMARY KEY, fund_id BIGINT NOT NULL, member_no TEXT NOT NULL, tax_code TEXT NOT NULL, username TEXT NOT NULL,
	email TEXT, email_verified_at BIGINT, phone TEXT, phone_verified_at BIGINT, given_name TEXT NOT NULL, family_name TEXT NOT NULL,
	birth_date TEXT NOT NULL, street TEXT, city TEXT, postal_code TEXT, country TEXT, language TEXT NOT NULL, status BIGINT NOT NULL,
	created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL)`

var memberColumns = strings.Split("id,fund_id,member_no,tax_code,username,email,email_verified_at,phone,phone_verified_at,given_name,family_name,"+
	"birth_date,street,city,postal_code,country,language,status,created_at,updated_at", ",")

var memberIndexes = []string{
	"CREATE UNIQUE INDEX member_u1 ON member (fund_id, member_no)",
	"CREATE UNIQUE INDEX member_u2 ON member (fund_id, tax_code)",
	"CREATE INDEX member_email ON member (email)",
}

func memberRow(i int) []any {
	h := sha256.Sum256(fmt.Append(nil, "m", i))
	x := hex.EncodeToString(h[:])
	id := x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:32]
	const then = int64(1700000000)
	return []any{id, 1, fmt.Sprintf("M%09d", i), strings.ToUpper(x[:16]), fmt.Sprintf("user%09d", i), fmt.Sprintf("user%d@example.test", i), then,
		fmt.Sprintf("+39333%07d", i), then, "Given" + x[:4], "Family" + x[4:9], "1970-01-02", "Via " + x[:6] + " 12", "Milano", "20100", "IT", "it", 1, then, then}
}

// insert is the bare insert: one transaction of prepared inserts on SQLite,
// where many rows in one statement were slower, and COPY on PostgreSQL; the
// indexes are there first, as ours are.
func (b *bench) insert(ctx context.Context, e *engine) (f figure, err error) {
	where, err := e.fresh(ctx, "insert")
	if err != nil {
		return f, err
	}
	if e.server == "" {
		f, err = b.insertSQLite(ctx, e, where)
	} else {
		f, err = b.insertPostgres(ctx, e, where)
	}
	f.n = b.rows
	return f, errors.Join(err, e.drop(where))
}

func (b *bench) insertSQLite(ctx context.Context, e *engine, where string) (f figure, err error) {
	db, err := bareSQLite(where)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, q := range append([]string{memberTable}, memberIndexes...) {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return f, err
		}
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(memberColumns)), ",")
	return b.timed(e, func() error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() // nothing to do after Commit
		q, err := tx.PrepareContext(ctx, "INSERT INTO member ("+strings.Join(memberColumns, ",")+") VALUES ("+marks+")")
		if err != nil {
			return err
		}
		defer q.Close()
		for i := range b.rows {
			if _, err := q.Exec(memberRow(i)...); err != nil {
				return err
			}
		}
		return tx.Commit()
	})
}

func (b *bench) insertPostgres(ctx context.Context, e *engine, where string) (f figure, err error) {
	c, err := pgx.Connect(ctx, where)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	for _, q := range append([]string{memberTable}, memberIndexes...) {
		if _, err := c.Exec(ctx, q); err != nil {
			return f, err
		}
	}
	return b.timed(e, func() error {
		_, err := c.CopyFrom(ctx, pgx.Identifier{"member"}, memberColumns,
			pgx.CopyFromSlice(b.rows, func(i int) ([]any, error) { return memberRow(i), nil }))
		return err
	})
}
