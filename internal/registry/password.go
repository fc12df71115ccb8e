package registry

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/identifier"
	"aditus/internal/password"
	"aditus/internal/store"
)

// The outcomes of a line of old passwords.
const (
	PasswordSet     = "set"     // it opens the member's access from now on, until they choose another
	PasswordKept    = "kept"    // the member has one already, which stays
	PasswordUnknown = "unknown" // nobody who may come in is known by that login
	PasswordUnread  = "unread"  // the line has no login and hash, or the hash is of no form that is read
)

// PasswordOutcomes are they, in the order in which they are told.
func PasswordOutcomes() []string {
	return []string{PasswordSet, PasswordKept, PasswordUnknown, PasswordUnread}
}

// longestPassword is the longest line that is read: the longest hash has 200 bytes.
const longestPassword = 2 << 10

// passwordsAtOnce is how many lines a transaction takes.
const passwordsAtOnce = 500

// PasswordOptions are how old passwords are brought in.
type PasswordOptions struct {
	Name   string                          // of the file, for the trail
	DryRun bool                            // judge, and change nothing
	Bad    func(line int, why error) error // each line that is unread; the error does not show the hash
}

// ApplyPasswords brings in the passwords that members had elsewhere (C-3): on each
// line a login as people type it, a tab, a semicolon or a comma, and a hash as
// password.Legacy reads it. Empty lines are passed over, and a first line that names
// the columns.
//
// A password that is there already stays, whoever set it: an old export never takes
// back what a member chose. So the same file again changes nothing. It returns how
// many lines had which outcome. What was brought in before an error stays.
func ApplyPasswords(ctx context.Context, db *store.DB, f *access.Fund, in io.Reader, o PasswordOptions) (totals map[string]int, err error) {
	totals = map[string]int{}
	if _, ok := f.Flow("enrol"); ok {
		return totals, fmt.Errorf("fund %s: its people choose a name and a password themselves, with a letter: an older password would open nothing", f.ID)
	}
	digest := sha256.New()
	lines := bufio.NewScanner(io.TeeReader(in, digest))
	lines.Buffer(make([]byte, 0, longestPassword), longestPassword)
	var batch []oldPassword
	for n := 1; lines.Scan(); n++ {
		p, err := readPassword(f, strings.TrimPrefix(lines.Text(), "\ufeff"), n == 1)
		if errors.Is(err, errNoLine) {
			continue
		}
		if err != nil {
			totals[PasswordUnread]++
			if err := o.Bad(n, err); err != nil {
				return totals, err
			}
			continue
		}
		if batch = append(batch, p); len(batch) == passwordsAtOnce {
			if err := applyBatch(ctx, db, f, batch, o.DryRun, totals); err != nil {
				return totals, err
			}
			batch = batch[:0]
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return totals, fmt.Errorf("a line is longer than %d bytes: this is not a file of logins and hashes", longestPassword)
	}
	if err := errors.Join(lines.Err(), applyBatch(ctx, db, f, batch, o.DryRun, totals)); err != nil || o.DryRun {
		return totals, err
	}
	return totals, db.Write(ctx, f.ID, func(tx *store.Tx) error {
		return audit.Record(tx, audit.PasswordsImported{File: o.Name, Digest: sum(digest), Totals: totals})
	})
}

func sum(h hash.Hash) string { return fmt.Sprintf("%x", h.Sum(nil)) }

// An oldPassword is a line that can be read.
type oldPassword struct {
	login, hash string
	cost        int64
}

var (
	errNoLine = errors.New("nothing is on the line")
	errFields = errors.New("a login, a tab, semicolon or comma, and a hash are asked for")
	errLogin  = errors.New("the login is of no form that this fund's people have")
)

// readPassword reads a line.
func readPassword(f *access.Fund, line string, first bool) (p oldPassword, err error) {
	line = strings.TrimSpace(line)
	if line == "" {
		return p, errNoLine
	}
	at := strings.IndexAny(line, "\t;,")
	if at < 1 {
		return p, errFields
	}
	p.login, p.hash = strings.TrimSpace(line[:at]), strings.Trim(strings.TrimSpace(line[at+1:]), `"`)
	if first && !strings.ContainsAny(p.hash, "${") {
		return p, errNoLine // the names of the columns
	}
	if p.login = loginOf(f, strings.Trim(p.login, `"`)); p.login == "" {
		return p, errLogin
	}
	if p.cost, err = password.Cost(p.hash); err == nil && p.cost == 0 {
		err = errors.New("the hash was made by this program, with a key of its own: it is no old one")
	}
	return p, err
}

// loginOf is a login as the register has it, "" if it cannot be one. Zeros at the
// beginning of a number do not matter.
func loginOf(f *access.Fund, typed string) string {
	switch f.Registry.Login {
	case "tax_code":
		code, err := identifier.TaxCode(typed)
		if err != nil {
			return ""
		}
		return code
	case "ahv":
		number, err := identifier.AHV(typed)
		if err != nil {
			return ""
		}
		return number
	}
	name := strings.ToUpper(strings.Join(strings.Fields(typed), ""))
	if digits := strings.TrimLeft(name, "0"); strings.Trim(name, "0123456789") == "" && digits != "" {
		name = strings.Repeat("0", max(0, f.Registry.Key.Digits-len(digits))) + digits
	}
	return name
}

// applyBatch sets the passwords of a batch where there is none, and adds to totals.
func applyBatch(ctx context.Context, db *store.DB, f *access.Fund, batch []oldPassword, dry bool, totals map[string]int) error {
	var done map[string]int
	err := db.Write(ctx, f.ID, func(tx *store.Tx) error {
		done = map[string]int{} // f may run again
		for _, p := range batch {
			outcome, err := applyPassword(tx, f, p)
			if err != nil {
				return err
			}
			done[outcome]++
		}
		if dry {
			return errDry
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDry) {
		return err
	}
	for outcome, n := range done {
		totals[outcome] += n
	}
	return nil
}

// errDry takes back what was only tried.
var errDry = errors.New("nothing is to be changed")

func applyPassword(tx *store.Tx, f *access.Fund, p oldPassword) (outcome string, err error) {
	members, err := tx.MembersByLogin(p.login)
	if err != nil {
		return "", err
	}
	var whose []access.Member
	for _, m := range members {
		if m.Access(f, tx.Now()) != "none" {
			whose = append(whose, m)
		}
	}
	if len(whose) != 1 {
		return PasswordUnknown, nil
	}
	known, err := tx.Password(whose[0].ID)
	if err != nil {
		return "", err
	}
	if known.Hash != "" {
		return PasswordKept, nil
	}
	return PasswordSet, tx.SetPassword(access.Credential{Member: whose[0].ID, Kind: "password", Hash: p.hash, Cost: p.cost, Source: "registry"})
}
