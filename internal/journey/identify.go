package journey

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/identifier"
	"aditus/internal/password"
	"aditus/internal/session"
	"aditus/internal/store"
)

// The numbers of security.md part 5. None of them ever locks an account: what
// waits is a device, or all devices that are not the member's own.
const (
	knownTries   = 10               // wrong, on a device of the member
	knownWait    = 15 * time.Minute // for that device
	unknownTries = 5                // wrong, on all other devices together, before waits begin
	unknownMost  = 15 * time.Minute // the waits double up to this
	numberTries  = 5                // wrong membership numbers
	numberWait   = time.Hour
	networkTries = 30 // wrong, from one network, in ten minutes
	networkWait  = 10 * time.Minute
	networkDay   = 300 // wrong, from one network, a day
	forgotten    = 24 * time.Hour
)

// who is a person that typed the right things.
type who struct {
	member access.Member
	by     string // "password", "number", "passkey", or "handed": a temporary password
	known  bool   // on a device they used before
	device access.Device
	secret access.Credential
	handed string // the id of the temporary password
	weak   bool   // the password breaks the rules of today
}

// identify is the word «identify»: a login and a secret. The secret is the
// password or, where the step says so and there is no password yet, the
// membership number. When they are right, deed runs in the transaction that
// says so.
//
// Somebody who does not exist, has no access, or typed a wrong secret hears the
// same, after the same work: one write, one password hash, one write (rule 8).
// It refuses with sign_in, locked, work, busy, or the form of what was typed.
func (e *Engine) identify(ctx context.Context, f *access.Fund, v Visitor, step access.Step, login, secret string, deed func(*store.Tx, who) error) error {
	login, err := normalLogin(f, login)
	if err != nil {
		return err
	}
	if secret == "" {
		return access.RefuseField("password", "password_empty")
	}
	g := &guess{login: login, temporary: asTemporary(f, secret)}
	if step.Says("enrolment_no") {
		g.number = asNumber(f, secret)
	}
	if err := e.take(ctx, f, v, g); err != nil {
		return err
	}
	against := g.password.Hash
	if g.handed.Hash != "" {
		against, secret = g.handed.Hash, g.temporary
	}
	right, stale, err := e.Passwords.Verify(ctx, against, secret)
	if errors.Is(err, password.ErrBusy) || errors.Is(err, password.ErrTooLong) {
		return errors.Join(e.forgive(ctx, f, g), refuseBusy(err))
	}
	if err != nil {
		return errors.Join(e.forgive(ctx, f, g), err)
	}
	rehashed := ""
	if right && stale && g.handed.Hash == "" {
		if rehashed, err = e.Passwords.Hash(ctx, secret); err != nil {
			rehashed = "" // the password was right; the newer hash can wait for the next time
		}
	}
	w := who{member: g.member, known: g.known, device: g.device, secret: g.password}
	switch {
	case g.member.ID == "" || g.blocked:
	case right && g.handed.Hash != "":
		w.by, w.handed = byHanded, g.handed.ID
	case right && step.Says("password"):
		w.by, w.weak = "password", weak(f, g.member, secret)
	case step.Says("enrolment_no") && g.password.Hash == "" && ownsNumber(g.member, g.number):
		w.by = "number"
	}
	if w.by == "" {
		return e.wrong(ctx, f, v, g, right)
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		// The secret was looked at outside a transaction: it must still be the one.
		if w.by == byHanded {
			err = tx.UseHanded(g.handed)
		} else {
			err = tx.SamePassword(g.member.ID, g.password.Hash)
		}
		if err != nil {
			return err
		}
		for _, key := range g.keys {
			if key == g.network {
				// A right password from a network does not clear what others tried from it.
				err = tx.ReturnThrottle(key, networkTries)
			} else {
				err = tx.FreeThrottle(key)
			}
			if err != nil {
				return err
			}
		}
		if g.worked { // it was the member after all: strangers need not wait any longer
			if err := tx.FreeThrottle(g.subject); err != nil {
				return err
			}
		}
		if rehashed != "" {
			if err := tx.Rehash(g.member.ID, g.password.Hash, rehashed); err != nil {
				return err
			}
		}
		return deed(tx, w)
	})
	if errors.Is(err, store.ErrNone) {
		return e.wrong(ctx, f, v, g, false)
	}
	return err
}

func refuseBusy(err error) error {
	if errors.Is(err, password.ErrBusy) {
		return access.Refuse("busy", access.Arg{Name: "seconds", Type: access.ArgCount, Value: "5"})
	}
	return access.RefuseField("password", "password_form")
}

// A guess is one try of one login, with what the database knew of it.
type guess struct {
	login     string
	temporary string        // the secret as a temporary password, "" if it cannot be one
	handed    access.Handed // the one that the member was sent
	number    string        // the secret as a membership number, "" if it cannot be one
	member    access.Member
	blocked   bool // who may not come in
	password  access.Credential
	device    access.Device
	known     bool
	subject   string   // the throttle key of the login
	worked    bool     // heard for a proof of work, while the login waited
	network   string   // that of the network, "" on a known device
	keys      []string // all that were counted
}

