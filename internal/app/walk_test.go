package app_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/session"
)

// What could have happened: one page's proof opens another page's door. A note
// that was made for one step is read by another, and a password is set without
// the code that was mailed, of any account (security.md part 3, row 1).
//
// Three browsers, of two members and of a stranger, post to every page there is,
// now what fits and now anything, with what they know, what others know, and
// now and then with a cookie of another. After each request whatever changed in
// passwords, channels, enrolments, sessions and confirmations must follow from
// the proofs that this very journey, or session, was given.
func TestFaultWalk(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			walkAll(t, []string{"password", "forgotten", "channel", "session", "confirmation"}, func(nth uint64) walker { return newWalk(t, engine, nth) })
		})
	}
}

// A walk is the site, its browsers, and what each journey and session was given.
type walk struct {
	*memory
	people []*member

	begun  map[string]begun  // by journey: how it began
	chosen map[string]string // by journey: the password typed in it last
	given  map[string]bool   // by journey of a forgotten password: its code was
	owner  map[string]string // by session: whose it is
	before state
}

// begun is how a journey came to be: who was named, and what proved it.
type begun struct{ member, proof string }

// A state is what must not change by itself.
type state struct {
	password, channel, enrolment, session, confirmation, spent map[string]string
	journeys                                                   map[string]string
}

func newWalk(t *testing.T, engine string, nth uint64) *walk {
	s := newSite(t, engine, func(f *access.Fund) {
		f.Code.PerHour, f.Code.PerDay, f.Code.PerSite = 1000, 1000, 1000
	})
	all := []member{
		{number: "00908304", code: "LMRSML58M22L006O", status: "active", email: "a@example.com", password: secret},
		{number: "00905739", code: "MRNNOE61L16B893Z", status: "active", email: "b@example.com"},
		{number: "00902076", code: "MCCTRS81C49H884H", status: "active", email: "c@example.com", password: secret, active: true},
	}
	s.register(all...)
	w := &walk{memory: remember(s, nth), begun: map[string]begun{}, chosen: map[string]string{}, given: map[string]bool{}, owner: map[string]string{}}
	for i := range all {
		w.people = append(w.people, &all[i])
	}
	w.before = w.read()
	return w
}

func (w *walk) read() state {
	w.t.Helper()
	return state{
		password:     w.table(`SELECT member, hash FROM credential`),
		channel:      w.table(`SELECT member, id FROM channel WHERE ended_at = 0`),
		enrolment:    w.table(`SELECT member, level || ' ' || journey FROM enrolment`),
		session:      w.table(`SELECT id, member FROM session`),
		confirmation: w.table(`SELECT operation, challenge FROM confirmation`),
		spent:        w.table(`SELECT id, member || ' ' || session || ' ' || subject FROM challenge WHERE state = 'spent'`),
		journeys:     w.table(`SELECT id, member || ' ' || goal || ' ' || session FROM journey`),
	}
}

// step makes one request and judges what it changed.
func (w *walk) step(i int) {
	w.meanwhile(8, 3, 2, time.Second, 40*time.Second, 5*time.Minute, 20*time.Minute, time.Hour)
	b := w.browsers[w.rnd.IntN(3)]
	m := w.move(b)
	m.codes, m.jar = map[string]string{}, maps.Clone(b.cookies)
	for _, p := range w.people {
		m.codes[p.id()] = w.code(p.email)
	}
	answer := b.do("POST", m.path, m.form)
	w.log = append(w.log, fmt.Sprintf("%d %v -> %s", i, m, said(answer)))
	after := w.read()
	w.judge(m, answer, w.before, after)
	w.before = after
}

