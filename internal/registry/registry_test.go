package registry

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"

	"aditus/internal/access"
)

// exported is the day on which the sample files were made.
var exported = time.Date(2025, 9, 30, 12, 0, 0, 0, time.UTC)

// aurora is the profile of the sample register.
func aurora(t testing.TB) access.Profile {
	t.Helper()
	text, err := os.ReadFile("testdata/aurora.registry.toml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Registry access.Profile `toml:"registry"`
	}
	if err := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields().Decode(&file); err != nil {
		t.Fatal(err)
	}
	if bad := ProfileProblems(&file.Registry); len(bad) > 0 {
		t.Fatalf("the profile has problems: %v", bad)
	}
	return file.Registry
}

// analyse reads a file twice.
func analyse(t testing.TB, file []byte, p access.Profile, now time.Time) (*Analysis, []Result) {
	t.Helper()
	a, err := Analyse(t.Context(), bytes.NewReader(file), int64(len(file)), p, now)
	if err != nil {
		t.Fatal(err)
	}
	var all []Result
	for res, err := range a.Results(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, res)
	}
	return a, all
}

// read is a file of testdata.
func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A sidecar tells what the sample file's faults are and what becomes of them.
type sidecar struct {
	Records    int             `json:"records"`
	Totals     map[Outcome]int `json:"expected_totals"`
	Capability struct {
		Choices    map[string]int `json:"secure_channel_choices"`
		Recovery   int            `json:"recovery_self_service_eligible"`
		Activation int            `json:"contracts_activatable_now"`
	} `json:"expected_capability_totals"`
	Entries []struct {
		Record   int            `json:"record"`
		Line     int            `json:"line"`
		Key      string         `json:"key"`
		Kind     string         `json:"kind"`
		Issue    string         `json:"issue"`
		Fields   []string       `json:"fields"`
		Value    map[string]any `json:"value"`
		Expected struct {
			Outcome    Outcome           `json:"outcome"`
			Normalised map[string]string `json:"normalised"`
			Capability string            `json:"capability"`
		} `json:"expected"`
	} `json:"entries"`
}

// I-1: every record of the sample register becomes what its sidecar says, on the
// day it was exported and years later.
func TestAurora(t *testing.T) {
	var want sidecar
	if err := json.Unmarshal(read(t, "aurora.dirty.json"), &want); err != nil {
		t.Fatal(err)
	}
	for _, now := range []time.Time{exported, exported.AddDate(1, 2, 0)} {
		a, got := analyse(t, read(t, "aurora.csv"), aurora(t), now)
		if len(got) != want.Records || a.Records != want.Records {
			t.Fatalf("%d records, want %d", len(got), want.Records)
		}
		if !maps.Equal(a.Totals, want.Totals) {
			t.Errorf("totals %v, want %v", a.Totals, want.Totals)
		}
		if !maps.Equal(a.Channels, want.Capability.Choices) {
			t.Errorf("channels %v, want %v", a.Channels, want.Capability.Choices)
		}
		if len(a.Ignored) > 0 {
			t.Errorf("columns ignored: %q", a.Ignored)
		}
		listed := map[int]bool{}
		issues := 0
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
				t.Errorf("record %d (%s %v): %s %q %v, want %s %q %v", e.Record, e.Issue, e.Value,
					r.Outcome, r.Capability, fixed, e.Expected.Outcome, e.Expected.Capability, e.Expected.Normalised)
			}
			if !slices.Equal(r.Issues, []string{e.Issue}) {
				t.Errorf("record %d: issues %v, want %s", e.Record, r.Issues, e.Issue)
			}
			issues++
		}
		for _, r := range got {
			if !listed[r.Record] && (r.Outcome != Accept || len(r.Issues)+len(r.Normalised) > 0 || r.Capability != "") {
				t.Errorf("record %d is clean, and became %s %v %v %q", r.Record, r.Outcome, r.Issues, r.Normalised, r.Capability)
			}
		}
		if issues < 170 {
			t.Fatalf("only %d entries compared", issues)
		}
	}
}

// The clean sample is accepted silently, and its entries are complete.
func TestAuroraClean(t *testing.T) {
	a, got := analyse(t, read(t, "aurora-clean-25.csv"), aurora(t), exported)
	if a.Totals[Accept] != 25 || len(got) != 25 {
		t.Fatalf("totals %v", a.Totals)
	}
	i := slices.IndexFunc(got, func(r Result) bool { return r.Key == "00908304" })
	want := access.Entry{Number: "00908304", Login: "LMRSML58M22L006O", Status: "active", Record: access.Record{
		Surname: "La Marghera", Name: "Samuele", Sex: "M", Born: "1958-08-22", BirthPlace: "SUNI", TaxCode: "LMRSML58M22L006O",
		Street: "Strada Bassa, 52", Postcode: "41049", Town: "Sassuolo", Province: "MO", Country: "IT",
		Email: "samuele.lamarghera@example.com", Mobile: "+393007581279",
		Joined: "2007-12-07", JoinKind: "explicit", Line: "DINAMICO", Employer: "Piastrelle Esempio Nord S.p.A.", Mailing: "email", Updated: "2022-09-11",
		More: map[string]string{"birth_province": "OR", "employer_code": "A1004"},
	}}
	if i < 0 || !equal(t, got[i].Entry, want) {
		t.Errorf("entry\n%+v, want\n%+v", got[max(i, 0)].Entry, want)
	}
	for _, r := range got {
		if r.Channels == "" || r.Channels == ChannelsNone || r.Entry.Held != "" {
			t.Errorf("record %d: channels %q, held %q", r.Record, r.Channels, r.Entry.Held)
		}
	}
}

// equal compares entries by all they say.
func equal(t *testing.T, a, b access.Entry) bool {
	t.Helper()
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	if err := cmp.Or(err, err2); err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}
