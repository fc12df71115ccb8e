package operation

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"aditus/internal/access"
	"aditus/internal/identifier"
)

// PersonParts are the inputs of one person's row. A tax code is Italy's way to
// say who is meant; elsewhere the date of birth does.
func PersonParts(act access.Act, fd access.Field) []string {
	parts := []string{"name"}
	if act.Country == "IT" {
		parts = append(parts, "tax_code")
	}
	parts = append(parts, "birth_day", "birth_month", "birth_year")
	if fd.Ranks > 0 {
		parts = append(parts, "rank")
	}
	return append(parts, "share")
}

// shares reads the persons to whom a benefit goes. A row with nothing in it is
// not a person; the shares must be 100 % together, or in each rank.
func (r *reader) shares(fd access.Field) {
	var all []Person
	before := len(r.wrong)
	total := map[int]int64{} // by rank
	for i := 1; i <= fd.Max; i++ {
		p, share, given := r.person(fd, i)
		if !given {
			continue
		}
		for _, other := range all {
			if p.TaxCode != "" && p.TaxCode == other.TaxCode ||
				p.Name != "" && p.Born != "" && p.Born == other.Born && strings.EqualFold(p.Name, other.Name) {
				r.refuse(input("name", i), "person_twice")
			}
		}
		switch own := r.member.Main().Record; {
		case p.TaxCode != "" && p.TaxCode == own.TaxCode:
			r.refuse(input("tax_code", i), "person_self")
		case p.Born != "" && p.Born == own.Born && strings.EqualFold(p.Name, own.Name+" "+own.Surname):
			r.refuse(input("name", i), "person_self")
		}
		total[p.Rank] += share
		all = append(all, p)
	}
	switch {
	case len(all) == 0 && len(r.wrong) == before:
		r.refuse(input("name", 1), "persons_missing")
	case len(r.wrong) == before:
		r.whole(total)
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

// whole refuses shares that are not 100 % in each rank, and a rank that is left
// out: those of the second get something if the first is empty, not the other
// way round.
func (r *reader) whole(total map[int]int64) {
	for n, rank := range slices.Sorted(maps.Keys(total)) {
		switch {
		case rank != 0 && rank != n+1:
			r.refuse(input("rank", 1), "rank_gap", count("n", n+1))
		case total[rank] == 100*100:
			continue
		case rank == 0:
			r.refuse(input("share", 1), "shares_sum", access.Arg{Name: "percent", Type: access.ArgPercent, Value: strconv.FormatInt(total[rank], 10)})
		default:
			r.refuse(input("share", 1), "shares_sum_rank", count("n", rank), access.Arg{Name: "percent", Type: access.ArgPercent, Value: strconv.FormatInt(total[rank], 10)})
		}
		return
	}
}

func input(part string, i int) string { return fmt.Sprintf("person_%s_%d", part, i) }

func (r *reader) person(fd access.Field, i int) (p Person, share int64, given bool) {
	parts, typed := PersonParts(r.act, fd), ""
	get := func(part string) string {
		if !slices.Contains(parts, part) {
			return "" // what the form does not ask
		}
		return strings.TrimSpace(r.form.Get(input(part, i)))
	}
	for _, part := range parts {
		if part != "rank" { // always chosen
			typed += get(part)
		}
	}
	if typed == "" {
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
	case !slices.Contains(parts, "tax_code"):
		r.refuse(input("birth_day", i), "person_born_missing")
	case get("tax_code") == "":
		r.refuse(input("tax_code", i), "person_id_missing")
	}
	if fd.Ranks > 0 {
		if p.Rank, _ = strconv.Atoi(get("rank")); p.Rank < 1 || p.Rank > fd.Ranks {
			r.refuse(input("rank", i), "rank_missing")
		}
	}
	if typed := get("tax_code"); typed != "" {
		code, err := identifier.TaxCode(typed)
		switch {
		case err == nil:
			p.TaxCode = code
		case isVAT(strings.Join(strings.Fields(typed), "")): // an entity's
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
