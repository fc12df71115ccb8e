// Package enrolletter asks for the three data of a letter: the national number, the
// birth date and the activation code (S-4). What is wrong with them is one text.
package enrolletter

import (
	_ "embed"

	"aditus/internal/journey"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page. Its HTML needs the browser's task, if there is one.
type Page struct{}

// Inputs are the three, and what the browser worked out.
func (Page) Inputs(*page.Visit) []string {
	return []string{"ahv", "birth_date", "activation_code", "work"}
}

// here leads those elsewhere for whom the page is not.
func here(v *page.Visit) error {
	if v.SignedIn() || !journey.Enrols(v.Fund) {
		return page.Elsewhere("/enrol")
	}
	return nil
}

// Show asks for them.
func (Page) Show(v *page.Visit) (any, error) {
	if err := here(v); err != nil {
		return nil, err
	}
	task, err := v.Journeys.LetterTask(v.Context(), v.Fund, v.Visitor(), v.Form.Get("ahv"))
	return page.Work{V: v, Task: task}, err
}

// Take begins the enrolment.
func (Page) Take(v *page.Visit) (string, error) {
	if err := here(v); err != nil {
		return "", err
	}
	r, err := v.Journeys.Enrol(v.Context(), v.Fund, v.Visitor(),
		journey.Letter{AHV: v.Form.Get("ahv"), Born: v.Form.Get("birth_date"), Code: v.Form.Get("activation_code")})
	if err != nil {
		return "", err
	}
	return v.Follow(r), nil
}
