package browsertest

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func ids(v []Violation) []string {
	var s []string
	for _, v := range v {
		s = append(s, v.ID)
	}
	return s
}

// Axe finds what was planted, and nothing where nothing is, scripts on or off.
func TestAxe(t *testing.T) {
	url := site(t)
	for _, noJS := range []bool{false, true} {
		p := New(t, Options{NoJS: noJS})
		p.Open(url + "/bad.html")
		found, _ := p.Axe()
		for _, want := range []string{"color-contrast", "label", "image-alt"} {
			if !slices.Contains(ids(found), want) {
				t.Errorf("NoJS=%v: axe did not find %s, only %q", noJS, want, ids(found))
			}
		}
		if s := found[0].String(); !strings.Contains(s, found[0].ID) || !strings.Contains(s, found[0].Nodes[0]) {
			t.Errorf("a violation reads %q", s)
		}
		p.Open(url + "/good.html")
		if found, _ := p.Axe(); len(found) > 0 {
			t.Errorf("NoJS=%v: axe found %v", noJS, found)
		}
		p.Open(url)
		if noJS {
			p.See("Senza script")
			p.NotSee("Con script") // the scripts are off again
		}
	}
}

// Axe also runs where the content security policy lets nothing run.
func TestAxeUnderPolicy(t *testing.T) {
	p := New(t, Options{})
	p.Open(site(t) + "/strict")
	before := len(p.Console())
	if found, _ := p.Axe(); len(found) == 0 {
		t.Error("the page has two boxes of the same name and a label without a field; axe found nothing")
	}
	if c := p.Console(); len(c) != before {
		t.Errorf("axe itself made a noise: %q", c[before:])
	}
}

// The console holds what went wrong and nothing else.
func TestConsole(t *testing.T) {
	url := site(t)
	p := New(t, Options{})
	p.Open(url + "/loud.html")
	p.Open(url + "/strict")
	p.Open(url)
	p.Press("Entra") // 422 is a page
	all := strings.Join(p.Console(), "\n")
	for _, want := range []string{"console: questo", "exception: Uncaught Error: anche questo", "404", "/missing.png", "/missing.css", "security: Applying inline style"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in:\n%s", want, all)
		}
	}
	for _, not := range []string{"non conta", "422", "favicon"} {
		if strings.Contains(all, not) {
			t.Errorf("%q in:\n%s", not, all)
		}
	}
}

func TestSizes(t *testing.T) {
	url := site(t)
	p := New(t, Options{Width: 320})
	p.Open(url + "/wide.html")
	if said := failing(p, (*Page).NoSidewaysScroll); !strings.Contains(said, "in a window of 320 px") || !strings.Contains(said, "<td") || !strings.Contains(said, "ERROR") {
		t.Errorf("a wide page says %q", said)
	}
	p.Size(1280, 800)
	p.NoSidewaysScroll()
	p.Open(url + "/bad.html")
	if said := failing(p, func(p *Page) { p.Targets(24) }); !strings.Contains(said, `"Piccolo" is`) || strings.Contains(said, "collegamento") {
		t.Errorf("small things: %q", said)
	}
	p.Open(url + "/good.html")
	p.Targets(44)
	if w := p.Weight(); w < 500 || w > 5_000 {
		t.Errorf("a small page weighs %d bytes", w)
	}
	p.Open(url)
	if w := p.Weight(); w < 20_000 || w > 25_000 {
		t.Errorf("a page with a style of 20 kB weighs %d bytes", w)
	}
	p.Open(url) // nothing is remembered
	if w := p.Weight(); w < 20_000 {
		t.Errorf("the second time it weighs %d bytes", w)
	}
}

