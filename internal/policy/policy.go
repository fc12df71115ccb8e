// Package policy reads a fund's file and refuses one that does not make sense,
// with the file, the line, the key and what is missing.
package policy

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a fund's zone is known on a machine without a zone database

	"github.com/pelletier/go-toml/v2"

	"aditus/internal/access"
)

// A Problem is one thing wrong with a fund's file.
type Problem struct {
	File string // its base name
	Line int    // 0 if no line can be named
	Key  string
	Text string
}

// Error is one line: file:line: key: what is wrong.
func (p Problem) Error() string {
	at := p.File
	if p.Line > 0 {
		at = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Key == "" {
		return at + ": " + p.Text
	}
	return at + ": " + p.Key + ": " + p.Text
}

// Problems are all that is wrong with a file, in its order.
type Problems []Problem

// Error has a line for each.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// MaxSize is the largest fund file that is read, in bytes.
const MaxSize = 1 << 20

// Load reads the fund file name of fsys. Its error is Problems, or a fault of
// reading. The fund's ID is the file's name without its ending.
func Load(fsys fs.FS, name string) (*access.Fund, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	return Parse(path.Base(name), data)
}

// LoadAll reads every fund file of fsys: *.toml whose name holds no other dot,
// as <fund>.<lang>.toml are texts.
func LoadAll(fsys fs.FS) ([]*access.Fund, error) {
	names, err := fs.Glob(fsys, "*.toml")
	if err != nil {
		return nil, err
	}
	var funds []*access.Fund
	var all Problems
	hosts := map[string]string{}
	for _, name := range names {
		if strings.Count(name, ".") > 1 {
			continue
		}
		f, err := Load(fsys, name)
		if ps, ok := errors.AsType[Problems](err); ok {
			all = append(all, ps...)
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, h := range f.Hosts {
			if other := hosts[h]; other != "" {
				all = append(all, Problem{File: name, Key: "hosts", Text: fmt.Sprintf("%q is also a host of %s", h, other)})
			}
			hosts[h] = name
		}
		funds = append(funds, f)
	}
	if len(all) > 0 {
		return nil, all
	}
	if len(funds) == 0 {
		return nil, errors.New("no fund file (*.toml) here")
	}
	return funds, nil
}

// Parse reads a fund's file. Its error is Problems.
func Parse(name string, data []byte) (*access.Fund, error) {
	c := &checker{file: name}
	if len(data) > MaxSize {
		c.at(0, "", "larger than 1 MiB: this is not a fund's file")
		return nil, c.problems
	}
	var f file
	dec := toml.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		c.decode(err)
		return nil, c.problems
	}
	lines, err := readLines(data)
	if err != nil {
		c.at(0, "", err.Error())
		return nil, c.problems
	}
	c.lines = lines
	fund := c.fund(strings.TrimSuffix(name, ".toml"), &f)
	if len(c.problems) > 0 {
		slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
		return nil, c.problems
	}
	return fund, nil
}

// decode turns the errors of the TOML reader into problems.
func (c *checker) decode(err error) {
	if e, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		for _, d := range e.Errors {
			row, _ := d.Position()
			c.at(row, strings.Join(d.Key(), "."), "is not a setting")
		}
		return
	}
	if d, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, _ := d.Position()
		c.at(row, strings.Join(d.Key(), "."), strings.TrimPrefix(d.Error(), "toml: "))
		return
	}
	c.at(0, "", err.Error())
}

