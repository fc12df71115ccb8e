// Package demo is the demonstration: the real program on invented people, with
// a clock that can be moved and a door that shows what they may type and every
// message that was sent. It listens on loopback and nowhere else.
package demo

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"aditus/internal/access"
	"aditus/internal/app"
	"aditus/internal/audit"
	"aditus/internal/deliver"
	"aditus/internal/keys"
	"aditus/internal/profile"
	"aditus/internal/registry"
	"aditus/internal/store"
)

// People are, for each fund, the rows of the sample register and what the people
// in it may type.
//
//go:embed people
var people embed.FS

// A Clock is the real one, moved forward by hand.
type Clock struct{ ahead atomic.Int64 }

// Now is the time of the demonstration.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }

// Options say how the demonstration runs.
type Options struct {
	Listen  string // host:port on loopback
	Data    string // a directory to keep everything in; "" keeps nothing
	Funds   []*access.Fund
	Wording fs.FS
	Log     *slog.Logger
	Out     io.Writer // where the addresses are printed
}

// ErrNotLoopback says that the demonstration was asked to listen where others
// could reach it.
var ErrNotLoopback = errors.New("the demonstration listens on loopback only: use 127.0.0.1:PORT or [::1]:PORT")

// A Demo is a demonstration, ready to serve.
type Demo struct {
	App     *app.App
	Clock   *Clock
	Capture *deliver.Capture
	Handler http.Handler

	port    string
	kept    bool
	funds   []*access.Fund
	people  []Person
	closing []func() error
}

// Loopback reads host:port, and refuses with ErrNotLoopback what is not an
// address of this machine alone.
func Loopback(listen string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("--listen %s: %w", listen, err)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	a, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
	if err != nil || !a.Addr().IsLoopback() {
		return netip.AddrPort{}, ErrNotLoopback
	}
	return a, nil
}

// New opens the demonstration's data, fills it with the sample people, and
// builds the program. Close ends it.
func New(ctx context.Context, o Options) (d *Demo, err error) {
	at, err := Loopback(o.Listen)
	if err != nil {
		return nil, err
	}
	d = &Demo{Clock: &Clock{}, port: fmt.Sprint(at.Port()), kept: o.Data != "", funds: o.Funds}
	d.Capture = deliver.NewCapture(d.Clock.Now)
	dir := o.Data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "aditus-demo-"); err != nil {
			return nil, err
		}
		d.closing = append(d.closing, func() error { return os.RemoveAll(dir) })
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	ring, err := ringIn(dir)
	if err != nil {
		return nil, err
	}
	second, err := audit.OpenFile(filepath.Join(dir, "checkpoints.jsonl"))
	if err != nil {
		return nil, err
	}
	d.closing = append(d.closing, second.Close)

	hosts := map[string]string{}
	for _, f := range o.Funds {
		for _, h := range hostsOf(f) {
			hosts[h] = f.ID
		}
	}
	senders := map[access.Kind]deliver.Sender{access.Email: d.Capture, access.SMS: d.Capture, access.PEC: d.Capture, access.Letter: d.Capture}
	d.App, err = app.New(ctx, app.Options{Database: filepath.Join(dir, "aditus.db"), Keys: ring, Funds: o.Funds, Wording: o.Wording, Hosts: hosts,
		Senders: senders, Checkpoints: second, Log: o.Log, Now: d.Clock.Now, Demo: "http://localhost:" + d.port})
	if err != nil {
		return nil, err
	}
	d.closing = append(d.closing, d.App.Close)
	if ahead := d.App.DB.Latest().Sub(d.Clock.Now()); ahead > 0 {
		d.Clock.Advance(ahead) // it was moved forward when the data were kept
	}
	for _, f := range o.Funds {
		if err := d.fill(ctx, f); err != nil {
			return nil, fmt.Errorf("sample people of %s: %w", f.ID, err)
		}
	}
	door, err := d.door()
	if err != nil {
		return nil, err
	}
	d.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch host, _, _ := strings.Cut(r.Host, ":"); strings.ToLower(host) {
		case "localhost", "127.0.0.1", "[":
			door.ServeHTTP(w, r)
		default:
			d.App.Handler.ServeHTTP(w, r)
		}
	})
	return d, nil
}

// ringIn loads the demonstration's keys, or makes them the first time.
func ringIn(dir string) (*keys.Ring, error) {
	name := filepath.Join(dir, "keys")
	ring, err := keys.Load(name)
	if errors.Is(err, fs.ErrNotExist) {
		if err := keys.Create(name); err != nil {
			return nil, err
		}
		ring, err = keys.Load(name)
	}
	return ring, err
}

