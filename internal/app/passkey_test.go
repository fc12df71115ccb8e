package app_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/profile"
	"aditus/internal/softkey"
	"aditus/internal/store"
)

// withKeys has the fund have passkeys.
func withKeys(f *access.Fund) {
	f.Factor.Passkeys = true
	f.Code.PerHour, f.Code.PerDay, f.Code.PerSite = 1000, 1000, 1000
}

func (b *browser) origin() string { return "https://" + b.s.fund.Hosts[0] }

// question posts a form as the page's script does, and returns the options.
func (b *browser) question(path string, pairs ...string) []byte {
	b.s.t.Helper()
	b.json = true
	defer func() { b.json = false }()
	w := b.post(path, append(pairs, "do", "passkey")...)
	if w.Code != http.StatusOK {
		b.s.t.Fatalf("%s asks for nothing: %s %s", path, said(w), w.Body)
	}
	return w.Body.Bytes()
}

// key answers a page's question with a device.
func (b *browser) key(d *softkey.Device, path string, pairs ...string) *httptest.ResponseRecorder {
	b.s.t.Helper()
	answer, err := d.Answer(b.origin(), b.question(path, pairs...))
	if err != nil {
		b.s.t.Fatal(err)
	}
	return b.post(path, append(pairs, "do", "passkey", "answer", string(answer))...)
}

// to wants an answer that leads there.
func (s *site) to(w *httptest.ResponseRecorder, path string) {
	s.t.Helper()
	if w.Header().Get("Location") != path {
		s.t.Fatalf("leads %s, not to %s: %s", said(w), path, main(w))
	}
}

// main is what an answer's page says in its middle.
func main(w *httptest.ResponseRecorder) string {
	_, body, _ := strings.Cut(w.Body.String(), "<main")
	body, _, _ = strings.Cut(body, "</main>")
	return body
}

// signs signs in with a password, and a code where one is asked for.
func (b *browser) signs(m member) {
	b.s.t.Helper()
	if w := b.post("/login", "username", m.code, "password", m.password); w.Header().Get("Location") == "/otp" {
		b.s.to(b.post("/otp", "otp", b.s.code(m.email)), "/")
	}
}

// adds has a member who is signed in make a passkey.
func (b *browser) adds(m member, d *softkey.Device, name string) {
	b.s.t.Helper()
	b.s.to(b.post("/security/passkeys", "do", "add"), "/otp")
	b.s.to(b.post("/otp", "otp", b.s.code(m.email)), "/security/passkeys/new")
	b.s.to(b.key(d, "/security/passkeys/new", "name", name), "/security/passkeys")
}

var anna = member{number: "00908304", code: "LMRSML58M22L006O", status: "active", email: "a@example.com", mobile: "+393007581279", password: secret, active: true}

func eachSite(t *testing.T, change func(*access.Fund), f func(t *testing.T, s *site)) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			f(t, newSite(t, engine, change))
		})
	}
}

