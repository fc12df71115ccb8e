package keys

import (
	"bytes"
	"crypto/rand"
	"crypto/sha3"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// The two worked vectors and the accumulated one of the C2SP specification.
func TestXAESVectors(t *testing.T) {
	for _, v := range []struct {
		key       byte
		aad, want string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		x := newXAES(bytes.Repeat([]byte{v.key}, 32))
		got := x.seal(nil, []byte("ABCDEFGHIJKLMNOPQRSTUVWX"), []byte("XAES-256-GCM"), []byte(v.aad))
		if hex.EncodeToString(got) != v.want {
			t.Errorf("key %d: got %x, want %s", v.key, got, v.want)
		}
	}

	source, digest := sha3.NewSHAKE128(), sha3.NewSHAKE128()
	draw := func(n int) []byte {
		b := make([]byte, n)
		source.Read(b)
		return b
	}
	for range 10_000 {
		x, nonce := newXAES(draw(32)), draw(24)
		plain := draw(int(draw(1)[0]))
		aad := draw(int(draw(1)[0]))
		sealed := x.seal(nil, nonce, plain, aad)
		if back, err := x.open(nil, nonce, sealed, aad); err != nil || !bytes.Equal(back, plain) {
			t.Fatalf("does not open again: %v", err)
		}
		digest.Write(sealed)
	}
	sum := make([]byte, 32)
	digest.Read(sum)
	if got := hex.EncodeToString(sum); got != "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939" {
		t.Errorf("accumulated: got %s", got)
	}
}

func TestSealRoundTrip(t *testing.T) {
	f := New(nil).Fund("aurora")
	for _, size := range []int{0, 1, 15, 16, 17, 300, 1 << 20} {
		plain := make([]byte, size)
		rand.Read(plain)
		sealed := f.Seal("member", "iban", "m1", plain)
		back, err := f.Open("member", "iban", "m1", sealed)
		if err != nil || back == nil || !bytes.Equal(back, plain) {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if bytes.Equal(sealed, f.Seal("member", "iban", "m1", plain)) {
			t.Fatalf("%d bytes: the same value sealed twice is the same", size)
		}
		if size >= 15 && bytes.Contains(sealed, plain) {
			t.Fatalf("%d bytes: the value is readable", size)
		}
	}
}

func TestEachBitFlippedIsRefused(t *testing.T) {
	f := New(nil).Fund("aurora")
	salt := bytes.Repeat([]byte{7}, SaltLen)
	sealed := f.Seal("message", "body", "x1", []byte("Codice: 359359"))
	person := f.SealPerson(salt, "event", "name", "e1", []byte("Teresa"))
	for i := range len(sealed) * 8 {
		bad := bytes.Clone(sealed)
		bad[i/8] ^= 1 << (i % 8)
		refused(t, fmt.Sprintf("bit %d", i), f, "message", "body", "x1", bad)
	}
	for i := range len(person) * 8 {
		bad := bytes.Clone(person)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := f.OpenPerson(salt, "event", "name", "e1", bad); !errors.Is(err, ErrSealed) && !errors.Is(err, ErrUnknownKey) {
			t.Errorf("person, bit %d: %v", i, err)
		}
	}
	for n := range len(sealed) {
		refused(t, fmt.Sprintf("cut to %d bytes", n), f, "message", "body", "x1", sealed[:n])
	}
	refused(t, "one byte more", f, "message", "body", "x1", append(bytes.Clone(sealed), 0))
	refused(t, "a person's value opened as a plain one", f, "event", "name", "e1", person)
	if _, err := f.OpenPerson(salt, "message", "body", "x1", sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("a plain value opened as a person's: %v", err)
	}
}

// refused asserts that a value does not open.
func refused(t *testing.T, what string, f *Fund, table, column, row string, sealed []byte) {
	t.Helper()
	plain, err := f.Open(table, column, row, sealed)
	if (!errors.Is(err, ErrSealed) && !errors.Is(err, ErrUnknownKey)) || plain != nil {
		t.Errorf("%s: opened (%v)", what, err)
	}
}

// Whoever can write to the database could copy a sealed value to another row and
// have the program read it out: one member's IBAN in another's page.
func TestMovedIsRefused(t *testing.T) {
	r := New(nil)
	f := r.Fund("aurora")
	sealed := f.Seal("member", "iban", "m1", []byte("IT60X0542811101000000123456"))
	refused(t, "another row", f, "member", "iban", "m2", sealed)
	refused(t, "another column", f, "member", "phone", "m1", sealed)
	refused(t, "another table", f, "channel", "iban", "m1", sealed)
	refused(t, "another fund", r.Fund("alpina"), "member", "iban", "m1", sealed)
	refused(t, "letters shifted from table to column", f, "membe", "riban", "m1", sealed)
	refused(t, "letters shifted from column to row", f, "member", "iba", "nm1", sealed)
	refused(t, "another key file", New(nil).Fund("aurora"), "member", "iban", "m1", sealed)
}

func TestPersonSalt(t *testing.T) {
	f := New(nil).Fund("aurora")
	salt, other := make([]byte, SaltLen), make([]byte, SaltLen)
	rand.Read(salt)
	rand.Read(other)
	sealed := f.SealPerson(salt, "event", "email", "e1", []byte("anna@example.it"))
	if back, err := f.OpenPerson(salt, "event", "email", "e1", sealed); err != nil || string(back) != "anna@example.it" {
		t.Fatalf("with the salt: %q, %v", back, err)
	}
	if _, err := f.OpenPerson(nil, "event", "email", "e1", sealed); !errors.Is(err, ErrErased) {
		t.Errorf("salt dropped: %v", err)
	}
	if _, err := f.OpenPerson(salt[:31], "event", "email", "e1", sealed); !errors.Is(err, ErrErased) {
		t.Errorf("salt cut: %v", err)
	}
	if _, err := f.OpenPerson(other, "event", "email", "e1", sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another person's salt: %v", err)
	}
	if _, err := f.OpenPerson(salt, "event", "email", "e2", sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another row: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("sealing without a salt must panic: it could never be erased")
		}
	}()
	f.SealPerson(nil, "event", "email", "e1", []byte("x"))
}

func TestOldKeyStillReads(t *testing.T) {
	before := New(nil)
	sealed := before.Fund("aurora").Seal("t", "c", "r", []byte("old"))
	after, err := before.Add(UseSeal, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if after.ID() == before.ID() {
		t.Fatal("the new key does not write")
	}
	f := after.Fund("aurora")
	if back, err := f.Open("t", "c", "r", sealed); err != nil || string(back) != "old" {
		t.Errorf("a value of the old key: %q, %v", back, err)
	}
	fresh := f.Seal("t", "c", "r", []byte("new"))
	if kid, ok := SealedBy(fresh); !ok || kid != after.ID() {
		t.Errorf("sealed by %q, want %q", kid, after.ID())
	}
	if kid, ok := SealedBy(sealed); !ok || kid != before.ID() {
		t.Errorf("sealed by %q, want %q", kid, before.ID())
	}
	if _, ok := SealedBy([]byte("no sealed value at all, whatever its length may be")); ok {
		t.Error("SealedBy takes anything")
	}
	if _, err := before.Fund("aurora").Open("t", "c", "r", fresh); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a key the ring does not hold: %v", err)
	}
	if before.Fund("aurora").Index("tax_code", "X") != f.Index("tax_code", "X") {
		t.Error("a new seal key changed the blind index")
	}
}

func TestConcurrent(t *testing.T) {
	r := New(nil)
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := range 200 {
				f := r.Fund(fmt.Sprintf("fund%d", i%3))
				row := fmt.Sprintf("%d-%d", g, i)
				back, err := f.Open("t", "c", row, f.Seal("t", "c", row, []byte(row)))
				if err != nil || string(back) != row {
					t.Errorf("%s: %q, %v", row, back, err)
				}
				if f.Index("l", row) != r.Fund(f.id).Index("l", row) || !bytes.Equal(f.MAC("l", row), f.MAC("l", row)) {
					t.Errorf("%s: index or MAC differs from itself", row)
				}
			}
		})
	}
	wg.Wait()
}

