package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"aditus/internal/password"
	"aditus/internal/registry"
)

// passwordsCmd is `aditus passwords`.
type passwordsCmd struct {
	Build  passwordsBuildCmd  `cmd:"" help:"Make a filter of breached passwords, so that members cannot choose one of them."`
	Import passwordsImportCmd `cmd:"" help:"Bring in the passwords that members had elsewhere, as hashes."`
}

type passwordsBuildCmd struct {
	File string `arg:"" help:"The corpus: on each line a password, or its SHA-1 in hexadecimal, with or without a colon and a number." type:"path"`
	Out  string `required:"" help:"The filter to make; one that is there is replaced when the new one is whole." type:"path" placeholder:"FILTER"`
}

// Run makes the filter and reads it once more.
func (c *passwordsBuildCmd) Run(w world) (err error) {
	in, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", c.File)
	}
	if out, err := os.Stat(c.Out); err == nil {
		if os.SameFile(info, out) {
			return wrongLine{fmt.Errorf("--out %s: this is the corpus itself", c.Out)}
		}
		if !out.Mode().IsRegular() {
			return wrongLine{fmt.Errorf("--out %s: is there and is not a file", c.Out)}
		}
	}
	told := int64(0)
	report, err := password.BuildFilter(w.ctx, in, c.Out, func(bytes int64) {
		if tenth := 10 * bytes / max(info.Size(), 1); tenth > told {
			told = tenth
			fmt.Fprintf(w.err, "%d%% read\n", 10*tenth)
		}
	})
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	f, err := password.OpenFilter(c.Out)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Verify(); err != nil {
		return fmt.Errorf("%s: %w", c.Out, err)
	}
	fmt.Fprintf(w.out, "lines       %d\nhashes      %d\nskipped     %d\npasswords   %d\nmade %s\n",
		report.Lines, report.Hashes, report.Skipped, report.Passwords, c.Out)
	return nil
}

type passwordsImportCmd struct {
	Config string `required:"" help:"The settings file." type:"path" placeholder:"FILE"`
	Fund   string `required:"" help:"The fund's id: the name of its file." placeholder:"ID"`
	DryRun bool   `help:"Judge and compare, and change nothing."`
	File   string `arg:"" help:"On each line a login, a tab, semicolon or comma, and a hash as another system made it." type:"path"`
}

// badLines is how many of the lines that cannot be read are told one by one.
const badLines = 20

// Run brings them in. Lines that are not read are no failure: they are counted, and
// the first of them told.
func (c *passwordsImportCmd) Run(w world) (err error) {
	db, f, done, err := (&importCmd{Config: c.Config, Fund: c.Fund, DryRun: c.DryRun}).open(w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	bad := 0
	totals, err := registry.ApplyPasswords(w.ctx, db, f, file, registry.PasswordOptions{Name: filepath.Base(c.File), DryRun: c.DryRun,
		Bad: func(line int, why error) error {
			if bad++; bad <= badLines {
				fmt.Fprintf(w.err, "%s:%d: %v\n", filepath.Base(c.File), line, why)
			}
			return nil
		}})
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	for _, outcome := range registry.PasswordOutcomes() {
		fmt.Fprintf(w.out, "%-11s %d\n", outcome, totals[outcome])
	}
	if c.DryRun {
		fmt.Fprintln(w.out, "nothing was changed")
	}
	return nil
}
