package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"aditus/funds"
	"aditus/internal/audit"
	"aditus/internal/keys"
	"aditus/internal/policy"
	"aditus/internal/settings"
	"aditus/internal/store"
)

// auditCmd is `aditus audit`.
type auditCmd struct {
	Verify verifyCmd `cmd:"" help:"Read the whole chain of events and find the first that is not as it was sealed."`
}

type verifyCmd struct {
	Config string `required:"" help:"The settings file." type:"path" placeholder:"FILE"`
	Fund   string `help:"One fund; without it all." placeholder:"ID"`
}

// Run verifies the chain of each fund against the checkpoints. It exits with 1
// and names the first bad event if there is one.
func (c *verifyCmd) Run(w world) (err error) {
	s, err := settings.Load(c.Config, w.environ)
	if err != nil {
		return err
	}
	ring, err := keys.Load(s.Keys.File)
	if err != nil {
		return err
	}
	files := fs.FS(funds.Files)
	if s.Funds.Dir != "" {
		files = os.DirFS(s.Funds.Dir)
	}
	all, err := policy.LoadAll(files)
	if err != nil {
		return err
	}
	db, err := store.Open(w.ctx, s.Database.URL, store.Options{Keys: ring, Conns: 2})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	made, err := db.Made(w.ctx)
	if err != nil {
		return err
	}
	if !made {
		return errors.New("the database lacks tables of this version: there is nothing to verify before aditus serve or aditus import has made them")
	}
	found, bad := false, 0
	for _, f := range all {
		if c.Fund != "" && c.Fund != f.ID {
			continue
		}
		found = true
		checkpoints, err := open(s.Audit.Checkpoints)
		if err != nil {
			return err
		}
		r, err := audit.Verify(w.ctx, db, f.ID, checkpoints, ring.Publics("checkpoint"))
		err = errors.Join(err, checkpoints.Close())
		if broken, ok := errors.AsType[*audit.Broken](err); ok {
			bad++
			fmt.Fprintln(w.out, broken)
			continue
		}
		if err != nil {
			return err
		}
		if r.Sealed > 0 && r.Checked == 0 {
			bad++
			fmt.Fprintf(w.out, "%s: %d events are sealed and no checkpoint of them is in %s: a cut tail would not show\n", f.ID, r.Sealed, s.Audit.Checkpoints)
			continue
		}
		fmt.Fprintf(w.out, "%s: %d events as they were sealed, %d checkpoints; %d not yet sealed, %d after the last checkpoint\n",
			f.ID, r.Sealed, r.Checked, r.Unsealed, r.After)
	}
	if !found {
		return wrongLine{fmt.Errorf("--fund %s: there is no such fund", c.Fund)}
	}
	if bad > 0 {
		return fmt.Errorf("the audit trail of %d fund(s) was changed", bad)
	}
	return nil
}

// open opens the file of checkpoints; before the first there is none.
func open(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return io.NopCloser(strings.NewReader("")), nil
	}
	return f, err
}
