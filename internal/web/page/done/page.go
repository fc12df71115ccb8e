// Package done is the receipt of an act: what was confirmed, when and how, what
// holds it, and what proves it.
package done

import (
	_ "embed"
	"strings"

	"aditus/internal/access"
	"aditus/internal/texts"
	"aditus/internal/web/page"
	"aditus/internal/web/page/act"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the receipt of one operation.
type Page struct{ page.Reading }

type data struct {
	Number    string
	Said      string // that it is done, and when
	Again     string // that it had been done before, if it is shown because of that
	Lines     []act.Line
	Change    string // nothing can be changed: there is no such path
	Hold      string
	Withdrawn string
	Mailed    bool
}

// Show reads the receipt. Without one there is nothing to show here.
func (Page) Show(v *page.Visit) (any, error) {
	view, err := v.Operations.View(v.Context(), v.Fund, v.Session, v.PathValue("id"))
	if err != nil {
		return nil, err
	}
	o, c := view.Operation, view.Confirmation
	switch {
	case c == nil && act.IsDraft(o):
		return nil, page.Elsewhere("/operations/" + o.ID + "/confirm")
	case c == nil:
		return nil, page.Elsewhere("/requests/" + o.ID)
	}
	d := data{Number: o.Number, Said: v.T("confirm.done", "time", texts.Clock(c.At), "case", o.Number),
		Mailed: view.Channel.Kind == access.Email || view.Actor.OnFile(access.Email) != ""}
	if act.Held(v, o) {
		d.Hold = act.HoldNote(v, view.Act, o)
	}
	if o.State == access.OperationWithdrawn {
		d.Withdrawn = v.T("timeline.withdrawn")
	}
	if v.URL.Query().Has("again") {
		d.Again = v.T("confirm.again", "time", texts.Clock(c.At))
	}
	r := view.Member.Main().Record
	d.Lines = []act.Line{{Label: v.T("receipt.act"), Text: []string{act.Name(v, o.Act)}}}
	d.Lines = append(d.Lines, act.Shown(v, view)...)
	d.Lines = append(d.Lines,
		act.Line{Label: v.T("receipt.member"), Text: []string{v.Format(strings.TrimSpace(r.Name + " " + r.Surname))}},
		act.Line{Label: v.T("receipt.when"), Text: []string{v.Stamp(c.At)}},
		act.Line{Label: v.T("receipt.method"), Text: []string{act.Method(v, c.Method)}},
		act.Line{Label: v.T("receipt.digest"), Text: []string{short(c.Digest)}, Code: true},
		act.Line{Label: v.T("receipt.signature"), Text: []string{c.KeyID}, Code: true})
	return d, nil
}

// short is the beginning of a digest, in groups: enough to compare two by eye.
// The whole of it is in the signed receipt.
func short(digest string) string { return act.Grouped(digest[:min(32, len(digest))]) }
