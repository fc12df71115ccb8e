package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"aditus/internal/access"
)

// refused is the *FileError of a file that cannot be used.
func refused(t *testing.T, f io.ReaderAt, size int64, p access.Profile) *FileError {
	t.Helper()
	a, err := Analyse(t.Context(), f, size, p, exported)
	if err == nil {
		t.Errorf("the file is used: %d records", a.Records)
		return &FileError{}
	}
	e, ok := errors.AsType[*FileError](err)
	if !ok {
		t.Errorf("%v is no *FileError", err)
		return &FileError{}
	}
	return e
}

// inUTF16 writes ASCII in UTF-16, low byte first or last, with a mark or not.
func inUTF16(s string, little, mark bool) []byte {
	var out []byte
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xFEFF}, units...)
	}
	for _, u := range units {
		if little {
			out = append(out, byte(u), byte(u>>8))
		} else {
			out = append(out, byte(u>>8), byte(u))
		}
	}
	return out
}

// toUTF8 writes a Windows-1252 file in UTF-8, as an office program would.
func toUTF8(t testing.TB, b []byte) []byte {
	t.Helper()
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Whatever is wrong with a file as a whole is told by one code.
func TestFileError(t *testing.T) {
	plain := string(file(sound().row(), other().row()))
	head, rows, _ := strings.Cut(plain, "\r\n")
	random := make([]byte, 4096)
	for i := range random {
		random[i] = byte(rand.N(256))
	}
	for _, c := range []struct {
		what   string
		file   string
		code   string
		line   int
		detail string
		change func(p *access.Profile)
	}{
		{"nothing", "", FileEmpty, 0, "", nil},
		{"blank lines", " \r\n\r\n\n", FileEmpty, 0, "", nil},
		{"only a header", head + "\r\n", FileNoRecords, 0, "", nil},
		{"only a header, no line end", head, FileNoRecords, 0, "", nil},
		{"a header and blank lines", head + "\r\n\r\n\r\n", FileNoRecords, 0, "", nil},
		{"no header", rows, FileColumnMissing, 1, "NUM_ISCRIZIONE", nil},
		{"a column is missing", strings.ReplaceAll(plain, "COGNOME", "FAMIGLIA"), FileColumnMissing, 1, "COGNOME", nil},
		{"a kept column is missing", strings.ReplaceAll(plain, "PROV_NASCITA", "X"), FileColumnMissing, 1, "PROV_NASCITA", nil},
		{"a column stands twice", strings.ReplaceAll(plain, "TELEFONO", "CELLULARE"), FileColumnDoubled, 1, "CELLULARE", nil},
		{"commas", strings.ReplaceAll(plain, ";", ","), FileDelimiter, 1, ",", nil},
		{"tabs", strings.ReplaceAll(plain, ";", "\t"), FileDelimiter, 1, "\t", nil},
		{"prose", "Dear Sir,\r\nplease find\r\n", FileDelimiter, 1, "", nil},
		{"another delimiter named", "sep=,\r\n" + plain, FileDelimiter, 1, ",", nil},
		{"carriage returns alone", strings.ReplaceAll(plain, "\r\n", "\r"), FileLineEnds, 1, "", nil},
		{"UTF-16 with a mark", string(inUTF16(plain, true, true)), FileUTF16, 0, "", nil},
		{"UTF-16 big end first", string(inUTF16(plain, false, true)), FileUTF16, 0, "", nil},
		{"UTF-16 without a mark", string(inUTF16(plain, true, false)), FileUTF16, 0, "", nil},
		{"UTF-16 big end first, without", string(inUTF16(plain, false, false)), FileUTF16, 0, "", nil},
		{"UTF-8 with a mark, said to be Windows-1252", "\xEF\xBB\xBF" + plain, FileEncoding, 0, "utf-8", nil},
		{"UTF-8, said to be Windows-1252", string(toUTF8(t, read(t, "aurora.csv"))), FileEncoding, 0, "utf-8", nil},
		{"Windows-1252, said to be UTF-8", string(read(t, "aurora.csv")), FileEncoding, 0, "windows-1252", func(p *access.Profile) { p.Encoding = "utf-8" }},
		{"a spreadsheet", "PK\x03\x04\x14\x00\x06\x00" + string(random), FileBinary, 0, "zip", nil},
		{"noise", "\x7fELF\x02\x01\x01\x00" + string(random), FileBinary, 0, "", nil},
		{"a picture", "\x89PNG\r\n\x1a\n" + string(random), FileBinary, 0, "", nil},
		{"a header without end", strings.Repeat("A;", 200<<10), FileHeaderTooLong, 1, "", nil},
		{"a header that never closes its quote", "\"" + plain, FileHeaderTooLong, 1, "", nil},
		{"too many records", plain, FileTooMany, 3, "1", func(p *access.Profile) { p.Limits.Records = 1 }},
		{"too many bytes", plain, FileTooLarge, 0, "100", func(p *access.Profile) { p.Limits.Bytes = 100 }},
	} {
		p := aurora(t)
		if c.change != nil {
			c.change(&p)
		}
		e := refused(t, strings.NewReader(c.file), int64(len(c.file)), p)
		if e.Code != c.code || e.Line != c.line || e.Detail != c.detail {
			t.Errorf("%s: %+v, want %s, line %d, %q", c.what, e, c.code, c.line, c.detail)
		}
		if e.Error() == "" || strings.ContainsAny(e.Error(), "\n\r") {
			t.Errorf("%s: told as %q", c.what, e)
		}
	}
}

// What is unusual and right is read: a mark, a named delimiter, columns in
// another order or too many, line ends of any kind, blank lines.
func TestFileAccepted(t *testing.T) {
	plain := string(toUTF8(t, file(sound().row(), other().row())))
	turned := func(line string) string {
		cells := strings.Split(line, ";")
		slices.Reverse(cells)
		return strings.Join(cells, ";")
	}
	rare := sound().with("INDIRIZZO", "Via Roma 3")
	for what, text := range map[string]string{
		"a mark":                     "\xEF\xBB\xBF" + plain,
		"a named delimiter":          "sep=;\r\n" + plain,
		"both":                       "\xEF\xBB\xBFSEP=;\r\n" + plain,
		"line feeds":                 strings.ReplaceAll(plain, "\r\n", "\n"),
		"no line end at the end":     strings.TrimSuffix(plain, "\r\n"),
		"blank lines":                strings.ReplaceAll(plain, "\r\n", "\r\n\r\n\n"),
		"columns in another order":   turned(header) + "\n" + turned(rare.row()) + "\n" + turned(other().row()) + "\n",
		"columns without a name":     header + ";;\n" + sound().row() + ";;\n" + other().row() + ";;\n",
		"a column that is not known": header + ";SCARPE\n" + sound().row() + ";42\n" + other().row() + ";\n",
		"quotes around everything":   `"` + strings.NewReplacer(";", `";"`, "\r\n", "\"\r\n\"").Replace(strings.TrimSuffix(strings.ReplaceAll(plain, "Via San Fittizio, 174", "Via"), "\r\n")) + `"`,
		"blanks around the columns":  strings.Replace(plain, header, strings.ReplaceAll(header, ";", " ; "), 1),
	} {
		p := aurora(t)
		p.Encoding = "utf-8"
		a, got := analyse(t, []byte(text), p, exported)
		if len(got) != 2 || got[0].Outcome != Accept || got[1].Outcome != Accept || got[0].Entry.Record.Name != "Daniele" || got[1].Entry.Record.Name != "Pietro" {
			t.Errorf("%s: %+v", what, got)
		}
		if (len(a.Ignored) > 0) != strings.HasPrefix(what, "a column that") && what != "columns without a name" {
			t.Errorf("%s: columns ignored: %q", what, a.Ignored)
		}
	}
}

// A short file in UTF-8 cannot be told from one with a few damaged rows: each
// row is mended by itself, and nobody loses an accent.
func TestFewRowsInUTF8(t *testing.T) {
	clean := read(t, "aurora-clean-25.csv")
	_, want := analyse(t, clean, aurora(t), exported)
	a, got := analyse(t, toUTF8(t, clean), aurora(t), exported)
	if a.Totals[Normalise] == 0 || a.Totals[Accept]+a.Totals[Normalise] != 25 {
		t.Errorf("totals %v", a.Totals)
	}
	for i := range got {
		if !equal(t, got[i].Entry, want[i].Entry) {
			t.Errorf("record %d: %+v, want %+v", i+1, got[i].Entry, want[i].Entry)
		}
	}
}

// Rows that cannot be cut are refused by themselves, with their own line; those
// around them are read.
func TestDamagedRows(t *testing.T) {
	good, after := sound().row(), other().row()
	for _, c := range []struct {
		what, bad string
		word      string
	}{
		{"too few fields", "00900002;X;Y", "TRUNCATED_ROW"},
		{"too many fields", good + ";more", "UNQUOTED_SEPARATOR"},
		{"delimiters alone", strings.Repeat(";", 26), "EMPTY_ROW"},
		{"a quote never closed at the field's start", strings.Replace(good, ";Via San", ";\"Via San", 1), "UNCLOSED_QUOTE"},
		{"text after a closing quote", strings.Replace(good, ";Via San Fittizio, 174;", `;"Via" San;`, 1), "BAD_QUOTE"},
		{"a NUL", strings.Replace(good, "Via", "V\x00a", 1), "NUL_BYTE"},
		{"longer than any row", strings.Replace(good, "Via", strings.Repeat("V", 70_000), 1), "RECORD_TOO_LONG"},
		{"longer than any block", strings.Repeat("V", 1_000_000), "RECORD_TOO_LONG"},
		{"a quote over too many lines", strings.Replace(good, ";Via San Fittizio, 174;", ";\"Via"+strings.Repeat("\nx", 3)+"\";;", 1), "UNCLOSED_QUOTE"},
	} {
		first := sound().with("NUM_ISCRIZIONE", "00900003", "CODICE_FISCALE", "FBBTMS64B09D237H", "COGNOME", "Fabbronati", "NOME", "Tommaso", "DATA_NASCITA", "09/02/1964",
			"EMAIL", "t@example.org", "CELLULARE", "", "INDIRIZZO", "Via Roma\nscala C").row()
		_, got := analyse(t, file(first, c.bad, after), aurora(t), exported)
		if len(got) < 3 {
			t.Fatalf("%s: %d results", c.what, len(got))
		}
		bad, last := got[1], got[len(got)-1]
		if got[0].Outcome != Accept || bad.Outcome != Reject || !slices.Equal(bad.Issues, []string{c.word}) || bad.Line != 4 || bad.Record != 2 {
			t.Errorf("%s: %s, then %s %v in line %d", c.what, got[0].Outcome, bad.Outcome, bad.Issues, bad.Line)
		}
		if last.Outcome != Accept || last.Entry.Number != "00900004" || last.Line < 5 {
			t.Errorf("%s: the row after it is %s %v", c.what, last.Outcome, last.Issues)
		}
		if bad.Entry.Number != "" || bad.Capability != "" || bad.Channels != "" {
			t.Errorf("%s: a refused row leaves %+v", c.what, bad)
		}
	}
}

// An open quote costs its own line, wherever the next quote is.
func TestUnclosedQuote(t *testing.T) {
	open := strings.Replace(sound().row(), ";Via San", ";\"Via San", 1)
	quoted := other().with("INDIRIZZO", "Via Roma; 3").row()
	for _, rows := range [][]string{
		{open, quoted},
		{open, other().row()},
		{open, other().row(), strings.Repeat("x", 100)},
		{open, open, quoted},
	} {
		_, got := analyse(t, file(rows...), aurora(t), exported)
		if len(got) != len(rows) {
			t.Fatalf("%d results for %d rows", len(got), len(rows))
		}
		for i, row := range rows {
			switch {
			case row == open && (got[i].Outcome != Reject || got[i].Issues[0] != "UNCLOSED_QUOTE" || got[i].Key != "00900001"),
				strings.HasPrefix(row, "00900004") && got[i].Outcome != Accept:
				t.Errorf("row %d of %d: %s %v %q", i+1, len(rows), got[i].Outcome, got[i].Issues, got[i].Key)
			}
		}
	}
}

// A made file is a file of any size that needs no memory: a head, and then the
// same bytes over and over.
type made struct {
	head string
	body string
	size int64
	read int64
}

func (m *made) ReadAt(b []byte, at int64) (n int, err error) {
	if at+int64(len(b)) > m.size {
		b, err = b[:max(0, m.size-at)], io.EOF
	}
	for n < len(b) {
		if off := at + int64(n); off < int64(len(m.head)) {
			n += copy(b[n:], m.head[off:])
		} else {
			n += copy(b[n:], m.body[(off-int64(len(m.head)))%int64(len(m.body)):])
		}
	}
	m.read += int64(n)
	return n, err
}

// held is the memory in use while f runs, above what was in use before, as seen
// at every block that is read.
func held(f func(look func())) uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := m.HeapInuse, uint64(0)
	f(func() {
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapInuse)
	})
	return most - min(before, most)
}

