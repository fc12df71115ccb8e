// Package channeldone tells that the channel is proved (F-15) and leads to the
// compulsory new password, which takes a second code (F-16).
package channeldone

import (
	_ "embed"

	"aditus/internal/journey"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page. Its HTML needs nothing.
type Page struct{ page.Reading }

// Show tells, as long as the password is what comes next.
func (Page) Show(v *page.Visit) (any, error) {
	j, _, err := v.Journey(journey.Password)
	if err == nil && !journey.Proved(v.Fund, j) {
		err = page.Elsewhere("/password/new")
	}
	return nil, err
}
