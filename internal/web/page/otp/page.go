// Package otp is the page of the code, wherever a journey asks for one: for a
// channel, for a new password, at sign-in (ux.md 4.7).
package otp

import (
	_ "embed"
	"html/template"

	"aditus/internal/access"
	"aditus/internal/journey"
	"aditus/internal/qr"
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
	Code    page.Code
	For     string // the text key of what it is for
	Typed   string // the address that was typed a moment ago, so that a slip is seen
	Correct string // the text key of the button that leads back to what was typed or chosen, or ""
	App     journey.App
	QR      template.HTML // of the app that is being set up
	Open    template.URL  // the same, for whoever reads the page on the telephone that has the app
	Backup  bool          // a backup code can stand for it
}

// purposes are what the code of a journey is for.
var purposes = map[string]string{
	access.PurposeChannel:  "otp.for_channel",
	access.PurposePassword: "otp.for_password",
	access.PurposeSignIn:   "otp.for_sign_in",
	access.PurposeRecover:  "otp.for_recover",
	access.PurposeUsername: "otp.for_username",
	access.PurposeFactor:   "otp.for_factor",
	access.PurposeFresh:    "otp.for_fresh",
	access.PurposeMobile:   "otp.for_mobile",
	access.PurposePIN:      "otp.for_pin",
	access.PurposePasskey:  "otp.for_passkey",
}

// Show says where the code stands, and asks for it if it can be typed.
func (Page) Show(v *page.Visit) (any, error) {
	j, m, err := v.Journey(journey.Code)
	if err != nil {
		return nil, err
	}
	st, err := v.Journeys.Status(v.Context(), v.Fund, j)
	if err != nil {
		return nil, err
	}
	d := data{Code: v.Code(st, "/otp"), For: purposes[journey.Purpose(j)]}
	step := journey.Step(v.Fund, j)
	d.Code.Silent = j.Goal == "recover" && !step.Says("factor") // by then the mailbox is proved
	d.Backup = journey.Backups(v.Fund, j)
	if d.For == "otp.for_sign_in" && v.Fund.SignIn.Code == "always" {
		d.For = "otp.for_sign_in_always"
	}
	switch journey.Purpose(j) {
	case access.PurposeFresh:
		if j.By == "replacement" {
			d.For = "otp.for_replace"
		}
	case access.PurposePasskey:
		if j.Passkey != "" {
			d.For = "otp.for_passkey_removed"
		}
	case access.PurposeUsername:
		d.Typed, d.Correct = j.Address, "otp.correct_address"
	case access.PurposeFactor:
		d.Correct = "otp.correct_factor"
		err = d.setUp(v, j, m)
	}
	return d, err
}

// setUp shows the app that the journey sets up: to be scanned, and in letters.
func (d *data) setUp(v *page.Visit, j access.Journey, m access.Member) (err error) {
	name, err := v.Journeys.Name(v.Context(), v.Fund, j, m)
	if err != nil {
		return err
	}
	app, ok := journey.NewApp(v.Fund, j, name)
	if !ok {
		return nil
	}
	d.App, d.For, d.Correct = app, "otp.for_app", "otp.correct_app"
	d.Open = template.URL(app.URI) // made here of escaped parts: no scheme that could do harm
	d.QR, err = qr.SVG(app.URI, v.T("otp.qr_label"))
	return err
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
	case "correct":
		r, err := v.Journeys.Back(v.Context(), v.Fund, v.Visitor(), j, m)
		return v.Follow(r), err
	default:
		return "", access.Refuse("form_unknown")
	}
	r, err := v.Journeys.Answer(v.Context(), v.Fund, v.Visitor(), j, m, v.Form.Get("otp"))
	if err != nil {
		return "", page.OnCode(err)
	}
	if r.Session != "" && journey.Purpose(j) == access.PurposePassword {
		if j.Goal == "secure_channel" && m.Access(v.Fund, v.Now()) == "full" {
			v.Tell("enrolled")
		} else {
			v.Tell("password_saved")
		}
	}
	if r.To == journey.Backup && r.Session == "" {
		v.LeaveJourney()
	}
	if r.To == journey.Passkeys {
		v.LeaveJourney()
		v.Tell("passkey_removed")
	}
	if r.To == journey.Safety {
		v.LeaveJourney()
		v.Tell("mobile_trusted")
	}
	return v.Follow(r), nil
}
