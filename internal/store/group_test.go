package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"aditus/internal/keys"
)

const (
	fund = "aurora"
	slow = `INSERT INTO event (fund, id, kind, member, body, at)
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT 'b', i, '', '', '', 0 FROM n`
)

// A part is one caller's function in a batch.
type part func(ctx context.Context, cancel func(), tx *Tx) error

func sqliteDB(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "a b#?.db"), Options{Keys: keys.New(nil)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	db.lite.group.longest = time.Hour // only the test decides how a batch ends
	return db
}

func add(tx *Tx, id string) error {
	return tx.AddEvent(Event{ID: id, Kind: "test", Body: "{}", At: 1})
}

func ids(t *testing.T, db *DB) map[string]bool {
	t.Helper()
	m := map[string]bool{}
	err := db.Read(t.Context(), fund, func(tx *Tx) error {
		es, err := tx.Unsealed(1 << 20)
		for _, e := range es {
			m[e.ID] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// batchOf makes sure that the functions run in one batch, in their order: the
// first holds the turn until all the others wait for it. It returns what each
// Write returned, or the panic.
func batchOf(t *testing.T, db *DB, fs ...part) []error {
	t.Helper()
	errs := make([]error, len(fs))
	var wg sync.WaitGroup
	for i, f := range fs {
		ctx, cancel := context.WithCancel(t.Context())
		wg.Go(func() {
			defer cancel()
			defer func() {
				if p := recover(); p != nil {
					errs[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			errs[i] = db.Write(ctx, fund, func(tx *Tx) error {
				for i == 0 && waiting(db) < len(fs)-1 {
					runtime.Gosched()
				}
				return f(ctx, cancel, tx)
			})
		})
		for i < len(fs)-1 && (!busy(db) || waiting(db) < i) { // the last one sets them off
			runtime.Gosched()
		}
	}
	wg.Wait()
	return errs
}

func waiting(db *DB) int {
	g := db.lite.group
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.queue)
}

func busy(db *DB) bool {
	g := db.lite.group
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.busy
}

// What could have happened: a stranger's request panics, or is cut off, and a
// member whose confirmation shared its commit is told «confirmed» for nothing.
func TestNeighbours(t *testing.T) {
	db := sqliteDB(t)
	refused := errors.New("refused")
	errs := batchOf(t, db,
		func(_ context.Context, _ func(), tx *Tx) error { return add(tx, "first") },
		func(_ context.Context, _ func(), tx *Tx) error {
			if err := add(tx, "refused"); err != nil {
				return err
			}
			return refused
		},
		func(_ context.Context, _ func(), tx *Tx) error {
			if err := add(tx, "panic"); err != nil {
				return err
			}
			panic("boom")
		},
		func(_ context.Context, cancel func(), tx *Tx) error {
			cancel()
			return add(tx, "cancelled")
		},
		func(_ context.Context, cancel func(), tx *Tx) error {
			err := add(tx, "late")
			cancel()
			return err
		},
		func(_ context.Context, cancel func(), tx *Tx) error { // cut off in the middle of a statement
			time.AfterFunc(time.Millisecond, cancel)
			return tx.Bare(slow, 10_000)
		},
		func(_ context.Context, _ func(), tx *Tx) error {
			if err := add(tx, "first"); err == nil { // UNIQUE: an error in SQL, not of the function
				return errors.New("no conflict")
			}
			return add(tx, "goes on")
		},
		func(_ context.Context, _ func(), tx *Tx) error { return add(tx, "last") },
	)
	want := []string{"<nil>", "refused", "panic: boom", "context canceled", "context canceled", "context canceled", "<nil>", "<nil>"}
	for i, err := range errs {
		if fmt.Sprint(err) != want[i] {
			t.Errorf("caller %d was told %v, want %s", i, err, want[i])
		}
	}
	if got := fmt.Sprint(ids(t, db)); got != "map[first:true goes on:true last:true]" {
		t.Error("committed:", got)
	}
}

// The first of a batch has no savepoint to go back to: what it did goes back with
// the whole transaction, and the next begins one of its own.
func TestFirstGoesBack(t *testing.T) {
	for what, first := range map[string]part{
		"refused": func(_ context.Context, _ func(), tx *Tx) error {
			if err := add(tx, "first"); err != nil {
				return err
			}
			return errors.New("refused")
		},
		"panic: boom": func(_ context.Context, _ func(), tx *Tx) error {
			if err := add(tx, "first"); err != nil {
				return err
			}
			panic("boom")
		},
		"context canceled": func(_ context.Context, cancel func(), tx *Tx) error {
			err := add(tx, "first")
			cancel()
			return err
		},
	} {
		db := sqliteDB(t)
		errs := batchOf(t, db, first,
			func(_ context.Context, _ func(), tx *Tx) error {
				if err := add(tx, "first"); err != nil { // nothing is in the way
					return err
				}
				return errors.New("refused too")
			},
			func(_ context.Context, _ func(), tx *Tx) error { return add(tx, "third") },
			func(_ context.Context, _ func(), tx *Tx) error { return errors.New("refused at last") },
		)
		if got := fmt.Sprint(errs); got != "["+what+" refused too <nil> refused at last]" {
			t.Errorf("%s: told %s", what, got)
		}
		if got := fmt.Sprint(ids(t, db)); got != "map[third:true]" {
			t.Errorf("%s: committed %s", what, got)
		}
		if err := db.Write(t.Context(), fund, func(tx *Tx) error { return add(tx, "alone") }); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A caller that ends its goroutine inside f, as t.Fatal does, passes the turn on.
func TestGoexit(t *testing.T) {
	db := sqliteDB(t)
	errs := batchOf(t, db,
		func(_ context.Context, _ func(), tx *Tx) error {
			if err := add(tx, "gone"); err != nil {
				return err
			}
			runtime.Goexit()
			return nil
		},
		func(_ context.Context, _ func(), tx *Tx) error { return add(tx, "here") },
	)
	if got := fmt.Sprint(errs, ids(t, db)); got != "[<nil> <nil>] map[here:true]" {
		t.Error(got)
	}
}

// Nobody hears anything before the shared commit, and when that fails
// everybody hears that the outcome is unknown: also the one whose own function
// refused, for it may have refused because of what a neighbour had written.
func TestCommitFails(t *testing.T) {
	db := sqliteDB(t)
	told := make(chan error, 1)
	var after []error
	errs := batchOf(t, db,
		func(_ context.Context, _ func(), tx *Tx) error { return add(tx, "a") },
		func(_ context.Context, _ func(), tx *Tx) error { return errors.New("refused") },
		func(_ context.Context, _ func(), tx *Tx) error {
			go func() { told <- db.Write(context.Background(), fund, func(tx *Tx) error { return add(tx, "c") }) }()
			select {
			case err := <-told:
				t.Error("told before the commit:", err)
			case <-time.After(time.Millisecond):
			}
			return tx.Bare("ROLLBACK") // as SQLite does by itself when the disk is full
		},
		func(_ context.Context, _ func(), tx *Tx) error { return add(tx, "b") },
	)
	after = append(after, errs[3], <-told)
	for i, err := range errs[:3] {
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("caller %d was told %v", i, err)
		}
	}
	if err := errors.Join(after...); err != nil {
		t.Error("the next batch:", err)
	}
	if got := fmt.Sprint(ids(t, db)); got != "map[b:true c:true]" {
		t.Error(got)
	}
}

// A caller whose context ends while it waits leaves the queue at once, and the
// batch before it is not held up by its absence.
func TestLeaveTheQueue(t *testing.T) {
	db := sqliteDB(t)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	err := db.Write(t.Context(), fund, func(tx *Tx) error {
		go func() {
			left <- db.Write(ctx, fund, func(tx *Tx) error { return add(tx, "never") })
		}()
		for waiting(db) == 0 {
			runtime.Gosched()
		}
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		return add(tx, "mine")
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(ids(t, db)); got != "map[mine:true]" {
		t.Error(got)
	}
}

// The turn that reaches a caller in the very moment it gives up must be passed
// on, or everybody hangs. Many callers with contexts that end at random moments
// meet that moment now and then.
func TestGivingUpHandsOn(t *testing.T) {
	db := sqliteDB(t)
	db.lite.group.longest = maxBatch
	var wg sync.WaitGroup
	var kept, all sync.Map
	for i := range 8 {
		wg.Go(func() {
			for n := range 60 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n*i)*10*time.Microsecond)
				id := fmt.Sprint(i, "/", n)
				all.Store(id, true)
				err := db.Write(ctx, fund, func(tx *Tx) error { return add(tx, id) })
				cancel()
				switch {
				case err == nil:
					kept.Store(id, true)
				case !errors.Is(err, context.DeadlineExceeded):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	there := ids(t, db)
	all.Range(func(id, _ any) bool {
		if _, ok := kept.Load(id); ok != there[id.(string)] {
			t.Errorf("%s: told %t, there %t", id, ok, there[id.(string)])
		}
		return true
	})
	if err := db.Write(t.Context(), fund, func(tx *Tx) error { return add(tx, "after") }); err != nil {
		t.Error("the turn was lost:", err)
	}
}

// Full and old batches are committed though others wait.
func TestBounds(t *testing.T) {
	db := sqliteDB(t)
	next := 0
	commits := func(n int) int {
		fs := make([]part, n)
		seen := map[int]bool{} // how many events a reader outside sees: one figure for each commit; the turn guards it
		for i := range fs {
			fs[i] = func(_ context.Context, _ func(), tx *Tx) error {
				seen[len(ids(t, db))] = true
				next++
				return add(tx, fmt.Sprint("e", next))
			}
		}
		for _, err := range batchOf(t, db, fs...) {
			if err != nil {
				t.Fatal(err)
			}
		}
		return len(seen)
	}
	if n := commits(20); n != 1 {
		t.Errorf("20 waiting callers shared %d commits", n)
	}
	db.lite.group.most = 5
	if n := commits(20); n != 4 {
		t.Errorf("batches of 5: %d commits for 20", n)
	}
	db.lite.group.most, db.lite.group.longest = 256, 0
	if n := commits(4); n != 4 {
		t.Errorf("no time: %d commits for 4", n)
	}
}

// A lone caller never waits for company: under synctest time would have to pass.
func TestLoneCaller(t *testing.T) {
	db := sqliteDB(t)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		for i := range 10 {
			if err := db.Write(context.Background(), fund, func(tx *Tx) error { return add(tx, fmt.Sprint(i)) }); err != nil {
				t.Fatal(err)
			}
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("waited %v", d) // fake time moves only when all goroutines wait
		}
	})
}

// A Tx kept after its function returned would write in a neighbour's savepoint.
func TestDeadTx(t *testing.T) {
	db := sqliteDB(t)
	var kept *Tx
	keep := func(tx *Tx) error { kept = tx; return nil }
	for what, open := range map[string]func(context.Context, string, func(*Tx) error) error{"Write": db.Write, "Read": db.Read} {
		if err := open(t.Context(), fund, keep); err != nil {
			t.Fatal(err)
		}
		if err := add(kept, "ghost"); err == nil {
			t.Errorf("a Tx wrote after its %s", what)
		}
		if _, err := kept.Unsealed(1); err == nil {
			t.Errorf("a Tx read after its %s", what)
		}
	}
}

// Why the driver never sees the caller's context: shown on the driver alone.
func TestInterruptRollsBackEverything(t *testing.T) {
	db := sqliteDB(t)
	c, err := db.lite.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	do := func(ctx context.Context, q string, args ...any) error {
		_, err := c.ExecContext(ctx, q, args...)
		return err
	}
	bg := context.Background()
	for _, q := range []string{"BEGIN IMMEDIATE", "INSERT INTO event (fund, id, kind, member, body, at) VALUES ('a', 'neighbour', '', '', '', 0)", "SAVEPOINT part"} {
		if err := do(bg, q); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(bg, 20*time.Millisecond)
	defer cancel()
	if err := do(ctx, slow, 100_000_000); err == nil {
		t.Fatal("not interrupted")
	}
	if err := do(bg, "ROLLBACK TO part"); err == nil {
		t.Error("the savepoint is still there: the driver has changed, and group.part may be simpler")
	}
}
