package access

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func rome(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// What could have happened: somebody is of age at midnight in London, or on a day
// that their year of majority does not have.
func TestOfAge(t *testing.T) {
	zone := rome(t)
	for born, want := range map[string]string{
		"2014-01-04": "2032-01-03T23:00:00Z", // the midnight of Rome in winter
		"2009-07-19": "2027-07-18T22:00:00Z", // and in summer
		"2008-02-29": "2026-02-28T23:00:00Z", // 1 March
		"2000-12-31": "2018-12-30T23:00:00Z",
	} {
		if got := OfAge(born, zone).UTC().Format(time.RFC3339); got != want {
			t.Errorf("born %s: of age at %s, want %s", born, got, want)
		}
	}
	for _, born := range []string{"", "2014", "04/01/2014", "2014-02-30"} {
		if got := OfAge(born, zone); !got.IsZero() {
			t.Errorf("born %q: of age at %s", born, got)
		}
	}
}

// What could have happened: a leaver is out a day too soon, or reads for good because
// nobody wrote down when they left.
func TestLeaver(t *testing.T) {
	zone := rome(t)
	f := &Fund{Zone: zone, Status: map[string]StatusRule{"left": {Access: "read", For: Span{Months: 3}}, "gone": {Access: "read", For: Span{Days: 1}}, "active": {Access: "full"}}}
	at := func(s string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04:05", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, c := range []struct{ status, left, now, want string }{
		{"left", "2025-06-30", "2025-07-01 00:00:00", "read"},
		{"left", "2025-06-30", "2025-09-30 23:59:59", "read"},
		{"left", "2025-06-30", "2025-10-01 00:00:00", "none"},
		{"left", "2024-03-15", "2025-09-30 10:00:00", "none"},
		{"left", "2024-11-30", "2025-03-02 23:59:59", "read"}, // there is no 30 February
		{"left", "2024-11-30", "2025-03-03 00:00:00", "none"},
		{"gone", "2025-03-29", "2025-03-30 23:59:59", "read"}, // a day of 23 hours
		{"gone", "2025-03-29", "2025-03-31 00:00:00", "none"},
		{"left", "", "2025-07-01 00:00:00", "none"},
		{"left", "30/06/2025", "2025-07-01 00:00:00", "none"},
		{"active", "2020-01-01", "2025-07-01 00:00:00", "full"},
	} {
		m := Member{Entries: []Entry{{Status: c.status, Record: Record{Left: c.left}}}}
		if got := m.Access(f, at(c.now)); got != c.want {
			t.Errorf("%s on %q, at %s: %s, want %s", c.status, c.left, c.now, got, c.want)
		}
		if open := len(m.Open(f, at(c.now)).Entries); (open == 0) != (c.want == "none") {
			t.Errorf("%s on %q, at %s: %d entries shown", c.status, c.left, c.now, open)
		}
	}
	// Another position still counts.
	both := Member{Entries: []Entry{{Status: "left", Record: Record{Left: "2020-01-01"}}, {Status: "active"}}}
	if got := both.Access(f, at("2025-07-01 00:00:00")); got != "full" {
		t.Errorf("left and active: %s", got)
	}
	if open := both.Open(f, at("2025-07-01 00:00:00")); len(open.Entries) != 1 || len(both.Entries) != 2 {
		t.Errorf("left and active: %d entries shown, %d left of the person", len(open.Entries), len(both.Entries))
	}
}

// What could have happened: a survivor asks for what only members can, or who acts for
// somebody changes where that person is reached.
func TestActs(t *testing.T) {
	f := &Fund{Zone: time.UTC, Acts: []Act{{ID: "iban"}, {ID: "contacts", Fields: []Field{{Name: "email", Type: "email"}}}, {ID: "declaration"}},
		Status: map[string]StatusRule{
			"active": {Access: "full"}, "left": {Access: "read"}, "deceased": {Access: "none"}, "few": {Access: "full", Operations: []string{"iban", "declaration"}},
			"nothing": {Access: "full", Operations: []string{}}, "survivor": {Access: "full", Operations: []string{"contacts", "iban"}}, "reader": {Access: "read"},
		}}
	for _, c := range []struct {
		what   string
		m      Member
		how    string
		access string
		acts   string
	}{
		{"a member", Member{Entries: []Entry{{Status: "active", Record: Record{Kind: "member"}}}}, "", "full", "iban contacts declaration"},
		{"a survivor by kind", Member{Entries: []Entry{{Status: "active", Record: Record{Kind: "survivor"}}}}, "", "full", "iban contacts"},
		{"a survivor by status", Member{Entries: []Entry{{Status: "survivor"}}}, "", "full", "iban contacts"},
		{"both say something", Member{Entries: []Entry{{Status: "few", Record: Record{Kind: "survivor"}}}}, "", "full", "iban"},
		{"the stricter counts", Member{Entries: []Entry{{Status: "active", Record: Record{Kind: "reader"}}}}, "", "read", ""},
		{"and the other way round", Member{Entries: []Entry{{Status: "left", Record: Record{Kind: "survivor"}}}}, "", "read", ""},
		{"a kind does not open a closed status", Member{Entries: []Entry{{Status: "unknown", Record: Record{Kind: "survivor"}}}}, "", "none", ""},
		{"none at all", Member{Entries: []Entry{{Status: "nothing"}}}, "", "full", ""},
		{"two positions", Member{Entries: []Entry{{Status: "survivor"}, {Status: "few"}}}, "", "full", "iban contacts declaration"},
		{"who has died", Member{Entries: []Entry{{Status: "active"}, {Status: "deceased"}}}, "", "none", ""},
		{"represented", Member{Entries: []Entry{{Status: "active", Held: HeldRepresented}}}, "", "none", ""},
		{"represented, through who acts", Member{Entries: []Entry{{Status: "active", Held: HeldRepresented}}}.Through(), ProfileMandate, "full", "iban declaration"},
		{"quarantined, through who acts", Member{Entries: []Entry{{Status: "active", Held: "quarantine"}}}.Through(), ProfileMandate, "none", ""},
		{"another role of one's own", Member{Entries: []Entry{{Status: "active"}}}, ProfileRole, "full", "iban contacts declaration"},
	} {
		if got := c.m.Access(f, time.Now()); got != c.access {
			t.Errorf("%s: access %s, want %s", c.what, got, c.access)
		}
		var ids []string
		for _, a := range c.m.Acts(f, time.Now(), c.how) {
			ids = append(ids, a.ID)
		}
		if !slices.Equal(ids, strings.Fields(c.acts)) {
			t.Errorf("%s: acts %v, want %s", c.what, ids, c.acts)
		}
	}
}

// Through leaves the person as they are.
func TestThrough(t *testing.T) {
	m := Member{Entries: []Entry{{Held: HeldRepresented}, {Held: "blocked"}}}
	if got := m.Through(); got.Entries[0].Held != "" || got.Entries[1].Held != "blocked" || m.Entries[0].Held != HeldRepresented || !m.Represented() {
		t.Errorf("%+v of %+v", got, m)
	}
}
