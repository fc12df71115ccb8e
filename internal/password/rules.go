package password

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Why a new password is refused. Each is the code of a refusal, which is also
// the key of its text.
const (
	RefusedShort    = "password_short"
	RefusedLong     = "password_long"
	RefusedGroups   = "password_groups"
	RefusedPersonal = "password_personal"
	RefusedCommon   = "password_common"
)

// Rules are a fund's rules for new passwords; the [password] table of its file.
type Rules struct {
	Min      int // code points of the NFKC form
	MaxBytes int // bytes of the NFKC form; 0, or more than MaxBytes, means MaxBytes
	// Groups is how many of digits, lower case, upper case and others there must
	// be; 0 asks for none. Groups make no password better (ASVS 6.2.5), but some
	// funds have promised them.
	Groups int
}

// A Person is what the new password must not be made of (ASVS 6.2.11). Empty
// fields are passed over.
type Person struct {
	Name, Surname string
	TaxCode       string
	EnrolmentNo   string
	Birth         string // 1980-01-31
	Email, Phone  string
	Fund          string   // its name as members know it
	Words         []string // others of the context: the employer, the address of the site
}

// Check returns "" for a password the person may choose, or the code of the
// first rule it breaks. It takes the password as typed; nothing is cut, and
// blanks and every letter of every script count.
func Check(rules Rules, password string, person Person) string {
	if len(password) > maxTyped {
		return RefusedLong // before any work on it
	}
	limit := rules.MaxBytes
	if limit <= 0 || limit > MaxBytes {
		limit = MaxBytes
	}
	normal := norm.NFKC.String(password)
	switch {
	case len(normal) > limit:
		return RefusedLong
	case utf8.RuneCountInString(normal) < rules.Min:
		return RefusedShort
	case groups(normal) < rules.Groups:
		return RefusedGroups
	}
	return guessable(normal, person)
}

// groups counts which of the four groups of characters occur.
func groups(s string) int {
	var digit, lower, upper, other int
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			digit = 1
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r) || unicode.IsTitle(r):
			upper = 1
		default:
			other = 1
		}
	}
	return digit + lower + upper + other
}

// How much may be left beside words, names, sequences and years for a password
// still to be nothing but those: «Sommer2026!x».
const spare = 3

// A word said twice is worth that word, and alone it is a password only from here.
const shortest = 8

// guessable looks for what a person who knows the member, or nobody at all, would
// try. It reads the password in two ways: as written, and with digits and signs
// taken for the letters they resemble.
func guessable(normal string, person Person) string {
	if distinct(normal) <= 3 {
		return RefusedCommon // «!!!!!!!!!!!!!!!», «ababababababab»
	}
	words, numbers := person.words(), person.numbers()
	common := ""
	for _, text := range []string{fold(normal), fold(likeLetters.Replace(normal))} {
		// Folding drops signs; where they are most of it, there is no word to find.
		if len(text)*2 < utf8.RuneCountInString(normal) {
			continue
		}
		for _, n := range numbers {
			if strings.Contains(text, n) {
				return RefusedPersonal
			}
		}
		unit := repeated(text)
		if unit != text && len(unit) < shortest {
			common = RefusedCommon // «lampadalampada»
		}
		c := newCover(unit)
		own := c.words(words) > 0
		if own && c.covered()*2 >= len(unit) {
			return RefusedPersonal
		}
		c.patterns()
		known := c.words(commonWords())
		if len(unit)-c.covered() > spare {
			continue
		}
		if own {
			return RefusedPersonal
		}
		// Three words of the list and more are a passphrase, not a password.
		if known <= 2 {
			common = RefusedCommon
		}
	}
	return common
}

// distinct counts the different code points.
func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}

var likeLetters = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i", "€", "e")

// fold keeps letters without case and accents, and digits: what people take for
// the same word.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r == 'ß':
			b.WriteString("ss")
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// words are the person's names and the like, folded: three letters at least, the
// longest first, so that a name inside another does not hide it.
func (p Person) words() []string {
	local, domain, _ := strings.Cut(p.Email, "@")
	parts := []string{p.Name, p.Surname, local, domain, p.Fund}
	parts = append(parts, p.Words...)
	var out []string
	for _, part := range parts {
		for _, word := range strings.FieldsFunc(part, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
			out = append(out, fold(word))
		}
	}
	if year, rest, ok := strings.Cut(p.Birth, "-"); ok && len(year) == 4 {
		month, day, _ := strings.Cut(rest, "-")
		out = append(out, year+month+day, day+month+year, day+month+year[2:], month+day+year, year)
	}
	if len(p.TaxCode) >= 6 {
		out = append(out, fold(p.TaxCode)[:6])
	}
	return longestFirst(out, 3)
}

// numbers are what may not occur in a password at all: they stand on letters.
func (p Person) numbers() []string {
	phone := fold(p.Phone)
	out := []string{fold(p.TaxCode), fold(p.EnrolmentNo), strings.TrimLeft(fold(p.EnrolmentNo), "0"), phone}
	if len(phone) > 9 {
		out = append(out, phone[len(phone)-9:]) // without the country's prefix
	}
	return longestFirst(out, 6)
}

func longestFirst(words []string, least int) []string {
	words = slices.DeleteFunc(words, func(w string) bool { return len(w) < least })
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}

//go:embed common.txt
var commonFile string

// commonWords are read when the first new password is judged.
var commonWords = sync.OnceValue(func() []string {
	var out []string
	for line := range strings.Lines(commonFile) {
		if !strings.HasPrefix(line, "#") {
			out = append(out, strings.Fields(line)...)
		}
	}
	return longestFirst(out, 4)
})
