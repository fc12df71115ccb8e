// Package help answers what is asked most, and says whom to call. It is open to
// everybody.
package help

import (
	_ "embed"

	"aditus/internal/journey"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page. It is open to everybody.
type Page struct{ page.Reading }

// data is what the page's HTML needs.
type data struct{ First string } // what to do the first time

// Show says what somebody needs who was never here, by what the fund asks.
func (Page) Show(v *page.Visit) (any, error) {
	if journey.ByNumber(v.Fund) {
		return data{v.T("help.first")}, nil
	}
	return data{v.T("help.first_other")}, nil
}
