package identifier

import (
	"errors"
	"strings"
	"testing"
)

// reason is the word of an *Error of a kind, "" for no error.
func reason(t *testing.T, kind string, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != kind || e.Reason == "" {
		t.Errorf("error %v is not an *Error of %s", err, kind)
		return "?"
	}
	return e.Reason
}

// valid checks that a value normalises to want, and want to itself.
func valid(t *testing.T, kind, value, want string) {
	t.Helper()
	for _, v := range []string{value, want} {
		if got, err := Check(kind, v, ""); got != want || err != nil {
			t.Errorf("%s %q: got %q, %v; want %q", kind, v, got, err, want)
		}
	}
}

// invalid checks that a value is refused for one reason.
func invalid(t *testing.T, kind, value, want string) {
	t.Helper()
	got, err := Check(kind, value, "")
	if r := reason(t, kind, err); got != "" || r != want {
		t.Errorf("%s %q: got %q, reason %q; want reason %q", kind, value, got, r, want)
	}
}

func TestAHV(t *testing.T) {
	for _, s := range ahvValid {
		valid(t, KindAHV, s, strings.ReplaceAll(s, ".", ""))
		if got := AHVDotted(strings.ReplaceAll(s, ".", "")); got != s {
			t.Errorf("AHVDotted gives %q, want %q", got, s)
		}
	}
	for _, c := range ahvInvalid {
		invalid(t, KindAHV, c.number, c.reason)
	}
	valid(t, KindAHV, " 756 9217\u00a00769 85\t", "7569217076985")
	invalid(t, KindAHV, "", "length")
	invalid(t, KindAHV, "٧٥٦٩٢١٧٠٧٦٩٨٥", "charset") // Arabic-Indic digits are not ours
	if got := AHVDotted("756"); got != "756" {
		t.Errorf("AHVDotted changes what is no number: %q", got)
	}
}

func TestNIR(t *testing.T) {
	for _, s := range nirValid {
		valid(t, KindNIR, s, s)
	}
	for _, c := range nirInvalid {
		invalid(t, KindNIR, c.number, c.reason)
	}
	valid(t, KindNIR, "2 53 07 2b 073 004 70", "253072B07300470")
	valid(t, KindNIR, "2.95.10.99.126.111.93", "295109912611193")
	invalid(t, KindNIR, "", "length")
	invalid(t, KindNIR, "２95109912611193", "charset")
	invalid(t, KindNIR, "253071A07300443", "format") // a letter only after the 2 of Corsica
}

func TestIBAN(t *testing.T) {
	for _, s := range ibanValid {
		valid(t, KindIBAN, s, s)
	}
	for _, c := range ibanInvalid {
		invalid(t, KindIBAN, c.number, c.reason)
	}
	valid(t, KindIBAN, "it60 x054 2811 1010 0000 0123 456", "IT60X0542811101000000123456")
	valid(t, KindIBAN, "DE89 3704 0044 0532 0130 00", "DE89370400440532013000")
	invalid(t, KindIBAN, "", "length")
	invalid(t, KindIBAN, "IT", "length")
	invalid(t, KindIBAN, "ITX0X0542811101000000123456", "format")
	invalid(t, KindIBAN, "DE88370400440532013000", "check")
	invalid(t, KindIBAN, "ＩＴ60X0542811101000000123456", "charset")
}

