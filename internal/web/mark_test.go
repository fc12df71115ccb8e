package web

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"aditus/internal/access"
)

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What could have happened: a fund's logo is an SVG that runs on every page, or a
// picture that takes all the memory there is (security.md part 3, rows 43 and 44).
func TestReadMarks(t *testing.T) {
	good := picture(t, 120, 40)
	files := fstest.MapFS{
		"logo.png":  {Data: good},
		"svg.png":   {Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)},
		"wide.png":  {Data: picture(t, maxSide+1, 1)},
		"high.png":  {Data: picture(t, 1, maxSide+1)},
		"heavy.png": {Data: make([]byte, maxMark+1)},
		"cut.png":   {Data: good[:len(good)-20]},
	}
	for name, want := range map[string]string{"logo.png": "", "": "", "svg.png": "is no PNG", "wide.png": "2049 by 1 pixels", "high.png": "1 by 2049 pixels",
		"heavy.png": "has 262145 bytes", "cut.png": "is a damaged PNG", "none.png": "file does not exist"} {
		m, err := ReadMarks(files, &access.Fund{ID: "f", Brand: access.Brand{Favicon: name}})
		switch {
		case want != "":
			if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "brand.favicon: ") {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		case err != nil || m.Logo.Path != "" || (m.Favicon.Path != "") != (name != ""):
			t.Errorf("%s: %q %q, %v", name, m.Logo.Path, m.Favicon.Path, err)
		}
	}
}

// A picture is served under its own name alone, as a picture.
func TestMarkServed(t *testing.T) {
	data := picture(t, 120, 40)
	m, err := ReadMarks(fstest.MapFS{"logo.png": {Data: data}}, &access.Fund{ID: "f", Brand: access.Brand{Logo: "logo.png"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path string
		status, size int
	}{{"GET", m.Logo.Path, 200, len(data)}, {"HEAD", m.Logo.Path, 200, 0}, {"POST", m.Logo.Path, 405, -1}, {"GET", "/brand/", 404, -1}, {"GET", "/brand/logo.png", 404, -1}} {
		w := httptest.NewRecorder()
		headers(w.Header(), true)
		m.serve(w, httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil))
		if w.Code != c.status || c.size >= 0 && w.Body.Len() != c.size {
			t.Errorf("%s %s: %d, %d bytes", c.method, c.path, w.Code, w.Body.Len())
		}
		if w.Code == http.StatusOK && (w.Header().Get("Content-Type") != "image/png" || w.Header().Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(w.Header().Get("Cache-Control"), "immutable")) {
			t.Errorf("%s: %v", c.path, w.Header())
		}
	}
}
