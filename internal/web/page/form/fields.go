package form

import (
	"slices"
	"strconv"
	"strings"

	"aditus/internal/access"
	"aditus/internal/operation"
	"aditus/internal/texts"
	"aditus/internal/web/page"
	"aditus/internal/web/page/act"
)

// A field is one field of an act as the page draws it: the part that Kind names,
// with what that part needs.
type field struct {
	Kind    string // input, date, select, radios, how_much, persons, declaration
	Input   page.Input
	Date    page.Date
	Radios  page.Radios // of how_much: amount, then percent
	Amount  page.Input
	Percent page.Input
	Persons []person
	More    bool   // there is room for another person
	Max     int    // persons
	Total   string // of the shares that could be read, "" if there are none
}

// A person is one row of a field of type shares. What the fund does not ask has
// no ID.
type person struct {
	N                    int
	Name, TaxCode, Share page.Input
	Born                 page.Date
	Rank                 choice
}

// A choice is one of a few, for the part «select».
type choice struct {
	Input  page.Input
	Radios page.Radios
}

// purposes are the browser's words for what it can fill in by itself (WCAG
// 1.3.5): a member's own address and contacts.
var purposes = map[string]string{"street": "address-line1", "city": "address-level2", "postcode": "postal-code",
	"province": "address-level1", "country": "country", "email": "email", "mobile": "tel"}

// fields prepares an act's fields. Stored fills what was not typed; nil for a
// new draft.
func fields(v *page.Visit, a access.Act, stored access.Values) (all []field) {
	for _, fd := range a.Fields {
		all = append(all, fieldOf(v, a, fd, stored))
	}
	return all
}

func fieldOf(v *page.Visit, a access.Act, fd access.Field, stored access.Values) (f field) {
	key, value := labelKey(v, fd.Name), stored[fd.Name]
	input := func(pairs ...string) page.Input {
		in := v.Input(fd.Name, key, append(pairs, "value", value)...)
		in.Autocomplete = purposes[fd.Name]
		if in.Autocomplete == "" {
			in.Autocomplete = "off"
		}
		if fd.Optional {
			in.Label += " " + v.T("frame.optional")
		}
		return in
	}
	f.Kind = "input"
	switch fd.Type {
	case "postcode":
		f.Input = input("class", "govuk-input--width-10")
	case "province":
		f.Input = input("class", "govuk-input--width-10", "capitalize", "characters")
	case "iban":
		f.Input = input("class", "u-code", "capitalize", "characters")
		f.Input.Hint += " " + v.T("act.iban.holder")
	case "date":
		f.Kind, f.Date = "date", v.Date3(fd.Name, key, value)
	case "country":
		f.Kind, f.Radios = "select", countries(v, fd.Name, key, value)
		f.Input = input()
	case "year":
		f.Kind, f.Radios = "select", years(v, fd, key, value)
		f.Input = input()
	case "email":
		f.Input = input("inputmode", "email", "capitalize", "none")
	case "mobile":
		f.Input = input("class", "govuk-input--width-20", "inputmode", "tel")
	case "vat":
		f.Input = input("class", "govuk-input--width-20", "inputmode", "numeric")
	case "amount":
		written := ""
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			written = bare(v.Format(texts.Money{Cents: n, Currency: a.Currency()}))
		}
		value = written
		f.Input = input("class", "govuk-input--width-10", "inputmode", "decimal", "suffix", sign(a))
	case "choice":
		f.Kind, f.Radios = "radios", v.Radios(fd.Name, key, value, options(v, a, fd)...)
	case "amount_or_percent":
		f.howMuch(v, a, fd, key, stored)
	case "shares":
		f.persons(v, a, fd, value)
	case "declaration":
		f.Kind, f.Input = "declaration", input()
		f.Radios.Options = []page.Option{{Checked: v.Value(fd.Name) == "yes" || len(v.Form) == 0 && value == "yes"}}
	default:
		f.Input = input()
	}
	return f
}

// labelKey is the text key of a field's question.
func labelKey(v *page.Visit, name string) string {
	if key := "field." + name; v.Voice.Has(key) {
		return key
	}
	return texts.OwnPrefix + name
}

// countries are the options of the field: the fund's own country first, the
// others by name.
func countries(v *page.Visit, name, label, stored string) page.Radios {
	if stored == "" {
		stored = v.Fund.Country
	}
	var all []page.Option
	for _, c := range operation.Countries {
		all = append(all, page.Option{Value: c, Label: v.T("country." + c)})
	}
	slices.SortStableFunc(all, func(x, y page.Option) int {
		switch v.Fund.Country {
		case x.Value:
			return -1
		case y.Value:
			return 1
		}
		return strings.Compare(x.Label, y.Label)
	})
	return v.Radios(name, label, stored, all...)
}

// years are the options of the field, the latest chosen.
func years(v *page.Visit, fd access.Field, label, stored string) page.Radios {
	all := operation.Years(fd, v.Now().In(v.Fund.Zone))
	if stored == "" && len(all) > 0 {
		stored = all[0]
	}
	options := make([]page.Option, len(all))
	for i, y := range all {
		options[i] = page.Option{Value: y, Label: y}
	}
	return v.Radios(fd.Name, label, stored, options...)
}

// sign is how the currency of an act stands beside a field.
func sign(a access.Act) string {
	if a.Currency() == "EUR" {
		return "€"
	}
	return a.Currency()
}

