// Package requests lists what a member has asked for.
package requests

import (
	_ "embed"

	"aditus/internal/web/page"
	"aditus/internal/web/page/act"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{ page.Reading }

// most is how many requests are listed, the latest: a bound on the page, far
// beyond what a member asks for in years.
const most = 200

// Show lists them, the latest first.
func (Page) Show(v *page.Visit) (any, error) {
	all, err := v.Operations.All(v.Context(), v.Fund, v.Session, most)
	return act.Items(v, all), err
}
