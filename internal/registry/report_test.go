package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// The report is one JSON array with every record, whatever stands in the file.
func TestReport(t *testing.T) {
	_, got := analyse(t, file(
		sound().with("DATA_NASCITA", "1997-01-25", "NUM_ISCRIZIONE", "900001").row(),
		other().with("EMAIL", `=HYPERLINK("x.invalid")`, "NUM_ISCRIZIONE", `</script>"`).row(),
		"truncated",
	), aurora(t), exported)
	var buf bytes.Buffer
	report := NewReport(&buf)
	for _, res := range got {
		if err := report.Add(res); err != nil {
			t.Fatal(err)
		}
	}
	if err := report.Close(); err != nil {
		t.Fatal(err)
	}
	want := `[
{"record":1,"line":2,"key":"900001","outcome":"normalise","issues":["LEADING_ZEROS_LOST","DATE_ISO"],"normalised":{"NUM_ISCRIZIONE":"00900001","DATA_NASCITA":"25/01/1997"},"capability":null},
{"record":2,"line":3,"key":"\u003c/script\u003e\"","outcome":"quarantine","issues":["NUM_FORMAT","FORMULA_INJECTION"],"normalised":{},"capability":"email_off"},
{"record":3,"line":4,"key":"truncated","outcome":"reject","issues":["TRUNCATED_ROW"],"normalised":{},"capability":null}
]
`
	if buf.String() != want {
		t.Errorf("got\n%swant\n%s", buf.String(), want)
	}
	var all []map[string]any
	if err := json.Unmarshal(buf.Bytes(), &all); err != nil || len(all) != 3 {
		t.Errorf("%d records, %v", len(all), err)
	}
}

// An empty report is an empty array.
func TestReportEmpty(t *testing.T) {
	var buf bytes.Buffer
	if err := NewReport(&buf).Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Join(strings.Fields(buf.String()), "") != "[]" {
		t.Errorf("got %q", buf.String())
	}
}

// A full disk is told.
func TestReportFull(t *testing.T) {
	full := errors.New("no space left")
	report := NewReport(broken{full})
	var err error
	for range 10_000 {
		if err = report.Add(Result{Key: "00900001"}); err != nil {
			break
		}
	}
	if !errors.Is(err, full) || !errors.Is(report.Close(), full) {
		t.Errorf("told %v", err)
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }
