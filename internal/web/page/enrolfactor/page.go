// Package enrolfactor is where a member says how codes shall come: to a mobile
// number of their own choice, or from an app (S-10, S-11).
package enrolfactor

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

// data is what the page's HTML needs.
type data struct {
	Ask    page.Radios
	Sends  bool       // a number can be chosen
	Number page.Input // it
	Lead   string     // the text key of what led here
}

// Inputs are the choice, the number, and which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"factor", "number", "do"} }

// leads are what is said first, by how the person was known.
var leads = map[string]string{"backup": "enrol_factor.lost", "replacement": "enrol_factor.replace", "session": "enrol_factor.renew"}

// Show offers what the fund's file does.
func (Page) Show(v *page.Visit) (any, error) {
	j, _, err := v.Journey(journey.Factor)
	if err != nil {
		return nil, err
	}
	d := data{Lead: leads[j.By]}
	if d.Lead == "" {
		d.Lead = "enrol_factor.lead"
	}
	var options []page.Option
	for _, kind := range journey.Factors(v.Fund, j) {
		if kind == access.SMS {
			d.Sends = true
			options = append(options, page.Option{Value: "sms", Label: v.T("enrol_factor.sms"), Hint: v.T("enrol_factor.sms_hint")})
		} else {
			options = append(options, page.Option{Value: "totp", Label: v.T("enrol_factor.app"), Hint: v.T("enrol_factor.app_hint")})
		}
	}
	d.Ask = v.Radios("factor", "enrol_factor.legend", string(j.Factor.Kind), options...)
	d.Number = v.Input("number", "field.number", "type", "tel", "class", "govuk-input--width-20", "autocomplete", "tel", "inputmode", "tel")
	if _, typed := v.Form["number"]; !typed { // whoever corrects a number sees it
		d.Number.Value = j.Factor.Address
	}
	return d, nil
}

// Take goes on to the code, or leaves.
func (Page) Take(v *page.Visit) (string, error) {
	j, m, err := v.Journey(journey.Factor)
	if err != nil {
		return "", err
	}
	switch v.Form.Get("do") {
	case "":
	case "cancel":
		return v.CancelJourney()
	default:
		return "", access.Refuse("form_unknown")
	}
	to, err := v.Journeys.ChooseFactor(v.Context(), v.Fund, v.Visitor(), j, m, access.Kind(v.Form.Get("factor")), v.Form.Get("number"))
	if err != nil {
		return "", err
	}
	return page.Path(to), nil
}
