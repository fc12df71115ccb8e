// Package otpbackup takes a backup code at sign-in, from somebody whose telephone
// is lost (S-23).
package otpbackup

import (
	_ "embed"

	"aditus/internal/access"
	"aditus/internal/journey"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page. Its HTML needs nothing.
type Page struct{}

// Inputs is the code.
func (Page) Inputs(*page.Visit) []string { return []string{"backup"} }

// Show asks for it.
func (Page) Show(v *page.Visit) (any, error) {
	_, _, err := ask(v)
	return nil, err
}

// ask is the journey, if a backup code can stand for its code.
func ask(v *page.Visit) (access.Journey, access.Member, error) {
	j, m, err := v.Journey(journey.Code)
	if err == nil && !journey.Backups(v.Fund, j) {
		err = page.Elsewhere("/otp")
	}
	return j, m, err
}

// Take lets the member go on to a new factor.
func (Page) Take(v *page.Visit) (string, error) {
	j, m, err := ask(v)
	if err != nil {
		return "", err
	}
	r, err := v.Journeys.UseBackup(v.Context(), v.Fund, v.Visitor(), j, m, v.Form.Get("backup"))
	if err != nil {
		return "", err
	}
	return v.Follow(r), nil
}
