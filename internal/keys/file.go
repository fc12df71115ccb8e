package keys

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The key file is text, one key a line, so that an operator can see which keys
// there are and how old they are:
//
//	aditus-keys 1
//	# use     id        state    made                  secret       check
//	seal      4jq7xk2a  current  2026-11-21T20:52:00Z  (43 letters) (8 digits)
//	lookup    ...
//	pepper    ...
//	sign      ...
//	end 4
//
// The first line carries the version. Fields are parted by blanks; lines that
// are empty or open with # are passed over. The secret is 32 bytes in base64url
// without padding. The check is the first 32 bits of the SHA-256 of the five
// fields before it, so a damaged line is found and named. The last line counts
// the keys, so a file that was cut is found too.
const (
	magic    = "aditus-keys"
	version  = "1"
	maxFile  = 64 << 10
	fileMode = 0o400
)

// Create writes a new key file with one fresh key for each use, readable by its
// owner alone (mode 0400). It refuses to touch a file that is already there, and
// leaves either the whole file or none: the bytes are on disk under another name
// before the name appears.
func Create(path string) error { return create(path, rand.Reader, time.Now()) }

func create(path string, random io.Reader, now time.Time) (err error) {
	r, err := newRing(random, now)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	temp := filepath.Join(dir, ".aditus-keys-"+rand.Text())
	if err := writeSynced(temp, r.encode()); err != nil {
		return errors.Join(fmt.Errorf("keys: cannot write %s: %w", path, err), removeIfThere(temp))
	}
	// A link, not a rename: a rename would silently replace a key file that
	// appeared since, and with it everything sealed under it.
	err = os.Link(temp, path)
	if rmErr := os.Remove(temp); err == nil {
		err = rmErr
	}
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("keys: %s exists already and is left as it is", path)
	}
	if err != nil {
		return fmt.Errorf("keys: cannot write %s: %w", path, err)
	}
	return syncDir(dir)
}

func writeSynced(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func removeIfThere(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// syncDir makes the new name survive a power loss.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("keys: cannot sync %s: %w", dir, err)
	}
	return nil
}

// Load reads a key file. It refuses one that anybody but its owner may read or
// write, that was cut, changed by hand or made by a newer version. The error
// names the file, and the line where there is one; it never shows what stands
// there, because a shifted secret may stand anywhere.
func Load(path string) (*Ring, error) {
	data, err := readOwn(path)
	if err != nil {
		return nil, err
	}
	r, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func readOwn(path string) (data []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err) // names the path already
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// The open file is asked, not the name: a name can be exchanged in between.
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: is not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s: mode %04o lets others at the keys; it must be 0400 (chmod 0400)", path, mode)
	}
	data, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: is larger than %d bytes, so it is not a key file", path, maxFile)
	}
	return data, nil
}

// encode writes the ring as a key file.
func (r *Ring) encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n", magic, version)
	b.WriteString("# The keys of this Aditus. Keep a copy apart from the database's backup, and show it to nobody.\n")
	b.WriteString("# Without it sealed values cannot be read and no password is right. Do not edit by hand.\n")
	b.WriteString("# use id state made secret check\n")
	for _, m := range r.keys {
		state := "old"
		if m.current {
			state = "current"
		}
		line := strings.Join([]string{
			string(m.use), m.id(), state, m.created.Format(time.RFC3339),
			base64.RawURLEncoding.EncodeToString(m.secret[:]),
		}, " ")
		fmt.Fprintf(&b, "%s %s\n", line, check(line))
	}
	fmt.Fprintf(&b, "end %d\n", len(r.keys))
	return b.Bytes()
}

// check is the line's own check: it finds damage, it keeps nothing secret.
func check(line string) string {
	sum := sha256.Sum256([]byte(line))
	return hex.EncodeToString(sum[:4])
}

