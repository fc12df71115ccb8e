package web

import (
	"strings"

	"aditus/internal/web/page"
	"aditus/internal/web/page/login"
)

// A route is one page at one path.
type route struct {
	path  string // of http.ServeMux
	page  page.Page
	html  string
	needs need
}

// A need is what a visitor must have for a page to be asked at all. A page of a
// journey asks for that itself.
type need int

const (
	needsNothing need = iota
	needsSession
)

// here is the path as the menu knows it.
func (r route) here() string {
	path := strings.TrimSuffix(r.path, "{$}")
	if path == "/" {
		return path
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return "/" + first
}

// routes is the table of contents of the site (ux.md 4.2).
func routes() []route {
	return []route{
		{"/login", login.Page{}, login.HTML, needsNothing},
	}
}
