// Package stop is the page that the notice of a factor's replacement names: with
// the user name and the code of the notice anybody stops it, signed in or not.
package stop

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

// Inputs are the name and the code.
func (Page) Inputs(*page.Visit) []string { return []string{"username", "stop"} }

// Show asks for them, or says that it is done. A fund without factors that can be
// lost has no such page.
func (Page) Show(v *page.Visit) (any, error) {
	if !journey.Lost(v.Fund) {
		return nil, page.Missing
	}
	done, _ := v.Made.(bool)
	return data{done}, nil
}

// Take stops the replacement. That it is done stands in this one answer: a page
// with an address of its own could be shown to somebody who has stopped nothing.
func (p Page) Take(v *page.Visit) (string, error) {
	if _, err := p.Show(v); err != nil {
		return "", err
	}
	err := v.Journeys.StopByCode(v.Context(), v.Fund, v.Visitor(), v.Form.Get("username"), v.Form.Get("stop"))
	v.Made = err == nil
	return "", err
}
