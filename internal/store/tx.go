package store

import (
	"context"
	"errors"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"aditus/internal/access"
	"aditus/internal/keys"
)

// A Tx is one transaction on the rows of one fund. Every query of it has the
// fund as ?1, put there by exec and query; one that does not use it is refused.
//
// A Tx carries its context, as sql.Tx does, and is dead once its f has returned.
type Tx struct {
	ctx       context.Context // looked at between statements
	driverCtx context.Context // what the driver sees; see group.part
	engine    engine
	fund      string
	keys      *keys.Fund
	clock     func() time.Time
	see       func(time.Time) error // judges the transaction's time
	now       time.Time
	ran       *atomic.Int64 // counts the statements
	posted    []access.Kind // of messages that were put in the outbox, each once
	staging   int64         // the version of the import that the transaction holds; 0: none
	stands    *standing     // the member's who was asked about last
	over      bool
}

// An engine runs statements of one transaction.
type engine interface {
	exec(ctx context.Context, q string, args []any) (int64, error)
	query(ctx context.Context, scan func(row) error, q string, args []any) error

	// later runs q before the next statement or the commit, whichever comes
	// first. On PostgreSQL it travels with it and costs no round trip.
	later(ctx context.Context, q string, args []any) error
}

// A row is one row of an answer.
type row interface{ Scan(dest ...any) error }

// Fund is the fund the transaction was opened for.
func (tx *Tx) Fund() string { return tx.fund }

// Now is the one time of the transaction, taken at its start from the
// database's clock (or the injected one) and used for everything in it.
func (tx *Tx) Now() time.Time { return tx.now }

// Keys are the fund's keys.
func (tx *Tx) Keys() *keys.Fund { return tx.keys }

func (tx *Tx) end() { tx.over = true }

func (tx *Tx) ready(q string) error {
	if tx.over {
		return errors.New("store: Tx used after its function returned")
	}
	if err := tx.ctx.Err(); err != nil {
		return err
	}
	if moves(q) {
		tx.stands = nil
	}
	tx.ran.Add(1)
	return boundToFund(q)
}

// exec runs q with the fund as ?1 and args as ?2, ?3, … and returns how many
// rows it changed.
func (tx *Tx) exec(q string, args ...any) (int64, error) {
	if err := tx.ready(q); err != nil {
		return 0, err
	}
	return tx.engine.exec(tx.driverCtx, q, append([]any{tx.fund}, args...))
}

// one is exec for a statement that must change exactly one row; else ErrNone.
func (tx *Tx) one(q string, args ...any) error {
	n, err := tx.exec(q, args...)
	if err == nil && n != 1 {
		err = ErrNone
	}
	return err
}

// later is exec for a statement whose outcome nothing in the transaction waits
// for: it may run, and fail, as late as the commit. How many rows it changes is
// not looked at, so it is for INSERTs that cannot conflict, and for clearing up.
func (tx *Tx) later(q string, args ...any) error {
	if err := tx.ready(q); err != nil {
		return err
	}
	return tx.engine.later(tx.driverCtx, q, append([]any{tx.fund}, args...))
}

// query runs q as exec does and calls scan for each row.
func (tx *Tx) query(scan func(row) error, q string, args ...any) error {
	if err := tx.ready(q); err != nil {
		return err
	}
	return tx.engine.query(tx.driverCtx, scan, q, append([]any{tx.fund}, args...))
}

// first scans the one row of q into dest, or reports ErrNone.
func (tx *Tx) first(q string, args []any, dest ...any) error {
	found := false
	err := tx.query(func(r row) error { found = true; return r.Scan(dest...) }, q, args...)
	if err == nil && !found {
		err = ErrNone
	}
	return err
}

// seal closes a value for one place of the fund's tables; open opens it.
func (tx *Tx) seal(table, column, id string, plain []byte) []byte {
	return tx.keys.Seal(table, column, id, plain)
}

func (tx *Tx) open(table, column, id string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	return tx.keys.Open(table, column, id, sealed)
}

// ms is a time as it is stored: Unix milliseconds, 0 for the zero time.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// at is ms undone.
func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

var (
	texts    sync.Map // query -> the same with $1 for ?1
	numbered = regexp.MustCompile(`\?(\d+)`)
)

// dollars is the whole dialect.
func dollars(q string) string {
	if s, ok := texts.Load(q); ok {
		return s.(string)
	}
	s := numbered.ReplaceAllString(q, "$$$1")
	texts.Store(q, s)
	return s
}
