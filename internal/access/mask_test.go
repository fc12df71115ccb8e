package access

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMaskEmail(t *testing.T) {
	for in, want := range map[string]string{
		"giulia.rossi@posta.it":     "g•••••i@p•••a.it",
		"giancarlo@posta.it":        "g•••••o@p•••a.it",
		"a@b.it":                    "a•••••@b•••.it",
		"ab@abc.example.org":        "a•••••@a•••e.org",
		"abc@localhost":             "a•••••@l•••t",
		"anna@xn--caf-dma.example":  "a•••••a@x•••a.example",
		"":                          "•••••",
		"nothing":                   "•••••",
		"@posta.it":                 "•••••",
		"anna@":                     "a•••••a@•••",
		"nicolò.però@posta.it":      "n•••••ò@p•••a.it",
		"a@b@posta.it":              "a•••••@p•••a.it",
		"maria.verylongname@ab.com": "m•••••e@a•••.com",
	} {
		if got := MaskEmail(in); got != want {
			t.Errorf("MaskEmail(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMaskPhone(t *testing.T) {
	for in, want := range map[string]string{
		"+393331234482":    "482",
		"+39 333 12 34 48": "448",
		"12345":            "",
		"":                 "",
		"no number":        "",
	} {
		if got := MaskPhone(in); got != want {
			t.Errorf("MaskPhone(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestMaskIBAN(t *testing.T) {
	for in, want := range map[string]string{
		"IT60A0306909400100000004821":       "IT•• •••• •••• 4821",
		"IT60 A030 6909 4001 0000 0004 821": "IT•• •••• •••• 4821",
		"NO9386011117947":                   "NO•• •••• •••• 7947",
		"IT60":                              "•••• •••• •••• ••••",
		"":                                  "•••• •••• •••• ••••",
		"ITééééééééééééééé":                 "•••• •••• •••• ••••",
	} {
		if got := MaskIBAN(in); got != want {
			t.Errorf("MaskIBAN(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLast(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{{"4821", 2, "21"}, {"4821", 9, "4821"}, {"però", 2, "rò"}, {"", 3, ""}, {"x", 0, ""}, {"x", -1, ""}} {
		if got := Last(c.in, c.n); got != c.want {
			t.Errorf("Last(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

// A mask never gives the whole away, and is text whatever comes in.
func FuzzMask(f *testing.F) {
	f.Add("giulia.rossi@posta.it")
	f.Add("+393331234482")
	f.Add("IT60A0306909400100000004821")
	f.Add("\xff\xfe@\x80")
	f.Fuzz(func(t *testing.T, s string) {
		email := MaskEmail(s)
		if utf8.ValidString(s) && !utf8.ValidString(email) {
			t.Errorf("MaskEmail(%q) = %q is not UTF-8", s, email)
		}
		shown, _, _ := strings.Cut(email, "@")
		if local, _, ok := strings.Cut(s, "@"); ok && len(local) > 2 && strings.Contains(shown, local) && !strings.Contains(local, "•") {
			t.Errorf("MaskEmail(%q) = %q shows the local part", s, email)
		}
		if len(MaskPhone(s)) > 3 {
			t.Errorf("MaskPhone(%q) shows more than three digits", s)
		}
		if n := utf8.RuneCountInString(MaskIBAN(s)); n != 19 {
			t.Errorf("MaskIBAN(%q) has %d characters", s, n)
		}
		if len(Last(s, 4)) > 16 {
			t.Errorf("Last(%q, 4) is too long", s)
		}
	})
}
