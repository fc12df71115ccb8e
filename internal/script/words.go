package script

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"aditus/internal/store"
)

// vocabulary are all words of the language.
func vocabulary() map[string]command {
	return map[string]command{
		"fund": {1, -1, false, func(w *world, c call) error {
			return w.found(c.args[0], c.args[1:], func(name string) string { return c.ReadFile(name) })
		}},
		"import": {1, -1, false, func(w *world, c call) error {
			if !strings.HasSuffix(c.args[0], ".csv") {
				return w.register.take(c.args)
			}
			text := c.ReadFile(c.args[0])
			w.register.rows = nil
			if err := w.register.read(text); err != nil {
				return err
			}
			return w.register.apply(text)
		}},
		"member":     {2, -1, false, func(w *world, c call) error { return w.register.set(c.args[0], c.args[1:]) }},
		"password":   two((*world).setPassword),
		"sits":       two((*world).sit),
		"given":      {1, -1, false, given},
		"represents": {3, 3, true, represents},
		"outcome": two(func(w *world, number, want string) error {
			if got := string(w.register.outcomes[number]); got != want {
				return fmt.Errorf("record %s: %s, want %s", number, got, want)
			}
			return nil
		}),

		"open":   one(func(w *world, to string) error { return w.open(to) }),
		"fill":   two(func(w *world, label, text string) error { return w.tab.fill(label, text) }),
		"choose": one(func(w *world, label string) error { return w.tab.choose(label) }),
		"tick":   {1, 1, true, func(w *world, c call) error { return w.tab.tick(c.args[0], !c.neg) }},
		"press": {1, 2, false, func(w *world, c call) error {
			if len(c.args) == 1 {
				return w.press(c.args[0])
			}
			n, err := strconv.Atoi(c.args[1])
			if err != nil || n < 1 {
				return fmt.Errorf("how many times is %q?", c.args[1])
			}
			return w.together(c.args[0], n)
		}},
		"back":    {0, 0, false, func(w *world, _ call) error { return w.back() }},
		"again":   {0, 0, false, func(w *world, _ call) error { return w.again() }},
		"post":    {1, -1, false, func(w *world, c call) error { return w.made(c.args, "same-origin") }},
		"forge":   {1, -1, false, func(w *world, c call) error { return w.made(c.args, "cross-site") }},
		"browser": one((*world).surf),
		"tab":     one(func(w *world, name string) error { w.turn(name); return nil }),

		"long": {2, 2, false, func(w *world, c call) error {
			n, err := strconv.Atoi(c.args[1])
			c.Setenv(c.args[0], strings.Repeat("a", n))
			return err
		}},
		"speaks":  one((*world).speaks),
		"network": one(func(w *world, address string) error { w.wire.from = address; return nil }),

		"see": {1, -1, true, see},
		"title": one(func(w *world, want string) error {
			if got := w.tab.title(); !matches(want, got) {
				return differ("the title", got, want)
			}
			return nil
		}),
		"status": one(func(w *world, want string) error { return differ("the status", strconv.Itoa(w.tab.status), want) }),
		"at":     one(func(w *world, want string) error { return differ("the path", w.tab.at.Path, want) }),
		"here":   {0, 0, false, func(w *world, c call) error { c.Setenv("here", w.tab.at.Path); return nil }},
		"field": two(func(w *world, label, want string) error {
			n, err := w.tab.field(label)
			if err != nil {
				return err
			}
			return differ(label, squeeze(w.tab.holds(n)), squeeze(want))
		}),
		"keep": one(func(w *world, name string) error { w.kept[name] = w.answer(); return nil }),
		"same": one(func(w *world, name string) error {
			if d := difference(w.kept[name], w.answer()); d != "" {
				return fmt.Errorf("not the answer that was kept as %s, %s", name, d)
			}
			return nil
		}),

		"mail":   {2, 2, true, message("email")},
		"sms":    {2, 2, true, message("sms")},
		"pec":    {2, 2, true, message("pec")},
		"letter": {2, 2, true, message("letter")},
		"staff":  two((*world).staff),
		"code": {1, 1, false, func(w *world, c call) error {
			code, err := w.code(c.args[0])
			if err != nil {
				return err
			}
			c.Setenv("code", code)
			c.Setenv("wrong", string('0'+(code[0]-'0'+1)%10)+code[1:])
			return nil
		}},
		"calculate": {0, 0, false, func(w *world, _ call) error { return w.calculate() }},
		"scan":      one((*world).scan),
		"passkey":   one((*world).passkey),
		"app": {1, 1, false, func(w *world, c call) error {
			code, err := w.appCode(c.args[0])
			c.Setenv("code", code)
			return err
		}},
		"read": {1, 1, false, func(w *world, c call) error {
			if w.tab.page == nil {
				return errors.New("no page is open")
			}
			return c.match(c.args[0], squeeze(w.tab.text()), "the page")
		}},
		"sent": {0, -1, true, func(w *world, c call) error {
			if c.neg == (len(c.args) > 0) {
				return errors.New("sent names whom to; ! sent is for nobody")
			}
			return w.left(c.args)
		}},
		"post-office": one(func(w *world, state string) error {
			if state != "open" && state != "closed" {
				return fmt.Errorf("a post office is open or closed, not %s", state)
			}
			w.post.close(state == "closed")
			return nil
		}),
		"nobody-at": one(func(w *world, to string) error { w.post.bury(to); return nil }),

		"clock": one((*world).pass),
		"audit": {1, 3, false, func(w *world, c call) error {
			es, err := w.events(c.args[0])
			if err != nil {
				return err
			}
			if len(c.args) == 3 {
				re, err := regexp.Compile(c.args[2])
				if err != nil {
					return err
				}
				es = slices.DeleteFunc(es, func(e store.Event) bool { return !re.MatchString(e.Body) })
			}
			switch {
			case len(c.args) == 1 && len(es) == 0:
				return fmt.Errorf("no event %s", c.args[0])
			case len(c.args) > 1 && strconv.Itoa(len(es)) != c.args[1]:
				return fmt.Errorf("%d events %s, want %s", len(es), c.args[0], c.args[1])
			}
			return nil
		}},
		"event": {2, 2, true, func(w *world, c call) error {
			es, err := w.events(c.args[0])
			if err != nil {
				return err
			}
			if len(es) == 0 {
				return fmt.Errorf("no event %s", c.args[0])
			}
			// As the clock stands still, the order of what happened at one time is
			// by chance: all that happened at the last time is looked at.
			var last []string
			for _, e := range es {
				if e.At == es[len(es)-1].At {
					last = append(last, e.Body)
				}
			}
			return c.match(c.args[1], strings.Join(last, "\n"), "the last events "+c.args[0])
		}},
		"case": {2, 2, true, func(w *world, c call) error {
			if err := w.work(); err != nil {
				return err
			}
			return w.looksAt(c.args[0], c.args[1], c.neg)
		}},
		"verify": {0, 0, false, func(w *world, _ call) error { return w.verify() }},
	}
}

