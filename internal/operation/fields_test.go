package operation

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/policy"
)

// actOf is an act of one of the shipped funds.
func actOf(t *testing.T, fund, id string) access.Act {
	t.Helper()
	f, err := policy.Load(funds.Files, fund+".toml")
	if err != nil {
		t.Fatal(err)
	}
	a, ok := f.Act(id)
	if !ok {
		t.Fatalf("%s has no act %s", fund, id)
	}
	return a
}

// A change to a form, and what is then wrong with it.
type change struct {
	form Form
	want string
}

// refused has each change refused as it says.
func refused(t *testing.T, a access.Act, good Form, m access.Member, changes []change) {
	t.Helper()
	for _, c := range changes {
		form := maps.Clone(good)
		maps.Copy(form, c.form)
		if _, wrong := Read(a, form, m, today); codes(wrong) != c.want {
			t.Errorf("%.80v: %s, want %s", c.form, codes(wrong), c.want)
		}
	}
}

// Contacts are read as the register reads them, and one of the three at least.
func TestReadContacts(t *testing.T) {
	a := actOf(t, "meridiana", "contacts")
	good := filled("email", " Simone.Nuovo@Esempio.EXAMPLE ", "pec", "", "mobile", "300 123 4567")
	values, wrong := Read(a, good, member, today)
	if len(wrong) > 0 || !maps.Equal(values, access.Values{"email": "Simone.Nuovo@esempio.example", "mobile": "+393001234567"}) {
		t.Errorf("%v %v", values, wrong)
	}
	refused(t, a, good, member, []change{
		{filled("email", "", "mobile", " "), "email=nothing_filled"},
		{filled("email", "", "mobile", "", "pec", "s@pec.example"), ""},
		{filled("email", "simone"), "email=contact_email_form"},
		{filled("email", "a@b.example\r\nBcc: c@d.example"), "email=contact_email_form"},
		{filled("pec", "due@a.example, tre@b.example"), "pec=contact_email_form"},
		{filled("mobile", "0784 123456"), "mobile=contact_mobile_fixed"},
		{filled("mobile", "333 12E 4567"), "mobile=contact_mobile_form"},
		{filled("mobile", "12"), "mobile=contact_mobile_form"},
		{filled("mobile", "+41 70 123 45 67"), ""},
		{filled("email", "x", "mobile", "x"), "email=contact_email_form mobile=contact_mobile_form"},
	})
	for i := range a.Fields {
		a.Fields[i].Optional = false
	}
	refused(t, a, Form{}, member, []change{{Form{}, "email=contact_email_empty pec=contact_email_empty mobile=contact_mobile_empty"}})
	// A number of invented people is one in a demonstration alone.
	a.Fiction = false
	refused(t, a, good, member, []change{{filled("pec", "s@pec.example"), "mobile=contact_mobile_form"}})
}

// The yearly declaration: a year that is over, amounts of euros, a VAT number
// whose check digit fits, and the declaration itself.
func TestReadDeclaration(t *testing.T) {
	a := actOf(t, "meridiana", "declaration")
	good := filled("tax_year", "2024", "income", "38.500,50", "turnover", "0", "vat_no", "it 123 456 789 03", "truth", "yes")
	values, wrong := Read(a, good, member, today)
	if len(wrong) > 0 || !maps.Equal(values, access.Values{"tax_year": "2024", "income": "3850050", "turnover": "0", "vat_no": "12345678903", "truth": "yes"}) {
		t.Errorf("%v %v", values, wrong)
	}
	if got := Years(a.Fields[0], today); !slices.Equal(got, []string{"2024", "2023", "2022", "2021", "2020"}) {
		t.Error(got)
	}
	refused(t, a, good, member, []change{
		{filled("tax_year", "2025"), "tax_year=year_missing"},
		{filled("tax_year", "2019"), "tax_year=year_missing"},
		{filled("tax_year", "２０２４"), "tax_year=year_missing"},
		{filled("income", ""), "income=amount_empty"},
		{filled("income", "-1"), "income=amount_form"},
		{filled("income", "10.000.000,01"), "income=amount_high"},
		{filled("income", "10.000.000"), ""},
		{filled("vat_no", ""), ""},
		{filled("vat_no", "12345678904"), "vat_no=vat_form"},
		{filled("vat_no", "00000000000"), "vat_no=vat_form"},
		{filled("vat_no", "1234567890"), "vat_no=vat_form"},
		{filled("vat_no", "CHE123456788"), "vat_no=vat_form"},
		{filled("truth", ""), "truth=truth_missing"},
	})
	a.Fields[3].Optional = false
	refused(t, a, good, member, []change{{filled("vat_no", " "), "vat_no=vat_empty"}})
}

