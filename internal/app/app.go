// Package app puts the parts together: a database, the services on it, the
// site, and the workers beside it. The commands and the tests build the same
// program with it.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"

	"aditus/internal/access"
	"aditus/internal/area"
	"aditus/internal/audit"
	"aditus/internal/challenge"
	"aditus/internal/deliver"
	"aditus/internal/journey"
	"aditus/internal/keys"
	"aditus/internal/operation"
	"aditus/internal/password"
	"aditus/internal/profile"
	"aditus/internal/session"
	"aditus/internal/store"
	"aditus/internal/texts"
	"aditus/internal/totp"
	"aditus/internal/web"
	"aditus/internal/web/assets"
	"aditus/internal/web/page"
)

// Options say what to put together. Database, Keys, Funds, Senders, Checkpoints
// and Log are required.
type Options struct {
	Database    string // postgres://… or a SQLite file
	Keys        *keys.Ring
	Funds       []*access.Fund
	Wording     fs.FS             // <fund>.<lang>.toml, and pictures that funds' files name; nil for none
	Hosts       map[string]string // more hosts: host -> fund's ID
	Senders     map[access.Kind]deliver.Sender
	Checkpoints io.Writer
	Log         *slog.Logger

	Now     func() time.Time // nil: the process's clock, and the server's on PostgreSQL
	Secure  bool             // the site is reached over https
	Demo    string           // the door's address, in a demonstration
	Proxies []netip.Prefix   // whose X-Forwarded-For is believed

	Password password.Params
	Slots    int              // password hashes at a time; 0 is one a processor
	Queue    int              // sign-ins that may wait for one; 0 is 32
	Wait     time.Duration    // how long; 0 is 2 s
	Breached *password.Filter // journey.Engine.Breached
	Floor    time.Duration    // journey.Engine.Floor

	Fatal func(error) // SQLite's file cannot be written: the process must end
	Conns int         // of the database; 0 is the store's default
}

// An App is the program, ready to serve. Close ends it.
type App struct {
	DB         *store.DB
	Funds      map[string]*access.Fund
	Texts      *texts.Book
	Challenges *challenge.Service
	Sessions   *session.Service
	Passwords  *password.Hasher
	Journeys   *journey.Engine
	Operations *operation.Service
	Worker     *deliver.Worker
	Sealer     *audit.Sealer
	Handler    http.Handler

	log *slog.Logger
}

// New opens the database, brings its tables up to date and builds everything on it.
func New(ctx context.Context, o Options) (*App, error) {
	a := &App{Funds: map[string]*access.Fund{}, log: o.Log}
	ids := make([]string, 0, len(o.Funds))
	for _, f := range o.Funds {
		a.Funds[f.ID] = f
		ids = append(ids, f.ID)
	}
	a.Texts = texts.Load()
	marks := map[string]web.Marks{}
	if o.Wording != nil {
		for _, f := range o.Funds {
			if err := a.Texts.AddFund(f.ID, o.Wording); err != nil {
				return nil, err
			}
			m, err := web.ReadMarks(o.Wording, f)
			if err != nil {
				return nil, fmt.Errorf("%s.toml: %w", f.ID, err)
			}
			marks[f.ID] = m
		}
	}
	built, err := assets.Load()
	if err != nil {
		return nil, err
	}
	a.Worker = &deliver.Worker{Funds: a.Funds, Texts: a.Texts, Senders: o.Senders, Hold: 5 * time.Minute, Threads: 16, Pause: 500 * time.Millisecond,
		Undelivered: a.undelivered, Report: func(err error) { o.Log.Error("outbox", "err", err) }}
	a.DB, err = store.Open(ctx, o.Database, store.Options{Keys: o.Keys, Now: o.Now, Fatal: o.Fatal, Posted: a.Worker.Wake, Conns: o.Conns})
	if err != nil {
		return nil, err
	}
	if err := a.DB.Migrate(ctx); err != nil {
		return nil, errors.Join(err, a.DB.Close())
	}
	a.Worker.DB = a.DB
	if err := a.DB.Prepare(ctx, ids...); err != nil {
		return nil, errors.Join(err, a.DB.Close())
	}

	now := o.Now
	if now == nil {
		now = time.Now
	}
	slots, queue, wait := o.Slots, o.Queue, o.Wait
	if slots == 0 {
		slots = runtime.GOMAXPROCS(0)
	}
	if queue == 0 {
		queue = 32
	}
	if wait == 0 {
		wait = 2 * time.Second
	}
	a.Passwords = password.NewHasher(o.Password, slots, queue, wait, o.Keys.Pepper())
	if err := a.decoys(ctx); err != nil {
		return nil, errors.Join(err, a.DB.Close())
	}
	a.Challenges = &challenge.Service{DB: a.DB}
	a.Sessions = session.New(a.DB, now)
	a.Journeys = &journey.Engine{DB: a.DB, Challenges: a.Challenges, Sessions: a.Sessions, Passwords: a.Passwords, Breached: o.Breached, Floor: o.Floor}
	a.Challenges.Muted = a.Journeys.Muted
	a.Operations = &operation.Service{DB: a.DB, Challenges: a.Challenges, Signer: o.Keys.Signer("receipt"), Passwords: a.Passwords}
	a.Sealer = &audit.Sealer{DB: a.DB, Funds: ids, Holder: rand.Text(), Lease: 30 * time.Second, Batch: batch(a.DB),
		Signer: o.Keys.Signer("checkpoint"), Second: o.Checkpoints, Every: 1000, Within: time.Minute}
	site := &web.Site{Services: page.Services{Journeys: a.Journeys, Operations: a.Operations, Area: &area.Service{DB: a.DB, Sessions: a.Sessions},
		Sessions: a.Sessions, Assets: built, Texts: a.Texts, Now: now, Secure: o.Secure, Demo: o.Demo},
		Funds: o.Funds, Hosts: o.Hosts, Marks: marks, Log: o.Log, Proxies: o.Proxies, Ready: a.ready}
	a.Handler = site.Handler()
	return a, nil
}

