package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows is the table. A package may import what its arrows lead to, directly
// or by way of others: they run downward only. A package that is not in it has
// no place yet, and the test says so. `web` stands for internal/web and all
// below it, `cmd` for the programs.
const arrows = `
	cmd                                  -> demo app settings funds
	demo                                 -> app funds
	app                                  -> web provider deliver desk registry settings
	web                                  -> area journey operation desk registry session texts qr trust
	provider                             -> journey operation session
	area journey operation desk registry -> challenge document federation policy session password trust pin profile identifier work
	deliver                              -> audit store texts identifier
	session                              -> profile
	challenge document session           -> audit totp recovery passkey
	profile                              -> audit identifier
	trust                                -> audit
	pin                                  -> audit password
	audit                                -> store
	store password recovery work         -> keys
	keys policy federation texts         -> access
	policy                               -> identifier
	settings funds access identifier     ->
	totp qr passkey                      ->
`

// never is what no arrow allows, whatever the table says: who, and what of.
// «ours» is every package of this module, «others» every module but the
// standard library.
var never = []struct{ who, what, why string }{
	{"access", "ours others", "is the standard library and nothing else"},
	{"identifier", "ours", "stands by itself"},
	{"store policy challenge", "net/http web texts", "does not know how it is shown"},
	{"web", "store", "a page asks a use case"},
	{"web provider deliver", "web provider deliver", "is an edge: edges do not know each other"},
	{"area journey operation desk registry session", "net/http", "does not know how it is reached"},
}

// only is what one package has to itself. A name ending in / is a whole tree.
var only = []struct{ what, who string }{
	{"modernc.org/sqlite/ github.com/jackc/pgx/ github.com/pressly/goose/ github.com/lib/pq/ github.com/mattn/go-sqlite3/", "store"},
	{"net/smtp github.com/wneessen/go-mail/ github.com/emersion/go-smtp/ github.com/linxGnu/gosmpp/", "deliver"},
	{"github.com/go-webauthn/webauthn/", "passkey"},
	{"github.com/altcha-org/altcha-lib-go/", "work"},
	{"github.com/russellhaering/goxmldsig/ github.com/beevik/etree/ github.com/crewjam/saml/", "federation"},
}

// tests are packages that only tests import, and tools. They import what they like.
const tests = "arch bench browsertest dbtest fault script softkey tools"

// module is the path that ours begin with.
const module = "aditus/"

// A pkg is what the go command tells of a package. Imports of its tests are no
// matter here.
type pkg struct {
	ImportPath string
	Imports    []string
}

