package browser_test

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/app"
	"aditus/internal/browsertest"
	"aditus/internal/dbtest"
	"aditus/internal/deliver"
	"aditus/internal/keys"
	"aditus/internal/password"
	"aditus/internal/policy"
	"aditus/internal/texts"
)

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m)) }

// A world is the program on a database of its own, served on loopback.
type world struct {
	t     *testing.T
	app   *app.App
	fund  *access.Fund
	clock *clock
	post  *deliver.Capture
	host  string // aurora.localhost
	base  string // http://aurora.localhost:PORT
	port  string
	file  string       // the database
	voice *texts.Voice // Italian, for what a test looks for by its key

	people atomic.Int64 // that were put into the register
	homes  atomic.Int64 // networks that people come from
	late   atomic.Bool  // the database does not answer in time

	mu    sync.Mutex
	posts map[string]int // forms that came, by path
	dead  error          // what every message meets, nil if it goes
}

// A clock stands still until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add lets time pass.
func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// begin is the day of scenarios.md, 10:00 in Rome.
var begin = time.Date(2025, 9, 30, 8, 0, 0, 0, time.UTC)

// newWorld makes one. Its password hashes are as cheap as they can be, and only
// one is made at a time: nobody waits for a turn.
func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOf(t, "aurora")
}

// newWorldOf makes one of another fund.
func newWorldOf(t *testing.T, fund string) *world {
	t.Helper()
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: &clock{now: begin}, posts: map[string]int{}}
	w.fund = all[slices.IndexFunc(all, func(f *access.Fund) bool { return f.ID == fund })]
	w.post = deliver.NewCapture(w.clock.Now)
	server := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(server.Close)
	if _, w.port, err = net.SplitHostPort(server.Listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	w.host = fund + ".localhost"
	w.base = "http://" + w.host + ":" + w.port
	w.file = filepath.Join(t.TempDir(), "aditus.db")
	w.app, err = app.New(t.Context(), app.Options{Database: w.file, Keys: keys.New(nil), Funds: []*access.Fund{w.fund},
		Wording: funds.Files, Hosts: map[string]string{w.host: w.fund.ID}, Checkpoints: io.Discard, Now: w.clock.Now,
		Senders: map[access.Kind]deliver.Sender{access.Email: w, access.SMS: w, access.PEC: w, access.Letter: w}, Log: slog.New(slog.DiscardHandler),
		Password: password.Params{MemoryKiB: 64, Time: 1, Threads: 1}, Slots: 1, Queue: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Close()
		if err := w.app.Close(); err != nil {
			t.Error(err)
		}
	})
	w.voice = w.app.Texts.Voice(texts.StyleOf(w.fund, "it"), "it")
	return w
}

// serve is the site, and beside it /-/be, which sits somebody down with cookies,
// and /-/form, which has a form to post that no page of the site has.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/-/be":
		w.homes.Add(1)
		for name, values := range r.URL.Query() {
			if name == "to" {
				continue
			}
			c := &http.Cookie{Name: name, Value: values[0], Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
			if c.Value == "" {
				c.MaxAge = -1
			}
			http.SetCookie(rw, c)
		}
		http.Redirect(rw, r, r.URL.Query().Get("to"), http.StatusSeeOther)
		return
	case "/-/form":
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := postman.Execute(rw, r.URL.Query()); err != nil {
			w.t.Error(err)
		}
		return
	}
	r.RemoteAddr = w.address()
	if r.Method == http.MethodPost {
		w.mu.Lock()
		w.posts[r.URL.Path]++
		w.mu.Unlock()
	}
	if w.late.Load() && !strings.HasPrefix(r.URL.Path, "/assets/") {
		ctx, stop := context.WithDeadline(r.Context(), time.Now())
		defer stop()
		r = r.WithContext(ctx)
	}
	w.app.Handler.ServeHTTP(rw, r)
}

// address is where the next request comes from: whoever sits down at a browser is
// in a network of their own, so that one's mistakes are not another's.
func (w *world) address() string {
	n := w.homes.Load()
	return fmt.Sprintf("198.51.%d.%d:443", 100+n/250%100, 1+n%250)
}

