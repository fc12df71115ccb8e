package operation

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"aditus/internal/access"
	"aditus/internal/identifier"
)

// shares reads the persons to whom a benefit goes. A row with nothing in it is
// not a person; the shares must be 100 % together.
func (r *reader) shares(fd access.Field) {
	var all []Person
	before := len(r.wrong)
	total := int64(0)
	for i := 1; i <= fd.Max; i++ {
		p, share, given := r.person(i)
		if !given {
			continue
		}
		for _, other := range all {
			if p.TaxCode != "" && p.TaxCode == other.TaxCode ||
				p.Name != "" && p.Born != "" && p.Born == other.Born && strings.EqualFold(p.Name, other.Name) {
				r.refuse(input("name", i), "person_twice")
			}
		}
		if p.TaxCode != "" && p.TaxCode == r.member.Main().Record.TaxCode {
			r.refuse(input("tax_code", i), "person_self")
		}
		total += share
		all = append(all, p)
	}
	switch {
	case len(all) == 0 && len(r.wrong) == before:
		r.refuse(input("name", 1), "persons_missing")
	case len(r.wrong) == before && total != 100*100:
		r.refuse(input("share", 1), "shares_sum", access.Arg{Name: "percent", Type: access.ArgPercent, Value: strconv.FormatInt(total, 10)})
	}
	if len(r.wrong) > before {
		return
	}
	text, err := json.Marshal(all)
	if err != nil {
		r.refuse(input("name", 1), "text_form") // strings always marshal
		return
	}
	r.values[fd.Name] = string(text)
}

func input(part string, i int) string { return fmt.Sprintf("person_%s_%d", part, i) }

func (r *reader) person(i int) (p Person, share int64, given bool) {
	get := func(part string) string { return strings.TrimSpace(r.form.Get(input(part, i))) }
	if get("name")+get("tax_code")+get("birth_day")+get("birth_month")+get("birth_year")+get("share") == "" {
		return p, 0, false
	}
	if v, ok := r.line(input("name", i), get("name"), 80); ok {
		switch {
		case v == "":
			r.refuse(input("name", i), "name_missing")
		case !strings.ContainsFunc(v, unicode.IsLetter) || strings.ContainsRune(v, '@'):
			r.refuse(input("name", i), "name_form") // digits are fine: «Associazione 21 luglio»
		default:
			p.Name = v
		}
	}
	born, dated, ok := r.day(input("birth_day", i), input("birth_month", i), input("birth_year", i))
	switch {
	case dated && (!ok || born.Year() < r.now.Year()-125):
		r.refuse(input("birth_day", i), "birth_date_form")
	case dated && born.After(r.now):
		r.refuse(input("birth_day", i), "birth_date_future")
	case dated:
		p.Born = born.Format(time.DateOnly)
	case get("tax_code") == "":
		r.refuse(input("tax_code", i), "person_id_missing")
	}
	if typed := get("tax_code"); typed != "" {
		code, err := identifier.TaxCode(typed)
		switch {
		case err == nil:
			p.TaxCode = code
		case isEntity(typed):
			p.TaxCode = strings.Join(strings.Fields(typed), "")
		default:
			r.refuse(input("tax_code", i), taxCodeRefusal(err))
		}
	}
	share, ok = Percent(get("share"))
	switch {
	case get("share") == "":
		r.refuse(input("share", i), "share_empty")
	case !ok:
		r.refuse(input("share", i), "share_form")
	case share <= 0 || share > 100*100:
		r.refuse(input("share", i), "share_range")
	}
	p.Share = strconv.FormatInt(share, 10)
	return p, share, true
}

// isEntity reports whether typed is the tax code of an entity: eleven digits, of
// which the last is a check digit by Luhn's rule, as in a VAT number.
func isEntity(typed string) bool {
	s := strings.Join(strings.Fields(typed), "")
	if len(s) != 11 || strings.Trim(s, "0123456789") != "" || strings.Trim(s, "0") == "" {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[i] - '0')
		if i%2 == 1 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

func taxCodeRefusal(err error) string {
	if bad, ok := errors.AsType[*identifier.Error](err); ok {
		switch bad.Reason {
		case "length":
			return "tax_code_length"
		case "check":
			return "tax_code_check"
		}
	}
	return "tax_code_form"
}
