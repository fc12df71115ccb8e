package operation

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/policy"
)

// act is one of the shipped fund's acts.
func act(t *testing.T, id string) access.Act {
	t.Helper()
	f, err := policy.Load(funds.Files, "aurora.toml")
	if err != nil {
		t.Fatal(err)
	}
	a, ok := f.Act(id)
	if !ok {
		t.Fatal("no act ", id)
	}
	return a
}

var (
	today  = time.Date(2025, 9, 30, 10, 0, 0, 0, time.UTC)
	member = access.Member{Entries: []access.Entry{{Record: access.Record{TaxCode: "LMRSML58M22L006O", Joined: "2017-10-01"}}}}
)

// filled is a form of pairs.
func filled(pairs ...string) Form {
	f := Form{}
	for i := 0; i+1 < len(pairs); i += 2 {
		f[pairs[i]] = []string{pairs[i+1]}
	}
	return f
}

// codes are what is wrong, as field=code.
func codes(wrong access.Refusals) string {
	return strings.TrimPrefix(strings.TrimPrefix(wrong.Error(), "refused:"), " ")
}

func TestAmount(t *testing.T) {
	for typed, want := range map[string]int64{
		"12.500,00": 1250000, "12'500.00": 1250000, "12’500.00": 1250000, "12 500": 1250000, "12\u00a0500,00": 1250000, "12\u202f500,5": 1250050,
		"12,500.00": 1250000, "12500": 1250000, "€ 500": 50000, "500 €": 50000, "EUR 500": 50000, "500 EUR": 50000, "CHF 500": 50000,
		"1.234.567,89": 123456789, "1,5": 150, "1.5": 150, "12.50": 1250, "12.500": 1250000, "0": 0, "007": 700, " 7 ": 700, "0,01": 1,
	} {
		if got, ok := Amount(typed); !ok || got != want {
			t.Errorf("Amount(%q) = %d, %t; want %d", typed, got, ok, want)
		}
	}
	for _, typed := range []string{"", " ", "€", "dodici", "12€50", "-5", "+5", "1e3", "0x10", "1_000", "12.500.00", "12,500,00", "1.2.3", "12.5.000", "1234.567,00", "1,23,456",
		"12 50", "1'2", "' 5", "5'", ",50", "12,", "12.", "..", ",", "٥٠٠", "５００", "1,2345", "123456789012", strings.Repeat("9", 400), "1.000'000", "NaN", "5 %"} {
		if got, ok := Amount(typed); ok {
			t.Errorf("Amount(%q) = %d", typed, got)
		}
	}
}

func TestPercent(t *testing.T) {
	for typed, want := range map[string]int64{"75": 7500, "33,33": 3333, "33.3": 3330, "50 %": 5000, "50%": 5000, "50\u00a0%": 5000, "0": 0, "100": 10000, "0,5": 50, "999": 99900} {
		if got, ok := Percent(typed); !ok || got != want {
			t.Errorf("Percent(%q) = %d, %t; want %d", typed, got, ok, want)
		}
	}
	for _, typed := range []string{"", "%", "33,333", "1.000", "metà", "-1", "1/3", "50 % o meno", "5,", "9999999"} {
		if got, ok := Percent(typed); ok {
			t.Errorf("Percent(%q) = %d", typed, got)
		}
	}
}

// Whatever Amount takes is written back and read again as the same.
func FuzzAmount(f *testing.F) {
	for _, s := range []string{"12.500,00", "12'500.00", "€ 12 500", "1,2.3", "0", "\u202f1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		n, ok := Amount(typed)
		if !ok {
			return
		}
		if n < 0 || n > 999_999_999_999 {
			t.Fatalf("%q is %d", typed, n)
		}
		written := fmt.Sprintf("%d,%02d", n/100, n%100)
		if again, ok := Amount(written); !ok || again != n {
			t.Fatalf("%q is %d, and %q is %d", typed, n, written, again)
		}
	})
}

