package texts

import (
	"regexp"
	"slices"
	"strings"
	"text/template/parse"
	"unicode"

	"golang.org/x/net/html"
)

// template walks one file. T is a method of what the page gets, so its name is
// the last of a chain: .T, $.T, .Visit.T.
func (w *walker) template(place, text string) {
	trees := map[string]*parse.Tree{}
	tree := parse.New(place)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(text, "", "", trees); err != nil {
		w.say(place, "%v", err)
		return
	}
	for _, tree := range trees {
		var page strings.Builder
		w.node(place, tree.Root, &page)
		w.letters(place, page.String())
	}
}

// action stands for what an action prints: no letter, no white space.
const action = "\ue000"

func (w *walker) node(place string, n parse.Node, page *strings.Builder) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, inner := range n.Nodes {
			w.node(place, inner, page)
		}
	case *parse.TextNode:
		page.Write(n.Text)
	case *parse.ActionNode:
		w.pipe(place, n.Pipe)
		if len(n.Pipe.Decl) == 0 {
			page.WriteString(action)
		}
	case *parse.TemplateNode:
		w.pipe(place, n.Pipe)
		page.WriteString(action)
	case *parse.IfNode:
		w.branch(place, &n.BranchNode, page)
	case *parse.RangeNode:
		w.branch(place, &n.BranchNode, page)
	case *parse.WithNode:
		w.branch(place, &n.BranchNode, page)
	}
}

func (w *walker) branch(place string, n *parse.BranchNode, page *strings.Builder) {
	w.pipe(place, n.Pipe)
	w.node(place, n.List, page)
	w.node(place, n.ElseList, page)
}

func (w *walker) pipe(place string, p *parse.PipeNode) {
	if p == nil {
		return
	}
	for _, c := range p.Cmds {
		if len(c.Args) > 0 && lastName(c.Args[0]) == "T" {
			w.call(place, c)
		}
		for _, a := range c.Args {
			switch a := a.(type) {
			case *parse.PipeNode:
				w.pipe(place, a)
			case *parse.StringNode:
				w.literal(place, a.Text)
			}
		}
	}
}

func lastName(n parse.Node) string {
	var names []string
	switch n := n.(type) {
	case *parse.FieldNode:
		names = n.Ident
	case *parse.VariableNode:
		names = n.Ident
	case *parse.ChainNode:
		names = n.Field
	case *parse.IdentifierNode:
		names = []string{n.Ident}
	}
	if len(names) == 0 {
		return ""
	}
	return names[len(names)-1]
}

// call is one T with its arguments.
func (w *walker) call(place string, c *parse.CommandNode) {
	if len(c.Args) < 2 {
		w.say(place, "T without a key")
		return
	}
	given, all := []string{}, true
	for i := 2; i < len(c.Args); i += 2 {
		name, ok := c.Args[i].(*parse.StringNode)
		if all = all && ok; ok {
			given = append(given, name.Text)
		}
	}
	switch key := c.Args[1].(type) {
	case *parse.StringNode:
		w.key(place, key.Text, given, all)
	case *parse.PipeNode: // (printf "act.%s.name" .Act), (print "state." .State)
		w.pattern(place, partsOf(key), given, all)
	}
	// A field or a variable: the key was chosen in Go, where it is seen.
}

// partsOf are the parts of a key put together in a template.
func partsOf(key *parse.PipeNode) (parts []string) {
	first := key.Cmds[0]
	if len(key.Cmds) != 1 || len(first.Args) < 2 {
		return nil
	}
	switch lastName(first.Args[0]) {
	case "printf":
		if s, ok := first.Args[1].(*parse.StringNode); ok {
			return verbs(s.Text)
		}
	case "print":
		for _, a := range first.Args[1:] {
			s, ok := a.(*parse.StringNode)
			if !ok {
				parts = append(parts, "")
				continue
			}
			parts = append(parts, s.Text)
		}
	}
	return parts
}

// literal is any string of an action: a key handed to a template inside, such
// as a field's label, is named that way.
func (w *walker) literal(place, s string) {
	if w.book.common[Languages[0]]()[s] != nil {
		w.used[s] = true
		return
	}
	group, _, dotted := strings.Cut(s, ".")
	if dotted && looksLikeKey.MatchString(s) && w.groups()[group] && !strings.HasSuffix(s, ".html") {
		w.say(place, "there is no text %q", s)
	}
}

var looksLikeKey = regexp.MustCompile(`^[a-z_]+(\.[a-zA-Z0-9_+]+)+$`)

func (w *walker) groups() map[string]bool {
	groups := map[string]bool{}
	for key := range w.book.common[Languages[0]]() {
		group, _, _ := strings.Cut(key, ".")
		groups[group] = true
	}
	return groups
}

// letters finds words written into the page itself. translate="no" is HTML's
// own mark for what is of no language: a program's name, a code example.
func (w *walker) letters(place, page string) {
	z := html.NewTokenizer(strings.NewReader(page))
	raw, kept := "", 0 // inside script or style; depth inside translate="no"
	var open []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.TextToken:
			if s := string(z.Text()); raw == "" && kept == 0 && hasLetter(s) {
				w.say(place, "a word outside the texts: %q", strings.TrimSpace(s))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			if t.Type == html.StartTagToken && !slices.Contains(void, t.Data) {
				open = append(open, t.Data)
				if kept > 0 {
					kept++
				}
			}
			if t.Data == "script" || t.Data == "style" {
				raw = t.Data
			}
			for _, a := range t.Attr {
				if a.Key == "translate" && a.Val == "no" && kept == 0 && t.Type == html.StartTagToken {
					kept = 1
				}
				if isSpoken(t, a) && hasLetter(jsonName.ReplaceAllString(a.Val, "")) {
					w.say(place, "a word outside the texts: %s=%q", a.Key, a.Val)
				}
			}
		case html.EndTagToken:
			t := z.Token()
			raw = ""
			if i := lastIndex(open, t.Data); i >= 0 {
				kept = max(0, kept-(len(open)-i))
				open = open[:i]
			}
		}
	}
}

// jsonName is a name in the JSON that a page's script reads its texts from.
var jsonName = regexp.MustCompile(`"\w+"\s*:`)

var void = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

func isSpoken(t html.Token, a html.Attribute) bool {
	switch {
	case slices.Contains(spoken, a.Key), strings.HasPrefix(a.Key, "data-i18n"):
		return true
	case t.Data == "meta" && a.Key == "content":
		return slices.ContainsFunc(t.Attr, func(b html.Attribute) bool { return b.Key == "name" && b.Val == "description" })
	case t.Data == "input" && a.Key == "value":
		return slices.ContainsFunc(t.Attr, func(b html.Attribute) bool {
			return b.Key == "type" && (b.Val == "submit" || b.Val == "button" || b.Val == "reset")
		})
	}
	return false
}

func hasLetter(s string) bool {
	return strings.ContainsFunc(html.UnescapeString(s), unicode.IsLetter)
}

func lastIndex(s []string, x string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == x {
			return i
		}
	}
	return -1
}
