// Package request is one of a member's requests: where it stands, what it says,
// and what can still be done with it.
package request

import (
	_ "embed"
	"time"

	"aditus/internal/access"
	"aditus/internal/texts"
	"aditus/internal/web/page"
	"aditus/internal/web/page/act"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page of one request.
type Page struct{ page.Reading }

type data struct {
	Title    string
	Tag      act.Tag
	Number   string
	Lines    []act.Line
	Change   string // nothing is changed from here
	Moments  []moment
	Held     string
	Draft    bool
	Gone     bool   // a draft whose act the fund no longer has
	Path     string // of the operation
	Receipt  bool
	Withdraw string // the path that asks, "" if it is too late or too early
	Ask      string // whom to call if this was somebody else's doing
}

// A moment is one step of the time line; without a time it is still to come.
type moment struct {
	Word string
	At   time.Time
}

// Show reads the request.
func (Page) Show(v *page.Visit) (any, error) {
	view, err := v.Operations.View(v.Context(), v.Fund, v.Session, v.PathValue("id"))
	if err != nil {
		return nil, err
	}
	o := view.Operation
	name := act.Name(v, o.Act)
	d := data{Title: v.T("request.title", "act", name, "case", o.Number), Tag: act.State(v, o), Number: o.Number,
		Lines: act.Shown(v, view), Moments: moments(v, o), Draft: act.IsDraft(o),
		Path: "/operations/" + o.ID, Receipt: view.Confirmation != nil}
	d.Gone = d.Draft && view.Act.ID == ""
	if d.Draft || o.State == access.OperationLapsed {
		d.Title = v.T("request.draft_title", "act", name)
	}
	if act.Held(v, o) {
		d.Held = v.T("request.held", "date", texts.Stamp(o.HeldUntil))
	}
	if o.State == access.OperationConfirmed {
		d.Withdraw = "/requests/" + o.ID + "/withdraw"
		d.Ask = v.T("not_me.ask", "case", o.Number)
	}
	return d, nil
}

// moments is the time line, the newest first.
func moments(v *page.Visit, o access.Operation) (all []moment) {
	add := func(key string, at time.Time) { all = append(all, moment{v.T(key), at}) }
	if act.Held(v, o) {
		all = append(all, moment{Word: v.T("timeline.held", "date", texts.Stamp(o.HeldUntil))})
	}
	switch o.State {
	case access.OperationWithdrawn:
		add("timeline.withdrawn", o.WithdrawnAt)
	case access.OperationLapsed:
		add("timeline.lapsed", time.Time{})
	case access.OperationHandled:
		add("timeline.handled", o.ChangedAt)
	}
	if !o.ConfirmedAt.IsZero() {
		add("timeline.confirmed", o.ConfirmedAt)
	}
	add("timeline.draft", o.DraftedAt)
	return all
}
