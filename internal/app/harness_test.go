package app_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/app"
	"aditus/internal/dbtest"
	"aditus/internal/deliver"
	"aditus/internal/keys"
	"aditus/internal/password"
	"aditus/internal/policy"
	"aditus/internal/store"
)

// Passwords that the fund's rules let through.
const (
	secret = "ciliegia-Lampada-47-nuvola"
	better = "quattro-Parole-a-caso-insieme"
)

// A site is the whole program in one process, on a database of its own, with a
// clock that stands still and a post office that keeps all it is given.
type site struct {
	t    testing.TB
	app  *app.App
	fund *access.Fund
	post *deliver.Capture
	raw  *sql.DB
	now  *clock
	pg   bool

	database string          // where it is
	typed    map[string]bool // everything that was sent in a form; nil: not taken down
}

// newSite makes one. Change, if not nil, sees the fund before it is served.
func newSite(t testing.TB, engine string, change func(*access.Fund)) *site {
	t.Helper()
	return newSiteOf(t, engine, "aurora", change)
}

// newSiteOf makes one of another fund.
func newSiteOf(t testing.TB, engine, fund string, change func(*access.Fund)) *site {
	t.Helper()
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		t.Fatal(err)
	}
	f := all[slices.IndexFunc(all, func(f *access.Fund) bool { return f.ID == fund })]
	if change != nil {
		change(f)
	}
	s := &site{t: t, fund: f, now: &clock{at: time.Date(2025, 9, 30, 8, 0, 0, 0, time.UTC)}, pg: engine == "postgres"}
	s.post = deliver.NewCapture(s.now.Now)
	where := filepath.Join(t.TempDir(), "aditus.db")
	if s.pg {
		where = dbtest.URL(t)
	}
	s.app, err = app.New(t.Context(), app.Options{Database: where, Keys: keys.New(nil), Funds: []*access.Fund{f}, Wording: funds.Files,
		Senders:     map[access.Kind]deliver.Sender{access.Email: s.post, access.SMS: s.post, access.PEC: s.post, access.Letter: s.post},
		Checkpoints: &bytes.Buffer{}, Log: slog.New(slog.NewTextHandler(loud{t}, &slog.HandlerOptions{Level: slog.LevelError})), Now: s.now.Now, Secure: true,
		Proxies:  []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Password: password.Params{MemoryKiB: 64, Time: 1, Threads: 1}, Conns: 4, Wait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.app.Close(); err != nil {
			t.Error(err)
		}
	})
	s.raw, s.database = dbtest.Raw(t, where), where
	return s
}

// loud makes an error in the log an error of the test.
type loud struct{ t testing.TB }

func (l loud) Write(b []byte) (int, error) {
	l.t.Errorf("the program notes a fault: %s", b)
	return len(b), nil
}

// A clock stands still until a test moves it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// A member is one row of the register, and what they have.
type member struct {
	number, code  string
	status, held  string
	email, mobile string
	password      string // "" for none
	active        bool   // has a secure channel, to the e-mail address
	reliable      bool   // the register vouches for the mobile
}

func (m member) id() string { return "M" + m.number }

