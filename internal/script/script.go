// Package script runs the product's specification: members' journeys, told in a
// fund's own words. A script is a txtar file for testscript; it opens with the
// requirement and with what could have happened. Its commands are what a person
// does and sees, and what the fund's office and the world around do:
//
//	fund aurora [code.again='"60s"']…   the fund's file, or one in the script; settings that are other than there
//	import FILE.csv | NUMBER…           a register in the script (UTF-8), or rows of the shared one
//	member NUMBER field=value…          the office changes a row, or adds one, and exports its register again
//	outcome NUMBER WORD                 what became of that row in the last import
//	password NUMBER text                a password that came with the register
//
//	given FILE name=value…              what given/FILE.txt beside the scripts tells, with those variables
//
//	open /path                          go there
//	fill LABEL text                     type into the field so labelled («Persona 2 > Quota in percentuale»)
//	choose LABEL                        the radio button or option so labelled
//	[!] tick LABEL                      a box
//	press TEXT [N]                      the button or link that reads so; N times at the same instant
//	back                                the page before, as it was left
//	again                               the last form once more, exactly
//	post /path k=v…                     a form of one's own making, from this site
//	forge /path k=v…                    the same from another site
//	long NAME N                         a text of so many letters, for later: $NAME
//	browser NAME, tab NAME              another browser, with its own cookies and network; another tab of this one
//	network 192.0.2.7                   this browser's address from now on
//
//	[!] see TEXT                        somewhere on the page
//	title TEXT                          above it
//	status 422                          of the answer
//	at /path                            where that is
//	here                                the same, for later: $here
//	field LABEL value                   what stands in a field
//	keep NAME, same NAME                the answer, to the byte; what was typed, nonces and the values of cookies do not count
//
//	[!] mail ADDRESS REGEXP             the last mail there, subject and text; its groups become $1, $2, …
//	[!] sms NUMBER REGEXP               the same
//	code ADDRESS                        the last message there has a code: $code; $wrong is another
//	[!] sent [ADDRESS…]                 exactly these messages left since the last look; none
//	post-office closed | open           nothing can be handed on, for a while
//	nobody-at ADDRESS                   what is sent there bounces
//
//	clock +5m | 10:04:59 | '2025-10-03 10:00'
//	audit KIND [N [REGEXP]]             so many events of a kind, that match; without a number, at least one
//	[!] event KIND REGEXP               the last of them, a line each if they happened at one time; its groups become $1, $2, …
//	verify                              the chain of events is whole
//
// The clock begins at 10:00 on 30 September 2025 in the fund's zone and stands
// still. Text is compared as a keyboard would write it: ’ is ', and blanks count
// as one. What a script could not do fails it, and shows the page as text; so
// does a fault that the program notes.
package script

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"aditus/internal/store"
)

// Params say which scripts run, and on what.
type Params struct {
	Dir      string // of the scripts
	Engine   string // "sqlite" or "postgres"
	Register string // the file that `import NUMBER…` takes rows from
}

// abreast is how many scripts run at a time. They wait for the disk most of their
// time, so it is more than there are processors.
const abreast = 8

// Run runs every script as a subtest, some at a time, each in a new world.
func Run(t *testing.T, p Params) {
	all := testscriptT{T: t, running: &sync.WaitGroup{}, places: make(chan struct{}, abreast)}
	run(all, p.Dir, func(t testing.TB) *world { return &world{t: t, dir: p.Dir, engine: p.Engine, shared: p.Register} })
	all.running.Wait()
}

type key struct{}

func run(t testscript.T, dir string, begin func(testing.TB) *world) {
	testscript.RunT(t, testscript.Params{
		Dir:                dir,
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			w := begin(env.T().(interface{ TB() testing.TB }).TB())
			w.browsers, w.kept = map[string]*browser{}, map[string]string{}
			env.Values[key{}] = w
			if w.handler != nil { // a page of a test's own
				return w.surf("")
			}
			return nil
		},
		Cmds: commands(),
	})
}

// testscriptT lets a world reach the test that its script is, and says how many
// run side by side.
type testscriptT struct {
	*testing.T
	running *sync.WaitGroup
	places  chan struct{}
}

// Run runs a script as a subtest, without waiting for it.
func (t testscriptT) Run(name string, f func(testscript.T)) {
	t.running.Go(func() {
		t.places <- struct{}{}
		defer func() { <-t.places }()
		t.T.Run(name, func(inner *testing.T) { f(testscriptT{T: inner}) })
	})
}

// Parallel does nothing: Run has seen to it.
func (testscriptT) Parallel() {}

// TB is the test.
func (t testscriptT) TB() testing.TB { return t.T }

// Verbose reports whether everything is to be shown.
func (testscriptT) Verbose() bool { return testing.Verbose() }

// A call is one line of a script.
type call struct {
	*testscript.TestScript
	neg  bool
	args []string
}

// A command is one word of the language.
type command struct {
	least, most int // arguments; most is -1 for any number
	not         bool
	do          func(*world, call) error
}

// one and two are commands that take so many texts.
func one(do func(*world, string) error) command {
	return command{1, 1, false, func(w *world, c call) error { return do(w, c.args[0]) }}
}

func two(do func(w *world, a, b string) error) command {
	return command{2, 2, false, func(w *world, c call) error { return do(w, c.args[0], c.args[1]) }}
}

// check reports whether a line with the command can be right.
func (c command) check(name string, neg bool, args []string) error {
	if neg && !c.not || len(args) < c.least || c.most >= 0 && len(args) > c.most {
		return fmt.Errorf("%s does not go like this: see the doc comment of internal/script", name)
	}
	return nil
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){}
	for name, c := range vocabulary() {
		all[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			w := ts.Value(key{}).(*world)
			if err := c.check(name, neg, args); err != nil {
				ts.Fatalf("%v", err)
			}
			if w.browser == nil && name != "fund" {
				ts.Fatalf("which fund? Say so first: fund aurora")
			}
			if err := c.do(w, call{ts, neg, args}); err != nil {
				ts.Fatalf("%v\n%s", err, w.front())
			}
		}
	}
	return all
}

// front is the page in front, for a failure.
func (w *world) front() string {
	if w.browser == nil {
		return ""
	}
	return w.tab.String()
}

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
		"member":   {2, -1, false, func(w *world, c call) error { return w.register.set(c.args[0], c.args[1:]) }},
		"password": two((*world).setPassword),
		"given":    {1, -1, false, given},
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

		"mail": {2, 2, true, message("email")},
		"sms":  {2, 2, true, message("sms")},
		"code": {1, 1, false, func(w *world, c call) error {
			code, err := w.code(c.args[0])
			if err != nil {
				return err
			}
			c.Setenv("code", code)
			c.Setenv("wrong", string('0'+(code[0]-'0'+1)%10)+code[1:])
			return nil
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
