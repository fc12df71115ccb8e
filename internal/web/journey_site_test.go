package web_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/app"
	"aditus/internal/deliver"
	"aditus/internal/keys"
	"aditus/internal/password"
	"aditus/internal/policy"
	"aditus/internal/store"
)

// A walk is a small site for the pages of the journeys: one fund, a few members,
// a clock that the test moves, and messages that go nowhere.
type walk struct {
	t     *testing.T
	app   *app.App
	fund  *access.Fund
	ring  *keys.Ring
	post  *deliver.Capture
	clock *walkClock
	file  string // the database

	mu   sync.Mutex
	dead error // what every message meets, nil if it goes
}

type walkClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *walkClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *walkClock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// The members, as the fund's register has them.
const (
	samuele = "LMRSML58M22L006O" // e-mail and mobile, a password
	noe     = "MRNNOE61L16B893Z" // e-mail, no password; number 00905739
	teresa  = "MCCTRS81C49H884H" // mobile, a password
	nemo    = "SNTPGR83H07I392P" // no contact, a password
	nadia   = "SGRMRK86R30A614O" // no contact, no password; number 00901531
	umberto = "RVRMRT93M27B893R" // the e-mail of samuele, a password
	secret  = "ciliegia-Lampada-47-nuvola"
	better  = "quattro parole a caso insieme"
)

// newWalk makes one. Change, if not nil, sees the fund before it is served.
func newWalk(t *testing.T, change func(*access.Fund)) *walk {
	t.Helper()
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		t.Fatal(err)
	}
	fund := all[slices.IndexFunc(all, func(f *access.Fund) bool { return f.ID == "aurora" })]
	if change != nil {
		change(fund)
	}
	w := &walk{t: t, fund: fund, file: filepath.Join(t.TempDir(), "aditus.db"), clock: &walkClock{now: time.Date(2025, 9, 30, 8, 0, 0, 0, time.UTC)}}
	w.post = deliver.NewCapture(w.clock.Now)
	w.ring = keys.New(nil)
	w.app, err = app.New(t.Context(), app.Options{Database: w.file, Keys: w.ring, Funds: []*access.Fund{fund},
		Senders: map[access.Kind]deliver.Sender{access.Email: w, access.SMS: w}, Checkpoints: io.Discard, Now: w.clock.Now, Secure: true,
		Log: slog.New(slog.NewTextHandler(failingOutput{t}, nil)), Password: password.Params{MemoryKiB: 64, Time: 1, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.app.Close(); err != nil {
			t.Error(err)
		}
	})
	hash, err := w.app.Passwords.Hash(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	w.write(func(tx *store.Tx) error {
		im, err := tx.BeginImport("members.csv", "0")
		if err != nil {
			return err
		}
		for _, m := range []struct{ number, code, name, email, mobile string }{
			{"00908304", samuele, "Samuele", "samuele.lamarghera@example.com", "+393007581279"},
			{"00905739", noe, "Noè", "noe.moranelli@example.com", ""},
			{"00902076", teresa, "Teresa", "", "+393004952793"},
			{"00900025", nemo, "Piergiorgio", "", ""},
			{"00901531", nadia, "Mirko", "", ""},
			{"00900103", umberto, "Umberto", "samuele.lamarghera@example.com", ""},
		} {
			e := access.Entry{ID: m.number, Member: "M" + m.number, Number: m.number, Login: m.code, Status: "active", Version: im.Version, Digest: "0",
				Record: access.Record{Name: m.name, Surname: "Prova", TaxCode: m.code, Email: m.email, Mobile: m.mobile}}
			if err := tx.AddEntry(e); err != nil {
				return err
			}
			if m.code == noe || m.code == nadia {
				continue
			}
			if err := tx.SetPassword(access.Credential{Member: e.Member, Hash: hash, Source: "registry"}); err != nil {
				return err
			}
		}
		return tx.PublishImport(im)
	})
	return w
}

// failingOutput makes a line in the log an error of the test: no page here may
// end in a fault.
type failingOutput struct{ t *testing.T }

func (f failingOutput) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "level=ERROR") {
		f.t.Errorf("the log says: %s", b)
	}
	return len(b), nil
}

func (w *walk) write(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.app.DB.Write(w.t.Context(), w.fund.ID, f); err != nil {
		w.t.Fatal(err)
	}
}

// Send is the way of every message.
func (w *walk) Send(ctx context.Context, e deliver.Envelope) (deliver.Receipt, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead != nil {
		return deliver.Receipt{}, w.dead
	}
	return w.post.Send(ctx, e)
}

