// Package passkeynew has the browser make a passkey, once the code for it was right.
package passkeynew

import (
	_ "embed"

	"aditus/internal/access"
	"aditus/internal/journey"
	"aditus/internal/web/page"
	"aditus/internal/web/page/act"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{}

// data is what the page's HTML needs.
type data struct {
	Key  *page.Key
	Name string // what it may be called
}

// Inputs are the name, what to do, and the browser's answer.
func (Page) Inputs(*page.Visit) []string { return []string{"name", "do", "answer"} }

// Show has the name and the button. The browser and system are a name to begin with.
func (Page) Show(v *page.Visit) (any, error) {
	if _, _, err := v.Journey(journey.NewKey); err != nil {
		return nil, err
	}
	return data{v.Key("create", "passkey_new.button"), act.Agent(v, v.Agent)}, nil
}

// Take asks the browser to make one, or keeps what it made.
func (Page) Take(v *page.Visit) (string, error) {
	j, m, err := v.Journey(journey.NewKey)
	if err != nil {
		return "", err
	}
	if v.Form.Get("do") == "cancel" {
		return v.CancelJourney()
	}
	answer, answered, err := v.Answered()
	if err != nil {
		return "", err
	}
	if !answered {
		return "", v.Question(v.Journeys.AskNewKey(v.Context(), v.Fund, v.Visitor(), j, m, v.Form.Get("name")))
	}
	to, err := v.Journeys.NewKey(v.Context(), v.Fund, v.Visitor(), j, m, answer, v.Form.Get("name"))
	switch {
	case access.Refused(err, "passkey_many"):
		v.LeaveJourney()
		return "", err
	case err != nil:
		return "", err
	}
	if to == journey.Passkeys {
		v.LeaveJourney()
		v.Tell("passkey_added")
	}
	return page.Path(to), nil
}

// Data is the question, for the script.
func (Page) Data(v *page.Visit) (any, error) { return v.Asked() }
