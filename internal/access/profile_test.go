package access

import (
	"slices"
	"testing"
)

// sound is a profile without a problem.
func sound() Profile {
	return Profile{
		Encoding: "utf-8", Delimiter: ";", Dates: []string{"dd/mm/yyyy"}, Country: "IT", Login: "tax_code",
		Required: []string{"surname"},
		Key:      ProfileKey{Field: "enrolment_no", Digits: 8},
		Columns:  map[string]string{"NUM": "enrolment_no", "CF": "tax_code", "COGNOME": "surname", "STATO": "status", "NOTE": "", "AZIENDA": "keep.employer_code"},
		Values:   map[string]map[string]string{"status": {"ATTIVO": "active"}},
	}
}

func TestProfileProblems(t *testing.T) {
	p := sound()
	if got := p.Problems(); len(got) != 0 {
		t.Fatalf("a sound profile has problems: %v", got)
	}
	for _, c := range []struct {
		key    string
		damage func(p *Profile)
	}{
		{"encoding", func(p *Profile) { p.Encoding = "latin" }},
		{"delimiter", func(p *Profile) { p.Delimiter = "" }},
		{"delimiter", func(p *Profile) { p.Delimiter = ";;" }},
		{"delimiter", func(p *Profile) { p.Delimiter = "\"" }},
		{"delimiter", func(p *Profile) { p.Delimiter = "§" }},
		{"dates", func(p *Profile) { p.Dates = nil }},
		{"dates", func(p *Profile) { p.Dates = []string{"dd/mm/yy"} }},
		{"country", func(p *Profile) { p.Country = "it" }},
		{"columns.X", func(p *Profile) { p.Columns["X"] = "shoe_size" }},
		{"columns.X", func(p *Profile) { p.Columns["X"] = "surname" }},
		{"columns.X", func(p *Profile) { p.Columns["X"] = "keep." }},
		{"columns", func(p *Profile) { delete(p.Columns, "STATO") }},
		{"key.field", func(p *Profile) { p.Key.Field = "contract" }},
		{"key.digits", func(p *Profile) { p.Key.Digits = 40 }},
		{"key.pattern", func(p *Profile) { p.Key.Pattern = "[0-9" }},
		{"key.same", func(p *Profile) { p.Key.Same = "username" }},
		{"key.with", func(p *Profile) { p.Key.With = []string{"plan"} }},
		{"key.with", func(p *Profile) { p.Key.With = []string{"surname"} }},
		{"contact", func(p *Profile) { p.Contact = []string{"phone"} }},
		{"when.0.field", func(p *Profile) {
			p.When = []ProfileWhen{{Field: "plan", Is: []string{"1e"}, Needs: []string{"surname"}}}
		}},
		{"when.0.is", func(p *Profile) {
			p.When = []ProfileWhen{{Field: "status", Is: []string{"asleep"}, Needs: []string{"surname"}}}
		}},
		{"when.0.needs", func(p *Profile) {
			p.When = []ProfileWhen{{Field: "status", Is: []string{"active"}, Needs: []string{"plan"}}}
		}},
		{"when.0", func(p *Profile) { p.When = []ProfileWhen{{Field: "status"}} }},
		{"login", func(p *Profile) { p.Login = "" }},
		{"login", func(p *Profile) { p.Login, p.Columns["UTENTE"] = "username", "username" }},
		{"required", func(p *Profile) { p.Required = []string{"name"} }},
		{"values.sex", func(p *Profile) { p.Values["sex"] = map[string]string{"m": "M"} }},
		{"values.status", func(p *Profile) { p.Values = nil }},
		{"values.status", func(p *Profile) { p.Columns["USCITA"] = "left_on" }},
		{"shared.many", func(p *Profile) { p.Shared.Many = 1 }},
		{"issues.X.outcome", func(p *Profile) { p.Issues = map[string]ProfileIssue{"X": {Outcome: "shout"}} }},
		{"limits.bytes", func(p *Profile) { p.Limits.Bytes = -1 }},
		{"limits.records", func(p *Profile) { p.Limits.Records = -1 }},
	} {
		p := sound()
		c.damage(&p)
		if got := p.Problems(); !slices.ContainsFunc(got, func(x ProfileProblem) bool { return x.Key == c.key && x.Text != "" }) {
			t.Errorf("no problem named at %s: %v", c.key, got)
		}
	}
}

func TestDateOrder(t *testing.T) {
	for in, want := range map[string]DateFormat{
		"dd/mm/yyyy": {"dmy", '/'}, "dd.mm.yyyy": {"dmy", '.'}, "mm/dd/yyyy": {"mdy", '/'}, "yyyy-mm-dd": {"ymd", '-'},
	} {
		if got, ok := DateOrder(in); !ok || got != want {
			t.Errorf("DateOrder(%q) = %v, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "dd/mm/yy", "dd/mm-yyyy", "ddxmmxyyyy", "dd?mm?yyyy", "yyyy/dd/mm"} {
		if got, ok := DateOrder(in); ok {
			t.Errorf("DateOrder(%q) = %v, want none", in, got)
		}
	}
}
