package identifier

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// The limits of an address (RFC 5321 4.5.3.1, and its erratum 1690).
const (
	emailMax  = 254
	localMax  = 64
	labelMax  = 63
	domainMax = 253
)

// Email normalises one e-mail address as it is written to: white space around it
// goes, the domain is lower-cased and, if it is an international name, written
// in ASCII (xn--). The local part keeps its case, since the receiving host alone
// may say what it means; EmailKey is for comparing.
//
// Accepted is what ordinary mail systems deliver to: exactly one @, an ASCII
// local part of dot-separated words (RFC 5322 dot-atom), a domain of two or more
// labels. Refused, though a standard knows them: quoted local parts, address
// literals, local parts beyond ASCII. They are where one program's address is
// another one's two, and look-alikes hide among them. No control character
// passes, so an address can stand in a mail header.
func Email(s string) (string, error) {
	refuse := func(reason string) (string, error) { return "", &Error{KindEmail, reason} }
	s = strings.TrimSpace(s)
	if len(s) > 4*emailMax { // before any work; no address is longer in any script
		return refuse("length")
	}
	at := strings.IndexByte(s, '@')
	if at < 1 || at == len(s)-1 || strings.IndexByte(s[at+1:], '@') >= 0 {
		return refuse("format")
	}
	local, typed := s[:at], s[at+1:]
	if len(local) > localMax {
		return refuse("length")
	}
	for i := range len(local) {
		if c := local[i]; c == '.' {
			if i == 0 || i == len(local)-1 || local[i-1] == '.' {
				return refuse("format")
			}
		} else if !atext(c) {
			return refuse("charset")
		}
	}
	domain, ok := domainName(typed)
	if !ok {
		return refuse("domain")
	}
	if len(local)+1+len(domain) > emailMax {
		return refuse("length")
	}
	if domain == typed {
		return s, nil // the usual case: nothing to write anew
	}
	return local + "@" + domain, nil
}

// EmailKey is the comparable form of an address that Email returned: two
// addresses with one key are taken for one mailbox. No host that matters tells
// A from a in a local part, while people type both.
func EmailKey(address string) string {
	for i := range len(address) {
		if c := address[i]; 'A' <= c && c <= 'Z' {
			return strings.ToLower(address)
		}
	}
	return address
}

// atext reports whether c may stand in a word of a local part (RFC 5322 3.2.3).
func atext(c byte) bool {
	return digit(c) || 'a' <= c && c <= 'z' || letter(c) || c < 0x80 && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// domainName writes a domain in lower case and ASCII, and reports whether it can
// be that of a mail host: labels of letters, digits and inner hyphens, at least
// two of them, the last not a number.
func domainName(s string) (string, bool) {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			ascii, err := idna.Lookup.ToASCII(s)
			if err != nil {
				return "", false
			}
			s = ascii
			break
		}
	}
	for i := range len(s) {
		if letter(s[i]) {
			s = strings.ToLower(s)
			break
		}
	}
	if len(s) > domainMax {
		return "", false
	}
	labels, start, number := 0, 0, true
	for i := 0; i <= len(s); i++ {
		if i < len(s) && s[i] != '.' {
			if c := s[i]; !digit(c) && (c < 'a' || c > 'z') && c != '-' {
				return "", false
			}
			continue
		}
		label := s[start:i]
		if label == "" || len(label) > labelMax || label[0] == '-' || label[len(label)-1] == '-' {
			return "", false
		}
		if strings.HasPrefix(label, "xn--") {
			// A label that claims to be international must be one, or it would
			// read as a name that it is not.
			if _, err := idna.Lookup.ToUnicode(label); err != nil {
				return "", false
			}
		}
		number = all(label, digit)
		labels, start = labels+1, i+1
	}
	return s, labels >= 2 && !number
}
