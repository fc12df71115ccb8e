// Package history tells a member what happened to their access, in plain words.
package history

import (
	_ "embed"

	"aditus/internal/web/page"
	"aditus/internal/web/page/act"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{ page.Reading }

// row is one thing that happened.
type row struct{ When, What, Where string }

// Show reads the member's own events, the latest first.
func (Page) Show(v *page.Visit) (any, error) {
	all, err := v.Area.History(v.Context(), v.Fund, v.Session.Member)
	if err != nil {
		return nil, err
	}
	rows := make([]row, 0, len(all))
	for _, h := range all {
		r := row{When: v.ShortStamp(h.At), What: v.T("history." + h.Kind)}
		if h.Agent != "" {
			r.Where = act.Agent(v, h.Agent)
		}
		rows = append(rows, r)
	}
	return rows, nil
}
