package main

import (
	"log/slog"

	"aditus/funds"
	"aditus/internal/demo"
	"aditus/internal/policy"
)

// demoCmd is `aditus demo`.
type demoCmd struct {
	Listen string `default:"127.0.0.1:8080" help:"Where to listen, on this machine only." placeholder:"HOST:PORT"`
	Data   string `help:"A directory to keep everything in. Without it nothing is kept." type:"path" placeholder:"DIR"`
}

// Run serves the demonstration until it is interrupted.
func (c *demoCmd) Run(w world) error {
	if _, err := demo.Loopback(c.Listen); err != nil {
		return wrongLine{err}
	}
	shipped, err := policy.LoadAll(funds.Files)
	if err != nil {
		return err
	}
	return demo.Run(w.ctx, demo.Options{Listen: c.Listen, Data: c.Data, Funds: shipped, Wording: funds.Files,
		Log: slog.New(slog.NewTextHandler(w.err, &slog.HandlerOptions{Level: slog.LevelWarn})), Out: w.out})
}
