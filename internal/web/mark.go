package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image/png"
	"io/fs"
	"net/http"
	"strconv"

	"aditus/internal/access"
)

// A Mark is a picture of a fund's own: its logo, or its sign in a browser's tab.
type Mark struct {
	Path string // under which it is served, with a hash of what it is; "" if there is none
	data []byte
}

// Marks are the pictures of one fund.
type Marks struct{ Logo, Favicon Mark }

// The bounds of a picture: a larger one is not a logo, and is drawn on each page.
const (
	maxMark = 256 << 10 // bytes
	maxSide = 2048      // pixels
)

// ReadMarks reads the pictures that a fund's file names, from beside it. The error
// names the setting and what is wrong.
func ReadMarks(fsys fs.FS, f *access.Fund) (m Marks, err error) {
	if m.Logo, err = readMark(fsys, f.Brand.Logo); err != nil {
		return m, fmt.Errorf("brand.logo: %w", err)
	}
	if m.Favicon, err = readMark(fsys, f.Brand.Favicon); err != nil {
		return m, fmt.Errorf("brand.favicon: %w", err)
	}
	return m, nil
}

// readMark reads one picture. It is PNG, whatever its name says: an SVG can hold a
// program (security.md part 3, row 44). How large it would be is looked at before
// anything is drawn (row 43).
func readMark(fsys fs.FS, name string) (m Mark, err error) {
	if name == "" {
		return m, nil
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return m, err
	}
	if info.Size() > maxMark {
		return m, fmt.Errorf("%s has %d bytes; a picture has at most %d", name, info.Size(), maxMark)
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return m, err
	}
	size, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return m, fmt.Errorf("%s is no PNG: %w", name, err)
	}
	if size.Width > maxSide || size.Height > maxSide {
		return m, fmt.Errorf("%s has %d by %d pixels; a side has at most %d", name, size.Width, size.Height, maxSide)
	}
	if _, err := png.Decode(bytes.NewReader(data)); err != nil {
		return m, fmt.Errorf("%s is a damaged PNG: %w", name, err)
	}
	sum := sha256.Sum256(data)
	return Mark{"/brand/" + hex.EncodeToString(sum[:8]) + ".png", data}, nil
}

// serve answers with the picture of a path. The path changes with the picture, so
// a browser may keep it.
func (m Marks) serve(w http.ResponseWriter, r *http.Request) {
	for _, mark := range []Mark{m.Logo, m.Favicon} {
		if mark.Path != r.URL.Path {
			continue
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			plain(w, http.StatusMethodNotAllowed, "method not allowed")
			return
		}
		h := w.Header()
		h.Set("Content-Type", "image/png")
		h.Set("Content-Length", strconv.Itoa(len(mark.data)))
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Content-Security-Policy", "default-src 'none'")
		if r.Method == http.MethodGet {
			// An error here is a browser that went away.
			_, _ = w.Write(mark.data)
		}
		return
	}
	plain(w, http.StatusNotFound, "not found")
}
