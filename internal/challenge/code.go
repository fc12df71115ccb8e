package challenge

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"

	"aditus/internal/access"
	"aditus/internal/store"
)

// mac binds a code to its challenge, its member, what it stands for and the way
// it went. The key is the fund's; without it the stored value tells nothing.
func mac(tx *store.Tx, c access.Challenge, code string) []byte {
	return tx.Keys().MAC("code", c.ID, c.Member, c.Purpose, c.Subject, c.Session, string(c.Kind), code)
}

// letters are what a code of letters is made of: 32, of which none is taken for
// another once read has mapped those that are not among them (Crockford's base 32).
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// random makes a code, each as likely as the other.
func random(rules access.CodeRules) (string, error) {
	n := rules.Digits
	if rules.Letters {
		b := make([]byte, n)
		rand.Read(b) // never fails (crypto/rand)
		for i := range b {
			b[i] = letters[b[i]&31]
		}
		return string(b), nil
	}
	v, err := rand.Int(rand.Reader, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", n, v), nil
}

// read reads what was typed as a code of the rules' kind.
func read(typed string, rules access.CodeRules) (string, *access.Refusal) {
	if !rules.Letters {
		return digits(typed, rules.Digits)
	}
	n := access.Arg{Name: "n", Type: access.ArgCount, Value: fmt.Sprint(rules.Digits)}
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", access.RefuseField("otp", "code_empty", n)
	}
	form := access.RefuseField("otp", "code_form", n)
	if len(typed) > 64 {
		return "", form
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch r {
		case ' ', '-', '.', '\u00a0', '\u2011', '\t':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		case 'U':
			r = 'V'
		}
		if !strings.ContainsRune(letters, r) {
			return "", form
		}
		b.WriteRune(r)
	}
	if b.Len() != rules.Digits {
		return "", form
	}
	return b.String(), nil
}

// digits reads what was typed or pasted: blanks, dashes, dots and a leading #
// do not matter (ux.md, login.gov). Only ASCII digits are digits.
func digits(typed string, n int) (string, *access.Refusal) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", access.RefuseField("otp", "code_empty", access.Arg{Name: "n", Type: access.ArgCount, Value: fmt.Sprint(n)})
	}
	form := access.RefuseField("otp", "code_form", access.Arg{Name: "n", Type: access.ArgCount, Value: fmt.Sprint(n)})
	if len(typed) > 64 {
		return "", form
	}
	var b strings.Builder
	for i, r := range typed {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == ' ' || r == '-' || r == '.' || r == '\u00a0' || r == '\u2011' || r == '\t' || r == '#' && i == 0:
		default:
			return "", form
		}
	}
	if b.Len() != n {
		return "", form
	}
	return b.String(), nil
}