// undelivered tells whoever asked for a message that it is proved not to arrive.
// If it carried a code, that frees its member's place at once (security.md 4.2).
func (a *App) undelivered(tx *store.Tx, m access.Message, why deliver.Ending) error {
	if why != deliver.Bounced {
		return nil
	}
	if m.Challenge != "" {
		if err := a.Challenges.Bounced(tx, m.Member, m.Challenge); err != nil {
			return err
		}
	}
	return journey.Undelivered(tx, a.Funds[m.Fund], m)
}

// decoys tells the hasher which hashes of other systems there are, in any fund, so
// that a wrong password takes as long for everybody.
func (a *App) decoys(ctx context.Context) error {
	const kinds = 4 // of a fund; more were never seen, and each costs every wrong password
	byCost := map[int64]string{}
	for id := range a.Funds {
		err := a.DB.Read(ctx, id, func(tx *store.Tx) error {
			hashes, err := tx.ImportedHashes(kinds)
			for _, hash := range hashes {
				cost, bad := password.Cost(hash)
				if bad != nil { // it verifies nothing, and the import refused it
					a.log.Error("an imported hash cannot be read", "fund", id, "err", bad)
					continue
				}
				byCost[cost] = hash
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("fund %s: %w", id, err)
		}
	}
	return a.Passwords.Decoy(slices.Collect(maps.Values(byCost))...)
}

// batch is how many events are sealed in one transaction: measured in
// example/slice, larger ones keep up on PostgreSQL and hold SQLite's writer.
func batch(db *store.DB) int {
	if db.Shared() {
		return 1024
	}
	return 256
}

// ready reports why requests cannot be served.
func (a *App) ready(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	return a.DB.Ping(ctx)
}

// Run sends messages, seals events and clears up until ctx ends; then it
// finishes what is under way.
func (a *App) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { a.Worker.Run(ctx) })
	all.Go(func() { a.Sealer.Run(ctx, 250*time.Millisecond, func(err error) { a.log.Error("audit", "err", err) }) })
	all.Go(func() { a.tidy(ctx, 30*time.Second) })
	all.Wait()
}

// tidy erases what codes could be checked against once they have expired, and
// ends drafts that were left. Nothing rests on it: an expired code is refused
// whether or not it was here.
func (a *App) tidy(ctx context.Context, pause time.Duration) {
	// None of it is due at once, and members wait for the start.
	if !sleep(ctx, time.Second) {
		return
	}
	// The planner must know the tables before there is much to seal (design.md, Audit).
	if err := a.DB.Analyze(ctx); err != nil && ctx.Err() == nil {
		a.log.Error("analyze", "err", err)
	}
	for {
		if err := a.Tidy(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("tidying", "err", err)
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

// sleep reports whether ctx lives on after d.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// Tidy does what Run does now and then, once.
func (a *App) Tidy(ctx context.Context) error {
	if err := a.decoys(ctx); err != nil {
		return err
	}
	for id := range a.Funds {
		err := a.DB.Write(ctx, id, func(tx *store.Tx) error {
			if _, err := tx.WipeChallenges(); err != nil {
				return err
			}
			lapsed, err := tx.LapseOperations(tx.Now().Add(-operation.Abandoned))
			if err != nil {
				return err
			}
			for _, o := range lapsed {
				if err := audit.Record(tx, audit.OperationLapsed{Member: o.Member, Operation: o.ID}); err != nil {
					return err
				}
			}
			if err := tx.ForgetLimits(); err != nil {
				return err
			}
			if err := errors.Join(tx.DropUsernames(), tx.ForgetPasskeys(), tx.ForgetSteps(totp.At(tx.Now().Add(-24*time.Hour))), tx.ForgetHanded(tx.Now().Add(-2*journey.HandedLife)), tx.ForgetWork()); err != nil {
				return err
			}
			return tx.MarkClock()
		})
		if err == nil {
			err = profile.Keep(ctx, a.DB, a.Funds[id])
		}
		if err != nil {
			return fmt.Errorf("fund %s: %w", id, err)
		}
	}
	return nil
}

// Close closes the database. Run has ended by then.
func (a *App) Close() error { return a.DB.Close() }
