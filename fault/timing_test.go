//go:build fault

package fault

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"aditus/internal/dbtest"
)

// A class is people whom a stranger must not be able to tell from those of
// another by the time an answer takes.
type class struct {
	name   string
	like   string // the class it must look like; "" for one that others are held to
	path   string
	status int
	people []*person
	typed  func(p *person, n int) []string

	took []time.Duration
}

// What may be typed: a password that nobody has, a number that nobody has, at
// either page, or what would be right.
func guess(p *person, n int) []string {
	return []string{"username", p.code, "password", fmt.Sprintf("sbagliata-davvero-%d", n)}
}

func guessNumber(p *person, n int) []string {
	return []string{"username", p.code, "password", fmt.Sprintf("99%06d", n)}
}

func guessLetter(p *person, n int) []string {
	return []string{"username", p.code, "number", fmt.Sprintf("99%06d", n)}
}

func right(p *person, _ int) []string { return []string{"username", p.code, "password", first} }

// What could have happened: the words are the same for everybody, and the time
// they take is not. A hash is left out for who is not there, a message is sent
// within the request, a lookup goes further for some (security.md part 3, row 12,
// and part 6).
//
// 500 sign-ins of each kind, in random order, each from a network of its own. Two
// kinds that must be alike may differ by less than 5 ms in their medians, and by
// less than 3.3 in Mann and Whitney's z, in an idle server and in one at work.
func TestFaultTiming(t *testing.T) {
	const each = 5 // tries of one person: then waits begin
	samples := number(t, "ADITUS_SAMPLES", 500, 500)
	n := (samples + each - 1) / each
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			w := newWorld(t, setup{engine: engine, strong: true, rows: 9*n + 40, actors: n + 8, readers: 4 * n})
			nobody := w.nobody(4 * n)
			if len(w.strangers) < 3*n {
				t.Fatalf("the register is %d people short", 3*n-len(w.strangers))
			}
			some := func(from []*person, i int) []*person { return from[i*n : (i+1)*n] }
			w.mark("status = 'deceased'", some(w.readers, 1))
			w.mark("held = 'represented'", some(w.readers, 2))
			classes := []*class{
				{name: "unknown", path: "/login", status: 422, typed: guess, people: some(nobody, 0)},
				{name: "wrong password", like: "unknown", path: "/login", status: 422, typed: guess, people: some(w.readers, 0)},
				{name: "wrong password, has a channel", like: "unknown", path: "/login", status: 422, typed: guess, people: some(w.actors[8:], 0)},
				{name: "died, right password", like: "unknown", path: "/login", status: 422, typed: right, people: some(w.readers, 1)},
				{name: "represented, right password", like: "unknown", path: "/login", status: 422, typed: right, people: some(w.readers, 2)},
				{name: "no password yet, wrong password", like: "unknown", path: "/login", status: 422, typed: guess, people: some(w.strangers, 0)},
				{name: "unknown, number", path: "/login", status: 422, typed: guessNumber, people: some(nobody, 1)},
				{name: "no password yet, wrong number", like: "unknown, number", path: "/login", status: 422, typed: guessNumber, people: some(w.strangers, 1)},
				{name: "unknown, first access", path: "/first-access/identify", status: 422, typed: guessLetter, people: some(nobody, 2)},
				{name: "wrong number, first access", like: "unknown, first access", path: "/first-access/identify", status: 422, typed: guessLetter, people: some(w.strangers, 2)},
				{name: "unknown, made to wait", path: "/login", status: 429, typed: guess, people: some(nobody, 3)},
				{name: "known, made to wait", like: "unknown, made to wait", path: "/login", status: 429, typed: right, people: some(w.readers, 3)},
			}
			node := launch(t, w.config, nil)
			node.ready(t)
			for _, load := range []string{"idle", "at work"} {
				quiet := func() {}
				if load == "at work" {
					quiet = w.busy(node.addr)
				}
				for _, c := range classes {
					c.took = nil
				}
				// What looks apart is looked at again, with all there is by then: noise
				// goes, and a difference stays.
				todo := classes
				for range 4 {
					w.change(`DELETE FROM throttle`)
					w.change(`DELETE FROM tally`)
					for _, c := range todo {
						if c.status == http.StatusTooManyRequests {
							w.delay(c.people)
						}
					}
					w.sample(node.addr, todo, each)
					if todo = apart(classes); len(todo) == 0 {
						break
					}
				}
				quiet()
				report(t, engine+", "+load, classes)
			}
		})
	}
}

