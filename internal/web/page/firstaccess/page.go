// Package firstaccess tells somebody without a password what proof they need,
// where it is printed, and where to go on (F-8).
package firstaccess

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
type Page struct{ page.Reading }

// Show tells. Whoever is signed in is led to the first page.
func (Page) Show(v *page.Visit) (any, error) {
	switch {
	case v.SignedIn():
		return nil, page.Elsewhere("/")
	case journey.Enrols(v.Fund):
		return nil, page.Elsewhere("/enrol")
	}
	return nil, nil
}
