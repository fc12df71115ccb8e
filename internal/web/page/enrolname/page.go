// Package enrolname asks for the e-mail address to sign in with (S-7). A key that
// is sent there proves it later.
package enrolname

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
type Page struct{}

// data is what the page's HTML needs.
type data struct{ Typed string } // before, if the address is being corrected

// Inputs are the address, and which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"username", "do"} }

// Show asks for it.
func (Page) Show(v *page.Visit) (any, error) {
	j, _, err := v.Journey(journey.Name)
	return data{j.Address}, err
}

// Take goes on, or leaves.
func (Page) Take(v *page.Visit) (string, error) {
	j, m, err := v.Journey(journey.Name)
	if err != nil {
		return "", err
	}
	switch v.Form.Get("do") {
	case "":
	case "cancel":
		return v.CancelJourney()
	default:
		return "", access.Refuse("form_unknown")
	}
	to, err := v.Journeys.ChooseName(v.Context(), v.Fund, v.Visitor(), j, m, v.Form.Get("username"))
	if err != nil {
		return "", err
	}
	return page.Path(to), nil
}
