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
type data struct{ Named bool } // people sign in with an e-mail address

// Inputs is the login.
func (Page) Inputs(*page.Visit) []string { return []string{"username"} }

// Show asks for it. Whoever is signed in changes the password in the area; a
// fund that has no such flow has people call.
func (Page) Show(v *page.Visit) (any, error) {
	switch {
	case !journey.Recovers(v.Fund):
		return nil, page.Elsewhere("/help")
	case v.SignedIn() && len(v.Wrong) == 0:
		return nil, page.Elsewhere("/password/change")
	}
	return data{journey.Named(v.Fund)}, nil
}

// Take begins.
func (Page) Take(v *page.Visit) (string, error) {
	if !journey.Recovers(v.Fund) {
		return "/help", nil
	}
	r, err := v.Journeys.Recover(v.Context(), v.Fund, v.Visitor(), v.Form.Get("username"))
	if err != nil {
		return "", err
	}
	return v.Follow(r), nil
}
