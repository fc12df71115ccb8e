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
type data struct {
	First   string // what to do the first time
	Recover bool   // the fund gives a forgotten password back
}

// Show says what somebody needs who was never here, by what the fund asks.
func (Page) Show(v *page.Visit) (any, error) {
	d := data{v.T("help.first_other"), journey.Recovers(v.Fund)}
	if journey.ByNumber(v.Fund) {
		d.First = v.T("help.first")
	}
	return d, nil
}
