// Package softkey is a device with passkeys, in software, for tests: it answers the
// options that a page's script is given, as a browser and an authenticator would.
// No program of the product imports it.
package softkey

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/descope/virtualwebauthn"
)

// ErrNone is the error of a device that has no key for what it is asked, or has one
// where it is asked to make another.
var ErrNone = errors.New("softkey: no such key")

// A Device keeps keys for many hosts and people. The zero value has none.
type Device struct {
	keys []key

	Unverified bool   // it does not ask for a finger, a face or a PIN
	Counter    uint32 // how often it has answered, as it says; 0 is that it does not count
}

// key is one passkey.
type key struct {
	host, user string
	cred       virtualwebauthn.Credential
}

// A question is what the device reads of options.
type question struct {
	PublicKey struct {
		RPID  string `json:"rpId"` // of a question to a key
		RP    struct{ ID, Name string }
		User  struct{ ID string }   // of a question for a new one
		Allow []struct{ ID string } `json:"allowCredentials"`
		Not   []struct{ ID string } `json:"excludeCredentials"`
	} `json:"publicKey"`
}

// Answer answers the options of a page at origin: it makes a key, or uses one. What
// comes back is the JSON that the page's script would post.
func (d *Device) Answer(origin string, options []byte) ([]byte, error) {
	var q question
	if err := json.Unmarshal(options, &q); err != nil {
		return nil, fmt.Errorf("softkey: %w", err)
	}
	if q.PublicKey.User.ID != "" {
		return d.create(origin, options, q)
	}
	return d.get(origin, options, q)
}

func (d *Device) create(origin string, options []byte, q question) ([]byte, error) {
	host := q.PublicKey.RP.ID
	for _, k := range d.keys {
		for _, not := range q.PublicKey.Not {
			if k.host == host && k.named(not.ID) {
				return nil, fmt.Errorf("%w: it has one for %s already", ErrNone, host)
			}
		}
	}
	user, err := base64.RawURLEncoding.DecodeString(q.PublicKey.User.ID)
	if err != nil {
		return nil, fmt.Errorf("softkey: the user's id: %w", err)
	}
	o, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		return nil, fmt.Errorf("softkey: %w", err)
	}
	k := key{host, string(user), virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)}
	d.keys = append(d.keys, k)
	return []byte(virtualwebauthn.CreateAttestationResponse(party(host, origin), d.authenticator(k), k.cred, *o)), nil
}

func (d *Device) get(origin string, options []byte, q question) ([]byte, error) {
	host := q.PublicKey.RPID
	i := slices.IndexFunc(d.keys, func(k key) bool {
		return k.host == host && (len(q.PublicKey.Allow) == 0 || slices.ContainsFunc(q.PublicKey.Allow, func(a struct{ ID string }) bool { return k.named(a.ID) }))
	})
	if i < 0 {
		return nil, fmt.Errorf("%w for %s", ErrNone, host)
	}
	o, err := virtualwebauthn.ParseAssertionOptions(string(options))
	if err != nil {
		return nil, fmt.Errorf("softkey: %w", err)
	}
	k := d.keys[i]
	k.cred.Counter = d.Counter
	return []byte(virtualwebauthn.CreateAssertionResponse(party(host, origin), d.authenticator(k), k.cred, *o)), nil
}

// Move has the device take its keys for a host to be for another: what a page in
// the wrong place could make it say.
func (d *Device) Move(from, to string) {
	for i := range d.keys {
		if d.keys[i].host == from {
			d.keys[i].host = to
		}
	}
}

func (k key) named(id string) bool {
	return base64.RawURLEncoding.EncodeToString(k.cred.ID) == id
}

func (d *Device) authenticator(k key) virtualwebauthn.Authenticator {
	a := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(k.user), UserNotVerified: d.Unverified})
	a.AddCredential(k.cred)
	return a
}

func party(host, origin string) virtualwebauthn.RelyingParty {
	return virtualwebauthn.RelyingParty{ID: host, Name: host, Origin: origin}
}
