package fault

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A town is the members who live on a world while it is broken, and the door
// they come in by.
type town struct {
	w    *world
	h    *history
	door string // host:port
	// rough says that the database itself goes away: an error page is then an
	// answer like none.
	rough bool

	mu   sync.Mutex
	open bool          // nobody acts while it is false
	turn chan struct{} // closed and renewed when open changes
	over bool

	all sync.WaitGroup
}

func newTown(w *world, door string) *town {
	return &town{w: w, h: newHistory(w.t), door: door, turn: make(chan struct{})}
}

// let opens or closes the town. Members under way stop before their next request.
func (t *town) let(open bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open = open
	close(t.turn)
	t.turn = make(chan struct{})
}

// leave ends all lives, and waits until everybody has gone home.
func (t *town) leave() {
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
	t.let(true)
	t.all.Wait()
}

// goOn waits until the town is open, and reports false when it is over.
func (t *town) goOn() bool {
	for {
		t.mu.Lock()
		open, over, turn := t.open, t.over, t.turn
		t.mu.Unlock()
		if over {
			return false
		}
		if open {
			return true
		}
		<-turn
	}
}

// populate sets so many clients to work. Each has members of its own: what two
// browsers of one member do to each other is another test's matter.
func (t *town) populate(clients int) {
	share := func(all []*person, i int) (mine []*person) {
		for j := i; j < len(all); j += clients {
			mine = append(mine, all[j])
		}
		return mine
	}
	for i := range clients {
		l := &life{town: t, id: i, rnd: t.w.random(uint64(1000 + i)), browsers: map[*person]*client{}, stuck: map[*person]bool{},
			actors: share(t.w.actors, i), readers: share(t.w.readers, i), strangers: share(t.w.strangers, i)}
		t.all.Go(l.run)
	}
}

// A life is one client: it plays its members one after the other.
type life struct {
	*town
	id       int
	rnd      *rand.Rand
	n        int
	browsers map[*person]*client
	stuck    map[*person]bool // whose code was lost with a process: they wait until it expires

	actors, readers, strangers []*person
}

func (l *life) run() {
	for l.goOn() {
		l.n++
		p, r := l.anybody(), l.rnd.IntN(100)
		switch {
		case p == nil:
			return // all are waiting for codes that were lost
		case r < 6 && len(l.readers) > 0:
			l.register(l.take(&l.readers), true)
		case r < 10 && len(l.strangers) > 0:
			l.register(l.take(&l.strangers), false)
		case r < 18:
			l.signIn(p)
		case r < 26:
			l.changePassword(p)
		default:
			l.act(p)
		}
	}
}

// anybody is one of the members who can act, nil if there is none.
func (l *life) anybody() *person {
	for range 4 * len(l.actors) {
		if p := l.actors[l.rnd.IntN(len(l.actors))]; !l.stuck[p] {
			return p
		}
	}
	return nil
}

func (l *life) take(from *[]*person) *person {
	p := (*from)[0]
	*from = (*from)[1:]
	return p
}

func (l *life) browser(p *person) *client {
	if l.browsers[p] == nil {
		l.browsers[p] = newClient(l.door).as(p)
	}
	return l.browsers[p]
}

// sure posts until somebody answers. It reports false when the town is over.
func (l *life) sure(c *client, p *person, act, on, path string, pairs ...string) (a answer, tries int, there bool) {
	for l.goOn() {
		tries++
		l.h.add(record{Client: l.id, Number: p.number, Act: act, On: on, Outcome: invoked})
		a, err := c.post(path, pairs...)
		switch {
		case err != nil:
			l.h.add(record{Client: l.id, Number: p.number, Act: act, On: on, Outcome: unknown, Said: err.Error()})
			time.Sleep(time.Duration(5+l.rnd.IntN(10)) * time.Millisecond)
			continue
		case a.status == http.StatusServiceUnavailable, l.rough && a.status >= 500:
			l.h.add(record{Client: l.id, Number: p.number, Act: act, On: on, Outcome: unknown, Said: a.said()})
			time.Sleep(50 * time.Millisecond)
			continue
		case a.status >= 500:
			l.h.wrongly("client %d, %s, %s: %s", l.id, p.number, act, a.said())
			return a, tries, false
		case a.status < 400:
			l.h.add(record{Client: l.id, Number: p.number, Act: act, On: on, Outcome: ok, Said: a.to})
		default:
			l.h.add(record{Client: l.id, Number: p.number, Act: act, On: on, Outcome: failed, Said: a.said()})
		}
		return a, tries, true
	}
	return a, tries, false
}

