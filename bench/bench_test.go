package main

import (
	"bytes"
	"testing"
	"time"

	"aditus/internal/policy"
	"aditus/internal/registry"
)

// What could have happened: a fund's file gets a new rule, the bench's does not
// follow, and nobody sees it until somebody wants figures.
func TestFundAndRegister(t *testing.T) {
	fund, err := policy.Parse(fundName, fundFile)
	if err != nil {
		t.Fatal(err)
	}
	if fund.Code.PerDay < 100_000 || fund.Code.PerSite < 100_000 {
		t.Errorf("the load would meet the limits on codes: %+v", fund.Code)
	}
	if _, ok := fund.Act("residence"); !ok {
		t.Error("there is no act to confirm")
	}
	const n = 20_000
	file, err := register(n)
	if err != nil {
		t.Fatal(err)
	}
	a, err := registry.Analyse(t.Context(), bytes.NewReader(file), int64(len(file)), fund.Registry, time.Date(2026, 11, 21, 12, 0, 0, 0, fund.Zone))
	if err != nil {
		t.Fatal(err)
	}
	logins := map[string]bool{}
	for r, err := range a.Results(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		logins[r.Entry.Login] = true
	}
	if a.Totals[registry.Accept] != n || len(logins) != n {
		t.Errorf("of %d people %d can come in: %v", n, len(logins), a.Totals)
	}
}

// Medians and ratios are what the aims are judged by.
func TestRow(t *testing.T) {
	var table table
	r := table.row("SQLite", "codes", "flows")
	r.goal("0.5 of the limit", func(s sample) bool { return s.ratio >= 0.5 })
	for _, v := range []float64{100, 900, 300, 200, 800} {
		r.add(figure{}, sample{value: v, ratio: v / 1000, refused: v})
	}
	m := r.middle()
	if m.value != 300 || m.ratio != 0.3 || m.least != 100 || m.refused != 900 || r.reached(m) {
		t.Errorf("%+v", m)
	}
	if table.row("SQLite", "codes", "flows") != r {
		t.Error("a second row of the same name")
	}
	for v, want := range map[float64]string{0: "", 0.0164: "0.016", 9.994: "9.99", 44.4: "44.4", 123.4: "123", 1234.5: "1,234", 1234567: "1,234,567"} {
		if got := number(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}

func TestPercentile(t *testing.T) {
	times := []time.Duration{1e6, 2e6, 3e6, 4e6}
	for percent, want := range map[int]float64{0: 1, 50: 3, 99: 4, 100: 4} {
		if got := percentile(times, percent); got != want {
			t.Errorf("%d %%: %v, want %v", percent, got, want)
		}
	}
}
