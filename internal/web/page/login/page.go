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
	Lead   string
	Secret page.Secret
	Forgot string // the path for who has forgotten the password
	Work   page.Work
	Key    *page.Key
}

// Inputs are the login, the secret, and what the browser worked out.
func (Page) Inputs(*page.Visit) []string { return []string{"username", "password", "work"} }

// Show asks for them. Whoever is signed in is led to the first page.
func (Page) Show(v *page.Visit) (any, error) {
	if v.SignedIn() && len(v.Wrong) == 0 {
		return nil, page.Elsewhere("/")
	}
	d := data{Lead: v.T("login.lead_username"), Secret: secret(v), Forgot: "/help"}
	switch v.Fund.SignsInBy() {
	case "tax_code":
		d.Lead = v.T("login.lead")
	case "email":
		d.Lead = v.T("login.lead_named")
	}
	if v.Fund.Factor.Passkeys {
		d.Key = v.Key("get", "login.passkey", "beside")
	}
	if journey.Recovers(v.Fund) {
		d.Forgot = "/password/forgot"
	}
	if len(v.Wrong) == 0 {
		return d, nil
	}
	task, err := v.Journeys.SignInTask(v.Context(), v.Fund, v.Visitor(), v.Form.Get("username"))
	d.Work = page.Work{V: v, Task: task}
	return d, err
}

// secret is the password's field. Where the membership number opens the way to
// a first password, it says so.
func secret(v *page.Visit) page.Secret {
	pairs := []string{"blame", "username"}
	if journey.Numbers(v.Fund) {
		pairs = append(pairs, "hint", "field.password.first")
	}
	return v.Secret("password", "field.password", "current-password", pairs...)
}

// Take signs in.
func (Page) Take(v *page.Visit) (string, error) {
	r, err := v.Journeys.SignIn(v.Context(), v.Fund, v.Visitor(), v.Form.Get("username"), v.Form.Get("password"))
	if err != nil {
		return "", err
	}
	return v.Follow(r), nil
}