// postman is a page with one button that posts what its address says, to say it
// from another place or in another way than a page of the site would.
var postman = template.Must(template.New("form").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>form</title><link rel="icon" href="data:,">
<form method="post" action="{{.Get "-to"}}">{{range $name, $values := .}}{{if ne $name "-to"}}{{range $values}}
<input type="hidden" name="{{$name}}" value="{{.}}">{{end}}{{end}}{{end}}<button>post</button></form>`))

// breaks has the database fail at a statement, «INSERT ON operation» say, in such
// a way that nobody can tell what became of the transaction, until mend is called.
func (w *world) breaks(statement string) (mend func()) {
	w.t.Helper()
	raw := dbtest.Raw(w.t, w.file)
	run := func(q string) {
		w.t.Helper()
		if _, err := raw.ExecContext(context.Background(), q); err != nil {
			w.t.Fatal(err)
		}
	}
	run("CREATE TRIGGER broken BEFORE " + statement + " BEGIN SELECT RAISE(ROLLBACK, 'broken'); END")
	return func() { run("DROP TRIGGER broken") }
}

// Send is the way of every message.
func (w *world) Send(ctx context.Context, e deliver.Envelope) (deliver.Receipt, error) {
	w.mu.Lock()
	dead := w.dead
	w.mu.Unlock()
	if dead != nil {
		return deliver.Receipt{}, dead
	}
	return w.post.Send(ctx, e)
}

// What a message can meet: a mailbox that is not there, and a server that does
// not want it.
var (
	nobody    = &deliver.Permanent{Failure: deliver.Failure{Stage: "to", Code: 550, Enhanced: "5.1.1", Err: errors.New("no such mailbox")}}
	unwelcome = &deliver.Permanent{Failure: deliver.Failure{Stage: "data", Code: 554, Enhanced: "5.7.1", Err: errors.New("refused")}}
)

// deliver sends what waits, or has it meet an error.
func (w *world) deliver(dead error) {
	w.t.Helper()
	w.mu.Lock()
	w.dead = dead
	w.mu.Unlock()
	if _, err := w.app.Worker.Once(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// code is that of the newest message to an address.
func (w *world) code(to string) string {
	w.t.Helper()
	w.deliver(nil)
	for _, m := range w.post.Messages() {
		if m.To == to {
			if code := sixDigits.FindString(m.Text); code != "" {
				return code
			}
		}
	}
	w.t.Fatalf("no code was sent to %s", to)
	return ""
}

// sent is how many messages went to an address.
func (w *world) sent(to string) (n int) {
	w.deliver(nil)
	for _, m := range w.post.Messages() {
		if m.To == to {
			n++
		}
	}
	return n
}

// told is how many messages to an address say this.
func (w *world) told(to, text string) (n int) {
	w.deliver(nil)
	for _, m := range w.post.Messages() {
		if m.To == to && strings.Contains(m.Subject+" "+m.Text, text) {
			n++
		}
	}
	return n
}

// posted is how many forms came to a path.
func (w *world) posted(path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.posts[path]
}

// wrong is a code that is not this one.
func wrong(code string) string {
	if code == "000000" {
		return "111111"
	}
	return "000000"
}

// be is the address of a page, asked for by a browser with these cookies and no
// others of ours.
func (w *world) be(path string, cookies map[string]string) string {
	q := url.Values{"to": {path}}
	for _, name := range []string{"session", "journey", "device", "lang", "display", "notice"} {
		q.Set(name, cookies[name])
	}
	return w.base + "/-/be?" + q.Encode()
}

// form is the address of a page with one button, «post», which sends pairs of a
// name and a value to path from the site of host.
func (w *world) form(host, path string, pairs ...string) string {
	q := url.Values{"-to": {w.base + path}}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Add(pairs[i], pairs[i+1])
	}
	return fmt.Sprintf("http://%s:%s/-/form?%s", host, w.port, q.Encode())
}
