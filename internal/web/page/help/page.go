// Package help answers what is asked most, and says whom to call. It is open to
// everybody.
package help

import (
	_ "embed"

	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page. It is open to everybody.
type Page struct{ page.Reading }

// Show has nothing to read.
func (Page) Show(*page.Visit) (any, error) {
	return nil, nil
}
