// Package passwordforgot is where somebody who has forgotten the password says
// who they are. What comes next looks alike for everybody (F-24).
package passwordforgot

import (
	_ "embed"

	"aditus/internal/journey"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{}

// data is what the page's HTML needs.
type data struct {
	Mail, Mobile bool // asked beside the login
	Ways         []way
	Back         string
}

type way struct{ Title, Text string }

// Inputs are the login and the facts that the fund's flow asks for.
func (Page) Inputs(v *page.Visit) []string {
	names, d := []string{"username"}, read(v)
	if d.Mail {
		names = append(names, "mail")
	}
	if d.Mobile {
		names = append(names, "mobile")
	}
	return names
}

// read is what the page asks. Where a contact must be on file for it, everybody
// reads how one comes there (C-14).
func read(v *page.Visit) (d data) {
	if d.Back = "/login"; v.SignedIn() {
		d.Back = "/security"
	}
	d.Mail = journey.Asks(v.Fund, "email") || journey.Asks(v.Fund, "pec")
	d.Mobile = journey.Asks(v.Fund, "trusted_mobile")
	if d.Mail || d.Mobile {
		for _, w := range v.Fund.Ways {
			d.Ways = append(d.Ways, way{w.Title[v.Lang], w.Text[v.Lang]})
		}
	}
	return d
}

// Show asks for it. Whoever is signed in changes the password in the area, but may
// have forgotten the PIN, where one is given back here too; a fund that has no
// such flow has people call.
func (Page) Show(v *page.Visit) (any, error) {
	switch {
	case !journey.Recovers(v.Fund):
		return nil, page.Elsewhere("/help")
	case v.SignedIn() && len(v.Wrong) == 0 && changes(v):
		return nil, page.Elsewhere("/password/change")
	}
	return read(v), nil
}

// changes reports whether all that is given back here is changed in the area by
// whoever is signed in: the password.
func changes(v *page.Visit) bool {
	_, ok := v.Fund.Flow("change_password")
	return ok && !journey.RecoversPIN(v.Fund)
}

// Take begins.
func (Page) Take(v *page.Visit) (string, error) {
	if !journey.Recovers(v.Fund) {
		return "/help", nil
	}
	r, err := v.Journeys.Recover(v.Context(), v.Fund, v.Visitor(), journey.Facts{Login: v.Form.Get("username"), Mail: v.Form.Get("mail"), Mobile: v.Form.Get("mobile")})
	if err != nil {
		return "", err
	}
	return v.Follow(r), nil
}