// register brings members in, as an import would.
func (s *site) register(all ...member) {
	s.t.Helper()
	hashes := map[string]string{}
	for _, m := range all {
		if m.password != "" && hashes[m.password] == "" {
			hash, err := s.app.Passwords.Hash(s.t.Context(), m.password)
			if err != nil {
				s.t.Fatal(err)
			}
			hashes[m.password] = hash
		}
	}
	err := s.app.DB.Write(s.t.Context(), s.fund.ID, func(tx *store.Tx) error {
		im, err := tx.BeginImport("members.csv", "0")
		if err != nil {
			return err
		}
		for _, m := range all {
			err := tx.AddEntry(access.Entry{ID: m.number, Member: m.id(), Number: m.number, Login: m.code, Status: m.status, Held: m.held, Version: im.Version,
				Digest: "0", Record: access.Record{Name: "Nome", Surname: "Cognome", TaxCode: m.code, Email: m.email, Mobile: m.mobile, MobileReliable: m.reliable}})
			if err != nil {
				return err
			}
			if m.password != "" {
				source := "registry"
				if m.active {
					source = "member"
				}
				if err := tx.SetPassword(access.Credential{Member: m.id(), Hash: hashes[m.password], Source: source}); err != nil {
					return err
				}
			}
			if m.active {
				if err := errors.Join(
					tx.UseChannel(access.Channel{ID: "C" + m.number, Member: m.id(), Kind: access.Email, Address: m.email, Source: "registry"}),
					tx.Enrol(access.Enrolment{Member: m.id(), Level: access.LevelAct})); err != nil {
					return err
				}
			}
		}
		return tx.PublishImport(im)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// work sends what the outbox holds.
func (s *site) work() {
	s.t.Helper()
	if _, err := s.app.Worker.Once(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

var codeLine = regexp.MustCompile(`(?m)^(\d{6})$`)

// code is the newest code that was sent to an address, "" if none was.
func (s *site) code(to string) string {
	s.work()
	for _, m := range s.post.Messages() {
		if m.To != to {
			continue
		}
		if found := codeLine.FindStringSubmatch(m.Text); found != nil {
			return found[1]
		}
	}
	return ""
}

// number is the one number that a query answers.
func (s *site) number(q string, args ...any) (n int64) {
	s.t.Helper()
	if err := s.raw.QueryRow(s.dialect(q), args...).Scan(&n); err != nil {
		s.t.Fatalf("%s: %v", q, err)
	}
	return n
}

// dialect turns ?1 into $1 on PostgreSQL.
func (s *site) dialect(q string) string {
	if s.pg {
		return strings.ReplaceAll(q, "?", "$")
	}
	return q
}

// A browser has cookies and an address in the network.
type browser struct {
	s       *site
	name    string
	from    string
	cookies map[string]string
	json    bool // it asks as a page's script does
}

func (s *site) browser(name, from string) *browser {
	return &browser{s: s, name: name, from: from, cookies: map[string]string{}}
}

// do asks, and keeps the cookies of the answer. Redirects are not followed.
func (b *browser) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	return b.send(method, path, form, nil)
}

// send is do with more headers, or others.
func (b *browser) send(method, path string, form url.Values, headers map[string]string) *httptest.ResponseRecorder {
	for _, values := range form {
		if b.s.typed != nil {
			b.s.typed[values[0]] = true
		}
	}
	r := httptest.NewRequest(method, "https://"+b.s.fund.Hosts[0]+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = "127.0.0.1:4321"
	r.Header.Set("X-Forwarded-For", b.from)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0")
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	if b.json {
		r.Header.Set("Accept", "application/json")
	}
	for _, name := range slices.Sorted(maps.Keys(b.cookies)) {
		r.AddCookie(&http.Cookie{Name: "__Host-" + name, Value: b.cookies[name]})
	}
	for name, value := range headers {
		if r.Header.Set(name, value); name == "Host" {
			r.Host = value
		}
	}
	w := httptest.NewRecorder()
	b.s.app.Handler.ServeHTTP(w, r)
	for _, k := range w.Result().Cookies() {
		name := strings.TrimPrefix(k.Name, "__Host-")
		if k.MaxAge < 0 {
			delete(b.cookies, name)
			continue
		}
		b.cookies[name] = k.Value
	}
	return w
}

// post sends a form: pairs of name and value.
func (b *browser) post(path string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.do("POST", path, form)
}

// seed is what everything random in a test comes from.
func seed(t testing.TB) uint64 {
	t.Helper()
	if s := os.Getenv("ADITUS_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("ADITUS_SEED: %v", err)
		}
		return n
	}
	return 20251121
}

// said is an answer in one line.
func said(w *httptest.ResponseRecorder) string {
	return fmt.Sprintf("%d %s", w.Code, w.Header().Get("Location"))
}
