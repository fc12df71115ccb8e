// Package backupcodes makes the ten codes for the day that the telephone is lost
// (S-23), and shows them once: they are kept nowhere.
package backupcodes

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
type data struct {
	Codes []string // made just now; nil else
	Left  int      // of those made before
	Fresh bool     // they can be made in this session
}

// Inputs is which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"do"} }

// Show says how many are left. Codes that were made by this very request are shown.
func (Page) Show(v *page.Visit) (any, error) {
	if _, ok := v.Fund.Flow("change_factor"); !ok {
		return nil, page.Elsewhere("/security")
	}
	left, err := v.Journeys.CountBackups(v.Context(), v.Fund, v.Visitor())
	codes, _ := v.Made.([]string)
	return data{codes, left, journey.FreshCode(v.Visitor(), v.Now())}, err
}

// Take makes them, or has a code answered first.
func (Page) Take(v *page.Visit) (string, error) {
	if _, ok := v.Fund.Flow("change_factor"); !ok {
		return "/security", nil
	}
	switch v.Form.Get("do") {
	case "make":
	case "prove":
		r, err := v.Journeys.Prove(v.Context(), v.Fund, v.Visitor())
		if err != nil {
			return "", err
		}
		return v.Follow(r), nil
	default:
		return "", access.Refuse("form_unknown")
	}
	codes, err := v.Journeys.MakeBackups(v.Context(), v.Fund, v.Visitor())
	v.Made = codes
	return "", err
}
