// Package display lets anybody choose the size of the text and the colours, for
// this browser, without a script.
package display

import (
	_ "embed"

	"aditus/internal/access"
	"aditus/internal/web/page"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{}

// Inputs are the size and the theme.
func (Page) Inputs(*page.Visit) []string { return []string{"size", "theme"} }

type data struct{ Size, Theme page.Radios }

// Show shows what is chosen now.
func (Page) Show(v *page.Visit) (any, error) {
	size, theme := v.Display()
	return data{
		Size: v.Radios("size", "display.size", size,
			page.Option{Value: "normal", Label: v.T("size.normal")},
			page.Option{Value: "large", Label: v.T("size.large")},
			page.Option{Value: "xlarge", Label: v.T("size.larger")}),
		Theme: v.Radios("theme", "display.theme", theme,
			page.Option{Value: "auto", Label: v.T("theme.auto")},
			page.Option{Value: "light", Label: v.T("theme.light")},
			page.Option{Value: "dark", Label: v.T("theme.dark")}),
	}, nil
}

// Take keeps the choice in the browser.
func (Page) Take(v *page.Visit) (string, error) {
	if !v.SetDisplay(v.Form.Get("size"), v.Form.Get("theme")) {
		return "", access.Refuse("form_unknown")
	}
	v.Tell("display_saved")
	return "/display", nil
}