// The page is shown in the dark, on paper, in few colours, with less motion,
// with larger and wider text, and back.
func TestMedia(t *testing.T) {
	for _, noJS := range []bool{false, true} {
		p := New(t, Options{NoJS: noJS})
		p.Open(site(t) + "/good.html")
		style := func(name string) string {
			return Eval[string](p, `getComputedStyle(document.body).getPropertyValue("`+name+`")`)
		}
		is := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("NoJS=%v: %s is %s, want %s", noJS, what, got, want)
			}
		}
		is("colour", style("color"), "rgb(17, 17, 17)")
		p.Media(Media{Dark: true, ReducedMotion: true})
		is("colour in the dark", style("color"), "rgb(238, 238, 238)")
		is("motion", style("--motion"), "no")
		p.Media(Media{Print: true})
		is("colour on paper", style("color"), "rgb(0, 0, 0)")
		is("motion", style("--motion"), "yes")
		p.Media(Media{ForcedColors: true})
		if !Eval[bool](p, `matchMedia("(forced-colors: active)").matches`) {
			t.Error("colours are not forced")
		}
		p.Media(Media{})
		is("colour", style("color"), "rgb(17, 17, 17)")
		is("text", style("font-size"), "16px")
		p.Zoom(200)
		is("text at 200 %", style("font-size"), "32px")
		p.Spacing()
		is("letters", style("letter-spacing"), "3.84px")
		if c := p.Console(); len(c) > 0 {
			t.Errorf("console %q", c)
		}
	}
}

// Somebody walks through with the keyboard and sees where they are.
func TestKeyboard(t *testing.T) {
	url := site(t)
	p := New(t, Options{})
	p.Open(url + "/good.html")
	if p.Focused() != "" {
		t.Errorf("%q has the focus", p.Focused())
	}
	if said := failing(p, (*Page).FocusShown); !strings.Contains(said, "nothing has the focus") {
		t.Errorf("no focus says %q", said)
	}
	var walk []string
	for _, key := range []string{"Tab", "Tab", "Shift+Tab"} {
		p.Key(key)
		p.FocusShown()
		walk = append(walk, p.Focused())
	}
	if got := strings.Join(walk, " "); got != "Primo Secondo Primo" {
		t.Errorf("walked %s", got)
	}
	p.Open(url + "/bad.html")
	p.Key("Tab", "Tab", "Tab", "Tab")
	if said := failing(p, (*Page).FocusShown); !strings.Contains(said, "looks like any other") || !strings.Contains(said, `"Muto"`) {
		t.Errorf("a focus that is not drawn says %q", said)
	}
	p.Open(url)
	p.Fill("Codice fiscale", "ABC")
	p.Key("Tab")
	if p.Focused() != "Password" {
		t.Errorf("%q has the focus", p.Focused())
	}
}

func TestScreenshot(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shots")
	p := New(t, Options{Width: 320})
	p.Open(site(t) + "/good.html")
	t.Setenv("ADITUS_SHOTS", dir)
	p.Screenshot("area/buona")
	b, err := os.ReadFile(filepath.Join(dir, "area-buona.png"))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil || img.Bounds().Dx() != 320 {
		t.Errorf("the picture is %v, %v", img.Bounds(), err)
	}
	// A page with big text is longer, and so is its picture.
	p.Zoom(200)
	p.Screenshot("area/grande")
	if b, err = os.ReadFile(filepath.Join(dir, "area-grande.png")); err != nil {
		t.Fatal(err)
	}
	big, err := png.Decode(bytes.NewReader(b))
	if err != nil || big.Bounds().Dx() != 320 || big.Bounds().Dy() != Eval[int](p, `document.documentElement.scrollHeight`) {
		t.Errorf("the picture of big text is %v, %v", big.Bounds(), err)
	}
	if size := Eval[[]int](p, `[innerWidth, innerHeight]`); size[0] != 320 || size[1] != 900 {
		t.Errorf("after the picture the window is %v", size)
	}
}

// A key that moves the focus does not type where the focus then is.
func TestKeyMovesFocus(t *testing.T) {
	p := New(t, Options{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><title>`+r.URL.RawQuery+`</title><a href="#f">Al campo</a><form><input id="f" name="f" aria-label="Campo"></form>`)
	}))
	t.Cleanup(s.Close)
	p.Open(s.URL)
	p.Key("Tab", "Enter")
	if p.Focused() != "Campo" || p.Title() != "" {
		t.Errorf("%q has the focus, the form was sent: %q", p.Focused(), p.Title())
	}
	p.Key("Enter")
	if p.Title() != "f=" {
		t.Errorf("Enter in the field did not send the form: %s", p.URL())
	}
}

// What goes wrong in a part of a test is that part's.
func TestIn(t *testing.T) {
	p := New(t, Options{})
	var said strings.Builder
	q := p.In(recorder{t, &said})
	q.Open(site(t) + "/wide.html")
	q.Size(320, 600)
	q.NoSidewaysScroll()
	if !strings.Contains(said.String(), "px wide") {
		t.Errorf("the part heard %q", said.String())
	}
}
