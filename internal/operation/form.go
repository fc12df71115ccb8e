package operation

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"aditus/internal/access"
	"aditus/internal/identifier"
)

// A Form is what a browser posted: the values by input name.
type Form map[string][]string

// Get is the first value of an input, "" if there is none.
func (f Form) Get(name string) string {
	if v := f[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Countries are those an address can be in, by ISO 3166; the texts have a name
// for each.
var Countries = []string{"IT", "AT", "BE", "CH", "DE", "ES", "FR", "GB", "LU", "MC", "NL", "PT", "RO", "SI", "SM", "VA"}

// A Person is one of those to whom a benefit goes.
type Person struct {
	Name    string `json:"name"`
	TaxCode string `json:"tax_code,omitempty"`
	Born    string `json:"born,omitempty"` // YYYY-MM-DD
	Rank    int    `json:"rank,omitempty"` // from 1; 0 where the fund asks for none
	Share   string `json:"share"`          // hundredths of a percent
}

// Persons reads the value of a field of type shares.
func Persons(value string) ([]Person, error) {
	var all []Person
	if value == "" {
		return nil, nil
	}
	err := json.Unmarshal([]byte(value), &all)
	return all, err
}

// Inputs are the names of all inputs that the form of an act has.
func Inputs(act access.Act) (names []string) {
	for _, fd := range act.Fields {
		switch fd.Type {
		case "date":
			names = append(names, fd.Name+"_day", fd.Name+"_month", fd.Name+"_year")
		case "amount_or_percent":
			names = append(names, fd.Name, "amount", "percent")
		case "shares":
			for i := 1; i <= fd.Max; i++ {
				for _, part := range PersonParts(act, fd) {
					names = append(names, input(part, i))
				}
			}
		default:
			names = append(names, fd.Name)
		}
	}
	return names
}

// Read reads the form of an act into canonical values. What is wrong is one
// refusal a field, in the order of the form.
func Read(act access.Act, form Form, m access.Member, now time.Time) (access.Values, access.Refusals) {
	r := reader{act: act, form: form, member: m, now: now, values: access.Values{}}
	given := false
	for _, fd := range act.Fields {
		r.field(fd)
		given = given || !fd.Optional || r.values[fd.Name] != ""
	}
	if !given && len(r.wrong) == 0 { // all of it is optional, and nothing at all is nothing to do
		r.refuse(act.Fields[0].Name, "nothing_filled")
	}
	return r.values, r.wrong
}

type reader struct {
	act    access.Act
	form   Form
	member access.Member
	now    time.Time // in the fund's zone
	values access.Values
	wrong  access.Refusals
}

func (r *reader) refuse(field, code string, args ...access.Arg) {
	r.wrong = append(r.wrong, access.RefuseField(field, code, args...))
}

func count(name string, n int) access.Arg {
	return access.Arg{Name: name, Type: access.ArgCount, Value: strconv.Itoa(n)}
}

func (r *reader) field(fd access.Field) {
	switch fd.Type {
	case "line":
		if v, ok := r.line(fd.Name, r.form.Get(fd.Name), fd.Max); ok {
			switch {
			case v == "" && !fd.Optional:
				r.refuse(fd.Name, fd.Name+"_missing")
			case v != "" && utf8.RuneCountInString(v) < 2:
				r.refuse(fd.Name, "text_short")
			default:
				r.values[fd.Name] = v
			}
		}
	case "postcode":
		r.postcode(fd)
	case "province":
		r.province(fd)
	case "country":
		v := strings.TrimSpace(r.form.Get(fd.Name))
		if !slices.Contains(Countries, v) {
			r.refuse(fd.Name, "country_missing")
			return
		}
		r.values[fd.Name] = v
	case "date":
		r.date(fd)
	case "year":
		r.year(fd)
	case "iban":
		r.iban(fd)
	case "email", "mobile":
		r.contact(fd)
	case "vat":
		r.vat(fd)
	case "amount":
		r.amount(fd)
	case "choice":
		v := r.form.Get(fd.Name)
		if !slices.Contains(fd.Options, v) {
			r.refuse(fd.Name, fd.Name+"_missing")
			return
		}
		r.values[fd.Name] = v
	case "amount_or_percent":
		r.howMuch(fd)
	case "shares":
		r.shares(fd)
	case "declaration":
		if r.form.Get(fd.Name) != "yes" {
			r.refuse(fd.Name, fd.Name+"_missing")
			return
		}
		r.values[fd.Name] = "yes"
	}
}

// line reads one line of text: blanks squeezed, nothing that cannot be printed.
func (r *reader) line(name, typed string, most int) (string, bool) {
	if len(typed) > 4*most+64 {
		r.refuse(name, "text_long", count("max", most))
		return "", false
	}
	v := strings.Join(strings.Fields(typed), " ")
	if !utf8.ValidString(v) || strings.ContainsFunc(v, func(c rune) bool { return !unicode.IsPrint(c) || c == '<' || c == '>' }) {
		r.refuse(name, "text_form")
		return "", false
	}
	if utf8.RuneCountInString(v) > most {
		r.refuse(name, "text_long", count("max", most))
		return "", false
	}
	return v, true
}

func (r *reader) postcode(fd access.Field) {
	v := strings.ToUpper(strings.Join(strings.Fields(r.form.Get(fd.Name)), " "))
	country := r.form.Get("country")
	if country == "" {
		country = r.act.Country
	}
	digits := map[string]int{"IT": 5, "CH": 4}[country]
	switch {
	case v == "":
		r.refuse(fd.Name, "postcode_missing")
	case digits > 0 && (len(v) != digits || strings.Trim(v, "0123456789") != ""),
		len(v) < 3 || len(v) > 10 || strings.Trim(v, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ -") != "":
		r.refuse(fd.Name, "postcode_form")
	default:
		r.values[fd.Name] = v
	}
}

func (r *reader) province(fd access.Field) {
	v := strings.ToUpper(strings.TrimSpace(r.form.Get(fd.Name)))
	if c := r.form.Get("country"); c != "IT" && c != "" {
		if v, ok := r.line(fd.Name, r.form.Get(fd.Name), 40); ok && v != "" {
			r.values[fd.Name] = v // a canton, a department: not asked for, and kept if given
		}
		return
	}
	switch {
	case v == "":
		r.refuse(fd.Name, "province_missing")
	case len(v) != 2 || strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		r.refuse(fd.Name, "province_form")
	default:
		r.values[fd.Name] = v
	}
}

// day reads three inputs as a date.
func (r *reader) day(day, month, year string) (t time.Time, given, ok bool) {
	parts := []string{strings.TrimSpace(r.form.Get(year)), strings.TrimSpace(r.form.Get(month)), strings.TrimSpace(r.form.Get(day))}
	if strings.Join(parts, "") == "" {
		return t, false, false
	}
	n := make([]int, 3)
	for i, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || v <= 0 || len(p) > 4 {
			return t, true, false
		}
		n[i] = v
	}
	if len(parts[0]) != 4 {
		return t, true, false
	}
	t = time.Date(n[0], time.Month(n[1]), n[2], 0, 0, 0, 0, r.now.Location())
	return t, true, t.Year() == n[0] && int(t.Month()) == n[1] && t.Day() == n[2]
}

func (r *reader) date(fd access.Field) {
	at := fd.Name + "_day" // the first of three inputs is where the page leads to
	t, given, ok := r.day(at, fd.Name+"_month", fd.Name+"_year")
	today := time.Date(r.now.Year(), r.now.Month(), r.now.Day(), 0, 0, 0, 0, r.now.Location())
	first, last := today.AddDate(0, 0, -fd.Past), today.AddDate(0, 0, fd.Ahead)
	switch {
	case !given && fd.Optional:
	case !given:
		r.refuse(at, "date_missing")
	case !ok:
		r.refuse(at, "date_form")
	case t.Before(first):
		r.refuse(at, "date_past", access.TimeArg("date", access.ArgDay, first))
	case t.After(last):
		r.refuse(at, "date_far", access.TimeArg("date", access.ArgDay, last))
	default:
		r.values[fd.Name] = t.Format(time.DateOnly)
	}
}

func (r *reader) iban(fd access.Field) {
	typed := r.form.Get(fd.Name)
	if strings.TrimSpace(typed) == "" {
		r.refuse(fd.Name, "iban_empty")
		return
	}
	v, err := identifier.IBAN(typed)
	if err == nil {
		r.values[fd.Name] = v
		return
	}
	code := "iban_form"
	if bad, ok := errors.AsType[*identifier.Error](err); ok {
		switch bad.Reason {
		case "length":
			code = "iban_length"
		case "country":
			code = "iban_country"
		case "check", "national":
			code = "iban_check"
		}
	}
	r.refuse(fd.Name, code)
}

// The least and the most an amount can be that stands beside a percentage, in
// cents.
const (
	leastAmount = 100 * 100
	mostAmount  = 10_000_000 * 100
)

func (r *reader) howMuch(fd access.Field) {
	option := r.values[fd.By]
	if years := fd.Years[option]; years > 0 && r.member.Main().Record.Years(r.now) < years {
		r.refuse(fd.By, fd.By+"_years", count("n", years))
	}
	most := fd.Percent[option]
	if most == 0 {
		most = 100
	}
	switch r.form.Get(fd.Name) {
	case "amount":
		v, ok := Amount(r.form.Get("amount"))
		switch {
		case strings.TrimSpace(r.form.Get("amount")) == "":
			r.refuse("amount", "amount_empty")
		case !ok:
			r.refuse("amount", "amount_form")
		case v < leastAmount:
			r.refuse("amount", "amount_low", r.money("min", leastAmount))
		case v > mostAmount:
			r.refuse("amount", "amount_high", r.money("max", mostAmount))
		default:
			r.values["amount"] = strconv.FormatInt(v, 10)
		}
	case "percent":
		v, ok := Percent(r.form.Get("percent"))
		switch {
		case strings.TrimSpace(r.form.Get("percent")) == "":
			r.refuse("percent", "percent_empty")
		case !ok:
			r.refuse("percent", "percent_form")
		case v <= 0 || v > int64(most)*100:
			r.refuse("percent", "percent_range", count("max", most))
		default:
			r.values["percent"] = strconv.FormatInt(v, 10)
		}
	default:
		r.refuse(fd.Name, fd.Name+"_missing")
	}
}

// money is an amount in a refusal.
func (r *reader) money(name string, cents int64) access.Arg {
	return access.Arg{Name: name, Type: access.ArgMoney, Value: fmt.Sprint(cents, " ", r.act.Currency())}
}

// Amount reads an amount of money, as people of four languages write it, into
// cents: 12.500,00, 12'500.00, 12 500, € 500. The last «,» or «.» is the decimal
// sign if one or two digits follow it; what stands before it must be plain
// digits, or groups of three that one other sign sets apart. What could be read
// in two ways (12€50, 1.2.3) is not read at all.
func Amount(typed string) (cents int64, ok bool) {
	s := strings.TrimSpace(typed)
	for _, sign := range []string{"€", "EUR", "CHF"} {
		s = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(s, sign), sign))
	}
	return decimal(s, 12)
}

