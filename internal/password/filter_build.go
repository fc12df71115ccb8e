package password

import (
	"bufio"
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/text/unicode/norm"
)

// A FilterReport is what a corpus was found to hold.
type FilterReport struct {
	Lines     int64 // that hold something
	Hashes    int64 // of these, lines that are a SHA-1
	Skipped   int64 // lines longer than any password
	Passwords int64 // different ones, which are in the filter
}

// BuildFilter makes a Filter of a breach corpus and writes it to path, over the one
// that is there only once the new one is whole and on the disk.
//
// A line is a password, or its SHA-1 in 40 hexadecimal digits, which may be
// followed by a colon and how often it was seen: the form in which Have I Been
// Pwned hands its corpus out. Lines may come in any order and more than once, and
// end with LF or CR LF. Passwords are taken in NFKC, as Has takes them.
//
// It needs about 100 MiB of memory whatever the size of the corpus, and beside the
// filter 8 bytes of disk a line, in the folder of path. read, if not nil, is told
// now and then how many bytes of in were read.
func BuildFilter(ctx context.Context, in io.Reader, path string, read func(bytes int64)) (FilterReport, error) {
	return buildFilter(ctx, in, path, read, 1<<22, 32<<20)
}

// buildFilter sorts pieces of so many keys, and merges them with buffers of so many
// bytes together.
func buildFilter(ctx context.Context, in io.Reader, path string, read func(int64), piece, buffers int) (report FilterReport, err error) {
	dir := filepath.Dir(path)
	sorted, err := os.CreateTemp(dir, ".aditus-filter-")
	if err != nil {
		return report, fmt.Errorf("password: %w", err)
	}
	defer func() { err = errors.Join(err, sorted.Close(), os.Remove(sorted.Name())) }()
	runs := &runs{file: sorted, buffers: buffers}
	if report, err = sortKeys(ctx, in, runs, read, piece); err != nil {
		return report, err
	}
	// Twice through the sorted pieces: how many there are must be known before the
	// first can be put in its drawer.
	if err := runs.merge(ctx, func(uint64) error { report.Passwords++; return nil }); err != nil {
		return report, err
	}
	if report.Passwords == 0 {
		return report, errors.New("there is no password in the corpus")
	}
	if report.Passwords > FilterMax {
		return report, fmt.Errorf("the corpus has %d different passwords; a filter holds %d", report.Passwords, int64(FilterMax))
	}
	made, err := os.CreateTemp(dir, ".aditus-filter-")
	if err != nil {
		return report, fmt.Errorf("password: %w", err)
	}
	if err := writeFilter(ctx, made, runs, report.Passwords); err != nil {
		return report, errors.Join(err, made.Close(), os.Remove(made.Name()))
	}
	// Nothing in it is secret, and the server may run as somebody else.
	err = errors.Join(made.Chmod(0o644), made.Sync(), made.Close())
	if err == nil {
		err = os.Rename(made.Name(), path)
	}
	if err != nil {
		return report, errors.Join(fmt.Errorf("password: %w", err), os.Remove(made.Name()))
	}
	return report, nil
}

// sortKeys reads the corpus and leaves the keys in sorted pieces.
func sortKeys(ctx context.Context, in io.Reader, runs *runs, read func(int64), piece int) (report FilterReport, err error) {
	lines := bufio.NewReaderSize(in, 1<<20)
	keys := make([]uint64, 0, piece)
	done := int64(0)
	for ended := false; !ended; {
		line, err := lines.ReadSlice('\n')
		done += int64(len(line))
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) { // a megabyte and no end of line
			var more []byte
			more, err = lines.ReadSlice('\n')
			done += int64(len(more))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return report, fmt.Errorf("password: reading the corpus: %w", err)
		}
		ended = err != nil
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		switch key, ok := hashLine(line); {
		case tooLong || len(line) > maxTyped:
			report.Lines++
			report.Skipped++
		case len(line) == 0:
		case ok:
			report.Lines++
			report.Hashes++
			keys = append(keys, key)
		default:
			report.Lines++
			keys = append(keys, filterKey(norm.NFKC.Bytes(line)))
		}
		if len(keys) == piece || ended && len(keys) > 0 {
			if err := ctx.Err(); err != nil {
				return report, err
			}
			slices.Sort(keys)
			if err := runs.add(slices.Compact(keys)); err != nil {
				return report, err
			}
			keys = keys[:0]
			if read != nil {
				read(done)
			}
		}
	}
	return report, nil
}