// see looks for a text on the page.
func see(w *world, c call) error {
	if w.tab.page == nil {
		return errors.New("no page is open")
	}
	text := strings.Join(c.args, " ")
	if strings.Contains(squeeze(w.tab.text()), squeeze(text)) == c.neg {
		return fmt.Errorf("%q: want seen %v", text, !c.neg)
	}
	return nil
}

// message looks at the last message of a kind to an address.
func message(kind string) func(*world, call) error {
	return func(w *world, c call) error {
		text, err := w.message(kind, c.args[0])
		if err == nil && w.tongue != nil {
			err = w.tongue.text(text)
		}
		if err != nil {
			return err
		}
		return c.match(c.args[1], text, fmt.Sprintf("the last %s to %s", kind, c.args[0]))
	}
}

// match holds a text against a pattern, whose groups become $1, $2, … for the
// lines that follow; or sees that it does not match, after a «!».
func (c call) match(pattern, text, what string) error {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	groups := re.FindStringSubmatch(text)
	if (groups == nil) != c.neg {
		return fmt.Errorf("%s: want a match %v:\n%s", what, !c.neg, text)
	}
	for i, g := range groups[min(1, len(groups)):] {
		c.Setenv(strconv.Itoa(i+1), g)
	}
	return nil
}

// made sends a form that no page has.
func (w *world) made(args []string, site string) error {
	s := shipment{method: "POST", to: w.tab.resolve(args[0]), values: url.Values{}}
	for _, pair := range args[1:] {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("%q is not NAME=VALUE", pair)
		}
		s.values.Add(name, value)
	}
	v, err := w.fetch(s, site)
	if err != nil {
		return err
	}
	return w.show(v, s)
}

func differ(what, got, want string) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%s is %q, want %q", what, got, want)
}
