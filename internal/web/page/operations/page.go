// Package operations lists the acts that the fund's members can ask for. It is
// open to everybody: who cannot ask for them yet reads what they are, and what
// to do first.
package operations

import (
	_ "embed"

	"aditus/internal/access"
	"aditus/internal/web/page"
	"aditus/internal/web/page/act"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{ page.Reading }

type data struct {
	act.Gate
	Acts []access.Act
}

// Show reads what the member may do. Its status is 200 also for those who may do
// nothing: what is refused is an act, not the list.
func (Page) Show(v *page.Visit) (any, error) {
	status := v.Status
	g, err := act.Enter(v)
	v.Status = status
	return data{Gate: g, Acts: g.Acts}, err
}
