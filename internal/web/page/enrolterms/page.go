// Package enrolterms shows the terms of use, which are read and accepted before
// anything else; the version is kept (S-6).
package enrolterms

import (
	_ "embed"
	"strings"

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
	Paragraphs []string
	Version    string
}

// Inputs are the box, and which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"terms", "do"} }

// Show shows them, in the language that is being read.
func (Page) Show(v *page.Visit) (any, error) {
	if _, _, err := v.Journey(journey.Terms); err != nil {
		return nil, err
	}
	return data{strings.Split(v.Fund.Enrol.Text[v.Lang], "\n\n"), v.Fund.Enrol.Terms}, nil
}

// Take goes on, or leaves.
func (Page) Take(v *page.Visit) (string, error) {
	j, m, err := v.Journey(journey.Terms)
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
	to, err := v.Journeys.Accept(v.Context(), v.Fund, v.Visitor(), j, m, v.Form.Get("terms") == "yes")
	if err != nil {
		return "", err
	}
	return page.Path(to), nil
}
