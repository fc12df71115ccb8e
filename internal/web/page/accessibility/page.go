// Package accessibility is the statement on what the pages can do for everybody,
// and where to say that they do not.
package accessibility

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

// Show gives how long a code is valid, in minutes.
func (Page) Show(v *page.Visit) (any, error) {
	return int(v.Fund.Code.TTL.Minutes()), nil
}
