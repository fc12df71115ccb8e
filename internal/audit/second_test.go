package audit_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"aditus/internal/audit"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// The file of checkpoints only grows, whole line by whole line, over any number
// of processes one after another.
func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "checkpoints")
	add := func(text string) {
		t.Helper()
		f, err := audit.OpenFile(name)
		ok(t, err)
		n, err := f.Write([]byte(text))
		ok(t, err, f.Close())
		if n != len(text) {
			t.Error(n)
		}
	}
	is := func(want string) {
		t.Helper()
		b, err := os.ReadFile(name)
		ok(t, err)
		if string(b) != want {
			t.Errorf("the file holds %q, want %q", b, want)
		}
	}
	add("one\n")
	add("two\n")
	is("one\ntwo\n")
	info, err := os.Stat(name)
	ok(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Error(info.Mode())
	}
	// A crash cuts a line at any byte: what stands before is kept, the rest goes.
	for cut := range 4 {
		ok(t, os.WriteFile(name, []byte("one\ntwo\n"+"three\n"[:cut]), 0o600))
		add("four\n")
		is("one\ntwo\nfour\n")
	}
	ok(t, os.WriteFile(name, []byte("half"), 0o600))
	add("one\n")
	is("one\n")
	long := strings.Repeat("x", 10_000)
	ok(t, os.WriteFile(name, []byte("one\n"+long), 0o600))
	add("two\n")
	is("one\ntwo\n")
	if _, err := audit.OpenFile(filepath.Join(name, "no")); err == nil {
		t.Error("opened a file in a file")
	}
}

// What could have happened: the disk of the second place is full in the middle
// of a line, there is room again, the next checkpoint continues the half line,
// and from then on nothing verifies.
func TestFileFull(t *testing.T) {
	name := filepath.Join(t.TempDir(), "checkpoints")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "ADITUS_CHILD="+name)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(name)
	ok(t, err)
	if string(b) != "one\nafter\n" {
		t.Errorf("the file holds %q", b)
	}
}

// full writes a line that has no room, and then one that has.
func full(name string) error {
	f, err := audit.OpenFile(name)
	if err != nil {
		return err
	}
	if _, err := f.Write([]byte("one\n")); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 20, Max: 1 << 20}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if n, err := f.Write(bytes.Repeat([]byte("x"), 100)); err == nil {
		return fmt.Errorf("wrote %d bytes", n)
	}
	_, err = f.Write([]byte("after\n"))
	return errors.Join(err, f.Close())
}

func TestMain(m *testing.M) {
	if name := os.Getenv("ADITUS_CHILD"); name != "" {
		if err := full(name); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Cut at every byte of its last line, the file of a crashed process still
// verifies, and goes on.
func TestCheckpointFile(t *testing.T) {
	db := dbtest.Open(t, dbtest.New(t, "sqlite"), store.Options{Keys: ring})
	name := filepath.Join(t.TempDir(), "checkpoints")
	f, err := audit.OpenFile(name)
	ok(t, err)
	s := sealer(db, "one", f)
	for range 2 {
		record(t, db, fund, 10)
		seal(t, s)
	}
	ok(t, f.Close())
	whole, err := os.ReadFile(name)
	ok(t, err)
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for cut := last; cut < len(whole); cut += 17 {
		ok(t, os.WriteFile(name, whole[:cut], 0o600))
		if r, err := verify(t, db, string(whole[:cut]), public); err != nil || r.Checked != 1 || r.After != 10 {
			t.Fatalf("cut at %d: %+v, %v", cut, r, err)
		}
		f, err := audit.OpenFile(name)
		ok(t, err)
		again := sealer(db, "one", f)
		ok(t, again.Start(t.Context()), f.Close())
		b, err := os.ReadFile(name)
		ok(t, err)
		if r, err := verify(t, db, string(b), public); err != nil || r != (audit.Report{Sealed: 20, Checked: 2}) {
			t.Fatalf("cut at %d, started again: %+v, %v", cut, r, err)
		}
	}
}
