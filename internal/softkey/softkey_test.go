package softkey_test

import (
	"errors"
	"fmt"
	"testing"

	"aditus/internal/passkey"
	"aditus/internal/softkey"
)

const origin = "https://flex.alpina.example"

// What could have happened: one device in a hundred makes a key that nobody takes,
// and a test fails now and then.
func TestDevice(t *testing.T) {
	site, err := passkey.NewSite("flex.alpina.example", "Alpina", origin)
	if err != nil {
		t.Fatal(err)
	}
	d := &softkey.Device{}
	for i := range 300 {
		m := passkey.Member{ID: fmt.Sprintf("m%d", i), Name: "m"}
		options, session, err := site.Register(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		made, err := d.Answer(origin, options)
		if err != nil {
			t.Fatal(err)
		}
		key, err := site.Registered(session, made, m)
		if err != nil {
			t.Fatalf("key %d: %v", i, err)
		}
		if options, session, err = site.Ask(m, []passkey.Key{key}); err != nil {
			t.Fatal(err)
		}
		answer, err := d.Answer(origin, options)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := site.Answered(session, answer, m, []passkey.Key{key}); err != nil {
			t.Fatalf("key %d: %v", i, err)
		}
		again, _, err := site.Register(m, []passkey.Key{key})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Answer(origin, again); !errors.Is(err, softkey.ErrNone) {
			t.Fatalf("a second key: %v", err)
		}
	}
	if _, err := (&softkey.Device{}).Answer(origin, []byte(`{"publicKey":{"rpId":"flex.alpina.example"}}`)); !errors.Is(err, softkey.ErrNone) {
		t.Errorf("a device without keys: %v", err)
	}
}
