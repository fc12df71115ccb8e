package registry

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"aditus/internal/access"
)

var (
	bomUTF8    = []byte{0xEF, 0xBB, 0xBF}
	bomUTF16LE = []byte{0xFF, 0xFE}
	bomUTF16BE = []byte{0xFE, 0xFF}
	zip        = []byte("PK\x03\x04")
)

// columns says where each field of ours stands in a record, and what its column
// is called in the file.
type columns struct {
	count int // in the header
	of    [fieldCount]int
	name  [fieldCount]string
	keep  []keptColumn
	extra []string // columns that the profile does not name
}

// A keptColumn goes into Record.More as it is.
type keptColumn struct {
	at        int
	name, col string
}

// open reads what stands before the first record: a byte order mark, a line
// that names the delimiter, the header. Whatever is wrong with the whole file is
// told here, before any record is.
func (r *reader) open(p *access.Profile, d *decoder) (columns, error) {
	if err := r.fill(); err != nil {
		return columns{}, err
	}
	if err := r.sniff(p); err != nil {
		return columns{}, err
	}
	head, err := r.head(d)
	if err != nil {
		return columns{}, err
	}
	// Spreadsheets write their delimiter into a first line of its own.
	if len(head) > 0 && len(head[0]) >= 4 && strings.EqualFold(head[0][:4], "sep=") {
		if want := "sep=" + p.Delimiter; !strings.EqualFold(strings.Join(head, p.Delimiter), want) {
			return columns{}, &FileError{Code: FileDelimiter, Line: 1, Detail: head[0][4:]}
		}
		if head, err = r.head(d); err != nil {
			return columns{}, err
		}
	}
	c, err := mapColumns(head, r.line-1, p)
	r.columns = c.count
	return c, err
}

// sniff refuses files that are no text, or not in the profile's encoding, by
// their first block.
func (r *reader) sniff(p *access.Profile) error {
	b := r.buf[r.at:r.end]
	if len(bytes.TrimSpace(b)) == 0 && r.eof {
		return &FileError{Code: FileEmpty}
	}
	if bytes.HasPrefix(b, zip) {
		return &FileError{Code: FileBinary, Detail: "zip"}
	}
	if bytes.HasPrefix(b, bomUTF16LE) || bytes.HasPrefix(b, bomUTF16BE) {
		return &FileError{Code: FileUTF16}
	}
	if bytes.HasPrefix(b, bomUTF8) {
		if p.Encoding != "utf-8" {
			return &FileError{Code: FileEncoding, Detail: "utf-8"}
		}
		r.at += len(bomUTF8)
		b = b[len(bomUTF8):]
	}
	first, _, ended := bytes.Cut(b, []byte{'\n'})
	if bytes.IndexByte(first, 0) >= 0 {
		// Text in UTF-16 without a mark has every other byte 0.
		if even, odd := zeros(first); max(even, odd) > len(first)/3 && min(even, odd) == 0 {
			return &FileError{Code: FileUTF16}
		}
		return &FileError{Code: FileBinary}
	}
	if !ended && bytes.IndexByte(first, '\r') >= 0 && bytes.IndexByte(first, '\r') < len(first)-1 {
		return &FileError{Code: FileLineEnds, Line: 1}
	}
	if first = trimCR(first); len(first) > recordMax {
		return &FileError{Code: FileHeaderTooLong, Line: 1}
	}
	if noise(b[:min(len(b), 4096)]) {
		return &FileError{Code: FileBinary}
	}
	return nil
}

// noise reports whether more than one byte in twenty is a control character: of
// random bytes one in nine is, of text none.
func noise(b []byte) bool {
	n := 0
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\r' && c != '\n' {
			n++
		}
	}
	return n*20 > len(b)
}

// zeros counts the bytes 0 at even and at odd places.
func zeros(b []byte) (even, odd int) {
	for i, c := range b {
		if c == 0 && i%2 == 0 {
			even++
		} else if c == 0 {
			odd++
		}
	}
	return even, odd
}

// head reads one line before the records as text.
func (r *reader) head(d *decoder) ([]string, error) {
	row, err := r.next()
	if errors.Is(err, io.EOF) {
		return nil, &FileError{Code: FileEmpty}
	}
	if err != nil {
		return nil, err
	}
	if row.problem != "" {
		return nil, &FileError{Code: FileHeaderTooLong, Line: row.line}
	}
	var names []string
	for _, f := range d.decode(row, 0).fields {
		names = append(names, strings.TrimSpace(f))
	}
	return names, nil
}

// mapColumns finds the profile's columns in the header, in whatever order.
func mapColumns(head []string, line int, p *access.Profile) (columns, error) {
	c := columns{count: len(head)}
	for i := range c.of {
		c.of[i] = -1
	}
	if len(head) == 1 && len(p.Columns) > 1 {
		return c, &FileError{Code: FileDelimiter, Line: line, Detail: likely(head[0], p.Delimiter)}
	}
	seen := map[string]bool{}
	for i, name := range head {
		to, known := p.Columns[name]
		if known && seen[name] {
			return c, &FileError{Code: FileColumnDoubled, Line: line, Detail: cropped(name)}
		}
		seen[name] = true
		kept, keep := strings.CutPrefix(to, "keep.")
		switch {
		case !known:
			c.extra = append(c.extra, cropped(name))
		case keep:
			c.keep = append(c.keep, keptColumn{i, kept, name})
		case to != "":
			f := fieldNamed(to)
			c.of[f], c.name[f] = i, name
		}
	}
	// The first that is missing, in the order of our fields: the most telling.
	for f := range fieldCount {
		for name, to := range p.Columns {
			if to == fieldNames[f] && !seen[name] {
				return c, &FileError{Code: FileColumnMissing, Line: line, Detail: name}
			}
		}
	}
	for name, to := range p.Columns {
		if strings.HasPrefix(to, "keep.") && !seen[name] {
			return c, &FileError{Code: FileColumnMissing, Line: line, Detail: name}
		}
	}
	return c, nil
}

// likely is the delimiter that a header seems to have, other than the profile's.
func likely(head, not string) string {
	best, most := "", 1
	for _, d := range []string{";", ",", "\t", "|"} {
		if n := strings.Count(head, d); d != not && n > most {
			best, most = d, n
		}
	}
	return best
}

// cropped is a name from the file, short enough to be shown.
func cropped(s string) string {
	const most = 64
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// tooLarge is the refusal of a file beyond the limit.
func tooLarge(limit int64) error {
	return &FileError{Code: FileTooLarge, Detail: strconv.FormatInt(limit, 10)}
}
