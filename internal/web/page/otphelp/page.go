// Package otphelp says what to do when a code does not arrive.
package otphelp

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

// Show needs the way back: the page the journey stands on, or the first one.
func (Page) Show(v *page.Visit) (any, error) {
	back, err := v.Resume()
	if back == "" {
		back = "/"
	}
	return back, err
}
