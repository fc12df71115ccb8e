// Package qr draws QR codes for a page.
package qr

import (
	"fmt"
	"html"
	"html/template"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// quiet is the white border in modules, without which cameras do not see the code
// (ISO/IEC 18004, 9.1).
const quiet = 4

// SVG draws a text as a QR code, dark on white with its border, to stand in a page
// as it is: it has no style, script or reference, so no Content-Security-Policy
// minds it, and it stays dark on white in a dark page. label is what those hear
// who do not see it, in their language; say there, too, where the text can be had
// in letters. The page gives the size; its sides are one module a unit.
//
// Error correction is level M: 15 of 100 may be unreadable. An error says that the
// text is too long: more than 2,331 bytes.
func SVG(text, label string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("qr: %w", err)
	}
	side := code.Bounds().Dx()
	dark := func(x, y int) bool { r, _, _, _ := code.At(x, y).RGBA(); return r == 0 }
	var path strings.Builder
	for y := range side {
		for x := 0; x < side; x++ {
			from := x
			for x < side && dark(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	all := side + 2*quiet
	return template.HTML(fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%dv%dH0z"/><path fill="#000" d="%s"/></svg>`,
		all, all, html.EscapeString(strings.ToValidUTF8(label, "")), all, all, path.String())), nil
}
