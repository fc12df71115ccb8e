package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"sync/atomic"
	"time"

	"aditus/internal/access"
	"aditus/internal/keys"
	"aditus/internal/password"
	"aditus/internal/session"
	"aditus/internal/store"
	"aditus/internal/totp"

	"golang.org/x/crypto/argon2"
)

// withApp is how many people have an app. A code is worth one sign-in, so they take
// turns: each comes again when the clock has long gone on.
const withApp = 4096

// An appSite is a server whose people sign in with a password and the code of an
// app, over HTTP.
type appSite struct {
	db     *store.DB
	server *server
	host   string
	secret []byte // everybody's, of the app
	turn   atomic.Int64
}

// openAppSite starts it on a new database.
func (b *bench) openAppSite(ctx context.Context, e *engine) (s *appSite, err error) {
	f, _, err := shipped()
	if err != nil {
		return nil, err
	}
	where, err := e.fresh(ctx, "apps")
	if err != nil {
		return nil, err
	}
	s = &appSite{host: host(f), secret: totp.NewSecret()}
	if s.db, err = b.open(ctx, where); err != nil {
		return nil, err
	}
	if err = settleIn(ctx, s.db, f, withApp); err == nil {
		err = s.equip(ctx, b, f)
	}
	if err == nil {
		s.server, err = b.startServer(where, true)
	}
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

func (s *appSite) close() error { return errors.Join(s.server.stop(), s.db.Close()) }

// equip gives everybody what an enrolment would have left.
func (s *appSite) equip(ctx context.Context, b *bench, f *access.Fund) error {
	ring, err := keys.Load(b.keys)
	if err != nil {
		return err
	}
	hash, err := password.NewHasher(password.Default, 1, 0, 0, ring.Pepper()).Hash(ctx, chosen)
	if err != nil {
		return err
	}
	const together = 128
	for at := 0; at < withApp; at += together {
		err := s.db.Write(ctx, f.ID, func(tx *store.Tx) error {
			for i := at; i < at+together; i++ {
				p := living(i)
				err := errors.Join(
					tx.SetPassword(access.Credential{Member: p.ID, Hash: hash, Source: "member"}),
					tx.UseUsername(access.Username{Member: p.ID, Name: p.Email, Address: p.Email}),
					tx.UseApp(access.Channel{ID: access.NewID(tx.Now()), Member: p.ID, Kind: access.TOTP, Secret: s.secret}),
					tx.Enrol(access.Enrolment{Member: p.ID, Level: access.LevelAct}),
					tx.UseDevice(access.Device{ID: session.ID(deviceOf(i)), Member: p.ID, Agent: agentOf, Proved: tx.Now()}))
				if err != nil {
					return fmt.Errorf("person %d: %w", i, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return s.db.Analyze(ctx)
}

// deviceOf is the cookie of a person's browser, as long as one is.
func deviceOf(i int) string { return fmt.Sprintf("%052d", i) }

// totps measures sign-ins with a password and the code of an app, beside the
// password hash alone on every processor.
func (b *bench) totps(ctx context.Context, e *engine) (err error) {
	if e.apps == nil {
		if e.apps, err = b.openAppSite(ctx, e); err != nil {
			return err
		}
	}
	// Half of the limit before the sign-ins and half behind them: the machine is
	// seldom the same for ten seconds.
	bare := func() figure {
		return b.load(ctx, runtime.NumCPU(), b.span(time.Second), meter{}, func(int) error {
			p := password.Default
			argon2.IDKey([]byte(chosen), []byte("sixteen bytes it"), p.Time, p.MemoryKiB, uint8(p.Threads), 32)
			return nil
		})
	}
	raw := bare()
	all := []int{4, 16, 64}
	var figures []figure
	if _, err := e.apps.server.tell(order{Do: "queue", Waiting: 64, Wait: time.Minute}); err != nil {
		return err
	}
	m := meter{pid: e.apps.server.cmd.Process.Pid, postgres: e.server != ""}
	for _, clients := range all {
		conns := make([]client, clients)
		f := b.load(ctx, clients, b.span(3*time.Second), m, func(c int) error {
			conns[c].addr = e.apps.server.site
			return e.apps.signIn(&conns[c], int(e.apps.turn.Add(1))%withApp)
		})
		for c := range conns {
			// The connection's end is not what is measured.
			_ = conns[c].close()
		}
		if figures = append(figures, f); f.fine() != nil {
			return f.fine()
		}
	}
	raw = raw.and(bare())
	for i, f := range figures {
		r := b.table.row(e.name, "sign-ins", "password and the code of an app, "+people(all[i]))
		r.limit("Argon2id alone")
		r.goal("0.95 of the limit", func(s sample) bool { return s.ratio >= 0.95 })
		r.add(f, sample{bound: raw.rate(), boundCPU: raw.each(), ratio: f.rate() / raw.rate()})
	}
	return nil
}

// signIn takes a person from the name and the password to the session.
func (s *appSite) signIn(c *client, i int) error {
	form := url.Values{"username": {living(i).Email}, "password": {chosen}}
	device := cookies("device", deviceOf(i))
	a, err := c.do(post(s.host, "/login", device, network(i), form.Encode()))
	if err == nil && (a.status != http.StatusSeeOther || a.location != "/otp" || a.journey == "") {
		err = fmt.Errorf("the password: status %d, to %q", a.status, a.location)
	}
	if err != nil {
		return err
	}
	code := totp.Code(s.secret, totp.At(time.Now()))
	a, err = c.do(post(s.host, "/otp", device+"; "+cookies("journey", a.journey), network(i), "otp="+code))
	if err == nil && (a.status != http.StatusSeeOther || a.location != "/" || !a.session) {
		err = fmt.Errorf("the code: status %d, to %q", a.status, a.location)
	}
	return err
}
