package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "modernc.org/sqlite" // the bare writer
)

// commitLimits are what a bare program commits: one row like a code's in each
// commit, durable before the caller goes on.
type commitLimits struct {
	one       figure // a lone caller
	ungrouped figure // 64 callers, a commit each
	grouped   figure // 64 callers, those who wait share a commit
}

const (
	codeTable = `CREATE TABLE otp (id TEXT PRIMARY KEY, member_id TEXT NOT NULL, purpose BIGINT NOT NULL, code_mac TEXT NOT NULL,
		expires_at BIGINT NOT NULL, attempts BIGINT NOT NULL, used_at BIGINT)`
	codeInsert = `INSERT INTO otp (id, member_id, purpose, code_mac, expires_at, attempts) VALUES ($1, $2, $3, $4, $5, $6)`
)

func codeRow(n int64) []any {
	return []any{fmt.Sprintf("%016x-%08x", n*2654435761, n), fmt.Sprintf("member-%d", n%100000), 1,
		"5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8", int64(1900000000), 0}
}

// commits measures them on an engine, once a round.
func (b *bench) commits(ctx context.Context, e *engine) (l commitLimits, err error) {
	where, err := e.fresh(ctx, "limit")
	if err != nil {
		return l, err
	}
	if e.server == "" {
		l, err = b.commitsSQLite(ctx, where)
	} else {
		l, err = b.commitsPostgres(ctx, where)
	}
	return l, errors.Join(err, l.one.fine(), l.ungrouped.fine(), l.grouped.fine(), e.drop(where))
}

// limitsOf measures the bare commits of this round, unless they were already.
func (b *bench) limitsOf(ctx context.Context, e *engine) (err error) {
	if e.limits.one.n > 0 {
		return nil
	}
	if e.limits, err = b.commits(ctx, e); err == nil {
		b.showLimits(e)
	}
	return err
}

func (b *bench) commitsSQLite(ctx context.Context, where string) (l commitLimits, err error) {
	db, err := bareSQLite(where)
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, codeTable); err != nil {
		return l, err
	}
	insert, err := db.PrepareContext(ctx, codeInsert)
	if err != nil {
		return l, err
	}
	var seq atomic.Int64
	single := func(int) error { _, err := insert.Exec(codeRow(seq.Add(1))...); return err }
	l.one = b.load(ctx, 1, b.span(time.Second), meter{}, single)
	l.ungrouped = b.load(ctx, 64, b.span(time.Second), meter{}, single)
	if err := insert.Close(); err != nil {
		return l, err
	}
	c, err := db.Conn(ctx)
	if err != nil {
		return l, err
	}
	prepared, err := c.PrepareContext(ctx, codeInsert)
	if err != nil {
		return l, err
	}
	l.grouped = b.grouped(ctx, meter{}, 1, &seq, func(batch []queued) error {
		if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		for _, q := range batch {
			if _, err := prepared.Exec(q.row...); err != nil {
				return err
			}
		}
		_, err := c.ExecContext(ctx, "COMMIT")
		return err
	})
	return l, errors.Join(prepared.Close(), c.Close())
}

// bareSQLite opens a file as the product does: a write-ahead log, synced at
// every commit.
func bareSQLite(where string) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+filepath.ToSlash(where)+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)&_txlock=immediate")
}

func (b *bench) commitsPostgres(ctx context.Context, where string) (l commitLimits, err error) {
	c, err := pgxpool.ParseConfig(where)
	if err != nil {
		return l, err
	}
	c.MaxConns = 16
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return l, err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, codeTable); err != nil {
		return l, err
	}
	m := meter{postgres: true}
	var seq atomic.Int64
	single := func(int) error { _, err := pool.Exec(ctx, codeInsert, codeRow(seq.Add(1))...); return err }
	l.one = b.load(ctx, 1, b.span(time.Second), m, single)
	l.ungrouped = b.load(ctx, 64, b.span(time.Second), m, single)
	// Two writers were best of one, two and four (performance.md, h).
	l.grouped = b.grouped(ctx, m, 2, &seq, func(rows []queued) error {
		batch := &pgx.Batch{}
		for _, q := range rows {
			batch.Queue(codeInsert, q.row...)
		}
		return pool.SendBatch(ctx, batch).Close() // one transaction
	})
	return l, nil
}

// A queued row waits for its commit.
type queued struct {
	row  []any
	done chan error
}

// grouped has 64 callers hand their rows to a few writers, each of which commits
// all that wait at once.
func (b *bench) grouped(ctx context.Context, m meter, writers int, seq *atomic.Int64, commit func([]queued) error) figure {
	const callers = 64
	queue := make(chan queued, 4096)
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			var batch []queued
			for first := range queue {
				batch = append(batch[:0], first)
				runtime.Gosched()
				for more := true; more && len(batch) < 256; {
					select {
					case q, ok := <-queue:
						if more = ok; ok {
							batch = append(batch, q)
						}
					default:
						more = false
					}
				}
				err := commit(batch)
				for _, q := range batch {
					q.done <- err
				}
			}
		})
	}
	done := make([]chan error, callers)
	for i := range done {
		done[i] = make(chan error, 1)
	}
	f := b.load(ctx, callers, b.span(time.Second), m, func(c int) error {
		queue <- queued{codeRow(seq.Add(1)), done[c]}
		return <-done[c]
	})
	close(queue)
	all.Wait()
	return f
}