// nobody are people with a good tax code who are not in the register.
func (w *world) nobody(n int) (all []*person) {
	w.t.Helper()
	if len(w.spare) < n {
		w.t.Fatalf("the sample register has %d people left, and %d are asked for", len(w.spare), n)
	}
	for _, code := range w.spare[:n] {
		all = append(all, &person{code: code})
	}
	return all
}

// mark changes what the register says of people.
func (w *world) mark(set string, people []*person) {
	w.t.Helper()
	for _, p := range people {
		if w.change(`UPDATE entry SET `+set+` WHERE number = ?1`, p.number) != 1 {
			w.t.Fatalf("%s is not in the register", p.number)
		}
	}
}

// delay has people wait, as after many wrong passwords.
func (w *world) delay(people []*person) {
	w.t.Helper()
	until := time.Now().Add(10 * time.Hour).UnixMilli()
	for _, p := range people {
		w.change(`INSERT INTO throttle (fund, key, wrong, free_at, until) VALUES (?1, ?2, 20, ?3, ?3)`,
			fundID, w.ring.Fund(fundID).Index("throttle", "password "+p.code), until)
	}
}

// A knock is the nth of a person of a class.
type knock struct {
	c *class
	p *person
	n int
}

// mixed are so many knocks of each person of each class, all in random order.
func mixed(rnd *rand.Rand, classes []*class, each int) (all []knock) {
	for _, c := range classes {
		for _, p := range c.people {
			for n := range each {
				all = append(all, knock{c, p, n})
			}
		}
	}
	rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// sample signs in each person of each class so many times, all in random order.
func (w *world) sample(addr string, classes []*class, each int) {
	w.t.Helper()
	all := mixed(w.random(3), classes, each)
	b := newClient(addr)
	for range 20 { // warm
		if _, err := b.get("/login"); err != nil {
			w.t.Fatal(err)
		}
	}
	for i, s := range all {
		b.from = fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)
		b.cookies = map[string]string{}
		typed := s.c.typed(s.p, s.n)
		began := time.Now()
		a, err := b.post(s.c.path, typed...)
		took := time.Since(began)
		if err != nil || a.status != s.c.status {
			w.t.Fatalf("%s: %v %s, want %d", s.c.name, err, a.said(), s.c.status)
		}
		s.c.took = append(s.c.took, took)
	}
}

// busy has members read, act and sign in until the end is called.
func (w *world) busy(addr string) (end func()) {
	stop := make(chan struct{})
	var all sync.WaitGroup
	loop := func(pause time.Duration, f func()) {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(pause):
					f()
				}
			}
		})
	}
	for _, p := range w.actors[:3] {
		c := newClient(addr).as(p)
		loop(3*time.Millisecond, func() {
			if a, err := c.get("/profile"); err != nil || a.status != http.StatusOK {
				w.t.Errorf("a page: %v %s", err, a.said())
			}
		})
	}
	c, n := newClient(addr).as(w.actors[3]), 0
	loop(20*time.Millisecond, func() {
		n++
		a, err := c.post("/operations/new/residence", residence(n)...)
		if id := drafted(a.to); err == nil && id != "" {
			_, err = c.post("/operations/"+id+"/confirm", "do", "cancel")
		}
		if err != nil {
			w.t.Error(err)
		}
	})
	p := w.actors[4]
	in := newClient(addr).as(p)
	loop(250*time.Millisecond, func() {
		if a, err := in.post("/login", "username", p.code, "password", p.password); err != nil || a.status >= 500 {
			w.t.Errorf("a sign-in: %v %s", err, a.said())
		}
	})
	return func() {
		close(stop)
		all.Wait()
	}
}

