package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"aditus/funds"
	"aditus/internal/app"
	"aditus/internal/audit"
	"aditus/internal/keys"
	"aditus/internal/password"
	"aditus/internal/policy"
	"aditus/internal/settings"
	"aditus/internal/store"
)

// serveCmd is `aditus serve`.
type serveCmd struct {
	Config string `required:"" help:"The settings file." type:"path" placeholder:"FILE"`
}

// Run serves members until it is told to stop.
func (c *serveCmd) Run(w world) (err error) {
	s, err := settings.Load(c.Config, w.environ)
	if err != nil {
		return err
	}
	log := logger(w, s.Log)
	if !store.Postgres(s.Database.URL) {
		lock, err := store.TakeLock(s.Database.URL)
		if err != nil {
			return err
		}
		defer func() {
			if err == nil {
				err = lock.Release()
				return
			}
			err = errors.Join(err, lock.Leave()) // the next start looks through the file again
		}()
		if lock.Dirty() {
			if err := checkFile(w.ctx, s); err != nil {
				return fmt.Errorf("%w: %w", errDisk, err)
			}
		}
	}
	o, close, err := options(s, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, close()) }()

	ctx, stop := context.WithCancelCause(w.ctx)
	defer stop(nil)
	o.Fatal = func(err error) { stop(fmt.Errorf("%w: %w", errDisk, err)) }
	a, err := app.New(ctx, o)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.Server.Listen)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	if s.Server.TLSCert != "" {
		cert, err := tls.LoadX509KeyPair(s.Server.TLSCert, s.Server.TLSKey)
		if err != nil {
			return errors.Join(err, l.Close(), a.Close())
		}
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	for _, warning := range warnings(s, o.Funds, w.environ) {
		log.Warn(warning)
	}
	work, finish := context.WithCancel(context.WithoutCancel(ctx))
	var workers sync.WaitGroup
	workers.Go(func() {
		// Members wait for the start; messages and seals can wait a moment for the
		// processor and the database.
		select {
		case <-work.Done():
		case <-time.After(250 * time.Millisecond):
		}
		a.Run(work)
	})
	log.Info("serving", "address", l.Addr().String(), "funds", len(o.Funds))
	err = app.Serve(ctx, l, a.Handler, log)
	finish()
	workers.Wait()
	err = errors.Join(err, a.Close())
	if cause := context.Cause(ctx); errors.Is(cause, errDisk) {
		return cause
	}
	return err
}

// checkFile looks through the SQLite file that the last server left without
// closing it.
func checkFile(ctx context.Context, s settings.Settings) error {
	ring, err := keys.Load(s.Keys.File)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, s.Database.URL, store.Options{Keys: ring, Conns: 1})
	if err != nil {
		return err
	}
	return errors.Join(db.QuickCheck(ctx), db.Close())
}

// options turns settings into what the program is built of. Close gives back
// what was opened.
func options(s settings.Settings, log *slog.Logger) (o app.Options, close func() error, err error) {
	close = func() error { return nil }
	ring, err := keys.Load(s.Keys.File)
	if err != nil {
		return o, close, err
	}
	files := fs.FS(funds.Files)
	if s.Funds.Dir != "" {
		files = os.DirFS(s.Funds.Dir)
	}
	loaded, err := policy.LoadAll(files)
	if err != nil {
		return o, close, err
	}
	hosts, err := s.Hosts()
	if err != nil {
		return o, close, err
	}
	known := map[string]bool{}
	for _, f := range loaded {
		known[f.ID] = true
	}
	for host, fund := range hosts {
		if !known[fund] {
			return o, close, fmt.Errorf("server.hosts: %s is for %q, and there is no such fund", host, fund)
		}
	}
	proxies, err := s.Proxies()
	if err != nil {
		return o, close, err
	}
	send, closeAll, err := senders(s)
	if err != nil {
		return o, close, err
	}
	second, err := audit.OpenFile(s.Audit.Checkpoints)
	if err != nil {
		return o, close, errors.Join(err, closeAll())
	}
	wait, err := time.ParseDuration(s.Password.Wait)
	if err != nil {
		return o, close, errors.Join(err, closeAll(), second.Close())
	}
	if s.Password.Filter != "" {
		if o.Breached, err = password.OpenFilter(s.Password.Filter); err != nil {
			return o, close, errors.Join(fmt.Errorf("password.filter: %w", err), closeAll(), second.Close())
		}
		mail := closeAll
		closeAll = func() error { return errors.Join(mail(), o.Breached.Close()) }
	}
	return app.Options{Database: s.Database.URL, Conns: s.Database.Conns, Keys: ring, Funds: loaded, Wording: files, Hosts: hosts, Proxies: proxies,
		Senders: send, Checkpoints: second, Log: log, Secure: s.Server.HTTPS,
		Password: password.Params{MemoryKiB: uint32(s.Password.MemoryKiB), Time: uint32(s.Password.Time), Threads: uint32(s.Password.Threads)},
		Queue:    s.Password.Queue, Wait: wait, Breached: o.Breached, Floor: 600 * time.Millisecond,
	}, func() error { return errors.Join(closeAll(), second.Close()) }, nil
}

func logger(w world, s settings.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.Level)); err != nil {
		level = slog.LevelInfo
	}
	if s.Format == "text" {
		return slog.New(slog.NewTextHandler(w.err, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(slog.NewJSONHandler(w.err, &slog.HandlerOptions{Level: level}))
}