func TestPrintedHoldsNoSecret(t *testing.T) {
	r := New(bytes.NewReader(bytes.Repeat([]byte("KEYMATERIAL"), 99)[:4*37])) // ids differ: 37 is no multiple of 11
	f := r.Fund("aurora")
	for _, v := range []any{r, f, r.Pepper(), r.Signer("receipt"), struct{ R *Ring }{r}, []any{f, r.Signer("receipt")}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			text := strings.ToLower(fmt.Sprintf(verb, v))
			for _, leak := range []string{"material", hex.EncodeToString([]byte("MATERIAL")), "77 65 84", "0x4d, 0x41"} {
				if strings.Contains(text, leak) {
					t.Errorf("%T printed with %s shows a key: %s", v, verb, text)
				}
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	fund := New(nil).Fund("aurora")
	salt := make([]byte, SaltLen)
	good := fund.Seal("t", "c", "r", []byte("plain"))
	personal := fund.SealPerson(salt, "t", "c", "r", []byte("plain"))
	f.Add(good)
	f.Add(personal)
	f.Add(good[:overhead-1])
	f.Add([]byte{})
	f.Add([]byte{plainForm})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if _, err := fund.Open("t", "c", "r", sealed); err == nil && !bytes.Equal(sealed, good) {
			t.Errorf("opened a value nobody sealed: %x", sealed)
		}
		if _, err := fund.OpenPerson(salt, "t", "c", "r", sealed); err == nil && !bytes.Equal(sealed, personal) {
			t.Errorf("opened a person's value nobody sealed: %x", sealed)
		}
		SealedBy(sealed)
	})
}
