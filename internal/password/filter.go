package password

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/text/unicode/norm"
)

// A Filter answers whether a password is among those of a breach corpus, which an
// operator made it of (BuildFilter). It reads two small pieces of its file for each
// question and keeps nothing in memory, so that a billion passwords cost what a
// thousand do. It is safe for concurrent use. Of passwords that are not in the
// corpus it takes fewer than one in a million for one that is.
//
// The file, all numbers big-endian:
//
//	header   64 bytes: "aditusPF", version (4 bytes), bits (4), count (8), SHA-256 of
//	         what follows the header (32), the first 8 bytes of the SHA-256 of all that
//	index    2^bits + 1 numbers of 4 bytes: how many passwords lie in the drawers before
//	drawers  count times 3 bytes, in order
//
// A password is the SHA-1 of its UTF-8, the form in which corpora are handed
// round: its first bits name the drawer, the next 24 lie in it. A drawer holds 16
// at most on average, hence the one in a million. Sorted drawers were taken rather
// than a xor or fuse filter because they are made of a stream, in constant memory,
// and at this rate of error are smaller: 27 bits a password, against 36.
type Filter struct {
	file  *os.File
	bits  uint
	count int64
	sum   [sha256.Size]byte
}

const (
	filterMagic   = "aditusPF"
	filterVersion = 1
	filterHeader  = 64
	filterDrawer  = 16      // passwords a drawer, on average and at most
	filterPart    = 3       // bytes of a password in its drawer
	filterMost    = 1 << 10 // no drawer of a file that is whole holds so many
	// FilterMax is how many passwords a filter holds at most.
	FilterMax = 1<<32 - 1
)

// OpenFilter opens the file of a filter. It reads the header and looks whether the
// file is as long as that says; the rest is Verify's.
func OpenFilter(path string) (f *Filter, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("password: %w", err) // names the path already
	}
	f = &Filter{file: file}
	if err := f.readHeader(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return f, nil
}

// readHeader reads the header and holds it against the file.
func (f *Filter) readHeader() error {
	var h [filterHeader]byte
	if _, err := f.file.ReadAt(h[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if string(h[:8]) != filterMagic {
		return errors.New("is not a filter of passwords; `aditus passwords build` makes one")
	}
	if version := binary.BigEndian.Uint32(h[8:]); version != filterVersion {
		return fmt.Errorf("is a filter of version %d; this program reads version %d", version, filterVersion)
	}
	if sum := sha256.Sum256(h[:56]); !bytes.Equal(sum[:8], h[56:]) {
		return errors.New("is damaged: its header does not agree with its check")
	}
	f.bits = uint(binary.BigEndian.Uint32(h[12:]))
	count := binary.BigEndian.Uint64(h[16:])
	copy(f.sum[:], h[24:])
	if f.bits > 32 || count > FilterMax {
		return errors.New("is damaged: it claims to be larger than any filter")
	}
	f.count = int64(count)
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if want := f.at(f.count); info.Size() != want {
		return fmt.Errorf("was cut or added to: it has %d bytes and should have %d", info.Size(), want)
	}
	return nil
}

// header is the header of the filter.
func (f *Filter) header() []byte {
	h := append(make([]byte, 0, filterHeader), filterMagic...)
	h = binary.BigEndian.AppendUint32(h, filterVersion)
	h = binary.BigEndian.AppendUint32(h, uint32(f.bits))
	h = binary.BigEndian.AppendUint64(h, uint64(f.count))
	h = append(h, f.sum[:]...)
	sum := sha256.Sum256(h)
	return append(h, sum[:8]...)
}

// at is where the n-th password lies in the file.
func (f *Filter) at(n int64) int64 { return filterHeader + (int64(1)<<f.bits+1)*4 + n*filterPart }

// place is the drawer of a password and what lies in it.
func (f *Filter) place(key uint64) (drawer int64, part uint32) {
	return int64(key >> (64 - f.bits)), uint32(key << f.bits >> 40)
}

// filterKey is the part of a password's SHA-1 that is used.
func filterKey(password []byte) uint64 {
	sum := sha1.Sum(password)
	return binary.BigEndian.Uint64(sum[:])
}

// Has reports whether the password is in the corpus (ASVS 6.2.12); the code of the
// refusal is RefusedBreached. An error is a fault of the file: no answer.
func (f *Filter) Has(password string) (bool, error) {
	if len(password) > maxTyped {
		return false, nil // Check refuses it anyway
	}
	drawer, part := f.place(filterKey([]byte(norm.NFKC.String(password))))
	var ends [8]byte
	if _, err := f.file.ReadAt(ends[:], filterHeader+4*drawer); err != nil {
		return false, fmt.Errorf("password: reading the filter: %w", err)
	}
	from, to := int64(binary.BigEndian.Uint32(ends[:])), int64(binary.BigEndian.Uint32(ends[4:]))
	if from > to || to > f.count || to-from > filterMost {
		return false, errors.New("password: the filter is damaged: make it again")
	}
	parts := make([]byte, (to-from)*filterPart)
	if _, err := f.file.ReadAt(parts, f.at(from)); err != nil && len(parts) > 0 {
		return false, fmt.Errorf("password: reading the filter: %w", err)
	}
	for ; len(parts) > 0; parts = parts[filterPart:] {
		if uint32(parts[0])<<16|uint32(parts[1])<<8|uint32(parts[2]) == part {
			return true, nil
		}
	}
	return false, nil
}

// Len is how many different passwords the filter was made of.
func (f *Filter) Len() int64 { return f.count }

// Verify reads the whole file and says whether it is as it was made. A corpus of a
// billion takes some seconds.
func (f *Filter) Verify() error {
	sum, err := f.bodySum()
	if err != nil {
		return err
	}
	if sum != f.sum {
		return errors.New("password: the filter is damaged: make it again")
	}
	return nil
}

// bodySum is the SHA-256 of what follows the header.
func (f *Filter) bodySum() (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f.file, filterHeader, f.at(f.count)-filterHeader)); err != nil {
		return sum, fmt.Errorf("password: reading the filter: %w", err)
	}
	h.Sum(sum[:0])
	return sum, nil
}

// Close closes the file.
func (f *Filter) Close() error { return f.file.Close() }
