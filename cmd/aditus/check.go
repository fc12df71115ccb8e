package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/identifier"
	"aditus/internal/policy"
	"aditus/internal/registry"
	"aditus/internal/texts"
	"aditus/internal/web"
)

// checkCmd is `aditus check`.
type checkCmd struct {
	Fund checkFundCmd `cmd:"" help:"Judge fund files; without a name, those the product ships."`
	ID   checkIDCmd   `cmd:"" name:"id" help:"Judge an identifier, and print it in its normal form."`
}

type checkFundCmd struct {
	Files []string `arg:"" optional:"" help:"Fund files." type:"path"`
}

// Run judges each file and prints all that is wrong.
func (c *checkFundCmd) Run(w world) error {
	type one struct {
		fsys fs.FS
		name string
	}
	var all []one
	for _, file := range c.Files {
		all = append(all, one{os.DirFS(filepath.Dir(file)), filepath.Base(file)})
	}
	if len(c.Files) == 0 {
		names, err := fs.Glob(funds.Files, "*.toml")
		if err != nil {
			return err
		}
		for _, name := range names {
			if strings.Count(name, ".") == 1 {
				all = append(all, one{funds.Files, name})
			}
		}
	}
	bad := 0
	for _, o := range all {
		f, err := policy.Load(o.fsys, o.name)
		if err == nil {
			err = words(o.fsys, f)
		}
		if problems, ok := errors.AsType[policy.Problems](err); ok {
			bad++
			for _, p := range problems {
				fmt.Fprintln(w.out, p)
			}
			continue
		}
		if err != nil {
			return err
		}
		for _, d := range policy.Deviations(f) {
			fmt.Fprintf(w.err, "%s: warning: %s\n", o.name, d)
		}
		fmt.Fprintf(w.out, "%s: %s: good\n", o.name, f.Name)
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d fund files cannot be used", bad, len(all))
	}
	return nil
}

// words judges a fund's own wording, and whether its acts have words.
func words(fsys fs.FS, f *access.Fund) error {
	book := texts.Load()
	if err := book.AddFund(f.ID, fsys); err != nil {
		return policy.Problems{{File: f.ID + ".<lang>.toml", Text: err.Error()}}
	}
	var problems policy.Problems
	if _, err := web.ReadMarks(fsys, f); err != nil {
		problems = append(problems, policy.Problem{File: f.ID + ".toml", Text: err.Error()})
	}
	for _, lang := range f.Languages {
		voice := book.Voice(texts.StyleOf(f, lang), lang)
		for _, act := range f.Acts {
			for _, part := range []string{"name", "short", "about", "title"} {
				if key := "act." + act.ID + "." + part; !voice.Has(key) {
					problems = append(problems, policy.Problem{File: f.ID + ".toml", Key: "operation." + act.ID,
						Text: fmt.Sprintf("there is no text %q in %q: write it in %s.%s.toml", key, lang, f.ID, lang)})
				}
			}
		}
	}
	for _, p := range registry.ProfileProblems(&f.Registry) {
		problems = append(problems, policy.Problem{File: f.ID + ".toml", Key: "registry." + p.Key, Text: p.Text})
	}
	for _, host := range f.Hosts {
		if err := texts.CheckSMS(f.Short, host, f.Help.Shown); err != nil {
			problems = append(problems, policy.Problem{File: f.ID + ".toml", Key: "hosts", Text: err.Error()})
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

type checkIDCmd struct {
	Kind    string `arg:"" enum:"tax-code,ahv,nir,iban,phone,email" help:"tax-code, ahv, nir, iban, phone or email."`
	Value   string `arg:"" help:"What to judge."`
	Country string `enum:"IT,CH,FR" default:"IT" help:"For a phone number without a country: IT, CH or FR."`
}

// Run prints the normal form, or says what is wrong.
func (c *checkIDCmd) Run(w world) error {
	normal, err := identifier.Check(c.Kind, c.Value, c.Country)
	if err != nil {
		return err
	}
	fmt.Fprintln(w.out, normal)
	return nil
}
