package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/policy"
)

// fundOf is a fund's file of testdata.
func fundOf(t testing.TB, id string) *access.Fund {
	t.Helper()
	f, err := policy.Parse(id+".toml", read(t, id+".toml"))
	if err != nil {
		t.Fatal(err)
	}
	if bad := ProfileProblems(&f.Registry); len(bad) > 0 {
		t.Fatalf("the profile has problems: %v", bad)
	}
	return f
}

// compareWith holds results against a sidecar: every entry, every record that
// has none, and the totals. A trap may be seen without being an issue.
func compareWith(t *testing.T, want sidecar, a *Analysis, got []Result) {
	t.Helper()
	if len(got) != want.Records || a.Records != want.Records {
		t.Fatalf("%d records, want %d", len(got), want.Records)
	}
	for outcome, n := range want.Totals {
		if a.Totals[outcome] != n {
			t.Errorf("%s: %d, want %d", outcome, a.Totals[outcome], n)
		}
	}
	if len(a.Ignored) > 0 {
		t.Errorf("columns ignored: %q", a.Ignored)
	}
	listed := map[int]bool{}
	for _, e := range want.Entries {
		listed[e.Record] = true
		r := got[e.Record-1]
		fixed := map[string]string{}
		for _, fix := range r.Normalised {
			fixed[fix.Column] = fix.Value
		}
		if r.Record != e.Record || r.Line != e.Line || r.Key != e.Key {
			t.Errorf("record %d line %d key %q, want %d, %d, %q", r.Record, r.Line, r.Key, e.Record, e.Line, e.Key)
		}
		if r.Outcome != e.Expected.Outcome || r.Capability != e.Expected.Capability || !maps.Equal(fixed, e.Expected.Normalised) {
			t.Errorf("record %d (%s %v): %s %v %q %v, want %s %q %v", e.Record, e.Issue, e.Value,
				r.Outcome, r.Issues, r.Capability, fixed, e.Expected.Outcome, e.Expected.Capability, e.Expected.Normalised)
		}
		if !slices.Equal(r.Issues, []string{e.Issue}) && (e.Kind != "trap" || len(r.Issues) > 0) {
			t.Errorf("record %d: issues %v, want %s", e.Record, r.Issues, e.Issue)
		}
	}
	if len(listed) < 100 {
		t.Fatalf("only %d records compared", len(listed))
	}
	for _, r := range got {
		if !listed[r.Record] && (r.Outcome != Accept || len(r.Normalised) > 0 || r.Capability != "") {
			t.Errorf("record %d is clean, and became %s %v %v %q", r.Record, r.Outcome, r.Issues, r.Normalised, r.Capability)
		}
	}
}

// I-1: every record of the other two sample registers becomes what its sidecar
// says, on the day it was exported and later.
func TestSidecars(t *testing.T) {
	for _, id := range []string{"meridiana", "alpina"} {
		t.Run(id, func(t *testing.T) {
			var want sidecar
			if err := json.Unmarshal(read(t, id+".dirty.json"), &want); err != nil {
				t.Fatal(err)
			}
			p := fundOf(t, id).Registry
			for _, now := range []time.Time{exported, exported.AddDate(0, 2, 0)} {
				a, got := analyse(t, read(t, id+".csv"), p, now)
				compareWith(t, want, a, got)
				ready := map[string]int{ReadyRecovery: want.Capability.Recovery}
				if id == "alpina" {
					ready = map[string]int{ReadyActivation: want.Capability.Activation}
				}
				if !maps.Equal(a.Ready, ready) {
					t.Errorf("ready %v, want %v", a.Ready, ready)
				}
			}
			a, got := analyse(t, read(t, id+"-clean-25.csv"), p, exported)
			if a.Totals[Accept] != 25 || len(got) != 25 {
				t.Errorf("the clean sample: %v", a.Totals)
			}
		})
	}
}

