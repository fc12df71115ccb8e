package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/keys"
	"aditus/internal/policy"
	"aditus/internal/registry"
	"aditus/internal/settings"
	"aditus/internal/store"
)

// importCmd is `aditus import`.
type importCmd struct {
	Config string `help:"The settings file. Without it the file is read by the demonstration's settings, into a database that is thrown away." type:"path" placeholder:"FILE"`
	Fund   string `required:"" help:"The fund's id: the name of its file." placeholder:"ID"`
	DryRun bool   `help:"Judge and compare, and change nothing."`
	Report string `help:"Write what became of each record to this file, as JSON." type:"path" placeholder:"FILE.json"`
	File   string `arg:"" help:"The register, as the fund exports it." type:"path"`
}

// Run imports. Refused rows are not a failure: they are in the report.
func (c *importCmd) Run(w world) (err error) {
	db, f, done, err := c.open(w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", c.File)
	}
	o := registry.Options{Name: filepath.Base(c.File), DryRun: c.DryRun, Progress: progress(w)}
	var report *os.File
	if c.Report != "" {
		if report, err = os.Create(c.Report); err != nil {
			return err
		}
		r := registry.NewReport(report)
		o.Each = r.Add
		defer func() { err = errors.Join(err, r.Close(), report.Close()) }()
	}
	s, err := registry.Apply(w.ctx, db, f, file, info.Size(), o)
	if err != nil {
		return err
	}
	c.tell(w.out, f, s)
	return nil
}

// open opens the database that the settings name, or a new one in a directory
// that is removed afterwards.
func (c *importCmd) open(w world) (db *store.DB, f *access.Fund, done func() error, err error) {
	var all []*access.Fund
	var ring *keys.Ring
	where, clean := "", func() error { return nil }
	if c.Config != "" {
		s, err := settings.Load(c.Config, w.environ)
		if err != nil {
			return nil, nil, nil, err
		}
		if ring, err = keys.Load(s.Keys.File); err != nil {
			return nil, nil, nil, err
		}
		if s.Funds.Dir != "" {
			all, err = policy.LoadAll(os.DirFS(s.Funds.Dir))
		} else {
			all, err = policy.LoadAll(funds.Files)
		}
		if err != nil {
			return nil, nil, nil, err
		}
		where = s.Database.URL
		if _, err := os.Stat(where); c.DryRun && !store.Postgres(where) && errors.Is(err, fs.ErrNotExist) {
			where = "" // nothing is there to compare with, and nothing must be made
		}
	} else {
		if all, err = policy.LoadAll(funds.Files); err != nil {
			return nil, nil, nil, err
		}
		ring = keys.New(rand.Reader)
	}
	if where == "" {
		dir, err := os.MkdirTemp("", "aditus-import-")
		if err != nil {
			return nil, nil, nil, err
		}
		where, clean = filepath.Join(dir, "aditus.db"), func() error { return os.RemoveAll(dir) }
	}
	for _, one := range all {
		if one.ID == c.Fund {
			f = one
		}
	}
	if f == nil {
		var ids []string
		for _, one := range all {
			ids = append(ids, one.ID)
		}
		return nil, nil, nil, errors.Join(wrongLine{fmt.Errorf("--fund %s: there is no such fund; there is: %s", c.Fund, strings.Join(ids, ", "))}, clean())
	}
	if db, err = store.Open(w.ctx, where, store.Options{Keys: ring}); err != nil {
		return nil, nil, nil, errors.Join(err, clean())
	}
	done = func() error { return errors.Join(db.Close(), clean()) }
	err = db.Migrate(w.ctx)
	if err == nil {
		err = db.Prepare(w.ctx, f.ID)
	}
	if err != nil {
		return nil, nil, nil, errors.Join(err, done())
	}
	return db, f, done, nil
}

// progress is a bar on a terminal, and a line now and then elsewhere.
func progress(w world) func(done, of int) {
	if f, ok := w.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" {
		var bar *progressbar.ProgressBar
		return func(done, of int) {
			if bar == nil {
				bar = progressbar.NewOptions(of, progressbar.OptionSetWriter(w.err), progressbar.OptionClearOnFinish(), progressbar.OptionShowCount())
			}
			// A bar that cannot be drawn is no reason to stop an import.
			_ = bar.Set(done)
		}
	}
	told := 0
	return func(done, of int) {
		if tenth := 10 * done / max(of, 1); tenth > told {
			told = tenth
			fmt.Fprintf(w.err, "%d of %d records\n", done, of)
		}
	}
}

// tell prints what the import did.
func (c *importCmd) tell(w io.Writer, f *access.Fund, s registry.Summary) {
	fmt.Fprintf(w, "records     %d\n", s.Records)
	for _, o := range registry.Outcomes() {
		fmt.Fprintf(w, "%-11s %d\n", o, s.Totals[o])
	}
	verb := ""
	if c.DryRun {
		verb = "would be "
	}
	fmt.Fprintf(w, "%snew %d, changed %d, the same %d, not in the file %d\n", verb, s.New, s.Changed, s.Same, s.Gone)
	if s.Kept > 0 {
		fmt.Fprintf(w, "contacts proved online and kept, as the row is older: %d, each a case for the office\n", s.Kept)
	}
	if _, ok := f.Flow("secure_channel"); ok {
		fmt.Fprintf(w, "secure channel: %d by e-mail or SMS, %d by e-mail only, %d by SMS only, %d neither\n",
			s.Channels[registry.ChannelsBoth], s.Channels[registry.ChannelsEmail], s.Channels[registry.ChannelsSMS], s.Channels[registry.ChannelsNone])
	}
	if n, ok := s.Ready[registry.ReadyRecovery]; ok {
		fmt.Fprintf(w, "recovery: %d with a reliable mobile and a mailbox\n", n)
	}
	if n, ok := s.Ready[registry.ReadyActivation]; ok {
		fmt.Fprintf(w, "activation: %d with a statement and a code of its own\n", n)
	}
	if len(s.Ignored) > 0 {
		fmt.Fprintf(w, "columns that the fund's file does not name: %s\n", strings.Join(s.Ignored, ", "))
	}
	if !c.DryRun {
		fmt.Fprintf(w, "the fund shows version %d of its register\n", s.Version)
	}
}
