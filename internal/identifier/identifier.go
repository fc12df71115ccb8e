// Package identifier normalises and checks what people and accounts are called
// by: the Italian tax code, the Swiss AHV number, the French NIR, the IBAN,
// mobile numbers and e-mail addresses.
//
// Every parser takes what somebody typed or a file holds and returns the one
// form that is stored and compared, or an *Error that says which rule failed.
// The result of a parser passes the parser again, unchanged. Only ASCII digits
// are digits: other scripts have digits too, and two spellings of one number
// would be two people.
package identifier

import (
	"strings"
	"unicode"
)

// The kinds of identifier, as the command line and *Error name them.
const (
	KindTaxCode = "tax-code"
	KindAHV     = "ahv"
	KindNIR     = "nir"
	KindIBAN    = "iban"
	KindPhone   = "phone"
	KindEmail   = "email"
)

// Kinds are all the kinds that Check knows, in the order they are listed.
func Kinds() []string {
	return []string{KindTaxCode, KindAHV, KindNIR, KindIBAN, KindPhone, KindEmail}
}

// An Error says which rule an identifier breaks: the first in the order that
// the identifier's rules are checked. Reason is a stable word:
//
//	charset     a character that never stands in one
//	length      too short or too long
//	format      a character in a place where it cannot stand
//	check       the check character or digits do not agree
//	date        no such day (tax code)
//	provisional eleven digits: a provisional code or a VAT number (tax code)
//	prefix      not 756 (AHV)
//	sex, month, department, order, key (NIR)
//	country     unknown, or not the one asked for (IBAN)
//	national    the country's own check fails (IBAN)
//	domain      not the name of a mail domain (e-mail)
//	letter      a letter inside a number (phone)
//	fixed, toll_free, premium, shared_cost, voip, personal, pager, uan,
//	voicemail   a number, but not a mobile (phone)
//	not_valid   not a number of any plan (phone)
//	kind        Check was asked for a kind it does not know
type Error struct {
	Kind   string
	Reason string
}

// Error is for logs and the command line; people read a text by Kind and Reason.
func (e *Error) Error() string { return e.Kind + ": " + e.Reason }

// Check normalises a value of a kind. country is the region of a phone number
// without a prefix ("IT" when empty), and, if given, the country an IBAN must
// be of; the other kinds pay no heed to it.
func Check(kind, value, country string) (normalised string, err error) {
	country = strings.ToUpper(country)
	switch kind {
	case KindTaxCode:
		return TaxCode(value)
	case KindAHV:
		return AHV(value)
	case KindNIR:
		return NIR(value)
	case KindIBAN:
		s, err := IBAN(value)
		if err == nil && country != "" && s[:2] != country {
			return "", &Error{KindIBAN, "country"}
		}
		return s, err
	case KindPhone:
		if country == "" {
			country = "IT"
		}
		return Phone(value, country)
	case KindEmail:
		return Email(value)
	}
	return "", &Error{kind, "kind"}
}

// compact removes white space and, if there are any, the bytes of drop, and
// raises ASCII letters. It does not allocate when there is nothing to change.
func compact(s, drop string) string {
	plain := true
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x80 || 'a' <= c && c <= 'z' || strings.IndexByte(drop, c) >= 0 {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r < 0x80 && strings.IndexByte(drop, byte(r)) >= 0:
			return -1
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

// digit reports whether c is one of the ASCII digits.
func digit(c byte) bool { return '0' <= c && c <= '9' }

// letter reports whether c is one of the ASCII capitals.
func letter(c byte) bool { return 'A' <= c && c <= 'Z' }

// ordinal is what a digit or a capital counts in check sums: its value, or its
// place in the alphabet from 0.
func ordinal(c byte) int {
	if digit(c) {
		return int(c - '0')
	}
	return int(c - 'A')
}

// all reports whether every byte of s is of a class.
func all(s string, class func(byte) bool) bool {
	for i := range len(s) {
		if !class(s[i]) {
			return false
		}
	}
	return true
}

// alphanumeric reports whether c is an ASCII digit or capital.
func alphanumeric(c byte) bool { return digit(c) || letter(c) }

// mod97 is the remainder of a long number written in digits and letters, where
// A counts 10 and Z 35 (ISO 7064, as IBAN uses it).
func mod97(s string) int {
	n := 0
	for i := range len(s) {
		if c := s[i]; digit(c) {
			n = (n*10 + int(c-'0')) % 97
		} else {
			n = (n*100 + int(c-'A') + 10) % 97
		}
	}
	return n
}

// Username normalises a user name that a fund issued, as it is typed and as a
// register has it: without white space, in capitals. Which names there are is
// the register's to say.
func Username(s string) string { return compact(s, "") }
