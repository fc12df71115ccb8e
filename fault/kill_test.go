package fault

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/dbtest"
)

// clients act at the same time, in every test with a load.
const clients = 8

// aWorld is after how many kills a new world begins, so that reading all of it
// after each kill stays quick.
const aWorld = 20

// steps are where a process is killed, beside random moments. The first three
// words are of the writer: before a change of a row of the table, before the
// COMMIT of a transaction that made one is durable, and after. http:request is
// when a code for an operation has reached the server, http:answer when its
// answer has left and the client has not seen it; smtp:data when a mail was
// handed over and not answered for, smtp:kept when it was taken.
var steps = []string{
	"http:answer", "commit:confirmation", "write:confirmation", "after:confirmation", "http:request",
	"smtp:data", "smtp:kept", "commit:challenge", "after:challenge", "commit:outbox", "after:outbox",
	"write:operation", "commit:session", "after:session", "write:credential", "after:credential",
	"write:channel", "commit:journey", "after:journey", "write:event", "commit:throttle", "after:enrolment",
}

// kills is how many processes die on each engine.
func kills(t testing.TB) int {
	t.Helper()
	return number(t, "ADITUS_KILLS", 20, 300)
}

// number is a number from the environment; without it, the one for `make test`,
// or the larger one for `make fault`.
func number(t testing.TB, name string, short, long int) int {
	t.Helper()
	text := os.Getenv(name)
	switch {
	case text == "" && os.Getenv("ADITUS_FAULT") == "":
		return short
	case text == "":
		return long
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s: %q is not a number", name, text)
	}
	return n
}

// What could have happened: a process dies between two of its steps, and a code
// is used twice, a confirmation that a member was shown is not there, a message
// goes out whose cause is not there, or the trail does not agree with the rows.
//
// Eight clients act while the process is killed again and again, at random
// moments and at named steps. After each death it is started anew, and the
// database must agree with itself and with all that was said.
func TestKill(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			all := &deaths{at: map[string]int{}}
			for left, i := kills(t), uint64(0); left > 0; left, i = left-aWorld, i+1 {
				all.world(t, engine, min(left, aWorld), i)
			}
			all.report(t)
		})
	}
}

// deaths is what was seen of all kills on one engine.
type deaths struct {
	at        map[string]int // step -> kills
	recovered []time.Duration
	told      map[outcome]int
	confirmed int
	repeats   int
	held      int // messages in the hands of processes that died, until their lease was over
}

// world kills a process n times in a world of its own.
func (d *deaths) world(t *testing.T, engine string, n int, nth uint64) {
	w := newWorld(t, setup{engine: engine, rows: 330, actors: 240, readers: 40})
	rnd := w.random(nth)
	k := &killer{w: w, g: newGate(t), rnd: rnd, config: w.config}
	if engine == "postgres" {
		k.pg = newPgProxy(t, w.database)
		k.config = w.settings("proxied.toml", k.pg.where, "")
	}
	town := newTown(w, k.g.addr)
	town.populate(clients)
	defer town.leave()

	todo := slices.Clone(steps)
	if nth == 0 { // the first ones always come, and the others in turn
		todo = todo[5:]
	}
	rnd.Shuffle(len(todo), func(i, j int) { todo[i], todo[j] = todo[j], todo[i] })
	if nth == 0 {
		todo = append(slices.Clone(steps[:5]), todo...)
	}
	died := time.Time{}
	for i := 0; i <= n; {
		step := "random"
		if i%2 == 0 {
			step = todo[(i/2)%len(todo)]
		}
		if i == n {
			step = "none"
		}
		k.start(step)
		if _, up := k.n.ready(t); !up {
			i++ // it died while it came up, at its step
			d.at[step]++
			continue
		}
		if !died.IsZero() {
			d.recovered = append(d.recovered, time.Since(died))
		}
		if wrong := w.check(town.h); len(wrong) > 0 {
			t.Fatalf("seed %d, after kill %d (%s):\n%s", w.seed, i, strings.Join(k.log, " "), strings.Join(wrong, "\n"))
		}
		w.verify()
		if step == "none" {
			break
		}
		k.g.lead(k.n.addr)
		town.let(true)
		k.until(step)
		died = time.Now()
		town.let(false)
		d.at[step]++
		i++
	}
	town.leave()
	// What was under way when processes died comes to its end by itself.
	k.n.kill()
	d.held += int(w.number(`SELECT count(*) FROM outbox WHERE state = 'queued' AND held_until > next_at`))
	w.release()
	k.start("none")
	w.ended()
	wrong := append(w.check(town.h), w.messages(n+1)...)
	if len(wrong) > 0 {
		t.Fatalf("seed %d, at the end (%s):\n%s", w.seed, strings.Join(k.log, " "), strings.Join(wrong, "\n"))
	}
	w.passwords(k.n.addr, town.h)
	w.verify()
	d.repeats += w.repeats()
	d.confirmed += len(town.h.confirmed)
	if d.told == nil {
		d.told = map[outcome]int{}
	}
	for what, n := range town.h.count {
		d.told[what] += n
	}
	if len(town.h.confirmed) < max(1, n/5) { // how many there are is the machine's speed
		t.Errorf("only %d operations were confirmed: the load was none", len(town.h.confirmed))
	}
}

