// Package page is what every page has in common: how it is asked, how it says
// no, and how it is drawn.
package page

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/area"
	"aditus/internal/journey"
	"aditus/internal/operation"
	"aditus/internal/session"
	"aditus/internal/texts"
	"aditus/internal/web/assets"
)

// A Page is one thing a member sees. Each has a folder with its Go and its HTML.
type Page interface {
	// Show returns what the page's HTML needs. It runs for a GET, and again
	// after a Take that refused.
	Show(v *Visit) (any, error)
	// Take acts on the posted form and returns the path to go to next, or "" for
	// the same page: only where what came of it can be shown once, and never again.
	// After an access.Refusal the same page is shown again, with its text.
	Take(v *Visit) (next string, err error)
}

// Reading is embedded in a page that takes nothing: a POST to it is refused as
// a wrong method.
type Reading struct{}

// Take refuses.
func (Reading) Take(*Visit) (string, error) { return "", Wrong }

// Inputs is implemented by a page that takes a form: the names it knows. A form
// with other names, or with one of them twice, is refused before Take.
type Inputs interface {
	Inputs(v *Visit) []string
}

// Data is implemented by a page that also answers a script: a request that
// accepts application/json gets what Data returns, instead of the page, or
// after a Take instead of the way on; after a Take that refused it gets {"refused":
// [{"field", "text"}]}. Nil is «nothing yet», 204.
type Data interface {
	Data(v *Visit) (any, error)
}

// None is the template of a page that is never drawn: it always leads elsewhere.
const None = `{{define "title"}}{{end}}`

// Services are what pages call. All fields are required.
type Services struct {
	Journeys   *journey.Engine
	Operations *operation.Service
	Area       *area.Service
	Sessions   *session.Service
	Assets     *assets.Files
	Texts      *texts.Book
	Now        func() time.Time
	Secure     bool   // the site is reached over https: cookies say so
	Demo       string // the door's address in a demonstration, "" in real use
}

// A Visit is one request, with everything a page may need of it.
type Visit struct {
	*http.Request
	*Services
	W       http.ResponseWriter
	Fund    *access.Fund
	Site    *Site // the fund's prepared parts
	Voice   *texts.Voice
	Lang    string
	Here    string         // the route's path, for the menu
	Session access.Session // its ID is "" for somebody not signed in
	IP      string
	Agent   string
	Nonce   string
	Form    url.Values // posted; empty for a GET
	Wrong   []*access.Refusal
	Status  int
	Made    any // what Take has made for Show to show, once
}

// A Site is what the frame needs of a fund, prepared once.
type Site struct {
	Theme         template.CSS
	Logo, Favicon string // the paths of pictures, "" for the product's own
}

// Elsewhere is the error of a page asked out of turn: the member belongs there.
type Elsewhere string

// Error says where to.
func (e Elsewhere) Error() string { return "elsewhere: " + string(e) }

// A Status is an error that has a page of its own: 403, 404, ….
type Status int

// Error is the number.
func (s Status) Error() string { return fmt.Sprintf("status %d", int(s)) }

// The ways a request can be wrong.
const (
	Bad     Status = http.StatusBadRequest
	Missing Status = http.StatusNotFound
	Wrong   Status = http.StatusMethodNotAllowed
	TooBig  Status = http.StatusRequestEntityTooLarge
)

//go:embed frame.html
var frame string

//go:embed parts.html
var parts string

// Parse makes a page's template: the frame, with html for its middle. The html
// defines «title», the page's title, beside its own text; and «back», if there
// is a step before: {{define "back"}}{{template "back link" (.Back "/login")}}{{end}}.
func Parse(html string) *template.Template {
	t := template.Must(template.New("frame").Parse(frame))
	template.Must(t.Parse(parts))
	template.Must(t.New("middle").Parse(html))
	if t.Lookup("title") == nil {
		panic("page: a template without {{define \"title\"}}")
	}
	return t
}

// T is a text in the visitor's language.
func (v *Visit) T(key string, args ...any) string { return v.Voice.T(key, args...) }

// Format writes one value as the visitor reads it.
func (v *Visit) Format(value any) string { return v.Voice.Format(value) }

// Day, Clock, Stamp and ShortStamp write a moment; "" for the zero time.
func (v *Visit) Day(t time.Time) string { return v.moment(t, texts.Day(t)) }

// Clock is a time of day.
func (v *Visit) Clock(t time.Time) string { return v.moment(t, texts.Clock(t)) }

// Stamp is a date and a time.
func (v *Visit) Stamp(t time.Time) string { return v.moment(t, texts.Stamp(t)) }

// ShortStamp is a date and a time for a table.
func (v *Visit) ShortStamp(t time.Time) string { return v.moment(t, texts.ShortStamp(t)) }

// ShortDay is a date for a table.
func (v *Visit) ShortDay(t time.Time) string { return v.moment(t, texts.ShortDay(t)) }

func (v *Visit) moment(t time.Time, as any) string {
	if t.IsZero() {
		return ""
	}
	return v.Voice.Format(as)
}

