// Package passkeyedit is one of a member's passkeys: to be called something else, or
// removed, for which a code comes first.
package passkeyedit

import (
	_ "embed"
	"slices"

	"aditus/internal/access"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{}

// Inputs are the name, and which of the buttons was pressed.
func (Page) Inputs(*page.Visit) []string { return []string{"name", "do"} }

// Show reads it. One that is gone leads to those there are.
func (Page) Show(v *page.Visit) (any, error) {
	all, err := v.Journeys.Passkeys(v.Context(), v.Fund, v.Visitor())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(p access.Passkey) bool { return p.ID == v.PathValue("id") })
	if i < 0 {
		return nil, page.Elsewhere("/security/passkeys")
	}
	return all[i], nil
}

// Take gives it another name, or begins to remove it.
func (Page) Take(v *page.Visit) (string, error) {
	switch id := v.PathValue("id"); v.Form.Get("do") {
	case "rename":
		if err := v.Journeys.RenamePasskey(v.Context(), v.Fund, v.Visitor(), id, v.Form.Get("name")); err != nil {
			return "", err
		}
		v.Tell("passkey_renamed")
		return "/security/passkeys", nil
	case "remove":
		r, err := v.Journeys.RemovePasskey(v.Context(), v.Fund, v.Visitor(), id)
		if err != nil {
			return "", err
		}
		return v.Follow(r), nil
	}
	return "", access.Refuse("form_unknown")
}
