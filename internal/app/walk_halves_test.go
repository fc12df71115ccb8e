package app_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/session"
)

// The same walk as TestFaultWalk where secrets are given back in two halves and
// acts need a PIN (security.md part 3, row 1; 4.1). What could have happened: one
// half opens what needs two; the halves of two requests, or of two members, fit
// together; a PIN confirms, or a code goes out without it; a number becomes
// reliable without a code.
func TestFaultWalkHalves(t *testing.T) {
	for _, engine := range dbtest.Engines {
		for _, style := range []string{access.SplitCodes, access.SplitInitialSecret} {
			t.Run(engine+"/"+style, func(t *testing.T) {
				t.Parallel()
				walkAll(t, []string{"secrets", "session", "confirmation", "trust", "changed password", "changed PIN"}, func(nth uint64) walker { return newHalves(t, engine, style, nth) })
			})
		}
	}
}

// A halves is a walk: the site, its browsers, and what each journey was given.
type halves struct {
	*memory
	style  string
	people []*member
	pins   map[string]string // by member

	owner  map[string]string         // by session
	begun  map[string]string         // by journey: whose temporary password, typed with the right name, began it
	chosen map[string]string         // by journey: the password typed in it last
	heard  map[string]string         // by journey: whose PIN was typed in it
	proofs map[string]map[string]int // by journey: what was spent in it
	before halvesState
}

// halvesState is what must not change by itself.
type halvesState struct{ password, pin, session, journeys, spent, asked, sent, confirmation, trust map[string]string }

func newHalves(t *testing.T, engine, style string, nth uint64) *halves {
	s := newSiteOf(t, engine, "meridiana", func(f *access.Fund) {
		f.Code.PerHour, f.Code.PerDay, f.Code.PerSite = 1000, 1000, 1000
		f.Recovery.Style, f.Password.Rollout, f.Hold.PasswordReset = style, time.Time{}, 0
	})
	all := []member{
		{number: "900001", code: "900001", status: "active", email: "a@example.com", mobile: "+393000000001", password: secret, reliable: true},
		{number: "900002", code: "900002", status: "active", email: "b@example.com", mobile: "+393000000002", reliable: true},
		{number: "900003", code: "900003", status: "active", email: "c@example.com", mobile: "+393000000003", password: better},
	}
	s.register(all...)
	w := &halves{memory: remember(s, 7+nth), style: style, pins: map[string]string{}, owner: map[string]string{},
		begun: map[string]string{}, chosen: map[string]string{}, heard: map[string]string{}, proofs: map[string]map[string]int{}}
	for i := range all {
		w.people = append(w.people, &all[i])
	}
	w.before = w.read()
	return w
}

func (w *halves) read() halvesState {
	return halvesState{
		password:     w.table(`SELECT member, hash FROM credential`),
		pin:          w.table(`SELECT member, hash FROM pin`),
		session:      w.table(`SELECT id, member FROM session`),
		journeys:     w.table(`SELECT id, member || ' ' || goal FROM journey`),
		spent:        w.table(`SELECT id, member || ' ' || purpose || ' ' || session || ' ' || subject FROM challenge WHERE state = 'spent'`),
		asked:        w.table(`SELECT id, member || ' ' || session || ' ' || subject FROM challenge WHERE purpose = 'operation'`),
		sent:         w.table(`SELECT id, member || ' ' || session || ' ' || subject FROM challenge WHERE purpose IN ('password', 'pin')`),
		confirmation: w.table(`SELECT operation, challenge FROM confirmation`),
		trust:        w.table(`SELECT member, at FROM mobile_trust WHERE at > 0`),
	}
}

// What a message brings.
var (
	halfLine = regexp.MustCompile(`(?m)^([0-9A-Z]{8}|[0-9A-Z]{12})$`)
	tempWord = regexp.MustCompile(`[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}`)
)