func TestReadResidence(t *testing.T) {
	a := act(t, "residence")
	good := filled("street", "  Via  Roma 12 ", "postcode", "41121", "city", "Modena", "province", "mo", "country", "IT",
		"from_date_day", "1", "from_date_month", "09", "from_date_year", "2025")
	values, wrong := Read(a, good, member, today)
	want := access.Values{"street": "Via Roma 12", "postcode": "41121", "city": "Modena", "province": "MO", "country": "IT", "from_date": "2025-09-01"}
	if len(wrong) > 0 || !maps.Equal(values, want) {
		t.Errorf("%v %v", values, wrong)
	}
	for _, c := range []struct{ change, want string }{
		{"street=", "street=street_missing"},
		{"street=x", "street=text_short"},
		{"street=\u202ex y", "street=text_form"},
		{"street=\xff\xfe", "street=text_form"},
		{"street=a\x00b", "street=text_form"},
		{"street=" + strings.Repeat("è", 80), ""},
		{"street=" + strings.Repeat("è", 81), "street=text_long"},
		{"street=" + strings.Repeat("x", 1<<16), "street=text_long"},
		{"postcode= 411 21", "postcode=postcode_form"},
		{"province=M0", "province=province_form"},
		{"country=it", "country=country_missing"}, // the others are judged as abroad
		{"country=", "country=country_missing"},
		{"from_date_day=0", "from_date_day=date_form"},
		{"from_date_day=-1", "from_date_day=date_form"},
		{"from_date_day=1e0", "from_date_day=date_form"},
		{"from_date_year=02025", "from_date_day=date_form"},
		{"from_date_year=2024", "from_date_day=date_past"},
		{"from_date_month=12", ""},
		{"from_date_month=13", "from_date_day=date_form"},
	} {
		name, value, _ := strings.Cut(c.change, "=")
		form := maps.Clone(good)
		form[name] = []string{value}
		if _, wrong := Read(a, form, member, today); codes(wrong) != c.want {
			t.Errorf("%q: %s", c.change[:min(len(c.change), 40)], codes(wrong))
		}
	}
	// The first and the last day, and the days beside them.
	for date, ok := range map[string]bool{"2024-09-29": true, "2024-09-28": false, "2025-12-31": true, "2026-01-01": false, "2024-02-29": false} {
		form := maps.Clone(good)
		form["from_date_year"], form["from_date_month"], form["from_date_day"] = []string{date[:4]}, []string{date[5:7]}, []string{date[8:]}
		if _, wrong := Read(a, form, member, today); (len(wrong) == 0) != ok {
			t.Errorf("%s: %s", date, codes(wrong))
		}
	}
	// Everything at once is told at once, in the order of the form.
	_, wrong = Read(a, Form{}, member, today)
	if got := codes(wrong); got != "street=street_missing postcode=postcode_missing city=city_missing province=province_missing country=country_missing from_date_day=date_missing" {
		t.Error(got)
	}
}

func TestReadAdvance(t *testing.T) {
	a := act(t, "advance")
	good := filled("reason", "health", "how_much", "amount", "amount", "12.500,00", "iban", "it60x0542811101000000123456")
	values, wrong := Read(a, good, member, today)
	if len(wrong) > 0 || !maps.Equal(values, access.Values{"reason": "health", "amount": "1250000", "iban": "IT60X0542811101000000123456"}) {
		t.Errorf("%v %v", values, wrong)
	}
	for _, c := range []struct {
		form Form
		want string
	}{
		{filled("reason", "home"), "reason=reason_years"}, // seven years and 364 days
		{filled("reason", "other"), "reason=reason_years"},
		{filled("reason", "health", "amount", "1.000.000.000.000"), "amount=amount_form"},
		{filled("how_much", "percent", "percent", "75"), ""},
		{filled("how_much", "percent", "percent", "75,01"), "percent=percent_range"},
		{filled("how_much", "both", "percent", "75"), "how_much=how_much_missing"},
		{filled("reason", ""), "reason=reason_missing"},
		{filled("iban", "IT60X0542811101000000123457"), "iban=iban_check"},
		{filled("iban", "IT61X0542811101000000123456"), "iban=iban_check"},
		{filled("iban", "US00"), "iban=iban_country"},
		{filled("iban", "І T60"), "iban=iban_form"},
	} {
		form := maps.Clone(good)
		maps.Copy(form, c.form)
		if _, wrong := Read(a, form, member, today); codes(wrong) != c.want {
			t.Errorf("%v: %s", c.form, codes(wrong))
		}
	}
	// On the day the eight years are full.
	form := maps.Clone(good)
	form["reason"] = []string{"home"}
	if _, wrong := Read(a, form, member, today.AddDate(0, 0, 1)); len(wrong) > 0 {
		t.Error(codes(wrong))
	}
	// The limit of the reason chosen, not of another.
	form["reason"], form["how_much"], form["percent"] = []string{"other"}, []string{"percent"}, []string{"31"}
	if _, wrong := Read(a, form, member, today.AddDate(1, 0, 0)); codes(wrong) != "percent=percent_range" || wrong[0].Args[0].Value != "30" {
		t.Error(wrong)
	}
}