// Percent reads a percentage into hundredths: 75, 33,33, 50 %. There are no
// thousands to set apart: 33,333 is not read.
func Percent(typed string) (hundredths int64, ok bool) {
	s := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(typed), "%"))
	if i := strings.IndexAny(s, ",."); i >= 0 && len(s)-i-1 > 2 {
		return 0, false
	}
	return decimal(s, 6)
}

// thousands are the signs that set thousands apart, beside «.» and «,».
var thousands = strings.NewReplacer("’", "'", " ", "'", "\u00a0", "'", "\u202f", "'")

// decimal reads a number with at most two decimals into hundredths, of at most
// so many digits.
func decimal(s string, most int) (hundredths int64, ok bool) {
	if len(s) > 4*most {
		return 0, false
	}
	s = thousands.Replace(s)
	whole, part, sign := s, "", byte(0)
	if i := strings.LastIndexAny(s, ",."); i >= 0 && len(s)-i-1 <= 2 && len(s)-i-1 > 0 {
		whole, part, sign = s[:i], s[i+1:], s[i]
	}
	if i := strings.IndexAny(whole, ".,'"); i >= 0 {
		groups := strings.Split(whole, whole[i:i+1])
		for j, g := range groups {
			if whole[i] == sign || len(g) > 3 || len(g) < 3 && j > 0 || len(g) == 0 {
				return 0, false
			}
		}
		whole = strings.Join(groups, "")
	}
	digits := whole + part + strings.Repeat("0", 2-len(part))
	if whole == "" || strings.Trim(digits, "0123456789") != "" || len(digits) > most {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}
