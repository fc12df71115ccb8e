// Package act shows acts: what a member fills in, confirms, and reads again
// later. The form, the summary before the code, the receipt and the list of
// requests say the same values in the same words because all of them ask here.
package act

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/texts"
	"aditus/internal/web/page"
)

// A Gate stands before every page of an act. Refused is why the member may not
// ask for acts: "" if they may, channel_needed, mobile_needed, pin_needed,
// operation_status, or operation_other for this one alone otherwise.
// The part «refused» of parts.html says it, and what to do.
type Gate struct {
	Refused string
	Member  access.Member
	Acts    []access.Act // that this person may ask for
}

// Enter asks whether the member may ask for acts. If not, the page's status is
// 403 and the page shows the part «refused» in place of the act (scenario 1).
func Enter(v *page.Visit) (g Gate, err error) {
	g.Member, g.Acts, err = v.Operations.May(v.Context(), v.Fund, v.Session)
	if access.Refused(err, "profile_closed") {
		return g, page.Elsewhere("/profiles")
	}
	if access.Refused(err, "frozen") {
		return g, page.Elsewhere("/security/not-me")
	}
	for _, code := range []string{"channel_needed", "mobile_needed", "pin_needed", "operation_status"} {
		if access.Refused(err, code) {
			g.Refused, err = code, nil
			v.Wrong = nil // the page says it, with the way out
			v.Status = http.StatusForbidden
		}
	}
	return g, err
}

// EnterFor is Enter for one act, which may not be for this person.
func EnterFor(v *page.Visit, a access.Act) (g Gate, err error) {
	g, err = Enter(v)
	if err == nil && g.Refused == "" && !slices.ContainsFunc(g.Acts, func(b access.Act) bool { return b.ID == a.ID }) {
		g.Refused, v.Wrong, v.Status = "operation_other", nil, http.StatusForbidden
	}
	return g, err
}

// Name is what an act is called. An act that the fund's file and the texts no
// longer know is just an operation.
func Name(v *page.Visit, id string) string {
	if key := "act." + id + ".name"; v.Voice.Has(key) {
		return v.T("act." + id + ".name")
	}
	return v.T("receipt.act")
}

// Full reports whether an operation's IBAN is shown in full. A session at level
// act sees it. One at level read sees the last four (issue 2, 4.), but for a
// draft that this very session wrote: people must be able to check what they
// have just typed, and whoever sits there typed it. Once it is confirmed, or in
// any other session, the level decides.
func Full(v *page.Visit, o access.Operation) bool {
	return v.Session.Level == access.LevelAct || IsDraft(o) && o.Session == v.Session.ID
}

// IsDraft reports whether an operation is still the member's to change.
func IsDraft(o access.Operation) bool {
	return o.State == access.OperationDraft || o.State == access.OperationCoded
}

// Held reports whether a confirmed operation still waits for its hold to end.
func Held(v *page.Visit, o access.Operation) bool {
	return o.State == access.OperationConfirmed && o.HeldUntil.After(v.Now())
}

// A Tag is a state in a word, with the class that colours it.
type Tag struct{ Word, Class string }

// State is where an operation stands, for a list.
func State(v *page.Visit, o access.Operation) Tag {
	state := string(o.State)
	if Held(v, o) {
		state = "held"
	}
	class := map[string]string{"draft": "p-tag--off", "coded": "p-tag--off", "held": "p-tag--warn", "handled": "p-tag--ok",
		"withdrawn": "p-tag--off", "lapsed": "p-tag--off"}[state]
	return Tag{v.T("state." + state), class}
}

// An Item is an operation in a list.
type Item struct {
	Name, Number, Path string
	Date               time.Time // when it was confirmed; of a draft, when it was last changed
	Tag                Tag
	Draft              bool
}

// Items lists operations, the latest first. A draft that was dropped, or left
// until it lapsed, never became a request: it is not listed.
func Items(v *page.Visit, all []access.Operation) (items []Item) {
	for _, o := range all {
		if o.State == access.OperationLapsed {
			continue
		}
		it := Item{Name: Name(v, o.Act), Number: o.Number, Path: "/requests/" + o.ID, Date: o.ConfirmedAt, Tag: State(v, o), Draft: IsDraft(o)}
		if it.Draft {
			it.Date = o.ChangedAt
		}
		items = append(items, it)
	}
	return items
}

// Method is how somebody signed in or confirmed, in words. What follows a
// membership number («first_access+sms») is said by the number alone.
func Method(v *page.Visit, method string) string {
	if !v.Voice.Has("method." + method) {
		method, _, _ = strings.Cut(method, "+")
	}
	return v.T("method." + method)
}

// Agent is a browser and a system, in words.
func Agent(v *page.Visit, agent string) string {
	browser, system, both := strings.Cut(agent, ", ")
	switch {
	case agent == "":
		return v.T("device.unknown")
	case both:
		return v.T("device.on", "browser", browser, "system", system)
	}
	return v.Format(agent)
}

// Contact is a contact, masked: seen and heard.
func Contact(v *page.Visit, kind access.Kind, address string) (l Line) {
	if kind != access.Email && kind != access.PEC {
		l.Text = []string{v.T("contact.mobile", "last3", access.MaskPhone(address))}
		return l
	}
	l.Text = []string{access.MaskEmail(address)}
	l.Heard = v.SpokenEmail(access.MaskEmail(address))
	return l
}

// HoldNote is what holds a confirmed operation, in words; "" if nothing did.
func HoldNote(v *page.Visit, a access.Act, o access.Operation) string {
	switch {
	case o.HeldUntil.IsZero():
		return ""
	case o.HeldFor == "contact_change" && a.Money:
		return v.T("operation.held", "date", texts.Stamp(o.HeldUntil))
	}
	return v.T("operation.held_"+o.HeldFor, "date", texts.Stamp(o.HeldUntil))
}
