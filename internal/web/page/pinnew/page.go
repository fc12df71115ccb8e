// Package pinnew is where a member chooses the PIN of acts. With it, all that the
// journey chose is saved.
package pinnew

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
	N     int  // the PIN's length
	Alone bool // nothing but the PIN is changed
}

// Show asks for it.
func (Page) Show(v *page.Visit) (any, error) {
	j, _, err := v.Journey(journey.PIN)
	return data{access.PINLength, j.Goal == "change_pin"}, err
}

// Take saves it, or leaves.
func (Page) Take(v *page.Visit) (string, error) {
	j, m, err := v.Journey(journey.PIN)
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
	to, err := v.Journeys.NewPIN(v.Context(), v.Fund, v.Visitor(), j, m, v.Form.Get("pin"))
	if err != nil {
		return "", err
	}
	switch to {
	case journey.SignIn:
		v.LeaveJourney()
		v.Tell("secrets_saved")
	case journey.Safety:
		v.LeaveJourney()
		v.Tell("pin_saved")
	}
	return page.Path(to), nil
}
