package passkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"aditus/internal/softkey"
)

var (
	here    = virtualwebauthn.RelyingParty{ID: "flex.alpina.example", Name: "Alpina", Origin: "https://flex.alpina.example"}
	ursula  = Member{ID: "0k3v8u1m5q2w9x7z", Name: "ursula@posta.example"}
	another = Member{ID: "0k3v8u1m5q2w9x80", Name: "luca@posta.example"}
)

func site(t testing.TB) *Site {
	t.Helper()
	s, err := NewSite(here.ID, here.Name, here.Origin)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A device is the software authenticator of a member.
type device struct {
	auth virtualwebauthn.Authenticator
	cred virtualwebauthn.Credential
}

func newDevice(m Member, kind virtualwebauthn.KeyType) *device {
	cred := virtualwebauthn.NewCredential(kind)
	if kind == virtualwebauthn.KeyTypeEC2 {
		var err error
		if cred, err = softkey.NewCredential(); err != nil { // which says why
			panic(err)
		}
	}
	d := &device{virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(m.ID)}), cred}
	d.auth.AddCredential(d.cred)
	return d
}

func (d *device) create(t testing.TB, rp virtualwebauthn.RelyingParty, options []byte) []byte {
	t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(virtualwebauthn.CreateAttestationResponse(rp, d.auth, d.cred, *o))
}

func (d *device) get(t testing.TB, rp virtualwebauthn.RelyingParty, options []byte) []byte {
	t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(virtualwebauthn.CreateAssertionResponse(rp, d.auth, d.cred, *o))
}

