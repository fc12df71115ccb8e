package keys

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"errors"
	"regexp"
	"testing"
	"time"
)

func TestIndex(t *testing.T) {
	r := New(nil)
	f := r.Fund("aurora")
	one := f.Index("tax_code", "RSSMRA80A01H501U")
	if !regexp.MustCompile(`^[a-z2-7]{26}$`).MatchString(one) {
		t.Errorf("not 26 letters and digits: %q", one)
	}
	if one != f.Index("tax_code", "RSSMRA80A01H501U") {
		t.Error("equal values must have equal indexes")
	}
	for what, other := range map[string]string{
		"another value":    f.Index("tax_code", "RSSMRA80A01H501V"),
		"another label":    f.Index("email", "RSSMRA80A01H501U"),
		"another fund":     r.Fund("alpina").Index("tax_code", "RSSMRA80A01H501U"),
		"another key file": New(nil).Fund("aurora").Index("tax_code", "RSSMRA80A01H501U"),
	} {
		if other == one {
			t.Errorf("%s has the same index", what)
		}
	}
}

func TestMAC(t *testing.T) {
	r := New(nil)
	f := r.Fund("aurora")
	mac := f.MAC("code", "ch1", "m1", "digest", "email", "359359")
	if len(mac) != 32 || !hmac.Equal(mac, f.MAC("code", "ch1", "m1", "digest", "email", "359359")) {
		t.Fatal("a MAC must be 32 bytes and equal to itself")
	}
	for what, other := range map[string][]byte{
		"another code":          f.MAC("code", "ch1", "m1", "digest", "email", "359358"),
		"another challenge":     f.MAC("code", "ch2", "m1", "digest", "email", "359359"),
		"another label":         f.MAC("device", "ch1", "m1", "digest", "email", "359359"),
		"another fund":          r.Fund("alpina").MAC("code", "ch1", "m1", "digest", "email", "359359"),
		"shifted between parts": f.MAC("code", "ch1m", "1", "digest", "email", "359359"),
		"one part less":         f.MAC("code", "ch1", "m1", "digest", "email359359"),
		"an empty part more":    f.MAC("code", "ch1", "m1", "digest", "email", "359359", ""),
	} {
		if hmac.Equal(mac, other) {
			t.Errorf("%s has the same MAC", what)
		}
	}
	if f.Index("x", "v") == text32.EncodeToString(f.MAC("x", "v")[:16]) {
		t.Error("index and MAC of one label share a key")
	}
}

func TestPepper(t *testing.T) {
	r := New(nil)
	p := r.Pepper()
	one, err := p.Apply(p.ID(), []byte("hash"))
	if err != nil || len(one) != 32 {
		t.Fatal(err)
	}
	next, err := r.Add(UsePepper, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	q := next.Pepper()
	if again, err := q.Apply(p.ID(), []byte("hash")); err != nil || !bytes.Equal(one, again) {
		t.Errorf("the old pepper is gone: %v", err)
	}
	if fresh, err := q.Apply(q.ID(), []byte("hash")); err != nil || bytes.Equal(one, fresh) {
		t.Errorf("the new pepper does nothing: %v", err)
	}
	over, err := q.Apply(q.ID(), one)
	if err != nil {
		t.Fatal(err)
	}
	if chain, err := q.Apply(p.ID()+"."+q.ID(), []byte("hash")); err != nil || !bytes.Equal(over, chain) {
		t.Errorf("a new pepper over an old one: %v", err)
	}
	for _, id := range []string{"", q.ID(), p.ID() + "." + q.ID(), p.ID() + "."} {
		if _, err := p.Apply(id, []byte("hash")); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("id %q: %v", id, err)
		}
	}
}

func TestSigner(t *testing.T) {
	r := New(nil)
	receipt, checkpoint := r.Signer("receipt"), r.Signer("checkpoint")
	message := []byte("op_digest")
	sig := receipt.Sign(message)
	if !ed25519.Verify(receipt.Public(), message, sig) {
		t.Error("does not verify")
	}
	if ed25519.Verify(checkpoint.Public(), message, sig) || receipt.KeyID() == checkpoint.KeyID() {
		t.Error("two purposes share a key")
	}
	if same := r.Signer("receipt"); same.KeyID() != receipt.KeyID() || !bytes.Equal(same.Sign(message), sig) {
		t.Error("the signer of a purpose changes")
	}
	next, err := r.Add(UseSign, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if next.Signer("receipt").KeyID() == receipt.KeyID() {
		t.Error("the new key does not sign")
	}
	publics := next.Publics("receipt")
	if len(publics) != 2 || !publics[receipt.KeyID()].Equal(receipt.Public()) ||
		!publics[next.Signer("receipt").KeyID()].Equal(next.Signer("receipt").Public()) {
		t.Errorf("old and new must verify: %v", publics)
	}
}

func TestAddRefuses(t *testing.T) {
	r := New(nil)
	if _, err := r.Add("mac", nil, time.Now()); err == nil {
		t.Error("an unknown use was taken")
	}
	if _, err := r.Add(UseSeal, bytes.NewReader(make([]byte, 20)), time.Now()); err == nil {
		t.Error("random that ended early was taken")
	}
	// The same id again is drawn anew: it would hide the key that has it.
	first := bytes.Repeat([]byte{1}, kidLen+secretLen)
	one, err := (&Ring{}).Add(UseSeal, bytes.NewReader(first), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	two, err := one.Add(UseSeal, bytes.NewReader(append(first[:kidLen:kidLen], bytes.Repeat([]byte{2}, kidLen+secretLen)...)), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if two.keys[0].kid == two.keys[1].kid {
		t.Error("two keys have one id")
	}
}
