// Package assets holds the built files every page needs: style sheet, script,
// fonts, logo, favicon. They are made by web/build.mjs and committed, so that
// building the product takes Go alone.
//
// Each name carries the hash of its content ("app.180f8223b5.css"): a browser
// keeps a file for a year and never asks again, and a new build has new names.
// manifest.json, made by the same build, gives the name of the day for each
// plain one ("app.css").
package assets

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed dist
var dist embed.FS

// Prefix is the path under which Handler's files are served.
const Prefix = "/assets/"

// types gives the content type by extension. mime.TypeByExtension is not asked:
// it reads the machine's tables, and those differ.
var types = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".txt":   "text/plain; charset=utf-8",
	".woff2": "font/woff2",
}

// Files is the set of built files, found by Load. It never changes after
// that and may be used by many goroutines.
type Files struct {
	hashed map[string]string // plain name -> name with hash
	served map[string]file   // name with hash -> what is sent
}

type file struct {
	kind   string        // content type
	plain  func() []byte // read when first asked for
	zipped func() []byte // made when first asked for; gives nil where gzip gains nothing (fonts are compressed already)
}

// Load finds the built files. They are read and compressed when they are first
// asked for: that takes as long as much of the program's start, and an idle
// program needs none of them in its memory. An error means the
// binary was built from a broken dist folder.
func Load() (*Files, error) {
	raw, err := dist.ReadFile("dist/manifest.json")
	if err != nil {
		return nil, fmt.Errorf("assets: %w", err)
	}
	f := &Files{served: map[string]file{}}
	if err := json.Unmarshal(raw, &f.hashed); err != nil {
		return nil, fmt.Errorf("assets: manifest.json: %w", err)
	}
	for _, name := range f.hashed {
		kind, ok := types[path.Ext(name)]
		if !ok {
			return nil, fmt.Errorf("assets: %s: no content type for this extension", name)
		}
		if _, err := fs.Stat(dist, "dist/"+name); err != nil {
			return nil, fmt.Errorf("assets: %w", err)
		}
		plain := sync.OnceValue(func() []byte {
			data, err := dist.ReadFile("dist/" + name)
			if err != nil {
				panic(err) // it is there, in the program itself
			}
			return data
		})
		f.served[name] = file{kind: kind, plain: plain, zipped: sync.OnceValue(func() []byte { return compress(plain()) })}
	}
	return f, nil
}

// compress is plain as gzip writes it, or nil if that is not worth it.
func compress(plain []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(plain)
		err = errors.Join(err, w.Close())
	}
	if err != nil || b.Len() >= len(plain)*9/10 {
		return nil // into memory nothing of it can fail; uncompressed it is right in any case
	}
	return b.Bytes()
}

// Path gives the path a page links for a plain name: Path("app.css") is
// "/assets/app.180f8223b5.css". Names are written in templates and code, never
// taken from a request, so one that does not exist is a mistake in the program:
// Path panics, and html/template turns that into the error of the page.
func (f *Files) Path(name string) string {
	hashed, ok := f.hashed[name]
	if !ok {
		panic("assets: no file " + strconv.Quote(name) + " in manifest.json")
	}
	return Prefix + hashed
}

// Handler serves the files under Prefix to GET and HEAD, to be kept for a year
// and compressed for those who accept gzip. Anything else under Prefix is 404
// or 405 with an empty body; the handler reads nothing but the path, the method
// and Accept-Encoding.
func (f *Files) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		name, under := strings.CutPrefix(r.URL.Path, Prefix)
		file, found := f.served[name]
		if !under || !found {
			// After a roll-out an old page may ask an old name: nobody may
			// remember that it was not there.
			h.Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusNotFound)
			return
		}
		h.Set("Content-Type", file.kind)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// For a drawing opened by itself: it may style itself, nothing else.
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		body := file.plain()
		if zipped := file.zipped(); zipped != nil {
			h.Set("Vary", "Accept-Encoding")
			if acceptsGzip(r.Header.Values("Accept-Encoding")) {
				h.Set("Content-Encoding", "gzip")
				body = zipped
			}
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(http.StatusOK)
		if r.Method == http.MethodGet {
			// The only fault here is a reader who left; there is nobody to tell.
			_, _ = w.Write(body)
		}
	})
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3): gzip or * with a weight
// above zero, the named one winning over the star.
func acceptsGzip(lines []string) bool {
	star := false
	for _, part := range strings.Split(strings.Join(lines, ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != "gzip" && coding != "x-gzip" && coding != "*" {
			continue
		}
		yes := weight(params) > 0
		if coding != "*" {
			return yes
		}
		star = yes
	}
	return star
}

// weight reads "q=0.5"; without one it is 1, and one that cannot be read is 0.
func weight(params string) float64 {
	for _, p := range strings.Split(params, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if !strings.EqualFold(strings.TrimSpace(key), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			return 0
		}
		return q
	}
	return 1
}
