// Package store is the only SQL: one schema and one set of queries, for SQLite
// and for PostgreSQL.
//
// A caller opens a Write or a Read for one fund and gets a Tx, whose methods
// stand in one file for each noun. What is personal is sealed on its way in and
// opened on its way out, with the fund's keys; looked-up values are stored as
// keyed hashes.
package store

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"aditus/internal/access"
	"aditus/internal/keys"
)

var (
	// ErrNone says that no row met the conditions of a query.
	ErrNone = errors.New("none")

	// ErrUnknown is access.ErrUnknown: who shows it need not know the store.
	ErrUnknown = access.ErrUnknown

	// ErrFull is access.ErrFull.
	ErrFull = access.ErrFull

	// ErrClock is access.ErrClock.
	ErrClock = access.ErrClock
)

// Options say how a database is opened.
type Options struct {
	Keys *keys.Ring // seals what is personal; required

	// Now is the clock of every transaction. Nil is the process clock on
	// SQLite and the server's on PostgreSQL: nodes never compare clocks.
	Now func() time.Time

	// Fatal is called when SQLite's file could not be written or synced.
	// What is on the disk is then unknown, and the process must end and begin
	// again (reliability.md R8). Nil does nothing.
	Fatal func(error)

	// Posted is called after a commit that put messages in the outbox, once for
	// each queue they stand in, so that a worker here need not wait to look. Nil
	// does nothing.
	Posted func(Queue)

	Conns     int  // most connections; 0 means 2 for each processor, at least 8
	Ungrouped bool // SQLite, for measuring: one commit for each Write
}

// A DB is one database, on either engine. Its methods are safe for concurrent use.
type DB struct {
	keys   *keys.Ring
	now    func() time.Time
	posted func(Queue)
	latest atomic.Int64 // the latest time seen, Unix ms
	ran    atomic.Int64 // statements, of all transactions of funds
	pg     *postgres
	lite   *sqlite
}

// Postgres reports whether where names a PostgreSQL database.
func Postgres(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// Open opens postgres://… or a SQLite file. It changes nothing in either but
// SQLite's journal mode; Migrate makes the tables.
func Open(ctx context.Context, where string, o Options) (*DB, error) {
	if o.Keys == nil {
		return nil, errors.New("store: no keys")
	}
	if o.Conns == 0 {
		o.Conns = max(8, 2*runtime.GOMAXPROCS(0))
	}
	db := &DB{keys: o.Keys, now: o.Now, posted: o.Posted}
	var err error
	if Postgres(where) {
		db.pg, err = openPostgres(ctx, where, o)
	} else {
		if db.now == nil {
			db.now = time.Now
		}
		db.lite, err = openSQLite(ctx, where, o)
	}
	if err != nil {
		return nil, err
	}
	return db, nil
}

// Close may be called once nobody uses db any more.
func (db *DB) Close() error {
	if db.pg != nil {
		db.pg.pool.Close()
		return nil
	}
	return db.lite.close()
}

// Keys are the keys that db seals with.
func (db *DB) Keys() *keys.Ring { return db.keys }

// Shared reports whether other processes may write to the same database, so
// that what this one remembers of it can grow old.
func (db *DB) Shared() bool { return db.pg != nil }

// Write runs f in a transaction on the rows of one fund.
//
// If f returns an error, panics, or outlives ctx, nothing of it remains and
// its error is returned. If the commit fails the error is ErrUnknown. On nil
// everything is durable. What f learnt must not leave the process before Write
// has returned: until then it may rest on a neighbour's uncommitted work.
//
// f may be run more than once and must do nothing but use its Tx: no network,
// no hashing of passwords, no waiting, no goroutine.
func (db *DB) Write(ctx context.Context, fund string, f func(*Tx) error) error {
	tx := db.tx(fund)
	err := db.write(ctx, tx, f)
	if err == nil && db.posted != nil {
		for _, kind := range tx.posted {
			db.posted(Queue{fund, kind})
		}
	}
	return err
}

func (db *DB) write(ctx context.Context, tx *Tx, f func(*Tx) error) error {
	if db.lite != nil {
		return db.lite.group.write(ctx, tx, f)
	}
	const tries = 3
	for i := 1; ; i++ {
		err := db.pg.write(ctx, tx, f)
		if !retryable(err) || i == tries {
			return err
		}
		// Whoever won the rows must get at them first, or we deadlock again.
		select {
		case <-time.After(time.Duration(i) * 5 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// Read runs f on one fund's rows as they were at one moment. It cannot write.
func (db *DB) Read(ctx context.Context, fund string, f func(*Tx) error) error {
	tx := db.tx(fund)
	return db.read(ctx, func(e engine, now time.Time) error {
		if err := db.see(now); err != nil {
			return err
		}
		tx.ctx, tx.driverCtx, tx.engine, tx.now = ctx, ctx, e, now
		if db.lite != nil {
			// The driver would start a goroutine for each statement, to interrupt it.
			tx.driverCtx = context.WithoutCancel(ctx)
		}
		defer tx.end()
		return f(tx)
	})
}

// Across runs f on a view of all funds that can do one thing: name the funds
// for which a worker has something to do. The work itself is a Write for each.
func (db *DB) Across(ctx context.Context, f func(*All) error) error {
	return db.read(ctx, func(e engine, now time.Time) error {
		if err := db.see(now); err != nil {
			return err
		}
		return f(&All{ctx: ctx, engine: e, now: now})
	})
}

// Statements is how many statements the funds' transactions have run since db was
// opened: two people who must not be told apart cost the same number of them
// (security.md part 6).
func (db *DB) Statements() int64 { return db.ran.Load() }

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	return db.Across(ctx, func(a *All) error { _, err := a.WithUnsealed(); return err })
}

func (db *DB) read(ctx context.Context, f func(engine, time.Time) error) error {
	if db.pg != nil {
		return db.pg.read(ctx, db.now, f)
	}
	return db.lite.read(ctx, func(e engine) error { return f(e, db.now().UTC()) })
}

func (db *DB) tx(fund string) *Tx {
	return &Tx{fund: fund, keys: db.keys.Fund(fund), clock: db.now, see: db.see, ran: &db.ran}
}
