package script

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// A view is one page as it stands in a browser: what was answered, and what was
// typed into it since.
type view struct {
	at     *url.URL
	status int
	header map[string][]string
	body   string
	page   *html.Node
	typed  map[*html.Node]string // what a field holds, if it was touched; "on" and "" for one that is ticked
}

// read parses an answer, as a browser without JavaScript does.
func (v *view) read(body string) error {
	var err error
	v.body, v.typed = body, map[*html.Node]string{}
	v.page, err = html.ParseWithOptions(strings.NewReader(body), html.ParseOptionEnableScripting(false))
	return err
}

// find lists the elements that a person can come to. What is hidden, and a
// dialog that only a script opens, is not there.
func (v *view) find(match func(*html.Node) bool) (found []*html.Node) {
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if absent(n) {
			return
		}
		if n.Type == html.ElementNode && match(n) {
			found = append(found, n)
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(v.page)
	return found
}

// absent reports whether nobody can see or hear an element.
func absent(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Template:
		return true
	case atom.Dialog:
		return !has(n, "open")
	}
	return has(n, "hidden")
}

// title is what the browser shows above the page.
func (v *view) title() string {
	for n := range v.page.Descendants() {
		if n.DataAtom == atom.Title {
			return words(n)
		}
	}
	return ""
}

