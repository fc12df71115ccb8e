package challenge

import (
	"aditus/internal/access"
	"strings"
	"testing"
	"unicode/utf8"
)

// What a member types or pastes is read kindly; what is no code of the right
// length is refused before a try is taken.
func TestForm(t *testing.T) {
	const empty, form = "code_empty", "code_form"
	long := strings.Repeat(" ", 58)
	for typed, want := range map[string]string{
		"123456": "123456", "000000": "000000", " 123456 ": "123456", "123456\r\n": "123456", "\t123456": "123456",
		"123 456": "123456", "1 2 3 4 5 6": "123456", "123-456": "123456", "12.34.56": "123456", "123\u00a0456": "123456", "\u00a0123456\u00a0": "123456",
		"123\u2011456": "123456", "#123456": "123456", " #123 456": "123456", "# 123456": "123456", "\u3000123456": "123456",
		"12345" + long + "6": "123456", // 64 bytes

		"": empty, " ": empty, "\t\r\n": empty, "\u00a0": empty, strings.Repeat(" ", 1<<20): empty,

		"12345": form, "1234567": form, "12345a": form, "abcdef": form, "0x1234": form, "1e0005": form, "+123456": form, "123,456": form, "123/456": form,
		"１２": form, "١٢٣": form, // six bytes
		"１２３４５６": form, "١٢٣٤٥٦": form, "۱۲۳۴۵۶": form, "१२३४५६": form, "12345６": form, "①23456": form, "²23456": form, "𝟏𝟐𝟑𝟒𝟓𝟔": form,
		"1#23456": form, "##123456": form, "#": form, "-": form, "123456\x00": form, "123456\xff": form, "12\n3456": form, "123\u200b456": form,
		"12345" + long + " 6":          form, // 65 bytes
		strings.Repeat("1", 6_000_000): form, "code: 123456": form, "123456 123456": form,
	} {
		got, refusal := digits(typed, 6)
		if refusal != nil {
			got = refusal.Code
			if refusal.Field != "otp" || refusal.Args[0].Value != "6" {
				t.Errorf("%.20q: the refusal belongs to %q and says %v", typed, refusal.Field, refusal.Args)
			}
		}
		if got != want {
			t.Errorf("%.20q: %s, want %s", typed, got, want)
		}
	}
	for _, n := range []int{4, 8, 10} {
		if got, refusal := digits(strings.Repeat("7", n), n); refusal != nil || len(got) != n {
			t.Errorf("%d digits: %v", n, refusal)
		}
	}
}

// Whatever is typed: either exactly the ASCII digits of it, as many as a code
// has, or a refusal; and what was read reads the same again.
func FuzzForm(f *testing.F) {
	for _, s := range []string{"", "123456", " #12-34.56 ", "１２３４５６", "123\u00a0456", "123456\xff", strings.Repeat(" ", 70) + "1"} {
		f.Add(s, 6)
	}
	f.Fuzz(func(t *testing.T, typed string, n int) {
		if n < 1 || n > 12 {
			return
		}
		code, refusal := digits(typed, n)
		if refusal != nil {
			if code != "" || refusal.Code != "code_empty" && refusal.Code != "code_form" {
				t.Errorf("%q with %s", code, refusal.Code)
			}
			if refusal.Code == "code_empty" && strings.TrimSpace(typed) != "" {
				t.Errorf("%q is called empty", typed)
			}
			return
		}
		only := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, typed)
		if code != only || len(code) != n || !utf8.ValidString(typed) {
			t.Errorf("%q was read as %q", typed, code)
		}
		if again, refusal := digits(code, n); refusal != nil || again != code {
			t.Errorf("%q, read again: %q, %v", code, again, refusal)
		}
	})
}

// Every code is as likely as any other: of ten thousand, each digit stands at
// each place about as often. The bounds are nine standard deviations wide.
func TestRandomCodes(t *testing.T) {
	var counts [6][10]int
	seen := map[string]bool{}
	for range 10_000 {
		code, err := random(access.CodeRules{Digits: 6})
		if err != nil {
			t.Fatal(err)
		}
		if read, refusal := digits(code, 6); refusal != nil || read != code {
			t.Fatalf("%q is no code", code)
		}
		seen[code] = true
		for i, d := range code {
			counts[i][d-'0']++
		}
	}
	for i, place := range counts {
		for d, n := range place {
			if n < 1000-270 || n > 1000+270 {
				t.Errorf("digit %d stands %d times at place %d of 10,000", d, n, i)
			}
		}
	}
	if len(seen) < 9_900 {
		t.Errorf("only %d different codes of 10,000", len(seen))
	}
}