// last is what the newest message to an address that has it says.
func (w *halves) last(to string, pattern *regexp.Regexp) string {
	w.work()
	for _, m := range w.post.Messages() {
		if m.To == to {
			if found := pattern.FindStringSubmatch(m.Text); found != nil {
				return found[len(found)-1]
			}
		}
	}
	return ""
}

func (w *halves) personOf(id string) *member {
	i := slices.IndexFunc(w.people, func(p *member) bool { return p.id() == id })
	if i < 0 {
		return nil
	}
	return w.people[i]
}

// value is anything that somebody might type.
func (w *halves) value() string {
	p := w.people[w.rnd.IntN(len(w.people))]
	all := []string{p.code, p.email, p.mobile, p.password, w.pins[p.id()], w.last(p.email, halfLine), w.last(p.mobile, smsCode), w.last(p.mobile, tempWord),
		"K7M2Q9XA", "000000", "", "again", "send", "cancel", "ask", "mobile", "later", w.fresh()}
	return all[w.rnd.IntN(len(all))]
}

func (w *halves) fresh() string { return fmt.Sprintf("lampada-Tramonto-%d-ciliegia", w.rnd.Uint32()) }

// freshPIN is one that nobody would try first.
func (w *halves) freshPIN() string {
	return fmt.Sprintf("Q%c%06d", 'A'+rune(w.rnd.IntN(26)), w.rnd.IntN(1_000_000))
}

// step makes one request and judges what it changed.
func (w *halves) step(i int) {
	w.meanwhile(8, 3, 3, time.Second, 2*time.Minute, 20*time.Minute, 2*time.Hour, 25*time.Hour)
	b := w.browsers[w.rnd.IntN(3)]
	path, form := w.move(b)
	temps := map[string]string{}
	for _, p := range w.people {
		temps[p.code] = w.last(p.mobile, tempWord)
	}
	here, journey := session.ID(b.cookies["session"]), session.ID(b.cookies["journey"])
	answer := b.do("POST", path, form)
	w.log = append(w.log, fmt.Sprintf("%d %s: POST %s %s -> %s", i, b.name, path, form.Encode(), said(answer)))
	after := w.read()
	w.judge(path, form, here, journey, temps, answer, w.before, after)
	w.before = after
}

// move thinks of a request: mostly one that fits where the browser stands.
func (w *halves) move(b *browser) (string, url.Values) {
	p := w.people[w.rnd.IntN(len(w.people))]
	if w.rnd.IntN(10) < 8 {
		at := b.do("GET", "/recover", nil).Header().Get("Location")
		owner := w.personOf(w.owner[session.ID(b.cookies["session"])])
		walker := w.personOf(strings.Fields(w.before.journeys[session.ID(b.cookies["journey"])] + " ?")[0])
		switch {
		case at == "" && walker != nil: // here
			switch w.rnd.IntN(3) {
			case 0:
				return "/recover", url.Values{"half": {w.last(walker.mobile, smsCode)}}
			case 1:
				return "/recover", url.Values{"do": {"send"}}
			}
			return "/recover", url.Values{"half": {w.last(walker.email, halfLine)}}
		case at == "/password/new":
			return at, url.Values{"password": {w.fresh()}}
		case at == "/pin/new":
			return at, url.Values{"pin": {w.freshPIN()}}
		case at == "/pin" && owner != nil:
			return at, url.Values{"pin": {[]string{w.pins[owner.id()], w.value()}[w.rnd.IntN(2)]}}
		case at == "/otp" && owner != nil:
			return at, url.Values{"otp": {w.last(owner.mobile, smsCode)}}
		case owner != nil && w.rnd.IntN(6) > 0:
			return w.act(owner)
		case p.password != "" && w.rnd.IntN(3) == 0:
			return "/login", url.Values{"username": {p.code}, "password": {p.password}}
		case w.style == access.SplitInitialSecret && w.rnd.IntN(2) == 0:
			return "/login", url.Values{"username": {p.code}, "password": {w.last(p.mobile, tempWord)}}
		}
		facts := url.Values{"username": {p.code}, "mail": {p.email}, "mobile": {p.mobile}}
		if w.rnd.IntN(5) == 0 {
			facts.Set([]string{"username", "mail", "mobile"}[w.rnd.IntN(3)], w.value())
		}
		return "/password/forgot", facts
	}
	switch w.rnd.IntN(7) {
	case 5:
		return "/pin", url.Values{"pin": {w.value()}}
	case 0:
		return "/login", url.Values{"username": {p.code}, "password": {w.value()}}
	case 1:
		return "/recover", url.Values{"half": {w.value()}}
	case 2:
		return "/password/new", url.Values{"password": {w.value()}}
	case 3:
		return "/pin/new", url.Values{"pin": {w.value()}}
	case 4:
		return "/otp", url.Values{"otp": {w.value()}}
	}
	paths := []string{"/recover/sent", "/security", "/password/change", "/sign-out", "/channel/choose", "/password/new", "/recover"}
	return paths[w.rnd.IntN(len(paths))], url.Values{"do": {w.value()}}
}

