package registry

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// textMax is the longest value that is kept, in characters. Names and addresses
// of people are far shorter.
const textMax = 200

// flaws are what tidy mended in a value.
type flaws struct {
	space, zeroWidth, control, nfd, tooLong bool
}

// tidy mends what nobody sees or means in a value: white space around it and
// doubled inside, characters without width (they also turn the direction of
// text), control characters, accents apart from their letters. lines keeps line
// ends, as addresses have them. Nearly every value comes back as it is.
func tidy(s string, lines bool) (string, flaws) {
	if neat(s) {
		return s, flaws{}
	}
	var f flaws
	if !utf8.ValidString(s) { // the decoder gives no such thing; a caller of its own might
		s, f.control = strings.ToValidUTF8(s, "\uFFFD"), true
	}
	if !norm.NFC.IsNormalString(s) {
		s, f.nfd = norm.NFC.String(s), true
	}
	if lines {
		s = strings.ReplaceAll(s, "\r\n", "\n")
	}
	var out strings.Builder
	n, gap := 0, "" // characters written, white space owed before the next
	for i, r := range s {
		switch {
		case lines && r == '\n':
			f.space = f.space || out.Len() == 0
			gap = "\n"
		case unicode.IsSpace(r):
			f.space = f.space || r != ' ' || out.Len() == 0 || gap != "" || i == len(s)-1
			if gap == "" {
				gap = " "
			}
		case unicode.Is(unicode.Cf, r): // zero width, soft hyphens, marks of direction
			f.zeroWidth = true
		case unicode.IsControl(r):
			f.control = true
		default:
			if n == textMax {
				f.tooLong = true
				return out.String(), f
			}
			if out.Len() > 0 {
				out.WriteString(gap)
			}
			out.WriteRune(r)
			gap = ""
			n++
		}
	}
	return out.String(), f
}

// neat reports whether a value is plain ASCII with nothing to mend.
func neat(s string) bool {
	if len(s) > textMax {
		return false
	}
	gap := true // a blank here would be one too many
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ' && gap, c < ' ', c >= 0x7F:
			return false
		case c == ' ':
			gap = true
		default:
			gap = false
		}
	}
	return !gap || s == ""
}

// formula reports whether a spreadsheet would take a text for a formula. A sign
// alone, or before a blank, is a mark people leave in empty fields.
func formula(s string) bool {
	if len(s) < 2 {
		return false
	}
	switch s[0] {
	case '=', '@':
		return true
	case '+', '-':
		return s[1] != ' ' && s[1] != s[0]
	}
	return false
}
