// Package sessionended says that a session, or the steps of a journey, came to
// their end by time or elsewhere, and how to go on.
package sessionended

import (
	_ "embed"

	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page. Its HTML needs to know whether the steps of a journey are over.
type Page struct{ page.Reading }

// Show says so, if it is true: who is signed in, or whose journey goes on, is
// led there.
func (Page) Show(v *page.Visit) (any, error) {
	if v.SignedIn() {
		return nil, page.Elsewhere("/")
	}
	on, err := v.Resume()
	if err != nil {
		return nil, err
	}
	if on != "" {
		return nil, page.Elsewhere(on)
	}
	steps := v.HasJourney()
	v.LeaveJourney()
	return steps, nil
}
