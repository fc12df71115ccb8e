package script

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"aditus/internal/registry"
)

// A register is the fund's register as its office has it: rows by membership
// number. Each change is exported and imported whole, as the office would.
type register struct {
	world    *world
	columns  []string
	rows     []map[string]string // column -> value, in the file's order
	outcomes map[string]registry.Outcome
}

func newRegister(w *world) *register { return &register{world: w} }

// column is the fund's own name of a field.
func (r *register) column(field string) (string, error) {
	for name, to := range r.world.fund.Registry.Columns {
		if to == field {
			return name, nil
		}
	}
	return "", fmt.Errorf("the fund's register has no %q", field)
}

// row is the row with a number, nil if there is none.
func (r *register) row(number string) map[string]string {
	key, err := r.column(r.world.fund.Registry.Key.Field)
	if err != nil {
		return nil
	}
	for _, row := range r.rows {
		if row[key] == number {
			return row
		}
	}
	return nil
}

// read takes in the text of a register. With numbers only their rows are taken.
func (r *register) read(text string, numbers ...string) error {
	c := csv.NewReader(strings.NewReader(text))
	c.Comma, c.LazyQuotes, c.FieldsPerRecord = rune(r.world.fund.Registry.Delimiter[0]), true, -1
	all, err := c.ReadAll()
	if err != nil || len(all) == 0 {
		return errors.Join(err, errors.New("no register"))
	}
	r.columns = all[0]
	key, err := r.column(r.world.fund.Registry.Key.Field)
	if err != nil {
		return err
	}
	at, taken := slices.Index(r.columns, key), map[string]bool{}
	for _, values := range all[1:] {
		if at >= len(values) || len(numbers) > 0 && !slices.Contains(numbers, values[at]) {
			continue
		}
		row := map[string]string{}
		for i, name := range r.columns[:min(len(values), len(r.columns))] {
			row[name] = values[i]
		}
		r.rows, taken[values[at]] = append(r.rows, row), true
	}
	for _, n := range numbers {
		if !taken[n] {
			return fmt.Errorf("no row with the number %s", n)
		}
	}
	return nil
}

// take imports rows of the shared register.
func (r *register) take(numbers []string) error {
	data, err := os.ReadFile(r.world.shared)
	if err != nil {
		return err
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return err
	}
	if err := r.read(string(text), numbers...); err != nil {
		return err
	}
	return r.send()
}

// set changes a row, or adds one. Keys are the product's names of the fields,
// values are as the file has them. Who is new is an active member unless the
// script says otherwise.
func (r *register) set(number string, pairs []string) error {
	p := r.world.fund.Registry
	if r.columns == nil {
		for name := range p.Columns {
			r.columns = append(r.columns, name)
		}
		slices.Sort(r.columns)
	}
	row := r.row(number)
	if row == nil {
		row = map[string]string{}
		r.rows = append(r.rows, row)
		pairs = append([]string{p.Key.Field + "=" + number}, pairs...)
		for word, is := range p.Values["status"] {
			if is == "active" {
				pairs = append([]string{"status=" + word}, pairs...)
			}
		}
	}
	// The office's program notes the day of a change, where it has a place for that.
	if column, err := r.column("updated_on"); err == nil {
		row[column] = r.world.clock.Now().In(r.world.fund.Zone).Format("02/01/2006")
	}
	for _, pair := range pairs {
		field, value, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("%q is not FIELD=VALUE", pair)
		}
		column, err := r.column(field)
		if err != nil {
			return err
		}
		row[column] = value
	}
	return r.send()
}

// send exports the register and imports it.
func (r *register) send() error {
	var b bytes.Buffer
	c := csv.NewWriter(&b)
	c.Comma, c.UseCRLF = rune(r.world.fund.Registry.Delimiter[0]), true
	all := [][]string{r.columns}
	for _, row := range r.rows {
		var values []string
		for _, name := range r.columns {
			values = append(values, row[name])
		}
		all = append(all, values)
	}
	if err := c.WriteAll(all); err != nil {
		return err
	}
	return r.apply(b.String())
}

// apply imports the text of a register, in the fund's encoding.
func (r *register) apply(text string) error {
	data := []byte(text)
	if r.world.fund.Registry.Encoding == "windows-1252" {
		var err error
		if data, err = charmap.Windows1252.NewEncoder().Bytes(data); err != nil {
			return fmt.Errorf("the register is not Windows-1252: %w", err)
		}
	}
	r.outcomes = map[string]registry.Outcome{}
	_, err := registry.Apply(context.Background(), r.world.app.DB, r.world.fund, bytes.NewReader(data), int64(len(data)), registry.Options{
		Name: r.world.fund.ID + ".csv",
		Each: func(res registry.Result) error { r.outcomes[res.Key] = res.Outcome; return nil },
	})
	return err
}
