// Package script runs the product's specification: members' journeys, told in a
// fund's own words. A script is a txtar file for testscript; it opens with the
// requirement and with what could have happened. Its commands are what a person
// does and sees, and what the fund's office and the world around do:
//
//	fund NAME [code.again='"60s"']…   the fund's file, or one in the script; settings that are other than there
//	import FILE.csv | NUMBER…           a register in the script (UTF-8), or rows of the shared one
//	member NUMBER field=value…          the office changes a row, or adds one, and exports its register again
//	outcome NUMBER WORD                 what became of that row in the last import
//	password NUMBER text                a password that came with the register
//
//	staff letter LOGIN                  the office sends a letter with a code to somebody whose telephone is lost
//	staff identified LOGIN              or it has made sure who they are
//
//	sits LOGIN read | act               somebody has just signed in here, at that level: for what comes after
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
//	speaks LANGUAGE                     what this browser shows, and what is sent and looked at, is in that language, and nothing is unfilled
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
//	[!] pec ADDRESS REGEXP              the same
//	[!] letter ADDRESS REGEXP           the same, on paper
//	code ADDRESS                        the last message there has a code: $code; $wrong is another
//	calculate                           the work that the page asks for, as its script would do it
//	scan NAME                           an authenticator app takes up the secret that the page shows
//	app NAME                            the code that the app shows now: $code
//	passkey DEVICE                      the page's button for a passkey: this device makes one, or answers with the one it has
//	read REGEXP                         something on the page; its groups become $1, $2, …
//	[!] sent [ADDRESS…]                 exactly these messages left since the last look; none
//	post-office closed | open           nothing can be handed on, for a while
//	nobody-at ADDRESS                   what is sent there bounces
//
//	clock +5m | 10:04:59 | '2025-10-03 10:00'
//	audit KIND [N [REGEXP]]             so many events of a kind, that match; without a number, at least one
//	[!] event KIND REGEXP               the last of them, a line each if they happened at one time; its groups become $1, $2, …
//	[!] case KIND WHY                   the fund's people have such a case to look at
//	verify                              the chain of events is whole
//
// The clock begins at 10:00 on 30 September 2025 in the fund's zone and stands
// still. Text is compared as a keyboard would write it: ’ is ', and blanks count
// as one. What a script could not do fails it, and shows the page as text; so
// does a fault that the program notes.
package script

import (
	"fmt"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"aditus/internal/softkey"
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
			w.browsers, w.kept, w.apps, w.devices = map[string]*browser{}, map[string]string{}, map[string][]byte{}, map[string]*softkey.Device{}
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
				ts.Fatalf("which fund? Say so first: fund NAME")
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