// A file is a fund's file as it stands, before it is judged.
type file struct {
	Name      string   `toml:"name"`
	Short     string   `toml:"short"`
	Country   string   `toml:"country"`
	Zone      string   `toml:"zone"`
	Languages []string `toml:"languages"`
	Hosts     []string `toml:"hosts"`
	Sender    struct {
		Name  string `toml:"name"`
		Email string `toml:"email"`
		PEC   string `toml:"pec"`
		SMS   string `toml:"sms"`
	} `toml:"sender"`
	Brand struct {
		Brand   string `toml:"brand"`
		OnBrand string `toml:"on_brand"`
		Link    string `toml:"link"`
		Tint    string `toml:"tint"`
		Focus   string `toml:"focus"`
		Radius  *int   `toml:"radius"`
		Logo    string `toml:"logo"`
		Favicon string `toml:"favicon"`
	} `toml:"brand"`
	Help struct {
		Phone   string            `toml:"phone"`
		Shown   string            `toml:"shown"`
		Hours   map[string]string `toml:"hours"`
		Email   string            `toml:"email"`
		Address string            `toml:"address"`
	} `toml:"help"`
	Way []struct {
		Title map[string]string `toml:"title"`
		Text  map[string]string `toml:"text"`
	} `toml:"way"`
	Code struct {
		Digits     int      `toml:"digits"`
		TTL        duration `toml:"ttl"`
		Tries      int      `toml:"tries"`
		Again      string   `toml:"again"`
		PerHour    int      `toml:"per_hour"`
		PerDay     int      `toml:"per_day"`
		PerAddress int      `toml:"per_address"`
	} `toml:"code"`
	Password struct {
		Min      int            `toml:"min"`
		MaxBytes int            `toml:"max_bytes"`
		Groups   int            `toml:"groups"`
		Rollout  toml.LocalDate `toml:"rollout"`
		Grace    int            `toml:"grace"`
		Alone    string         `toml:"alone"`
	} `toml:"password"`
	Recovery struct {
		Style string `toml:"style"`
	} `toml:"recovery"`
	Trust struct {
		By          []string `toml:"by"`
		MaxPersons  int      `toml:"max_persons"`
		MaxAge      duration `toml:"max_age"`
		DemoteAfter int      `toml:"demote_after_failures"`
	} `toml:"trust"`
	SignIn struct {
		Code        string         `toml:"code"`
		InviteUntil toml.LocalDate `toml:"invite_until"`
	} `toml:"sign_in"`
	Enrol struct {
		Terms  string            `toml:"terms"`
		Text   map[string]string `toml:"text"`
		Others map[string]string `toml:"others"`
	} `toml:"enrol"`
	Factor struct {
		Prefixes []string `toml:"prefixes"`
		Delay    duration `toml:"delay"`
		Passkeys bool     `toml:"passkeys"`
	} `toml:"factor"`
	Channel struct {
		Reauth string `toml:"reauth"`
	} `toml:"channel"`
	Session struct {
		Idle     duration `toml:"idle"`
		Absolute duration `toml:"absolute"`
	} `toml:"session"`
	Hold struct {
		ContactChange duration `toml:"contact_change"`
		Email         duration `toml:"email"`
		PasswordReset duration `toml:"password_reset"`
	} `toml:"hold"`
	Status map[string]struct {
		Access     string    `toml:"access"`
		For        string    `toml:"for"`
		Operations *[]string `toml:"operations"`
	} `toml:"status"`
	Registry access.Profile `toml:"registry"`
	Flow     []struct {
		Goal   string           `toml:"goal"`
		Grants string           `toml:"grants"`
		Steps  []map[string]any `toml:"steps"`
	} `toml:"flow"`
	Operation []operation `toml:"operation"`
}

// operation is one [[operation]] of the file.
type operation struct {
	ID    string   `toml:"id"`
	Hold  []string `toml:"hold"`
	Money bool     `toml:"money"`
	Field []struct {
		Name     string         `toml:"name"`
		Type     string         `toml:"type"`
		Optional bool           `toml:"optional"`
		Min      int            `toml:"min"`
		Max      int            `toml:"max"`
		Ranks    int            `toml:"ranks"`
		Options  []string       `toml:"options"`
		Percent  map[string]int `toml:"percent"`
		Years    map[string]int `toml:"years"`
		By       string         `toml:"by"`
		Past     int            `toml:"past"`
		Ahead    int            `toml:"ahead"`
	} `toml:"field"`
}

// A duration is written as "5m" or "72h".
type duration struct {
	time.Duration
	set bool
}

// UnmarshalText reads a duration as Go writes it.
func (d *duration) UnmarshalText(text []byte) (err error) {
	d.set = true
	d.Duration, err = time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf(`%q is not a duration: write "5m" or "72h"`, text)
	}
	return nil
}
