package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"hash"
	"io"
)

const (
	// recordMax is the longest record that is read as one, in bytes. Real rows
	// have a few hundred; what is longer is a file that lost its line ends or
	// its quotes, and is refused without being held in memory.
	recordMax = 64 << 10
	// linesMax is the most physical lines that one record can span.
	linesMax = 32
	// blockSize is how much is read at a time. It must exceed recordMax.
	blockSize = 4 * recordMax
)

// A reader cuts a file into records. It goes on after whatever it cannot cut: a
// quote that is never closed costs the line it is on, and a line without end
// costs itself.
type reader struct {
	ctx       context.Context
	src       io.Reader
	delimiter byte
	columns   int // fields a record must have; 0 while the header is read

	buf      []byte // buf[at:end] is read and not yet cut
	at, end  int
	eof      bool
	line     int // physical line at which buf[at] stands, from 1
	sum      hash.Hash
	unquoted []byte // scratch for fields with quotes
	fields   [][]byte
}

// A row is one record as bytes. Fields and their bytes live until the next call.
type row struct {
	line    int // physical line where it starts
	fields  [][]byte
	problem string // an issue word that makes it unusable, or ""
	hasSep  bool   // a quoted field holds the delimiter
	hasLine bool   // a quoted field holds a line end
}

func newReader(ctx context.Context, file io.ReaderAt, size int64, delimiter byte) *reader {
	return &reader{
		ctx: ctx, src: io.NewSectionReader(file, 0, size), delimiter: delimiter,
		buf: make([]byte, blockSize), line: 1, sum: sha256.New(),
	}
}

// fill makes at least a whole record's bytes available, or all that are left.
func (r *reader) fill() error {
	if r.eof || r.end-r.at > recordMax {
		return nil
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	r.end = copy(r.buf, r.buf[r.at:r.end])
	r.at = 0
	n, err := io.ReadFull(r.src, r.buf[r.end:])
	r.sum.Write(r.buf[r.end : r.end+n])
	r.end += n
	switch err {
	case nil:
	case io.EOF, io.ErrUnexpectedEOF:
		r.eof = true
	default:
		return &FileError{Code: FileRead, Line: r.line, Err: err}
	}
	return nil
}

// next cuts the next record; io.EOF when there is none. Blank lines are no
// records.
func (r *reader) next() (row, error) {
	for {
		if err := r.fill(); err != nil {
			return row{}, err
		}
		b := r.buf[r.at:r.end]
		if len(b) == 0 {
			return row{}, io.EOF
		}
		nl := bytes.IndexByte(b[:min(len(b), recordMax)], '\n')
		if nl < 0 && !(r.eof && len(b) <= recordMax) {
			return r.skip()
		}
		first := b // the first physical line
		if nl >= 0 {
			first = b[:nl]
		}
		if len(first) == 0 || len(first) == 1 && first[0] == '\r' {
			r.consume(b, nl)
			if nl < 0 {
				return row{}, io.EOF
			}
			continue
		}
		return r.cut(b, first, nl), nil
	}
}

// consume moves past the first line of b, which ends at nl, or past all of b if
// nl is -1.
func (r *reader) consume(b []byte, nl int) {
	if nl < 0 {
		r.at += len(b)
		return
	}
	r.at += nl + 1
	r.line++
}

// skip passes over a line that is too long, without keeping it.
func (r *reader) skip() (row, error) {
	out := row{line: r.line, problem: issueRecordTooLong}
	for {
		b := r.buf[r.at:r.end]
		if nl := bytes.IndexByte(b, '\n'); nl >= 0 {
			r.at += nl + 1
			r.line++
			return out, nil
		}
		r.at = r.end
		if err := r.fill(); err != nil {
			return row{}, err
		}
		if r.at == r.end {
			return out, nil
		}
	}
}

// cut makes a row of what b begins with. first is b's first physical line, nl
// where it ends in b, or -1 at the end of the file.
func (r *reader) cut(b, first []byte, nl int) row {
	out := row{line: r.line}
	if bytes.IndexByte(first, '"') < 0 { // nearly every row
		r.split(trimCR(first))
		out.fields = r.fields
		r.consume(b, nl)
		return out
	}
	most := min(len(b), recordMax)
	n, lines, problem := r.quoted(b[:most], r.eof && most == len(b), &out)
	if problem == "" && lines > 1 && r.columns > 0 && len(r.fields) != r.columns {
		// The quote that was open over the line end was an accident: a record
		// that really spans lines has as many fields as any other.
		problem = issueUnclosedQuote
	}
	if problem != "" {
		r.split(trimCR(first)) // for the key, which stands first in most files
		out = row{line: out.line, fields: r.fields, problem: problem}
		r.consume(b, nl)
		return out
	}
	out.fields = r.fields
	r.at += n
	r.line += bytes.Count(b[:n], []byte{'\n'})
	return out
}

// split cuts a line without quotes at its delimiters.
func (r *reader) split(line []byte) {
	r.fields = r.fields[:0]
	for {
		i := bytes.IndexByte(line, r.delimiter)
		if i < 0 {
			r.fields = append(r.fields, line)
			return
		}
		r.fields = append(r.fields, line[:i])
		line = line[i+1:]
	}
}

// quoted cuts a record with quotes (RFC 4180): n bytes over so many physical
// lines. A quote inside a field that does not begin with one stands for itself.
// last says that the file ends with b.
func (r *reader) quoted(b []byte, last bool, out *row) (n, lines int, problem string) {
	r.fields = r.fields[:0]
	r.unquoted = r.unquoted[:0]
	lines = 1
	if cap(r.unquoted) < len(b) {
		r.unquoted = make([]byte, 0, recordMax) // never grows under the fields that point into it
	}
	for i := 0; ; {
		// A field begins at i.
		if i < len(b) && b[i] == '"' {
			start, opened := len(r.unquoted), lines
			i++
			for {
				if i >= len(b) || lines > linesMax {
					return 0, lines, issueUnclosedQuote
				}
				c := b[i]
				i++
				if c == '"' {
					if i >= len(b) || b[i] != '"' {
						break
					}
					i++
				}
				switch c {
				case '\n':
					lines++
					out.hasLine = true
				case r.delimiter:
					out.hasSep = true
				}
				r.unquoted = append(r.unquoted, c)
			}
			r.fields = append(r.fields, r.unquoted[start:])
			switch {
			case i >= len(b) && last:
				return i, lines, ""
			case i >= len(b):
				return 0, lines, issueUnclosedQuote
			case b[i] == r.delimiter:
				i++
			case b[i] == '\n':
				return i + 1, lines, ""
			case b[i] == '\r' && i+1 == len(b) && last:
				return i + 1, lines, ""
			case b[i] == '\r' && i+1 < len(b) && b[i+1] == '\n':
				return i + 2, lines, ""
			case lines > opened:
				return 0, lines, issueUnclosedQuote // closed by the opening quote of a later row
			default:
				return 0, lines, issueBadQuote
			}
			continue
		}
		rest := b[i:]
		end := bytes.IndexByte(rest, '\n')
		if end < 0 && !last {
			return 0, lines, issueUnclosedQuote // beyond the longest record
		}
		if end < 0 {
			end = len(rest)
		}
		if sep := bytes.IndexByte(rest[:end], r.delimiter); sep >= 0 {
			r.fields = append(r.fields, rest[:sep])
			i += sep + 1
			continue
		}
		r.fields = append(r.fields, trimCR(rest[:end]))
		return min(i+end+1, len(b)), lines, ""
	}
}

// trimCR drops the carriage return of a CRLF line end.
func trimCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}
