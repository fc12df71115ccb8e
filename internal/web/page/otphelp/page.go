// Package otphelp says what to do when a code does not arrive.
package otphelp

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

type data struct {
	Back string // the path
	Code bool   // a code is waited for there
}

// Show needs the way back: the act whose code is waited for, the page the journey
// stands on, or the first one. An act that is not the member's is none.
func (Page) Show(v *page.Visit) (any, error) {
	if id := v.URL.Query().Get("act"); id != "" && v.SignedIn() {
		view, err := v.Operations.View(v.Context(), v.Fund, v.Session, id)
		if err == nil {
			return data{"/operations/" + view.Operation.ID + "/confirm", true}, nil
		}
		if !access.Refused(err, "operation_unknown") {
			return nil, err
		}
	}
	back, err := v.Resume()
	if back == "" {
		back = "/"
	}
	return data{back, back == "/otp"}, err
}