// code waits for a code that is not the one named. A code that was under way
// when a process died may never come.
func (l *life) code(p *person, before string) letter {
	for range 20 {
		if m := l.w.sink.after(p.email, before, 100*time.Millisecond); m.code != "" || !l.goOn() {
			return m
		}
	}
	l.stuck[p] = true
	return letter{}
}

// wrongCode is six digits that are not the code.
func wrongCode(code string) string {
	return code[:5] + string('0'+(code[5]-'0'+1)%10)
}

// act drafts, asks, sometimes edits or guesses wrong, confirms, repeats the
// post, and sometimes takes back.
func (l *life) act(p *person) {
	c := l.browser(p)
	a, _, there := l.sure(c, p, "draft", "", "/operations/new/residence", residence(l.n)...)
	if !there {
		return
	}
	id := drafted(a.to)
	if id == "" {
		l.strange(p, "draft", a)
		return
	}
	path := "/operations/" + id
	last := l.w.sink.last(p.email)
	a, tries, there := l.sure(c, p, "ask", id, path+"/confirm", "do", "ask")
	if !there {
		return
	}
	if a.status == http.StatusConflict && tries == 1 { // a code of an operation that was left
		l.stuck[p] = true
		return
	}
	if a.status != http.StatusSeeOther && a.status != http.StatusConflict {
		l.strange(p, "ask", a)
		return
	}
	m := l.code(p, last.id)
	if m.code == "" {
		return
	}
	for range l.rnd.IntN(5) - 2 { // now and then one or two
		a, err := c.post(path+"/confirm", "otp", wrongCode(m.code))
		if err == nil && a.status == http.StatusUnprocessableEntity {
			l.h.promise(func(p *promises) { p.wrong[id]++ })
		}
	}
	l.confirm(c, p, id, m.code)
}

func (l *life) confirm(c *client, p *person, id, code string) {
	path := "/operations/" + id
	a, _, there := l.sure(c, p, "confirm", id, path+"/confirm", "otp", code)
	for there && strings.HasSuffix(a.to, "/checking") {
		if b, err := c.get(a.to); err == nil && b.status == http.StatusSeeOther {
			a = b
			break
		}
		if there = l.goOn(); there {
			time.Sleep(20 * time.Millisecond)
		}
	}
	if !there {
		return
	}
	if a.to != path+"/done" { // also when it was asked again: the very same answer (R2)
		l.strange(p, "confirm", a)
		return
	}
	number := l.receipt(c, id)
	if number == "" {
		return
	}
	l.h.promise(func(p *promises) { p.confirmed[id] = number })
	if l.rnd.IntN(3) == 0 { // a double click: the same receipt
		a, _, there := l.sure(c, p, "repeat", id, path+"/confirm", "otp", code)
		if there && a.to != path+"/done" {
			l.strange(p, "repeat", a)
			return
		}
		if again := l.receipt(c, id); there && again != "" && again != number {
			l.h.wrongly("operation %s has the receipts %s and %s", id, number, again)
		}
	}
	if l.rnd.IntN(5) > 0 { // most are taken back: fifty may be open
		a, _, there := l.sure(c, p, "withdraw", id, "/requests/"+id+"/withdraw")
		if there && a.to != "/requests/"+id {
			l.strange(p, "withdraw", a)
		} else if there {
			l.h.promise(func(p *promises) { p.withdrawn[id] = true })
		}
	}
}

// receipt reads the receipt's number, "" when the town is over.
func (l *life) receipt(c *client, id string) string {
	for l.goOn() {
		a, err := c.get("/operations/" + id + "/done")
		if err == nil && a.status == http.StatusOK {
			return receipt(a)
		}
		if err == nil && (a.status < 500 || !l.rough && a.status != http.StatusServiceUnavailable) {
			l.h.wrongly("operation %s was confirmed, and its receipt is: %s", id, a.said())
			return ""
		}
		time.Sleep(10 * time.Millisecond)
	}
	return ""
}

// signIn signs in anew in the browser that is known.
func (l *life) signIn(p *person) {
	c := l.browser(p)
	c.mu.Lock()
	delete(c.cookies, "session")
	c.mu.Unlock()
	a, _, there := l.sure(c, p, "sign_in", "", "/login", "username", p.code, "password", p.password)
	if !there {
		return
	}
	c.mu.Lock()
	in := c.cookies["session"] != ""
	c.mu.Unlock()
	if !in {
		l.strange(p, "sign_in", a)
	}
}

// changePassword changes the password with a code; sessions begin anew.
func (l *life) changePassword(p *person) {
	c := l.browser(p)
	a, _, there := l.sure(c, p, "change_password", "", "/password/change")
	if !there {
		return
	}
	if a.to != "/password/new" {
		l.strange(p, "change_password", a)
		return
	}
	if l.finish(c, p, "change_password") != "/" {
		return
	}
	// The old password is no more, and the session is a new one.
	if b, err := c.get("/"); err == nil && b.status != http.StatusOK && !(l.rough && b.status >= 500) {
		l.h.wrongly("%s changed the password and is shown: %s", p.number, b.said())
	}
}

