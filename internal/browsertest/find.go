package browsertest

import (
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keyCodes are the keys by the names a person knows them by.
var keyCodes = map[string]string{
	"Tab": kb.Tab, "Enter": kb.Enter, "Escape": kb.Escape, "Space": " ", "Delete": kb.Delete,
	"ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
	"Home": kb.Home, "End": kb.End,
}

// An element is what was found in the page.
type element struct {
	el         *runtime.RemoteObject
	text, kind string
}

// find finds the one element of a list of page.js that reads so. As for a
// person, two of them are none.
func (p *Page) find(list, what, text string) element {
	p.t.Helper()
	objects, err := run(p, chromedp.Evaluate[*runtime.RemoteObject](`(`+pageJS+`).`+list+`()`))
	if err != nil {
		p.fail("looking for %s %q: %v", what, text, err)
	}
	there, err := ask[[]struct{ Text, Kind string }](p, objects, `this.map(({text, kind}) => ({text, kind}))`)
	if err != nil {
		p.fail("looking for %s %q: %v", what, text, err)
	}
	found, others := -1, []string{}
	for i, e := range there {
		switch read := squeeze(e.Text); {
		case read != squeeze(text):
			others = append(others, fmt.Sprintf("%q", read))
		case found >= 0:
			p.fail("more than one %s %q", what, text)
		default:
			found = i
		}
	}
	if found < 0 {
		p.fail("no %s %q; there is: %s", what, text, strings.Join(others, ", "))
	}
	el, err := ask[*runtime.RemoteObject](p, objects, `this[args[0]].el`, found)
	if err != nil {
		p.fail("looking for %s %q: %v", what, text, err)
	}
	return element{el: el, text: text, kind: there[found].Kind}
}

// typed makes of the typographic signs those of a keyboard.
var typed = strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`, "\u2011", "-", "\u00ad", "", "\u200b", "")

// squeeze makes runs of spaces one and the signs those of a keyboard, so that
// what a test looks for can be typed.
func squeeze(s string) string { return strings.Join(strings.Fields(typed.Replace(s)), " ") }
