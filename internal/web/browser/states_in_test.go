package browser_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"aditus/internal/access"
	"aditus/internal/browsertest"
	"aditus/internal/password"
	"aditus/internal/store"
)

// statesIn are the pages of coming in and going out, and those open to all.
var statesIn = []state{
	{name: "login", route: "/login", open: func(s *stage) { s.goes(nil, "/login") }},
	{name: "login-empty", route: "/login", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/login")
		s.submits(send)
	}},
	{name: "login-no-password", route: "/login", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/login")
		s.submits(send, "username", taxCode(1))
	}},
	{name: "login-wrong", route: "/login", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/login")
		s.submits(send, "username", s.person(kind{}).taxCode, "password", "sbagliata")
	}},
	{name: "login-locked", route: "/login", status: 429, wrong: true, open: func(s *stage) {
		p := s.person(kind{})
		for range 7 {
			who := p.sits(s.lang, "")
			_, err := s.app.Journeys.SignIn(context.Background(), s.fund, who.visitor, p.taxCode, "sbagliata")
			if !access.Refused(err, "sign_in") && !access.Refused(err, "locked") {
				s.t.Fatal(err)
			}
		}
		s.goes(nil, "/login")
		s.submits(send, "username", p.taxCode, "password", "sbagliata")
	}},
	{name: "login-busy", route: "/login", status: 503, wrong: true, open: func(s *stage) {
		defer s.crowd()()
		s.goes(nil, "/login")
		s.submits(send, "username", taxCode(1), "password", "sbagliata")
	}},
	{name: "login-odd-field", route: "/login", status: 400, wrong: true, open: func(s *stage) { s.posts(nil, "aurora.localhost", "/login", "user", "x") }},
	{name: "login-shown", route: "/login", open: func(s *stage) {
		s.goes(nil, "/login")
		browsertest.Eval[int](s.page, `(document.getElementById("password").value = "ciliegia", document.querySelector(".govuk-js-password-input-toggle").click(), 0)`)
	}},
	{name: "login-cancelled", route: "/login", open: func(s *stage) { s.tells(nil, "/login", "sign_in_cancelled") }},

	{name: "first-access", route: "/first-access", open: func(s *stage) { s.goes(nil, "/first-access") }},
	{name: "first-identify", route: "/first-access/identify", open: func(s *stage) { s.goes(nil, "/first-access/identify") }},
	{name: "first-identify-empty", route: "/first-access/identify", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/first-access/identify")
		s.submits(send)
	}},
	{name: "first-identify-wrong", route: "/first-access/identify", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/first-access/identify")
		s.submits(send, "username", s.person(kind{noPassword: true}).taxCode, "number", "123")
	}},
	{name: "first-identify-locked", route: "/first-access/identify", status: 429, wrong: true, open: func(s *stage) {
		p := s.person(kind{noPassword: true})
		for range 5 {
			who := p.sits(s.lang, "")
			if _, err := s.app.Journeys.FirstAccess(context.Background(), s.fund, who.visitor, p.taxCode, "123"); !access.Refused(err, "sign_in") {
				s.t.Fatal(err)
			}
		}
		s.goes(nil, "/first-access/identify")
		s.submits(send, "username", p.taxCode, "number", "123")
	}},

	{name: "forgot", route: "/password/forgot", open: func(s *stage) { s.goes(nil, "/password/forgot") }},
	{name: "forgot-empty", route: "/password/forgot", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/password/forgot")
		s.submits(send)
	}},
	{name: "forgot-asked", route: "/otp", open: func(s *stage) {
		s.goes(nil, "/password/forgot")
		s.submits(send, "username", s.person(kind{}).taxCode)
	}},
	{name: "forgot-saved", route: "/login", open: func(s *stage) { s.tells(nil, "/login", "password_reset") }},

	{name: "sign-out", route: "/sign-out", open: func(s *stage) { s.goes(s.read(kind{}), "/sign-out") }},
	{name: "signed-out", route: "/signed-out", open: func(s *stage) { s.goes(nil, "/signed-out") }},
	{name: "password-later", route: "/signed-out", open: func(s *stage) { s.tells(nil, "/signed-out", "password_later") }},
	{name: "session-ended", route: "/session-ended", open: func(s *stage) {
		who := s.read(kind{})
		s.clock.Add(16 * time.Minute)
		s.goes(who, "/")
	}},
	{name: "steps-ended", route: "/session-ended", open: func(s *stage) {
		who := s.person(kind{noPassword: true}).sits(s.lang, "").firstComes()
		s.clock.Add(31 * time.Minute)
		s.goes(who, "/channel/choose")
	}},
	{name: "session-stay", route: "/session/stay", leads: true, open: func(s *stage) { s.goes(s.read(kind{}), "/session/stay") }},

	{name: "display", route: "/display", open: func(s *stage) { s.goes(nil, "/display") }},
	{name: "display-saved", route: "/display", open: func(s *stage) { s.tells(nil, "/display", "display_saved") }},
	{name: "help", route: "/help", open: func(s *stage) { s.goes(nil, "/help") }},
	{name: "accessibility", route: "/accessibility", open: func(s *stage) { s.goes(nil, "/accessibility") }},
	{name: "privacy", route: "/privacy", open: func(s *stage) { s.goes(nil, "/privacy") }},
	{name: "fraud", route: "/fraud", open: func(s *stage) { s.goes(nil, "/fraud") }},
	{name: "contacts", route: "/contacts/change", open: func(s *stage) { s.goes(nil, "/contacts/change") }},
	{name: "contacts-area", route: "/contacts/change", open: func(s *stage) { s.goes(s.act(bySMS), "/contacts/change") }},

	{name: "error-404", status: 404, open: func(s *stage) { s.goes(nil, "/not-there") }},
	{name: "error-404-area", status: 404, open: func(s *stage) { s.goes(s.act(bySMS), "/requests/123") }},
	{name: "error-405", status: 405, open: func(s *stage) { s.posts(nil, "aurora.localhost", "/help") }},
	{name: "error-403", status: 403, open: func(s *stage) { s.posts(nil, "localhost", "/login", "username", "x") }},
	{name: "error-413", status: 413, open: func(s *stage) {
		s.goes(nil, "/login")
		browsertest.Eval[int](s.page, `(document.getElementById("username").value = "x".repeat(70000), 0)`)
		s.submits(send)
	}},
	{name: "error-500", status: 500, open: func(s *stage) {
		p := s.person(kind{}) // whose password nobody can read any more
		s.write(func(tx *store.Tx) error {
			return tx.SetPassword(access.Credential{Member: p.member, Hash: "broken", Source: "registry"})
		})
		s.goes(nil, "/login")
		s.submits(send, "username", p.taxCode, "password", secret)
	}},
	{name: "error-503", status: 503, open: func(s *stage) {
		who := s.read(kind{})
		s.late.Store(true)
		s.meanwhile(func() { s.late.Store(false) })
		s.goes(who, "/")
	}},
	{name: "error-unknown", status: 500, open: func(s *stage) {
		who := s.act(bySMS)
		s.meanwhile(s.breaks("INSERT ON operation"))
		s.goes(who, "/operations/new/iban")
		s.submits(send, "iban", iban)
	}},
}

// crowd has so many people sign in that nobody else can, until the function
// that it returns is called.
func (s *stage) crowd() (goHome func()) {
	s.t.Helper()
	// A hash of some tenths of a second, one after the other, in the one slot.
	const slow = "$argon2id$v=19$m=19456,t=16,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZWhhc2hzb21laGFzaHNvbWVoYXNoc29tZWhhc2g"
	ctx, stop := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		for ctx.Err() == nil {
			_, _, err := s.app.Passwords.Verify(ctx, slow, "x")
			if err != nil && !errors.Is(err, password.ErrBusy) && ctx.Err() == nil {
				s.t.Error(err)
				return
			}
		}
	})
	for !errors.Is(s.app.Passwords.Dummy(ctx, "x"), password.ErrBusy) {
		if s.t.Failed() {
			break
		}
	}
	return func() { stop(); group.Wait() }
}