// act is what somebody who is signed in does.
func (w *halves) act(owner *member) (string, url.Values) {
	switch w.rnd.IntN(16) {
	case 0, 1:
		return "/security", url.Values{"do": {"mobile"}}
	case 2, 3:
		return "/password/change", url.Values{}
	case 4:
		return "/pin/change", url.Values{}
	}
	open := w.table(`SELECT id, member FROM operation WHERE state IN ('draft', 'coded')`)
	for _, id := range slices.Sorted(maps.Keys(open)) {
		if open[id] != owner.id() {
			continue
		}
		switch w.rnd.IntN(5) {
		case 0:
			return "/operations/" + id + "/confirm", url.Values{"do": {"ask"}, "pin": {w.value()}}
		case 1:
			return "/operations/" + id + "/confirm", url.Values{"do": {"again"}}
		case 2:
			return "/operations/" + id + "/confirm", url.Values{"do": {"ask"}, "pin": {w.pins[owner.id()]}}
		case 3:
			return "/operations/" + id + "/confirm", url.Values{"otp": {w.last(owner.mobile, smsCode)}}
		}
		return "/operations/" + id + "/edit", url.Values{"iban": {[]string{"IT60X0542811101000000123456", "CH9300762011623852957"}[w.rnd.IntN(2)]}}
	}
	return "/operations/new/iban", url.Values{"iban": {"IT60X0542811101000000123456"}}
}