func TestArrows(t *testing.T) {
	list := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...")
	out, err := list.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		t.Fatalf("go list: %s", failed.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 2 {
		t.Fatalf("go list found %d packages", len(all))
	}
	for _, complaint := range check(all) {
		t.Error(complaint)
	}
}

// check says what is against the rules.
func check(all []pkg) (complaints []string) {
	down := closure(arrows)
	for _, p := range all {
		who := place(p.ImportPath)
		if in(who, tests) {
			continue
		}
		below, known := down[who]
		if !known {
			complaints = append(complaints, who+" has no place in the table of internal/arch")
			continue
		}
		for _, path := range p.Imports {
			say := func(why string) {
				complaints = append(complaints, p.ImportPath+" imports "+path+": "+who+" "+why)
			}
			what := place(path)
			switch {
			case what == who && ours(path):
				continue
			case ours(path) && in(what, tests):
				say("is part of the product, and that is for tests")
			case ours(path) && !below[what]:
				say("has no arrow to " + what)
			}
			for _, n := range never {
				if in(who, n.who) && forbids(n.what, path) {
					say(n.why)
				}
			}
			for _, o := range only {
				if who != o.who && slices.ContainsFunc(strings.Fields(o.what), func(tree string) bool { return within(path, tree) }) {
					say("leaves that to " + o.who)
				}
			}
		}
	}
	return complaints
}

// place is the name a package has in the table.
func place(path string) string {
	rest := strings.TrimPrefix(path, module)
	rest = strings.TrimPrefix(rest, "internal/")
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func ours(path string) bool { return strings.HasPrefix(path, module) }

// forbids says whether path is among what: ours by their place, others whole.
func forbids(what, path string) bool {
	for _, w := range strings.Fields(what) {
		first, _, _ := strings.Cut(path, "/")
		switch {
		case w == "ours" && ours(path),
			w == "others" && !ours(path) && strings.Contains(first, "."),
			w == place(path) && ours(path),
			w == path:
			return true
		}
	}
	return false
}

// within says whether path is tree, or below it if tree ends in /.
func within(path, tree string) bool {
	return path == strings.TrimSuffix(tree, "/") || strings.HasSuffix(tree, "/") && strings.HasPrefix(path, tree)
}

func in(name, names string) bool { return slices.Contains(strings.Fields(names), name) }

// closure is everything below each name of the table.
func closure(table string) map[string]map[string]bool {
	below := map[string]map[string]bool{}
	for line := range strings.Lines(table) {
		from, to, _ := strings.Cut(line, "->")
		for _, f := range strings.Fields(from) {
			if below[f] == nil {
				below[f] = map[string]bool{}
			}
			for _, t := range strings.Fields(to) {
				below[f][t] = true
			}
		}
	}
	for grown := true; grown; {
		grown = false
		for _, b := range below {
			for name := range b {
				for further := range below[name] {
					if !b[further] {
						b[further], grown = true, true
					}
				}
			}
		}
	}
	return below
}

// Every name an arrow leads to has a line, and none leads back to itself.
func TestTable(t *testing.T) {
	down := closure(arrows)
	for name, below := range down {
		if below[name] {
			t.Errorf("%s is below itself", name)
		}
		for b := range below {
			if _, ok := down[b]; !ok {
				t.Errorf("%s leads to %s, which has no line", name, b)
			}
		}
	}
}

// Each rule is seen refusing what it is there for.
func TestRules(t *testing.T) {
	for _, c := range []struct{ who, what, want string }{
		{"internal/access", "strings", ""},
		{"internal/access", "aditus/internal/texts", "nothing else"},
		{"internal/access", "golang.org/x/text", "nothing else"},
		{"internal/identifier", "github.com/nyaruka/phonenumbers", ""},
		{"internal/identifier", "aditus/internal/access", "stands by itself"},
		{"internal/store", "net/http", "how it is shown"},
		{"internal/store", "aditus/internal/store/schema", ""},
		{"internal/store", "github.com/jackc/pgx/v5/stdlib", ""},
		{"internal/challenge", "aditus/internal/texts", "no arrow to texts"},
		{"internal/challenge", "github.com/jackc/pgx/v5", "leaves that to store"},
		{"internal/policy", "aditus/internal/store", "no arrow to store"},
		{"internal/web/page/otp", "aditus/internal/store", "a page asks a use case"},
		{"internal/web/page/otp", "aditus/internal/web", ""},
		{"internal/web", "aditus/internal/access", ""},
		{"internal/web", "net/http", ""},
		{"internal/web", "aditus/internal/dbtest", "is for tests"},
		{"internal/web", "aditus/internal/deliver", "edges do not know each other"},
		{"internal/provider", "aditus/internal/web", "edges do not know each other"},
		{"internal/journey", "aditus/internal/web", "no arrow to web"},
		{"internal/journey", "net/http", "how it is reached"},
		{"internal/web", "net/smtp", "leaves that to deliver"},
		{"internal/web", "github.com/beevik/etree", "leaves that to federation"},
		{"internal/demo", "aditus/internal/store", ""},
		{"cmd/aditus", "aditus/internal/demo", ""},
		{"internal/web", "aditus/internal/demo", "no arrow to demo"},
		{"internal/dbtest", "github.com/jackc/pgx/v5", ""},
		{"internal/misc", "strings", "no place in the table"},
	} {
		got := strings.Join(check([]pkg{{ImportPath: module + c.who, Imports: []string{c.what}}}), "; ")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s imports %s: %q, want %q", c.who, c.what, got, c.want)
		}
	}
}