// A watched file looks at the memory now and then.
type watched struct {
	io.ReaderAt
	look  func()
	calls int
}

func (w *watched) ReadAt(b []byte, at int64) (int, error) {
	if w.calls++; w.calls%8 == 1 {
		w.look()
	}
	return w.ReaderAt.ReadAt(b, at)
}

// A huge file is refused at once, or read in little memory.
func TestHugeFile(t *testing.T) {
	p := aurora(t)
	sparse := &made{body: string(make([]byte, 4096)), size: 1 << 30}
	if e := refused(t, sparse, sparse.size, p); e.Code != FileTooLarge || sparse.read > 0 {
		t.Errorf("1 GiB of nothing: %v after %d bytes", e, sparse.read)
	}
	p.Limits.Bytes = 2 << 30
	if e := refused(t, sparse, sparse.size, p); e.Code != FileBinary || sparse.read > 1<<20 {
		t.Errorf("1 GiB of nothing: %v after %d bytes", e, sparse.read)
	}

	var some bytes.Buffer
	generate(&some, 30, rand.New(rand.NewPCG(7, 8)))
	for what, m := range map[string]*made{
		"one line of 100 MB":      {head: some.String(), body: strings.Repeat("x", 4096), size: 100 << 20},
		"100 MB of nothing below": {head: some.String(), body: string(make([]byte, 4096)), size: 100 << 20},
		"an open quote, 20 MB":    {head: some.String() + "\"", body: strings.Repeat("x", 1000) + "\n", size: 20 << 20},
	} {
		most := held(func(look func()) {
			a, err := Analyse(t.Context(), &watched{ReaderAt: m, look: look}, m.size, p, exported)
			if err != nil {
				t.Errorf("%s: %v", what, err)
				return
			}
			n := 0
			for res, err := range a.Results(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; n <= 30 && res.Outcome != Accept || n > 30 && res.Outcome != Reject || n == 31 && res.Line != 32 {
					t.Fatalf("%s: record %d is %s %v in line %d", what, n, res.Outcome, res.Issues, res.Line)
				}
			}
			if n < 31 {
				t.Errorf("%s: %d results", what, n)
			}
		})
		if most > 24<<20 {
			t.Errorf("%s: %d MiB in use", what, most>>20)
		}
	}
}

