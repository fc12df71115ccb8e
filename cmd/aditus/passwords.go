package main

import (
	"fmt"
	"os"

	"aditus/internal/password"
)

// passwordsCmd is `aditus passwords`.
type passwordsCmd struct {
	Build passwordsBuildCmd `cmd:"" help:"Make a filter of breached passwords, so that members cannot choose one of them."`
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
