// Package pinchange begins the change of the PIN, from the security page. It is
// never drawn.
package pinchange

import (
	"aditus/internal/access"
	"aditus/internal/web/page"
)

// HTML is the page's template.
const HTML = page.None

// Page is the page.
type Page struct{}

// Show leads to where the change begins.
func (Page) Show(*page.Visit) (any, error) { return nil, page.Elsewhere("/security") }

// Take begins. Without a PIN there is none to change: where one comes from is
// where a forgotten one is given back.
func (Page) Take(v *page.Visit) (string, error) {
	r, err := v.Journeys.ChangePIN(v.Context(), v.Fund, v.Visitor())
	switch {
	case access.Refused(err, "pin_needed"):
		return "/password/forgot", nil
	case access.Refused(err, "mobile_needed"):
		return "/security", nil // which says how the mobile stands, and what to do
	case err != nil:
		return "", err
	}
	return v.Follow(r), nil
}
