package app_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"aditus/internal/dbtest"
	"aditus/internal/session"
)

// The members of the tests in this file.
var (
	reader = member{number: "00908304", code: "LMRSML58M22L006O", status: "active", email: "a@example.com", password: secret}
	actor  = member{number: "00902076", code: "MCCTRS81C49H884H", status: "active", email: "c@example.com", password: secret, active: true}
)

// signIn signs a member in, with a code if one is asked for.
func (b *browser) signIn(m member) {
	b.s.t.Helper()
	w := b.post("/login", "username", m.code, "password", m.password)
	if w.Header().Get("Location") == "/otp" {
		w = b.post("/otp", "otp", b.s.code(m.email))
	}
	if w.Code != http.StatusSeeOther || b.cookies["session"] == "" {
		b.s.t.Fatalf("sign-in of %s: %s", m.number, said(w))
	}
}

// whose is the member whose session a browser has, "" if it is over.
func (b *browser) whose() (id string) {
	if b.do("GET", "/profile", nil).Code != http.StatusOK {
		return ""
	}
	rows := b.s.number(`SELECT count(*) FROM session WHERE id = ?1`, session.ID(b.cookies["session"]))
	if rows != 1 {
		return ""
	}
	if err := b.s.raw.QueryRow(b.s.dialect(`SELECT member FROM session WHERE id = ?1`), session.ID(b.cookies["session"])).Scan(&id); err != nil {
		b.s.t.Fatal(err)
	}
	return id
}

// What could have happened: a password of a megabyte costs a hash, or is cut to
// what fits (security.md part 3, row 14).
func TestHugePassword(t *testing.T) {
	s := newSite(t, "sqlite", nil)
	s.register(reader)
	for size, status := range map[int]int{1 << 20: http.StatusRequestEntityTooLarge, 2000: http.StatusBadRequest, 300: http.StatusUnprocessableEntity} {
		b := s.browser("somebody", "192.0.2.1")
		if w := b.post("/login", "username", reader.code, "password", reader.password+strings.Repeat("a", size)); w.Code != status {
			t.Errorf("a password with %d bytes too many: %s", size, said(w))
		}
	}
	// None but the last was looked at, and it alone counts.
	if n := s.number(`SELECT count(*) FROM event WHERE kind = 'sign_in_failed'`); n != 1 {
		t.Errorf("%d failures are noted", n)
	}
	if n := s.number(`SELECT max(wrong) FROM throttle`); n != 1 {
		t.Errorf("%d tries are counted", n)
	}
}

// What could have happened: somebody plants a session of their own, or a journey,
// in a member's browser, and goes on in it when the member has signed in or typed
// a code (row 15).
func TestPlantedCookies(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			s := newSite(t, engine, nil)
			s.register(reader, actor)
			thief, victim := s.browser("thief", "192.0.2.66"), s.browser("victim", "192.0.2.1")

			// A session token that the thief knows is not the one that signing in gives.
			for _, planted := range []string{strings.Repeat("A", 52), "short", ""} {
				victim.cookies["session"] = planted
				victim.signIn(actor)
				if victim.cookies["session"] == planted {
					t.Fatalf("the planted session %q stays after signing in", planted)
				}
				if got := victim.whose(); got != actor.id() {
					t.Fatalf("after signing in the session is of %q", got)
				}
			}
			// Nor is it, if it was a real one: the thief's own.
			thief.signIn(reader)
			mine := thief.cookies["session"]
			victim.cookies["session"] = mine
			victim.signIn(actor)
			thief.cookies["session"] = mine
			if got := thief.whose(); got == actor.id() {
				t.Fatal("the session that was planted is the victim's now")
			}

			s.now.pass(5 * time.Minute) // a code that was asked for above has its time

			// A journey that the thief began for a member stands in the thief's browser
			// alone: the member's code, typed in another, does not move it.
			thief, victim = s.browser("thief", "192.0.2.66"), s.browser("victim", "192.0.2.1")
			if w := thief.post("/login", "username", actor.code, "password", actor.password); w.Header().Get("Location") != "/otp" {
				t.Fatalf("the thief has the password, and needs the code: %s", said(w))
			}
			victim.cookies["journey"] = thief.cookies["journey"]
			if w := victim.post("/otp", "otp", s.code(actor.email)); w.Header().Get("Location") == "/" || victim.cookies["session"] != "" {
				t.Errorf("the thief's journey goes on in the victim's browser: %s", said(w))
			}
			if got := thief.whose(); got != "" {
				t.Errorf("the thief is signed in as %q", got)
			}
			// And a journey's secret, stolen, does not move without the device either.
			s.now.pass(5 * time.Minute)
			victim.signIn(actor)
			if w := victim.post("/password/change"); w.Header().Get("Location") != "/password/new" {
				t.Fatalf("the password's change: %s", said(w))
			}
			thief.cookies = map[string]string{"journey": victim.cookies["journey"]}
			if w := thief.post("/password/new", "password", better); w.Header().Get("Location") == "/otp" {
				t.Errorf("a stolen journey goes on: %s", said(w))
			}
		})
	}
}

