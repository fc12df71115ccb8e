package password

import (
	"strings"
	"time"
)

// A cover says how much of a folded password is explained by what anybody would
// guess. What stays unexplained is all the password is worth.
type cover struct {
	text string
	own  []bool // which bytes belong to words of the person or the fund
}

func newCover(text string) *cover { return &cover{text, make([]bool, len(text))} }

// words marks every occurrence of the person's or the fund's words, and reports
// whether there was one.
func (c *cover) words(words []string) (found bool) {
	for _, w := range words {
		for from := 0; ; {
			i := strings.Index(c.text[from:], w)
			if i < 0 {
				break
			}
			for j := from + i; j < from+i+len(w); j++ {
				c.own[j] = true
			}
			found = true
			from += i + 1
		}
	}
	return found
}

// covered counts the marked bytes.
func (c *cover) covered() (n int) {
	for _, m := range c.own {
		if m {
			n++
		}
	}
	return n
}

// Three words of the list and more are a passphrase, not a password.
const fewWords = 2

// left is how many bytes nothing explains: with no word of the list at all, and
// with one or two. It tries every way to read the text as words, patterns, marked
// bytes and rest, and takes the one that leaves least; a greedy reading would
// lose «angelo» to «gelo».
func (c *cover) left(list table) (without, with int) {
	n := len(c.text)
	var best [fewWords + 1][]int // best[w][i]: least rest of the first i bytes, with w words
	for w := range best {
		best[w] = make([]int, n+1)
		for i := range best[w] {
			best[w][i] = i
		}
	}
	reach := func(w, i, rest int) { best[w][i] = min(best[w][i], rest) }
	for i := range n {
		rest := 1
		if c.own[i] {
			rest = 0
		}
		pattern := patterns(c.text, i)
		for w := range best {
			reach(w, i+1, best[w][i]+rest)
			for end := i + 2; end <= pattern; end++ {
				reach(w, end, best[w][i])
			}
		}
		list.words(c.text[i:], func(end int) {
			for w := range fewWords {
				reach(w+1, i+end, best[w][i])
			}
		})
	}
	with = n
	for _, b := range best {
		with = min(with, b[n])
	}
	return best[0][n], with
}

// patterns is where the longest pattern ends that begins at i, or i: a run along
// a row of keys (four and more), a walk over the keys (six and more), one
// character three times and more, two to four digits that stand alone, a date.
func patterns(text string, i int) (end int) {
	end = i
	rest := text[i:]
	for _, row := range rows {
		if n := commonRun(rest, row); n >= 4 {
			end = max(end, i+n)
		}
	}
	for _, keys := range keyboards {
		if n := walk(rest, keys); n >= 6 {
			end = max(end, i+n)
		}
	}
	if n := run(rest, func(b byte) bool { return b == text[i] }); n >= 3 {
		end = max(end, i+n)
	}
	if i == 0 || !isDigit(text[i-1]) {
		if n := run(rest, isDigit); n >= 2 && n <= 4 || isDate(rest[:n]) {
			end = max(end, i+n)
		}
	}
	return end
}

// isDate reports whether digits are a day, as people write one.
func isDate(digits string) bool {
	for _, form := range []string{"02012006", "20060102", "020106", "060102", "01022006"} {
		if day, err := time.Parse(form, digits); err == nil && day.Year() > 1900 && day.Year() < 2100 {
			return true
		}
	}
	return false
}

// rows are neighbours on a keyboard, in the alphabet and in counting; they are
// also read backwards.
var rows = withReversed(
	"abcdefghijklmnopqrstuvwxyz", "01234567890", "1234567890",
	"qwertyuiop", "asdfghjkl", "zxcvbnm", // English and Italian
	"azertyuiop", "qsdfghjklm", "wxcvbn", // French
	"qwertzuiop", "yxcvbnm", // German and Swiss
)

func withReversed(rows ...string) (all []string) {
	for _, row := range rows {
		b := []byte(row)
		for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
		all = append(all, row, string(b))
	}
	return all
}

// keyboards are where the keys lie: English and Italian, French, German and Swiss.
var keyboards = [][]string{
	{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"},
	{"1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"},
	{"1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm"},
}

// walk is how far the text goes from key to neighbouring key: «1qaz2wsx» jumps
// back to the top once in a while, and a jump by one column counts as a step.
func walk(text string, keys []string) int {
	n := 0
	row, column := 0, 0
	for n < len(text) {
		r, c := keyAt(text[n], keys)
		if r < 0 {
			break
		}
		near := r-row >= -1 && r-row <= 1 && c-column >= -1 && c-column <= 1
		jump := (row == 0 || row == len(keys)-1) && (r == 0 || r == len(keys)-1) && c-column >= -1 && c-column <= 1
		if n > 0 && (!near && !jump || text[n] == text[n-1]) {
			break
		}
		row, column = r, c
		n++
	}
	return n
}

// keyAt is where a key lies, or -1.
func keyAt(b byte, keys []string) (row, column int) {
	for r, row := range keys {
		if c := strings.IndexByte(row, b); c >= 0 {
			return r, c
		}
	}
	return -1, -1
}

// commonRun is how far the text follows the row from wherever the row has the
// text's first letter.
func commonRun(text, row string) int {
	at := strings.IndexByte(row, text[0])
	if at < 0 {
		return 0
	}
	n := 0
	for n < len(text) && at+n < len(row) && text[n] == row[at+n] {
		n++
	}
	return n
}

func run(text string, is func(byte) bool) int {
	n := 0
	for n < len(text) && is(text[n]) {
		n++
	}
	return n
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// repeated is the part of which the text is made by saying it twice and more, or
// the text itself: a word said three times is worth one.
func repeated(text string) string {
	for n := 1; n <= len(text)/2; n++ {
		if len(text)%n == 0 && strings.Repeat(text[:n], len(text)/n) == text {
			return text[:n]
		}
	}
	return text
}
