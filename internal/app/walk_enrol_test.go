package app_test

import (
	"encoding/base32"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/passkey"
	"aditus/internal/session"
	"aditus/internal/softkey"
	"aditus/internal/store"
	"aditus/internal/totp"
)

// What could have happened: an enrolment that was left half-way opens a door of the
// one that is complete; the factor of one is set by the code of another; a
// password comes without the factor (security.md part 3, rows 1, 6, 8, 22).
//
// The walk of TestFaultWalk at a fund whose people make their access with a letter.
// After each request, whatever changed in passwords, user names, factors, backup
// codes, enrolments and sessions must follow from the proofs that this very
// journey was given: the letter, the mailbox's code, the factor's code.
func TestFaultWalkEnrol(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			walkAll(t, []string{"enrolment", "session", "codes", "passkey"}, func(nth uint64) walker { return newEnrolWalk(t, engine, nth) })
		})
	}
}

// A holder is one of the register, and what they know.
type holder struct {
	member, ahv, code, mail, number string
	password                        string   // "" before there is one
	login, way                      string   // the address and the number, or "totp", that an enrolment ended with
	secret                          []byte   // of that app
	backups                         []string // shown last
	device                          softkey.Device
}

// An enrolWalk is the site, its browsers, and what each journey was given.
type enrolWalk struct {
	*memory
	people []*holder

	given  map[string][]string // by journey: "letter", "password", "session", "backup", "forgot", and the purposes of codes spent in it
	typed  map[string]string   // by journey: the password typed in it last
	mail   map[string]string   // by journey: the address typed in it last
	way    map[string]string   // by journey: the number chosen in it last, or "totp"
	secret map[string][]byte   // by journey: of the app that it showed
	owner  map[string]string   // by session
	heard  []string            // answers of passkeys that were sent
	before enrolState
}

// An enrolState is what must not change by itself.
type enrolState struct {
	password, name, factor, enrolment, backups, session, spent, journeys, keys map[string]string
}

