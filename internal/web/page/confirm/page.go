// Package confirm is where a member agrees to an act: the summary of what is
// stored, what holds it, and the code that stands for exactly that.
package confirm

import (
	_ "embed"
	"errors"

	"aditus/internal/access"
	"aditus/internal/challenge"
	"aditus/internal/operation"
	"aditus/internal/texts"
	"aditus/internal/web/page"
	"aditus/internal/web/page/act"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page of one draft.
type Page struct{}

// Inputs are the code, the PIN that comes before it, what to do with them, and what
// a browser answered with a passkey.
func (Page) Inputs(*page.Visit) []string { return []string{"otp", "pin", "do", "answer"} }

type data struct {
	act.Gate
	Path     string
	Name     string     // of the act
	Lines    []act.Line // of the stored operation, never of a form
	Change   string     // the form's path
	Holds    []string   // what will hold it, told before the code is asked for
	BySMS    bool
	App      bool     // no code is sent: an app makes it
	Where    act.Line // where the code goes
	Code     page.Code
	Question bool // no code was asked for yet
	PIN      bool // the PIN must be typed before one is sent
	Key      *page.Key
	KeyHold  string // what will hold it if a passkey confirms it
}

// Title is the page's heading.
func (d data) Title(v *page.Visit) string {
	if d.Question {
		return v.T("confirm.title")
	}
	return d.Code.Title()
}

// Show reads the stored operation. One that is confirmed has a receipt; one that
// ended, or whose act the fund no longer has, its own page.
func (Page) Show(v *page.Visit) (any, error) {
	g, err := act.Enter(v)
	if err != nil {
		return nil, err
	}
	view, err := v.Operations.View(v.Context(), v.Fund, v.Session, v.PathValue("id"))
	if err != nil {
		return nil, err
	}
	o := view.Operation
	switch {
	case view.Confirmation != nil:
		return nil, page.Elsewhere("/operations/" + o.ID + "/done?again=1") // the back button, or another tab
	case !act.IsDraft(o) || view.Act.ID == "":
		return nil, page.Elsewhere("/requests/" + o.ID)
	case g.Refused != "":
		return data{Gate: g}, nil
	}
	path := "/operations/" + o.ID
	d := data{Gate: g, Path: path + "/confirm", Name: act.Name(v, o.Act), Change: path + "/edit",
		Lines: act.Shown(v, view), Holds: holds(v, view.Hold),
		BySMS: view.Channel.Kind == access.SMS, App: view.Channel.Kind == access.TOTP,
		Where: act.Contact(v, view.Channel.Kind, view.Channel.Address), Code: v.Code(view.Code, path+"/confirm")}
	d.Question, d.PIN = d.Code.State == page.CodeSend || view.PIN, view.PIN
	return d, d.offer(v, view)
}

// offer has the button for a passkey, if the member has one for this host.
func (d *data) offer(v *page.Visit, view operation.View) error {
	k, err := v.Operations.Key(v.Context(), v.Fund, v.Session, view.ID, v.Visitor().Host)
	if err != nil || !k.Offered {
		return err
	}
	d.Key = v.Key("get", "confirm.passkey", "beside")
	if !k.Hold.Until.IsZero() {
		d.KeyHold = v.T("confirm.hold_passkey", "date", texts.Stamp(k.Hold.Until))
	}
	return nil
}

// holds says what will hold the operation if it is confirmed now, and who is told.
func holds(v *page.Visit, h operation.Hold) (all []string) {
	switch h.For {
	case "contact_change":
		all = append(all, v.T("confirm.hold_contact_change", "date", texts.Stamp(h.Until)))
	case "password_reset":
		all = append(all, v.T("confirm.hold_password_reset", "date", texts.Stamp(h.Until)))
	case "email":
		all = append(all, v.T("confirm.hold_email", "hours", int(v.Fund.Hold.Email.Hours())))
	}
	if len(h.Warn) > 0 {
		all = append(all, v.T("confirm.hold_other"))
	}
	return all
}

// Take asks for a code, hears one, or drops the draft.
func (Page) Take(v *page.Visit) (string, error) {
	id := v.PathValue("id")
	switch v.Form.Get("do") {
	case "ask", "again":
		err := v.Operations.Ask(v.Context(), v.Fund, v.Session, id, v.Visitor().Host, v.Form.Get("pin"))
		return "/operations/" + id + "/confirm", page.OnCode(err)
	case "cancel":
		if err := v.Operations.Drop(v.Context(), v.Fund, v.Session, id); err != nil {
			return "", err
		}
		v.Tell("dropped")
		return "/requests", nil
	case "passkey":
		return byKey(v, id)
	case "", "confirm":
		_, err := v.Operations.Confirm(v.Context(), v.Fund, v.Session, id, v.Form.Get("otp"))
		if errors.Is(err, access.ErrUnknown) {
			return "/operations/" + id + "/checking", nil // nobody can say yet whether it is done
		}
		return "/operations/" + id + "/done", page.OnCode(err)
	}
	return "", access.Refuse("form_unknown")
}

// byKey asks for a passkey, or hears the answer of one.
func byKey(v *page.Visit, id string) (string, error) {
	answer, answered, err := v.Answered()
	if err != nil {
		return "", err
	}
	if !answered {
		return "", v.Question(v.Operations.AskKey(v.Context(), v.Fund, v.Session, id, v.Origin(), v.Form.Get("pin")))
	}
	_, err = v.Operations.ConfirmKey(v.Context(), v.Fund, v.Session, id, challenge.KeyAnswer{Origin: v.Origin(), Lang: v.Lang, JSON: answer})
	if errors.Is(err, access.ErrUnknown) {
		return "/operations/" + id + "/checking", nil
	}
	return "/operations/" + id + "/done", err
}

// Data is the question to a passkey, for the script.
func (Page) Data(v *page.Visit) (any, error) { return v.Asked() }
