// Package passwordnew is where a member chooses a password. It is set by the code
// that comes next (F-16).
package passwordnew

import (
	_ "embed"
	"errors"

	"aditus/internal/access"
	"aditus/internal/journey"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{}

// Inputs are the password, and which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"password", "do"} }

// data is what the page's HTML needs.
type data struct {
	Rules access.PasswordRules
	Login string // for password managers
	Steps bool   // the channel has just been proved
	Due   bool   // asked for at sign-in, because it was left
	Lost  bool   // the old one was forgotten: the code came first
	Raise bool   // the one in use breaks the rules of today
	Left  int    // sign-ins for which that can still be put off
	Code  bool   // a code comes behind it
}

// Show asks for it. Who has just signed in, and not asked for the change, reads why.
func (Page) Show(v *page.Visit) (any, error) {
	j, m, err := v.Journey(journey.Password)
	if err != nil {
		return nil, err
	}
	d := data{Rules: v.Fund.Password, Login: m.Main().Login, Steps: journey.Proved(v.Fund, j)}
	d.Lost = j.Goal == "recover"
	if d.Left, d.Raise, err = v.Journeys.Raises(v.Context(), v.Fund, j); err != nil {
		return nil, err
	}
	d.Due = !d.Steps && !d.Lost && !d.Raise && j.Goal != "enrol" && j.Session == ""
	d.Code = !d.Lost && !journey.Last(v.Fund, j)
	if journey.Named(v.Fund) {
		d.Login, err = v.Journeys.Name(v.Context(), v.Fund, j, m)
	}
	return d, err
}

// Take goes on to the code, or leaves.
func (Page) Take(v *page.Visit) (string, error) {
	j, m, err := v.Journey(journey.Password)
	if err != nil {
		if errors.Is(err, page.Elsewhere("/otp")) && v.Form.Get("password") != "" {
			v.Tell("password_chosen") // in another tab: it is that one which the code saves
		}
		return "", err
	}
	switch v.Form.Get("do") {
	case "":
	case "cancel":
		return v.CancelJourney()
	case "later":
		r, err := v.Journeys.Postpone(v.Context(), v.Fund, v.Visitor(), j, m)
		if err != nil {
			return "", err
		}
		if r.Session != "" {
			v.Tell("postponed")
		}
		return v.Follow(r), nil
	default:
		return "", access.Refuse("form_unknown")
	}
	r, err := v.Journeys.NewPassword(v.Context(), v.Fund, v.Visitor(), j, m, v.Form.Get("password"))
	if err != nil {
		return "", err
	}
	if r.Session != "" {
		v.Tell("password_saved")
	}
	if j.Goal == "recover" && r.To == journey.SignIn {
		v.LeaveJourney()
		v.Tell("password_reset")
	}
	return v.Follow(r), nil
}