// move thinks of a request: mostly one that fits where the browser stands, else
// anything anywhere.
func (w *walk) move(b *browser) move {
	p := w.people[w.rnd.IntN(len(w.people))]
	m := move{b: b, form: url.Values{}}
	set := m.set
	if w.rnd.IntN(10) < 7 {
		switch at := w.stands(b); {
		case at == "/login":
			if p.password == "" || w.rnd.IntN(8) == 0 {
				return set("/first-access/identify", "username", p.code, "number", p.number)
			}
			if w.rnd.IntN(6) == 0 {
				return set("/password/forgot", "username", p.code)
			}
			return set("/login", "username", p.code, "password", p.password)
		case at == "/otp":
			return set("/otp", "otp", w.codeOf(b))
		case at == "/channel/choose":
			return set(at, "channel", "email")
		case at == "/password/new", at == "/channel/done":
			return set("/password/new", "password", w.fresh())
		case strings.HasPrefix(at, "/operations/"):
			if w.rnd.IntN(2) == 0 {
				return set(at, "do", "ask")
			}
			return set(at, "otp", w.codeOf(b))
		default: // signed in
			owner := w.personOf(w.owner[session.ID(b.cookies["session"])])
			switch w.rnd.IntN(6) {
			case 0:
				return set("/password/change")
			case 1, 2:
				if owner != nil {
					return set("/channel/identify", "username", owner.code, "password", owner.password)
				}
			case 3:
				return set("/operations/new/residence", residence...)
			}
			return set("/operations/new/iban", "iban", "IT60X0542811101000000123456")
		}
	}
	paths := []string{"/login", "/first-access/identify", "/sign-out", "/channel", "/channel/identify", "/channel/choose", "/otp", "/password/new",
		"/password/change", "/security", "/session/stay", "/display", "/operations/new/residence", "/operations/new/iban", "/contacts/change",
		"/channel/done", "/signed-out", "/session-ended", "/profile", "/"}
	for id := range w.table(`SELECT id, member FROM operation`) {
		paths = append(paths, "/operations/"+id+"/confirm", "/operations/"+id+"/edit", "/requests/"+id+"/withdraw", "/operations/"+id+"/done")
	}
	slices.Sort(paths[20:])
	paths = append(paths, "/password/forgot")
	m.path = paths[w.rnd.IntN(len(paths))]
	names := []string{"username", "password", "number", "channel", "otp", "do", "id", "iban", "size", "theme", "member", "level", "email"}
	for range w.rnd.IntN(4) {
		m.form.Set(names[w.rnd.IntN(len(names))], w.value())
	}
	switch { // half of the time the names fit the page
	case w.rnd.IntN(2) == 0:
	case m.path == "/login", m.path == "/channel/identify":
		m.form = url.Values{"username": {p.code}, "password": {w.value()}}
	case m.path == "/first-access/identify":
		m.form = url.Values{"username": {p.code}, "number": {w.value()}}
	case m.path == "/password/forgot":
		m.form = url.Values{"username": {p.code}}
	case m.path == "/otp", strings.HasSuffix(m.path, "/confirm"):
		m.form = url.Values{"otp": {w.value()}}
		if w.rnd.IntN(3) == 0 {
			m.form = url.Values{"do": {[]string{"again", "cancel", "ask", "confirm"}[w.rnd.IntN(4)]}}
		}
	case m.path == "/password/new":
		m.form = url.Values{"password": {w.value()}}
	case strings.HasSuffix(m.path, "/withdraw"), m.path == "/sign-out", m.path == "/password/change":
		m.form = url.Values{}
	}
	return m
}

var residence = []string{"street", "Via della Prova, 1", "postcode", "41121", "city", "Modena", "province", "MO", "country", "IT",
	"from_date_day", "1", "from_date_month", "10", "from_date_year", "2025"}

// stands is where the browser's journey or its last draft waits for it.
func (w *walk) stands(b *browser) string {
	answer := b.do("GET", "/otp", nil)
	at := answer.Header().Get("Location")
	switch {
	case answer.Code == 200:
		return "/otp"
	case at == "/session-ended":
		b.do("GET", at, nil)
		return "/login"
	case at != "/" && at != "":
		return at
	}
	if w.rnd.IntN(2) == 0 {
		return "/"
	}
	owner := w.owner[session.ID(b.cookies["session"])]
	for _, id := range slices.Sorted(maps.Keys(w.table(`SELECT id, member FROM operation WHERE state IN ('draft', 'coded')`))) {
		if w.table(`SELECT id, member FROM operation`)[id] == owner {
			return "/operations/" + id + "/confirm"
		}
	}
	return "/"
}

// codeOf is the newest code of whoever the browser is, or now and then of another.
func (w *walk) codeOf(b *browser) string {
	id := w.begun[session.ID(b.cookies["journey"])].member
	if id == "" {
		id = w.owner[session.ID(b.cookies["session"])]
	}
	if p := w.personOf(id); p != nil && w.rnd.IntN(8) > 0 {
		return w.code(p.email)
	}
	return w.value()
}

func (w *walk) personOf(id string) *member {
	for _, p := range w.people {
		if p.id() == id {
			return p
		}
	}
	return nil
}

// fresh is a password that nobody has had.
func (w *walk) fresh() string { return fmt.Sprintf("lampada-Tramonto-%d-ciliegia", w.rnd.Uint32()) }

// value is anything that somebody might type.
func (w *walk) value() string {
	p := w.people[w.rnd.IntN(len(w.people))]
	all := []string{p.code, p.number, p.email, p.password, w.code(p.email), w.fresh(), secret, better, "email", "sms", "000000", "123456", "",
		"again", "cancel", "ask", "begin", "postpone", "others", "end", "act", "1", p.id(), "IT60X0542811101000000123456"}
	return all[w.rnd.IntN(len(all))]
}

