package password

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// makeFilter makes and opens a filter of a corpus, in pieces of so many keys.
func makeFilter(t *testing.T, corpus string, piece int) (*Filter, FilterReport) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filter")
	report, err := buildFilter(context.Background(), strings.NewReader(corpus), path, nil, piece, 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	f, err := OpenFilter(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := f.Verify(); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the filter there is %v, %v", left, err)
	}
	return f, report
}

func has(t *testing.T, f *Filter, password string, want bool) {
	t.Helper()
	if got, err := f.Has(password); err != nil || got != want {
		t.Errorf("%.60q: %v, %v; want %v", password, got, err, want)
	}
}

// Whatever the order, the spelling, the repeats and the pieces: what went in is
// found, and nearly nothing else.
func TestFilter(t *testing.T) {
	corpus := "otto sedie verdi\r\n\n" +
		"caffe\u0300 lungo\n" + // not composed, as some corpora have it
		fmt.Sprintf("%X:3730471\n", sha1.Sum([]byte("tre sedie rosse"))) +
		fmt.Sprintf("%x\n", sha1.Sum([]byte("due sedie blu"))) +
		strings.Repeat("otto sedie verdi\n", 20) +
		strings.Repeat("x", maxTyped+1) + "\n" + strings.Repeat("y", 3<<20) + "\n" +
		"not \xff utf-8\nlast without an end"
	for _, piece := range []int{1, 2, 3, 1 << 12} {
		f, report := makeFilter(t, corpus, piece)
		if want := (FilterReport{Lines: 28, Hashes: 2, Skipped: 2, Passwords: 6}); report != want {
			t.Errorf("pieces of %d: %+v, want %+v", piece, report, want)
		}
		if f.Len() != 6 {
			t.Errorf("holds %d", f.Len())
		}
		for _, password := range []string{"otto sedie verdi", "caffè lungo", "caffe\u0300 lungo", "tre sedie rosse", "due sedie blu", "not \xff utf-8", "last without an end"} {
			has(t, f, password, true)
		}
		for _, password := range []string{"", "otto sedie verd", "Otto sedie verdi", "ciliegia", strings.Repeat("y", 3<<20), strings.Repeat("x", maxTyped)} {
			has(t, f, password, false)
		}
	}
}

// 200,000 passwords, every one found, and of as many others fewer than what one in
// a million allows with room.
func TestFilterFindsAllAndLittleElse(t *testing.T) {
	const n = 200_000
	var corpus strings.Builder
	for i := range n {
		fmt.Fprintf(&corpus, "in %d\n", i)
	}
	f, _ := makeFilter(t, corpus.String(), 7000)
	if f.count != n || f.count > filterDrawer<<f.bits || f.count*2 <= filterDrawer<<f.bits {
		t.Errorf("%d passwords, %d bits", f.count, f.bits)
	}
	if size := f.at(f.count); size > n*4 {
		t.Errorf("takes %d bytes", size)
	}
	wrong := 0
	for i := range n {
		has(t, f, fmt.Sprintf("in %d", i), true)
		if in, err := f.Has(fmt.Sprintf("out %d", i)); err != nil {
			t.Fatal(err)
		} else if in {
			wrong++
		}
	}
	// Expected is 0.15; more than 3 comes about once in ten thousand corpora, and
	// this corpus is always the same.
	if wrong > 3 {
		t.Errorf("%d of %d others are taken for breached", wrong, n)
	}
}

func TestFilterOfNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "filter")
	for _, corpus := range []string{"", "\n\r\n\n"} {
		if _, err := BuildFilter(context.Background(), strings.NewReader(corpus), path, nil); err == nil {
			t.Errorf("a filter of %q", corpus)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := BuildFilter(ended, strings.NewReader("x\n"), path, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the operator stopped it: %v", err)
	}
	if _, err := BuildFilter(context.Background(), strings.NewReader("x\n"), filepath.Join(path, "no", "folder"), nil); err == nil {
		t.Error("no such folder")
	}
	broken := errors.New("the disk went away")
	if _, err := BuildFilter(context.Background(), failingReader{broken}, path, nil); !errors.Is(err, broken) {
		t.Errorf("a corpus that cannot be read: %v", err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// A new filter takes the place of the old one at once; who has the old one open
// goes on with that.
func TestFilterIsReplacedWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "filter")
	build := func(corpus string) {
		t.Helper()
		if _, err := BuildFilter(context.Background(), strings.NewReader(corpus), path, nil); err != nil {
			t.Fatal(err)
		}
	}
	build("old one\n")
	old, err := OpenFilter(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	told := int64(0)
	if _, err := BuildFilter(context.Background(), strings.NewReader("new one\n"), path, func(n int64) { told = n }); err != nil || told != 8 {
		t.Fatalf("%v, told of %d bytes", err, told)
	}
	has(t, old, "old one", true)
	fresh, err := OpenFilter(path)
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	has(t, fresh, "new one", true)
	has(t, fresh, "old one", false)
}

// A file that was cut, changed or made by another version is not believed.
func TestDamagedFilter(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "filter")
	if _, err := BuildFilter(context.Background(), strings.NewReader("otto sedie verdi\ntre sedie rosse\n"), path, nil); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(at int) []byte { b := bytes.Clone(good); b[at] ^= 1; return b }
	for what, data := range map[string][]byte{
		"empty":            nil,
		"a text":           []byte("otto sedie verdi\n"),
		"cut":              good[:len(good)-1],
		"cut in the head":  good[:40],
		"added to":         append(bytes.Clone(good), 0),
		"another version":  changed(11),
		"another count":    changed(23),
		"another checksum": changed(30),
	} {
		name := filepath.Join(dir, "bad")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if f, err := OpenFilter(name); err == nil {
			t.Errorf("%s: opened", what)
			f.Close()
		} else if !strings.Contains(err.Error(), name) {
			t.Errorf("%s: does not name the file: %v", what, err)
		}
	}
	// What is wrong beyond the header is Verify's to find, and Has must not trip.
	for at := filterHeader; at < len(good); at++ {
		name := filepath.Join(dir, "bad")
		if err := os.WriteFile(name, changed(at), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := OpenFilter(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Verify(); err == nil {
			t.Errorf("byte %d: not found", at)
		}
		if _, err := f.Has("otto sedie verdi"); err != nil && !strings.Contains(err.Error(), "damaged") {
			t.Errorf("byte %d: %v", at, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := OpenFilter(filepath.Join(dir, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// Whatever the file holds: no panic, and no memory taken that it does not have.
func FuzzFilter(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, "filter")
	if _, err := BuildFilter(context.Background(), strings.NewReader("otto sedie verdi\n"), path, nil); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, "otto sedie verdi")
	f.Add(good[:50], "")
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		if len(data) >= filterHeader { // or nothing would come past the check of the header
			signed := Filter{bits: uint(data[15]), count: int64(binary.BigEndian.Uint64(data[16:]))}
			copy(signed.sum[:], data[24:])
			copy(data, signed.header())
		}
		name := filepath.Join(t.TempDir(), "filter")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		filter, err := OpenFilter(name)
		if err != nil {
			return
		}
		defer filter.Close()
		if in, err := filter.Has(password); in && err != nil {
			t.Error("an error and an answer")
		}
	})
}

// Whatever the corpus holds, each of its lines is found afterwards.
func FuzzBuildFilter(f *testing.F) {
	f.Add([]byte("otto sedie verdi\r\nx\n\n7C4A8D09CA3762AF61E59520943DC26494F8941B:5\n"))
	f.Fuzz(func(t *testing.T, corpus []byte) {
		path := filepath.Join(t.TempDir(), "filter")
		report, err := buildFilter(context.Background(), bytes.NewReader(corpus), path, nil, 3, 1<<13)
		if err != nil {
			if report.Passwords != 0 {
				t.Error(err)
			}
			return
		}
		filter, err := OpenFilter(path)
		if err != nil {
			t.Fatal(err)
		}
		defer filter.Close()
		for line := range bytes.SplitSeq(corpus, []byte("\n")) {
			line = bytes.TrimSuffix(line, []byte("\r"))
			if _, hashed := hashLine(line); hashed || len(line) == 0 || len(line) > maxTyped {
				continue
			}
			has(t, filter, string(line), true)
		}
	})
}
