package password

import "strings"

// A cover marks which bytes of a folded password are explained by something
// anybody would guess. What stays unmarked is all the password is worth.
type cover struct {
	text string
	mark []bool
}

func newCover(text string) *cover { return &cover{text, make([]bool, len(text))} }

// covered counts the marked bytes.
func (c *cover) covered() (n int) {
	for _, m := range c.mark {
		if m {
			n++
		}
	}
	return n
}

func (c *cover) set(from, to int) (fresh bool) {
	for i := from; i < to; i++ {
		fresh = fresh || !c.mark[i]
		c.mark[i] = true
	}
	return fresh
}

// words marks every occurrence of the words, which come longest first, and
// counts those that marked something new: a word inside another is not a second.
func (c *cover) words(words []string) (n int) {
	for _, w := range words {
		found := false
		for from := 0; ; {
			i := strings.Index(c.text[from:], w)
			if i < 0 {
				break
			}
			found = c.set(from+i, from+i+len(w)) || found
			from += i + 1
		}
		if found {
			n++
		}
	}
	return n
}

// rows are neighbours on a keyboard, in the alphabet and in counting; they are
// also read backwards.
var rows = withReversed(
	"abcdefghijklmnopqrstuvwxyz", "01234567890", "1234567890",
	"qwertyuiop", "asdfghjkl", "zxcvbnm", // English and Italian
	"azertyuiop", "qsdfghjklm", "wxcvbn", // French
	"qwertzuiop", "yxcvbnm", // German and Swiss
	"1qaz", "2wsx", "3edc", "4rfv", "5tgb", "qaz", "wsx", "edc",
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

// patterns marks runs along a row (four and more), one character three times and
// more, and short numbers, years among them.
func (c *cover) patterns() {
	for i := range c.text {
		for _, row := range rows {
			if n := commonRun(c.text[i:], row); n >= 4 {
				c.set(i, i+n)
			}
		}
		if n := run(c.text[i:], func(b byte) bool { return b == c.text[i] }); n >= 3 {
			c.set(i, i+n)
		}
	}
	for i := 0; i < len(c.text); {
		n := run(c.text[i:], isDigit)
		if n > 0 && n <= 4 {
			c.set(i, i+n)
		}
		i += max(n, 1)
	}
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
