// Package loginpasskey is where a member comes in with a passkey. The button for it
// stands on the page login as well; what is wrong is said here.
package loginpasskey

import (
	_ "embed"

	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{}

// Inputs are what to do, and the browser's answer.
func (Page) Inputs(*page.Visit) []string { return []string{"do", "answer"} }

// Show has the button.
func (Page) Show(v *page.Visit) (any, error) {
	switch {
	case !v.Fund.Factor.Passkeys:
		return nil, page.Elsewhere("/login")
	case v.SignedIn() && len(v.Wrong) == 0:
		return nil, page.Elsewhere("/")
	}
	return v.Key("get", "login.passkey"), nil
}

// Take asks for a passkey, or hears the answer of one.
func (Page) Take(v *page.Visit) (string, error) {
	answer, answered, err := v.Answered()
	if err != nil {
		return "", err
	}
	if answered {
		r, err := v.Journeys.SignInKey(v.Context(), v.Fund, v.Visitor(), answer)
		if err != nil {
			return "", err
		}
		return v.Follow(r), nil
	}
	r, options, err := v.Journeys.AskKey(v.Context(), v.Fund, v.Visitor())
	if err != nil {
		return "", err
	}
	v.Follow(r)
	return "", v.Question(options, nil)
}

// Data is the question, for the script.
func (Page) Data(v *page.Visit) (any, error) { return v.Asked() }
