// Package channelidentify asks a signed-in member for the credentials once more,
// before the choice of a channel (F-6).
package channelidentify

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
type Page struct{}

// Inputs are the login and the secret.
func (Page) Inputs(*page.Visit) []string { return []string{"username", "password"} }

// Show asks for them. Without a contact on file there would be nothing to
// choose: the invitation says so.
func (Page) Show(v *page.Visit) (any, error) { return nil, reachable(v) }

func reachable(v *page.Visit) error {
	m, _, err := v.Area.Member(v.Context(), v.Fund, v.Session.Member)
	if err == nil && !journey.Reachable(v.Fund, m) {
		err = page.Elsewhere("/channel")
	}
	return err
}

// Take goes on to the choice.
func (Page) Take(v *page.Visit) (string, error) {
	if err := reachable(v); err != nil {
		return "", err
	}
	r, err := v.Journeys.Register(v.Context(), v.Fund, v.Visitor(), v.Form.Get("username"), v.Form.Get("password"))
	if err != nil {
		return "", err
	}
	return v.Follow(r), nil
}
