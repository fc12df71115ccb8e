// Package passkeys lists a member's passkeys, and is where another is added: a code
// comes first.
package passkeys

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

// Inputs is which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"do"} }

// key is one passkey, in words.
type key struct{ ID, Name, Made, Used, Host, Label string }

// Show lists them.
func (Page) Show(v *page.Visit) (any, error) {
	if !v.Fund.Factor.Passkeys {
		return nil, page.Elsewhere("/security")
	}
	all, err := v.Journeys.Passkeys(v.Context(), v.Fund, v.Visitor())
	if err != nil {
		return nil, err
	}
	var keys []key
	for _, p := range all {
		k := key{ID: p.ID, Name: p.Name, Made: v.T("passkeys.made", "date", texts.Day(p.MadeAt)), Label: v.T("passkeys.change_label", "name", p.Name)}
		switch {
		case !p.MutedAt.IsZero():
			k.Used = v.T("passkeys.muted")
		case p.UsedAt.IsZero():
			k.Used = v.T("passkeys.unused")
		default:
			k.Used = v.T("passkeys.used", "stamp", texts.Stamp(p.UsedAt))
		}
		if p.Host != v.Visitor().Host {
			k.Host = v.T("passkeys.host", "host", p.Host)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// Take begins to add one.
func (Page) Take(v *page.Visit) (string, error) {
	if v.Form.Get("do") != "add" {
		return "", access.Refuse("form_unknown")
	}
	r, err := v.Journeys.AddPasskey(v.Context(), v.Fund, v.Visitor())
	if err != nil {
		return "", err
	}
	return v.Follow(r), nil
}
