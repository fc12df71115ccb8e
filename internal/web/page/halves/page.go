// Package halves is where somebody types back the halves of what was sent two
// ways: the code that came by mail and then the one by SMS, or after a temporary
// password the PIN that came by mail (security.md 4.1). Until a half was right
// the page says the same to everybody.
package halves

import (
	_ "embed"
	"errors"

	"aditus/internal/access"
	"aditus/internal/journey"
	"aditus/internal/texts"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{}

// Inputs are the half, and which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"half", "do"} }

// data is what the page's HTML needs.
type data struct {
	Title, Lead string
	Field       page.Input // its ID is "" where there is nothing to type yet
	Again       bool       // a button sends the SMS again
	Refused     string     // what keeps the SMS from being sent
}

// Show says what to do next.
func (Page) Show(v *page.Visit) (any, error) {
	j, _, err := v.Journey(journey.HandOver)
	if err != nil {
		return nil, err
	}
	stage, st, err := v.Journeys.StageOf(v.Context(), v.Fund, j)
	if err != nil {
		return nil, err
	}
	n := journey.HalfLength(j)
	switch stage {
	case journey.StageMail:
		return data{Title: v.T("halves.title_mail"), Lead: v.T("halves.lead_mail", "n", n, "until", texts.Clock(j.StartedAt.Add(journey.MailLife))),
			Field: field(v, "field.half_mail", n, "characters")}, nil
	case journey.StagePIN:
		return data{Title: v.T("halves.title_pin"), Lead: v.T("halves.lead_pin", "n", n), Field: field(v, "field.half_pin", n, "characters")}, nil
	case journey.StageSMS:
		return data{Title: v.T("halves.title_sms"), Lead: v.T("halves.lead_sms", "n", n, "until", texts.Clock(st.Challenge.ExpiresAt)),
			Field: field(v, "field.half_sms", n, ""), Again: true}, nil
	}
	return data{Title: v.T("halves.title_ask"), Lead: v.T("halves.lead_ask"), Refused: v.Error("send")}, nil
}

// field is the one input, of capitals where the half has letters.
func field(v *page.Visit, label string, n int, capitals string) page.Input {
	pairs := []string{"class", "govuk-input--width-20", "autocomplete", "one-time-code"}
	if capitals != "" {
		pairs = append(pairs, "capitalize", capitals)
	} else {
		pairs = append(pairs, "inputmode", "numeric")
	}
	in := v.Input("half", label, pairs...)
	in.Label = v.T(label, "n", n)
	return in
}

// Take hears a half, sends the SMS, or leaves.
func (Page) Take(v *page.Visit) (string, error) {
	j, m, err := v.Journey(journey.HandOver)
	if err != nil {
		return "", err
	}
	switch v.Form.Get("do") {
	case "":
	case "send":
		err := v.Journeys.SendHalf(v.Context(), v.Fund, v.Visitor(), j, m)
		if r, ok := errors.AsType[*access.Refusal](err); ok {
			return "", access.RefuseField("send", r.Code, r.Args...)
		}
		return "/recover", err
	case "cancel":
		return v.CancelJourney()
	default:
		return "", access.Refuse("form_unknown")
	}
	to, err := v.Journeys.HandOver(v.Context(), v.Fund, v.Visitor(), j, m, v.Form.Get("half"))
	return page.Path(to), err
}
