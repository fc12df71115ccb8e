package page

import (
	"encoding/json"

	"aditus/internal/access"
)

// A Key is a button that has the browser answer with a passkey, or make one, for
// the part «passkey». It stands in a form: the script posts that form with
// do=passkey for the question, which the page answers as Data, and again with the
// browser's answer beside. Without a script, or in a browser that knows no
// passkeys, it is not there.
type Key struct {
	V      *Visit
	Does   string // "get" or "create"
	Button string
	Beside bool // another button is the page's own
}

// Key prepares it. Button is a text key; say beside if another button is the page's
// own.
func (v *Visit) Key(does, button string, beside ...string) *Key {
	return &Key{v, does, v.T(button), len(beside) > 0}
}

// Question keeps what a Take asks of the browser, for Data to send.
func (v *Visit) Question(options []byte, err error) error {
	v.Made = json.RawMessage(options)
	return err
}

// Asked is what Question kept; nil if nothing was asked.
func (v *Visit) Asked() (any, error) {
	if options, ok := v.Made.(json.RawMessage); ok {
		return options, nil
	}
	return nil, nil
}

// Answered reports whether the form brings what a browser answered: else it asks.
func (v *Visit) Answered() (answer []byte, ok bool, err error) {
	if v.Form.Get("do") != "passkey" {
		return nil, false, access.Refuse("form_unknown")
	}
	_, ok = v.Form["answer"]
	return []byte(v.Form.Get("answer")), ok, nil
}