func newEnrolWalk(t *testing.T, engine string, nth uint64) *enrolWalk {
	s := newSiteOf(t, engine, "alpina", func(f *access.Fund) {
		f.Code.PerHour, f.Code.PerDay, f.Code.PerSite = 1000, 1000, 1000
	})
	w := &enrolWalk{memory: remember(s, nth), given: map[string][]string{}, typed: map[string]string{}, mail: map[string]string{}, way: map[string]string{}, secret: map[string][]byte{}, owner: map[string]string{}}
	for i, ahv := range []string{"7560000669896", "7560000695482", "7560000187741"} {
		w.people = append(w.people, &holder{member: fmt.Sprintf("M%d", i), ahv: ahv, code: strings.Repeat(string(rune('A'+i)), 12),
			mail: fmt.Sprintf("p%d@posta.example", i), number: fmt.Sprintf("+4170123456%d", i)})
	}
	err := s.app.DB.Write(t.Context(), s.fund.ID, func(tx *store.Tx) error {
		im, err := tx.BeginImport("letters.csv", "0")
		if err != nil {
			return err
		}
		for i, p := range w.people {
			id := fmt.Sprintf("e%d", i)
			if err := tx.AddEntry(access.Entry{ID: id, Member: p.member, Number: id, Login: p.ahv, Status: "active", Version: im.Version, Digest: "0",
				Record: access.Record{Name: "Nome", Surname: "Cognome", AHV: p.ahv, Born: "1982-03-21", Plan: "flex"}}); err != nil {
				return err
			}
			if err := tx.AddActivationCode(id, tx.ActivationIndex(p.code), "2025-02-01", im.Version); err != nil {
				return err
			}
		}
		return tx.PublishImport(im)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.before = w.read()
	return w
}

func (w *enrolWalk) read() enrolState {
	w.t.Helper()
	return enrolState{
		password:  w.table(`SELECT member, hash FROM credential`),
		name:      w.table(`SELECT member, found_by FROM username WHERE state = 'active'`),
		factor:    w.table(`SELECT member, id FROM channel WHERE ended_at = 0 UNION ALL SELECT member, id FROM factor WHERE ended_at = 0`),
		enrolment: w.table(`SELECT member, level || ' ' || journey FROM enrolment`),
		backups:   w.table(`SELECT member, CAST(max(made_at) AS TEXT) FROM recovery_code GROUP BY member`),
		session:   w.table(`SELECT id, member FROM session`),
		spent:     w.table(`SELECT id, member || ' ' || session || ' ' || purpose FROM challenge WHERE state = 'spent'`),
		journeys:  w.table(`SELECT id, member || ' ' || goal FROM journey`),
		keys:      w.table(`SELECT id, member FROM passkey`),
	}
}

func (w *enrolWalk) step(i int) {
	w.meanwhile(10, 3, 2, time.Second, 31*time.Second, 61*time.Second, 5*time.Minute, 20*time.Minute, 25*time.Hour)
	b := w.browsers[w.rnd.IntN(3)]
	p := w.people[w.rnd.IntN(3)]
	if w.rnd.IntN(3) > 0 { // mostly each at their own browser
		p = w.people[slices.Index(w.browsers, b)]
	}
	m := w.move(b, p)
	m.jar = maps.Clone(b.cookies)
	right := w.codes(session.ID(b.cookies["journey"]))
	answer := b.do("POST", m.path, m.form)
	w.log = append(w.log, fmt.Sprintf("%d %v -> %s", i, m, said(answer)))
	after := w.read()
	w.judge(m, answer, right, w.before, after)
	w.before = after
	w.learn(b, answer)
}

// codes are those that can be right in a journey: of the mailbox and the telephone
// or app that were chosen in it, or else of the member's own.
func (w *enrolWalk) codes(journey string) (all []string) {
	member, goal, _ := strings.Cut(w.before.journeys[journey], " ")
	p := w.person(member)
	if p == nil {
		return nil
	}
	mail, way, secret := p.login, p.way, p.secret
	if goal == "enrol" || goal == "change_factor" {
		mail, way, secret = w.mail[journey], w.way[journey], w.secret[journey]
	}
	for _, code := range []string{w.code(mail), w.sms(way)} {
		if code != "" {
			all = append(all, code)
		}
	}
	for off := int64(-1); off <= 1 && way == "totp" && secret != nil; off++ {
		all = append(all, totp.Code(secret, totp.At(w.now.Now())+off))
	}
	return all
}

func (w *enrolWalk) person(member string) *holder {
	for _, p := range w.people {
		if p.member == member {
			return p
		}
	}
	return nil
}

var (
	shownSecret = regexp.MustCompile(`id="secret">([A-Z2-7 ]{39})<`)
	shownBackup = regexp.MustCompile(`<bdi class="u-code">([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</bdi>`)
)

// learn has the person whose journey, or session, the browser walks take down what
// the page shows.
func (w *enrolWalk) learn(b *browser, answer *httptest.ResponseRecorder) {
	if member := w.owner[session.ID(b.cookies["session"])]; member != "" {
		for _, p := range w.people {
			if found := shownBackup.FindAllStringSubmatch(answer.Body.String(), -1); p.member == member && found != nil {
				p.backups = nil
				for _, f := range found {
					p.backups = append(p.backups, f[1])
				}
			}
		}
	}
	if answer.Header().Get("Location") != "/otp" {
		return
	}
	if found := shownSecret.FindStringSubmatch(b.do("GET", "/otp", nil).Body.String()); found != nil {
		secret, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(found[1], " ", ""))
		if err != nil {
			w.t.Fatal(err)
		}
		w.secret[session.ID(b.cookies["journey"])] = secret
	}
}

// answers asks a page's question to a passkey and has the person's device answer: ""
// if nothing was asked, or the device has none. It says whose key that is.
func (w *enrolWalk) answers(b *browser, p *holder, path string) (answer, member string) {
	b.json = true
	form := []string{"do", "passkey"}
	if path != "/login/passkey" {
		form = append(form, "name", "telefono")
	}
	asked := b.post(path, form...)
	b.json = false
	made, err := p.device.Answer(b.origin(), asked.Body.Bytes())
	if asked.Code != http.StatusOK || err != nil {
		return "", ""
	}
	member, _, err = passkey.Claim(made)
	if err != nil { // it was made just now
		member = ""
	}
	w.heard = append(w.heard, string(made))
	return string(made), member
}

// move thinks of a request: mostly one that fits where the browser stands, else
// anything anywhere.
func (w *enrolWalk) move(b *browser, p *holder) move {
	m := move{b: b, form: url.Values{}}
	set := func(path string, pairs ...string) move { return m.set(path, pairs...) } // m with what was noted in it by then
	code := func() string {
		if all := w.codes(session.ID(b.cookies["journey"])); len(all) > 0 && w.rnd.IntN(8) > 0 {
			return all[w.rnd.IntN(len(all))]
		}
		return "000000"
	}
	if w.rnd.IntN(10) < 8 {
		answer := b.do("GET", "/otp", nil)
		switch at := answer.Header().Get("Location"); {
		case answer.Code == 200 && w.rnd.IntN(12) == 0:
			return set("/otp", "do", "correct")
		case answer.Code == 200 && len(p.backups) > 0 && w.rnd.IntN(6) == 0:
			return set("/otp/backup", "backup", p.backups[w.rnd.IntN(len(p.backups))])
		case answer.Code == 200:
			return set("/otp", "otp", code())
		case at == "/enrol/terms":
			return set(at, "terms", "yes")
		case at == "/enrol/name":
			return set(at, "username", p.mail)
		case at == "/password/new":
			return set(at, "password", fmt.Sprintf("Tw7!murx-%d", w.rnd.Uint32()))
		case at == "/enrol/factor" && w.rnd.IntN(2) == 0:
			return set(at, "factor", "sms", "number", p.number)
		case at == "/enrol/factor":
			return set(at, "factor", "totp")
		case at == "/security/passkeys/new":
			answer, _ := w.answers(b, p, at)
			return set(at, "name", "telefono", "do", "passkey", "answer", answer)
		case at == "/": // signed in
			switch w.rnd.IntN(6) {
			case 3:
				return set("/security/passkeys", "do", "add")
			case 4:
				if all := slices.Sorted(maps.Keys(w.before.keys)); len(all) > 0 {
					return set("/security/passkeys/"+all[w.rnd.IntN(len(all))], "do", "remove")
				}
			case 0:
				return set("/security/codes", "do", "make")
			case 1:
				return set("/password/change")
			case 2:
				return set("/contracts/add", "activation_code", p.code)
			}
			return set("/sign-out")
		case p.password == "" || w.rnd.IntN(8) == 0:
			return set("/enrol/letter", "ahv", p.ahv, "birth_date", "21.3.1982", "activation_code", p.code)
		case w.rnd.IntN(5) == 0:
			return set("/password/forgot", "username", p.login)
		case w.rnd.IntN(3) == 0:
			answer, member := w.answers(b, p, "/login/passkey")
			m.key = member
			return set("/login/passkey", "do", "passkey", "answer", answer)
		default:
			return set("/login", "username", p.login, "password", p.password)
		}
	}
	paths := []string{"/login", "/enrol", "/enrol/letter", "/enrol/terms", "/enrol/name", "/enrol/factor", "/otp", "/otp/backup", "/password/new",
		"/password/forgot", "/password/change", "/security", "/security/codes", "/contracts/add", "/channel", "/channel/identify", "/channel/choose",
		"/first-access/identify", "/sign-out", "/operations/new/residence", "/login/passkey", "/security/passkeys", "/security/passkeys/new"}
	for id := range w.before.keys {
		paths = append(paths, "/security/passkeys/"+id)
	}
	slices.Sort(paths)
	m.path = paths[w.rnd.IntN(len(paths))]
	other := w.people[w.rnd.IntN(3)]
	values := []string{p.ahv, other.ahv, p.code, other.code, p.mail, other.mail, p.number, p.password, other.password, code(), "Tw7!murx-quol", "sms", "totp", "yes",
		"make", "correct", "cancel", "again", "21.3.1982", "", "passkey", "add", "remove", "rename"}
	if len(w.heard) > 0 {
		values = append(values, w.heard[w.rnd.IntN(len(w.heard))], w.heard[len(w.heard)-1])
	}
	if len(other.backups) > 0 {
		values = append(values, other.backups[0])
	}
	for _, name := range map[string][]string{"/login": {"username", "password"}, "/enrol/letter": {"ahv", "birth_date", "activation_code"}, "/enrol/terms": {"terms"},
		"/enrol/name": {"username"}, "/enrol/factor": {"factor", "number"}, "/otp": {"otp", "do"}, "/otp/backup": {"backup"}, "/password/new": {"password"},
		"/password/forgot": {"username"}, "/security/codes": {"do"}, "/contracts/add": {"activation_code"},
		"/login/passkey": {"do", "answer"}, "/security/passkeys": {"do"}, "/security/passkeys/new": {"do", "name", "answer"}}[m.path] {
		if w.rnd.IntN(4) > 0 {
			m.form.Set(name, values[w.rnd.IntN(len(values))])
		}
	}
	return m
}

// judge holds what one request changed against what it was given.
func (w *enrolWalk) judge(m move, answer *httptest.ResponseRecorder, right []string, before, after enrolState) {
	w.t.Helper()
	wrong := func(format string, args ...any) {
		w.t.Helper()
		w.t.Errorf("%v -> %s: %s", m, said(answer), fmt.Sprintf(format, args...))
	}
	here, journey := session.ID(m.jar["session"]), session.ID(m.jar["journey"])

	// A journey begins with a letter, a password, a backup code, a session, or for
	// whoever asks for a password; or it is one that changed its mind.
	for id, v := range after.journeys {
		if before.journeys[id] != "" {
			continue
		}
		member, goal, _ := strings.Cut(v, " ")
		switch {
		case goal == "recover":
			w.given[id] = []string{"forgot"}
			continue
		case strings.HasPrefix(member, "none:"):
			wrong("a journey of nobody with the goal %s", goal)
			continue
		}
		p := w.person(member)
		switch {
		case goal == "enrol" && m.path == "/enrol/letter" && m.form.Get("ahv") == p.ahv && m.form.Get("activation_code") == p.code && before.enrolment[member] == "":
			w.given[id] = []string{"letter"}
		case m.path == "/otp" && m.form.Get("do") == "correct" && before.journeys[journey] == v && goal != "sign_in":
			if w.given[id], w.typed[id] = slices.Clone(w.given[journey]), w.typed[journey]; slices.Contains(w.given[id], "username") {
				w.mail[id] = w.mail[journey] // else it is being corrected
			}
		case goal == "sign_in" && m.path == "/login" && p.password != "" && m.form.Get("password") == p.password && strings.EqualFold(m.form.Get("username"), p.login):
			w.given[id] = []string{"password"}
		case goal == "change_password" && m.path == "/password/change" && w.owner[here] == member:
			w.given[id] = []string{"session"}
		case goal == "add_passkey" && m.path == "/security/passkeys" && w.owner[here] == member,
			goal == "remove_passkey" && w.owner[here] == member && before.keys[strings.TrimPrefix(m.path, "/security/passkeys/")] == member:
			w.given[id] = []string{"session"}
		case goal == "change_factor" && m.path == "/otp/backup" && slices.Equal(w.given[journey], []string{"password"}) && slices.Contains(p.backups, m.form.Get("backup")):
			w.given[id] = []string{"password", "backup"}
			p.backups = slices.DeleteFunc(p.backups, func(s string) bool { return s == m.form.Get("backup") })
			w.seen["backup"]++
		default:
			wrong("a journey of %s began", v)
		}
	}
	to := answer.Header().Get("Location") // of what was taken: out of turn, and from another browser, it is another or was typed before
	if m.path == "/password/new" && m.form.Get("password") != "" && (to == "/login" || to == "/otp" && w.typed[journey] == "" && !strings.HasSuffix(before.journeys[journey], " recover")) {
		w.typed[journey] = m.form.Get("password")
	}
	if m.path == "/enrol/name" && (to == "/password/new" || to == "/otp") && w.mail[journey] == "" {
		w.mail[journey] = m.form.Get("username")
	}
	if m.path == "/enrol/factor" && to == "/otp" && w.way[journey] == "" {
		w.way[journey] = m.form.Get("factor")
		if w.way[journey] == "sms" {
			w.way[journey] = m.form.Get("number")
		}
	}

	// One code did one thing, in this journey, and was there to be read.
	spent, spender := "", ""
	for id, v := range after.spent {
		if before.spent[id] != "" {
			continue
		}
		f := strings.Split(v, " ")
		if spent != "" || m.path != "/otp" || f[1] != journey || !slices.Contains(right, digits.ReplaceAllString(m.form.Get("otp"), "")) {
			wrong("the code %s was spent", v)
		}
		spender, spent = f[0], f[2]
		w.given[journey] = append(w.given[journey], spent)
	}
	// what says whether this request gave the last proof of a journey of member's.
	what := func(member string, all ...string) bool {
		return strings.HasPrefix(after.journeys[journey], member+" ") && slices.Equal(w.given[journey], all)
	}
	enrolled := func(member string) bool {
		return spender == member && spent == "factor" && what(member, "letter", "username", "factor")
	}
	refactored := func(member string) bool {
		return spender == member && spent == "factor" && what(member, "password", "backup", "factor")
	}
	for _, c := range []struct {
		what    string
		was, is map[string]string
		may     func(string) bool
	}{
		{"enrolment", before.enrolment, after.enrolment, enrolled},
		{"name", before.name, after.name, enrolled},
		{"factor", before.factor, after.factor, func(m string) bool { return enrolled(m) || refactored(m) }},
		{"codes", before.backups, after.backups, func(member string) bool {
			return m.path == "/security/codes" && m.form.Get("do") == "make" && w.owner[here] == member
		}},
		{"password", before.password, after.password, func(member string) bool {
			right, _, err := w.app.Passwords.Verify(w.t.Context(), after.password[member], w.typed[journey])
			if err != nil || !right {
				return false
			}
			return enrolled(member) || spender == member && what(member, "session", "password") ||
				m.path == "/password/new" && what(member, "forgot", "recover", "recover")
		}},
	} {
		for member, is := range c.is {
			if c.was[member] == is {
				continue
			}
			w.seen[c.what]++
			if c.what == "factor" {
				p := w.person(member)
				p.way, p.secret = w.way[journey], w.secret[journey]
				if enrolled(member) {
					p.login = w.mail[journey]
				}
			}
			if !c.may(member) {
				wrong("the %s of %s changed; given %v, spent %q", c.what, member, w.given[journey], spent)
			}
			if c.what == "password" {
				w.person(member).password = w.typed[journey]
			}
		}
		for member := range c.was {
			if c.is[member] == "" {
				wrong("the %s of %s is gone", c.what, member)
			}
		}
	}
	// A passkey comes and goes by a code that was asked for it, in the member's session.
	for id, member := range after.keys {
		if before.keys[id] == "" {
			w.seen["passkey"]++
			if m.path != "/security/passkeys/new" || after.journeys[journey] != member+" add_passkey" || !what(member, "session", "passkey") || w.owner[here] != member {
				wrong("a passkey of %s came; given %v", member, w.given[journey])
			}
		}
	}
	for id, member := range before.keys {
		if after.keys[id] == "" {
			w.seen["removed"]++
			if spender != member || after.journeys[journey] != member+" remove_passkey" || !what(member, "session", "passkey") {
				wrong("a passkey of %s is gone; given %v", member, w.given[journey])
			}
		}
	}
	// All of an access is there, or nothing of it.
	for _, p := range w.people {
		has := after.enrolment[p.member] != ""
		for what, there := range map[string]bool{"password": after.password[p.member] != "", "name": after.name[p.member] != "", "factor": after.factor[p.member] != ""} {
			if there != has {
				wrong("%s is enrolled: %t, and has a %s: %t", p.member, has, what, there)
			}
		}
	}
	for id, member := range after.session {
		if before.session[id] != "" {
			continue
		}
		w.seen["session"]++
		w.owner[id] = member
		if m.path == "/login/passkey" && m.key == member {
			w.seen["by passkey"]++
			continue
		}
		if !enrolled(member) && !refactored(member) && !(spender == member && (what(member, "password", "sign_in") || what(member, "session", "password"))) {
			wrong("a session of %s began; given %v, spent %q", member, w.given[journey], spent)
		}
	}
}
