package browsertest

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// JS lets the page's scripts run or not, from the next page on.
func (p *Page) JS(on bool) {
	p.t.Helper()
	p.set(call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}))
	p.noJS = !on
}

// Size makes the window so wide and high, in CSS pixels.
func (p *Page) Size(width, height int) {
	p.t.Helper()
	p.set(run(p, chromedp.EmulateViewport(int64(width), int64(height))))
}

// Media says how the page is shown: in the dark, in the few colours of a
// contrast theme, on paper, to somebody who asked for less motion.
type Media struct{ Dark, ForcedColors, Print, ReducedMotion bool }

// Media shows the page so, and every page after it.
func (p *Page) Media(m Media) {
	p.t.Helper()
	choose := func(yes bool, a, b string) string {
		if yes {
			return a
		}
		return b
	}
	p.set(call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: choose(m.Print, "print", ""),
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: choose(m.Dark, "dark", "light")},
			{Name: "forced-colors", Value: choose(m.ForcedColors, "active", "none")},
			{Name: "prefers-reduced-motion", Value: choose(m.ReducedMotion, "reduce", "no-preference")},
		},
	}))
}

// Zoom sets the size of text a person has chosen in the browser, in per cent
// (WCAG 1.4.4 asks for 200), for this page and every page after it. For what a
// browser calls zoom, use [Page.Size].
func (p *Page) Zoom(percent int) {
	p.t.Helper()
	p.set(call(p, page.SetFontSizes, page.SetFontSizesParams{FontSizes: &page.FontSizes{
		Standard: int64(16 * percent / 100), Fixed: int64(13 * percent / 100),
	}}))
	p.zoomed = percent != 100
}

// Spacing spreads the text of this page as WCAG 1.4.12 asks for: lines 1.5,
// letters 0.12, words 0.16, paragraphs 2 times the size of the font.
func (p *Page) Spacing() {
	p.t.Helper()
	p.set(run(p, chromedp.Evaluate[chromedp.Void](`(`+pageJS+`).spacing()`)))
}

// Lang sends header as Accept-Language from the next request on, word for word.
func (p *Page) Lang(header string) {
	p.t.Helper()
	p.set(call(p, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": header}}))
}

// Cookies are those the browser would send to this page, with their attributes.
func (p *Page) Cookies() []*http.Cookie {
	p.t.Helper()
	r, err := call(p, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		p.fail("reading the cookies: %v", err)
	}
	sameSite := map[network.CookieSameSite]http.SameSite{
		network.CookieSameSiteStrict: http.SameSiteStrictMode,
		network.CookieSameSiteLax:    http.SameSiteLaxMode,
		network.CookieSameSiteNone:   http.SameSiteNoneMode,
	}
	var cookies []*http.Cookie
	for _, c := range r.Cookies {
		cookie := &http.Cookie{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: c.Secure, HttpOnly: c.HTTPOnly, SameSite: sameSite[c.SameSite]}
		if !c.Session {
			cookie.Expires = time.UnixMilli(int64(c.Expires * 1000)).UTC()
		}
		cookies = append(cookies, cookie)
	}
	return cookies
}

// Screenshot writes the whole page as name.png into the directory that
// ADITUS_SHOTS names; without that it does nothing.
func (p *Page) Screenshot(name string) {
	p.t.Helper()
	dir := os.Getenv("ADITUS_SHOTS")
	if dir == "" {
		return
	}
	png, err := p.picture()
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, "/", "-")+".png"), png, 0o644)
	}
	if err != nil {
		p.fail("screenshot %s: %v", name, err)
	}
}

// picture is the whole page as PNG. To show what lies below the window Chromium
// forgets the size of text for the time of the picture: then the window is made
// as high as the page instead.
func (p *Page) picture() ([]byte, error) {
	p.t.Helper()
	if !p.zoomed {
		return run(p, chromedp.FullScreenshot(100))
	}
	was := Eval[[]int](p, `[innerWidth, innerHeight, document.documentElement.scrollHeight]`)
	p.Size(was[0], was[2])
	defer p.Size(was[0], was[1])
	r, err := call(p, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	return r.Data, err
}

// set is for commands that only fail if the harness is wrong.
func (p *Page) set(_ any, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("browsertest: %v", err)
	}
}
