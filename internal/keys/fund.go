package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"sync"
)

// A Fund holds the keys of one fund. It is safe for concurrent use. Printing it
// shows no secret.
type Fund struct {
	id       string
	now      *sealKey                  // seals
	sealKeys map[[kidLen]byte]*sealKey // open
	lookup   [secretLen]byte           // parent of the keys below
	labels   sync.Map                  // labelKey -> *hasher
}

// A sealKey is what one seal key of the ring becomes in one fund.
type sealKey struct {
	kid    [kidLen]byte
	x      xaes
	person *hasher
}

// ofPerson is the cipher for one person's values.
func (k *sealKey) ofPerson(salt []byte) xaes {
	return newXAES(k.person.sum(salt))
}

// Fund gives the keys of one fund, derived on first use and kept. The name comes
// from the fund's file, never from a request: each name stays in memory.
func (r *Ring) Fund(fund string) *Fund {
	if f, ok := r.funds.Load(fund); ok {
		return f.(*Fund)
	}
	f := &Fund{id: fund, sealKeys: map[[kidLen]byte]*sealKey{}}
	for _, m := range r.keys {
		if m.use != UseSeal {
			continue
		}
		k := &sealKey{kid: m.kid, x: newXAES(derive(m.secret, "seal", fund)), person: newHasher(derive(m.secret, "person", fund))}
		f.sealKeys[m.kid] = k
		if m.current {
			f.now = k
		}
	}
	copy(f.lookup[:], derive(r.current(UseLookup).secret, "lookup", fund))
	kept, _ := r.funds.LoadOrStore(fund, f)
	return kept.(*Fund)
}

// Format prints the fund's name whatever the verb.
func (f *Fund) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "keys.Fund(%s)", f.id) }

// Index is the blind index of a value: 26 letters and digits (128 bits of
// HMAC-SHA-256) that are equal for equal values under the same label in the same
// fund, and tell nothing else. The label names the kind of value («tax_code»);
// the value must be normalised before. The label is one of the program's words:
// a key is kept for each.
func (f *Fund) Index(label, value string) string {
	return text32.EncodeToString(f.labelled("index", label).sum([]byte(value))[:16])
}

// MAC is the HMAC-SHA-256 of the parts, 32 bytes, under a key of its own for the
// label («code», «throttle», «device»). Parts carry their lengths, so ("ab","c")
// and ("a","bc") differ. Compare with hmac.Equal. The label is one of the
// program's words: a key is kept for each.
func (f *Fund) MAC(label string, parts ...string) []byte {
	return f.labelled("mac", label).sum(appendParts(make([]byte, 0, 256), parts...))
}

type labelKey struct{ kind, label string }

func (f *Fund) labelled(kind, label string) *hasher {
	key := labelKey{kind, label}
	if h, ok := f.labels.Load(key); ok {
		return h.(*hasher)
	}
	kept, _ := f.labels.LoadOrStore(key, newHasher(derive(f.lookup, kind, label)))
	return kept.(*hasher)
}

// A hasher is HMAC-SHA-256 under one key, with the two key blocks already
// hashed: that is half the work of a short message, and an import makes tens of
// thousands a second.
type hasher struct{ pool sync.Pool }

func newHasher(key []byte) *hasher {
	return &hasher{pool: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

func (h *hasher) sum(message []byte) []byte {
	m := h.pool.Get().(hash.Hash)
	m.Reset()
	m.Write(message) // a hash never fails
	out := m.Sum(make([]byte, 0, sha256.Size))
	h.pool.Put(m)
	return out
}
