package access

import "testing"

// A contact that is on file, in use, and in a row that gives access.
func TestOnFile(t *testing.T) {
	all := Record{Email: "a@example.org", PEC: "a@pec.example.org", Mobile: "+393001234567"}
	off := all
	off.EmailOff, off.PECOff, off.MobileOff = true, true, true
	for _, c := range []struct {
		what               string
		m                  Member
		email, pec, mobile string
	}{
		{"all", Member{Entries: []Entry{{Record: all}}}, all.Email, all.PEC, all.Mobile},
		{"none", Member{Entries: []Entry{{}}}, "", "", ""},
		{"off", Member{Entries: []Entry{{Record: off}}}, "", "", ""},
		{"held", Member{Entries: []Entry{{Held: "quarantine", Record: all}}}, "", "", ""},
		{"of the second position", Member{Entries: []Entry{{Record: off}, {Record: all}}}, all.Email, all.PEC, all.Mobile},
	} {
		if email, pec, mobile := c.m.OnFile(Email), c.m.OnFile(PEC), c.m.OnFile(SMS); email != c.email || pec != c.pec || mobile != c.mobile {
			t.Errorf("%s: %q, %q, %q", c.what, email, pec, mobile)
		}
		if got := c.m.OnFile(Letter); got != "" {
			t.Errorf("%s: a letter to %q", c.what, got)
		}
	}
}