// What could have happened: two members share a browser, and the second goes on
// in the first one's session (row 16).
func TestTwoMembersOneBrowser(t *testing.T) {
	s := newSite(t, "sqlite", nil)
	s.register(reader, actor)
	b := s.browser("shared", "192.0.2.1")
	b.signIn(actor)
	old := maps.Clone(b.cookies)
	b.signIn(reader)
	if got := b.whose(); got != reader.id() {
		t.Errorf("after the second signed in, the browser is of %q", got)
	}
	if b.cookies["session"] == old["session"] {
		t.Error("the session is the same")
	}
	again := s.browser("shared", "192.0.2.1")
	again.cookies = old
	if got := again.whose(); got != "" {
		t.Errorf("the first one's session lives on, of %q", got)
	}
	// A journey of the first does not go on in the session of the second.
	b.signIn(actor)
	b.post("/password/change")
	journey := b.cookies["journey"]
	b.signIn(reader)
	b.cookies["journey"] = journey
	if w := b.post("/password/new", "password", better); w.Header().Get("Location") == "/otp" {
		t.Errorf("the first one's journey goes on in the second one's session: %s", said(w))
	}
}

// What could have happened: after the password was changed, because somebody else
// knew it, their session goes on, or a code that was under way still opens (row 18).
func TestChangeEndsAll(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			s := newSite(t, engine, nil)
			s.register(actor)
			owner, thief, late := s.browser("owner", "192.0.2.1"), s.browser("thief", "192.0.2.66"), s.browser("late", "192.0.2.67")
			owner.signIn(actor)
			thief.signIn(actor)
			// A third browser stands before the code of a sign-in with the old password.
			if w := late.post("/login", "username", actor.code, "password", actor.password); w.Header().Get("Location") != "/otp" {
				t.Fatalf("a sign-in that waits for its code: %s", said(w))
			}
			underway := s.code(actor.email)
			// And the thief has a draft with a code.
			draft := thief.post("/operations/new/iban", "iban", "IT60X0542811101000000123456").Header().Get("Location")
			thief.post(draft, "do", "ask")
			coded := s.code(actor.email)

			owner.post("/password/change")
			owner.post("/password/new", "password", better)
			if w := owner.post("/otp", "otp", s.code(actor.email)); w.Header().Get("Location") != "/" {
				t.Fatalf("the new password: %s", said(w))
			}
			if got := owner.whose(); got != actor.id() {
				t.Errorf("who changed the password is signed in as %q", got)
			}
			if got := thief.whose(); got != "" {
				t.Error("a session from before the change lives on")
			}
			if w := thief.post(draft, "otp", coded); strings.HasSuffix(w.Header().Get("Location"), "/done") {
				t.Errorf("a code from before the change confirms: %s", said(w))
			}
			if w := late.post("/otp", "otp", underway); late.cookies["session"] != "" {
				t.Errorf("a sign-in that was begun with the old password goes on: %s", said(w))
			}
			if n := s.number(`SELECT count(*) FROM confirmation`); n != 0 {
				t.Errorf("%d operations were confirmed", n)
			}
			if w := s.browser("anybody", "192.0.2.9").post("/login", "username", actor.code, "password", actor.password); w.Code != http.StatusUnprocessableEntity {
				t.Errorf("the old password: %s", said(w))
			}
		})
	}
}

// What could have happened: a network that is shut because of its many wrong
// passwords goes on knocking, is not heard, and yet has a member wait whom it
// names (ASVS 6.3.1, malicious lockout).
func TestShutNetworkShutsNobodyOut(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			s := newSite(t, engine, nil)
			fresh := member{number: "00905739", code: "MRNNOE61L16B893Z", status: "active", email: "b@example.com"}
			s.register(reader, fresh)
			guess := func(b *browser, number string) int {
				return b.post("/first-access/identify", "username", fresh.code, "number", number).Code
			}
			// Four wrong numbers, from elsewhere: one more would close that way for an hour.
			for i := range 4 {
				if code := guess(s.browser("somebody", "192.0.2.1"), "0000000"+string(rune('1'+i))); code != http.StatusUnprocessableEntity {
					t.Fatalf("a wrong number: %d", code)
				}
			}
			// Forty wrong passwords from one network, four for each of ten people.
			shut := s.browser("shut", "192.0.2.66")
			unknown, known := people()
			codes := []string{unknown}
			for _, m := range known {
				codes = append(codes, m.code)
			}
			for i := range 40 {
				shut.post("/login", "username", codes[i/4], "password", "sbagliata")
			}
			for range 3 {
				if code := guess(shut, "00000009"); code != http.StatusTooManyRequests {
					t.Fatalf("a network that is shut is heard: %d", code)
				}
			}
			if code := guess(s.browser("owner", "192.0.2.2"), fresh.number); code != http.StatusSeeOther {
				t.Errorf("the member, whom a shut network named: %d", code)
			}
		})
	}
}
