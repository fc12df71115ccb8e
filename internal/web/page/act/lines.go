package act

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/identifier"
	"aditus/internal/operation"
	"aditus/internal/texts"
	"aditus/internal/web/page"
)

// A Line is one value of an act, as it is read.
type Line struct {
	Field string // the id of the form's input, for the link that changes it
	Label string
	Text  []string // one under the other: a person has several
	Heard string   // in place of Text for those who hear the page, or ""
	Code  bool     // set in the type of numbers
}

// Shown are all lines of an operation that is there: what was asked for, and who
// asked for it where that was somebody else.
func Shown(v *page.Visit, view operation.View) []Line {
	all := Lines(v, view.Act, view.Values, Full(v, view.Operation))
	if view.By != "" {
		all = append(all, Line{Label: v.T("receipt.by"), Text: []string{v.Format(view.By)}})
	}
	return all
}

// Lines are an act's values in the order of its form. Full shows the IBAN and
// contacts as they are; otherwise they are masked. A value of an act that the
// fund's file no longer has is shown without its type: as it is stored.
func Lines(v *page.Visit, a access.Act, values access.Values, full bool) (lines []Line) {
	if a.ID == "" {
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if _, err := identifier.IBAN(values[name]); err == nil {
				lines = append(lines, iban(v, name, values[name], full))
			} else {
				lines = append(lines, Line{Field: name, Label: Label(v, name), Text: []string{v.Format(values[name])}})
			}
		}
		return lines
	}
	for _, fd := range a.Fields {
		value := values[fd.Name]
		line := Line{Field: fd.Name, Label: Label(v, fd.Name)}
		switch fd.Type {
		case "iban":
			line = iban(v, fd.Name, value, full)
		case "choice":
			line.Text = []string{v.T(OptionKey(fd.Name, value))}
		case "country":
			line.Text = []string{v.T("country." + value)}
		case "date":
			line.Field += "_day"
			line.Text = []string{day(v, value)}
		case "amount_or_percent":
			line = howMuch(v, a, values)
		case "amount":
			line.Text = []string{money(v, a, value)}
		case "email", "mobile":
			if line.Text = []string{v.Format(value)}; !full && value != "" {
				line = masked(line, Contact(v, map[string]access.Kind{"email": access.Email, "mobile": access.SMS}[fd.Type], value))
			}
		case "shares":
			lines = append(lines, persons(v, value)...)
			continue
		case "declaration":
			line.Text = []string{v.T("form.yes")}
		default:
			line.Text = []string{v.Format(value)}
		}
		if value == "" && fd.Type != "amount_or_percent" {
			continue // optional, and left empty
		}
		lines = append(lines, line)
	}
	return lines
}

// Label is what a field is called in a list of values: shorter than the question
// that the form asks, where there is such a word. A fund's own field is worded
// in the fund's texts.
func Label(v *page.Visit, name string) string {
	for _, key := range []string{"field." + name + ".short", "field." + name, texts.OwnPrefix + name} {
		if v.Voice.Has(key) {
			return v.T(key)
		}
	}
	return v.Format(name)
}

// OptionKey is the text key of an option of a field: reason.health.
func OptionKey(field, option string) string { return field + "." + option }

func iban(v *page.Visit, name, value string, full bool) Line {
	line := Line{Field: name, Label: Label(v, name), Code: true}
	if full {
		line.Text = []string{Grouped(value)}
		return line
	}
	line.Text = []string{access.MaskIBAN(value)}
	line.Heard = v.T("contact.spoken_iban", "iban4", access.Last(value, 4))
	return line
}

// Grouped is an IBAN in groups of four, as it is printed.
func Grouped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// day writes a stored date out.
func day(v *page.Visit, stored string) string {
	t, err := time.ParseInLocation(time.DateOnly, stored, v.Fund.Zone)
	if err != nil {
		return v.Format(stored)
	}
	return v.Day(t)
}

func howMuch(v *page.Visit, a access.Act, values access.Values) Line {
	if values["amount"] != "" {
		return Line{Field: "amount", Label: Label(v, "amount"), Text: []string{money(v, a, values["amount"])}}
	}
	return Line{Field: "percent", Label: Label(v, "percent"), Text: []string{percent(v, values["percent"])}}
}

// money writes cents of the act's currency.
func money(v *page.Visit, a access.Act, stored string) string {
	cents, err := strconv.ParseInt(stored, 10, 64)
	if err != nil {
		return v.Format(stored)
	}
	return v.Format(texts.Money{Cents: cents, Currency: a.Currency()})
}

// masked is a line whose value is seen and heard as contact is.
func masked(line, contact Line) Line {
	line.Text, line.Heard = contact.Text, contact.Heard
	return line
}

// percent writes hundredths of a percent.
func percent(v *page.Visit, stored string) string {
	n, err := strconv.ParseInt(stored, 10, 64)
	if err != nil {
		return v.Format(stored)
	}
	return v.Format(texts.Percent(n))
}

func persons(v *page.Visit, value string) (lines []Line) {
	all, err := operation.Persons(value)
	if err != nil {
		return nil
	}
	for i, p := range all {
		n := strconv.Itoa(i + 1)
		line := Line{Field: "person_name_" + n, Label: v.T("form.person", "n", i+1), Text: []string{v.Format(p.Name)}}
		if p.TaxCode != "" {
			line.Text = append(line.Text, p.TaxCode)
		}
		if p.Born != "" {
			line.Text = append(line.Text, v.Date(p.Born)) // on no day of the week: nobody knows theirs
		}
		if p.Rank > 0 {
			line.Text = append(line.Text, v.T("form.rank", "n", p.Rank))
		}
		line.Text = append(line.Text, percent(v, p.Share))
		lines = append(lines, line)
	}
	return lines
}