// deliver sends what waits, or has it fail so.
func (w *walk) deliver(dead error) {
	w.t.Helper()
	w.mu.Lock()
	w.dead = dead
	w.mu.Unlock()
	if _, err := w.app.Worker.Once(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// occupy has no password hashed until it is released.
func (w *walk) occupy() (release func()) {
	hands := w.app.Journeys.Passwords
	w.app.Journeys.Passwords = password.NewHasher(password.Params{MemoryKiB: 64, Time: 1, Threads: 1}, -1, -1, 0, w.ring.Pepper())
	return func() { w.app.Journeys.Passwords = hands }
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// code is that of the newest message to an address.
func (w *walk) code(to string) string {
	w.t.Helper()
	w.deliver(nil)
	for _, m := range w.post.Messages() {
		if m.To == to && sixDigits.MatchString(m.Text) {
			return sixDigits.FindString(m.Text)
		}
	}
	w.t.Fatalf("no code was sent to %s", to)
	return ""
}

// other is a code that is not this one.
func other(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// A browser keeps cookies and remembers its last page.
type browser struct {
	w       *walk
	cookies map[string]string
	at      string // the path of the last page, after what led there
	page    *html.Node
	text    string // what stands on it
	header  http.Header
}

func (w *walk) browser() *browser {
	return &browser{w: w, cookies: map[string]string{"__Host-lang": "it"}}
}

const host = "area.fondoaurora.example"

// raw asks once, and keeps the cookies.
func (b *browser) raw(r *http.Request) *httptest.ResponseRecorder {
	b.w.t.Helper()
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	a := httptest.NewRecorder()
	b.w.app.Handler.ServeHTTP(a, r)
	seen := map[string]bool{}
	for _, c := range a.Result().Cookies() {
		if seen[c.Name] {
			b.w.t.Errorf("%s %s sets %s twice", r.Method, r.URL.Path, c.Name)
		}
		seen[c.Name] = true
		if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			b.w.t.Errorf("%s %s sets %s", r.Method, r.URL.Path, c.Raw)
		}
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return a
}

// form is a request that posts pairs of a name and a value.
func form(path string, pairs ...string) *http.Request {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest("POST", "https://"+host+path, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

func get(path string) *http.Request { return httptest.NewRequest("GET", "https://"+host+path, nil) }

// ask asks, follows what leads on, and returns the status of the page it ends at.
func (b *browser) ask(r *http.Request) int {
	b.w.t.Helper()
	for range 5 {
		a := b.raw(r)
		if a.Code != http.StatusSeeOther {
			b.at, b.text, b.header = r.URL.Path, a.Body.String(), a.Header()
			b.look(a)
			return a.Code
		}
		r = get(a.Header().Get("Location"))
	}
	b.w.t.Fatalf("%s leads round and round", r.URL.Path)
	return 0
}

func (b *browser) get(path string) int {
	b.w.t.Helper()
	return b.ask(get(path))
}

func (b *browser) do(path string, pairs ...string) int {
	b.w.t.Helper()
	return b.ask(form(path, pairs...))
}

// must ends the test unless the browser got a page of that path with 200.
func (b *browser) must(status int, path string) {
	b.w.t.Helper()
	if status != http.StatusOK || b.at != path {
		b.w.t.Fatalf("got %d at %s, want the page %s", status, b.at, path)
	}
}

// want tells of a wrong answer.
func (b *browser) want(status int, path string, got int) {
	b.w.t.Helper()
	if got != status || b.at != path {
		b.w.t.Errorf("got %d at %s, want %d at %s", got, b.at, status, path)
	}
}

// has and lacks look for words on the page.
func (b *browser) has(words ...string) {
	b.w.t.Helper()
	for _, s := range words {
		if !strings.Contains(b.words(), s) {
			b.w.t.Errorf("%s does not say %q:\n%s", b.at, s, b.words())
		}
	}
}

func (b *browser) lacks(words ...string) {
	b.w.t.Helper()
	for _, s := range words {
		if strings.Contains(b.words(), s) {
			b.w.t.Errorf("%s says %q", b.at, s)
		}
	}
}

// words are the page's text, its white space as one blank.
func (b *browser) words() string {
	var s strings.Builder
	for n := range b.page.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "style" && n.Parent.Data != "script" {
			s.WriteString(n.Data)
		}
	}
	return strings.Join(strings.Fields(s.String()), " ")
}

// ids are the elements of the page by id.
func (b *browser) ids() map[string]*html.Node {
	all := map[string]*html.Node{}
	for n := range b.page.Descendants() {
		if id := attr(n, "id"); id != "" {
			all[id] = n
		}
	}
	return all
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

var (
	noText = regexp.MustCompile(`\[[a-z_]+\.[A-Za-z0-9_.+]+\]`)
	noHole = regexp.MustCompile(`\{[a-z][a-z0-9]*\}`)
)

// look holds every page that is ever seen to what every page must be: no text
// missing, no hole empty, one heading, names for what can be filled in, links
// and descriptions that lead somewhere.
func (b *browser) look(a *httptest.ResponseRecorder) {
	t := b.w.t
	t.Helper()
	if kind := a.Header().Get("Content-Type"); !strings.HasPrefix(kind, "text/html") {
		b.page = &html.Node{}
		return
	}
	var err error
	if b.page, err = html.Parse(strings.NewReader(b.text)); err != nil {
		t.Fatal(err)
	}
	if s := noText.FindString(b.text); s != "" {
		t.Errorf("%s lacks the text %s", b.at, s)
	}
	ids := map[string]bool{}
	labels := map[string]bool{}
	var refs []string
	h1, title, lang := 0, "", ""
	for n := range b.page.Descendants() {
		if n.Type == html.TextNode && noHole.MatchString(n.Data) {
			t.Errorf("%s has an empty hole: %s", b.at, n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		for _, x := range n.Attr {
			if x.Key != "data-i18n" && noHole.MatchString(x.Val) {
				t.Errorf("%s has an empty hole in %s: %s", b.at, x.Key, x.Val)
			}
			switch {
			case x.Key == "id" && ids[x.Val]:
				t.Errorf("%s has two elements with the id %s", b.at, x.Val)
			case x.Key == "id":
				ids[x.Val] = true
			case x.Key == "aria-describedby", x.Key == "aria-labelledby", x.Key == "data-live", x.Key == "data-resend", x.Key == "data-confirm":
				refs = append(refs, strings.Fields(x.Val)...)
			case x.Key == "href" && strings.HasPrefix(x.Val, "#"):
				refs = append(refs, x.Val[1:])
			}
		}
		switch n.Data {
		case "html":
			lang = attr(n, "lang")
		case "h1":
			h1++
		case "title":
			title = n.FirstChild.Data
		case "label":
			labels[attr(n, "for")] = true
		}
	}
	for _, ref := range refs {
		if !ids[ref] {
			t.Errorf("%s names an id that is not there: %s", b.at, ref)
		}
	}
	for n := range b.page.Descendants() {
		if n.Data == "input" && !hasAttr(n, "hidden") && attr(n, "type") != "hidden" && !labels[attr(n, "id")] {
			t.Errorf("%s has a field without a label: %s", b.at, attr(n, "id"))
		}
	}
	wrong := strings.Contains(b.text, `id="problems"`)
	if h1 != 1 || strings.TrimSpace(title) == "" || lang != b.cookies["__Host-lang"] {
		t.Errorf("%s has %d headings, the title %q, the language %q", b.at, h1, title, lang)
	}
	mark := map[string]string{"it": "Errore:", "fr": "Erreur", "de": "Fehler:", "en": "Error:"}[lang]
	if wrong != strings.HasPrefix(title, mark) {
		t.Errorf("%s has the title %q, errors %v", b.at, title, wrong)
	}
	if len(b.text) > 60<<10 {
		t.Errorf("%s is %d bytes", b.at, len(b.text))
	}
}

// languages are those of the fund. Italian is the last, and what the browser is
// left with.
var languages = []string{"fr", "de", "en", "it"}

// each asks the same in every language; what is asked must not change how
// things stand.
func (b *browser) each(status int, path string, ask func() int) {
	b.w.t.Helper()
	for _, lang := range languages {
		b.cookies["__Host-lang"] = lang
		b.want(status, path, ask())
	}
}

// pages asks for one page in every language.
func (b *browser) pages(path string) {
	b.w.t.Helper()
	b.each(http.StatusOK, path, func() int { return b.get(path) })
}

// permanent is what a dead mailbox answers; refused proves nothing of it.
var (
	permanent = &deliver.Permanent{Failure: deliver.Failure{Stage: "to", Code: 550, Enhanced: "5.1.1", Err: errors.New("no such user")}}
	refused   = &deliver.Permanent{Failure: deliver.Failure{Stage: "data", Code: 554, Enhanced: "5.7.1", Err: errors.New("content refused")}}
)