// Memory does not grow with the file but by some bytes a record.
func TestMemory(t *testing.T) {
	var buf bytes.Buffer
	generate(&buf, 10_000, rand.New(rand.NewPCG(5, 6)))
	rows := buf.String()[len(header)+2:]
	// The same people ten times over: every value is repeated.
	for what, m := range map[string]*made{
		"all different": {head: header + "\r\n" + rows, body: "x", size: int64(buf.Len())},
		"all repeated":  {head: header + "\r\n", body: rows, size: int64(len(header) + 2 + 10*len(rows))},
	} {
		most := held(func(look func()) {
			a, err := Analyse(t.Context(), &watched{ReaderAt: m, look: look}, m.size, aurora(t), exported)
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range a.Results(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
			}
			want := map[string]Outcome{"all different": Accept, "all repeated": Quarantine}[what]
			if a.Totals[want] != a.Records || a.Records < 10_000 {
				t.Errorf("%s: %v", what, a.Totals)
			}
		})
		t.Logf("%s: %.1f MiB", what, float64(most)/(1<<20))
		if most > 24<<20 {
			t.Errorf("%s: %d MiB in use", what, most>>20)
		}
	}
}

// A disk that fails, a file that changes, and a caller who stops are told.
func TestReadingFails(t *testing.T) {
	text := file(sound().row(), other().row())
	fault := errors.New("the disk is gone")
	e := refused(t, failing{bytes.NewReader(text), 0, fault}, int64(len(text)), aurora(t))
	if e.Code != FileRead || !errors.Is(e, fault) {
		t.Errorf("%v", e)
	}

	swap := &swapped{[]byte(text)}
	a, err := Analyse(t.Context(), swap, int64(len(text)), aurora(t), exported)
	if err != nil {
		t.Fatal(err)
	}
	swap.now = bytes.Replace(text, []byte("Daniele"), []byte("Gabriel"), 1)
	var last error
	for _, last = range a.Results(t.Context()) {
	}
	if e, ok := errors.AsType[*FileError](last); !ok || e.Code != FileChanged {
		t.Errorf("another file ends in %v", last)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Analyse(ctx, bytes.NewReader(text), int64(len(text)), aurora(t), exported); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped caller gets %v", err)
	}
	swap.now = text
	for _, last = range a.Results(ctx) {
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("a stopped caller gets %v", last)
	}
	n := 0
	for range a.Results(t.Context()) {
		n++
		break
	}
	if n != 1 || a.Totals[Accept] != 1 {
		t.Errorf("%d results, totals %v", n, a.Totals)
	}
}

type failing struct {
	io.ReaderAt
	from int64
	err  error
}

func (f failing) ReadAt(b []byte, at int64) (int, error) {
	if at >= f.from {
		return 0, f.err
	}
	return f.ReaderAt.ReadAt(b, at)
}

type swapped struct{ now []byte }

func (s *swapped) ReadAt(b []byte, at int64) (int, error) {
	return bytes.NewReader(s.now).ReadAt(b, at)
}
