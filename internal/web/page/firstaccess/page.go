// Package firstaccess tells somebody without a password what proof they need,
// where it is printed, and where to go on (F-8, C-7, S-2). What is needed is
// what the fund's flow asks.
package firstaccess

import (
	_ "embed"

	"aditus/internal/access"
	"aditus/internal/journey"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{ page.Reading }

// data is what the page's HTML needs.
type data struct {
	Lead   string
	Needs  []string
	Number bool   // a membership number is needed: where it is printed is said
	Start  string // the path to go on to, "" if there is none
}

// needs are the words of a step «identify», and the text of what each asks for.
var needs = []struct{ arg, text string }{
	{"tax_code", "first_access.need_tax_code"},
	{"username", "first_access.need_username"},
	{"ahv", "first_access.need_ahv"},
	{"birth_date", "first_access.need_birth_date"},
	{"enrolment_no", "first_access.need_number"},
	{"activation_code", "first_access.need_activation_code"},
	{"email", "first_access.need_email"},
	{"trusted_mobile", "first_access.need_trusted_mobile"},
}

// Show tells. Whoever is signed in is led to the first page.
func (Page) Show(v *page.Visit) (any, error) {
	if v.SignedIn() {
		return nil, page.Elsewhere("/")
	}
	d := data{Lead: v.T("first_access.lead_recover")}
	goal := "recover"
	_, enrols := v.Fund.Flow("enrol")
	switch {
	case journey.ByNumber(v.Fund):
		d = data{Lead: v.T("first_access.lead"), Number: true, Start: "/first-access/identify"}
		goal = "secure_channel"
	case enrols:
		d.Lead = v.T("first_access.lead_enrol")
		goal = "enrol"
	case journey.Recovers(v.Fund):
		d.Start = "/password/forgot"
	}
	flow, _ := v.Fund.Flow(goal)
	for _, s := range flow.Steps {
		d.Needs = append(d.Needs, asked(v, s)...)
	}
	return d, nil
}

// asked is what a step asks for, and the contact that a code is sent to.
func asked(v *page.Visit, s access.Step) (all []string) {
	switch s.Word {
	case "identify":
		for _, n := range needs {
			if s.Says(n.arg) {
				all = append(all, v.T(n.text))
			}
		}
	case "channel":
		all = append(all, v.T("first_access.need_contact"))
	}
	return all
}
