// Package otp is the page of the code, wherever a journey asks for one: for a
// channel, for a new password, at sign-in (ux.md 4.7).
package otp

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

// Page is the page.
type Page struct{}

// Inputs are the code, and which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"otp", "do"} }

// data is what the page's HTML needs.
type data struct {
	Code page.Code
	For  string // the text key of what it is for
}

// purposes are what the code of a journey is for.
var purposes = map[string]string{
	access.PurposeChannel:  "otp.for_channel",
	access.PurposePassword: "otp.for_password",
	access.PurposeSignIn:   "otp.for_sign_in",
	access.PurposeRecover:  "otp.for_recover",
	access.PurposeMobile:   "otp.for_mobile",
}

// Show says where the code stands, and asks for it if it can be typed.
func (Page) Show(v *page.Visit) (any, error) {
	j, _, err := v.Journey(journey.Code)
	if err != nil {
		return nil, err
	}
	st, err := v.Journeys.Status(v.Context(), v.Fund, j)
	if err != nil {
		return nil, err
	}
	d := data{Code: v.Code(st, "/otp"), For: purposes[journey.Purpose(j)]}
	d.Code.Silent = j.Goal == "recover"
	return d, nil
}

// Take hears the code, asks for a new one, or leaves.
func (Page) Take(v *page.Visit) (string, error) {
	j, m, err := v.Journey(journey.Code)
	if err != nil {
		return "", err
	}
	switch v.Form.Get("do") {
	case "":
	case "again":
		return "/otp", page.OnCode(v.Journeys.Again(v.Context(), v.Fund, v.Visitor(), j, m))
	case "cancel":
		return v.CancelJourney()
	default:
		return "", access.Refuse("form_unknown")
	}
	r, err := v.Journeys.Answer(v.Context(), v.Fund, v.Visitor(), j, m, v.Form.Get("otp"))
	if err != nil {
		return "", page.OnCode(err)
	}
	if r.Session != "" && journey.Purpose(j) == access.PurposePassword {
		if j.Goal == "secure_channel" && m.Access(v.Fund) == "full" {
			v.Tell("enrolled")
		} else {
			v.Tell("password_saved")
		}
	}
	if r.To == journey.Safety {
		v.LeaveJourney()
		v.Tell("mobile_trusted")
	}
	return v.Follow(r), nil
}
