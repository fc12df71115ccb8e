package identifier

import (
	"strings"
	"unicode"
)

// KindActivationCode is the kind of an activation code, as *Error names it.
// Check does not know it: a code is a secret, and no number to be looked at.
const KindActivationCode = "activation-code"

// ActivationLength is how many characters an activation code has, of an alphabet
// of 32: 60 bits.
const ActivationLength = 12

// ActivationCode normalises the code that a statement has printed on it, as
// three groups of four: capitals without I and O, digits without 0 and 1. Blanks,
// dashes of every length, dots and strokes go; small letters are raised. The four
// characters that no code has are taken for the one they look like: 0 and O for
// Q, 1 and I for L.
//
// An *Error names the rule and never the code.
func ActivationCode(s string) (string, error) {
	var out strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), unicode.Is(unicode.Cf, r), r == '\u2212', r == '.', r == '/', r == '_':
			continue
		case 'a' <= r && r <= 'z':
			r += 'A' - 'a'
		}
		switch r {
		case '0', 'O':
			r = 'Q'
		case '1', 'I', '|':
			r = 'L'
		}
		if r >= 0x80 || !alphanumeric(byte(r)) {
			return "", &Error{KindActivationCode, "charset"}
		}
		if out.Len() == ActivationLength {
			return "", &Error{KindActivationCode, "length"}
		}
		out.WriteRune(r)
	}
	if out.Len() != ActivationLength {
		return "", &Error{KindActivationCode, "length"}
	}
	return out.String(), nil
}