func TestReadDesignation(t *testing.T) {
	a := act(t, "designation")
	good := filled("person_name_1", "Anna Rossi", "person_tax_code_1", "vgnfnc 87s65 d711l", "person_share_1", "33,34",
		"person_name_3", "Associazione 21 luglio", "person_tax_code_3", "123 456 789 03", "person_share_3", "33.33",
		"person_name_5", "Łucja", "person_birth_day_5", "7", "person_birth_month_5", "12", "person_birth_year_5", "1999", "person_share_5", "33,33 %")
	values, wrong := Read(a, good, member, today)
	all, err := Persons(values["persons"])
	if len(wrong) > 0 || err != nil || !slices.Equal(all, []Person{
		{Name: "Anna Rossi", TaxCode: "VGNFNC87S65D711L", Share: "3334"},
		{Name: "Associazione 21 luglio", TaxCode: "12345678903", Share: "3333"},
		{Name: "Łucja", Born: "1999-12-07", Share: "3333"}}) {
		t.Errorf("%v %v %v", all, wrong, err)
	}
	for _, c := range []struct {
		form Form
		want string
	}{
		{filled("person_share_1", "33,33"), "person_share_1=shares_sum"},
		{filled("person_share_1", "33,35"), "person_share_1=shares_sum"},
		{filled("person_share_1", "33,333"), "person_share_1=share_form"},
		{filled("person_tax_code_3", "12345678904"), "person_tax_code_3=tax_code_form"},
		{filled("person_tax_code_3", "00000000000"), "person_tax_code_3=tax_code_form"},
		{filled("person_tax_code_5", "VGNFNC87S65D711L"), "person_name_5=person_twice"},
		{filled("person_name_3", "łUCJA", "person_tax_code_3", "", "person_birth_day_3", "7", "person_birth_month_3", "12", "person_birth_year_3", "1999"), "person_name_5=person_twice"},
		{filled("person_tax_code_1", "LMRSML58M22L006O"), "person_tax_code_1=person_self"},
		{filled("person_birth_year_5", ""), "person_birth_day_5=birth_date_form"},
		{filled("person_birth_year_5", "1899"), "person_birth_day_5=birth_date_form"},
		{filled("person_birth_year_5", "2026"), "person_birth_day_5=birth_date_future"},
		{filled("person_name_1", "", "person_name_5", "<b>"), "person_name_1=name_missing person_name_5=text_form"},
		{filled("person_name_1", "", "person_tax_code_1", "", "person_name_5", "", "person_birth_day_5", "", "person_birth_month_5", "", "person_birth_year_5", ""),
			"person_name_1=name_missing person_tax_code_1=person_id_missing person_name_5=name_missing person_tax_code_5=person_id_missing"},
		{filled("person_name_6", "Seven"), ""}, // not a row of the form
	} {
		form := maps.Clone(good)
		maps.Copy(form, c.form)
		if _, wrong := Read(a, form, member, today); codes(wrong) != c.want {
			t.Errorf("%v: %s", c.form, codes(wrong))
		}
	}
	if _, wrong := Read(a, Form{}, member, today); codes(wrong) != "person_name_1=persons_missing" {
		t.Error(codes(wrong))
	}
}

// A declaration is given or it is not; an optional field may stay empty.
func TestReadOther(t *testing.T) {
	a := access.Act{ID: "x", Fields: []access.Field{{Name: "read", Type: "declaration"}, {Name: "note", Type: "line", Max: 10, Optional: true}, {Name: "when", Type: "date", Optional: true, Past: 1}}}
	if values, wrong := Read(a, filled("read", "yes"), member, today); len(wrong) > 0 || !maps.Equal(values, access.Values{"read": "yes", "note": ""}) {
		t.Error(values, wrong)
	}
	if _, wrong := Read(a, filled("read", "no", "when_day", "1"), member, today); codes(wrong) != "read=read_missing when_day=date_form" {
		t.Error(codes(wrong))
	}
}

// Inputs are what Read reads: a form of just these names, and no other, is one
// that a page may post.
func TestInputs(t *testing.T) {
	for id, want := range map[string][]string{
		"residence": {"street", "postcode", "city", "province", "country", "from_date_day", "from_date_month", "from_date_year"},
		"iban":      {"iban"},
		"advance":   {"reason", "how_much", "amount", "percent", "iban"},
	} {
		if got := Inputs(act(t, id)); !slices.Equal(got, want) {
			t.Errorf("%s: %v", id, got)
		}
	}
	if got := Inputs(act(t, "designation")); len(got) != 30 || got[0] != "person_name_1" || got[29] != "person_share_5" {
		t.Error(got)
	}
}

// FuzzRead has every act read anything: it neither fails nor takes what cannot
// be shown, and what it takes it takes again.
func FuzzRead(f *testing.F) {
	f.Add("Via Roma 12", "41121", "12.500,00", "IT60X0542811101000000123456", "VGNFNC87S65D711L", "1")
	f.Add("\u202e", "\x00", "€", "it", "12345678903", "31")
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		f.Fatal(err)
	}
	var acts []access.Act
	for _, fund := range all {
		acts = append(acts, fund.Acts...)
	}
	f.Fuzz(func(t *testing.T, line, postcode, amount, iban, code, day string) {
		for _, a := range acts {
			form := Form{}
			for i, name := range Inputs(a) {
				form[name] = []string{[]string{line, postcode, amount, iban, code, day}[i%6]}
			}
			for name, value := range map[string]string{"street": line, "postcode": postcode, "amount": amount, "iban": iban, "country": "IT", "reason": "health", "how_much": "amount",
				"email": line, "mobile": code, "vat_no": code, "source": "other", "truth": "yes",
				"person_name_1": line, "person_tax_code_1": code, "person_share_1": "100", "person_rank_1": "1"} {
				if _, ok := form[name]; ok {
					form[name] = []string{value}
				}
			}
			values, wrong := Read(a, form, member, today)
			for _, v := range values {
				if strings.ContainsAny(v, "\x00\r\n\u202e") {
					t.Errorf("%s takes %q", a.ID, v)
				}
			}
			again, still := Read(a, form, member, today)
			if !maps.Equal(values, again) || codes(wrong) != codes(still) {
				t.Errorf("%s reads the same twice differently", a.ID)
			}
		}
	})
}
