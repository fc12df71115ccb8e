package script

import (
	"errors"
	"regexp"

	"golang.org/x/net/html"

	"aditus/internal/work"
)

// calculate does what the page's script would have done: the work that is asked
// for before the form is heard.
func (w *world) calculate() error {
	if w.tab.page == nil {
		return errors.New("no page is open")
	}
	for place := range w.tab.page.Descendants() {
		if !has(place, "data-work") {
			continue
		}
		proof, err := work.Solve(attr(place, "data-work"))
		if err != nil {
			return err
		}
		for field := range place.Descendants() {
			if field.Type == html.ElementNode && attr(field, "name") == "work" {
				w.tab.typed[field] = proof
				return nil
			}
		}
	}
	return errors.New("the page asks for no work")
}

// task is the work that a page asks for, another each time.
var task = regexp.MustCompile(`data-work="[^"]*"`)
