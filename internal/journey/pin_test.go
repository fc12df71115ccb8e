package journey

import (
	"strings"
	"testing"

	"aditus/internal/access"
)

func TestEasyPIN(t *testing.T) {
	m := access.Member{Entries: []access.Entry{{Login: "902464", Number: "902464",
		Record: access.Record{Born: "1973-08-07", Mobile: "+393009399047"}}}}
	for pin, easy := range map[string]bool{
		"AAAAAAAA": true, "12345678": true, "87654321": true, "ABCDEFGH": true, "K7M2K7M2": true,
		"19730807": true, "07081973": true, "08071973": true, "A902464B": true, "09399047": true,
		"K7M2Q9XA": false, "90246411": true, "12345679": false,
	} {
		if got := easyPIN(m, pin); got != easy {
			t.Errorf("%s: easy %v, want %v", pin, got, easy)
		}
	}
	if easyPIN(access.Member{Entries: []access.Entry{{}}}, "K7M2Q9XA") {
		t.Error("somebody of whom nothing is known")
	}
}

// What could have happened: a password that a member chose long ago is taken for a
// temporary one, or a temporary one, read off a telephone, is not known again.
func TestAsTemporary(t *testing.T) {
	f := &access.Fund{Recovery: access.RecoveryRules{Style: access.SplitInitialSecret},
		Flows: []access.Flow{{Goal: "recover", Steps: []access.Step{{Word: "identify"}, {Word: "hand_over"}}}}}
	for range 100 {
		made := newTemporary()
		for _, typed := range []string{made, strings.ToLower(made), strings.ReplaceAll(made, "-", ""), " " + strings.ReplaceAll(made, "-", " ")} {
			if got := asTemporary(f, typed); got != made {
				t.Fatalf("%q is read as %q", typed, got)
			}
		}
	}
	for _, other := range []string{"", "ciliegia-Lampada-47-nuvola", "ABCDEFGHJKLMNPQ", "ABCDEFGHJKLMNPQ1", "ABCDEFGHJKLMNPQRS", strings.Repeat("A-", 40)} {
		if got := asTemporary(f, other); got != "" {
			t.Errorf("%q is read as %q", other, got)
		}
	}
	for _, g := range []*access.Fund{{Recovery: f.Recovery}, {Recovery: access.RecoveryRules{Style: access.SplitCodes}, Flows: f.Flows}} {
		if asTemporary(g, newTemporary()) != "" {
			t.Error("a fund that sends none knows one")
		}
	}
}

// The facts are compared as C-15 says: capitals, blanks, +39 and zeros before.
func TestFactsNormal(t *testing.T) {
	f := &access.Fund{Country: "IT", Registry: access.Profile{Login: "username", Fiction: true, Key: access.ProfileKey{Pattern: "[0-9]+|S[0-9]+"}},
		Flows: []access.Flow{{Goal: "recover", Steps: []access.Step{{Word: "identify", Args: []string{"username", "email", "pec", "trusted_mobile"}}, {Word: "hand_over"}}}}}
	want := Facts{"902464", "simone@example.org", "+393009399047"}
	for _, typed := range []Facts{want, {" 902 464 ", "SIMONE@Example.ORG", "300 939 9047"}, {"000902464", " simone@example.org\n", "0039 300 939 9047"}} {
		if got, err := typed.normal(f); err != nil || got != want {
			t.Errorf("%+v: %+v, %v", typed, got, err)
		}
	}
	if got, err := (Facts{"s90002301", "a@example.org", "+393009399047"}).normal(f); err != nil || got.Login != "S90002301" {
		t.Errorf("%+v, %v", got, err)
	}
	for _, c := range []struct {
		typed Facts
		codes string
	}{
		{Facts{}, "issued_name_empty contact_email_empty contact_mobile_empty"},
		{Facts{"rossi", "simone", "300"}, "issued_name_form contact_email_form contact_mobile_form"},
		{Facts{"902464", "simone@example.org", "06 1234567"}, "contact_mobile_form"},
		{Facts{strings.Repeat("9", 33), "simone@example.org", "+393009399047"}, "issued_name_form"},
	} {
		_, err := c.typed.normal(f)
		var codes []string
		if rs, ok := err.(access.Refusals); ok {
			for _, r := range rs {
				codes = append(codes, r.Code)
			}
		} else if r, ok := err.(*access.Refusal); ok {
			codes = []string{r.Code}
		}
		if strings.Join(codes, " ") != c.codes {
			t.Errorf("%+v: %v, want %s", c.typed, err, c.codes)
		}
	}
}
