// Package otpletter is for somebody at sign-in whose telephone is lost and who has
// no backup code: it orders a letter, and takes the code of one (S-23). Once a
// replacement waits it says from when.
package otpletter

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
	journey.Loss
	Waits bool // a replacement was started
}

// Inputs are the code, and which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"letter_code", "do"} }

// Show says how it stands.
func (Page) Show(v *page.Visit) (any, error) {
	j, _, err := ask(v)
	if err != nil {
		return nil, err
	}
	l, err := v.Journeys.Loss(v.Context(), v.Fund, j)
	return data{l, l.Replacement.ID != ""}, err
}

// ask is the journey, if a letter can stand for its code.
func ask(v *page.Visit) (access.Journey, access.Member, error) {
	j, m, err := v.Journey(journey.Code)
	if err == nil && !journey.Backups(v.Fund, j) {
		err = page.Elsewhere("/otp")
	}
	return j, m, err
}

// Take orders a letter, or hears the code of one. What came of it stands on the
// same page.
func (Page) Take(v *page.Visit) (string, error) {
	j, m, err := ask(v)
	if err != nil {
		return "", err
	}
	switch v.Form.Get("do") {
	case "":
		err = v.Journeys.UseLetter(v.Context(), v.Fund, v.Visitor(), j, m, v.Form.Get("letter_code"))
	case "order":
		err = v.Journeys.OrderLetter(v.Context(), v.Fund, v.Visitor(), j, m)
	default:
		err = access.Refuse("form_unknown")
	}
	return "/otp/letter", err
}
