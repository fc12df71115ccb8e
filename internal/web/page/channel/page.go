// Package channel is the invitation to the secure channel (F-5): what it is for,
// its three steps, and not now. With a channel in use it says so, and offers to
// change it the same way; without a contact on file it can only lead to the
// fund's ways (F-28).
package channel

import (
	_ "embed"
	"time"

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

// Inputs is which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"do"} }

// data is what the page's HTML needs.
type data struct {
	Active    access.Channel
	Masked    string // of the channel in use
	Reachable bool   // there is a contact on file
	Other     bool   // there is one beside the channel in use
	Postpone  bool   // it can be put off
	Until     time.Time
	At        int    // the step to do now: 1 the contact, 2 the code
	Resume    string // the page on which the steps go on, "" before they began
}

// Show says how things stand. A fund whose members choose no channel has no
// such page.
func (Page) Show(v *page.Visit) (any, error) {
	if _, ok := v.Fund.Flow("secure_channel"); !ok {
		return nil, page.Elsewhere("/")
	}
	return read(v)
}

func read(v *page.Visit) (d data, err error) {
	m, active, err := v.Area.Member(v.Context(), v.Fund, v.Session.Member)
	if err != nil {
		return d, err
	}
	d = data{Active: active, Reachable: journey.Reachable(v.Fund, m), Other: other(m, active), Until: v.Fund.SignIn.InviteUntil, At: 1}
	d.Postpone = !d.Reachable || !journey.Overdue(v.Fund, v.Now())
	switch active.Kind {
	case access.SMS:
		d.Masked = access.MaskPhone(active.Address)
	case access.Email:
		d.Masked = access.MaskEmail(active.Address)
	}
	j, _, err := v.Journeys.Load(v.Context(), v.Fund, v.Visitor())
	if access.Refused(err, "journey_ended") || err == nil && j.Goal != "secure_channel" {
		return d, nil
	}
	if err != nil {
		return d, err
	}
	d.Resume = page.Path(journey.Where(v.Fund, j))
	if journey.Where(v.Fund, j) == journey.Code {
		d.At = 2
	}
	return d, nil
}

// other reports whether the register has a usable contact that is not the
// channel in use.
func other(m access.Member, active access.Channel) bool {
	for _, kind := range []access.Kind{access.Email, access.SMS} {
		if address := m.OnFile(kind); address != "" && (kind != active.Kind || address != active.Address) {
			return true
		}
	}
	return false
}

// Take begins, or puts off.
func (Page) Take(v *page.Visit) (string, error) {
	d, err := read(v)
	if err != nil {
		return "", err
	}
	switch v.Form.Get("do") {
	case "begin":
		return begin(v, d)
	case "postpone":
		if d.Active.ID == "" && !d.Postpone {
			return "", access.Refuse("channel_overdue")
		}
		v.Tell("postponed")
		return "/", nil
	}
	return "", access.Refuse("form_unknown")
}

// begin goes on where the steps stand, or to the credentials, unless they have
// just been typed and the fund does not ask for them again (security.md 4.9).
func begin(v *page.Visit, d data) (string, error) {
	switch {
	case d.Resume != "":
		return d.Resume, nil
	case !d.Reachable:
		return "", access.Refuse("channel_none")
	case d.Active.ID != "" && !d.Other:
		return "", access.Refuse("channel_active")
	}
	r, ok, err := v.Journeys.Fresh(v.Context(), v.Fund, v.Visitor())
	if err != nil {
		return "", err
	}
	if ok {
		return v.Follow(r), nil
	}
	return "/channel/identify", nil
}