// fill brings a fund's sample people in, once: a data directory that was kept
// has them already, and what happened to them since.
func (d *Demo) fill(ctx context.Context, f *access.Fund) error {
	rows, err := people.ReadFile("people/" + f.ID + ".csv")
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a fund of the operator's own: there is nobody to invent
	}
	if err != nil {
		return err
	}
	if rows, err = sentLately(rows, &f.Registry, d.Clock.Now()); err != nil {
		return err
	}
	_, err = registry.Apply(ctx, d.App.DB, f, bytes.NewReader(rows), int64(len(rows)), registry.Options{Name: f.ID + ".csv"})
	if err != nil {
		return err
	}
	secrets, order, acts, err := secretsOf(f)
	if err != nil {
		return err
	}
	printed, err := printedCodes(rows, &f.Registry)
	if err != nil {
		return err
	}
	analysis, err := registry.Analyse(ctx, bytes.NewReader(rows), int64(len(rows)), f.Registry, d.Clock.Now())
	if err != nil {
		return err
	}
	var all []Person
	for r, err := range analysis.Results(ctx) {
		if err != nil {
			return err
		}
		p := d.person(f, r.Entry)
		p.Password = secrets[p.Number]
		if r.Entry.Record.Statement != "" { // before the letter goes out, its code is worth nothing
			p.ActivationCode = printed[r.Record]
		}
		all = append(all, p)
		if p.Password != "" {
			if err := d.setPassword(ctx, f, p); err != nil {
				return err
			}
		}
	}
	for _, a := range acts {
		if err := d.enrol(ctx, f, a); err != nil {
			return err
		}
	}
	place := func(p Person) int {
		if i := slices.Index(order, p.Number); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(all, func(a, b Person) int { return place(a) - place(b) })
	d.people = append(d.people, all...)
	return nil
}

// setPassword gives a sample person the password that «came with the register»,
// unless there is one by now.
func (d *Demo) setPassword(ctx context.Context, f *access.Fund, p Person) error {
	hash, err := d.App.Passwords.Hash(ctx, p.Password)
	if err != nil {
		return err
	}
	return d.App.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		m, err := tx.MemberByNumber(p.Number)
		if err != nil {
			return err
		}
		had, err := tx.Password(m.ID)
		if err != nil || had.Hash != "" {
			return err
		}
		return tx.SetPassword(access.Credential{Member: m.ID, Hash: hash, Source: "registry"})
	})
}

// enrol has one sample person act for another, as the office would that has seen a
// proof, unless it has by now.
func (d *Demo) enrol(ctx context.Context, f *access.Fund, a acting) error {
	err := d.App.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		who, err := tx.MemberByNumber(a.Who)
		if err != nil {
			return err
		}
		other, err := tx.MemberByNumber(a.For)
		if err != nil {
			return err
		}
		_, err = profile.Enrol(tx, f, access.Mandate{Representative: who.ID, Member: other.ID, Kind: a.Kind, By: "demonstration",
			Proof: access.Document{Kind: "identity_document", Number: "DEMO", Issuer: "DEMO", Date: "2025-01-01"}})
		return err
	})
	if _, refused := errors.AsType[*access.Refusal](err); refused {
		return nil // enrolled before the data were kept, or the clock was moved beyond it
	}
	return err
}

// People are the sample people.
func (d *Demo) People() []Person { return d.people }

// Close closes what New opened. Run has ended by then.
func (d *Demo) Close() error {
	var errs []error
	for i := len(d.closing) - 1; i >= 0; i-- {
		errs = append(errs, d.closing[i]())
	}
	return errors.Join(errs...)
}

// Run serves on o.Listen until ctx ends.
func Run(ctx context.Context, o Options) error {
	d, err := New(ctx, o)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return errors.Join(err, d.Close())
	}
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var workers sync.WaitGroup
	workers.Go(func() { d.App.Run(work) })
	workers.Go(func() { d.work(work, o.Log) })
	d.announce(o.Out)
	err = app.Serve(ctx, l, d.Handler, o.Log)
	stop()
	workers.Wait()
	return errors.Join(err, d.Close())
}

// announce prints where to go.
func (d *Demo) announce(w io.Writer) {
	fmt.Fprintf(w, "Aditus demonstration. Open http://localhost:%s in a browser.\n\n", d.port)
	for _, f := range d.funds {
		for _, h := range hostsOf(f) {
			fmt.Fprintf(w, "  %-20s http://%s:%s\n", f.Name, h, d.port)
		}
	}
	fmt.Fprintf(w, "  %-20s http://localhost:%s/demo/messages\n\n", "Every message sent", d.port)
	if d.kept {
		fmt.Fprint(w, "Everything is kept in the data directory. ")
	} else {
		fmt.Fprint(w, "Nothing is kept. ")
	}
	fmt.Fprintln(w, "Ctrl-C ends it.")
}