// A purchase is in francs, from the least that the file names.
func TestReadPurchase(t *testing.T) {
	a := actOf(t, "alpina", "purchase")
	good := filled("amount", "CHF 12'500.00", "source", "pillar_3a", "pay_date_day", "15", "pay_date_month", "12", "pay_date_year", "2025", "advance_repaid", "yes", "three_years", "yes")
	values, wrong := Read(a, good, member, today)
	if len(wrong) > 0 || values["amount"] != "1250000" || values["source"] != "pillar_3a" || values["pay_date"] != "2025-12-15" {
		t.Errorf("%v %v", values, wrong)
	}
	refused(t, a, good, member, []change{
		{filled("amount", "999.99"), "amount=amount_low"},
		{filled("amount", "1000"), ""},
		{filled("source", "lottery"), "source=source_missing"},
		{filled("pay_date_year", "2024"), "pay_date_day=date_past"},
		{filled("advance_repaid", "", "three_years", ""), "advance_repaid=advance_repaid_missing three_years=three_years_missing"},
	})
	if _, wrong := Read(a, filled("amount", "1"), member, today); wrong[0].Args[0].Value != "100000 CHF" {
		t.Error(wrong[0].Args)
	}
	text, args := message(a, access.Operation{Act: a.ID, Values: values})
	if text != "code_act_money" || args[1].Value != "1250000 CHF" {
		t.Errorf("%s %v", text, args)
	}
	// A declaration of income is no payment: its message names no amount.
	d := actOf(t, "meridiana", "declaration")
	if text, _ := message(d, access.Operation{Act: d.ID, Values: access.Values{"amount": "1"}}); text != "code_act" {
		t.Error(text)
	}
}

// Postcodes have the digits of the country that is chosen.
func TestReadSwissAddress(t *testing.T) {
	a := actOf(t, "alpina", "residence")
	good := filled("street", "Seestrasse 1", "postcode", "8001", "city", "Zürich", "country", "CH", "from_date_day", "1", "from_date_month", "9", "from_date_year", "2025")
	refused(t, a, good, member, []change{
		{filled(), ""},
		{filled("postcode", "80011"), "postcode=postcode_form"},
		{filled("postcode", "CH-8001"), "postcode=postcode_form"},
		{filled("postcode", "41121", "country", "IT"), ""},
		{filled("postcode", "8001", "country", "IT"), "postcode=postcode_form"},
		{filled("postcode", "75001", "country", "FR"), ""},
		{filled("postcode", "80011", "country", ""), "postcode=postcode_form country=country_missing"},
	})
}

// Beneficiaries come in ranks, each of 100 %, and are told by their day of birth:
// outside Italy nobody has a tax code.
func TestReadBeneficiaries(t *testing.T) {
	a := actOf(t, "alpina", "beneficiaries")
	if got := Inputs(a); len(got) != 30 || strings.Join(got[:6], " ") != "person_name_1 person_birth_day_1 person_birth_month_1 person_birth_year_1 person_rank_1 person_share_1" {
		t.Error(got)
	}
	self := access.Member{Entries: []access.Entry{{Record: access.Record{Name: "Ursula", Surname: "Brunner", Born: "1971-05-02"}}}}
	good := filled("person_name_1", "Marc Exemple", "person_birth_day_1", "27", "person_birth_month_1", "3", "person_birth_year_1", "1986", "person_rank_1", "1", "person_share_1", "100",
		"person_name_2", "Léa Exemple", "person_birth_day_2", "1", "person_birth_month_2", "9", "person_birth_year_2", "2015", "person_rank_2", "2", "person_share_2", "60",
		"person_name_3", "Tim Exemple", "person_birth_day_3", "1", "person_birth_month_3", "9", "person_birth_year_3", "2017", "person_rank_3", "2", "person_share_3", "40",
		"person_rank_4", "1") // an empty row, whose rank is always chosen
	values, wrong := Read(a, good, self, today)
	all, err := Persons(values["persons"])
	if len(wrong) > 0 || err != nil || !slices.Equal(all, []Person{
		{Name: "Marc Exemple", Born: "1986-03-27", Rank: 1, Share: "10000"},
		{Name: "Léa Exemple", Born: "2015-09-01", Rank: 2, Share: "6000"},
		{Name: "Tim Exemple", Born: "2017-09-01", Rank: 2, Share: "4000"}}) {
		t.Errorf("%v %v %v", all, wrong, err)
	}
	refused(t, a, good, self, []change{
		{filled("person_share_3", "41"), "person_share_1=shares_sum_rank"},
		{filled("person_rank_2", "3"), "person_share_1=shares_sum_rank"},
		{filled("person_rank_2", "3", "person_rank_3", "3"), "person_rank_1=rank_gap"},
		{filled("person_rank_1", "0"), "person_rank_1=rank_missing"},
		{filled("person_rank_1", "4"), "person_rank_1=rank_missing"},
		{filled("person_rank_1", ""), "person_rank_1=rank_missing"},
		{filled("person_tax_code_1", "VGNFNC87S65D711L", "person_birth_day_1", "", "person_birth_month_1", "", "person_birth_year_1", ""), "person_birth_day_1=person_born_missing"},
		{filled("person_name_1", "ursula brunner", "person_birth_day_1", "2", "person_birth_month_1", "5", "person_birth_year_1", "1971"), "person_name_1=person_self"},
	})
	if _, wrong := Read(a, Form{}, self, today); codes(wrong) != "person_name_1=persons_missing" {
		t.Error(codes(wrong))
	}
}
