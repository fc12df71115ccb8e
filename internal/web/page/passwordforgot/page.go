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

// Page is the page. Its HTML needs nothing.
type Page struct{}

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
	return nil, nil
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
