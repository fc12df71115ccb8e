// Package passwordchange begins the change of the password, from the security
// page. It is never drawn.
package passwordchange

import (
	"aditus/internal/access"
	"aditus/internal/web/page"
)

// HTML is the page's template.
const HTML = page.None

// Page is the page.
type Page struct{}

// Show leads to where the change begins.
func (Page) Show(*page.Visit) (any, error) { return nil, page.Elsewhere("/security") }

// Take begins. Without a channel there is no code to do it with: the invitation
// says how to get one. Nor without a PIN or a reliable mobile where the fund asks
// for them: the first comes with a new password, and how the mobile stands the
// security page says.
func (Page) Take(v *page.Visit) (string, error) {
	r, err := v.Journeys.ChangePassword(v.Context(), v.Fund, v.Visitor())
	switch {
	case access.Refused(err, "channel_needed"):
		return "/channel", nil
	case access.Refused(err, "pin_needed"):
		return "/password/forgot", nil
	case access.Refused(err, "mobile_needed"):
		return "/security", nil
	case err != nil:
		return "", err
	}
	return v.Follow(r), nil
}
