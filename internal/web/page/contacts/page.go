// Package contacts tells everybody the fund's ways to have a contact put on file
// or changed, from its file (F-19, C-14). Nothing can be sent from here.
package contacts

import (
	_ "embed"

	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{ page.Reading }

// data is what the page's HTML needs.
type data struct {
	Back string
	Ways []way
}

// A way is one of the fund's, in the visitor's language.
type way struct{ Title, Text string }

// Show tells. The way back is where the visitor can have come from.
func (Page) Show(v *page.Visit) (any, error) {
	d := data{Back: "/first-access"}
	for _, w := range v.Fund.Ways {
		d.Ways = append(d.Ways, way{w.Title[v.Lang], w.Text[v.Lang]})
	}
	on, err := v.Resume()
	if err != nil {
		return nil, err
	}
	switch {
	case on != "":
		d.Back = on
	case v.SignedIn():
		d.Back = "/channel"
	}
	return d, nil
}
