package access

import (
	"strings"
	"unicode/utf8"
)

// What a person may see of a contact or an account before and beside a code:
// enough to recognise one's own, too little to learn somebody else's (ux.md
// 4.4, security.md 4.7). The number of dots is fixed, so that it tells nothing
// of the length.

// MaskEmail keeps the first and the last character of the local part and of the
// domain's name, and the top-level domain: g•••••o@p•••a.it. Parts of up to
// three characters keep the first alone. What is not an address is all dots.
func MaskEmail(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 1 {
		return "•••••"
	}
	name, top := address[at+1:], ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		name, top = name[:dot], name[dot:]
	}
	return ends(address[:at], "•••••") + "@" + ends(name, "•••") + top
}

// ends puts dots between the first and the last character of s.
func ends(s, dots string) string {
	first, n := utf8.DecodeRuneInString(s)
	if n == 0 || first == utf8.RuneError {
		return dots
	}
	if utf8.RuneCountInString(s) <= 3 {
		return s[:n] + dots
	}
	return s[:n] + dots + Last(s, 1)
}

// MaskPhone is the last three digits, for «the number that ends with 482». A
// string of fewer than six digits gives none away.
func MaskPhone(number string) string {
	digits := make([]byte, 0, 16)
	for i := range len(number) {
		if c := number[i]; '0' <= c && c <= '9' {
			digits = append(digits, c)
		}
	}
	if len(digits) < 6 {
		return ""
	}
	return string(digits[len(digits)-3:])
}

// MaskIBAN keeps the country and the last four characters: IT•• •••• •••• 4821.
// What is shorter than any IBAN (15 characters, Norway's) is all dots.
func MaskIBAN(iban string) string {
	const dots = "•• •••• •••• "
	s := strings.ReplaceAll(iban, " ", "")
	if len(s) < 15 || strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		return "••" + dots + "••••"
	}
	return s[:2] + dots + s[len(s)-4:]
}

// Last is the last n characters of s, or all of a shorter one.
func Last(s string, n int) string {
	at := len(s)
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:at])
		at -= size
	}
	return s[at:]
}