// A member makes a passkey, signs in and confirms with it, calls it something else
// and takes it away; all contacts hear of what came and went.
func TestPasskey(t *testing.T) {
	eachSite(t, withKeys, func(t *testing.T, s *site) {
		s.register(anna)
		b, d := s.browser("first", "192.0.2.1"), &softkey.Device{}
		b.signs(anna)
		b.adds(anna, d, "  Il mio   telefono ")
		if page := main(b.do("GET", "/security/passkeys", nil)); !strings.Contains(page, "<bdi>Il mio telefono</bdi>") || !strings.Contains(page, "Non ancora usata") {
			t.Errorf("the list: %s", page)
		}
		told := func(text string) (to []string) {
			s.work()
			for _, m := range s.post.Messages() {
				if strings.Contains(m.Text, text) {
					to = append(to, m.To)
				}
			}
			return to
		}
		if to := told("una passkey"); len(to) < 3 { // the code, and a notice to each contact
			t.Errorf("told to %v", to)
		}

		// A browser that was never here.
		other, before := s.browser("second", "192.0.2.2"), len(told("dispositivo nuovo"))
		s.to(other.key(d, "/login/passkey"), "/")
		if n := s.number(`SELECT count(*) FROM session WHERE member = ?1 AND level = 'act' AND method = 'passkey' AND proved_at > 0 AND ended_at = 0`, anna.id()); n != 1 {
			t.Errorf("%d sessions", n)
		}
		if to := told("dispositivo nuovo"); len(to) != before+2 {
			t.Errorf("a new device was told to %v", to)
		}
		if page := main(other.do("GET", "/security", nil)); !strings.Contains(page, ">passkey<") {
			t.Error("how it was signed in is not said")
		}

		// It confirms what the page shows, and the receipt says by what.
		draft := other.draft("residence", residence...)
		if page := main(other.do("GET", draft, nil)); !strings.Contains(page, `data-passkey="get"`) {
			t.Errorf("nothing is offered: %s", page)
		}
		s.to(other.key(d, draft), strings.Replace(draft, "/confirm", "/done", 1))
		if n := s.number(`SELECT count(*) FROM confirmation WHERE member = ?1 AND method = 'passkey'`, anna.id()); n != 1 {
			t.Errorf("%d receipts", n)
		}
		if page := main(other.do("GET", strings.Replace(draft, "/confirm", "/done", 1), nil)); !strings.Contains(page, "passkey") {
			t.Errorf("the receipt: %s", page)
		}

		// Another name, and away.
		var id string
		if err := s.raw.QueryRow(`SELECT id FROM passkey`).Scan(&id); err != nil {
			t.Fatal(err)
		}
		s.to(other.post("/security/passkeys/"+id, "do", "rename", "name", "Portatile"), "/security/passkeys")
		if page := main(other.do("GET", "/security/passkeys", nil)); !strings.Contains(page, "<bdi>Portatile</bdi>") || !strings.Contains(page, "Usata l’ultima volta") {
			t.Errorf("the list: %s", page)
		}
		for _, name := range []string{"", " ", strings.Repeat("x", 41), "a\x01b"} {
			if w := other.post("/security/passkeys/"+id, "do", "rename", "name", name); w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%q: %s", name, said(w))
			}
		}
		s.to(other.post("/security/passkeys/"+id, "do", "remove"), "/otp")
		if n := s.number(`SELECT count(*) FROM passkey`); n != 1 {
			t.Error("it went without a code")
		}
		s.to(other.post("/otp", "otp", s.code(anna.email)), "/security/passkeys")
		if n := s.number(`SELECT count(*) FROM passkey`); n != 0 {
			t.Error("it is still there")
		}
		if to := told("stata tolta una passkey"); len(to) < 2 {
			t.Errorf("told to %v", to)
		}
		if page := main(other.do("GET", "/security/history", nil)); !strings.Contains(page, "Passkey creata") || !strings.Contains(page, "Passkey tolta") {
			t.Errorf("the history: %s", page)
		}
		third := s.browser("third", "192.0.2.3")
		if w := third.key(d, "/login/passkey"); w.Code != http.StatusUnprocessableEntity || third.cookies["session"] != "" {
			t.Errorf("with what was taken away: %s", said(w))
		}
	})
}

// draft fills in an act and returns the path at which it is confirmed.
func (b *browser) draft(act string, pairs ...string) string {
	b.s.t.Helper()
	w := b.post("/operations/new/"+act, pairs...)
	at := w.Header().Get("Location")
	if !strings.HasSuffix(at, "/confirm") {
		b.s.t.Fatalf("no draft: %s %s", said(w), main(w))
	}
	return at
}

