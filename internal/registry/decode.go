package registry

import (
	"bytes"
	"unicode/utf8"
)

// windows1252 maps the bytes 0x80 to 0x9F; from 0xA0 on it is Latin-1. A 0 is a
// byte that Windows-1252 does not define.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// A record is a row as text.
type record struct {
	number, line    int // of data, and physical; from 1
	fields          []string
	problem         string
	hasSep, hasLine bool
	high            bool // it has bytes beyond ASCII
	bad             byte // the first byte that is none in the file's encoding, or 0
	badField        int
}

// A decoder makes text of rows. Its record lives until the next call; the
// strings in it live for ever, all in one allocation.
type decoder struct {
	utf8   bool
	text   []byte
	ends   []int
	fields []string
}

// decode makes text of a row: UTF-8, with U+FFFD where a byte means nothing.
func (d *decoder) decode(r row, number int) record {
	out := record{number: number, line: r.line, problem: r.problem, hasSep: r.hasSep, hasLine: r.hasLine}
	d.text, d.ends = d.text[:0], d.ends[:0]
	for i, f := range r.fields {
		if ascii(f) {
			d.text = append(d.text, f...)
		} else {
			out.high = true
			d.field(f, i, &out)
		}
		d.ends = append(d.ends, len(d.text))
	}
	if out.problem == "" && bytes.IndexByte(d.text, 0) >= 0 {
		out.problem = issueNULByte
	}
	text, from := string(d.text), 0
	d.fields = d.fields[:0]
	for _, end := range d.ends {
		d.fields = append(d.fields, text[from:end])
		from = end
	}
	out.fields = d.fields
	return out
}

// field appends one field that has bytes beyond ASCII.
func (d *decoder) field(f []byte, i int, out *record) {
	bad := func(c byte) {
		if out.bad == 0 {
			out.bad, out.badField = c, i
		}
		d.text = utf8.AppendRune(d.text, utf8.RuneError)
	}
	for len(f) > 0 {
		c := f[0]
		switch {
		case c < utf8.RuneSelf:
			d.text = append(d.text, c)
		case d.utf8:
			r, n := utf8.DecodeRune(f)
			if r == utf8.RuneError && n == 1 {
				bad(c)
			} else {
				d.text = append(d.text, f[:n]...)
			}
			f = f[n:]
			continue
		case c >= 0xA0:
			d.text = utf8.AppendRune(d.text, rune(c))
		case windows1252[c-0x80] != 0:
			d.text = utf8.AppendRune(d.text, windows1252[c-0x80])
		default:
			bad(c)
		}
		f = f[1:]
	}
}

// ascii reports whether b has no byte beyond ASCII.
func ascii[T []byte | string](b T) bool {
	for i := range len(b) {
		if b[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// unmojibake undoes UTF-8 that was read as Windows-1252 («Ã²» for «ò»). It
// reports false unless every character turns back into one byte and the bytes
// are UTF-8 that the text was not.
func unmojibake(s string) (string, bool) {
	pairs, high := false, false
	for _, r := range s {
		if r < utf8.RuneSelf {
			high = false
			continue
		}
		pairs = pairs || high
		high = true
	}
	if !pairs { // it takes two characters beyond ASCII in a row
		return s, false
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		c, ok := windowsByte(r)
		if !ok {
			return s, false
		}
		b = append(b, c)
	}
	if !utf8.Valid(b) {
		return s, false
	}
	return string(b), true
}

// windowsByte is the byte of a character in Windows-1252. The undefined bytes
// pass as the control characters that some programs read them as.
func windowsByte(r rune) (byte, bool) {
	if r < 0x80 || r >= 0x80 && r <= 0xFF && (r >= 0xA0 || windows1252[r-0x80] == 0) {
		return byte(r), true
	}
	for i, w := range windows1252 {
		if w == r && w != 0 {
			return byte(0x80 + i), true
		}
	}
	return 0, false
}
