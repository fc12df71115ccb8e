package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrLocked says that another process serves the same SQLite file.
var ErrLocked = errors.New("another aditus serves this database")

// A Lock keeps a second server from the same SQLite file: what this process
// remembers of sessions must not be changed behind its back.
type Lock struct {
	f     *os.File
	dirty bool
}

// TakeLock takes the lock of a SQLite file, or reports ErrLocked. The lock goes
// with the process, however that ends. Dirty tells whether the last server did
// not end as it should.
func TakeLock(file string) (*Lock, error) {
	f, err := os.OpenFile(file+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, ErrLocked), f.Close())
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt([]byte("s"), 0) // serving
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Lock{f, info.Size() > 0}, nil
}

// Dirty reports whether the last server was killed, or its machine lost power.
func (l *Lock) Dirty() bool { return l.dirty }

// Leave gives the lock back after an end that was not orderly: the next server
// looks through the file.
func (l *Lock) Leave() error { return l.f.Close() }

// Release gives the lock back after an orderly end.
func (l *Lock) Release() error { return errors.Join(l.f.Truncate(0), l.f.Close()) }

// QuickCheck has SQLite look through its file, and reports what it finds. On
// PostgreSQL, which checks itself, it does nothing.
func (db *DB) QuickCheck(ctx context.Context) error {
	if db.lite == nil {
		return nil
	}
	var said string
	if err := db.lite.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&said); err != nil {
		return fmt.Errorf("quick_check: %w", err)
	}
	if said != "ok" {
		return fmt.Errorf("quick_check: %s", said)
	}
	return nil
}