// Date writes a date stored as YYYY-MM-DD, for a table; what is no date stays.
func (v *Visit) Date(stored string) string {
	t, err := time.ParseInLocation(time.DateOnly, stored, v.Fund.Zone)
	if err != nil {
		return stored
	}
	return v.ShortDay(t)
}

// RFC3339 is a moment as the script reads it. Thousandths count: a script that
// thought a session over before the server does would ask, and so prolong it.
func (v *Visit) RFC3339(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z07:00") }

// Clockwork is the server's time, so that a page does not trust the browser's.
func (v *Visit) Clockwork() string { return v.RFC3339(v.Now()) }

// An Err is one thing wrong, for the list at the top of a page.
type Err struct {
	Field string `json:"field"` // the id of the field, "" if none
	Text  string `json:"text"`
}

// Errors are what is wrong with the form.
func (v *Visit) Errors() (all []Err) {
	for _, r := range v.Wrong {
		e := Err{r.Field, v.Refusal(r)}
		if !slices.ContainsFunc(all, func(o Err) bool { return o.Text == e.Text && o.Field == e.Field }) {
			all = append(all, e)
		}
	}
	return all
}

// Error is what is wrong with one field, "" if nothing is.
func (v *Visit) Error(field string) string {
	for _, r := range v.Wrong {
		if r.Field == field {
			return v.Refusal(r)
		}
	}
	return ""
}

// Refusal is the text of a refusal.
func (v *Visit) Refusal(r *access.Refusal) string {
	return v.T("refusal."+r.Code, v.Voice.Args(r.Args)...)
}

// Value is what was typed in a field. It is never asked of a password.
func (v *Visit) Value(field string) string { return v.Form.Get(field) }

// Asset is the path of a built file.
func (v *Visit) Asset(name string) string { return v.Assets.Path(name) }

// Words are texts for the script, as JSON: pairs of the script's name and the
// text key. Holes that the script fills stay as they are.
func (v *Visit) Words(pairs ...string) (string, error) {
	words := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		words[pairs[i]] = v.T(pairs[i+1])
	}
	text, err := json.Marshal(words)
	return string(text), err
}

// SignedIn reports whether the visitor has a session.
func (v *Visit) SignedIn() bool { return v.Session.ID != "" }

// Acting says for whom the member is here, where that is not themselves as they
// signed in.
func (v *Visit) Acting() string {
	person := texts.Plain(v.Format(v.Session.Person))
	if v.Session.For == access.ProfileMandate {
		return v.T("acting.mandate", "person", person)
	}
	return v.T("acting.role", "number", person)
}

// Languages are those the fund speaks.
func (v *Visit) Languages() []string { return v.Fund.Languages }

// Limit is when the session ends if nothing is done: for the dialog.
func (v *Visit) Limit() time.Time {
	end := v.Session.SeenAt.Add(v.Fund.Session.Idle)
	if v.Session.EndsAt.Before(end) {
		end = v.Session.EndsAt
	}
	return end
}

// Idle is how many minutes a session lives without being used.
func (v *Visit) Idle() int { return int(v.Fund.Session.Idle.Minutes()) }

// Is reports whether the visitor is on the page of the path, or below it.
func (v *Visit) Is(path string) bool { return v.Here == path }

// Refuse notes refusals to be shown, and reports whether err was that.
func (v *Visit) Refuse(err error) bool {
	if all, ok := errors.AsType[access.Refusals](err); ok {
		v.Wrong = append(v.Wrong, all...)
		return true
	}
	if one, ok := errors.AsType[*access.Refusal](err); ok {
		v.Wrong = append(v.Wrong, one)
		return true
	}
	return false
}

// WantsData reports whether a script is asking, and not a person.
func (v *Visit) WantsData() bool {
	kind, _, _ := strings.Cut(v.Header.Get("Accept"), ",")
	kind, _, _ = strings.Cut(kind, ";")
	return strings.TrimSpace(kind) == "application/json"
}

// Send answers a script with value, as JSON.
func (v *Visit) Send(value any) error {
	if value == nil {
		v.W.WriteHeader(http.StatusNoContent)
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	v.W.Header().Set("Content-Type", "application/json")
	v.W.WriteHeader(v.Status)
	// An error here is a browser that went away: there is nobody to tell.
	_, _ = v.W.Write(text)
	return nil
}

// A BackLink leads to the step before, for the part «back link».
type BackLink struct{ Path, Text, Label string }

// Back is the link to the step before.
func (v *Visit) Back(path string) BackLink {
	return BackLink{path, v.T("frame.back"), v.T("frame.back_label")}
}

// Draw answers with the page. Nothing is written if the template fails.
func (v *Visit) Draw(status int, t *template.Template, data any) error {
	var b bytes.Buffer
	err := t.Execute(&b, struct {
		*Visit
		Data any
	}{v, data})
	if err != nil {
		return err
	}
	h := v.W.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	v.W.WriteHeader(status)
	// An error here is a browser that went away: there is nobody to tell.
	_, _ = b.WriteTo(v.W)
	return nil
}
