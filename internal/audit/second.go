package audit

import (
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
	if err != nil {
		return nil, err
	}
	if n := info.Size(); n > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, n-1); err != nil {
			return nil, err
		}
		if last[0] != '\n' {
			if err := cutLastLine(f, n); err != nil {
				return nil, err
			}
		}
	}
	return &File{f: f}, nil
}

// cutLastLine takes away what follows the last line end: half a checkpoint says
// nothing.
func cutLastLine(f *os.File, size int64) error {
	b := make([]byte, min(size, 4096))
	if _, err := f.ReadAt(b, size-int64(len(b))); err != nil {
		return err
	}
	keep := size - int64(len(b))
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == '\n' {
			keep = size - int64(len(b)) + int64(i) + 1
			break
		}
	}
	return f.Truncate(keep)
}

// Write appends a line and waits until it is on the disk.
func (f *File) Write(line []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.f.Write(line)
	if err == nil {
		err = f.f.Sync()
	}
	return n, err
}

// Close closes the file.
func (f *File) Close() error { return f.f.Close() }
