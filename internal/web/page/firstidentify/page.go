// Package firstidentify is where somebody without a password says who they are:
// the login and the membership number, which open the way to a channel and show
// nothing (F-8, F-33).
package firstidentify

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

// Page is the page. Its HTML needs nothing.
type Page struct{}

// Inputs are the login and the membership number.
func (Page) Inputs(*page.Visit) []string { return []string{"username", "number"} }

// Show asks for them. Whoever is signed in is led to the first page; a fund that
// lets nobody in by number says what it asks for.
func (Page) Show(v *page.Visit) (any, error) {
	switch {
	case v.SignedIn() && len(v.Wrong) == 0:
		return nil, page.Elsewhere("/")
	case !journey.ByNumber(v.Fund):
		return nil, page.Elsewhere("/first-access")
	}
	return nil, nil
}

// Take begins the first access. Who does not exist, has a password already, or
// typed another's number hears one sentence: which it was would tell who exists.
func (Page) Take(v *page.Visit) (string, error) {
	if !journey.ByNumber(v.Fund) {
		return "/first-access", nil
	}
	r, err := v.Journeys.FirstAccess(v.Context(), v.Fund, v.Visitor(), v.Form.Get("username"), v.Form.Get("number"))
	if access.Refused(err, "sign_in") {
		return "", access.RefuseField("username", "first_access")
	}
	if err != nil {
		return "", err
	}
	return v.Follow(r), nil
}
