package passkey

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"testing"

	"github.com/descope/virtualwebauthn"
)

// What an answer costs, beside the bare check of its signature.
func BenchmarkAnswered(b *testing.B) {
	s := site(b)
	d := newDevice(ursula, virtualwebauthn.KeyTypeEC2)
	key := registered(b, s, ursula, d)
	options, session := ask(b, s, ursula, key)
	answer := d.get(b, here, options)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Answered(session, answer, ursula, []Key{key}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBareSignature(b *testing.B) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("answer"))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
			b.Fatal("wrong")
		}
	}
}
