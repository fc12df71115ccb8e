// Package profiles is where somebody who has several profiles says for whom they are
// here (C-21, C-22): themselves, in one role or another, or a person they act for.
// Whatever is shown and asked for from then on is that person's.
package profiles

import (
	_ "embed"

	"aditus/internal/access"
	"aditus/internal/texts"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{}

// Inputs is the choice.
func (Page) Inputs(*page.Visit) []string { return []string{"profile"} }

// data is what the page's HTML needs.
type data struct {
	Options []page.Option
	Only    bool // what there was beside one's own is not open any more
}

// Show offers the profiles. Who has but their own has nothing to choose.
func (Page) Show(v *page.Visit) (any, error) {
	if !v.Session.Several {
		return nil, page.Elsewhere("/")
	}
	all, err := v.Sessions.Profiles(v.Context(), v.Fund, v.Session)
	if err != nil {
		return nil, err
	}
	options := make([]page.Option, 0, len(all))
	for _, p := range all {
		what := describe(v, p.Member)
		o := page.Option{Value: p.Member.ID, Label: v.T("profiles.own")}
		switch {
		case p.For == access.ProfileMandate:
			o.Label, o.Hint = v.T("profiles.for", "person", texts.Plain(v.Format(p.Name()))), what
		case what != "":
			o.Label = v.T("profiles.own_as", "what", texts.Plain(what))
		}
		options = append(options, o)
	}
	chosen := v.Session.Profile
	if len(all) == 1 {
		chosen = v.Session.Member
	}
	return data{v.Radios("profile", "profiles.title", chosen, options...).Options, len(all) == 1}, nil
}

// describe tells one profile from another: the role, and what the register calls it
// by, unless that is a number that the state gave.
func describe(v *page.Visit, m access.Member) string {
	e := m.Main()
	role := ""
	if key := "role." + e.Record.Kind; v.Voice.Has(key) {
		role = v.T(key)
	}
	switch {
	case v.Fund.Registry.Key.National():
		return role
	case role == "":
		return e.Number
	}
	return v.T("profiles.role", "role", role, "number", e.Number)
}

// Take opens the profile that was chosen.
func (Page) Take(v *page.Visit) (string, error) {
	whose := v.Form.Get("profile")
	if whose == "" {
		return "", access.RefuseField("profile", "profile_missing")
	}
	if !v.Session.Several {
		return "/", nil
	}
	err := v.Sessions.Choose(v.Context(), v.Fund, v.Session, whose)
	if access.Refused(err, "profile_closed") {
		err = access.RefuseField("profile", "profile_closed")
	}
	return "/", err
}
