// Package channelchoose is where the member says to which of the contacts on
// file codes shall go (F-3, F-9). What somebody may not know yet is not shown:
// who came with a membership number sees which kinds there are, and no address.
package channelchoose

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

// Inputs are the choice, and which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"channel", "do"} }

// data is what the page's HTML needs.
type data struct {
	Choices []choice
	Any     bool // one of them can be chosen
	Digits  int  // of the code
	Minutes int  // it lives
}

// A choice is one radio button.
type choice struct {
	journey.Choice
	ID      string // the first that can be chosen is where an error leads
	Label   page.Said
	Hint    string
	Checked bool
}

// Show offers the choices.
func (Page) Show(v *page.Visit) (any, error) {
	j, m, err := v.Journey(journey.Choose)
	if err != nil {
		return nil, err
	}
	d := data{Digits: v.Fund.Code.Digits, Minutes: int(v.Fund.Code.TTL.Minutes())}
	for _, c := range journey.Choices(v.Fund, j, m) {
		one := label(v, c)
		one.ID = "channel-" + string(c.Kind)
		if c.OnFile && !d.Any {
			one.ID = "channel"
		}
		one.Checked = c.OnFile && v.Value("channel") == string(c.Kind)
		d.Any = d.Any || c.OnFile
		d.Choices = append(d.Choices, one)
	}
	return d, nil
}

// label words a choice.
func label(v *page.Visit, c journey.Choice) choice {
	plain := func(text, hint string) choice { return choice{Choice: c, Label: page.Said{Before: text}, Hint: hint} }
	switch {
	case c.Kind == access.SMS && !c.OnFile:
		return plain(v.T("channel_choose.sms_missing"), "")
	case c.Kind == access.SMS && c.Address == "":
		return plain(v.T("channel_choose.sms_kind"), v.T("channel_choose.sms_hint"))
	case c.Kind == access.SMS:
		return plain(v.T("channel_choose.sms_to", "last3", access.MaskPhone(c.Address)), v.T("channel_choose.sms_hint"))
	case !c.OnFile:
		return plain(v.T("channel_choose.email_missing"), "")
	case c.Address == "":
		return plain(v.T("channel_choose.email_kind"), v.T("channel_choose.email_hint"))
	}
	return choice{Choice: c, Label: v.Say("channel_choose.email_to", access.MaskEmail(c.Address)), Hint: v.T("channel_choose.email_hint")}
}

// Take sends the first code there.
func (Page) Take(v *page.Visit) (string, error) {
	j, m, err := v.Journey(journey.Choose)
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
	to, err := v.Journeys.Choose(v.Context(), v.Fund, v.Visitor(), j, m, access.Kind(v.Form.Get("channel")))
	if err != nil {
		return "", err
	}
	return page.Path(to), nil
}
