package demo

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"aditus/internal/access"
	"aditus/internal/identifier"
)

// A Person is one sample person and what they may type. What their fund does not
// know of people is "".
type Person struct {
	Fund           string `json:"fund"`
	Host           string `json:"host"`
	URL            string `json:"url"`
	Name           string `json:"name"`
	TaxCode        string `json:"tax_code,omitempty"`
	Username       string `json:"username,omitempty"`
	AHV            string `json:"ahv,omitempty"`    // with its dots
	Number         string `json:"number,omitempty"` // the membership number
	Password       string `json:"password,omitempty"`
	Born           string `json:"birth_date,omitempty"`      // as the fund writes dates; where the letter's code asks for it
	ActivationCode string `json:"activation_code,omitempty"` // as it is printed: these people are invented
	Email          string `json:"email,omitempty"`
	PEC            string `json:"pec,omitempty"`
	Mobile         string `json:"mobile,omitempty"`
	Plan           string `json:"plan,omitempty"`
	Status         string `json:"status"`
}

// Login is what the person is known by at the fund's first page.
func (p Person) Login() string {
	switch {
	case p.AHV != "":
		return p.AHV
	case p.Username != "":
		return p.Username
	}
	return p.TaxCode
}

// Secret is what goes with it: a password, or else what opens the way to one.
func (p Person) Secret() string {
	switch {
	case p.Password != "":
		return p.Password
	case p.ActivationCode != "" || p.Username != "":
		return p.ActivationCode
	}
	return p.Number
}

// hostsOf are the names of a fund's sites here: its id before .localhost, or one
// for each of its hosts, whose first label then stands before that.
func hostsOf(f *access.Fund) (all []string) {
	if len(f.Hosts) < 2 {
		return []string{f.ID + ".localhost"}
	}
	for _, h := range f.Hosts {
		first, _, _ := strings.Cut(h, ".")
		all = append(all, first+"."+f.ID+".localhost")
	}
	return all
}

// person is what an entry of the register says of somebody. They belong to the
// site that is called as their plan, where there is one.
func (d *Demo) person(f *access.Fund, e access.Entry) Person {
	r := e.Record
	hosts := hostsOf(f)
	host := hosts[0]
	if i := slices.Index(hosts, r.Plan+"."+f.ID+".localhost"); i >= 0 {
		host = hosts[i]
	}
	p := Person{Fund: f.ID, Host: host, URL: "http://" + host + ":" + d.port + "/login", Name: r.Name + " " + r.Surname,
		TaxCode: r.TaxCode, Username: r.Username, Email: r.Email, PEC: r.PEC, Mobile: r.Mobile, Plan: r.Plan, Status: e.Status}
	if !f.Registry.Key.National() {
		p.Number = e.Number
	}
	if r.AHV != "" {
		p.AHV, p.Born = identifier.AHVDotted(r.AHV), swissDate(r.Born)
	}
	return p
}

// swissDate writes YYYY-MM-DD as a Swiss letter does.
func swissDate(stored string) string {
	parts := strings.Split(stored, "-")
	slices.Reverse(parts)
	return strings.Join(parts, ".")
}

// sentLately moves the days of the statements on by whole years, to within the
// last one: what was printed on a statement long ago is worth nothing, and these
// people shall have had theirs.
func sentLately(rows []byte, p *access.Profile, now time.Time) ([]byte, error) {
	if !p.Has("statement_on") {
		return rows, nil
	}
	c := csv.NewReader(bytes.NewReader(rows))
	c.Comma = rune(p.Delimiter[0])
	all, err := c.ReadAll()
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all[0], func(column string) bool { return p.Columns[column] == "statement_on" })
	if at < 0 {
		return nil, errors.New("the sample register has no column of statements")
	}
	layout := strings.NewReplacer("dd", "02", "mm", "01", "yyyy", "2006").Replace(p.Dates[0])
	for _, row := range all[1:] {
		if row[at] == "" {
			continue
		}
		sent, err := time.Parse(layout, row[at])
		if err != nil {
			return nil, err
		}
		for sent.AddDate(1, 0, 0).Before(now) {
			sent = sent.AddDate(1, 0, 0)
		}
		row[at] = sent.Format(layout)
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = c.Comma
	if err := w.WriteAll(all); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// printedCodes are the activation codes of a register in clear, by the number of
// the record. The program itself keeps only what they hash to.
func printedCodes(rows []byte, p *access.Profile) (map[int]string, error) {
	if !p.Has("activation_code") {
		return nil, nil
	}
	c := csv.NewReader(bytes.NewReader(rows))
	c.Comma = rune(p.Delimiter[0])
	all, err := c.ReadAll()
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all[0], func(column string) bool { return p.Columns[column] == "activation_code" })
	if at < 0 {
		return nil, fmt.Errorf("the sample register has no column of activation codes")
	}
	codes := map[int]string{}
	for i, row := range all[1:] {
		codes[i+1] = row[at]
	}
	return codes, nil
}

// An acting is one sample person who acts for another, by their numbers.
type acting struct {
	Who  string `toml:"who"`
	For  string `toml:"for"`
	Kind string `toml:"kind"`
}

// secretsOf reads what the sample people of a fund may type, by number, who stands
// first at the door, and who acts for whom.
func secretsOf(f *access.Fund) (secrets map[string]string, order []string, acts []acting, err error) {
	data, err := people.ReadFile("people/" + f.ID + ".toml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, nil
	}
	if err != nil {
		return nil, nil, nil, err
	}
	var file struct {
		Mandate []acting `toml:"mandate"`
		Person  []struct {
			Number   string `toml:"number"`
			Password string `toml:"password"`
		} `toml:"person"`
	}
	if err := toml.Unmarshal(data, &file); err != nil {
		return nil, nil, nil, err
	}
	secrets = map[string]string{}
	for _, p := range file.Person {
		secrets[p.Number] = p.Password
		order = append(order, p.Number)
	}
	return secrets, order, file.Mandate, nil
}
