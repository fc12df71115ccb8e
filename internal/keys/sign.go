package keys

import (
	"crypto/ed25519"
	"fmt"
	"sync"
)

// A Signer makes Ed25519 signatures for one purpose («checkpoint», «receipt»).
// Its key pair is derived from the ring's sign key and the purpose, so what was
// signed for one purpose never verifies for another. Printing it shows no secret.
type Signer struct {
	id  string
	key func() ed25519.PrivateKey // made at the first use: it takes a millisecond of every start
}

// Signer gives the signer of a purpose. The purpose is one of the program's words.
func (r *Ring) Signer(purpose string) Signer { return signer(r.current(UseSign), purpose) }

func signer(m master, purpose string) Signer {
	return Signer{id: purpose + "-" + m.id(), key: sync.OnceValue(func() ed25519.PrivateKey {
		return ed25519.NewKeyFromSeed(derive(m.secret, "sign", purpose))
	})}
}

// KeyID names the key pair: the purpose, and the id the key file shows.
func (s Signer) KeyID() string { return s.id }

// Sign signs the message itself; no hash before.
func (s Signer) Sign(message []byte) []byte { return ed25519.Sign(s.key(), message) }

// Public is the key that verifies what Sign made.
func (s Signer) Public() ed25519.PublicKey { return s.key().Public().(ed25519.PublicKey) }

// Format prints the signer's id whatever the verb.
func (s Signer) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "keys.Signer(%s)", s.id) }

// Publics gives, by KeyID, every key that verifies a purpose's signatures: the
// one that signs now and all that did.
func (r *Ring) Publics(purpose string) map[string]ed25519.PublicKey {
	all := map[string]ed25519.PublicKey{}
	for _, m := range r.keys {
		if m.use == UseSign {
			s := signer(m, purpose)
			all[s.KeyID()] = s.Public()
		}
	}
	return all
}