// What the entries of the two registers hold.
func TestEntries(t *testing.T) {
	for id, want := range map[string][]access.Entry{
		"meridiana": {
			{Number: "902464", Login: "902464", Status: "active", Record: access.Record{
				Surname: "Guazuccio", Name: "Simone", Sex: "M", Born: "1973-08-08", TaxCode: "GZCSMN73M08H314T", Username: "902464", Country: "IT",
				Email: "simone.guazuccio@example.org", PEC: "simone.guazuccio@pec.example.com",
				Mobile: "+393009399047", MobileReliable: true, MobileSource: "sms", MobileChecked: "2023-07-17",
				Kind: "member", Joined: "2002-08-05", More: map[string]string{"branch": "Nuoro", "last_access": "13/07/2025"}}},
			{Number: "S90004902", Login: "S90004902", Status: "active", Held: "represented", Record: access.Record{
				Surname: "Rondardi", Name: "Emanuele", Sex: "M", Born: "2014-01-04", TaxCode: "RNDMNL14A04E098O", Username: "S90004902", Country: "IT",
				Kind: "survivor", SurvivorOf: "900049", Relation: "child", Representative: "SRDVNI77E57D921K", RepresentativeKind: "parent",
				More: map[string]string{"branch": "Parma"}}},
		},
		"alpina": {
			{Number: "7560000119537/1e", Login: "7560000119537", Status: "left", Record: access.Record{
				Surname: "Bühlacher", Name: "Lukas", Sex: "M", Born: "1977-06-03", AHV: "7560000119537", CivilStatus: "widowed", Language: "de",
				Street: "Beispielweg 41", Postcode: "8001", Town: "Zürich", Province: "ZH", Country: "CH",
				Email: "lukas.buhlacher@example.net", Mobile: "+41706033298", Contract: "40035", Plan: "1e", Strategy: "wachstum",
				Joined: "2016-08-18", Left: "2024-03-15", Employer: "Beispiel Pharma GmbH", Statement: "2025-02-01"}},
		},
	} {
		_, got := analyse(t, read(t, id+"-clean-25.csv"), fundOf(t, id).Registry, exported)
		for _, e := range want {
			i := slices.IndexFunc(got, func(r Result) bool { return r.Entry.Number == e.Number })
			if i < 0 || !equal(t, got[i].Entry, e) {
				t.Errorf("entry\n%+v, want\n%+v", got[max(i, 0)].Entry, e)
			}
		}
	}
}

// What could have happened: the report, or a log of a result, is a list of codes
// that open accounts.
func TestNoCodeInReport(t *testing.T) {
	_, got := analyse(t, read(t, "alpina.csv"), fundOf(t, "alpina").Registry, exported)
	var report bytes.Buffer
	r := NewReport(&report)
	brought := 0
	index := func(code string) string { return code }
	for _, res := range got {
		if err := r.Add(res); err != nil {
			t.Fatal(err)
		}
		code := res.Activation.Index(index)
		if code == "" {
			continue
		}
		brought++
		whole, err := json.Marshal(res)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range []string{code, code[:4] + "-" + code[4:8] + "-" + code[8:]} {
			for _, text := range []string{string(whole), fmt.Sprintf("%v %+v %#v", res, res, res), fmt.Sprintf("%v %+v %#v %s %q", res.Activation, res.Activation, res.Activation, res.Activation, res.Activation)} {
				if strings.Contains(text, code) {
					t.Fatalf("%s is in %s", code, text)
				}
			}
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if brought != 2993 {
		t.Errorf("%d codes", brought)
	}
	for line := range bytes.Lines(read(t, "alpina.csv")) {
		cells := bytes.Split(bytes.TrimSpace(line), []byte(";"))
		if code := cells[len(cells)-1]; len(code) == 14 && bytes.Contains(report.Bytes(), code) {
			t.Fatalf("the report has %s", code)
		}
	}
}
