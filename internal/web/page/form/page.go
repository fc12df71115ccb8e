// Package form is the form of an act: as a new draft, and again when a draft is
// changed. What it asks is the fund's file's; nothing here knows one act from
// another.
package form

import (
	_ "embed"
	"slices"

	"aditus/internal/access"
	"aditus/internal/operation"
	"aditus/internal/web/page"
	"aditus/internal/web/page/act"
)

// HTML is the template of both pages.
//
//go:embed page.html
var HTML string

type data struct {
	act.Gate
	Act    access.Act
	Action string // where the form goes
	Leave  string // where its page was come from
	Code   bool   // a code for what is stored was asked for: a change makes it worthless
	Fields []field
}

// again is the error of a Take that only changed how many rows the form has: the
// page is shown again with what was typed, and nothing is wrong with it.
var again = access.Refusals{}

// show is the page of a form, filled with what was typed or else with what is
// stored.
func show(v *page.Visit, d data, stored access.Values) (any, error) {
	if d.Refused == "" && v.Method == "POST" && len(v.Wrong) == 0 {
		v.Status = 200 // after «again»
	}
	d.Fields = fields(v, d.Act, stored)
	return d, nil
}

// inputs are the names that a form of the act may post.
func inputs(a access.Act) []string { return append(operation.Inputs(a), "do", "profile") }

// New is the form of a new draft. Its path has the act's id.
type New struct{}

// act is the act that the path names. The path's other part is always «new»: a
// pattern with that word in it would quarrel with those of the operations' own
// pages, so the page looks itself.
func (New) act(v *page.Visit) (access.Act, error) {
	a, ok := v.Fund.Act(v.PathValue("act"))
	if !ok || v.PathValue("new") != "new" {
		return a, page.Missing
	}
	return a, nil
}

// Inputs are those of the act.
func (p New) Inputs(v *page.Visit) []string {
	a, err := p.act(v)
	if err != nil {
		return nil
	}
	return inputs(a)
}

// Show shows the form, or why there is none.
func (p New) Show(v *page.Visit) (any, error) {
	a, err := p.act(v)
	if err != nil {
		return nil, err
	}
	g, err := act.EnterFor(v, a)
	if err != nil {
		return nil, err
	}
	return show(v, data{Gate: g, Act: a, Action: "/operations/new/" + a.ID, Leave: "/operations"}, nil)
}

// Take writes the draft down.
func (p New) Take(v *page.Visit) (string, error) {
	a, err := p.act(v)
	if err != nil {
		return "", err
	}
	if v.Session.Several && v.Form.Get("profile") != v.Session.Whose() {
		return "", access.Refuse("profile_changed") // in another window: what was meant for one is not asked for another
	}
	if rows(v, a) {
		return "", again
	}
	o, err := v.Operations.Draft(v.Context(), v.Fund, v.Session, a, operation.Form(v.Form))
	if err != nil {
		return "", err
	}
	return "/operations/" + o.ID + "/confirm", nil
}

// Edit is the form of a draft that is there. What is changed makes its code
// worthless (security.md 4.5).
type Edit struct{}

// Inputs are those of the draft's act. Of an operation that cannot be read the
// inputs of all acts are: Take then says what is wrong with the operation, and
// not with the form.
func (Edit) Inputs(v *page.Visit) (names []string) {
	view, err := v.Operations.View(v.Context(), v.Fund, v.Session, v.PathValue("id"))
	if err == nil {
		return inputs(view.Act)
	}
	for _, a := range v.Fund.Acts {
		names = append(names, inputs(a)...)
	}
	return names
}

// Show shows the form. An operation that cannot be changed any more, or whose
// act the fund no longer has, is shown on its own page.
func (Edit) Show(v *page.Visit) (any, error) {
	g, err := act.Enter(v)
	if err != nil {
		return nil, err
	}
	view, err := v.Operations.View(v.Context(), v.Fund, v.Session, v.PathValue("id"))
	if err != nil {
		return nil, err
	}
	o := view.Operation
	if g.Refused == "" && (!act.IsDraft(o) || view.Act.ID == "") {
		return nil, page.Elsewhere("/requests/" + o.ID)
	}
	stored := o.Values
	if !act.Full(v, o) {
		stored = hideAccounts(view.Act, stored)
	}
	return show(v, data{Gate: g, Act: view.Act, Action: "/operations/" + o.ID + "/edit", Leave: "/operations/" + o.ID + "/confirm", Code: view.Code.Live}, stored)
}

// hideAccounts leaves the fields of accounts and contacts empty: a session at
// level read, other than the one that wrote the draft, types them again.
func hideAccounts(a access.Act, stored access.Values) access.Values {
	hidden := []string{"iban", "email", "mobile"}
	kept := access.Values{}
	for name, value := range stored {
		if !slices.ContainsFunc(a.Fields, func(fd access.Field) bool { return fd.Name == name && slices.Contains(hidden, fd.Type) }) {
			kept[name] = value
		}
	}
	return kept
}

// Take replaces the draft's content.
func (Edit) Take(v *page.Visit) (string, error) {
	id := v.PathValue("id")
	view, err := v.Operations.View(v.Context(), v.Fund, v.Session, id)
	if err != nil {
		return "", err
	}
	if rows(v, view.Act) {
		return "", again
	}
	if _, err := v.Operations.Change(v.Context(), v.Fund, v.Session, id, operation.Form(v.Form)); err != nil {
		return "", err
	}
	v.Tell("draft_saved")
	if view.Operation.Challenge != "" {
		v.Tell("draft_changed")
	}
	return "/operations/" + id + "/confirm", nil
}
