package keys

import (
	"fmt"
	"strings"
)

// A Pepper is the keyed last step over a password hash, with keys the database
// never holds: whoever steals the database alone cannot try passwords on it (NIST
// SP 800-63B-4 3.1.1.2, security.md part 7). It is safe for concurrent use.
type Pepper struct {
	current string
	keys    map[string]*hasher // by key id
}

// Pepper gives the ring's pepper.
func (r *Ring) Pepper() *Pepper {
	p := &Pepper{current: r.current(UsePepper).id(), keys: map[string]*hasher{}}
	for _, m := range r.keys {
		if m.use == UsePepper {
			p.keys[m.id()] = newHasher(derive(m.secret, "pepper"))
		}
	}
	return p
}

// ID names the pepper for new hashes.
func (p *Pepper) ID() string { return p.current }

// Format prints the pepper's id whatever the verb.
func (p *Pepper) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "keys.Pepper(%s)", p.current) }

// Apply makes the peppered form, 32 bytes, of a password hash. The id is what
// stands beside the stored hash: one key id, or several joined by dots from the
// first applied to the last, because a new pepper can be laid over an old one
// without knowing the password: HMAC(new, HMAC(old, hash)). The error is
// ErrUnknownKey.
func (p *Pepper) Apply(id string, hash []byte) ([]byte, error) {
	for kid := range strings.SplitSeq(id, ".") {
		h, ok := p.keys[kid]
		if !ok {
			return nil, fmt.Errorf("pepper: %w", ErrUnknownKey)
		}
		hash = h.sum(hash)
	}
	return hash, nil
}
