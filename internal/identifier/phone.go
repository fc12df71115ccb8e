package identifier

import (
	"unicode"
	"unicode/utf8"
)

// Phones reads mobile numbers. The zero value knows the numbering plans alone.
type Phones struct {
	// Fiction also accepts the ranges that are set aside for invented people:
	// +39 300, +41 70, +44 7700 900xxx and +33 6 39 98. Only the file of a
	// demonstration fund turns it on: no message may go there.
	Fiction bool
}

// Phone is Mobile by the numbering plans alone.
func Phone(s, region string) (e164 string, err error) { return Phones{}.Mobile(s, region) }

// Mobile normalises a mobile number to E.164. region ("IT", "CH", "FR", any ISO
// 3166 code) is whose national form is meant when there is no prefix; a number
// of another country needs its + or 00.
//
// Letters are refused before anything else: to turn them into digits or drop
// them, as libphonenumber does, would make a number with an O in it somebody
// else's valid one. A number that lost a digit can be valid too (Italian mobiles
// have nine digits or ten): only a code sent there proves it.
//
// Numbers of Italy, Switzerland and France in an ordinary spelling are read
// here; everything else by the plans of the world, which takes ten times as
// long. Tests hold both to libphonenumber.
func (p Phones) Mobile(s, region string) (e164 string, err error) {
	n, reason := spell(s)
	if reason != "" {
		return "", &Error{KindPhone, reason}
	}
	if e164, ok := p.ordinary(n, region); ok {
		return e164, nil
	}
	return byPlans(n.raw, region)
}

// A spelling is a number as it was written, with the punctuation dropped.
type spelling struct {
	raw    string // as it was written, every white space a blank: what the plans are asked of
	digits [24]byte
	n      int  // digits; more than there is room for are counted and not kept
	plus   bool // the first character that counts is a +
	odd    bool // a + stands where only the plans tell what it means
}

// spell reads the characters of a number, or says why it is none.
func spell(s string) (n spelling, reason string) {
	const most = 60 // characters; the longest number of any plan is far shorter
	if len(s) > 4*most {
		return n, "length"
	}
	n.raw = s
	blanks := false
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			if n.n < len(n.digits) {
				n.digits[n.n] = byte(r)
			}
			n.n++
		case r == '+':
			n.odd = n.odd || n.n > 0 || n.plus
			n.plus = true
		case r == '-' || r == '.' || r == '/' || r == '(' || r == ')' || r == ' ':
		case unicode.IsSpace(r):
			blanks = true
		case unicode.IsLetter(r):
			return n, "letter"
		default:
			return n, "charset"
		}
	}
	if utf8.RuneCountInString(s) > most {
		return n, "length"
	}
	if blanks {
		plain := []rune(s)
		for i, r := range plain {
			if unicode.IsSpace(r) {
				plain[i] = ' '
			}
		}
		n.raw = string(plain)
	}
	return n, ""
}

// ordinary reads the plain spellings of the three plans, and of the fictional
// ranges if they are allowed. ok is false for whatever it is not sure of.
func (p Phones) ordinary(n spelling, region string) (e164 string, ok bool) {
	if n.odd || n.n < 9 || n.n > 15 {
		return "", false
	}
	digits := string(n.digits[:n.n])
	code, national := "", digits
	switch {
	case n.plus:
		code, national = digits[:2], digits[2:]
	case region != "IT" && region != "CH" && region != "FR":
		return "", false
	case digits[:2] == "00":
		code, national = digits[2:4], digits[4:]
	case region == "IT":
		code = "39"
	case region == "CH":
		code = "41"
	case region == "FR":
		code = "33"
	}
	// Dialled inside Switzerland or France, a number begins with 0.
	if !n.plus && digits[:2] != "00" && code != "39" && national[0] == '0' {
		national = national[1:]
	}
	if p.Fiction && !n.plus && national[:2] == code && fictional(code, national[2:]) {
		national = national[2:] // the country's code without + or 00, as some programs write it
	}
	if !mobile(code, national) && !(p.Fiction && fictional(code, national)) {
		return "", false
	}
	return "+" + code + national, true
}

// mobile reports whether a national number is a mobile of Italy, Switzerland or
// France (libphonenumber metadata f7e3e88, 17 July 2026).
func mobile(code, n string) bool {
	switch code {
	case "39": // 3[2-9]\d{7,8}|(31|43)\d{8}
		if len(n) == 10 && (n[:2] == "31" || n[:2] == "43") {
			return true
		}
		return (len(n) == 9 || len(n) == 10) && n[0] == '3' && n[1] >= '2'
	case "41": // (6[89]|7[235-9])\d{7}
		if len(n) != 9 {
			return false
		}
		return n[0] == '6' && n[1] >= '8' || n[0] == '7' && (n[1] == '2' || n[1] == '3' || n[1] >= '5')
	case "33": // (6([0-24-8]\d|3[0-8]|9[589])|7[3-9]\d)\d{6}
		if len(n) != 9 {
			return false
		}
		switch n[0] {
		case '6':
			return n[1] != '3' && n[1] != '9' || n[1] == '3' && n[2] != '9' || n[1] == '9' && (n[2] == '5' || n[2] >= '8')
		case '7':
			return n[1] >= '3'
		}
	}
	return false
}

// fictional reports whether a national number is of a range for invented people:
// published for drama in the United Kingdom and France, not assigned in Italy
// and Switzerland.
func fictional(code, n string) bool {
	switch code {
	case "39":
		return len(n) == 10 && n[:3] == "300"
	case "41":
		return len(n) == 9 && n[:2] == "70"
	case "44":
		return len(n) == 10 && n[:7] == "7700900"
	case "33":
		return len(n) == 9 && n[:5] == "63998"
	}
	return false
}