// take counts the try as wrong before it is looked at, and reads what it will be
// compared with. The statements are the same for everybody.
func (e *Engine) take(ctx context.Context, f *access.Fund, v Visitor, g *guess) error {
	var said error
	err := e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		*g, said = guess{login: g.login, number: g.number, temporary: g.temporary}, nil // f may run again
		members, err := byLogin(tx, f, g.login)
		if err != nil {
			return err
		}
		g.member = whose(f, members, tx.Now())
		g.blocked = g.member.Access(f, tx.Now()) == "none"
		if g.password, err = tx.Password(g.member.ID); err != nil {
			return err
		}
		if g.temporary != "" {
			if g.handed, err = tx.Handed(g.member.ID); err != nil {
				return err
			}
		}
		g.device, err = tx.Device(session.ID(v.Device), g.member.ID)
		if err != nil && !errors.Is(err, store.ErrNone) {
			return err
		}
		g.known = err == nil && g.member.ID != ""
		life := forgotten
		g.subject = passwordKey(tx, g.login)
		switch {
		case g.number != "":
			// The number stands on letters: guesses at it have a count of their own.
			g.subject, life = tx.Keys().Index("throttle", "number "+g.login), numberWait
		case g.known:
			g.subject = tx.Keys().Index("throttle", "device "+g.device.ID+" "+g.login)
		}
		g.network = tx.Keys().Index("throttle", "network "+network(v.IP))
		for _, c := range []struct {
			key  string
			life time.Duration
			skip bool
		}{{g.network, networkWait, g.known}, {g.subject, life, false}} {
			if c.skip {
				continue
			}
			t, err := tx.TakeThrottle(c.key, c.life)
			why := "locked"
			if errors.Is(err, store.ErrNone) && c.key == g.subject && g.strange() && t.Wrong > crowdWrong {
				// So many were wrong that the wait of all unknown devices may never be
				// over for the member. Work has a wait of its own.
				worked, err := spendWork(tx, v, DoorSignIn)
				if err != nil {
					return err
				}
				if why = "work"; worked {
					g.worked, why = true, "locked"
					c.key = tx.Keys().Index("throttle", "worked "+g.login)
				}
			}
			if g.worked {
				t, err = tx.TakeThrottle(c.key, c.life)
			}
			if errors.Is(err, store.ErrNone) {
				said = access.Refuse(why, access.TimeArg("time", access.ArgTime, roundUp(t.FreeAt)))
				// What was counted before is taken back, with the wait it would have
				// brought: a network that is shut keeps nobody else out.
				for _, key := range g.keys {
					if err := errors.Join(tx.ForgiveThrottle(key), tx.SetThrottle(key, time.Time{})); err != nil {
						return err
					}
				}
				// Told once an hour: a stranger who knocks on does not fill the trail.
				_, err := tx.Count(tx.Keys().Index("tally", "locked "+c.key), 1, 0)
				if errors.Is(err, store.ErrNone) {
					return nil
				}
				if err != nil {
					return err
				}
				return audit.Record(tx, audit.SignInFailed{Member: g.member.ID, Subject: g.subject, Why: why, Where: v.where()})
			}
			if err != nil {
				return err
			}
			g.keys = append(g.keys, c.key)
			if g.worked {
				err = tx.SetThrottle(c.key, tx.Now().Add(workedPause))
			} else if c.key == g.subject {
				err = tx.SetThrottle(c.key, tx.Now().Add(wait(g, t.Wrong)))
			} else if t.Wrong > networkTries {
				err = tx.SetThrottle(c.key, tx.Now().Add(networkWait))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return said
}

// strange reports whether the try is a password, on a device that is not known.
func (g *guess) strange() bool { return g.number == "" && !g.known }

// whose is the person that a login is: the one who may come in with it. Rows
// that are held aside are nobody's way in, and hide nobody. If two may, which
// an import never brings about, neither does.
func whose(f *access.Fund, members []access.Member, now time.Time) (found access.Member) {
	for _, m := range members {
		if m.Access(f, now) == "none" {
			continue
		}
		if found.ID != "" {
			return access.Member{}
		}
		found = m
	}
	if found.ID == "" && len(members) > 0 {
		return members[0] // somebody without access, for the trail
	}
	return found
}

// wait is how long the subject waits if this try, the nth, is wrong. It is set
// before the try is looked at, and taken away if it was right.
func wait(g *guess, n int64) time.Duration {
	switch {
	case g.number != "":
		if n >= numberTries {
			return numberWait
		}
	case g.known:
		if n >= knownTries {
			return knownWait
		}
	case n > crowdWrong:
		return crowdPause
	case n > unknownTries:
		return min(time.Second<<min(n-unknownTries, 20), unknownMost)
	}
	return 0
}

// roundUp is the next whole minute, as the page tells no seconds: whoever comes
// back at the minute named is not turned away.
func roundUp(t time.Time) time.Time {
	if r := t.Truncate(time.Minute); !r.Equal(t) {
		return r.Add(time.Minute)
	}
	return t
}

// forgive takes back what take counted: the try was never looked at.
func (e *Engine) forgive(ctx context.Context, f *access.Fund, g *guess) error {
	return e.DB.Write(context.WithoutCancel(ctx), f.ID, func(tx *store.Tx) error {
		for _, key := range g.keys {
			if err := tx.ForgiveThrottle(key); err != nil {
				return err
			}
			if err := tx.SetThrottle(key, time.Time{}); err != nil {
				return err
			}
		}
		return nil
	})
}

// wrong tells that a try was wrong, or that the secret was right and its owner may
// not come in. Who comes with the password of somebody who has died is looked at.
func (e *Engine) wrong(ctx context.Context, f *access.Fund, v Visitor, g *guess, right bool) error {
	err := e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		if !g.known {
			_, err := tx.Count(tx.Keys().Index("tally", "network "+network(v.IP)), 0, networkDay)
			if errors.Is(err, store.ErrNone) {
				err = tx.SetThrottle(g.network, tx.Now().Add(24*time.Hour))
			}
			if err != nil {
				return err
			}
		}
		why := "wrong"
		if g.member.ID != "" && g.blocked {
			why = "blocked"
		}
		looked := access.Case{Member: g.member.ID, Why: "sign_in"} // opens none
		if right && g.member.Dead() {
			looked.Kind = "deceased"
		}
		if err := tx.OpenCase(looked); err != nil {
			return err
		}
		return audit.Record(tx, audit.SignInFailed{Member: g.member.ID, Subject: g.subject, Why: why, Where: v.where()})
	})
	if err != nil {
		return err
	}
	return access.RefuseField("username", "sign_in")
}