func TestEmail(t *testing.T) {
	for in, want := range map[string]string{
		"giulia.rossi@posta.it":           "giulia.rossi@posta.it",
		" Giulia.Rossi@Posta.IT\u00a0":    "Giulia.Rossi@posta.it",
		"o'brien+fund@mail.example.org":   "o'brien+fund@mail.example.org",
		"a@b.it":                          "a@b.it",
		"x@posta.invalid":                 "x@posta.invalid",
		"anna@caffè.example":              "anna@xn--caff-8oa.example",
		"anna@xn--caff-8oa.example":       "anna@xn--caff-8oa.example",
		"anna@ｅｘａｍｐｌｅ.org":                "anna@example.org",
		"anna@\u00adexample.org":          "anna@example.org",
		strings.Repeat("a", 64) + "@b.it": strings.Repeat("a", 64) + "@b.it",
	} {
		valid(t, KindEmail, in, want)
	}
	long := strings.Repeat(strings.Repeat("d", 60)+".", 4)
	for in, want := range map[string]string{
		"":                                    "format",
		"diego.pranduzzi":                     "format",
		"ermes@example,net":                   "domain",
		"a@example.org , b@example.org":       "format",
		"karim@@example.com":                  "format",
		"NO EMAIL":                            "format",
		"gennaro#example.org":                 "format",
		"name@example":                        "domain",
		"geom@":                               "format",
		"@example.org":                        "format",
		"a b@example.org":                     "charset",
		"\"a b\"@example.org":                 "charset",
		"a@example.org\r\nBcc: b@example.org": "format",
		"a\r\n@example.org":                   "charset",
		"a@exam\nple.org":                     "domain",
		"a@example.org\x00":                   "domain",
		".a@example.org":                      "format",
		"a.@example.org":                      "format",
		"a..b@example.org":                    "format",
		"a@-example.org":                      "domain",
		"a@example-.org":                      "domain",
		"a@example..org":                      "domain",
		"a@example.org.":                      "domain",
		"a@.example.org":                      "domain",
		"a@127.0.0.1":                         "domain",
		"a@[127.0.0.1]":                       "domain",
		"a@example.123":                       "domain",
		"a@xn--a.example":                     "domain", // not an international label
		"a@example.org\u2028":                 "",       // a white space at the end
		"nicolò@example.org":                  "charset",
		"а@example.org":                       "charset", // a Cyrillic letter
		"a＠example.org":                       "format",  // a full-width @ is none
		"a\u200b@example.org":                 "charset",
		"=HYPERLINK(\"x.invalid\")":           "format",
		strings.Repeat("a", 65) + "@b.it":     "length",
		strings.Repeat("a", 60) + "@" + long + "it": "length",
		"a@" + strings.Repeat("d", 64) + ".it":      "domain",
		strings.Repeat("a", 1<<20):                  "length",
	} {
		if want == "" {
			continue
		}
		invalid(t, KindEmail, in, want)
	}
	if a, b := EmailKey("Giulia.Rossi@posta.it"), EmailKey("giulia.rossi@posta.it"); a != b || a != "giulia.rossi@posta.it" {
		t.Errorf("keys differ: %q, %q", a, b)
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ kind, value, country, want, reason string }{
		{KindTaxCode, "rssmra85a31h501c", "", "RSSMRA85A31H501C", ""},
		{KindPhone, "3331234567", "", "+393331234567", ""},
		{KindPhone, "079 123 45 67", "ch", "+41791234567", ""},
		{KindPhone, "06 12 34 56 78", "FR", "+33612345678", ""},
		{KindIBAN, "CH9300762011623852957", "CH", "CH9300762011623852957", ""},
		{KindIBAN, "CH9300762011623852957", "IT", "", "country"},
		{"shoe", "42", "", "", "kind"},
	} {
		got, err := Check(c.kind, c.value, c.country)
		if r := reason(t, c.kind, err); got != c.want || r != c.reason {
			t.Errorf("Check(%q, %q, %q) = %q, %q; want %q, %q", c.kind, c.value, c.country, got, r, c.want, c.reason)
		}
	}
	if len(Kinds()) != 6 {
		t.Errorf("there are %d kinds", len(Kinds()))
	}
	if got := (&Error{KindIBAN, "check"}).Error(); got != "iban: check" {
		t.Errorf("error reads %q", got)
	}
}

// steady checks what every parser promises of any input: no panic, a result or
// a reason, and a result that passes again unchanged.
func steady(t *testing.T, kind, s, country string) {
	got, err := Check(kind, s, country)
	if err != nil {
		if got != "" || reason(t, kind, err) == "" {
			t.Errorf("%s %q: both %q and %v", kind, s, got, err)
		}
		return
	}
	for i := range len(got) {
		if got[i] <= ' ' || got[i] >= 0x7f {
			t.Errorf("%s %q: %q holds a character that is not printable ASCII", kind, s, got)
		}
	}
	if again, err := Check(kind, got, country); again != got || err != nil {
		t.Errorf("%s %q: %q normalises to %q, %v", kind, s, got, again, err)
	}
}

func FuzzAHV(f *testing.F) {
	for _, s := range ahvValid {
		f.Add(s)
	}
	for _, c := range ahvInvalid {
		f.Add(c.number)
	}
	f.Fuzz(func(t *testing.T, s string) { steady(t, KindAHV, s, "") })
}

func FuzzNIR(f *testing.F) {
	for _, s := range nirValid {
		f.Add(s)
	}
	for _, c := range nirInvalid {
		f.Add(c.number)
	}
	f.Fuzz(func(t *testing.T, s string) { steady(t, KindNIR, s, "") })
}

func FuzzIBAN(f *testing.F) {
	for _, s := range ibanValid {
		f.Add(s)
	}
	for _, c := range ibanInvalid {
		f.Add(c.number)
	}
	f.Fuzz(func(t *testing.T, s string) { steady(t, KindIBAN, s, "") })
}

func FuzzEmail(f *testing.F) {
	for _, s := range []string{"giulia.rossi@posta.it", " A@B.it", "anna@caffè.example", "a@xn--caff-8oa.it", "a\r\n@b.it", "\"a\"@b.it", "a@ß.de", "a@b。it"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		steady(t, KindEmail, s, "")
		if got, err := Email(s); err == nil {
			if len(got) > emailMax || strings.Count(got, "@") != 1 {
				t.Errorf("%q gives %q", s, got)
			}
			key := EmailKey(got)
			if again, err := Email(key); err != nil || EmailKey(again) != key {
				t.Errorf("the key %q of %q is not an address with that key", key, s)
			}
		}
	})
}
