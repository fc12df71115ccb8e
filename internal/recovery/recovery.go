// Package recovery makes and reads recovery codes: the ten that a member keeps on
// paper, each of them good once in the place of a lost telephone (issue 3, 6).
//
// A code has 80 random bits, where NIST SP 800-63B-4 asks for 64, and is shown as
// four groups of four:
//
//	7KQ2-M9XD-0FTW-B3RV
//
// What is stored is Hash: a MAC under a key of the fund that the database does not
// hold. NIST asks for a salted, slow hash below 112 bits, because who steals the
// table tries secrets out. That needs the key here; and who has the key as well
// must try 2^80 codes for each member, since the member stands in the MAC as a salt
// would. A slow hash would add to that what twenty bits more would, and cost ten
// Argon2 each time that codes are made, and again for each try.
package recovery

import (
	"crypto/rand"
	"strings"
	"unicode"

	"aditus/internal/keys"
)

// Count is how many codes are made at a time.
const Count = 10

const (
	groups = 4
	group  = 4
)

// alphabet is Crockford's base32: no I, L, O, which are read as 1 and 0, and no U.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// New makes Count codes, as they are shown. They are not kept anywhere: only their
// Hash is.
func New() []string {
	codes := make([]string, Count)
	for i := range codes {
		var random [groups * group]byte
		rand.Read(random[:])
		var b strings.Builder
		for j, r := range random {
			if j > 0 && j%group == 0 {
				b.WriteByte('-')
			}
			b.WriteByte(alphabet[r%32]) // 256 is a multiple of 32
		}
		codes[i] = b.String()
	}
	return codes
}

// Normal reads a code as it is typed or pasted: blanks and dashes of any kind do not
// matter, nor does case, and the letters that look like 1 and 0 are those. It
// returns the sixteen characters, or false for what cannot be a code; a try need
// not be counted for that.
func Normal(typed string) (code string, ok bool) {
	if len(typed) > 128 { // before any work
		return "", false
	}
	var b strings.Builder
	for _, r := range typed {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '.' || r == '_':
			continue
		case 'a' <= r && r <= 'z':
			r += 'A' - 'a'
		}
		switch r {
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if r >= unicode.MaxASCII || strings.IndexByte(alphabet, byte(r)) < 0 {
			return "", false
		}
		b.WriteByte(byte(r))
	}
	return b.String(), b.Len() == groups*group
}

// Hash is what the database keeps of a code of a member: 32 bytes, the same for the
// same code whenever it is asked for, so that a code is found by it. The code is
// one that New or Normal returned.
func Hash(fund *keys.Fund, member, code string) []byte {
	return fund.MAC("recovery", member, strings.ReplaceAll(code, "-", ""))
}
