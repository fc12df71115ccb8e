package audit

import (
	"bytes"
	"errors"
	"os"
	"sync"
)

// A File is a second place: a file that only grows, synced at each line. It
// should lie on another disk than the database, or be shipped away.
type File struct {
	mu sync.Mutex
	f  *os.File
}

// OpenFile opens or makes the file of checkpoints. A line that a crash cut short
// is taken away, so that the next one stands by itself.
func OpenFile(name string) (*File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = cutLastLine(f, info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &File{f: f}, nil
}

// cutLastLine takes away what follows the last line end: half a checkpoint says
// nothing.
func cutLastLine(f *os.File, size int64) error {
	block := make([]byte, 4096)
	for size > 0 {
		b := block[:min(size, int64(len(block)))]
		if _, err := f.ReadAt(b, size-int64(len(b))); err != nil {
			return err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			size -= int64(len(b) - i - 1)
			break
		}
		size -= int64(len(b))
	}
	return f.Truncate(size)
}

// Write appends a line and waits until it is on the disk. What it could write of
// a line that has no room is taken away again, or the next one would continue it.
func (f *File) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.f.Write(line)
	if err == nil {
		err = f.f.Sync()
	} else if info, statErr := f.f.Stat(); statErr == nil {
		err = errors.Join(err, cutLastLine(f.f, info.Size()))
	}
	return n, err
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }
