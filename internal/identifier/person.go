package identifier

import (
	"strconv"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Person is what a register says of somebody. What is "" is not known, and
// agrees with everything.
type Person struct {
	Surname, Name string
	Born          string // YYYY-MM-DD
	Sex           string // "M" or "F"
}

// TaxCodePerson compares a code that TaxCode returned with the person it should
// belong to, and names the first thing that differs: "surname", "name",
// "birthdate", "sex", or "" when all agree. The place of birth is not compared:
// municipalities merge. A difference is a case for people to look at, never a
// reason to change the record.
func TaxCodePerson(code string, p Person) string {
	if len(code) != len(shape) {
		return "surname"
	}
	if !agrees(code[0:3], p.Surname, surnameLetters) {
		return "surname"
	}
	if !agrees(code[3:6], p.Name, nameLetters) {
		return "name"
	}
	b := TaxCodeBirth(code)
	if !b.on(p.Born) {
		return "birthdate"
	}
	if p.Sex != "" && p.Sex != b.Sex {
		return "sex"
	}
	return ""
}

// on reports whether the birth can have been on a day written YYYY-MM-DD, in
// any century.
func (b Birth) on(day string) bool {
	if len(day) != len("2006-01-02") {
		return day == ""
	}
	part := func(s string) int { n, _ := strconv.Atoi(s); return n }
	return b.Year == part(day[2:4]) && b.Month == part(day[5:7]) && b.Day == part(day[8:10])
}

// agrees reports whether a name gives the three letters of a code. The register
// holds ä, ö and ü both as A, O, U and as AE, OE, UE, so either will do. A name
// with letters that have no Latin form, or of which a letter was lost, cannot be
// judged and agrees.
func agrees(three, name string, letters func(string) [3]byte) bool {
	if name == "" {
		return true
	}
	for _, umlautE := range []bool{false, true} {
		folded, known := fold(name, umlautE)
		if got := letters(folded); !known || string(got[:]) == three {
			return true
		}
	}
	return false
}

// FoldName is a name as tax codes and comparisons see it: the capitals A to Z
// alone, without accents, blanks, apostrophes and hyphens.
func FoldName(name string) string {
	s, _ := fold(name, false)
	return s
}

// fold does FoldName; known is false if a letter has no Latin form.
func fold(name string, umlautE bool) (folded string, known bool) {
	var buf [64]byte
	out, known := buf[:0], true
	ascii := true
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if !ascii && !umlautE {
		name = norm.NFD.String(name)
	} else if !ascii {
		name = norm.NFC.String(name)
	}
	for _, r := range name {
		switch {
		case 'A' <= r && r <= 'Z':
			out = append(out, byte(r))
		case 'a' <= r && r <= 'z':
			out = append(out, byte(r-'a'+'A'))
		case r == '?' || r == utf8.RuneError:
			known = false
		case r < utf8.RuneSelf || unicode.Is(unicode.Mn, r):
		default:
			more, ok := letterOf(r, umlautE)
			out, known = append(out, more...), known && ok
		}
	}
	return string(out), known
}

// letterOf gives the Latin capitals for a letter outside ASCII. What is no
// letter at all, such as a typographic apostrophe, gives none.
func letterOf(r rune, umlautE bool) (capitals string, ok bool) {
	switch unicode.ToLower(r) {
	case 'ß', 'ẞ':
		return "SS", true
	case 'æ':
		return "AE", true
	case 'œ':
		return "OE", true
	case 'ø':
		return "O", true
	case 'ł':
		return "L", true
	case 'đ', 'ð':
		return "D", true
	case 'ı':
		return "I", true
	case 'þ':
		return "TH", true
	}
	if umlautE {
		switch unicode.ToLower(r) {
		case 'ä':
			return "AE", true
		case 'ö':
			return "OE", true
		case 'ü':
			return "UE", true
		}
		// Only the umlauts differ: the rest loses its accent as ever.
		if plain, ok := fold(string(r), false); ok && plain != "" {
			return plain, true
		}
	}
	return "", !unicode.IsLetter(r)
}

// surnameLetters are the code's letters for a folded surname: consonants in
// order, then vowels, then X.
func surnameLetters(folded string) (three [3]byte) {
	n := 0
	for _, vowels := range []bool{false, true} {
		for i := 0; i < len(folded) && n < 3; i++ {
			if vowel(folded[i]) == vowels {
				three[n] = folded[i]
				n++
			}
		}
	}
	for ; n < 3; n++ {
		three[n] = 'X'
	}
	return three
}

// nameLetters are the code's letters for a folded given name: of four or more
// consonants the first, third and fourth; else as for a surname.
func nameLetters(folded string) (three [3]byte) {
	n := 0
	for i := 0; i < len(folded) && n < 4; i++ {
		if !vowel(folded[i]) {
			switch n {
			case 0:
				three[0] = folded[i]
			case 2, 3:
				three[n-1] = folded[i]
			}
			n++
		}
	}
	if n < 4 {
		return surnameLetters(folded)
	}
	return three
}

// vowel reports whether c is one of the five capitals that count as vowels.
func vowel(c byte) bool {
	return c == 'A' || c == 'E' || c == 'I' || c == 'O' || c == 'U'
}