// register takes a member without a channel through all its steps: one with a
// password, or one who has nothing but the number on a letter.
func (l *life) register(p *person, known bool) {
	c := l.browser(p)
	if known {
		a, _, there := l.sure(c, p, "sign_in", "", "/login", "username", p.code, "password", p.password)
		if !there {
			return
		}
		if a.to != "/channel" {
			l.strange(p, "sign_in", a)
			return
		}
		if a, _, there = l.sure(c, p, "identify", "", "/channel/identify", "username", p.code, "password", p.password); !there {
			return
		}
		if a.to != "/channel/choose" {
			l.strange(p, "identify", a)
			return
		}
	} else {
		a, _, there := l.sure(c, p, "first_access", "", "/first-access/identify", "username", p.code, "number", p.number)
		if !there {
			return
		}
		if a.to != "/channel/choose" {
			l.strange(p, "first_access", a)
			return
		}
	}
	if l.finish(c, p, "register") != "/" {
		return
	}
	l.h.promise(func(h *promises) { h.enrolled[p.member] = true })
	l.actors = append(l.actors, p)
}

// finish walks a journey to its end, from wherever it stands: a browser that
// heard nothing asks where it is. It returns where the journey led in the end,
// "" if it came to none.
func (l *life) finish(c *client, p *person, act string) string {
	last := letter{}
	chosen := fmt.Sprintf("Lampada-%d-ciliegia-%d-tramonto", l.n, l.id)
	set := false // the code that sets the password may have been taken
	for looks := 0; looks < 30; looks++ {
		a, err := c.get("/otp")
		if err != nil || a.status >= 500 && l.rough {
			if !l.goOn() {
				return ""
			}
			looks-- // nobody answered
			time.Sleep(10 * time.Millisecond)
			continue
		}
		at := a.to
		if a.status == http.StatusOK {
			at = "/otp"
		}
		there := true
		switch at {
		case "/channel/choose":
			last = l.w.sink.last(p.email)
			a, _, there = l.sure(c, p, act+" choose", "", at, "channel", "email")
		case "/channel/done", "/password/new":
			last = l.w.sink.last(p.email)
			l.h.promise(func(h *promises) { h.doubt[p.member] = chosen })
			a, _, there = l.sure(c, p, act+" password", "", "/password/new", "password", chosen)
			set = true
		case "/otp":
			m := l.code(p, last.id)
			if m.code == "" {
				return ""
			}
			if a, _, there = l.sure(c, p, act+" code", "", at, "otp", m.code); there && a.status == http.StatusSeeOther {
				last = m
			}
			if there && a.to == "/" {
				l.newPassword(p, chosen)
				return "/"
			}
		default:
			// The journey is over: its end was reached and the answer lost, so the
			// new password is the one that opens.
			if !set {
				l.h.wrongly("%s, %s: the journey ended at %q", p.number, act, a.said())
				return ""
			}
			return l.reenter(c, p, chosen)
		}
		if !there {
			return ""
		}
		if a.status != http.StatusSeeOther {
			if a.status == http.StatusUnprocessableEntity || a.status == http.StatusConflict {
				// A code that was asked for elsewhere, or a post that was repeated: the
				// page says where things stand.
				continue
			}
			l.strange(p, act, a)
			return ""
		}
	}
	l.h.wrongly("%s, %s: the journey does not end", p.number, act)
	return ""
}

func (l *life) newPassword(p *person, chosen string) {
	p.password = chosen
	l.h.promise(func(h *promises) {
		h.password[p.member] = chosen
		delete(h.doubt, p.member)
	})
}

// reenter signs in after a journey whose end was not seen, with the new password
// or else with the old.
func (l *life) reenter(c *client, p *person, chosen string) string {
	c.mu.Lock()
	delete(c.cookies, "session")
	delete(c.cookies, "journey")
	c.mu.Unlock()
	a, _, there := l.sure(c, p, "sign_in", "", "/login", "username", p.code, "password", chosen)
	if !there {
		return ""
	}
	if a.to != "/" {
		l.h.wrongly("%s: the journey is over, and the new password does not open: %s", p.number, a.said())
		return ""
	}
	l.newPassword(p, chosen)
	return "/"
}

// strange notes an answer that may not be.
func (l *life) strange(p *person, act string, a answer) {
	l.h.wrongly("client %d, %s, %s: %s", l.id, p.number, act, a.said())
}
