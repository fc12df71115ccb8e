package browser_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/browsertest"
	"aditus/internal/journey"
	"aditus/internal/store"
)

// withKey gives somebody a passkey that no device has: enough to be shown.
func (s *seat) withKey(name, host string, change func(*access.Passkey)) string {
	s.w.t.Helper()
	var p access.Passkey
	s.w.write(func(tx *store.Tx) error {
		p = access.Passkey{ID: access.NewID(tx.Now()), Member: s.member, Host: host, Credential: []byte(access.NewID(tx.Now())), Data: []byte("{}"), Name: name, CodeKind: access.SMS}
		if err := tx.AddPasskey(p); err != nil || change == nil {
			return err
		}
		change(&p)
		if !p.MutedAt.IsZero() {
			return tx.MutePasskey(p.Member, p.ID)
		}
		return tx.UsePasskey(p)
	})
	return p.ID
}

// makes takes somebody to where the browser makes a passkey.
func (s *seat) makes() *seat {
	s.w.t.Helper()
	s.visitor.Origin = s.w.base
	s.follows(s.w.app.Journeys.AddPasskey(context.Background(), s.w.fund, s.visitor))
	return s.answers(s.w.code(s.mobile))
}

var used = func(*access.Passkey) {}

// statesPasskey are the pages of passkeys.
var statesPasskey = []state{
	{name: "passkey-login", route: "/login/passkey", open: func(s *stage) { s.goes(nil, "/login/passkey") }},
	{name: "passkey-login-without", route: "/login/passkey", noJS: true, open: func(s *stage) { s.goes(nil, "/login/passkey") }},
	{name: "passkey-login-refused", route: "/login/passkey", status: 409, wrong: true, open: func(s *stage) {
		s.posts(nil, s.host, "/login/passkey", "do", "passkey", "answer", "{}")
	}},
	{name: "passkeys-none", route: "/security/passkeys", open: func(s *stage) { s.goes(s.act(insured), "/security/passkeys") }},
	{name: "passkeys", route: "/security/passkeys", open: func(s *stage) {
		who := s.act(insured)
		who.withKey("Mein Telefon", s.host, used)
		who.withKey("Firmennotebook mit Fingerabdruckleser", s.host, nil)
		who.withKey("Schlüssel", "1e.fondationalpina.example", nil)
		who.withKey("Altes Tablet", s.host, func(p *access.Passkey) { p.MutedAt = begin })
		s.goes(who, "/security/passkeys")
	}},
	{name: "passkeys-many", route: "/security/passkeys", status: 409, wrong: true, open: func(s *stage) {
		who := s.act(insured)
		for range 10 {
			who.withKey("Telefon", s.host, nil)
		}
		s.goes(who, "/security/passkeys")
		s.submits("main form button")
	}},
	{name: "passkeys-told", route: "/security/passkeys", open: func(s *stage) { s.tells(s.act(insured), "/security/passkeys", "passkey_added") }},
	{name: "passkey-code", route: "/otp", open: func(s *stage) {
		who := s.act(insured)
		who.follows(s.app.Journeys.AddPasskey(context.Background(), s.fund, who.visitor))
		s.goes(who, "/otp")
	}},
	{name: "passkey-code-remove", route: "/otp", open: func(s *stage) {
		who := s.act(insured)
		who.follows(s.app.Journeys.RemovePasskey(context.Background(), s.fund, who.visitor, who.withKey("Telefon", s.host, nil)))
		s.goes(who, "/otp")
	}},
	{name: "passkey-new", route: "/security/passkeys/new", open: func(s *stage) { s.goes(s.act(insured).makes(), "/security/passkeys/new") }},
	{name: "passkey-new-without", route: "/security/passkeys/new", noJS: true, open: func(s *stage) { s.goes(s.act(insured).makes(), "/security/passkeys/new") }},
	{name: "passkey-new-over", route: "/security/passkeys/new", status: 409, wrong: true, open: func(s *stage) {
		s.posts(s.act(insured).makes(), s.host, "/security/passkeys/new", "do", "passkey", "name", "Telefon", "answer", "{}")
	}},
	{name: "passkey-new-nameless", route: "/security/passkeys/new", status: 422, wrong: true, open: func(s *stage) {
		s.posts(s.act(insured).makes(), s.host, "/security/passkeys/new", "do", "passkey", "name", "", "answer", "{}")
	}},
	{name: "passkey-edit", route: "/security/passkeys/{id}", open: func(s *stage) {
		who := s.act(insured)
		s.goes(who, "/security/passkeys/"+who.withKey("Telefon", s.host, nil))
	}},
	{name: "passkey-edit-empty", route: "/security/passkeys/{id}", status: 422, wrong: true, open: func(s *stage) {
		who := s.act(insured)
		s.goes(who, "/security/passkeys/"+who.withKey("Telefon", s.host, nil))
		s.submits(send, "name", "")
	}},
	{name: "passkey-confirm", route: "/operations/{id}/confirm", open: func(s *stage) {
		who := s.act(insured)
		who.withKey("Telefon", s.host, nil)
		s.goes(who, "/operations/"+who.drafts("residence", swissHome)+"/confirm")
	}},
	{name: "passkey-confirm-held", route: "/operations/{id}/confirm", open: func(s *stage) {
		who := s.act(insured)
		who.withKey("Telefon", s.host, nil)
		s.goes(who, "/operations/"+who.drafts("beneficiaries", beneficiaries)+"/confirm")
	}},
	{name: "passkey-confirm-code", route: "/operations/{id}/confirm", open: func(s *stage) {
		who := s.act(insured)
		who.withKey("Telefon", s.host, nil)
		id := who.drafts("residence", swissHome)
		who.asks(id)
		s.goes(who, "/operations/"+id+"/confirm")
	}},
	{name: "passkey-confirm-refused", route: "/operations/{id}/confirm", status: 409, wrong: true, open: func(s *stage) {
		who := s.act(insured)
		who.withKey("Telefon", s.host, nil)
		s.posts(who, s.host, "/operations/"+who.drafts("residence", swissHome)+"/confirm", "do", "passkey", "answer", "{}")
	}},
}

