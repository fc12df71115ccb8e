// Package sessionstay keeps a session from ending for want of activity: being
// asked is enough. It is never drawn.
package sessionstay

import "aditus/internal/web/page"

// HTML is the page's template.
const HTML = page.None

// Page is the page.
type Page struct{}

// Show leads to the first page.
func (Page) Show(*page.Visit) (any, error) { return nil, page.Elsewhere("/") }

// Take does: the session was used by asking.
func (Page) Take(*page.Visit) (string, error) { return "/", nil }

// until is what the script of the dialog needs.
type until struct {
	Now   string `json:"now"`
	Until string `json:"until"`
	At    string `json:"at"` // the dialog's sentence with the new time
}

// Data tells the script how long the session lives now.
func (Page) Data(v *page.Visit) (any, error) {
	return until{v.Clockwork(), v.RFC3339(v.Limit()), v.T("session.ending", "time", v.Clock(v.Limit()))}, nil
}
