// Package login is where a member comes in: login and password (F-1), or the
// membership number for somebody who has no password yet (F-8).
package login

import (
	_ "embed"

	"aditus/internal/journey"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{}

// data is what the page's HTML needs.
type data struct {
	Forgot string // the path for who has forgotten the password
	Named  bool   // people sign in with an e-mail address
	Number bool   // the membership number stands for a password at first
}

// Inputs are the login and the secret.
func (Page) Inputs(*page.Visit) []string { return []string{"username", "password"} }

// Show asks for them. Whoever is signed in is led to the first page.
func (Page) Show(v *page.Visit) (any, error) {
	if v.SignedIn() && len(v.Wrong) == 0 {
		return nil, page.Elsewhere("/")
	}
	d := data{Forgot: "/help", Named: journey.Named(v.Fund), Number: journey.Numbers(v.Fund)}
	if journey.Recovers(v.Fund) {
		d.Forgot = "/password/forgot"
	}
	return d, nil
}

// Take signs in.
func (Page) Take(v *page.Visit) (string, error) {
	r, err := v.Journeys.SignIn(v.Context(), v.Fund, v.Visitor(), v.Form.Get("username"), v.Form.Get("password"))
	if err != nil {
		return "", err
	}
	return v.Follow(r), nil
}
