// Package halvessent tells that new secrets are on their way, if what was typed
// is right: it says the same to everybody (C-13), and to everybody what to do if
// nothing comes (C-14).
package halvessent

import (
	_ "embed"

	"aditus/internal/access"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{ page.Reading }

// data is what the page's HTML needs.
type data struct{ N int } // the PIN's length

// Show says it.
func (Page) Show(*page.Visit) (any, error) { return data{access.PINLength}, nil }
