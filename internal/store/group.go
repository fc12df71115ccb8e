package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const maxBatch = 5 * time.Millisecond

// A group lets the callers that wait for SQLite's one writer at the same
// moment share one commit, so one fsync.
//
// There is no writer goroutine. The turn to write goes from caller to caller,
// first come first served, with the open transaction in hand: each runs its own
// function on its own goroutine, all but the first in a savepoint, hands the
// transaction to the next one waiting, and waits for the commit. The last
// commits: when nobody waits, or when the batch is full or old. So a lone caller
// never waits for company, and a panic is its caller's own.
type group struct {
	open    func(context.Context) (*conn, error)
	broken  *atomic.Pointer[error] // why nothing is written any more
	most    int                    // parts in a batch
	longest time.Duration          // from the first part to the last handing on

	c *conn // of whoever has the turn

	mu    sync.Mutex
	busy  bool          // somebody has the turn
	queue []chan *batch // those who wait for it
}

// A batch is one shared transaction.
type batch struct {
	parts int
	begun time.Time     // zero until there is a transaction
	done  chan struct{} // closed after the commit
	err   error         // what became of it, for everybody; read after done
}

// write runs f with tx in its turn; see DB.Write.
func (g *group) write(ctx context.Context, tx *Tx, f func(*Tx) error) (err error) {
	b, err := g.turn(ctx)
	if err != nil {
		return err
	}
	defer func() { // also when f panics or calls runtime.Goexit
		g.pass(b)
		<-b.done
		if b.err != nil {
			err = b.err // even over f's own error, which may rest on what is now in doubt
		}
	}()
	return g.part(ctx, b, tx, f)
}

// turn waits for the turn to write, or for ctx to end.
func (g *group) turn(ctx context.Context) (*batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g.mu.Lock()
	if !g.busy {
		g.busy = true
		g.mu.Unlock()
		return newBatch(), nil
	}
	me := make(chan *batch, 1)
	g.queue = append(g.queue, me)
	g.mu.Unlock()
	select {
	case b := <-me:
		return b, nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.queue, me); i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
		return nil, ctx.Err()
	}
	return <-me, nil // it came at that very moment: part will see ctx, and write pass it on
}

// part runs f so that what it did can be taken back: in its own savepoint, or
// as the first of a transaction.
func (g *group) part(ctx context.Context, b *batch, tx *Tx, f func(*Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	// The driver never sees the caller's context. It answers its end with
	// sqlite3_interrupt, and an interrupted INSERT or UPDATE rolls back the
	// whole transaction, neighbours included; what follows would autocommit.
	safe := context.WithoutCancel(ctx)
	first := b.begun.IsZero()
	if first {
		if b.err = g.begin(safe); b.err != nil {
			return b.err
		}
		b.begun = time.Now()
	}
	now := tx.clock().UTC()
	if err := tx.see(now); err != nil {
		return err
	}
	if !first { // the first part goes back by rolling back all there is
		g.run(safe, b, "SAVEPOINT part")
	}
	if b.err != nil {
		return b.err
	}
	tx.ctx, tx.driverCtx, tx.engine, tx.now = ctx, safe, g.c, now
	kept := false
	defer func() {
		tx.end()
		switch {
		case first && kept:
		case first:
			if g.run(safe, b, "ROLLBACK"); b.err == nil {
				b.begun = time.Time{} // the next part begins again
			}
		default:
			if !kept {
				g.run(safe, b, "ROLLBACK TO part")
			}
			g.run(safe, b, "RELEASE part")
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	kept = ctx.Err() == nil
	return ctx.Err()
}

// run runs one statement of the batch itself. When that fails, the batch is
// lost for everybody: after «disk full», say, SQLite has rolled back the whole
// transaction by itself, and there is no savepoint to return to. A full disk is
// the one cause of which it is known that nothing was written.
func (g *group) run(ctx context.Context, b *batch, q string) {
	if b.err != nil {
		return
	}
	if _, err := g.c.exec(ctx, q, nil); err != nil {
		b.err = fmt.Errorf("%s: %w", q, err)
		if !errors.Is(err, ErrFull) {
			b.err = fmt.Errorf("%w: %w", ErrUnknown, b.err)
		}
	}
}

// pass hands the turn to the next caller, with b if it may go on; else it
// commits b, and the next caller begins a new one.
func (g *group) pass(b *batch) {
	b.parts++
	over := b.err != nil || b.parts >= g.most || !b.begun.IsZero() && time.Since(b.begun) >= g.longest
	if !over && g.next(b, true) {
		return
	}
	if !b.begun.IsZero() {
		g.commit(b)
	}
	close(b.done)
	g.next(newBatch(), false)
}

// next gives the turn and b to the first caller waiting. If there is none it
// reports false, and busy says whether the turn is still taken.
func (g *group) next(b *batch, busy bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) == 0 {
		g.busy = busy
		return false
	}
	g.queue[0] <- b // never blocks: each has room for one
	g.queue = g.queue[1:]
	return true
}

func (g *group) begin(ctx context.Context) (err error) {
	if why := g.broken.Load(); why != nil {
		return *why
	}
	if g.c == nil {
		if g.c, err = g.open(ctx); err != nil {
			g.c = nil
			return err
		}
	}
	if _, err = g.c.exec(ctx, "BEGIN IMMEDIATE", nil); err != nil {
		g.c.discard()
		g.c = nil
	}
	return err
}

// close ends the writer's connection. Nobody may be writing.
func (g *group) close() {
	if g.c != nil {
		g.c.discard()
	}
}

// commit ends b's transaction. A connection that failed to commit is thrown
// away, and with it whatever is open on it.
func (g *group) commit(b *batch) {
	g.run(context.Background(), b, "COMMIT")
	if b.err != nil {
		g.c.discard()
		g.c = nil
	}
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }
