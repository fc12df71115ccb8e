// Package replacement tells a member who is signed in that a lost factor will be
// replaced, and stops that: it may not be theirs (S-23).
package replacement

import (
	_ "embed"

	"aditus/internal/access"
	"aditus/internal/web/page"
)

// HTML is the page's template. It needs an access.Replacement.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{}

// Inputs is what to do.
func (Page) Inputs(*page.Visit) []string { return []string{"do"} }

// Show tells. With none to tell of it leads to the security page, but after a
// refusal, which says why.
func (Page) Show(v *page.Visit) (any, error) {
	r, err := v.Journeys.Replacement(v.Context(), v.Fund, v.Visitor())
	if err == nil && r.ID == "" && len(v.Wrong) == 0 {
		err = page.Elsewhere("/security")
	}
	return r, err
}

// Take stops it.
func (Page) Take(v *page.Visit) (string, error) {
	if v.Form.Get("do") != "stop" {
		return "", access.Refuse("form_unknown")
	}
	if err := v.Journeys.StopReplacement(v.Context(), v.Fund, v.Visitor()); err != nil {
		return "", err
	}
	v.Tell("replacement_stopped")
	return "/security", nil
}
