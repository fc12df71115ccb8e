package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"

	lite "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// A sqlite is a SQLite file: one writer, whose turn passes from caller to
// caller, and a set of readers, opened as they are needed.
type sqlite struct {
	db    *sql.DB
	group *group
	open  func(context.Context) (*conn, error) // one more reader
	turns chan struct{}                        // one in it for each reader in use

	// broken is why the file is written no more: what a disk that failed once
	// holds is unknown, and the next server finds out (reliability.md R8).
	broken atomic.Pointer[error]

	mu   sync.Mutex
	idle []*conn // the one used last is used next: its pages and statements are warm
}

// dsn opens the file with a write-ahead log that is synced at every commit: a
// used code must stay used through a power cut. What a savepoint would need to
// go back to stays in memory: in a batch of many parts it would be written to a
// temporary file, and thrown away.
func dsn(file string) string {
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(file)}).String() +
		"?_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=foreign_keys(1)&_pragma=temp_store(memory)"
}

func openSQLite(ctx context.Context, file string, o Options) (*sqlite, error) {
	// SQLite would make the file readable by others; its log and index take
	// after it.
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(file))
	if err != nil {
		return nil, err
	}
	s := &sqlite{}
	fatal := func(err error) {
		if s.broken.CompareAndSwap(nil, &err) && o.Fatal != nil {
			o.Fatal(err)
		}
	}
	open := func(ctx context.Context) (*conn, error) {
		c, err := db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: c, stmts: map[string]*sql.Stmt{}}, nil
	}
	writer := func(ctx context.Context) (*conn, error) {
		c, err := open(ctx)
		if err != nil {
			return nil, err
		}
		// Of 16 MiB, and not 2 as by default: an import reads and writes all over
		// the indexes of keyed hashes.
		if _, err := c.ExecContext(ctx, "PRAGMA cache_size = -16384"); err != nil {
			c.discard()
			return nil, err
		}
		c.writes, c.fatal = true, fatal
		return c, nil
	}
	s.db, s.turns = db, make(chan struct{}, o.Conns)
	s.group = &group{open: writer, broken: &s.broken, most: 256, longest: maxBatch}
	if o.Ungrouped {
		s.group.most = 1
	}
	s.open = func(ctx context.Context) (*conn, error) {
		c, err := open(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := c.ExecContext(ctx, "PRAGMA query_only = 1"); err != nil {
			c.discard()
			return nil, err
		}
		return c, nil
	}
	// The connection that this opens is the one that Migrate takes, and then the
	// first reader: to open one is a good part of the program's start.
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", file, err), db.Close())
	}
	return s, nil
}

func (s *sqlite) close() error {
	for range cap(s.turns) {
		s.turns <- struct{}{}
	}
	for _, c := range s.idle {
		c.discard()
	}
	s.group.close()
	return s.db.Close()
}

// reader takes a reader that nobody uses, or opens one.
func (s *sqlite) reader(ctx context.Context) (c *conn, err error) {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		c, s.idle = s.idle[n-1], s.idle[:n-1]
	}
	s.mu.Unlock()
	if c == nil {
		c, err = s.open(ctx)
	}
	return c, err
}

func (s *sqlite) read(ctx context.Context, f func(engine) error) (err error) {
	select {
	case s.turns <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turns }()
	c, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer func() {
		s.mu.Lock()
		s.idle = append(s.idle, c)
		s.mu.Unlock()
	}()
	safe := context.WithoutCancel(ctx)
	if _, err := c.exec(safe, "BEGIN", nil); err != nil {
		return err
	}
	defer func() {
		_, end := c.exec(safe, "ROLLBACK", nil)
		err = errors.Join(err, end)
	}()
	return f(c)
}

// A conn is one SQLite connection and the statements prepared on it: parsing
// them each time costs a third of the rate.
type conn struct {
	*sql.Conn
	stmts map[string]*sql.Stmt

	writes bool
	fatal  func(error) // told when the file could not be written, read or synced; may be nil
	lost   error       // of the writer: it runs nothing more
}

// discard closes the connection for good, with its statements and whatever
// transaction is open on it. The statements come first: SQLite keeps a
// connection that has some, with its locks, until the process ends.
func (c *conn) discard() {
	for _, s := range c.stmts {
		// Its error is that of the statement's last run, which was told then.
		_ = s.Close()
	}
	// The error is the one given: it is how database/sql is told to let go.
	_ = c.Raw(func(any) error { return driver.ErrBadConn })
}

func (c *conn) prepare(ctx context.Context, q string) (*sql.Stmt, error) {
	if c.lost != nil {
		return nil, c.lost
	}
	if s := c.stmts[q]; s != nil {
		return s, nil
	}
	s, err := c.PrepareContext(context.WithoutCancel(ctx), q)
	if err == nil {
		c.stmts[q] = s
	}
	return s, err
}

func (c *conn) exec(ctx context.Context, q string, args []any) (int64, error) {
	s, err := c.prepare(ctx, q)
	if err != nil {
		return 0, c.failed(err)
	}
	res, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, c.failed(err)
	}
	return res.RowsAffected()
}

func (c *conn) later(ctx context.Context, q string, args []any) error {
	_, err := c.exec(ctx, q, args)
	return err
}

func (c *conn) query(ctx context.Context, scan func(row) error, q string, args []any) error {
	s, err := c.prepare(ctx, q)
	if err != nil {
		return c.failed(err)
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return c.failed(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return c.failed(rows.Err())
}

// failed names the error of a disk that has no room, and sees what a failure
// means for the writer's transaction.
//
// After some errors SQLite has rolled back the whole transaction by itself, the
// neighbours' parts included, and whatever ran next would commit alone. So the
// connection runs nothing more, and the batch is lost with the error that was
// the cause.
func (c *conn) failed(err error) error {
	e, ok := errors.AsType[*lite.Error](err)
	if !ok {
		return err
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_FULL:
		err = fmt.Errorf("%w: %w", ErrFull, err)
	case codes.SQLITE_NOMEM, codes.SQLITE_INTERRUPT:
	case codes.SQLITE_IOERR, codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB, codes.SQLITE_READONLY:
		if c.fatal != nil {
			c.fatal(err)
		}
	default:
		return err
	}
	if c.writes {
		c.lost = err
	}
	return err
}
