// Package home is the first page of the area: what there is to do, the position
// as the register has it, and the latest requests. It shows no account and no
// document, whatever the session's level (issue 2, 4.).
package home

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"aditus/internal/access"
	"aditus/internal/texts"
	"aditus/internal/web/page"
	"aditus/internal/web/page/act"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{ page.Reading }

type data struct {
	Name      string
	Last      string // the access before this one, in words
	Status    bool   // the status allows reading alone, and no channel would help
	Invite    bool   // a channel is still to be made active
	Password  bool   // the channel is active, and the password that goes with it is still to be chosen
	Acts      []access.Act
	Drafts    []act.Item
	Requests  []act.Item
	Positions []position
}

// A position is one entry of the register: somebody who changed employers may
// have two, and so has who is in two plans.
type position struct {
	Name    string // its line, plan or role, where there are several positions; "" otherwise
	Rows    []row
	Updated string
}

type row struct{ Label, Value string }

// Show reads the overview.
func (Page) Show(v *page.Visit) (any, error) {
	o, err := v.Area.Overview(v.Context(), v.Fund, v.Session)
	if err != nil {
		return nil, err
	}
	d := data{Last: v.T("home.last_access_none")}
	if v.Session.For != access.ProfileMandate { // who sits there is greeted, and not for whom they act
		d.Name = v.Format(o.Member.Main().Record.Name)
	}
	if o.Last != nil {
		d.Last = v.T("home.last_access", "method", act.Method(v, o.Last.Method), "stamp", texts.Stamp(o.Last.StartedAt))
	}
	_, channels := v.Fund.Flow("secure_channel")
	switch active := o.Channel.ID != ""; {
	case o.Access != "full":
		d.Status = true
	case !channels:
		d.Acts = o.Acts // how they are confirmed needs nothing chosen first
	case !active:
		d.Invite = true
	case o.Enrolment.Level != access.LevelAct:
		d.Password = true
	default:
		d.Acts = o.Acts
	}
	for _, it := range act.Items(v, o.Operations) {
		if it.Draft {
			d.Drafts = append(d.Drafts, it)
		}
		d.Requests = append(d.Requests, it)
	}
	for _, e := range o.Member.Entries {
		if e.Held == "" {
			d.Positions = append(d.Positions, positionOf(v, e))
		}
	}
	for i, p := range d.Positions {
		switch {
		case len(d.Positions) == 1:
			d.Positions[i].Name = ""
		case p.Name != "":
			d.Positions[i].Rows = p.Rows[1:] // the first is its heading
		}
	}
	return d, nil
}

// positionOf is an entry in words. What the register does not say is left out, so
// that each fund shows what its own has. The first row is what one position is
// told from another by.
func positionOf(v *page.Visit, e access.Entry) (p position) {
	r := e.Record
	rows := []row{
		{v.T("position.line"), own(v, "line", r.Line)},
		{v.T("position.plan"), own(v, "plan", r.Plan)},
		{v.T("position.role"), word(v, "role."+r.Kind, r.Kind)},
		{v.T("position.employer"), r.Employer},
		{v.T("position.contract"), r.Contract},
		{v.T("position.strategy"), own(v, "strategy", r.Strategy)},
		{v.T("position.joined"), v.Date(r.Joined)},
		{v.T("position.kind"), word(v, "kind."+r.JoinKind, orNothing(r.JoinKind, v.T("kind.other")))},
		{v.T("position.status"), word(v, "status."+e.Status, v.T("status.other"))},
		{v.T("position.left"), v.Date(r.Left)},
	}
	for _, name := range slices.Sorted(maps.Keys(r.More)) {
		if key := texts.OwnPrefix + name; v.Voice.Has(key) { // a column that the fund has a word for
			rows = append(rows, row{v.T(key), r.More[name]})
		}
	}
	rows = append(rows, number(v, e), row{v.T("position.survivor_of"), r.SurvivorOf},
		row{v.T("position.relation"), word(v, "relation."+r.Relation, r.Relation)},
		row{v.T("position.statement"), v.Date(r.Statement)})
	for _, w := range rows {
		if w.Value != "" {
			p.Rows = append(p.Rows, row{w.Label, v.Format(w.Value)})
		}
	}
	if len(p.Rows) > 0 {
		p.Name = p.Rows[0].Value
	}
	if r.Updated != "" {
		p.Updated = v.T("position.updated", "date", v.Date(r.Updated))
	}
	return p
}

// number is what the register calls the entry by. A national number is the
// person's and not the entry's, and is not shown here.
func number(v *page.Visit, e access.Entry) row {
	switch key := v.Fund.Registry.Key; {
	case key.National():
		return row{}
	case key.Field == "username" && (key.Same == "" || e.Record.SurvivorOf != ""):
		return row{v.T("position.username"), e.Number}
	}
	return row{v.T("position.number"), e.Number}
}

// own is a word of the register in the fund's own words, or as the register has
// it.
func own(v *page.Visit, field, word string) string {
	if key := texts.OwnPrefix + field + "." + word; v.Voice.Has(key) {
		return v.T(key)
	}
	return lower(word)
}

// word is the text of a key that is put together of a word of the register, or
// otherwise if there is no such text.
func word(v *page.Visit, key, otherwise string) string {
	if v.Voice.Has(key) {
		return v.T(key)
	}
	return otherwise
}

// lower is a word of the register that is written in capitals alone, as it is
// read: an export's DINAMICO is Dinamico. Anything else stays.
func lower(s string) string {
	if s == "" || s != strings.ToUpper(s) {
		return s
	}
	_, n := utf8.DecodeRuneInString(s)
	return s[:n] + strings.ToLower(s[n:])
}

func orNothing(given, otherwise string) string {
	if given == "" {
		return ""
	}
	return otherwise
}
