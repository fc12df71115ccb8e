// Package withdraw asks once more, and then takes back a request that nobody has
// begun to handle.
package withdraw

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

// Page is the page of one request.
type Page struct{}

type data struct {
	Number, Path, Back string
	Name               string
	Lines              []act.Line
	Change             string // nothing is changed from here
	Late               bool
}

// Inputs are none: a form without fields takes it back.
func (Page) Inputs(*page.Visit) []string { return nil }

// Show asks. What cannot be taken back is shown on its own page; after a Take
// that came too late this page says so.
func (Page) Show(v *page.Visit) (any, error) {
	view, err := v.Operations.View(v.Context(), v.Fund, v.Session, v.PathValue("id"))
	if err != nil {
		return nil, err
	}
	o := view.Operation
	back := "/requests/" + o.ID
	late := o.State != access.OperationConfirmed
	if late && len(v.Wrong) == 0 {
		return nil, page.Elsewhere(back)
	}
	return data{Number: o.Number, Path: back + "/withdraw", Back: back, Name: act.Name(v, o.Act),
		Lines: act.Shown(v, view), Late: late}, nil
}

// Take takes it back. Pressed twice, the second time finds it done.
func (Page) Take(v *page.Visit) (string, error) {
	back := "/requests/" + v.PathValue("id")
	err := v.Operations.Withdraw(v.Context(), v.Fund, v.Session, v.PathValue("id"))
	if access.Refused(err, "withdraw_late") {
		view, err := v.Operations.View(v.Context(), v.Fund, v.Session, v.PathValue("id"))
		if err == nil && view.State == access.OperationWithdrawn {
			return back, nil
		}
	}
	if err != nil {
		return "", err
	}
	v.Tell("withdrawn")
	return back, nil
}
