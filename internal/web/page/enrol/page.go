// Package enrol is where somebody who has no access yet says who they are to the
// fund (S-3), and reads what they need. Others are told where to go.
package enrol

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

// data is what the page's HTML needs.
type data struct {
	Ask    page.Radios
	Others string // where those go for whom this is not, once they said so
}

// Inputs is the answer.
func (Page) Inputs(*page.Visit) []string { return []string{"audience"} }

// Show asks. Whoever is signed in is led to the first page, and whoever is at a
// fund that gives access in another way to that.
func (Page) Show(v *page.Visit) (any, error) {
	switch {
	case v.SignedIn():
		return nil, page.Elsewhere("/")
	case !journey.Enrols(v.Fund):
		return nil, page.Elsewhere("/first-access")
	}
	d := data{Ask: v.Radios("audience", "enrol.audience", "",
		page.Option{Value: "insured", Label: v.T("enrol.insured")}, page.Option{Value: "other", Label: v.T("enrol.other")})}
	if v.URL.Query().Get("for") == "other" {
		d.Others = v.Fund.Enrol.Others[v.Lang]
	}
	return d, nil
}

// Take goes on.
func (Page) Take(v *page.Visit) (string, error) {
	switch v.Form.Get("audience") {
	case "insured":
		return "/enrol/letter", nil
	case "other":
		return "/enrol?for=other", nil
	}
	return "", access.RefuseField("audience", "audience_missing")
}