// What could have happened: an answer to the device tells whether a passkey is
// somebody's who left, died, or is held back, or of nobody at all; or one of those
// comes in (security.md part 3, rows 11 and 30).
func TestPasskeyTellsNothing(t *testing.T) {
	eachSite(t, withKeys, func(t *testing.T, s *site) {
		s.register(anna, member{number: "0", code: "MRNNOE61L16B893Z", status: "active"})
		d, b := &softkey.Device{}, s.browser("first", "192.0.2.1")
		b.signs(anna)
		b.adds(anna, d, "telefono")
		set := func(q string, args ...any) func() {
			return func() {
				t.Helper()
				if _, err := s.raw.Exec(s.dialect(q), args...); err != nil {
					t.Fatal(err)
				}
			}
		}
		want, n := "", 0
		for _, c := range []struct {
			what      string
			do, undo  func()
			answering func(options []byte) []byte
		}{
			{what: "a key of nobody", answering: func(o []byte) []byte {
				other := &softkey.Device{}
				make := `{"publicKey":{"rp":{"id":"` + s.fund.Hosts[0] + `","name":"x"},"user":{"id":"QUJD","name":"x"},"challenge":"QUJDQUJDQUJDQUJD","pubKeyCredParams":[{"type":"public-key","alg":-7}]}}`
				if _, err := other.Answer(b.origin(), []byte(make)); err != nil {
					t.Fatal(err)
				}
				return answered(t, other, b.origin(), o)
			}},
			{what: "no answer", answering: func([]byte) []byte { return []byte("{}") }},
			{what: "left", do: set(`UPDATE entry SET status = 'unknown'`), undo: set(`UPDATE entry SET status = 'active'`)},
			{what: "died", do: set(`UPDATE entry SET status = 'deceased'`), undo: set(`UPDATE entry SET status = 'active'`)},
			{what: "held", do: set(`UPDATE entry SET held = 'quarantine'`), undo: set(`UPDATE entry SET held = ''`)},
			{what: "muted", do: set(`UPDATE passkey SET muted_at = 1`), undo: set(`UPDATE passkey SET muted_at = 0`)},
			{what: "another host's", do: set(`UPDATE passkey SET host = 'elsewhere.example'`), undo: set(`UPDATE passkey SET host = ?1`, s.fund.Hosts[0])},
			{what: "another member's", do: set(`UPDATE passkey SET member = 'M0'`), undo: set(`UPDATE passkey SET member = ?1`, anna.id())},
			{what: "not verified", do: func() { d.Unverified = true }, undo: func() { d.Unverified = false }},
		} {
			n++
			stranger := s.browser("stranger", fmt.Sprintf("192.0.2.%d", 10+n))
			options := stranger.question("/login/passkey")
			if c.do != nil {
				c.do()
			}
			make := c.answering
			if make == nil {
				make = func(o []byte) []byte { return answered(t, d, b.origin(), o) }
			}
			w := stranger.post("/login/passkey", "do", "passkey", "answer", string(make(options)))
			if c.undo != nil {
				c.undo()
			}
			got := shown(w)
			if want == "" {
				want = got
			}
			if got != want || stranger.cookies["session"] != "" || stranger.cookies["journey"] != "" {
				t.Errorf("%s: %s", c.what, difference(want, got))
			}
		}
		s.to(s.browser("last", "192.0.2.99").key(d, "/login/passkey"), "/")
	})
}