// report prints what a person wants to know, and fails if the kills proved nothing.
func (d *deaths) report(t *testing.T) {
	slices.Sort(d.recovered)
	var at []string
	named := 0
	for _, step := range slices.Sorted(maps.Keys(d.at)) {
		at = append(at, fmt.Sprintf("%s %d", step, d.at[step]))
		if step != "random" {
			named += d.at[step]
		}
	}
	t.Logf("killed at: %s", strings.Join(at, ", "))
	t.Logf("clients were told: %d times yes, %d times no, %d times nothing; %d operations confirmed; 0 lost, 0 double; %d mails went out again, %d waited for a dead process's lease to end",
		d.told[ok], d.told[failed], d.told[unknown], d.confirmed, d.repeats, d.held)
	t.Logf("from kill to ready: median %v, p99 %v, longest %v, of %d (aim: 2 s)",
		quantile(d.recovered, 0.5), quantile(d.recovered, 0.99), quantile(d.recovered, 1), len(d.recovered))
	if named == 0 {
		t.Error("no named step was reached")
	}
	if d.told[unknown] == 0 {
		t.Error("no client ever missed an answer: the kills met nobody")
	}
}

// quantile is that of sorted times.
func quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	return all[min(int(q*float64(len(all))), len(all)-1)].Round(time.Millisecond)
}

// A killer starts a node and ends it at a step.
type killer struct {
	w      *world
	g      *gate
	pg     *pgProxy // PostgreSQL only
	rnd    *rand.Rand
	config string
	n      *node
	log    []string
}

// start starts a process that will die at the step.
func (k *killer) start(step string) {
	k.w.t.Helper()
	k.log = append(k.log, step)
	k.g.watch(nil)
	k.w.sink.misbehave(nil)
	var env []string
	when, what, _ := strings.Cut(step, ":")
	count := 1 + k.rnd.IntN(2)
	if what == "challenge" || what == "outbox" || what == "operation" || what == "event" {
		count = 1 + k.rnd.IntN(20)
	}
	// One of the goroutines that see the step is the one that kills.
	var armed sync.Once
	var seen atomic.Int64
	strike := func(n *node) {
		if seen.Add(1) >= int64(count) {
			armed.Do(n.kill)
		}
	}
	ready := make(chan *node, 1) // the steps may be met before launch returns
	get := sync.OnceValue(func() *node { return <-ready })
	if k.pg != nil {
		k.pg.watch(nil)
	}
	switch {
	case when == "http":
		k.g.watch(func(r *http.Request) *cut {
			if !confirming(r) || r.ContentLength < len64("otp=000000") {
				return nil
			}
			return &cut{answered: what == "answer", do: func() { strike(get()) }}
		})
	case when == "smtp":
		k.w.sink.misbehave(func(stage, _ string) error {
			if stage == what {
				strike(get())
			}
			return nil
		})
	case k.pg != nil && when != "random" && when != "none":
		k.pg.watch(func(at, table string) {
			if at == when && table == what {
				strike(get())
			}
		})
	case when != "random" && when != "none":
		env = []string{fmt.Sprintf("ADITUS_CRASH=%s:%d", step, count)}
	}
	k.n = launch(k.w.t, k.config, env)
	ready <- k.n
}

func len64(s string) int64 { return int64(len(s)) }

// until waits until the process has died at its step, or kills it at a random
// moment.
func (k *killer) until(step string) {
	k.w.t.Helper()
	if step == "random" {
		time.Sleep(time.Duration(50+k.rnd.IntN(600)) * time.Millisecond)
		k.n.kill()
		return
	}
	select {
	case <-k.n.done:
	case <-time.After(patience):
		k.w.t.Fatalf("the step %s was never reached:\n%s", step, k.n.said)
	}
	k.n.kill()
}

// passwords signs in with every password that was changed, in a browser that
// nobody knows: it must be the last one that was promised.
func (w *world) passwords(addr string, h *history) {
	w.t.Helper()
	all := slices.Concat(w.actors, w.readers, w.strangers)
	for _, p := range all {
		text, changed := h.password[p.member]
		if !changed || h.doubt[p.member] != "" {
			continue
		}
		c := newClient(addr)
		c.from = "192.0.2.7"
		a, err := c.post("/login", "username", p.code, "password", text)
		if err != nil {
			w.t.Fatal(err)
		}
		if a.to != "/otp" { // a channel is active and the browser is unknown
			w.t.Errorf("member %s was told that the password is %q, and cannot use it: %s", p.number, text, a.said())
		}
	}
}
