package keys

import (
	"crypto/rand"
	"strconv"
	"testing"
)

// The aim is 60,000 small records sealed a second on one core: an import of a
// register seals a handful of values a row.
func BenchmarkSeal(b *testing.B) {
	f := New(nil).Fund("aurora")
	plain := []byte("IT60X0542811101000000123456")
	b.ReportAllocs()
	for i := range b.N {
		f.Seal("member", "iban", strconv.Itoa(i), plain)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkOpen(b *testing.B) {
	f := New(nil).Fund("aurora")
	sealed := f.Seal("member", "iban", "m1", []byte("IT60X0542811101000000123456"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Open("member", "iban", "m1", sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealPerson(b *testing.B) {
	f := New(nil).Fund("aurora")
	salt := make([]byte, SaltLen)
	rand.Read(salt)
	plain := []byte("anna@example.it")
	b.ReportAllocs()
	for b.Loop() {
		f.SealPerson(salt, "event", "email", "e1", plain)
	}
}

func BenchmarkIndex(b *testing.B) {
	f := New(nil).Fund("aurora")
	b.ReportAllocs()
	for b.Loop() {
		f.Index("tax_code", "RSSMRA80A01H501U")
	}
}

func BenchmarkMAC(b *testing.B) {
	f := New(nil).Fund("aurora")
	b.ReportAllocs()
	for b.Loop() {
		f.MAC("code", "ch1", "m1", "0123456789abcdef0123456789abcdef", "email", "359359")
	}
}

func BenchmarkSign(b *testing.B) {
	s := New(nil).Signer("receipt")
	message := make([]byte, 64)
	for b.Loop() {
		s.Sign(message)
	}
}
