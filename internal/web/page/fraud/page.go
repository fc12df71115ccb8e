// Package fraud says how to tell us from somebody who pretends to be us.
package fraud

import (
	_ "embed"
	"strings"

	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page. It is open to everybody.
type Page struct{ page.Reading }

// Show gives the address that people should type themselves: the one they are at,
// which the site has found to be the fund's.
func (Page) Show(v *page.Visit) (any, error) {
	host, _, _ := strings.Cut(v.Host, ":")
	return host, nil
}
