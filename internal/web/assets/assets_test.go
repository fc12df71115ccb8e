package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func load(t *testing.T) *Files {
	t.Helper()
	f, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func ask(t *testing.T, f *Files, method, path, accept string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	if accept != "" {
		r.Header.Set("Accept-Encoding", accept)
	}
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What the pages name must be there.
func TestNames(t *testing.T) {
	f := load(t)
	for _, name := range []string{"app.css", "app.js", "sans.woff2", "sans-ext.woff2", "favicon.svg", "logo.svg", "LICENSES.txt"} {
		if p := f.Path(name); !strings.HasPrefix(p, "/assets/") || ask(t, f, "GET", p, "").StatusCode != 200 {
			t.Errorf("%s: %s is not served", name, p)
		}
	}
}

// A name that is not there is a mistake in a template: it must be heard.
func TestNameUnknown(t *testing.T) {
	f := load(t)
	defer func() {
		if recover() == nil {
			t.Error("a name that does not exist passed")
		}
	}()
	t.Errorf("Path gave %q", f.Path("none.css"))
}

// Names are kept for a year, so a file changed by hand under its old name would
// not reach anybody: the hash in the name must be that of the content.
func TestHashes(t *testing.T) {
	f := load(t)
	for name, file := range f.served {
		sum := sha256.Sum256(file.plain())
		if part := "." + hex.EncodeToString(sum[:])[:10] + "."; !strings.Contains(name, part) {
			t.Errorf("%s: its content's hash is %s", name, part)
		}
	}
	entries, err := fs.ReadDir(dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, ok := f.served[e.Name()]; !ok && e.Name() != "manifest.json" {
			t.Errorf("dist/%s is not in the manifest: a file of an older build?", e.Name())
		}
	}
}

func TestServed(t *testing.T) {
	f := load(t)
	for name, file := range f.served {
		plain := ask(t, f, "GET", Prefix+name, "")
		if got := body(t, plain); !bytes.Equal(got, file.plain()) {
			t.Errorf("%s: %d bytes sent, %d in the file", name, len(got), len(file.plain()))
		}
		for header, want := range map[string]string{
			"Content-Type":           types[path.Ext(name)],
			"Cache-Control":          "public, max-age=31536000, immutable",
			"X-Content-Type-Options": "nosniff",
			"Content-Encoding":       "",
			"Content-Length":         strconv.Itoa(len(file.plain())),
		} {
			if got := plain.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q, want %q", name, header, got, want)
			}
		}

		zipped := ask(t, f, "GET", Prefix+name, "br, gzip;q=0.8")
		got := body(t, zipped)
		if file.zipped() != nil {
			if zipped.Header.Get("Content-Encoding") != "gzip" || zipped.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s: gzip was accepted, headers are %v", name, zipped.Header)
			}
			z, err := gzip.NewReader(bytes.NewReader(got))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got, err = io.ReadAll(z); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if !bytes.Equal(got, file.plain()) {
			t.Errorf("%s: not the file after decompression", name)
		}

		head := ask(t, f, "HEAD", Prefix+name, "")
		if head.StatusCode != 200 || len(body(t, head)) != 0 || head.Header.Get("Content-Length") != strconv.Itoa(len(file.plain())) {
			t.Errorf("%s: HEAD gave %d %v", name, head.StatusCode, head.Header)
		}
	}
	if f.served[strings.TrimPrefix(f.Path("app.css"), Prefix)].zipped() == nil {
		t.Error("the style sheet is not compressed")
	}
}

func TestRefused(t *testing.T) {
	f := load(t)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/assets/", 404},
		{"GET", "/assets/app.css", 404},
		{"GET", "/assets/manifest.json", 404},
		{"GET", "/assets/app.0000000000.css", 404},
		{"GET", "/assets/../assets.go", 404},
		{"GET", "/assets/dist/manifest.json", 404},
		{"GET", strings.TrimPrefix(f.Path("app.css"), "/assets"), 404},
		{"POST", f.Path("app.css"), 405},
		{"DELETE", f.Path("app.css"), 405},
		{"OPTIONS", f.Path("app.css"), 405},
	} {
		r := ask(t, f, c.method, c.path, "gzip")
		if r.StatusCode != c.status || len(body(t, r)) != 0 {
			t.Errorf("%s %s: %d, want %d with no body", c.method, c.path, r.StatusCode, c.status)
		}
		if strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s %s: a refusal would be kept for a year", c.method, c.path)
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: no nosniff", c.method, c.path)
		}
	}
}

func TestAcceptsGzip(t *testing.T) {
	for accept, want := range map[string]bool{
		"":                      false,
		"gzip":                  true,
		"GZIP":                  true,
		"br":                    false,
		"deflate, gzip;q=1.0":   true,
		"gzip;q=0":              false,
		"gzip ; q=0.000":        false,
		"gzip; q=0.001":         true,
		"*":                     true,
		"*;q=0":                 false,
		"gzip;q=0, *":           false,
		"*;q=0, gzip":           true,
		"identity;q=1, *;q=0.1": true,
		"gzip;q=much":           false,
		"gzipx":                 false,
		",,;q=1,":               false,
	} {
		if got := acceptsGzip([]string{accept}); got != want {
			t.Errorf("%q: %v, want %v", accept, got, want)
		}
	}
	if !acceptsGzip([]string{"br", "gzip"}) {
		t.Error("the header may come in two lines")
	}
}

// The style sheet names its fonts by their own hashed names, and nothing in the
// built files names another host: the page's policy would stop it, and the
// other host would learn who opens the area.
func TestSelfContained(t *testing.T) {
	f := load(t)
	read := func(name string) string {
		return string(f.served[strings.TrimPrefix(f.Path(name), Prefix)].plain())
	}
	css := read("app.css")
	urls := regexp.MustCompile(`url\("?([^")]+)"?\)`).FindAllStringSubmatch(css, -1)
	if len(urls) < 2 {
		t.Errorf("the style sheet names %d files, the two fonts were expected", len(urls))
	}
	for _, u := range urls {
		if _, ok := f.served[u[1]]; !ok {
			t.Errorf("the style sheet names %q, which is not served", u[1])
		}
	}
	for _, name := range []string{"app.css", "app.js"} {
		if m := regexp.MustCompile(`(https?:)?//[a-z0-9-]+\.[a-z.]+`).FindString(read(name)); m != "" {
			t.Errorf("%s names %s", name, m)
		}
	}
}

// A page has 60 KiB in all (issue 2, 13). 5 KiB of that are for its HTML,
// compressed, and 1 KiB for headers; the extension font is only fetched for
// names outside our four languages.
func TestWeight(t *testing.T) {
	f := load(t)
	total := 0
	for _, name := range []string{"app.css", "app.js", "sans.woff2", "favicon.svg"} {
		size := len(body(t, ask(t, f, "GET", f.Path(name), "gzip")))
		t.Logf("%-12s %6d bytes", name, size)
		total += size
	}
	if limit := 54 << 10; total > limit {
		t.Errorf("the files of a page weigh %d bytes, more than %d", total, limit)
	}
}