// hashLine reads a line that is a SHA-1, alone or before a colon and a number.
func hashLine(line []byte) (key uint64, ok bool) {
	digits, count, counted := bytes.Cut(line, []byte(":"))
	if len(digits) != 40 || counted && (len(count) == 0 || len(bytes.Trim(count, "0123456789 ")) > 0) {
		return 0, false
	}
	var sum [20]byte
	if _, err := hex.Decode(sum[:], digits); err != nil {
		return 0, false
	}
	return binary.BigEndian.Uint64(sum[:]), true
}

// writeFilter writes the filter of the sorted keys.
func writeFilter(ctx context.Context, file *os.File, runs *runs, count int64) error {
	f := &Filter{file: file, count: count}
	for count > filterDrawer<<f.bits {
		f.bits++
	}
	index := bufio.NewWriterSize(io.NewOffsetWriter(file, filterHeader), 1<<16)
	drawers := bufio.NewWriterSize(io.NewOffsetWriter(file, f.at(0)), 1<<16)
	next, n := int64(0), uint32(0) // the drawer whose beginning is not yet written; keys so far
	var b [4]byte
	upTo := func(drawer int64) error {
		for ; next <= drawer; next++ {
			binary.BigEndian.PutUint32(b[:], n)
			if _, err := index.Write(b[:]); err != nil {
				return fmt.Errorf("password: %w", err)
			}
		}
		return nil
	}
	err := runs.merge(ctx, func(key uint64) error {
		drawer, part := f.place(key)
		if err := upTo(drawer); err != nil {
			return err
		}
		n++
		binary.BigEndian.PutUint32(b[:], part)
		if _, err := drawers.Write(b[4-filterPart:]); err != nil {
			return fmt.Errorf("password: %w", err)
		}
		return nil
	})
	if err == nil {
		err = upTo(int64(1) << f.bits)
	}
	if err = errors.Join(err, index.Flush(), drawers.Flush()); err != nil {
		return err
	}
	if f.sum, err = f.bodySum(); err != nil {
		return err
	}
	if _, err := file.WriteAt(f.header(), 0); err != nil {
		return fmt.Errorf("password: %w", err)
	}
	return nil
}

// runs are the sorted pieces of the keys, one after the other in a file.
type runs struct {
	file    *os.File
	ends    []int64
	buffers int // bytes for reading them, together
}

// add writes a piece.
func (r *runs) add(keys []uint64) error {
	w := bufio.NewWriterSize(r.file, 1<<16)
	var b [8]byte
	for _, key := range keys {
		binary.BigEndian.PutUint64(b[:], key)
		if _, err := w.Write(b[:]); err != nil {
			return fmt.Errorf("password: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("password: %w", err)
	}
	from := int64(0)
	if len(r.ends) > 0 {
		from = r.ends[len(r.ends)-1]
	}
	r.ends = append(r.ends, from+8*int64(len(keys)))
	return nil
}

// merge calls each with every key once, in order.
func (r *runs) merge(ctx context.Context, each func(key uint64) error) error {
	heads := make(heads, 0, len(r.ends))
	from := int64(0)
	for _, end := range r.ends {
		h := &head{rest: bufio.NewReaderSize(io.NewSectionReader(r.file, from, end-from), max(r.buffers/len(r.ends), 4<<10))}
		if more, err := h.next(); err != nil {
			return err
		} else if more {
			heads = append(heads, h)
		}
		from = end
	}
	heap.Init(&heads)
	last, first := uint64(0), true
	for n := 0; len(heads) > 0; n++ {
		if n%(1<<16) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		h := heads[0]
		if first || h.key != last {
			if err := each(h.key); err != nil {
				return err
			}
			last, first = h.key, false
		}
		if more, err := h.next(); err != nil {
			return err
		} else if more {
			heap.Fix(&heads, 0)
		} else {
			heap.Pop(&heads)
		}
	}
	return nil
}

// A head is the least key of a piece that was not yet merged, and what follows it.
type head struct {
	key  uint64
	rest *bufio.Reader
}

// next takes the next key; false at the end.
func (h *head) next() (bool, error) {
	var b [8]byte
	if _, err := io.ReadFull(h.rest, b[:]); errors.Is(err, io.EOF) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("password: %w", err)
	}
	h.key = binary.BigEndian.Uint64(b[:])
	return true, nil
}

// heads are in the order of container/heap.
type heads []*head

func (h heads) Len() int           { return len(h) }
func (h heads) Less(i, j int) bool { return h[i].key < h[j].key }
func (h heads) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *heads) Push(x any)        { *h = append(*h, x.(*head)) }
func (h *heads) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
