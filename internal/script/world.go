package script

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
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
	"aditus/internal/softkey"
	"aditus/internal/store"
)

// A world is what one script acts on: the program, as the commands build it, on
// a database of its own, with a clock that stands still, a post office that
// keeps what it is given, and browsers.
type world struct {
	t      testing.TB
	dir    string // of the scripts
	engine string
	shared string // the file that rows are taken from by their number

	app      *app.App
	fund     *access.Fund
	handler  http.Handler
	clock    *clock
	post     *office
	ring     *keys.Ring
	second   bytes.Buffer // the checkpoints
	register *register
	faults   *faults

	browsers map[string]*browser
	*browser                            // the one in use
	apps     map[string][]byte          // secrets of authenticator apps, by the name they were scanned under
	devices  map[string]*softkey.Device // that keep passkeys
	kept     map[string]string          // answers, by the name they were kept under
	looked   int                        // messages that were looked at
}

// start is when every script begins: the day of scenarios.md.
const start = "2025-09-30 10:00"

// found opens the fund's member access: the fund's file is one of the product's,
// by its name, or one that the script brings with it. Sets are settings of the
// file that are other than there: code.again="60s".
func (w *world) found(name string, sets []string, files func(string) string) error {
	if w.fund != nil {
		return errors.New("the fund is there already")
	}
	var data []byte
	var err error
	if strings.HasSuffix(name, ".toml") {
		data = []byte(files(name))
	} else {
		name += ".toml"
		if data, err = funds.Files.ReadFile(name); err != nil {
			return err
		}
	}
	if data, err = reset(data, sets); err != nil {
		return err
	}
	if w.fund, err = policy.Parse(filepath.Base(name), data); err != nil {
		return err
	}
	begin, err := time.ParseInLocation("2006-01-02 15:04", start, w.fund.Zone)
	if err != nil {
		return err
	}
	w.clock = &clock{now: begin}
	w.post = &office{Capture: deliver.NewCapture(w.clock.Now), dead: map[string]bool{}}
	w.ring = keys.New(rand.Reader)
	w.faults = &faults{}
	where := filepath.Join(w.t.TempDir(), "aditus.db")
	if w.engine == "postgres" {
		where = dbtest.URL(w.t)
	}
	w.app, err = app.New(context.Background(), app.Options{Database: where, Keys: w.ring, Funds: []*access.Fund{w.fund}, Wording: funds.Files,
		Senders:     map[access.Kind]deliver.Sender{access.Email: w.post, access.SMS: w.post, access.PEC: w.post, access.Letter: w.post},
		Checkpoints: &w.second, Log: slog.New(w.faults), Now: w.clock.Now, Secure: true, Conns: 4, Wait: time.Minute,
		// As cheap as Argon2id gets: scripts are not about what a guess costs.
		Password: password.Params{MemoryKiB: 64, Time: 1, Threads: 1}})
	if err != nil {
		return err
	}
	w.t.Cleanup(func() {
		if err := w.app.Close(); err != nil {
			w.t.Error(err)
		}
		if said := w.faults.String(); said != "" {
			w.t.Errorf("the program noted faults:\n%s", said)
		}
	})
	w.handler = w.app.Handler
	w.register = newRegister(w)
	return w.surf("")
}

// surf takes another browser in hand, a new one if there is none of that name.
func (w *world) surf(name string) error {
	if w.fund == nil {
		return errors.New("which fund? Say so first: fund NAME")
	}
	if w.browsers[name] == nil {
		home := &url.URL{Scheme: "https", Host: w.fund.Hosts[0], Path: "/"}
		w.browsers[name] = newBrowser(w.handler, home, len(w.browsers))
		if w.app != nil {
			w.browsers[name].posted = w.dispatch
		}
	}
	w.browser = w.browsers[name]
	return nil
}

// dispatch sends what is due, as the program's worker does at once. It is done after
// each form, so that messages leave in the order of their causes although the
// clock stands still.
func (w *world) dispatch() error {
	_, err := w.app.Worker.Once(context.Background())
	return err
}

// work does all that the program does beside its pages: it sends, and clears up.
// It is done before a script looks at messages, and before time passes.
func (w *world) work() error { return errors.Join(w.dispatch(), w.app.Tidy(context.Background())) }

// pass lets time pass.
func (w *world) pass(when string) error {
	to, err := later(w.clock.Now().In(w.fund.Zone), when)
	if err != nil {
		return err
	}
	if err := w.work(); err != nil {
		return err
	}
	w.clock.set(to)
	return nil
}