// judge holds what one request changed against what it was given.
func (w *walk) judge(m move, answer *httptest.ResponseRecorder, before, after state) {
	w.t.Helper()
	wrong := func(format string, args ...any) {
		w.t.Helper()
		w.t.Errorf("%v -> %s: %s", m, said(answer), fmt.Sprintf(format, args...))
	}
	named := ""
	for _, p := range w.people {
		if strings.EqualFold(strings.TrimSpace(m.form.Get("username")), p.code) {
			named = p.id()
		}
	}
	here := session.ID(m.jar["session"])

	// A journey begins with the member's own secret, or in the member's session.
	for id, v := range after.journeys {
		if before.journeys[id] != "" {
			continue
		}
		f := strings.Split(v, " ")
		p := w.personOf(f[0])
		switch {
		case m.path == "/password/forgot" && (named == f[0] || strings.HasPrefix(f[0], "none:")):
			w.begun[id] = begun{f[0], "nothing"}
		case m.path == "/password/change" && w.owner[here] == f[0]:
			w.begun[id] = begun{f[0], "session"}
		case (m.path == "/login" || m.path == "/channel/identify") && named == f[0] && p.password != "" && m.form.Get("password") == p.password:
			w.begun[id] = begun{f[0], "password"}
		case named == f[0] && p.password == "" && (m.path == "/first-access/identify" && m.form.Get("number") == p.number || m.path == "/login" && m.form.Get("password") == p.number):
			w.begun[id] = begun{f[0], "number"}
		default:
			wrong("a journey of %s began", v)
		}
	}
	if m.path == "/password/new" && m.form.Get("password") != "" && answer.Header().Get("Location") == "/otp" && w.chosen[session.ID(m.jar["journey"])] == "" {
		w.chosen[session.ID(m.jar["journey"])] = m.form.Get("password") // a second one is out of turn
	}

	// What a code did, it did for one journey or one operation, once, and the code
	// is the one that was mailed to the member it is for.
	spent := ""
	for id, v := range after.spent {
		if before.spent[id] == "" {
			if spent != "" {
				wrong("one request spent two codes")
			}
			spent = v
			if f := strings.Split(v, " "); digits.ReplaceAllString(m.form.Get("otp"), "") != m.codes[f[0]] || m.codes[f[0]] == "" {
				wrong("the code of %s was spent, and %q was typed where %q was mailed", v, m.form.Get("otp"), m.codes[f[0]])
			}
		}
	}
	journey := session.ID(m.jar["journey"])
	proved := func(member string) bool {
		f := strings.Split(spent, " ")
		return spent != "" && m.path == "/otp" && f[0] == member && f[1] == journey && strings.HasPrefix(f[2], "journey/"+journey+"/") &&
			w.begun[journey].member == member
	}
	if w.begun[journey].proof == "nothing" && proved(w.begun[journey].member) {
		w.given[journey] = true
	}
	for member, hash := range after.password {
		if before.password[member] == hash {
			continue
		}
		w.seen["password"]++
		typed, given := w.chosen[journey], proved(member)
		if w.begun[journey] == (begun{member, "nothing"}) { // forgotten: the code came first, in this very journey
			typed, given = m.form.Get("password"), w.given[journey] && m.path == "/password/new"
			w.seen["forgotten"]++
		}
		right, _, err := w.app.Passwords.Verify(w.t.Context(), hash, typed)
		if err != nil {
			w.t.Fatal(err)
		}
		if !given || typed == "" || !right {
			wrong("the password of %s changed; begun %+v, given %t, right %t, typed %q, spent %q", member, w.begun[journey], given, right, typed, spent)
		}
		w.personOf(member).password = typed
	}
	for member, id := range after.channel {
		if before.channel[member] != id {
			w.seen["channel"]++
			if !proved(member) {
				wrong("the channel of %s changed", member)
			}
		}
	}
	for member, e := range after.enrolment {
		if before.enrolment[member] != e && (!proved(member) || !strings.HasSuffix(e, " "+journey)) {
			wrong("the enrolment of %s changed to %s", member, e)
		}
	}
	for _, gone := range []struct {
		what     string
		was, now map[string]string
	}{{"password", before.password, after.password}, {"channel", before.channel, after.channel}, {"enrolment", before.enrolment, after.enrolment}} {
		for member := range gone.was {
			if gone.now[member] == "" {
				wrong("the %s of %s is gone", gone.what, member)
			}
		}
	}

	// A session begins with the member's password, or with a code of theirs.
	for id, member := range after.session {
		if before.session[id] != "" {
			continue
		}
		w.seen["session"]++
		w.owner[id] = member
		p := w.personOf(member)
		if !proved(member) && !(m.path == "/login" && named == member && m.form.Get("password") == p.password) {
			wrong("a session of %s began", member)
		}
		if m.path == "/login" && before.channel[member] != "" &&
			w.number(`SELECT count(*) FROM device WHERE id = ?1 AND member = ?2 AND proved_at > 0`, session.ID(m.jar["device"]), member) == 0 {
			wrong("a session of %s began without a code, in a browser that never gave one", member) // F-18
		}
		if w.table(`SELECT id, level FROM session`)[id] == string(access.LevelAct) && !proved(member) && after.channel[member] == "" {
			wrong("a session of %s acts without a channel", member)
		}
	}
	for operation, challenge := range after.confirmation {
		if before.confirmation[operation] != "" {
			continue
		}
		w.seen["confirmation"]++
		f := strings.Split(after.spent[challenge], " ")
		if len(f) != 3 || after.spent[challenge] != spent || f[0] != w.owner[here] || f[1] != here || !strings.HasPrefix(f[2], "operation/"+operation+"/") {
			wrong("operation %s was confirmed by %q in the session of %s", operation, after.spent[challenge], w.owner[here])
		}
	}
}