// registered makes a key of the device.
func registered(t testing.TB, s *Site, m Member, d *device) Key {
	t.Helper()
	options, session, err := s.Register(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := s.Registered(session, d.create(t, here, options), m)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ask(t testing.TB, s *Site, m Member, has ...Key) (options, session []byte) {
	t.Helper()
	options, session, err := s.Ask(m, has)
	if err != nil {
		t.Fatal(err)
	}
	return options, session
}

func TestRegisterAndAnswer(t *testing.T) {
	s := site(t)
	for name, kind := range map[string]virtualwebauthn.KeyType{"ec2": virtualwebauthn.KeyTypeEC2, "rsa": virtualwebauthn.KeyTypeRSA} {
		d := newDevice(ursula, kind)
		key := registered(t, s, ursula, d)
		if !bytes.Equal(key.ID, d.cred.ID) || len(key.Data) < 100 || key.Synced {
			t.Errorf("%s: %+v", name, key)
		}
		// By a member who is known.
		options, session := ask(t, s, ursula, key)
		got, err := s.Answered(session, d.get(t, here, options), ursula, []Key{key})
		if err != nil || !bytes.Equal(got.ID, key.ID) {
			t.Errorf("%s: %v", name, err)
		}
		// By somebody who is not known yet, with the key as it was stored again.
		options, session, err = s.AskAnyone()
		if err != nil {
			t.Fatal(err)
		}
		answer := d.get(t, here, options)
		member, id, err := Claim(answer)
		if err != nil || member != ursula.ID || !bytes.Equal(id, key.ID) {
			t.Errorf("%s: claims to be %q, %x, %v", name, member, id, err)
		}
		if _, err := s.Answered(session, answer, ursula, []Key{got}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What the page's script is given: required are user verification and a key the
// device finds by itself, and the keys that are there are named.
func TestOptions(t *testing.T) {
	s := site(t)
	key := registered(t, s, ursula, newDevice(ursula, virtualwebauthn.KeyTypeEC2))
	options, _, err := s.Register(ursula, []Key{key})
	if err != nil {
		t.Fatal(err)
	}
	var creation struct {
		PublicKey struct {
			RP                     struct{ ID, Name string }
			User                   struct{ ID, Name string }
			Attestation            string
			Challenge              string
			ExcludeCredentials     []struct{ ID string }
			AuthenticatorSelection struct{ ResidentKey, UserVerification string }
		}
	}
	if err := json.Unmarshal(options, &creation); err != nil {
		t.Fatal(err)
	}
	c := creation.PublicKey
	if c.RP.ID != here.ID || c.User.Name != ursula.Name || c.Attestation != "none" || len(c.Challenge) < 43 || len(c.ExcludeCredentials) != 1 ||
		c.AuthenticatorSelection.ResidentKey != "required" || c.AuthenticatorSelection.UserVerification != "required" {
		t.Errorf("%s", options)
	}
	options, _ = ask(t, s, ursula, key)
	if !strings.Contains(string(options), `"userVerification":"required"`) || !strings.Contains(string(options), `"allowCredentials":[{`) {
		t.Errorf("%s", options)
	}
	if options, _, err := s.AskAnyone(); err != nil || strings.Contains(string(options), "allowCredentials") {
		t.Errorf("%s, %v", options, err)
	}
	if _, _, err := s.Ask(ursula, nil); err == nil {
		t.Error("asked for a key where there is none")
	}
	for _, bad := range [][2]string{
		{"", "https://x.example"}, {"x.example", "x.example"}, {"https://x.example", "https://x.example"}, {"x.example", "https://x.example/"},
		{"x.example", "https://y.example"}, {"x.example", "https://notx.example"}, {"x.example", "ftp://x.example"}, {"x.example", "https://x.example.evil.example"},
	} {
		if _, err := NewSite(bad[0], "x", bad[1]); err == nil {
			t.Errorf("%q with pages from %q is a site", bad[0], bad[1])
		}
	}
	if _, err := NewSite("x.example", "x"); err == nil {
		t.Error("a site without pages")
	}
	if _, err := NewSite("alpina.example", "x", "https://flex.alpina.example", "https://1e.alpina.example:8443"); err != nil {
		t.Error(err)
	}
	if local, err := NewSite("alpina.localhost", "Alpina", "http://alpina.localhost:8080"); err != nil {
		t.Errorf("the demonstration: %v, %v", local, err)
	}
}

// Whose answer, for which site, to which session, with which proof: each must agree.
func TestRefusedAnswers(t *testing.T) {
	s := site(t)
	d := newDevice(ursula, virtualwebauthn.KeyTypeEC2)
	key := registered(t, s, ursula, d)
	foreign := newDevice(another, virtualwebauthn.KeyTypeEC2)
	foreignKey := registered(t, s, another, foreign)
	options, session := ask(t, s, ursula, key)
	otherOptions, otherSession := ask(t, s, ursula, key)
	good := d.get(t, here, options)

	with := func(change func(*virtualwebauthn.AuthenticatorOptions)) []byte {
		c := *d
		change(&c.auth.Options)
		return c.get(t, here, options)
	}
	site := func(id, origin string) []byte {
		return d.get(t, virtualwebauthn.RelyingParty{ID: id, Name: here.Name, Origin: origin}, options)
	}
	for what, c := range map[string]struct {
		session, answer []byte
		member          Member
		keys            []Key
	}{
		"another session":             {otherSession, good, ursula, []Key{key}},
		"an answer to another":        {session, d.get(t, here, otherOptions), ursula, []Key{key}},
		"another origin":              {session, site(here.ID, "https://flex.alpina.example.evil.example"), ursula, []Key{key}},
		"plain http":                  {session, site(here.ID, "http://flex.alpina.example"), ursula, []Key{key}},
		"another site":                {session, site("1e.alpina.example", here.Origin), ursula, []Key{key}},
		"nobody touched it":           {session, with(func(o *virtualwebauthn.AuthenticatorOptions) { o.UserNotPresent = true }), ursula, []Key{key}},
		"nobody was verified":         {session, with(func(o *virtualwebauthn.AuthenticatorOptions) { o.UserNotVerified = true }), ursula, []Key{key}},
		"backup appeared":             {session, with(func(o *virtualwebauthn.AuthenticatorOptions) { o.BackupEligible = true }), ursula, []Key{key}},
		"another user handle":         {session, with(func(o *virtualwebauthn.AuthenticatorOptions) { o.UserHandle = []byte(another.ID) }), ursula, []Key{key}},
		"another member":              {session, good, another, []Key{foreignKey}},
		"another member, same key":    {session, good, another, []Key{key}},
		"another member's device":     {session, foreign.get(t, here, options), ursula, []Key{key}},
		"another member's key beside": {session, foreign.get(t, here, options), ursula, []Key{key, foreignKey}},
		"the key was taken away":      {session, good, ursula, nil},
		"signature changed":           {session, bytes.Replace(good, []byte(`"signature":"ME`), []byte(`"signature":"MF`), 1), ursula, []Key{key}},
		"a registration":              {session, d.create(t, here, options), ursula, []Key{key}},
		"nothing":                     {session, nil, ursula, []Key{key}},
		"no JSON":                     {session, []byte("x"), ursula, []Key{key}},
		"an empty object":             {session, []byte("{}"), ursula, []Key{key}},
		"a megabyte":                  {session, append(bytes.Clone(good), make([]byte, 1<<20)...), ursula, []Key{key}},
	} {
		if got, err := s.Answered(c.session, c.answer, c.member, c.keys); !errors.Is(err, ErrRefused) || got.ID != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := s.Answered(session, good, ursula, []Key{key}); err != nil {
		t.Errorf("the right one: %v", err)
	}
	// This is the store's to prevent, and the doc comment says so.
	if _, err := s.Answered(session, good, ursula, []Key{key}); err != nil {
		t.Errorf("the package is said to keep nothing: %v", err)
	}
	for _, stored := range []string{"", "x", `{"challenge":1}`, `{"what":"else"}`} {
		if _, err := s.Answered([]byte(stored), good, ursula, []Key{key}); err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("a session of %q is no fault: %v", stored, err)
		}
	}
	if _, err := s.Answered(session, good, ursula, []Key{{Data: []byte("x")}}); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("a damaged key is no fault: %v", err)
	}
}

// To a session for anybody, the device's own word says who answers, and the member
// that was looked up must be that one.
func TestRefusedAnswersOfAnyone(t *testing.T) {
	s := site(t)
	d := newDevice(ursula, virtualwebauthn.KeyTypeEC2)
	key := registered(t, s, ursula, d)
	options, session, err := s.AskAnyone()
	if err != nil {
		t.Fatal(err)
	}
	answer := d.get(t, here, options)
	nameless := *d
	nameless.auth.Options.UserHandle = nil
	for what, c := range map[string]struct {
		answer []byte
		member Member
		keys   []Key
	}{
		"another member":   {answer, another, []Key{key}},
		"no such key":      {answer, ursula, nil},
		"without a handle": {nameless.get(t, here, options), ursula, []Key{key}},
	} {
		if _, err := s.Answered(session, c.answer, c.member, c.keys); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if member, _, err := Claim(nameless.get(t, here, options)); err != nil || member != "" {
		t.Errorf("claims to be %q, %v", member, err)
	}
	if _, _, err := Claim([]byte("{}")); !errors.Is(err, ErrRefused) {
		t.Errorf("%v", err)
	}
}

func TestRefusedRegistrations(t *testing.T) {
	s := site(t)
	d := newDevice(ursula, virtualwebauthn.KeyTypeEC2)
	options, session, err := s.Register(ursula, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, otherSession, err := s.Register(ursula, nil)
	if err != nil {
		t.Fatal(err)
	}
	good := d.create(t, here, options)
	unverified := *d
	unverified.auth.Options.UserNotVerified = true
	evil := virtualwebauthn.RelyingParty{ID: here.ID, Name: here.Name, Origin: "https://evil.example"}
	for what, c := range map[string]struct {
		session, answer []byte
		member          Member
	}{
		"another session":     {otherSession, good, ursula},
		"another member":      {session, good, another},
		"another origin":      {session, d.create(t, evil, options), ursula},
		"nobody was verified": {session, unverified.create(t, here, options), ursula},
		"an answer":           {session, d.get(t, here, options), ursula},
		"nothing":             {session, nil, ursula},
		"a megabyte":          {session, make([]byte, 1<<20), ursula},
	} {
		if _, err := s.Registered(c.session, c.answer, c.member); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := s.Registered([]byte("x"), good, ursula); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("a damaged session is no fault: %v", err)
	}
}

// A key that counts its uses must count up; one that does not count stays at zero.
func TestCopiedKey(t *testing.T) {
	s := site(t)
	d := newDevice(ursula, virtualwebauthn.KeyTypeEC2)
	key := registered(t, s, ursula, d)
	for _, c := range []struct {
		counter uint32
		want    error
	}{{0, nil}, {0, nil}, {5, nil}, {6, nil}, {6, ErrCopied}, {2, ErrCopied}, {0, ErrCopied}, {7, nil}} {
		d.cred.Counter = c.counter
		options, session := ask(t, s, ursula, key)
		got, err := s.Answered(session, d.get(t, here, options), ursula, []Key{key})
		if !errors.Is(err, c.want) || c.want != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("at %d: %v", c.counter, err)
		}
		if err == nil {
			key = got
		}
	}
}

// Whatever the page sends: an answer that is refused, and no panic.
func FuzzAnswers(f *testing.F) {
	s := site(f)
	d := newDevice(ursula, virtualwebauthn.KeyTypeEC2)
	key := registered(f, s, ursula, d)
	options, session, err := s.Register(ursula, nil)
	if err != nil {
		f.Fatal(err)
	}
	asked, askedSession := ask(f, s, ursula, key)
	f.Add(d.create(f, here, options))
	right := d.get(f, here, asked)
	f.Add(right)
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA"}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if key, err := s.Registered(session, answer, ursula); (err == nil) != (key.ID != nil) || err != nil && !errors.Is(err, ErrRefused) {
			t.Error(err)
		}
		if _, err := s.Answered(askedSession, answer, ursula, []Key{key}); err != nil && !errors.Is(err, ErrRefused) {
			t.Error(err)
		}
		if _, _, err := Claim(answer); err != nil && !errors.Is(err, ErrRefused) {
			t.Error(err)
		}
	})
}
