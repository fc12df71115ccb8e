package challenge

import (
	"strings"
	"testing"

	"aditus/internal/access"
)

// A code of letters is read as it is typed off a letter or a screen: capitals,
// blanks and dashes do not matter, and what looks like a digit is one.
func TestLetters(t *testing.T) {
	rules := access.CodeRules{Digits: 12, Letters: true}
	seen := map[rune]bool{}
	for range 300 {
		code, err := random(rules)
		if err != nil || len(code) != 12 {
			t.Fatalf("%q, %v", code, err)
		}
		for _, r := range code {
			seen[r] = true
		}
		for _, typed := range []string{code, strings.ToLower(code), " " + code[:4] + "-" + code[4:8] + "\u00a0" + code[8:] + "\n",
			strings.NewReplacer("0", "o", "1", "l").Replace(code), strings.NewReplacer("0", "O", "1", "I").Replace(code)} {
			if got, refusal := read(typed, rules); refusal != nil || got != code {
				t.Fatalf("%q is read as %q, %v; want %q", typed, got, refusal, code)
			}
		}
	}
	if len(seen) != len(letters) {
		t.Errorf("%d of %d letters are ever used", len(seen), len(letters))
	}
	for typed, want := range map[string]string{"": "code_empty", " \t": "code_empty", "ABCDEFGHJKM": "code_form", "ABCDEFGHJKMNP": "code_form",
		"ABCDEFGHJKM\u00c9": "code_form", "\uff21BCDEFGHJKMN": "code_form", strings.Repeat("A ", 40): "code_form"} {
		if _, refusal := read(typed, rules); refusal == nil || refusal.Code != want {
			t.Errorf("%q: %v, want %s", typed, refusal, want)
		}
	}
	if code, refusal := read("123 456", access.CodeRules{Digits: 6}); refusal != nil || code != "123456" {
		t.Errorf("%q, %v", code, refusal)
	}
}
