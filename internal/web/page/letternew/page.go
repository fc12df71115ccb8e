// Package letternew orders a new letter with an activation code, for somebody whose
// letter is lost or too old (S-18). What it answers is the same for everybody.
package letternew

import (
	_ "embed"

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
type data struct{ Done bool }

// Inputs are the number and the birth date.
func (Page) Inputs(*page.Visit) []string { return []string{"ahv", "birth_date"} }

// Show asks for them, or says that it is noted.
func (Page) Show(v *page.Visit) (any, error) {
	if v.SignedIn() || !journey.Enrols(v.Fund) {
		return nil, page.Elsewhere("/enrol")
	}
	done, _ := v.Made.(bool)
	return data{done}, nil
}

// Take orders it. That it is noted stands in this one answer.
func (p Page) Take(v *page.Visit) (string, error) {
	if _, err := p.Show(v); err != nil {
		return "", err
	}
	err := v.Journeys.OrderActivation(v.Context(), v.Fund, v.Visitor(), journey.Letter{AHV: v.Form.Get("ahv"), Born: v.Form.Get("birth_date")})
	v.Made = err == nil
	return "", err
}