func answered(t *testing.T, d *softkey.Device, origin string, options []byte) []byte {
	t.Helper()
	a, err := d.Answer(origin, options)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What could have happened: one answer, sent sixteen times at once, begins sixteen
// sessions; or is good in another browser, or after five minutes.
func TestPasskeySignsInOnce(t *testing.T) {
	eachSite(t, withKeys, func(t *testing.T, s *site) {
		s.register(anna)
		d, b := &softkey.Device{}, s.browser("first", "192.0.2.1")
		b.signs(anna)
		b.adds(anna, d, "telefono")
		before := s.number(`SELECT count(*) FROM session`)

		thief := s.browser("thief", "192.0.2.2")
		options := thief.question("/login/passkey")
		right := string(answered(t, d, b.origin(), options))
		planted := s.browser("planted", "192.0.2.3")
		if w := planted.post("/login/passkey", "do", "passkey", "answer", right); w.Code != http.StatusConflict {
			t.Errorf("without the question's cookie: %s", said(w))
		}
		var all sync.WaitGroup
		shot := make(chan bool)
		for range 16 {
			same := s.browser("same", "192.0.2.2")
			same.cookies["passkey"] = thief.cookies["passkey"]
			all.Go(func() {
				<-shot
				same.post("/login/passkey", "do", "passkey", "answer", right)
			})
		}
		close(shot)
		all.Wait()
		if n := s.number(`SELECT count(*) FROM session`) - before; n != 1 {
			t.Errorf("%d sessions began", n)
		}
		late := s.browser("late", "192.0.2.4")
		options = late.question("/login/passkey")
		s.now.pass(5 * time.Minute)
		if w := late.post("/login/passkey", "do", "passkey", "answer", string(answered(t, d, b.origin(), options))); w.Code != http.StatusConflict {
			t.Errorf("after five minutes: %s", said(w))
		}
	})
}

// What could have happened: the way by the passkey leads past what the way by the
// password has to pass (security.md part 3, row 22): a password that must be
// changed, a PIN, a freeze; or an act is confirmed with a passkey that the same
// e-mail let in which gave the password back.
func TestPasskeyBypassesNothing(t *testing.T) {
	eachSite(t, withKeys, func(t *testing.T, s *site) {
		s.register(anna)
		d, b := &softkey.Device{}, s.browser("first", "192.0.2.1")
		b.signs(anna)

		// Not without a code, and the code is for this.
		b.json = true
		if w := b.post("/security/passkeys/new", "do", "passkey"); w.Code == http.StatusOK {
			t.Error("a question without a code")
		}
		b.json = false
		s.to(b.post("/security/passkeys", "do", "add"), "/otp")
		b.json = true
		if w := b.post("/security/passkeys/new", "do", "passkey", "name", "telefono"); w.Header().Get("Location") != "/otp" {
			t.Errorf("before the code: %s", said(w))
		}
		b.json = false
		b.post("/otp", "do", "cancel")
		s.now.pass(5 * time.Minute)
		b.adds(anna, d, "telefono")

		// Held like the e-mail that let it in, and no longer.
		hold := func(act string, pairs ...string) time.Duration {
			t.Helper()
			draft := b.draft(act, pairs...)
			s.to(b.key(d, draft), strings.Replace(draft, "/confirm", "/done", 1))
			until := s.number(`SELECT held_until FROM operation WHERE id = ?1`, strings.Split(draft, "/")[2])
			return time.UnixMilli(until).Sub(s.now.Now())
		}
		iban := []string{"iban", "IT60X0542811101000000123456"}
		if h := hold("iban", iban...); h != s.fund.Hold.ContactChange {
			t.Errorf("a new passkey: held for %s", h)
		}
		if !s.told(anna.mobile, "passkey nuova") || !s.told(anna.email, "con una passkey nuova") {
			t.Error("nobody was warned of an act that waits")
		}
		s.now.pass(73 * time.Hour)
		s.to(b.key(d, "/login/passkey"), "/")
		if h := hold("iban", iban...); h > 0 {
			t.Errorf("after three days: held for %s", h)
		}

		// The password was given back by the same e-mail: an older passkey is another
		// factor, a younger one is not.
		reset := func() {
			err := s.app.DB.Write(t.Context(), s.fund.ID, func(tx *store.Tx) error {
				return tx.PasswordReset(anna.id(), tx.ChannelIndex(access.Email, anna.email))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		reset()
		if h := hold("residence", residence...); h > 0 {
			t.Errorf("a passkey from before: held for %s", h)
		}
		s.now.pass(time.Minute)
		young := &softkey.Device{}
		b.adds(anna, young, "nuovo")
		old := d
		d = young
		if h := hold("iban", iban...); h < s.fund.Hold.PasswordReset-time.Hour {
			t.Errorf("a passkey from after: held for %s", h)
		}
		d = old

		// A password that must be changed comes first; and what was stopped stays so.
		must := func(f func(tx *store.Tx) error) {
			t.Helper()
			if err := s.app.DB.Write(t.Context(), s.fund.ID, f); err != nil {
				t.Fatal(err)
			}
		}
		must(func(tx *store.Tx) error { return tx.PasswordDue(anna.id()) })
		s.to(s.browser("second", "192.0.2.2").key(d, "/login/passkey"), "/password/new")
		if _, err := s.raw.Exec(`UPDATE credential SET due_at = 0`); err != nil {
			t.Fatal(err)
		}
		draft := b.draft("iban", iban...)
		b.question(draft)
		s.to(b.post("/security/not-me", "do", "stop"), "/security/not-me")
		frozen := s.browser("third", "192.0.2.3")
		s.to(frozen.key(d, "/login/passkey"), "/")
		s.to(frozen.post("/security/passkeys", "do", "add"), "/security/not-me")
		frozen.json = true
		if w := frozen.post(draft, "do", "passkey"); w.Header().Get("Location") != "/security/not-me" {
			t.Errorf("a question while frozen: %s", said(w))
		}
	})
}

// What could have happened: a passkey stands for a PIN as well; or its question can
// be had by somebody who has the session and not the PIN.
func TestPasskeyAndPIN(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSiteOf(t, engine, "meridiana", withKeys)
			m := member{number: "900001", code: "900001", status: "active", email: "a@example.com", mobile: "+393000000001", password: secret, reliable: true}
			s.register(m)
			hash, err := s.app.Passwords.Hash(t.Context(), "73519204")
			if err != nil {
				t.Fatal(err)
			}
			if err := s.app.DB.Write(t.Context(), s.fund.ID, func(tx *store.Tx) error { return tx.SetPIN(m.id(), hash) }); err != nil {
				t.Fatal(err)
			}
			d, b := &softkey.Device{}, s.browser("first", "192.0.2.1")
			s.to(b.post("/login", "username", m.code, "password", secret), "/")
			s.to(b.post("/security/passkeys", "do", "add"), "/otp")
			s.to(b.post("/otp", "otp", s.sms(m.mobile)), "/security/passkeys/new")
			s.to(b.key(d, "/security/passkeys/new", "name", "telefono"), "/security/passkeys")

			draft := b.draft("iban", "iban", "IT60X0542811101000000123456")
			b.json = true
			for _, pin := range []string{"", "11112222"} {
				if w := b.post(draft, "do", "passkey", "pin", pin); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `"field":"pin"`) {
					t.Errorf("with the PIN %q: %s %s", pin, said(w), w.Body)
				}
			}
			b.json = false
			s.to(b.key(d, draft, "pin", "73519204"), strings.Replace(draft, "/confirm", "/done", 1))
		})
	}
}

