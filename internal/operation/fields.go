package operation

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/identifier"
)

// amount reads a sum of money into cents, between the least and the most that
// the fund's file names.
func (r *reader) amount(fd access.Field) {
	typed := r.form.Get(fd.Name)
	v, ok := Amount(typed)
	least, most := int64(fd.Min)*100, int64(fd.Max)*100
	switch {
	case strings.TrimSpace(typed) == "":
		if !fd.Optional {
			r.refuse(fd.Name, "amount_empty")
		}
	case !ok:
		r.refuse(fd.Name, "amount_form")
	case v < least:
		r.refuse(fd.Name, "amount_low", r.money("min", least))
	case v > most:
		r.refuse(fd.Name, "amount_high", r.money("max", most))
	default:
		r.values[fd.Name] = strconv.FormatInt(v, 10)
	}
}

// Years are those that a field of type year can name, the latest first.
func Years(fd access.Field, now time.Time) (years []string) {
	for y := now.Year() + fd.Ahead; y >= now.Year()-fd.Past; y-- {
		years = append(years, strconv.Itoa(y))
	}
	return years
}

func (r *reader) year(fd access.Field) {
	v := strings.TrimSpace(r.form.Get(fd.Name))
	if !slices.Contains(Years(fd, r.now), v) {
		r.refuse(fd.Name, "year_missing")
		return
	}
	r.values[fd.Name] = v
}

// contact reads an address of mail (a PEC's looks like any other) or a mobile
// number, as the register would have it.
func (r *reader) contact(fd access.Field) {
	typed := strings.TrimSpace(r.form.Get(fd.Name))
	empty, form := "contact_email_empty", "contact_email_form"
	v, err := identifier.Email(typed)
	if fd.Type == "mobile" {
		empty, form = "contact_mobile_empty", "contact_mobile_form"
		v, err = identifier.Phones{Fiction: r.act.Fiction}.Mobile(typed, r.act.Country)
	}
	bad, is := errors.AsType[*identifier.Error](err)
	switch {
	case typed == "" && fd.Optional:
	case typed == "":
		r.refuse(fd.Name, empty)
	case err == nil:
		r.values[fd.Name] = v
	case is && bad.Reason == "fixed":
		r.refuse(fd.Name, "contact_mobile_fixed")
	default:
		r.refuse(fd.Name, form)
	}
}

// vat reads an Italian VAT number.
func (r *reader) vat(fd access.Field) {
	v := strings.Join(strings.Fields(strings.ToUpper(r.form.Get(fd.Name))), "")
	v = strings.TrimPrefix(v, "IT")
	switch {
	case v == "":
		if !fd.Optional {
			r.refuse(fd.Name, "vat_empty")
		}
	case !isVAT(v):
		r.refuse(fd.Name, "vat_form")
	default:
		r.values[fd.Name] = v
	}
}

// isVAT reports whether s is an Italian VAT number, which is also the tax code
// of an entity: eleven digits, of which the last is a check digit by Luhn's rule
// (D.P.R. 605/1973, D.M. 23/12/1976).
func isVAT(s string) bool {
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
