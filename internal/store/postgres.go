package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A postgres is a PostgreSQL database. It is used through pgx itself and not
// through database/sql, because the time a transaction takes here is the number
// of its round trips: BEGIN brings the clock back with it, and statements
// nobody waits for travel with the next one, or with COMMIT
// (docs/decisions/0002-round-trips.md).
type postgres struct{ pool *pgxpool.Pool }

func openPostgres(ctx context.Context, where string, o Options) (*postgres, error) {
	c, err := pgxpool.ParseConfig(where)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	c.MaxConns = int32(o.Conns)
	// A node that is frozen in the middle of a transaction must not hold its rows
	// against the others until somebody wakes it (reliability.md F13). Nothing
	// waits inside a transaction, so one that rests so long is of such a node.
	c.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "5s"
	c.ConnConfig.OnNotice = func(pc *pgconn.PgConn, n *pgconn.Notice) {
		if n.SeverityUnlocalized == "WARNING" {
			pc.CustomData()[warned] = n.Message
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return &postgres{pool}, nil
}

const (
	beginWrite = `BEGIN`
	beginRead  = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	serverTime = `SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)`
)

// begin opens a transaction and brings its time, in one round trip. Both
// statements are prepared: to parse and plan them each time is a good part of a
// short transaction.
func begin(ctx context.Context, c *pgx.Conn, q string, clock func() time.Time) (time.Time, error) {
	b := &pgx.Batch{}
	b.Queue(q)
	b.Queue(serverTime)
	res := c.SendBatch(ctx, b)
	_, err := res.Exec()
	var ms int64
	if err == nil {
		err = res.QueryRow().Scan(&ms)
	}
	if err := errors.Join(err, res.Close()); err != nil {
		return time.Time{}, err
	}
	if clock != nil {
		return clock().UTC(), nil
	}
	return time.UnixMilli(ms).UTC(), nil
}

func (p *postgres) read(ctx context.Context, clock func() time.Time, f func(engine, time.Time) error) (err error) {
	c, err := p.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	now, err := begin(ctx, c.Conn(), beginRead, clock)
	if err != nil {
		return err
	}
	defer func() { rollback(ctx, c.Conn()) }()
	return f(&pgTx{c: c.Conn()}, now)
}

func (p *postgres) write(ctx context.Context, tx *Tx, f func(*Tx) error) error {
	c, err := p.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	e := &pgTx{c: c.Conn()}
	if tx.now, err = begin(ctx, c.Conn(), beginWrite, tx.clock); err != nil {
		return err
	}
	tx.ctx, tx.driverCtx, tx.engine = ctx, ctx, e
	tx.posted, tx.staging, tx.stands, tx.over = nil, 0, nil, false // an earlier run left nothing
	committed := false
	defer func() { // also when f panics
		tx.end()
		if !committed {
			rollback(ctx, c.Conn())
		}
	}()
	if err := tx.see(tx.now); err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	committed = true
	return e.commit(ctx)
}

// commit sends what is still waiting and COMMIT in one round trip. When one of
// the statements fails, the server skips the rest of the batch, COMMIT included.
//
// A commit that did not answer is unknown, not failed (R3), and its connection
// is thrown away. So is one answered with a warning: PostgreSQL says that when
// the wait for a synchronous standby was cancelled, and the commit may be lost.
func (e *pgTx) commit(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	delete(e.c.PgConn().CustomData(), warned)
	b := e.batch("COMMIT", nil)
	err := drain(e.c.SendBatch(ctx, b), b.Len())
	if err == nil && e.c.PgConn().CustomData()[warned] != nil {
		err = fmt.Errorf("%v", e.c.PgConn().CustomData()[warned])
	}
	if err == nil || definite(err) {
		rollback(ctx, e.c) // nothing to do after a COMMIT that was one
		return err
	}
	return errors.Join(fmt.Errorf("%w: %w", ErrUnknown, err), e.c.Close(context.WithoutCancel(ctx)))
}

// warned is where a connection keeps the last warning it heard.
const warned = "warned"

// errRolledBack is the answer to a COMMIT of what had failed before, and was
// passed over.
var errRolledBack = errors.New("store: transaction was rolled back")

// definite reports whether the server itself said no: nothing was committed.
// The classes 08 and 57 are of a connection or a server that went away.
func definite(err error) bool {
	if errors.Is(err, errRolledBack) {
		return true
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && !strings.HasPrefix(e.Code, "08") && !strings.HasPrefix(e.Code, "57")
}

// drain reads a batch's n answers and returns the first error.
func drain(res pgx.BatchResults, n int) error {
	var first error
	for range n {
		tag, err := res.Exec()
		if err == nil && tag.String() == "ROLLBACK" {
			err = errRolledBack
		}
		if err != nil && first == nil {
			first = err
		}
	}
	if err := res.Close(); err != nil && first == nil {
		first = err
	}
	return first
}

// rollback ends a transaction that must leave nothing. If that fails the
// connection is closed, and the server does it.
func rollback(ctx context.Context, c *pgx.Conn) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if c.IsClosed() || c.PgConn().TxStatus() == 'I' {
		return
	}
	if _, err := c.PgConn().Exec(ctx, "ROLLBACK").ReadAll(); err != nil {
		// The pool sees a closed connection and makes a new one.
		_ = c.Close(ctx)
	}
}

// retryable reports whether PostgreSQL itself rolled the whole transaction
// back and asks for it again: serialization_failure or deadlock_detected.
func retryable(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (e.Code == "40001" || e.Code == "40P01")
}

// A pgTx runs our queries in a PostgreSQL transaction. pgx keeps a prepared
// statement for each text on each connection, so there is nothing to cache here.
type pgTx struct {
	c       *pgx.Conn
	waiting []statement
}

type statement struct {
	q    string
	args []any
}

func (e *pgTx) later(_ context.Context, q string, args []any) error {
	e.waiting = append(e.waiting, statement{q, args})
	return nil
}

// batch is what is waiting, with q behind it.
func (e *pgTx) batch(q string, args []any) *pgx.Batch {
	b := &pgx.Batch{}
	for _, s := range e.waiting {
		b.Queue(dollars(s.q), s.args...)
	}
	e.waiting = nil
	b.Queue(dollars(q), args...)
	return b
}

func (e *pgTx) exec(ctx context.Context, q string, args []any) (int64, error) {
	if len(e.waiting) == 0 {
		tag, err := e.c.Exec(ctx, dollars(q), args...)
		return tag.RowsAffected(), err
	}
	b := e.batch(q, args)
	res := e.c.SendBatch(ctx, b)
	for range b.Len() - 1 {
		if _, err := res.Exec(); err != nil {
			return 0, errors.Join(err, res.Close())
		}
	}
	tag, err := res.Exec()
	return tag.RowsAffected(), errors.Join(err, res.Close())
}

func (e *pgTx) query(ctx context.Context, scan func(row) error, q string, args []any) (err error) {
	var rows pgx.Rows
	if len(e.waiting) == 0 {
		rows, err = e.c.Query(ctx, dollars(q), args...)
	} else {
		b := e.batch(q, args)
		res := e.c.SendBatch(ctx, b)
		defer func() { err = errors.Join(err, res.Close()) }()
		for range b.Len() - 1 {
			if _, err := res.Exec(); err != nil {
				return err
			}
		}
		rows, err = res.Query()
	}
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	rows.Close()
	return rows.Err()
}