// told reports whether somebody was sent a text.
func (s *site) told(to, text string) bool {
	s.work()
	for _, m := range s.post.Messages() {
		if m.To == to && strings.Contains(m.Text, text) {
			return true
		}
	}
	return false
}

// Two hosts of one fund are two places: a passkey of one is asked for at it alone.
func TestPasskeyHosts(t *testing.T) {
	s := newSite(t, "sqlite", func(f *access.Fund) {
		withKeys(f)
		f.Hosts = []string{"flex.fund.example", "1e.fund.example"}
	})
	s.register(anna)
	d, b := &softkey.Device{}, s.browser("first", "192.0.2.1")
	b.signs(anna)
	b.adds(anna, d, "telefono")
	s.fund.Hosts = []string{"1e.fund.example", "flex.fund.example"} // what the browsers of the test ask
	other := s.browser("second", "192.0.2.2")
	d.Move("flex.fund.example", "1e.fund.example")
	if w := other.key(d, "/login/passkey"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("at the other host: %s", said(w))
	}
	other.signs(anna)
	if page := main(other.do("GET", "/security/passkeys", nil)); !strings.Contains(page, "Vale per flex.fund.example") {
		t.Errorf("the list: %s", page)
	}
	draft := other.draft("residence", residence...)
	if page := main(other.do("GET", draft, nil)); strings.Contains(page, "data-passkey") {
		t.Error("a passkey of another host is offered")
	}
	other.json = true
	if w := other.post(draft, "do", "passkey"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("and can be asked for: %s", said(w))
	}
}

