// Package keys seals values at rest, makes blind indexes and codes' fingerprints,
// peppers password hashes and signs. It holds the operator's key file and
// nothing else: no database, no network, no other package of ours.
//
// The key file holds random 32-byte master keys of four uses. Everything else is
// derived from them with HKDF-SHA-256, per fund and per purpose, so that a value
// of one fund means nothing under another and no key serves two ends
// (security.md part 7, ASVS 11.2.1 and 13.3.1):
//
//	seal    values at rest: XAES-256-GCM, bound to fund, table, column and row
//	lookup  blind indexes and MACs: HMAC-SHA-256 under a key per fund and label
//	pepper  the last step over a password hash: HMAC-SHA-256
//	sign    Ed25519 signatures, one key pair per purpose
//
// Each use has one current key, which writes, and any number of old ones, which
// only read. The uses are apart because they leave at different times: a seal
// key can go once its rows are sealed again, a lookup key needs a second index
// column meanwhile, and a pepper stays until each of its members has signed in.
//
// Do not use this package for passwords (package password does) or for tokens
// with 128 random bits or more (SHA-256 is enough for those).
package keys

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Use says what a master key is for.
type Use string

// The four uses of a master key, in the order of the key file.
const (
	UseSeal   Use = "seal"
	UseLookup Use = "lookup"
	UsePepper Use = "pepper"
	UseSign   Use = "sign"
)

var uses = []Use{UseSeal, UseLookup, UsePepper, UseSign}

const (
	secretLen = 32
	kidLen    = 5 // bytes; 8 letters of base32
)

// text32 writes key ids and blind indexes: lower case, so that no database's
// idea of upper and lower can make two of one.
var text32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// A master key as it stands in the file.
type master struct {
	use     Use
	kid     [kidLen]byte
	current bool
	created time.Time
	secret  [secretLen]byte
}

func (m master) id() string { return text32.EncodeToString(m.kid[:]) }

// A Ring is the operator's key file, loaded. It never changes, so it is safe for
// concurrent use; Add makes a new one. Printing a Ring shows no secret.
type Ring struct {
	keys  []master
	funds sync.Map // fund id -> *Fund
}

// New makes a ring of fresh keys that lives in memory only, for the demo and for
// tests. A nil random is crypto/rand. It panics when random ends early, which
// only a test's own reader can do.
func New(random io.Reader) *Ring {
	r, err := newRing(random, time.Now())
	if err != nil {
		panic(err)
	}
	return r
}

func newRing(random io.Reader, now time.Time) (*Ring, error) {
	r := &Ring{}
	for _, use := range uses {
		next, err := r.Add(use, random, now)
		if err != nil {
			return nil, err
		}
		r = next
	}
	return r, nil
}

// Add gives a ring with one more key, which from then on writes for its use; the
// one that wrote before becomes old and still reads. The receiver is unchanged.
// A nil random is crypto/rand. Adding a lookup key changes every blind index and
// MAC, so whoever does it must fill a second index column first.
func (r *Ring) Add(use Use, random io.Reader, now time.Time) (*Ring, error) {
	if !slices.Contains(uses, use) {
		return nil, errors.New("keys: no such use of a key")
	}
	if random == nil {
		random = rand.Reader
	}
	fresh := master{use: use, current: true, created: now.UTC().Truncate(time.Second)}
	for {
		if _, err := io.ReadFull(random, fresh.kid[:]); err != nil {
			return nil, fmt.Errorf("keys: reading random bytes: %w", err)
		}
		// 40 random bits: a second key with the same id would hide the first.
		if !slices.ContainsFunc(r.keys, func(m master) bool { return m.kid == fresh.kid }) {
			break
		}
	}
	if _, err := io.ReadFull(random, fresh.secret[:]); err != nil {
		return nil, fmt.Errorf("keys: reading random bytes: %w", err)
	}
	next := &Ring{keys: slices.Clone(r.keys)}
	for i := range next.keys {
		if next.keys[i].use == use {
			next.keys[i].current = false
		}
	}
	next.keys = append(next.keys, fresh)
	return next, nil
}

// ID is the id of the key that seals now.
func (r *Ring) ID() string { return r.current(UseSeal).id() }

// current is the key that writes for a use. Every ring has one of each use.
func (r *Ring) current(use Use) master {
	for _, m := range r.keys {
		if m.use == use && m.current {
			return m
		}
	}
	panic("keys: ring without a current " + string(use) + " key") // Load and newRing refuse such a ring
}

// Format prints the ring's id whatever the verb, so that no log or error can
// show a key by printing what holds it.
func (r *Ring) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "keys.Ring(%s)", r.ID()) }

// derive makes a 32-byte key for one end out of a master key. The parts of the
// info are joined with a NUL, which no fund id, label or purpose contains.
func derive(secret [secretLen]byte, info ...string) []byte {
	key, err := hkdf.Key(sha256.New, secret[:], nil, "aditus 1\x00"+strings.Join(info, "\x00"), secretLen)
	if err != nil {
		panic(err) // only a length above 255 hashes is an error
	}
	return key
}
