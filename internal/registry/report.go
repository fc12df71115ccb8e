package registry

import (
	"bufio"
	"encoding/json"
	"io"
)

// A Report writes results as a JSON array, one object a record on a line of its
// own, as they come: a file of millions of records needs no memory for it.
//
// Each has record, line, key, outcome, issues, normalised (the file's column ->
// the value it has now) and capability (null for none). Values of the file stand
// in it as JSON strings, never as a spreadsheet would read them.
type Report struct {
	w   *bufio.Writer
	n   int
	err error
}

// NewReport begins a report. Close ends it and must be called.
func NewReport(w io.Writer) *Report {
	r := &Report{w: bufio.NewWriterSize(w, 64<<10)}
	r.write("[")
	return r
}

// reported is one record of the report.
type reported struct {
	Record     int      `json:"record"`
	Line       int      `json:"line"`
	Key        string   `json:"key"`
	Outcome    Outcome  `json:"outcome"`
	Issues     []string `json:"issues"`
	Normalised fixes    `json:"normalised"`
	Capability *string  `json:"capability"`
}

// fixes are written as one object, in the order in which they were made.
type fixes []Fix

// MarshalJSON writes the object.
func (f fixes) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, fix := range f {
		if i > 0 {
			out = append(out, ',')
		}
		column, err := json.Marshal(fix.Column)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(fix.Value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, column...), ':'), value...)
	}
	return append(out, '}'), nil
}

// Add writes one result.
func (r *Report) Add(res Result) error {
	one := reported{res.Record, res.Line, res.Key, res.Outcome, res.Issues, res.Normalised, nil}
	if one.Issues == nil {
		one.Issues = []string{}
	}
	if res.Capability != "" {
		one.Capability = &res.Capability
	}
	b, err := json.Marshal(one)
	if err != nil {
		return err
	}
	if r.n++; r.n > 1 {
		r.write(",")
	}
	r.write("\n")
	r.write(string(b))
	return r.err
}

// Close ends the array and hands everything to the writer below, which it does
// not close.
func (r *Report) Close() error {
	r.write("\n]\n")
	if r.err != nil {
		return r.err
	}
	return r.w.Flush()
}

// write keeps the first error: a full disk is told once.
func (r *Report) write(s string) {
	if r.err == nil {
		_, r.err = r.w.WriteString(s)
	}
}