// parse reads what encode wrote.
func parse(data []byte) (*Ring, error) {
	if len(data) == 0 {
		return nil, errors.New("is empty")
	}
	lines := strings.Split(string(data), "\n")
	// The text ends with a line end, so the last piece is empty; if not, it was cut.
	whole := lines[len(lines)-1] == ""
	lines = lines[:len(lines)-1]
	if err := parseHead(data, lines); err != nil {
		return nil, err
	}
	r := &Ring{}
	ended := false
	for i, line := range lines {
		n := i + 1
		fields := strings.Fields(line)
		switch {
		case i == 0 || len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
		case ended:
			return nil, fmt.Errorf("line %d: nothing may follow the line that ends the file", n)
		case fields[0] == "end":
			if len(fields) != 2 || fields[1] != strconv.Itoa(len(r.keys)) {
				return nil, fmt.Errorf("line %d: the file does not hold as many keys as its end says: lines are missing or added", n)
			}
			ended = true
		default:
			m, err := parseKey(fields)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			if slices.ContainsFunc(r.keys, func(o master) bool { return o.kid == m.kid }) {
				return nil, fmt.Errorf("line %d (%s key %s): this id is already taken by a line above", n, m.use, m.id())
			}
			if m.current && slices.ContainsFunc(r.keys, func(o master) bool { return o.use == m.use && o.current }) {
				return nil, fmt.Errorf("line %d (%s key %s): a second current key for the same use", n, m.use, m.id())
			}
			r.keys = append(r.keys, m)
		}
	}
	if !ended || !whole {
		return nil, fmt.Errorf("line %d: the file was cut: its last line, end and the number of keys, is missing or incomplete", len(lines)+1)
	}
	for _, use := range uses {
		if !slices.ContainsFunc(r.keys, func(m master) bool { return m.use == use && m.current }) {
			return nil, fmt.Errorf("%s: no current key for this use", use)
		}
	}
	return r, nil
}

// parseHead checks the first line, which says what the file is.
func parseHead(data []byte, lines []string) error {
	if len(lines) == 0 {
		if strings.HasPrefix(magic+" "+version, string(data)) {
			return errors.New("line 1: the file was cut in its first line")
		}
		return errors.New("line 1: this is not an Aditus key file")
	}
	if lines[0] == magic+" "+version {
		return nil
	}
	if v, ok := strings.CutPrefix(lines[0], magic+" "); ok && len(v) <= 4 {
		if _, err := strconv.ParseUint(v, 10, 16); err == nil {
			return fmt.Errorf("line 1: version %s is unknown; this program reads version %s", v, version)
		}
	}
	return errors.New("line 1: this is not an Aditus key file")
}

// parseKey reads the line of one key. The check comes first: only after it can
// the other fields be believed enough to be named in an error.
func parseKey(f []string) (m master, err error) {
	if len(f) != 6 {
		return m, fmt.Errorf("has %d fields, a key has 6: use id state made secret check", len(f))
	}
	if f[5] != check(strings.Join(f[:5], " ")) {
		return m, errors.New("the check does not match: the line was changed or damaged")
	}
	m.use = Use(f[0])
	if !slices.Contains(uses, m.use) {
		return m, errors.New("the use must be seal, lookup, pepper or sign")
	}
	if n, err := text32.Decode(m.kid[:], []byte(f[1])); err != nil || n != kidLen || len(f[1]) != 8 {
		return m, fmt.Errorf("(%s key): the id must be 8 letters of a to z and 2 to 7", m.use)
	}
	switch f[2] {
	case "current":
		m.current = true
	case "old":
	default:
		return m, fmt.Errorf("(%s key %s): the state must be current or old", m.use, m.id())
	}
	if m.created, err = time.Parse(time.RFC3339, f[3]); err != nil {
		return m, fmt.Errorf("(%s key %s): the time it was made must look like 2026-11-21T20:52:00Z", m.use, m.id())
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(f[4])
	if err != nil || len(secret) != secretLen {
		return m, fmt.Errorf("(%s key %s): the secret is not %d bytes of base64url", m.use, m.id(), secretLen)
	}
	copy(m.secret[:], secret)
	return m, nil
}
