package web

import (
	"testing"

	"aditus/internal/web/page"
)

// A page's template is made when it is first drawn. What is wrong with one is
// found here, and not by the first member who comes to it.
func TestEveryPageParses(t *testing.T) {
	for _, r := range routes() {
		func() {
			defer func() {
				if fault := recover(); fault != nil {
					t.Errorf("%s: %v", r.path, fault)
				}
			}()
			page.Parse(r.html)
		}()
	}
	page.Parse(errorHTML)
}
