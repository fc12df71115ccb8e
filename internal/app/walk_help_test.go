package app_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// aWalk is after how many requests a new walk begins, so that looking at all of
// the database after each stays quick.
const aWalk = 2000

// walkSteps is how many requests are made on each engine.
func walkSteps(t testing.TB) int {
	t.Helper()
	text := os.Getenv("ADITUS_WALK")
	switch {
	case text == "" && os.Getenv("ADITUS_FAULT") == "":
		return 600
	case text == "":
		return 20_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("ADITUS_WALK: %q is not a number of steps", text)
	}
	return n
}

// A walker makes one random request after another, and judges each.
type walker interface {
	step(i int)
	told() *memory
}

// A memory is what every walk has: the site, the browsers, what is random, and what
// came of it so far.
type memory struct {
	*site
	rnd      *rand.Rand
	browsers []*browser
	log      []string
	seen     map[string]int // what changed, how often
}

func (m *memory) told() *memory { return m }

// remember begins a walk of three browsers, each in a network of its own.
func remember(s *site, stream uint64) *memory {
	m := &memory{site: s, rnd: rand.New(rand.NewPCG(seed(s.t), stream)), seen: map[string]int{}}
	for i, name := range []string{"first", "second", "third"} {
		m.browsers = append(m.browsers, s.browser(name, fmt.Sprintf("192.0.2.%d", i+1)))
	}
	return m
}

// walkAll makes walkSteps requests, in walks of aWalk each, and stops at the first
// that is wrong. Each of the doors must have been opened: a walk that comes to none
// proves nothing.
func walkAll(t *testing.T, doors []string, begin func(nth uint64) walker) {
	t.Helper()
	seen, steps := map[string]int{}, walkSteps(t)
	for left, nth := steps, uint64(0); left > 0; left, nth = left-aWalk, nth+1 {
		w := begin(nth)
		for i := range min(left, aWalk) {
			w.step(i)
			if t.Failed() {
				log := w.told().log
				t.Fatalf("seed %d, walk %d; the last steps:\n%s", seed(t), nth, strings.Join(log[max(0, len(log)-25):], "\n"))
			}
		}
		for what, n := range w.told().seen {
			seen[what] += n
		}
	}
	t.Logf("%d steps: %v", steps, seen)
	for _, what := range doors {
		if seen[what] == 0 {
			t.Errorf("no %s ever changed: the walk came to no door", what)
		}
	}
}

// meanwhile does, in so many of a hundred steps each, what no request does: time
// passes, a cookie comes to another browser, planted or stolen, or is lost.
func (m *memory) meanwhile(passes, planted, lost int, times ...time.Duration) {
	m.t.Helper()
	name := func() string { return []string{"session", "journey", "device"}[m.rnd.IntN(3)] }
	one := func() *browser { return m.browsers[m.rnd.IntN(len(m.browsers))] }
	switch n := m.rnd.IntN(100); {
	case n < passes:
		m.now.pass(times[m.rnd.IntN(len(times))])
		if err := m.app.Tidy(m.t.Context()); err != nil {
			m.t.Fatal(err)
		}
	case n < passes+planted:
		from, to, name := one(), one(), name()
		if from != to && from.cookies[name] != "" {
			to.cookies[name] = from.cookies[name]
			m.log = append(m.log, fmt.Sprintf("%s gets the %s of %s", to.name, name, from.name))
		}
	case n < passes+planted+lost:
		delete(one().cookies, name())
	}
}

// table reads one column by another.
func (m *memory) table(q string) map[string]string {
	m.t.Helper()
	rows, err := m.raw.Query(q)
	if err != nil {
		m.t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var k, v string
		if err := rows.Scan(&k, &v); err != nil {
			m.t.Fatal(err)
		}
		all[k] = v
	}
	if err := rows.Err(); err != nil {
		m.t.Fatal(err)
	}
	return all
}

// A move is one request.
type move struct {
	b     *browser
	path  string
	form  url.Values
	codes map[string]string // what was mailed to each member last, before the request
	jar   map[string]string // the cookies that were sent
	key   string            // whose passkey answers in it, "" if none does
}

func (m move) String() string {
	return fmt.Sprintf("%s: POST %s %s", m.b.name, m.path, m.form.Encode())
}

// set is the move to a path, with pairs of a name and a value.
func (m move) set(path string, pairs ...string) move {
	m.path = path
	for i := 0; i+1 < len(pairs); i += 2 {
		m.form.Set(pairs[i], pairs[i+1])
	}
	return m
}

var digits = regexp.MustCompile(`\D`)