// A fund that has none has no pages for them either, and asks nobody.
func TestPasskeyNone(t *testing.T) {
	s := newSite(t, "sqlite", nil)
	s.register(anna)
	b := s.browser("first", "192.0.2.1")
	s.to(b.do("GET", "/login/passkey", nil), "/login")
	if page := main(b.do("GET", "/login", nil)); strings.Contains(page, "passkey") {
		t.Error("the sign-in page has one")
	}
	b.json = true
	if w := b.post("/login/passkey", "do", "passkey"); w.Code == http.StatusOK {
		t.Error("it asks")
	}
	b.json = false
	b.signs(anna)
	s.to(b.do("GET", "/security/passkeys", nil), "/security")
	if w := b.do("POST", "/security/passkeys", url.Values{"do": {"add"}}); w.Code != http.StatusConflict && w.Header().Get("Location") == "" {
		t.Errorf("adding: %s", said(w))
	}
	if s.number(`SELECT count(*) FROM journey WHERE goal = 'add_passkey'`) != 0 {
		t.Error("a journey to one began")
	}
}

// What could have happened: whoever acts for another confirms with a passkey, and it is
// looked for among the other's, or the act is confirmed as hers.
func TestPasskeyForAnother(t *testing.T) {
	eachSite(t, withKeys, func(t *testing.T, s *site) {
		s.register(anna)
		child := "M00905739"
		err := s.app.DB.Write(t.Context(), s.fund.ID, func(tx *store.Tx) error {
			im, err := tx.BeginImport("children.csv", "1")
			if err != nil {
				return err
			}
			err = tx.AddEntry(access.Entry{ID: "00905739", Member: child, Number: "00905739", Login: "RNDMNL14A04E098O", Status: "active", Held: access.HeldRepresented,
				Version: im.Version, Digest: "1", Record: access.Record{Name: "Emanuele", Surname: "Rondardi", TaxCode: "RNDMNL14A04E098O", Born: "2014-01-04",
					Representative: anna.code, RepresentativeKind: "parent", OfAge: access.OfAge("2014-01-04", s.fund.Zone).UnixMilli()}})
			if err != nil {
				return err
			}
			if err := tx.PublishImport(im); err != nil {
				return err
			}
			_, err = profile.Enrol(tx, s.fund, access.Mandate{Representative: anna.id(), Member: child, Kind: "parent", By: "office",
				Proof: access.Document{Kind: "identity_document", Number: "AX1234567", Issuer: "Comune", Date: "2024-03-01"}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		d, b := &softkey.Device{}, s.browser("first", "192.0.2.1")
		b.signs(anna)
		page := b.do("GET", "/profiles", nil).Body.String()
		found := regexp.MustCompile(`name="profile"[^>]*value="([^"]*` + child + `[^"]*)"`).FindStringSubmatch(page)
		if found == nil {
			t.Fatalf("no profile to choose: %s", page)
		}
		s.to(b.post("/profiles", "profile", anna.id()), "/")
		b.adds(anna, d, "telefono")
		s.to(b.post("/profiles", "profile", found[1]), "/")
		draft := b.draft("iban", "iban", "IT60X0542811101000000123456", "profile", child)
		s.to(b.key(d, draft), strings.Replace(draft, "/confirm", "/done", 1))
		if n := s.number(`SELECT count(*) FROM confirmation WHERE member = ?1 AND method = 'passkey'`, child); n != 1 {
			t.Errorf("%d receipts", n)
		}
	})
}