// compare is how far a class is from the one it must look like: the difference
// of their medians, and Mann and Whitney's z.
func (c *class) compare(base *class) (apart time.Duration, z float64, told bool) {
	apart, z = median(c.took)-median(base.took), mannWhitney(c.took, base.took)
	return apart, z, apart.Abs() >= 5*time.Millisecond || math.Abs(z) >= 3.3
}

func named(classes []*class, name string) *class {
	return classes[slices.IndexFunc(classes, func(c *class) bool { return c.name == name })]
}

// apart are the classes that can be told from others, and those others.
func apart(classes []*class) (all []*class) {
	for _, c := range classes {
		if c.like == "" {
			continue
		}
		base := named(classes, c.like)
		if _, _, told := c.compare(base); told {
			if !slices.Contains(all, base) {
				all = append(all, base)
			}
			all = append(all, c)
		}
	}
	return all
}

// report prints each class beside the one it must look like, and fails if they
// can be told apart.
func report(t *testing.T, where string, classes []*class) {
	t.Helper()
	for _, c := range classes {
		if c.like == "" {
			t.Logf("%s: %-32s n %4d  median %8v", where, c.name, len(c.took), median(c.took).Round(10*time.Microsecond))
			continue
		}
		apart, z, told := c.compare(named(classes, c.like))
		t.Logf("%s: %-32s n %4d  median %8v  apart %8v  z %5.2f  (%s)", where, c.name, len(c.took), median(c.took).Round(10*time.Microsecond),
			apart.Round(10*time.Microsecond), z, c.like)
		if told {
			t.Errorf("%s: %q can be told from %q: %v apart, z %.2f", where, c.name, c.like, apart, z)
		}
	}
}

func median(all []time.Duration) time.Duration {
	s := slices.Sorted(slices.Values(all))
	return s[len(s)/2]
}

// mannWhitney is the rank-sum test's z: how far the ranks of a, among a and b
// together, are from what chance would give, in its standard deviations. Equal
// values share their ranks.
func mannWhitney(a, b []time.Duration) float64 {
	type value struct {
		d    time.Duration
		ofA  bool
		rank float64
	}
	var all []value
	for _, d := range a {
		all = append(all, value{d: d, ofA: true})
	}
	for _, d := range b {
		all = append(all, value{d: d})
	}
	slices.SortFunc(all, func(x, y value) int { return cmp.Compare(x.d, y.d) })
	ties := 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].d == all[i].d {
			j++
		}
		for k := i; k < j; k++ {
			all[k].rank = float64(i+j+1) / 2
		}
		n := float64(j - i)
		ties += n*n*n - n
		i = j
	}
	sum := 0.0
	for _, v := range all {
		if v.ofA {
			sum += v.rank
		}
	}
	na, nb := float64(len(a)), float64(len(b))
	n := na + nb
	mean := na * (n + 1) / 2
	deviation := math.Sqrt(na * nb / 12 * (n + 1 - ties/(n*(n-1))))
	if deviation == 0 {
		return 0
	}
	return (sum - mean) / deviation
}

// The statistic finds what is there, and nothing else: 5 ms on a path of 60 ms
// with 15 of noise, and not its absence.
func TestFaultMannWhitney(t *testing.T) {
	w := &world{t: t, seed: seed(t)}
	rnd := w.random(1)
	draw := func(mean float64) (all []time.Duration) {
		for range 500 {
			all = append(all, time.Duration((mean+15*rnd.NormFloat64())*float64(time.Millisecond)))
		}
		return all
	}
	if z := mannWhitney(draw(65), draw(60)); z < 3.3 {
		t.Errorf("5 ms of difference: z %.2f", z)
	}
	beyond := 0
	for range 200 {
		if math.Abs(mannWhitney(draw(60), draw(60))) >= 3.3 {
			beyond++
		}
	}
	if beyond > 2 {
		t.Errorf("no difference, and %d of 200 times one is found", beyond)
	}
}
