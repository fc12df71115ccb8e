// Package pinask is where a journey asks for the PIN there is. The code comes
// behind it.
package pinask

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

// Inputs are the PIN, and which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"pin", "do"} }

// data is what the page's HTML needs.
type data struct {
	PIN bool // it is the PIN that is changed, not the password
}

// Show asks for it.
func (Page) Show(v *page.Visit) (any, error) {
	j, _, err := v.Journey(journey.KnownPIN)
	return data{journey.Purpose(j) == access.PurposePIN}, err
}

// Take goes on to the code, or leaves.
func (Page) Take(v *page.Visit) (string, error) {
	j, m, err := v.Journey(journey.KnownPIN)
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
	to, err := v.Journeys.KnownPIN(v.Context(), v.Fund, v.Visitor(), j, m, v.Form.Get("pin"))
	return page.Path(to), err
}