// normalLogin reads what was typed as the fund's login. The refusals are about
// its form alone, and so tell nothing of who exists.
func normalLogin(f *access.Fund, typed string) (string, error) {
	if Named(f) {
		return normalName(typed)
	}
	if f.Registry.Login == "username" {
		return issuedName(f, typed)
	}
	if strings.TrimSpace(typed) == "" {
		return "", access.RefuseField("username", "tax_code_empty")
	}
	code, err := identifier.TaxCode(typed)
	if err == nil {
		return code, nil
	}
	bad, ok := errors.AsType[*identifier.Error](err)
	if !ok {
		return "", err
	}
	switch bad.Reason {
	case "length":
		return "", access.RefuseField("username", "tax_code_length")
	case "check":
		return "", access.RefuseField("username", "tax_code_check")
	}
	return "", access.RefuseField("username", "tax_code_form")
}

// issuedName reads what was typed as a user name that the fund issued: its form is
// that of the register's key. Blanks, capitals and zeros before a number do not
// matter (C-15).
func issuedName(f *access.Fund, typed string) (string, error) {
	name := strings.ToUpper(strings.Join(strings.Fields(typed), ""))
	if name == "" {
		return "", access.RefuseField("username", "issued_name_empty")
	}
	if digits := strings.TrimLeft(name, "0"); strings.Trim(name, "0123456789") == "" && digits != "" {
		name = digits
		if n := f.Registry.Key.Digits; n > len(name) {
			name = strings.Repeat("0", n-len(name)) + name
		}
	}
	form, err := regexp.Compile("^(?:" + f.Registry.Key.Pattern + ")$")
	if err != nil {
		return "", fmt.Errorf("fund %s: the pattern of the register's key: %w", f.ID, err)
	}
	if len(name) > 32 || !form.MatchString(name) {
		return "", access.RefuseField("username", "issued_name_form")
	}
	return name, nil
}

// asNumber reads a secret as a membership number of the fund: digits, with the
// zeros that people leave out put back (scenario 9: 00905739 or 905739). Blanks
// do not matter. It is "" for anything else.
func asNumber(f *access.Fund, secret string) string {
	s := strings.ReplaceAll(strings.TrimSpace(secret), " ", "")
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	if n := f.Registry.Key.Digits; n > 0 {
		s = strings.TrimLeft(s, "0")
		if len(s) > n {
			return ""
		}
		return strings.Repeat("0", n-len(s)) + s
	}
	return s
}

// ownsNumber compares without telling, by its time, how much agrees.
func ownsNumber(m access.Member, number string) bool {
	found := 0
	for _, e := range m.Entries {
		found |= subtle.ConstantTimeCompare([]byte(e.Number), []byte(number))
	}
	return number != "" && found == 1
}

// network is what counts as one network: an IPv4 address, or an IPv6 /64.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}
