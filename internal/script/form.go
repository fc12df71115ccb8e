package script

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A shipment is a form ready to be sent.
type shipment struct {
	method, to string
	values     url.Values
	json       bool // as the page's script asks
}

// pressed is what pressing the button, or following the link, that reads so
// sends. What stands twice and does the same is one.
func (v *view) pressed(text string) (shipment, error) {
	all := v.find(func(n *html.Node) bool {
		return n.DataAtom == atom.Button && attr(n, "type") != "button" || n.DataAtom == atom.A && has(n, "href") || n.DataAtom == atom.Input && attr(n, "type") == "submit"
	})
	seen := map[string]bool{}
	all = slices.DeleteFunc(all, func(n *html.Node) bool {
		does := attr(n, "href")
		if f := v.form(n); n.DataAtom != atom.A && f != nil {
			does = fmt.Sprint(v.sent(f, n))
		}
		key := does + "\n" + words(n) + attr(n, "value")
		twice := seen[key]
		seen[key] = true
		return twice
	})
	n, err := only("button or link", text, all, func(n *html.Node) []string {
		if n.DataAtom == atom.Input {
			return []string{attr(n, "value")}
		}
		return []string{words(n), attr(n, "aria-label")}
	})
	if err != nil {
		return shipment{}, err
	}
	if n.DataAtom == atom.A {
		return shipment{method: "GET", to: v.resolve(attr(n, "href"))}, nil
	}
	f := v.form(n)
	if f == nil || has(n, "disabled") {
		return shipment{}, fmt.Errorf("%q cannot be pressed: disabled, or in no form", text)
	}
	return v.sent(f, n), nil
}

// sent is what a form sends when a button of it is pressed: its successful
// controls (HTML, 4.10.21.4).
func (v *view) sent(f, button *html.Node) shipment {
	values := url.Values{}
	for n := range v.page.Descendants() { // hidden fields are sent too
		name := attr(n, "name")
		if name == "" || has(n, "disabled") || v.form(n) != f {
			continue
		}
		switch kind := attr(n, "type"); {
		case n == button:
			values.Add(name, attr(n, "value"))
		case n.DataAtom == atom.Button || kind == "submit":
		case kind == "radio" || kind == "checkbox":
			if v.holds(n) == "on" {
				value := attr(n, "value")
				if value == "" {
					value = "on"
				}
				values.Add(name, value)
			}
		case n.DataAtom == atom.Select:
			if o := v.option(n); o != nil {
				value := attr(o, "value")
				if !has(o, "value") {
					value = words(o)
				}
				values.Add(name, value)
			}
		case n.DataAtom == atom.Input || n.DataAtom == atom.Textarea:
			values.Add(name, v.holds(n))
		}
	}
	action := attr(f, "action")
	if own := attr(button, "formaction"); own != "" {
		action = own
	}
	to := v.resolve(action)
	if strings.EqualFold(attr(f, "method"), "post") {
		return shipment{method: "POST", to: to, values: values}
	}
	before, _, _ := strings.Cut(to, "?")
	return shipment{method: "GET", to: before + "?" + values.Encode()}
}

// resolve makes an address of the page a whole one.
func (v *view) resolve(href string) string {
	u, err := v.at.Parse(href)
	if err != nil {
		return href
	}
	return u.String()
}

// form is the form that a control belongs to, also from outside it.
func (v *view) form(n *html.Node) *html.Node {
	if id := attr(n, "form"); id != "" {
		for f := range v.page.Descendants() {
			if f.DataAtom == atom.Form && attr(f, "id") == id {
				return f
			}
		}
		return nil
	}
	for ; n != nil && n.DataAtom != atom.Form; n = n.Parent {
	}
	return n
}
