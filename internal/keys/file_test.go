package keys

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestCreateAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	if err := Create(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	a, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed := a.Fund("aurora").Seal("t", "c", "r", []byte("x"))
	if back, err := b.Fund("aurora").Open("t", "c", "r", sealed); err != nil || string(back) != "x" {
		t.Errorf("loaded twice, sealed once: %v", err)
	}
	if a.Signer("receipt").KeyID() != b.Signer("receipt").KeyID() || a.Pepper().ID() != b.Pepper().ID() {
		t.Error("two loads of one file differ")
	}

	before := read(t, path)
	if err := Create(path); err == nil || !strings.Contains(err.Error(), "exists already") || !strings.Contains(err.Error(), path) {
		t.Errorf("a second Create: %v", err)
	}
	if !bytes.Equal(before, read(t, path)) {
		t.Error("the second Create changed the file")
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("files left beside the key file: %v %v", left, err)
	}
	if err := Create(filepath.Join(t.TempDir(), "no", "such", "keys")); err == nil {
		t.Error("a folder that is not there was no error")
	}
}

func TestCreateWhenRandomEnds(t *testing.T) {
	dir := t.TempDir()
	if err := create(filepath.Join(dir, "keys"), bytes.NewReader(make([]byte, 50)), time.Now()); err == nil {
		t.Error("no error")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestLoadRefusesRights(t *testing.T) {
	for mode := range os.FileMode(0o1000) {
		path := filepath.Join(t.TempDir(), "keys")
		write(t, path, New(nil).encode(), 0o600)
		if err := os.Chmod(path, mode|0o400); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		if own := mode&0o077 == 0; own != (err == nil) {
			t.Errorf("mode %04o: %v", mode, err)
		} else if err != nil && (!strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "0400")) {
			t.Errorf("mode %04o: the error helps nobody: %v", mode, err)
		}
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Load(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("no file: %v", err)
	}
}

// Several keys of each use, as they stand after rotations.
func rotated(t *testing.T) *Ring {
	t.Helper()
	r := New(nil)
	for _, use := range []Use{UseSeal, UseSign, UseSeal, UsePepper} {
		next, err := r.Add(use, nil, time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		r = next
	}
	return r
}

func TestFileKeepsEveryKey(t *testing.T) {
	r := rotated(t)
	back, err := parse(r.encode())
	if err != nil {
		t.Fatal(err)
	}
	if len(back.keys) != len(r.keys) {
		t.Fatalf("%d keys of %d", len(back.keys), len(r.keys))
	}
	for i := range r.keys {
		if back.keys[i] != r.keys[i] {
			t.Errorf("key %d (%s) came back changed", i, r.keys[i].use)
		}
	}
	// An operator's notes and empty lines are no error.
	noted := strings.Replace(string(r.encode()), "\nseal", "\n\n  # made on the day of the move\nseal", 1)
	if _, err := parse([]byte(noted)); err != nil {
		t.Errorf("with a note: %v", err)
	}
}

// Each cut and each changed byte must be refused in words, and none of the words
// may be the secret's: an error goes to logs and screens.
func TestDamagedFileIsRefused(t *testing.T) {
	r := rotated(t)
	good := r.encode()
	dir := t.TempDir()
	try := func(what string, data []byte) {
		t.Helper()
		path := filepath.Join(dir, "keys")
		write(t, path, data, 0o600)
		_, err := Load(path)
		if err == nil {
			t.Errorf("%s: accepted", what)
			return
		}
		clear := regexp.MustCompile(`^` + regexp.QuoteMeta(path) + `: (line \d+|is |(seal|lookup|pepper|sign): )`)
		if !clear.MatchString(err.Error()) {
			t.Errorf("%s: the error does not say where: %v", what, err)
		}
		noSecret(t, what, r, err)
	}
	for n := range len(good) {
		try(fmt.Sprintf("cut to %d bytes", n), good[:n])
	}
	comments := regexp.MustCompile(`(#.*\n)+`).FindIndex(good)
	for i := range good {
		if i > comments[0] && i < comments[1]-1 {
			continue // a comment may say anything
		}
		bad := bytes.Clone(good)
		bad[i] ^= 1
		try(fmt.Sprintf("byte %d flipped", i), bad)
	}
	lines := strings.SplitAfter(string(good), "\n")
	isKey := regexp.MustCompile(`^(seal|lookup|pepper|sign) `)
	for i, line := range lines {
		if !isKey.MatchString(line) {
			continue
		}
		without := strings.Join(lines[:i], "") + strings.Join(lines[i+1:], "")
		try(fmt.Sprintf("line %d gone", i+1), []byte(without))
		try(fmt.Sprintf("line %d twice", i+1), []byte(strings.Replace(string(good), line, line+line, 1)))
		fields := strings.Fields(line)
		for f := range fields {
			other := append(append([]string{}, fields[:f]...), fields[f+1:]...)
			try(fmt.Sprintf("line %d without field %d", i+1, f+1), []byte(strings.Replace(string(good), line, strings.Join(other, " ")+"\n", 1)))
		}
	}
}

// Files whose checks are right, as a careless program might write them.
func TestWellFormedButWrong(t *testing.T) {
	r := rotated(t)
	signed := func(fields ...string) string {
		line := strings.Join(fields, " ")
		return line + " " + check(line)
	}
	good := strings.Fields(strings.Split(string(r.encode()), "\n")[4])
	secret := good[4]
	file := func(lines ...string) []byte {
		return []byte("aditus-keys 1\n" + strings.Join(lines, "\n") + fmt.Sprintf("\nend %d\n", len(lines)))
	}
	at := "2026-11-21T20:52:00Z"
	for _, c := range []struct {
		want string
		data []byte
	}{
		{"is empty", nil},
		{"version 2 is unknown", bytes.Replace(r.encode(), []byte("keys 1"), []byte("keys 2"), 1)},
		{"not an Aditus key file", []byte("-----BEGIN PRIVATE KEY-----\n")},
		{"not an Aditus key file", []byte("\x00\x01\x02")},
		{"line 2: the use must be", file(signed("master", "aaaaaaaa", "current", at, secret))},
		{"line 2: (seal key): the id must be", file(signed("seal", "AAAAAAAA", "current", at, secret))},
		{"line 2: (seal key): the id must be", file(signed("seal", secret, "current", at, secret))},
		{"line 2: (seal key aaaaaaaa): the state must be", file(signed("seal", "aaaaaaaa", secret, at, secret))},
		{"line 2: (seal key aaaaaaaa): the time", file(signed("seal", "aaaaaaaa", "old", secret, secret))},
		{"line 2: (seal key aaaaaaaa): the secret is not 32 bytes", file(signed("seal", "aaaaaaaa", "old", at, secret[:42]))},
		{"line 2: (seal key aaaaaaaa): the secret is not 32 bytes", file(signed("seal", "aaaaaaaa", "old", at, secret+"AA"))},
		{"line 3 (seal key aaaaaaaa): this id is already taken", file(signed("seal", "aaaaaaaa", "old", at, secret), signed("seal", "aaaaaaaa", "old", at, secret))},
		{"line 3 (seal key aaaaaaab): a second current key", file(signed("seal", "aaaaaaaa", "current", at, secret), signed("seal", "aaaaaaab", "current", at, secret))},
		{"seal: no current key", file(signed("seal", "aaaaaaaa", "old", at, secret))},
		{"lookup: no current key", file(signed("seal", "aaaaaaaa", "current", at, secret))},
		{"nothing may follow", append(r.encode(), "seal\n"...)},
		{"line 2: has 1 fields", []byte("aditus-keys 1\n" + secret + "\nend 0\n")},
	} {
		_, err := parse(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
			continue
		}
		noSecret(t, c.want, r, err)
	}
	path := filepath.Join(t.TempDir(), "keys")
	write(t, path, bytes.Repeat([]byte("#\n"), maxFile), 0o400)
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a large file: %v", err)
	}
}

// noSecret asserts that the error shows no piece of a secret of 6 letters or more.
func noSecret(t *testing.T, what string, r *Ring, err error) {
	t.Helper()
	for _, m := range r.keys {
		text := base64.RawURLEncoding.EncodeToString(m.secret[:])
		for i := range len(text) - 5 {
			if strings.Contains(err.Error(), text[i:i+6]) {
				t.Errorf("%s: the error shows a secret: %v", what, err)
				return
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	good := New(nil).encode()
	f.Add(good)
	f.Add(good[:100])
	f.Add([]byte("aditus-keys 1\nend 0\n"))
	f.Add([]byte("aditus-keys 99999\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parse(data)
		if err != nil {
			return
		}
		// What was accepted works, and is written again as it was read.
		back, err := parse(r.encode())
		if err != nil || len(back.keys) != len(r.keys) {
			t.Fatalf("does not come back: %v", err)
		}
		fund := back.Fund("f")
		if _, err := fund.Open("t", "c", "r", r.Fund("f").Seal("t", "c", "r", nil)); err != nil {
			t.Fatal(err)
		}
	})
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t *testing.T, path string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
}
