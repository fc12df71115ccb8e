package main

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/deliver"
	"aditus/internal/identifier"
	"aditus/internal/password"
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

// What could have happened: the inhabitants of a town share a letter or a number, or
// have one that no form takes, and the bench measures refusals.
func TestInhabitants(t *testing.T) {
	seen := map[string]bool{}
	for i := range 200_000 {
		p := living(i * 49) // up to the last that a number of seven digits names
		for _, s := range []string{p.ID, p.AHV, p.Letter, p.Login, p.Email, p.Mobile} {
			if seen[s] {
				t.Fatalf("%d: a second person with %s", i, s)
			}
			seen[s] = true
		}
		if i%1000 != 0 {
			continue
		}
		number, err := identifier.AHV(p.AHV)
		code, err2 := identifier.ActivationCode(p.Letter)
		mobile, err3 := identifier.Phones{Fiction: true}.Mobile(p.Mobile, "IT")
		day, err4 := time.Parse(time.DateOnly, p.Born)
		if err != nil || err2 != nil || err3 != nil || err4 != nil || number != p.AHV || code != p.Letter || mobile != p.Mobile || day.Year() < 1945 {
			t.Errorf("%+v: %v, %v, %v, %v", p, err, err2, err3, err4)
		}
	}
	if _, refusal := access.ReadPIN(newPIN); refusal != nil {
		t.Error(refusal)
	}
}

// The town lives by what the product ships: if no fund works so any more, or its
// rules refuse what everybody types, nobody would know before figures are wanted.
func TestShipped(t *testing.T) {
	letters, halves, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*access.Fund{letters, halves} {
		rules := password.Rules{Min: f.Password.Min, MaxBytes: f.Password.MaxBytes, Groups: f.Password.Groups}
		if code := password.Check(rules, chosen, password.Person{}); code != "" {
			t.Errorf("fund %s: %s", f.ID, code)
		}
	}
	if _, ok := halves.Act("iban"); !ok {
		t.Error("there is no act to confirm")
	}
}

// What is sent is read by its form, so a new wording must not hide it.
func TestLetterbox(t *testing.T) {
	l := &letterbox{waits: map[string]chan string{}}
	at := l.listen("a")
	for text, want := range map[string]string{
		"This is the code:\n\n123456\n\nIt is good until 9:05.":          "123456",
		"Fund: code for a new password. Code: 12345678\n\n@h #12345678":  "12345678",
		"The first part:\n\nQ7K2M9PX4TRB\n\nGood until 9:05.":            "Q7K2M9PX4TRB",
		"Fund: temporary password ABCD-2345-EFGH-6789 Good for 24 hours": "ABCD-2345-EFGH-6789",
		"A notice of 2026, case AB12-CD34, tel. 020000000.":              "",
	} {
		if _, err := l.Send(t.Context(), deliver.Envelope{To: "a", Text: text}); err != nil {
			t.Error(err)
		}
		got := ""
		if len(at) > 0 {
			got = <-at
		}
		if got != want {
			t.Errorf("%q: found %q, want %q", text, got, want)
		}
	}
	l.leave("a")
	if _, err := l.Send(t.Context(), deliver.Envelope{To: "a", Text: "123456"}); err != nil || len(at) > 0 {
		t.Errorf("kept for nobody: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := next(ctx, at); err == nil {
		t.Errorf("%q for somebody who left", s)
	}
}

// Nobody is taken twice, and nobody beyond the last.
func TestTakers(t *testing.T) {
	who := takers{at: 3, most: 5}
	got := ""
	for range 3 {
		i, err := who.take()
		got += fmt.Sprint(i, " ", err, "; ")
	}
	if want := "3 <nil>; 4 <nil>; 0 " + errOut.Error() + "; "; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The active people of both towns are as many, and no two are one.
func TestActive(t *testing.T) {
	for _, n := range []int{few, 50_000, 1_000_000} {
		g := &grown{people: n / 2}
		seen := map[string]bool{}
		for k := range active {
			p := g.person(k)
			seen[p.ID] = true
			if len(p.token()) != 52 {
				t.Fatalf("the token has %d characters", len(p.token()))
			}
		}
		if len(seen) != active || g.person(0) != g.person(active) || g.person(active-1).ID < living(n/2-n/2/active).ID {
			t.Errorf("of %d people %d are active, the last %s", n, len(seen), g.person(active-1).ID)
		}
	}
}
