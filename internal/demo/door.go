package demo

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"aditus/internal/deliver"
	"aditus/internal/texts"
	"aditus/internal/web/assets"
)

//go:embed door.html
var doorHTML string

//go:embed messages.html
var messagesHTML string

//go:embed frame.html
var frameHTML string

// A view is what the door's pages need.
type view struct {
	*texts.Voice
	demo     *Demo
	assets   *assets.Files
	language string
	path     string
}

// Asset is the path of a built file.
func (v view) Asset(name string) string { return v.assets.Path(name) }

// Language is the one the page is in, and Languages those there are.
func (v view) Language() string { return v.language }

// Languages are those there are.
func (v view) Languages() []string { return texts.Languages }

// Path is the page's own.
func (v view) Path() string { return v.path }

// Kept reports whether the data stay.
func (v view) Kept() bool { return v.demo.kept }

// Now is the demonstration's time.
func (v view) Now() string { return v.T("demo.clock_now", "stamp", texts.Stamp(v.demo.Clock.Now())) }

// A fundView is one fund on the door.
type fundView struct {
	ID, Name      string
	Sites         []site
	Login, Secret string // what the columns are called
	People        []Person
}

// A site is one of a fund's, by the name of its host.
type site struct{ Host, URL string }

// Funds are the funds with their people.
func (v view) Funds() (all []fundView) {
	for _, f := range v.demo.funds {
		fv := fundView{ID: f.ID, Name: f.Name, Login: v.T("demo.tax_code"), Secret: v.T("demo.secret")}
		for _, h := range hostsOf(f) {
			fv.Sites = append(fv.Sites, site{h, "http://" + h + ":" + v.demo.port + "/"})
		}
		switch f.Registry.Login {
		case "username":
			fv.Login, fv.Secret = v.T("demo.username"), v.T("demo.password")
		case "ahv":
			fv.Login, fv.Secret = v.T("demo.ahv"), v.T("demo.activation")
		}
		for _, p := range v.demo.people {
			if p.Fund == f.ID {
				fv.People = append(fv.People, p)
			}
		}
		all = append(all, fv)
	}
	return all
}

// Messages are those sent, the newest first.
func (v view) Messages() []deliver.Captured { return v.demo.Capture.Messages() }

// At writes the time of a message.
func (v view) At(t time.Time) string { return v.Format(texts.ShortStamp(t)) }

// RFC3339 is a time for machines.
func (v view) RFC3339(t time.Time) string { return t.Format(time.RFC3339) }

// door is the site at localhost: the people, the messages, the clock.
func (d *Demo) door() (http.Handler, error) {
	built, err := assets.Load()
	if err != nil {
		return nil, err
	}
	parse := func(html string) *template.Template {
		return template.Must(template.Must(template.New("frame").Parse(frameHTML)).New("middle").Parse(html))
	}
	page := func(path, html string) http.Handler {
		t := template.Must(parse(html), nil)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			lang := language(w, r)
			style := texts.Style{Country: "IT", Zone: time.Local}
			if len(d.funds) > 0 {
				style = texts.StyleOf(d.funds[0], lang)
			}
			v := view{Voice: d.App.Texts.Voice(style, lang), demo: d, assets: built, language: lang, path: path}
			var b bytes.Buffer
			if err := t.ExecuteTemplate(&b, "frame", v); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			h := w.Header()
			h.Set("Content-Type", "text/html; charset=utf-8")
			h.Set("Cache-Control", "no-store")
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
			// An error here is a browser that went away.
			_, _ = b.WriteTo(w)
		})
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", page("/", doorHTML))
	mux.Handle("GET /demo/messages", page("/demo/messages", messagesHTML))
	mux.HandleFunc("GET /demo/people.json", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, d.people) })
	mux.HandleFunc("GET /demo/messages.json", func(w http.ResponseWriter, r *http.Request) { writeJSON(w, d.Capture.Messages()) })
	mux.HandleFunc("POST /demo/clock", d.clock)
	mux.Handle("/assets/", built.Handler())
	for _, path := range []string{"GET /healthz", "GET /readyz"} {
		mux.Handle(path, d.App.Handler)
	}
	return http.NewCrossOriginProtection().Handler(mux), nil
}

// language is the reader's: asked for, chosen before, or the browser's.
func language(w http.ResponseWriter, r *http.Request) string {
	wishes := []string{r.URL.Query().Get("lang")}
	if c, err := r.Cookie("lang"); err == nil {
		wishes = append(wishes, c.Value)
	}
	for wish := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		wish = strings.TrimSpace(wish)
		wishes = append(wishes, strings.ToLower(wish[:min(2, len(wish))]))
	}
	for i, wish := range wishes {
		if slices.Contains(texts.Languages, wish) {
			if i == 0 {
				http.SetCookie(w, &http.Cookie{Name: "lang", Value: wish, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
			}
			return wish
		}
	}
	return texts.Languages[0]
}

// clock moves the demonstration's clock forward: by JSON {"advance":"5m"}, or by
// the buttons of the door.
func (d *Demo) clock(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<10))
	if err != nil {
		http.Error(w, "the body is too large", http.StatusRequestEntityTooLarge)
		return
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form := kind == "application/x-www-form-urlencoded"
	advance := ""
	if form {
		r.Body = io.NopCloser(bytes.NewReader(body))
		advance = r.PostFormValue("advance")
	} else {
		var ask struct {
			Advance string `json:"advance"`
		}
		if err := json.Unmarshal(body, &ask); err != nil {
			http.Error(w, `send {"advance":"5m"}`, http.StatusBadRequest)
			return
		}
		advance = ask.Advance
	}
	by, err := time.ParseDuration(advance)
	if err != nil || by <= 0 || by > 10*366*24*time.Hour {
		http.Error(w, `advance is how far forward, as "5m" or "72h"`, http.StatusBadRequest)
		return
	}
	d.Clock.Advance(by)
	if form {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	writeJSON(w, map[string]string{"now": d.Clock.Now().UTC().Format(time.RFC3339)})
}

func writeJSON(w http.ResponseWriter, v any) {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	// An error here is a client that went away.
	_, _ = w.Write(append(b, '\n'))
}
