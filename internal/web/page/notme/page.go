// Package notme is where a member says «that was not me», and reads what was done
// about it.
package notme

import (
	_ "embed"

	"aditus/internal/access"
	"aditus/internal/texts"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{}

// Inputs is what to do.
func (Page) Inputs(*page.Visit) []string { return []string{"do"} }

// data is what the page's HTML needs.
type data struct {
	Since string // since when changes are stopped, "" if they are not
}

// Show tells what will happen, or what has.
func (Page) Show(v *page.Visit) (any, error) {
	since, err := v.Journeys.Frozen(v.Context(), v.Fund, v.Session.Member)
	if err != nil || since.IsZero() {
		return data{}, err
	}
	return data{v.T("not_me.since", "stamp", texts.Stamp(since))}, nil
}

// Take stops changes.
func (Page) Take(v *page.Visit) (string, error) {
	if v.Form.Get("do") != "stop" {
		return "", access.Refuse("form_unknown")
	}
	return "/security/not-me", v.Journeys.NotMe(v.Context(), v.Fund, v.Visitor())
}
