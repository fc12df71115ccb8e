// Package signout ends the session, on the server and in the browser (S-15).
package signout

import (
	_ "embed"

	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page. Its HTML needs nothing.
type Page struct{}

// Show asks, since a link must not end anything.
func (Page) Show(v *page.Visit) (any, error) {
	if !v.SignedIn() {
		return nil, page.Elsewhere("/login")
	}
	return nil, nil
}

// Take ends the session and the journey. Who has none any more hears the same.
func (Page) Take(v *page.Visit) (string, error) {
	if err := v.Journeys.SignOut(v.Context(), v.Fund, v.Visitor()); err != nil {
		return "", err
	}
	v.LeaveSession()
	v.LeaveJourney()
	return "/signed-out", nil
}
