package registry

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"aditus/internal/access"
)

// FuzzReader: what the standard library writes, we read back, field by field.
func FuzzReader(f *testing.F) {
	f.Add("a\x1fb\x1fc\x1ed\x1f\x1f\"e\n;\"", true)
	f.Add("\x1f\x1f\x1e;;\x1f\r\n\x1f \"", false)
	f.Fuzz(func(t *testing.T, text string, crlf bool) {
		const columns = 3
		var rows [][]string
		for _, line := range strings.Split(text, "\x1e") {
			cells := strings.Split(line, "\x1f")
			for len(cells) < columns {
				cells = append(cells, "")
			}
			if cells = cells[:columns]; len(strings.Join(cells, "")) > recordMax/4 || strings.Count(line, "\n") >= linesMax {
				return
			}
			if crlf { // the writer makes CRLF of every line end
				for i := range cells {
					cells[i] = strings.ReplaceAll(strings.ReplaceAll(cells[i], "\r", ""), "\n", "\r\n")
				}
			}
			rows = append(rows, cells)
		}
		var buf bytes.Buffer
		w := csv.NewWriter(&buf)
		w.Comma, w.UseCRLF = ';', crlf
		for _, cells := range rows {
			out := slices.Clone(cells)
			if crlf {
				for i := range out {
					out[i] = strings.ReplaceAll(out[i], "\r\n", "\n")
				}
			}
			if err := w.Write(out); err != nil {
				t.Fatal(err)
			}
		}
		w.Flush()
		r := newReader(t.Context(), bytes.NewReader(buf.Bytes()), int64(buf.Len()), ';')
		r.columns = columns
		line := 1
		for i, cells := range rows {
			row, err := r.next()
			if err != nil || row.problem != "" {
				t.Fatalf("row %d: %v %s in %q", i, err, row.problem, buf.Bytes())
			}
			var got []string
			for _, f := range row.fields {
				got = append(got, string(f))
			}
			if !slices.Equal(got, cells) || row.line != line {
				t.Fatalf("row %d in line %d: %q, want %q in line %d", i, row.line, got, cells, line)
			}
			line += 1 + strings.Count(strings.Join(cells, ""), "\n")
		}
		if _, err := r.next(); err != io.EOF {
			t.Fatalf("after the last row: %v", err)
		}
	})
}

// FuzzAnalyse: any bytes are a file error or one result a record, always the
// same, and a report of them is JSON.
func FuzzAnalyse(f *testing.F) {
	text, err := os.ReadFile("testdata/aurora.csv")
	if err != nil {
		f.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	for _, n := range []int{2, 14, 80, 134, 227, 432, 497, 719, 726, 1003, 1025, 2981, 3458} {
		f.Add(bytes.Join([][]byte{lines[n-1], lines[n]}, nil), true, n%2 == 0, uint8(0))
	}
	f.Add([]byte(sound().row()+"\n\"open"), true, false, uint8(0))
	f.Add([]byte("sep=;\n"+header+"\n\"\"\n\x00"), false, true, uint8(0))
	profiles := []access.Profile{aurora(f), fundOf(f, "meridiana").Registry, fundOf(f, "alpina").Registry}
	headers := []string{header}
	for i, name := range []string{"meridiana.csv", "alpina.csv"} {
		lines := bytes.SplitAfter(bytes.TrimPrefix(read(f, name), []byte("\xef\xbb\xbf")), []byte("\n"))
		lines = lines[i:] // the second has a line before its header
		headers = append(headers, strings.TrimSpace(string(lines[0])))
		for _, n := range []int{9, 94, 130, 148, 189, 342, 364, 467, 532, 564, 626, 661, 946, 1046, 1087, 1102, 1527} {
			f.Add(bytes.Join([][]byte{lines[n], lines[n+1]}, nil), true, true, uint8(i+1))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, below, asUTF8 bool, which uint8) {
		which %= uint8(len(profiles))
		if below { // most of what can go wrong is below a right header
			text = append([]byte(headers[which]+"\n"), text...)
		}
		p := profiles[which]
		if asUTF8 {
			p.Encoding = "utf-8"
		}
		a, err := Analyse(t.Context(), bytes.NewReader(text), int64(len(text)), p, exported)
		if err != nil {
			if e, ok := errors.AsType[*FileError](err); !ok || e.Code == "" {
				t.Fatalf("%v is no *FileError", err)
			}
			return
		}
		var reports [2]bytes.Buffer
		for i := range reports {
			report := NewReport(&reports[i])
			n, line := 0, 0
			for res, err := range a.Results(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				if n++; res.Record != n || res.Line <= line || res.Outcome.severity() < 0 {
					t.Fatalf("result %d: %+v after line %d", n, res, line)
				}
				line = res.Line
				sane(t, res)
				if err := report.Add(res); err != nil {
					t.Fatal(err)
				}
			}
			if err := report.Close(); err != nil || n != a.Records {
				t.Fatalf("%d of %d records, %v", n, a.Records, err)
			}
		}
		if !bytes.Equal(reports[0].Bytes(), reports[1].Bytes()) {
			t.Fatalf("two readings differ:\n%s\n%s", reports[0].Bytes(), reports[1].Bytes())
		}
	})
}

// sane checks what holds of every result.
func sane(t *testing.T, res Result) {
	t.Helper()
	r := res.Entry.Record
	if res.Outcome == Reject && (res.Entry.Number != "" || r.Email != "") {
		t.Fatalf("a refused record leaves %+v", res.Entry)
	}
	if res.Outcome == Quarantine != (res.Entry.Held == "quarantine") {
		t.Fatalf("%s, and held %q", res.Outcome, res.Entry.Held)
	}
	if res.Outcome != Accept && len(res.Issues) == 0 {
		t.Fatalf("%s without an issue", res.Outcome)
	}
	if strings.ContainsAny(r.Email+r.PEC+r.Mobile, " \r\n\t,;\"") {
		t.Fatalf("contacts %q, %q, %q", r.Email, r.PEC, r.Mobile)
	}
	if strings.ContainsAny(r.Surname+r.Name+r.Town+res.Entry.Number, "\r\n\x00\u200b") {
		t.Fatalf("names %q, %q", r.Surname, r.Name)
	}
	if r.MobileReliable && (r.Mobile == "" || r.MobileOff) {
		t.Fatalf("mobile %q, off %t, and reliable", r.Mobile, r.MobileOff)
	}
	if len(res.Ready) > 0 && (res.Entry.Held != "" || res.Channels == "") {
		t.Fatalf("ready for %v, and held %q", res.Ready, res.Entry.Held)
	}
	for _, d := range []string{r.Born, r.Joined, r.Left, r.Statement, r.MobileChecked, r.Deceased, r.Updated, res.Activation.Issued} {
		if d != "" && (len(d) != 10 || d[4] != '-' || d[7] != '-') {
			t.Fatalf("date %q", d)
		}
	}
}
