// Package signedout is what a member sees after signing out.
package signedout

import (
	_ "embed"

	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page. Its HTML needs nothing.
type Page struct{ page.Reading }

// Show says so, if it is true.
func (Page) Show(v *page.Visit) (any, error) {
	if v.SignedIn() {
		return nil, page.Elsewhere("/")
	}
	return nil, nil
}
