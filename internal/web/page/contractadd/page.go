// Package contractadd takes the letter of another contract of somebody who is signed
// in: the code alone, as the rest is known (S-24).
package contractadd

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
type Page struct{}

// Inputs is the code.
func (Page) Inputs(*page.Visit) []string { return []string{"activation_code"} }

// Show asks for it.
func (Page) Show(v *page.Visit) (any, error) {
	if !journey.Enrols(v.Fund) {
		return nil, page.Elsewhere("/profile")
	}
	return nil, nil
}

// Take adds the contract.
func (p Page) Take(v *page.Visit) (string, error) {
	if _, err := p.Show(v); err != nil {
		return "", err
	}
	if err := v.Journeys.AddContract(v.Context(), v.Fund, v.Visitor(), v.Form.Get("activation_code")); err != nil {
		return "", err
	}
	v.Tell("contract_added")
	return "/", nil
}