// A member makes a passkey with the browser's own device, signs in with it, confirms
// an act, and takes it away. What the device is not unlocked for changes nothing,
// and is said calmly.
func TestBrowserPasskey(t *testing.T) {
	w := newWorldOf(t, "alpina")
	s := &stage{world: w, page: browsertest.New(t, browsertest.Options{Width: 360, Height: 740, Lang: "de"}), lang: "de"}
	p := s.page
	device := p.Device()
	who := s.act(insured)
	at := func(path string) {
		t.Helper()
		if got, _, _ := strings.Cut(strings.TrimPrefix(p.URL(), w.base), "?"); got != path {
			t.Fatalf("on %s, want %s:\n%s", got, path, p.Text())
		}
	}
	said := func(key string) {
		t.Helper()
		p.See(s.spoken(key))
		s.axeAt(360, "light")
	}

	s.goes(who, "/security")
	p.Press(s.spoken("passkeys.link"))
	p.Press(s.spoken("passkeys.add"))
	at("/otp")
	s.submits(confirm, "otp", w.code(who.mobile))
	at("/security/passkeys/new")
	device.Verifies(false)
	p.Press(s.spoken("passkey_new.button"))
	said("passkey.cancelled")
	if device.Keys() != 0 {
		t.Error("a key was made for nobody")
	}
	device.Verifies(true)
	p.Fill(s.spoken("field.passkey_name"), "Mein Telefon")
	p.Press(s.spoken("passkey_new.button"))
	p.See(s.spoken("notice.passkey_added"))
	at("/security/passkeys")
	p.See("Mein Telefon")

	// The same device is not to make another.
	w.clock.Add(time.Minute)
	p.Press(s.spoken("passkeys.add"))
	s.submits(confirm, "otp", w.code(who.mobile))
	p.Press(s.spoken("passkey_new.button"))
	said("passkey.known")
	if device.Keys() != 1 {
		t.Errorf("the device has %d keys", device.Keys())
	}
	p.Press(s.spoken("frame.cancel"))
	p.See(s.spoken("notice.passkey_kept"))

	// In a browser that was never here.
	s.goes(nil, "/login")
	device.Verifies(false)
	p.Press(s.spoken("login.passkey"))
	said("passkey.cancelled")
	device.Verifies(true)
	p.Press(s.spoken("login.passkey"))
	p.See("Françoise")
	at("/")
	w.clock.Add(time.Second)

	// An act.
	p.Open(w.base + "/operations/new/residence")
	s.submits(send, "street", "Seestrasse 1", "postcode", "8001", "city", "Zürich", "country", "CH", "from_date_day", "1", "from_date_month", "10", "from_date_year", "2025")
	p.Press(s.spoken("confirm.passkey"))
	p.See(s.spoken("receipt.title"))
	if !strings.HasSuffix(p.URL(), "/done") {
		t.Fatalf("on %s:\n%s", p.URL(), p.Text())
	}

	// Away with it.
	p.Open(w.base + "/security/passkeys")
	p.Press(s.spoken("passkeys.change"))
	p.Press(s.spoken("passkey_edit.remove_button"))
	s.submits(confirm, "otp", w.code(who.mobile))
	at("/security/passkeys")
	p.See(s.spoken("passkeys.none"))
	s.goes(nil, "/login")
	p.Press(s.spoken("login.passkey"))
	p.See(s.spoken("refusal.passkey_refused"))
	at("/login/passkey")
	if said := p.Console(); len(said) > 0 {
		t.Errorf("the browser says %q", said)
	}
}

// A refusal of the question is said beside the button: here, that there were too
// many.
func TestBrowserPasskeyLimit(t *testing.T) {
	w := newWorldOf(t, "alpina")
	s := &stage{world: w, page: browsertest.New(t, browsertest.Options{Lang: "de"}), lang: "de"}
	s.goes(nil, "/login/passkey")
	ip, _, _ := strings.Cut(w.address(), ":")
	for range 100 {
		if _, _, err := w.app.Journeys.AskKey(t.Context(), w.fund, visitor(w, ip)); err != nil {
			t.Fatal(err)
		}
	}
	s.page.Press(s.spoken("login.passkey"))
	s.page.See("Zu viele Versuche")
}

func visitor(w *world, ip string) journey.Visitor {
	return journey.Visitor{Host: w.host, Origin: w.base, IP: ip, Lang: "de"}
}