// later reads a time that is not before now: "+5m", "10:04:59" on the same day,
// or "2025-10-03 10:00".
func later(now time.Time, when string) (to time.Time, err error) {
	if more, ok := strings.CutPrefix(when, "+"); ok {
		d, err := time.ParseDuration(more)
		return now.Add(d), err
	}
	for _, form := range []string{"15:04:05", "15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if to, err = time.ParseInLocation(form, when, now.Location()); err == nil {
			break
		}
	}
	if err != nil {
		return to, fmt.Errorf("%q is no time: +5m, 10:04:59 or '2025-10-03 10:00'", when)
	}
	if to.Year() == 0 {
		to = time.Date(now.Year(), now.Month(), now.Day(), to.Hour(), to.Minute(), to.Second(), 0, now.Location())
	}
	if to.Before(now) {
		return to, fmt.Errorf("it is %s: time does not go back", now.Format("2006-01-02 15:04:05"))
	}
	return to, nil
}

// setPassword gives the person with a membership number the password that «came
// with the register».
func (w *world) setPassword(number, text string) error {
	ctx := context.Background()
	hash, err := w.app.Passwords.Hash(ctx, text)
	if err != nil {
		return err
	}
	return w.app.DB.Write(ctx, w.fund.ID, func(tx *store.Tx) error {
		m, err := tx.MemberByNumber(number)
		if err != nil {
			return fmt.Errorf("number %s: %w", number, err)
		}
		return tx.SetPassword(access.Credential{Member: m.ID, Hash: hash, Source: "registry"})
	})
}

// reset puts other values into a fund's file: a setting must stand there
// already, in the table that is named, or above the first table.
func reset(file []byte, sets []string) ([]byte, error) {
	lines := strings.Split(string(file), "\n")
	for _, set := range sets {
		key, value, ok := strings.Cut(set, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not TABLE.KEY=VALUE", set)
		}
		table, name := "", key
		if i := strings.LastIndexByte(key, '.'); i >= 0 {
			table, name = key[:i], key[i+1:]
		}
		at, done := "", false
		for i, line := range lines {
			if head := strings.TrimSpace(line); strings.HasPrefix(head, "[") {
				at = strings.Trim(strings.SplitN(head, "#", 2)[0], "[] ")
			}
			if left, _, is := strings.Cut(line, "="); is && at == table && strings.TrimSpace(left) == name && !done {
				lines[i], done = name+" = "+value, true
			}
		}
		if !done {
			return nil, fmt.Errorf("the fund's file has no %s", key)
		}
	}
	return []byte(strings.Join(lines, "\n")), nil
}

// A clock stands still until a script moves it.
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

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// An office keeps messages, like a Capture, unless a script has it closed, or
// says that nobody reads an address.
type office struct {
	*deliver.Capture
	mu     sync.Mutex
	closed bool
	dead   map[string]bool
}

// Send keeps e, or refuses as a server would.
func (o *office) Send(ctx context.Context, e deliver.Envelope) (deliver.Receipt, error) {
	o.mu.Lock()
	closed, dead := o.closed, o.dead[e.To]
	o.mu.Unlock()
	switch {
	case closed:
		return deliver.Receipt{}, &deliver.Temporary{Failure: deliver.Failure{Stage: "connect", Err: errors.New("closed")}}
	case dead:
		return deliver.Receipt{}, &deliver.Permanent{Failure: deliver.Failure{Stage: "to", Code: 550, Enhanced: "5.1.1", Err: errors.New("no such mailbox")}}
	}
	return o.Capture.Send(ctx, e)
}

func (o *office) close(closed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = closed
}

func (o *office) bury(address string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dead[address] = true
}

// faults is where the program logs: what is worse than a warning fails the
// script at its end.
type faults struct {
	mu   sync.Mutex
	said strings.Builder
}

// Enabled lets errors through.
func (f *faults) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelError }

// Handle keeps one line.
func (f *faults) Handle(ctx context.Context, r slog.Record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slog.NewTextHandler(&f.said, nil).Handle(ctx, r)
}

// WithAttrs and WithGroup are not used by the program.
func (f *faults) WithAttrs([]slog.Attr) slog.Handler { return f }

// WithGroup is not used by the program.
func (f *faults) WithGroup(string) slog.Handler { return f }

func (f *faults) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.said.String()
}
