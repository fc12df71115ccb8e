package app_test

import (
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
)

// Rules that rise where a code is asked for at sign-in. What could have happened:
// whoever has the old password alone sets a new one, and keeps its owner out; or
// putting it off goes round the code (scenario 30, F-18).
func TestRulesRiseAfterTheCode(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, engine, func(f *access.Fund) {
				f.Password.Min, f.Password.Grace, f.Password.Rollout = 30, 1, time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC)
			})
			s.register(member{number: "00902076", code: "MCCTRS81C49H884H", status: "active", email: "c@example.com", password: secret, active: true})
			b := s.browser("hers", "192.0.2.1")
			to := func(what, want, path string, pairs ...string) {
				t.Helper()
				if got := b.post(path, pairs...).Header().Get("Location"); got != want {
					t.Fatalf("%s leads to %q, want %q", what, got, want)
				}
			}
			to("signing in", "/otp", "/login", "username", "MCCTRS81C49H884H", "password", secret)
			to("a new password before the code", "/otp", "/password/new", "password", "quattro parole messe insieme a caso")
			to("putting it off before the code", "/otp", "/password/new", "do", "later")
			if n := s.number(`SELECT count(*) FROM session`); n != 0 {
				t.Fatalf("%d sessions before the code", n)
			}
			to("the code", "/password/new", "/otp", "otp", s.code("c@example.com"))
			if n := s.number(`SELECT count(*) FROM session`); n != 0 {
				t.Fatalf("%d sessions before the password is settled", n)
			}
			to("putting it off", "/", "/password/new", "do", "later")
			if n := s.number(`SELECT count(*) FROM session WHERE level = 'act' AND method = 'password+email'`); n != 1 {
				t.Fatalf("%d sessions by password and code", n)
			}
			to("signing out", "/signed-out", "/sign-out")
			// The browser is known by now, and the grace is over.
			to("signing in again", "/password/new", "/login", "username", "MCCTRS81C49H884H", "password", secret)
			if w := b.post("/password/new", "do", "later"); w.Code != 422 {
				t.Fatalf("put off once more: %d", w.Code)
			}
			to("a new password", "/", "/password/new", "password", "quattro parole messe insieme a caso")
			if n := s.number(`SELECT count(*) FROM enrolment WHERE journey <> ''`); n != 0 {
				t.Error("a change of password at sign-in gave a level")
			}
			to("signing out", "/signed-out", "/sign-out")
			to("signing in with the new one", "/", "/login", "username", "MCCTRS81C49H884H", "password", "quattro parole messe insieme a caso")
		})
	}
}