// judge holds what one request changed against what it was given.
func (w *halves) judge(path string, form url.Values, here, journey string, temps map[string]string, answer *httptest.ResponseRecorder, before, after halvesState) {
	w.t.Helper()
	wrong := func(format string, args ...any) {
		w.t.Helper()
		w.t.Errorf("POST %s %s -> %s: %s", path, form.Encode(), said(answer), fmt.Sprintf(format, args...))
	}
	for id, v := range after.journeys {
		if before.journeys[id] == "" && path == "/login" && strings.HasSuffix(v, " recover") {
			temp := temps[form.Get("username")]
			if temp == "" || form.Get("password") != temp || v != "M"+form.Get("username")+" recover" {
				wrong("a journey of %s began", v)
			}
			w.begun[id] = strings.Fields(v)[0]
		}
	}
	if member, _, ok := strings.Cut(before.journeys[journey], " "); ok && path == "/pin" && form.Get("pin") == w.pins[member] && w.owner[here] == member {
		w.heard[journey] = member
	}
	for id, v := range after.spent {
		if before.spent[id] != "" {
			continue
		}
		f := strings.Fields(v)
		if w.proofs[journey] == nil {
			w.proofs[journey] = map[string]int{}
		}
		if (f[1] == "pin" || f[1] == "password") && path == "/otp" && f[2] == journey && w.heard[journey] == f[0] {
			w.proofs[journey][f[0]+" "+f[1]]++
		}
		if strings.HasPrefix(f[1], "hand_over") && path == "/recover" && (f[2] == journey || strings.HasPrefix(f[3], "handed/")) {
			w.proofs[journey][f[0]+" "+f[1]]++
		}
	}
	if path == "/password/new" && answer.Header().Get("Location") == "/pin/new" && before.journeys[journey] != "" && w.chosen[journey] == "" {
		w.chosen[journey] = form.Get("password")
	}
	for member, hash := range after.pin {
		if before.pin[member] == hash {
			continue
		}
		if before.password[member] == after.password[member] { // from the area: the PIN that there was, and a code behind it
			w.seen["changed PIN"]++
			if path != "/pin/new" || w.proofs[journey][member+" pin"] == 0 {
				wrong("the PIN of %s changed: proofs %v", member, w.proofs[journey])
			}
			w.pins[member] = form.Get("pin")
			continue
		}
		w.seen["secrets"]++
		given := w.proofs[journey][member+" hand_over"] > 0 && w.proofs[journey][member+" hand_over_sms"] > 0
		if w.style == access.SplitInitialSecret {
			given = w.begun[journey] == member && w.proofs[journey][member+" hand_over"] > 0
		}
		right, _, err := w.app.Passwords.Verify(w.t.Context(), after.password[member], w.chosen[journey])
		if err != nil || path != "/pin/new" || !given || !right || before.password[member] == after.password[member] {
			wrong("the secrets of %s changed: proofs %v, begun %q, chosen %q, %v", member, w.proofs[journey], w.begun[journey], w.chosen[journey], err)
		}
		w.personOf(member).password, w.pins[member] = w.chosen[journey], form.Get("pin")
	}
	for member, hash := range after.password {
		if before.password[member] != hash && before.pin[member] == after.pin[member] {
			w.seen["changed password"]++
			if path != "/password/new" || w.proofs[journey][member+" password"] == 0 {
				wrong("the password of %s changed: proofs %v", member, w.proofs[journey])
			}
			w.personOf(member).password = form.Get("password")
		}
	}
	for id, member := range after.session {
		if before.session[id] != "" {
			continue
		}
		w.seen["session"]++
		w.owner[id] = member
		if p := w.personOf(member); path == "/password/new" && before.password[member] != after.password[member] {
			continue // the one in which it was changed goes on under another name
		} else if path != "/login" || form.Get("username") != p.code || form.Get("password") != p.password {
			wrong("a session of %s began", member)
		}
	}
	for id, v := range after.sent {
		if f := strings.Fields(v); before.sent[id] == "" && (f[1] != journey || w.heard[journey] != f[0]) {
			wrong("a code for a change, %s, was sent without the PIN", v)
		}
	}
	for id, v := range after.asked {
		if before.asked[id] != "" {
			continue
		}
		f := strings.Fields(v)
		again := false
		for _, old := range before.asked {
			again = again || old == v // the PIN was typed for this content in this session
		}
		if f[0] != w.owner[here] || f[1] != here || !again && (w.pins[f[0]] == "" || form.Get("pin") != w.pins[f[0]]) {
			wrong("a code for %s was sent without its PIN", v)
		}
	}
	for operation, challenge := range after.confirmation {
		if before.confirmation[operation] != "" {
			continue
		}
		w.seen["confirmation"]++
		f := strings.Fields(after.spent[challenge])
		if len(f) != 4 || before.spent[challenge] != "" || f[0] != w.owner[here] || f[2] != here || !strings.HasPrefix(f[3], "operation/"+operation+"/") {
			wrong("operation %s was confirmed by %q", operation, after.spent[challenge])
		}
	}
	for member, at := range after.trust {
		if before.trust[member] == at {
			continue
		}
		w.seen["trust"]++
		proved := false
		for id, v := range after.spent {
			f := strings.Fields(v)
			proved = proved || before.spent[id] == "" && f[0] == member && f[1] == "mobile" && f[2] == journey
		}
		if !proved || path != "/otp" {
			wrong("the mobile of %s became reliable", member)
		}
	}
}
