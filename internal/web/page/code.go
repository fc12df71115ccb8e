package page

import (
	"errors"
	"net/url"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/challenge"
	"aditus/internal/texts"
)

// A Code is where a one-time code stands, for the part «code» of every page
// that asks for one. The server alone decides it; the script only counts down.
type Code struct {
	V      *Visit
	Action string // where the form goes
	State  CodeState
	Kind   access.Kind
	Masked string    // where it went, "" if that must not be shown
	Asked  time.Time // when it was asked for
	Until  time.Time // when it expires
	Again  time.Time // when another can be had; zero is now
	Silent bool      // neither whether it was sent may show, nor how
	Unsent bool      // its message was refused, and nothing proves that the address is dead
}

// A CodeState is what can be done with a code.
type CodeState string

// The states of a code, as the member sees them.
const (
	CodeLive    CodeState = "live"    // it can be typed
	CodeExpired CodeState = "expired" // a new one can be had
	CodeBurnt   CodeState = "burnt"   // too many wrong answers: a new one at Again
	CodeWait    CodeState = "wait"    // one that was asked for elsewhere holds the place until Again
	CodeFailed  CodeState = "failed"  // proved not to have arrived: a new one can be had
	CodeSend    CodeState = "send"    // none was sent yet, or it is worth nothing any more
)

// Code prepares the part for a code that stands so. The form is posted to
// action with otp, and do: nothing, "again" or "cancel".
func (v *Visit) Code(st challenge.Status, action string) Code {
	last := st.Challenge
	c := Code{V: v, Action: action, Kind: last.Kind, Masked: last.Masked, Asked: last.IssuedAt, Until: last.ExpiresAt, Again: st.Again}
	switch {
	case st.Live:
		c.State = CodeLive
		c.Unsent = st.Delivery == access.MessageFailed
	case !st.Again.IsZero() && last.State == access.ChallengeBurnt:
		c.State = CodeBurnt
	case !st.Again.IsZero():
		c.State = CodeWait
	case last.State == access.ChallengeBounced:
		c.State = CodeFailed
	case last.ID == "", last.State == access.ChallengeKilled, last.State == access.ChallengeReplaced, last.State == access.ChallengeSpent:
		c.State = CodeSend
	default:
		c.State = CodeExpired
	}
	return c
}

// Help is the page for a code that does not arrive. It leads back here.
func (c Code) Help() string {
	if id, ok := strings.CutPrefix(c.Action, "/operations/"); ok {
		id, _, _ = strings.Cut(id, "/")
		return "/otp/help?" + url.Values{"act": {id}}.Encode()
	}
	return "/otp/help"
}

// App reports whether an app makes the code: nothing is sent, and nothing expires
// that a member could see.
func (c Code) App() bool { return c.Kind == access.TOTP }

// Title is the heading of the page.
func (c Code) Title() string {
	switch {
	case c.App():
		return c.V.T("otp.title_app")
	case c.State != CodeLive:
		return c.V.T("otp.title_" + string(c.State))
	case c.Silent:
		return c.V.T("otp.title_silent")
	case c.Kind == access.SMS:
		return c.V.T("otp.title_sms")
	}
	return c.V.T("otp.title_email")
}

// Sent tells where and when the code went; the kind of channel alone where the
// address must not be shown.
func (c Code) Sent() Said {
	asked, until := texts.Clock(c.Asked), texts.Clock(c.Until)
	switch {
	case c.Silent:
		return Said{Before: c.V.T("code.sent_silent", "time", asked, "until", until)}
	case c.Kind == access.SMS && c.Masked == "":
		return Said{Before: c.V.T("code.sent_sms_kind", "time", asked, "until", until)}
	case c.Kind == access.SMS:
		return Said{Before: c.V.T("code.sent_sms", "last3", c.Masked, "time", asked, "until", until)}
	case c.Masked == "":
		return Said{Before: c.V.T("code.sent_email_kind", "time", asked, "until", until)}
	}
	return c.V.Say("code.sent_email", c.Masked, "time", asked, "until", until)
}

// Why says what became of a code that cannot be typed.
func (c Code) Why() string {
	switch c.State {
	case CodeExpired:
		return c.V.T("refusal.code_expired", "time", texts.Clock(c.Until), "button", c.V.T("otp.again"))
	case CodeBurnt:
		return c.V.T("refusal.code_burnt", "n", c.Rules().Tries, "time", texts.Clock(c.Again))
	case CodeWait:
		return c.V.T("otp.held", "time", texts.Clock(c.Again))
	case CodeFailed:
		return c.V.T("code.delivery_failed")
	}
	return ""
}

// Rules are the fund's.
func (c Code) Rules() access.CodeRules { return c.V.Fund.Code }

// Waits reports whether a new code has to be waited for. Where the fund gives
// one before the old one expires, the script must not hold the button until then.
func (c Code) Waits() bool { return !c.Again.IsZero() }

// Held reports whether the script may hold the button until the count ends.
func (c Code) Held() bool { return c.State != CodeLive || !c.Again.Before(c.Until) }

// Seconds is how long the ring of the countdown lasts.
func (c Code) Seconds() int { return int(c.Rules().TTL.Seconds()) }

// Digits is the label of the field.
func (c Code) Digits() string { return c.V.T("field.code", "n", c.Rules().Digits) }

// Described is what describes the field: the warning, and what is wrong.
func (c Code) Described() string {
	if c.V.Error("otp") != "" {
		return "otp-hint otp-error"
	}
	return "otp-hint"
}

// codePlaces says which part of the page a refusal is about: the field, or the
// button for a new code.
var codePlaces = map[string]string{
	"code_empty": "otp", "code_form": "otp", "code_wrong": "otp",
	"code_still_valid": "again", "code_expired": "again", "code_burnt": "again", "code_closed": "again", "code_paused": "again",
	"code_hour_limit": "again", "code_daily_limit": "again", "code_wrong_app": "otp", "code_stale_app": "again",
}

// OnCode puts a refusal where the part «code» has its place.
func OnCode(err error) error {
	r, ok := errors.AsType[*access.Refusal](err)
	if !ok {
		return err
	}
	return access.RefuseField(codePlaces[r.Code], r.Code, r.Args...)
}