// text is the page as it reads, a line for each block, fields in brackets.
func (v *view) text() string {
	var s strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			s.WriteString(blanks.ReplaceAllString(n.Data, " "))
			return
		case n.DataAtom == atom.Head || absent(n):
			return
		case n.DataAtom == atom.Input && attr(n, "type") != "hidden" || n.DataAtom == atom.Select || n.DataAtom == atom.Textarea:
			fmt.Fprintf(&s, " [%s] ", v.holds(n))
			return
		}
		block := blocks[n.DataAtom]
		if block {
			s.WriteString("\n")
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
		if block {
			s.WriteString("\n")
		}
	}
	walk(v.page)
	var lines []string
	for line := range strings.Lines(s.String()) {
		if line = squeeze(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// blanks are runs of what a browser shows as one blank.
var blanks = regexp.MustCompile(`[ \t\r\n]+`)

// blocks are the elements that begin and end a line.
var blocks = func() map[atom.Atom]bool {
	all := map[atom.Atom]bool{}
	for _, a := range []atom.Atom{atom.Address, atom.Article, atom.Aside, atom.Body, atom.Button, atom.Caption, atom.Dd, atom.Details, atom.Dialog,
		atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Footer, atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.Header, atom.Label, atom.Legend,
		atom.Li, atom.Main, atom.Nav, atom.Ol, atom.P, atom.Pre, atom.Section, atom.Summary, atom.Table, atom.Td, atom.Th, atom.Tr, atom.Ul, atom.Br} {
		all[a] = true
	}
	return all
}()

// String shows the page in a failure.
func (v *view) String() string {
	if v.page == nil {
		return "--- no page is open ---"
	}
	return fmt.Sprintf("--- %d %s\n%s\n---", v.status, v.at, v.text())
}

// field finds the field with a label that reads so: <label for>, <label> around
// it, or aria-label. Where a page asks the same of several people, the legends
// around the field come first: «Persona 2 > Quota in percentuale». As for a
// person, two fields are none.
func (v *view) field(label string) (*html.Node, error) {
	path := strings.Split(label, " > ")
	last := path[len(path)-1]
	all := v.find(func(n *html.Node) bool {
		return n.DataAtom == atom.Select || n.DataAtom == atom.Textarea ||
			n.DataAtom == atom.Input && !slices.Contains([]string{"hidden", "submit", "button"}, attr(n, "type"))
	})
	if len(path) > 1 {
		all = slices.DeleteFunc(all, func(n *html.Node) bool { return !under(n, path[:len(path)-1]) })
	}
	return only("field labelled", last, all, func(n *html.Node) []string { return []string{v.label(n)} })
}

// free is field, for one that is going to be changed.
func (v *view) free(label string) (*html.Node, error) {
	n, err := v.field(label)
	if err == nil && has(n, "disabled") {
		err = fmt.Errorf("%q is there, and cannot be used", label)
	}
	return n, err
}

// label is what a field is called.
func (v *view) label(n *html.Node) string {
	if name := attr(n, "aria-label"); name != "" {
		return name
	}
	for l := range v.page.Descendants() {
		if id := attr(l, "for"); l.DataAtom == atom.Label && (id != "" && id == attr(n, "id") || id == "" && within(n, l)) {
			return wordsBut(l, n)
		}
	}
	return ""
}

// under reports whether a field stands within groups with these legends, the
// outermost first.
func under(n *html.Node, legends []string) bool {
	for n = n.Parent; n != nil && len(legends) > 0; n = n.Parent {
		if n.DataAtom != atom.Fieldset {
			continue
		}
		for c := range n.ChildNodes() {
			if c.DataAtom == atom.Legend && matches(legends[len(legends)-1], words(c)) {
				legends = legends[:len(legends)-1]
			}
		}
	}
	return len(legends) == 0
}

// fill types into a field.
func (v *view) fill(label, text string) error {
	n, err := v.free(label)
	if err != nil {
		return err
	}
	if kind := attr(n, "type"); n.DataAtom == atom.Select || kind == "radio" || kind == "checkbox" {
		if n.DataAtom == atom.Select {
			kind = "list"
		}
		return fmt.Errorf("%q is not for typing: it is a %s", label, kind)
	}
	v.typed[n] = text
	return nil
}

// choose picks a radio button, or an option of a list.
func (v *view) choose(label string) error {
	options := v.find(func(n *html.Node) bool { return n.DataAtom == atom.Option && matches(label, words(n)) })
	if len(options) == 1 {
		for p := options[0].Parent; p != nil; p = p.Parent {
			if p.DataAtom == atom.Select {
				v.typed[p] = attr(options[0], "value")
				return nil
			}
		}
	}
	n, err := v.free(label)
	if err != nil {
		return err
	}
	if attr(n, "type") != "radio" {
		return fmt.Errorf("%q is not one of several to choose from", label)
	}
	for _, other := range v.find(func(o *html.Node) bool {
		return attr(o, "type") == "radio" && attr(o, "name") == attr(n, "name") && v.form(o) == v.form(n)
	}) {
		v.typed[other] = ""
	}
	v.typed[n] = "on"
	return nil
}

// tick ticks a box, or takes the tick away.
func (v *view) tick(label string, on bool) error {
	n, err := v.free(label)
	if err != nil {
		return err
	}
	if attr(n, "type") != "checkbox" {
		return fmt.Errorf("%q is no box to tick", label)
	}
	v.typed[n] = map[bool]string{true: "on"}[on]
	return nil
}

// holds is what stands in a field: «on» for a box or button that is chosen, the
// words of the option for a list.
func (v *view) holds(n *html.Node) string {
	text, touched := v.typed[n]
	switch kind := attr(n, "type"); {
	case n.DataAtom == atom.Select:
		chosen := v.option(n)
		if chosen == nil {
			return ""
		}
		return words(chosen)
	case kind == "radio" || kind == "checkbox":
		if touched && text != "" || !touched && has(n, "checked") {
			return "on"
		}
		return ""
	case touched:
		return text
	case n.DataAtom == atom.Textarea:
		return words(n)
	}
	return attr(n, "value")
}

// option is the option of a list that is chosen, or nil.
func (v *view) option(list *html.Node) (chosen *html.Node) {
	value, touched := v.typed[list]
	for o := range list.Descendants() {
		switch {
		case o.DataAtom != atom.Option:
		case touched && attr(o, "value") == value, !touched && (has(o, "selected") || chosen == nil):
			chosen = o
		}
	}
	return chosen
}

// only picks the one element that reads so, or says what there is.
func only(what, text string, from []*html.Node, read func(*html.Node) []string) (*html.Node, error) {
	var found []*html.Node
	var there []string
	for _, n := range from {
		names := slices.DeleteFunc(read(n), func(s string) bool { return s == "" })
		if slices.ContainsFunc(names, func(s string) bool { return matches(text, s) }) {
			found = append(found, n)
		} else if len(names) > 0 {
			there = append(there, fmt.Sprintf("%q", squeeze(names[0])))
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("no %s %q; there is: %s", what, text, strings.Join(there, ", "))
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%d times %s %q", len(found), what, text)
}

// matches compares what a script says with what stands on a page. A * at the
// end of what a script says is for all that follows.
func matches(said, stands string) bool {
	said, stands = squeeze(said), squeeze(stands)
	if begin, more := strings.CutSuffix(said, "*"); more {
		return strings.HasPrefix(stands, strings.TrimSpace(begin))
	}
	return said == stands
}

// within reports whether n stands in outer.
func within(n, outer *html.Node) bool {
	for ; n != nil && n != outer; n = n.Parent {
	}
	return n != nil
}

// words are the words of an element, as they are read.
func words(n *html.Node) string { return wordsBut(n, nil) }

// wordsBut are the words of an element without those in one of its own.
func wordsBut(n, but *html.Node) string {
	var s strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && (but == nil || !within(d, but)) {
			s.WriteString(d.Data)
		}
	}
	return squeeze(s.String())
}

// keyboard turns typographic signs into those that can be typed.
var keyboard = strings.NewReplacer("’", "'", "«", `"`, "»", `"`, "–", "-", "\u2011", "-", "\u00a0", " ", "\u202f", " ")

// squeeze makes runs of blanks one, and the signs those of a keyboard, so that a
// script can be typed.
func squeeze(s string) string { return strings.Join(strings.Fields(keyboard.Replace(s)), " ") }

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