// options are the answers to a choice. Where another field of the act sets a
// limit by the answer, the answer says it.
func options(v *page.Visit, a access.Act, fd access.Field) (all []page.Option) {
	for _, o := range fd.Options {
		opt := page.Option{Value: o, Label: v.T(act.OptionKey(fd.Name, o))}
		for _, other := range a.Fields {
			percent, years := other.Percent[o], other.Years[o]
			switch limit := texts.Percent(100 * percent); {
			case other.By != fd.Name || percent == 0:
			case years > 0:
				opt.Hint = v.T("reason.limit_years", "percent", limit, "n", years)
			default:
				opt.Hint = v.T("reason.limit", "percent", limit)
			}
		}
		all = append(all, opt)
	}
	return all
}

// howMuch prepares an amount or a percentage: which of the two, and a field for
// each. Both are always there, so that it works without a script.
func (f *field) howMuch(v *page.Visit, a access.Act, fd access.Field, key string, stored access.Values) {
	which, amount, percent := "", "", ""
	if n, err := strconv.ParseInt(stored["amount"], 10, 64); err == nil {
		which, amount = "amount", bare(v.Format(texts.Money{Cents: n, Currency: a.Currency()}))
	}
	if n, err := strconv.ParseInt(stored["percent"], 10, 64); err == nil {
		which, percent = "percent", bare(v.Format(texts.Percent(n)))
	}
	f.Kind = "how_much"
	f.Radios = v.Radios(fd.Name, key, which,
		page.Option{Value: "amount", Label: v.T("field.by_amount")},
		page.Option{Value: "percent", Label: v.T("field.by_percent")})
	f.Amount = v.Input("amount", "field.amount", "class", "govuk-input--width-10", "inputmode", "decimal", "autocomplete", "off", "suffix", sign(a), "value", amount)
	f.Percent = v.Input("percent", "field.percent", "class", "govuk-input--width-5", "inputmode", "decimal", "autocomplete", "off", "suffix", "%", "value", percent)
}

// bare is a written amount or percentage without its sign, as people type it.
func bare(s string) string {
	return strings.Trim(s, "€EURCHF% \u00a0\u202f")
}

// persons prepares the rows of a field of type shares: those that were posted,
// or are stored, and one at least.
func (f *field) persons(v *page.Visit, a access.Act, fd access.Field, stored string) {
	f.Kind, f.Max = "persons", fd.Max
	known, _ := operation.Persons(stored) // what cannot be read is typed again
	parts := operation.PersonParts(a, fd)
	n := posted(v, parts, fd.Max)
	if n == 0 {
		n = len(known)
	}
	total, any := int64(0), false
	for i := 1; i <= max(n, 1); i++ {
		p := operation.Person{}
		if len(v.Form) == 0 && i <= len(known) {
			p = known[i-1]
		}
		row := personOf(v, parts, i, p)
		if fd.Ranks > 0 {
			row.Rank = rank(v, fd, i, p.Rank)
			row.Share.Hint = v.T("field.share_rank.hint")
		}
		if share, ok := operation.Percent(row.Share.Value); ok {
			total, any = total+share, true
		}
		f.Persons = append(f.Persons, row)
	}
	f.More = len(f.Persons) < fd.Max
	if any && fd.Ranks == 0 {
		f.Total = v.T("form.total", "percent", texts.Percent(total))
	}
}

// rank is the choice of the rank of a person.
func rank(v *page.Visit, fd access.Field, i, stored int) (c choice) {
	id, chosen := input("rank", i), strconv.Itoa(max(stored, 1))
	var options []page.Option
	for n := 1; n <= fd.Ranks; n++ {
		options = append(options, page.Option{Value: strconv.Itoa(n), Label: v.T("form.rank", "n", n)})
	}
	c.Input = v.Input(id, "field.rank", "autocomplete", "off")
	c.Radios = v.Radios(id, "field.rank", chosen, options...)
	return c
}

func personOf(v *page.Visit, parts []string, i int, p operation.Person) person {
	id := func(part string) string { return "person_" + part + "_" + strconv.Itoa(i) }
	share := ""
	if n, err := strconv.ParseInt(p.Share, 10, 64); err == nil {
		share = bare(v.Format(texts.Percent(n)))
	}
	var born [3]string
	if len(p.Born) == len("2006-01-02") {
		born = [3]string{p.Born[8:], p.Born[5:7], p.Born[:4]}
	}
	part := func(name, label, width, value string) page.Input {
		in := v.Input(id(name), label, "inputmode", "numeric", "class", width, "value", value)
		in.Error = v.Error(id("birth_day"))
		return in
	}
	row := person{
		N:     i,
		Name:  v.Input(id("name"), "field.person_name", "autocomplete", "off", "value", p.Name),
		Share: v.Input(id("share"), "field.share", "class", "govuk-input--width-5", "inputmode", "decimal", "autocomplete", "off", "suffix", "%", "value", share),
		Born: page.Date{ID: id("birth"), Legend: v.T("field.person_birth_date"), Hint: v.T("field.date.hint"), Error: v.Error(id("birth_day")),
			Day:   part("birth_day", "field.day", "govuk-input--width-2", born[0]),
			Month: part("birth_month", "field.month", "govuk-input--width-2", born[1]),
			Year:  part("birth_year", "field.year", "govuk-input--width-4", born[2])},
	}
	if slices.Contains(parts, "tax_code") {
		row.TaxCode = v.Input(id("tax_code"), "field.person_tax_code", "autocomplete", "off", "capitalize", "characters", "value", p.TaxCode)
		row.Born.Hint = v.T("field.person_birth_date.hint")
	}
	return row
}
