package trust

import (
	"testing"
	"time"

	"aditus/internal/access"
)

// What could have happened: a secret goes to a number that nobody vouches for,
// that two people have, that failed, or that was proved so long ago that it may
// be another's by now (C-9, C-20).
func TestWhy(t *testing.T) {
	const number = "+393009399047"
	now := time.Date(2025, 9, 30, 8, 0, 0, 0, time.UTC)
	vouched := access.Record{Mobile: number, MobileReliable: true, MobileChecked: "2025-06-01"}
	plain := access.Record{Mobile: number}
	month := 30 * 24 * time.Hour
	both := access.TrustRules{By: []string{"registry", "sms"}, MaxPersons: 1, Demote: 1}
	aged := both
	aged.MaxAge = 6 * month
	for _, c := range []struct {
		name   string
		rules  access.TrustRules
		record access.Record
		held   string
		earned access.MobileTrust
		people int
		want   string
	}{
		{"vouched", both, vouched, "", access.MobileTrust{}, 1, ""},
		{"by a row that is held", both, vouched, "quarantine", access.MobileTrust{}, 1, "unproved"},
		{"of two people", both, vouched, "", access.MobileTrust{}, 2, "shared"},
		{"earned, of two people", both, plain, "", access.MobileTrust{Source: "sms", At: now}, 2, "shared"},
		{"nobody vouches", both, plain, "", access.MobileTrust{}, 1, "unproved"},
		{"earned", both, plain, "", access.MobileTrust{Source: "sms", At: now}, 1, ""},
		{"earned, which does not count", access.TrustRules{By: []string{"registry"}, MaxPersons: 1}, plain, "", access.MobileTrust{Source: "sms", At: now}, 1, "unproved"},
		{"vouched, which does not count", access.TrustRules{By: []string{"sms"}, MaxPersons: 1}, vouched, "", access.MobileTrust{}, 1, "unproved"},
		{"failed since", both, vouched, "", access.MobileTrust{LostAt: now, LostWhy: "failed"}, 1, "failed"},
		{"failed, fewer times than it takes", both, vouched, "", access.MobileTrust{Failures: 1}, 1, ""},
		{"young enough", aged, vouched, "", access.MobileTrust{}, 1, ""},
		{"too old", aged, access.Record{Mobile: number, MobileReliable: true, MobileChecked: "2025-03-01"}, "", access.MobileTrust{}, 1, "old"},
		{"of no known day", aged, access.Record{Mobile: number, MobileReliable: true}, "", access.MobileTrust{}, 1, "old"},
		{"of no known day, and no age counts", both, access.Record{Mobile: number, MobileReliable: true}, "", access.MobileTrust{}, 1, ""},
		{"earned too long ago", aged, plain, "", access.MobileTrust{Source: "sms", At: now.Add(-7 * month)}, 1, "old"},
		{"too old, and earned again", aged, access.Record{Mobile: number, MobileReliable: true}, "", access.MobileTrust{Source: "sms", At: now.Add(-month)}, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &access.Fund{Zone: time.UTC, Trust: c.rules}
			m := access.Member{ID: "m", Entries: []access.Entry{{Member: "m", Held: c.held, Record: c.record}}}
			if got := why(f, m, c.earned, number, c.people, now); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	if got := why(&access.Fund{Trust: both}, access.Member{}, access.MobileTrust{}, "", 0, now); got != "missing" {
		t.Errorf("no number: %q", got)
	}
}

func TestEarnable(t *testing.T) {
	for _, c := range []struct {
		m    Mobile
		want string
	}{
		{Mobile{Number: "+393009399047", Why: "unproved"}, ""},
		{Mobile{Number: "+393009399047", Why: "failed"}, ""},
		{Mobile{Number: "+393009399047", Why: "old"}, ""},
		{Mobile{Number: "+393009399047", Reliable: true}, "mobile_reliable"},
		{Mobile{Why: "missing"}, "mobile_none"},
		{Mobile{Number: "+393009399047", Why: "shared"}, "mobile_shared"},
	} {
		r := Earnable(c.m)
		if got := (r != nil && !access.Refused(r, c.want)) || (r == nil) != (c.want == ""); got {
			t.Errorf("%+v: %v, want %q", c.m, r, c.want)
		}
	}
}
