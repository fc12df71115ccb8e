package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/net/html"

	"aditus/internal/softkey"
)

// passkey presses the page's button for a passkey, as somebody does whose browser
// runs the page's script, and has a device answer. The device is there from its
// first use on. Where the site refuses to ask, what it says is the page.
func (w *world) passkey(name string) error {
	b := w.browser
	if b.tab.page == nil {
		return errors.New("no page is open")
	}
	s, err := b.tab.asksKey()
	if err != nil {
		return err
	}
	if w.devices[name] == nil {
		w.devices[name] = &softkey.Device{}
	}
	s.json = true
	asked, err := b.fetch(s, "same-origin")
	if err != nil {
		return err
	}
	if asked.status != http.StatusOK || !json.Valid([]byte(asked.body)) {
		return b.show(asked, s)
	}
	answer, err := w.devices[name].Answer(asked.at.Scheme+"://"+asked.at.Host, []byte(asked.body))
	if err != nil {
		return err
	}
	s.json = false
	s.values.Set("answer", string(answer))
	return b.send(s)
}

// asksKey is the form around the page's button for a passkey, as it is sent.
func (v *view) asksKey() (shipment, error) {
	for n := range v.page.Descendants() {
		if n.Type != html.ElementNode || !has(n, "data-passkey") {
			continue
		}
		s := v.sent(v.form(n), n)
		s.values.Set("do", "passkey")
		return s, nil
	}
	return shipment{}, fmt.Errorf("the page asks for no passkey:\n%s", strings.TrimSpace(v.text()))
}
