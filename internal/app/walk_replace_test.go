package app_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"aditus/internal/dbtest"
	"aditus/internal/session"
)

// What could have happened: a factor is replaced on the password and the mailbox
// alone; before the day is over; by a letter of somebody else's, or an old one; or
// after the owner stopped it. A change in the area takes a session for a proof
// (security.md part 3, rows 1, 7, 18, 22).
//
// Two people with a telephone, at three browsers, and an office that sends letters
// and believes callers now and then. After each request, whatever changed in
// factors, replacements, passwords and sessions must follow from the proofs that
// this very journey was given, and from the time.
func TestFaultWalkReplace(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			seen, steps := map[string]int{}, walkSteps(t)
			for left, nth := steps, uint64(0); left > 0; left, nth = left-aWalk, nth+1 {
				w := newReplaceWalk(t, engine, nth)
				for i := range min(left, aWalk) {
					w.step(i)
					if t.Failed() {
						t.Fatalf("seed %d, walk %d; the last steps:\n%s", seed(t), nth, strings.Join(w.log[max(0, len(w.log)-25):], "\n"))
					}
				}
				for what, n := range w.seen {
					seen[what] += n
				}
			}
			t.Logf("%d steps: %v", steps, seen)
			for _, what := range []string{"started", "used", "renewed", "session"} {
				if seen[what] == 0 {
					t.Errorf("nothing %s ever: the walk came to no door", what)
				}
			}
		})
	}
}

// A replaceWalk is the site, its browsers, and what each journey was given.
type replaceWalk struct {
	*site
	rnd      *rand.Rand
	people   []*loser
	browsers []*browser
	log      []string
	seen     map[string]int

	given   map[string][]string // by journey: "password", "session", and the purposes of codes spent in it
	way     map[string]string   // by journey: the number chosen in it
	typed   map[string]string   // by journey: the password typed in it
	owner   map[string]string   // by session
	letters map[string][]string // by member: the codes of letters, the newest last
	stops   map[string]string   // by replacement
	before  replaceState
}

// A replaceState is what must not change by itself.
type replaceState struct {
	factor, password, session, spent, journeys, letter map[string]string
	waits                                              map[string]string // by replacement: member, state, ready_at, lapses_at
}

func newReplaceWalk(t *testing.T, engine string, nth uint64) *replaceWalk {
	people := losers(t, engine, 2)
	w := &replaceWalk{site: people[0].s, rnd: rand.New(rand.NewPCG(seed(t), nth)), people: people, seen: map[string]int{}, given: map[string][]string{},
		way: map[string]string{}, typed: map[string]string{}, owner: map[string]string{}, letters: map[string][]string{}, stops: map[string]string{}}
	for i, name := range []string{"first", "second", "third"} {
		w.browsers = append(w.browsers, w.browser(name, fmt.Sprintf("192.0.2.%d", i+1)))
	}
	w.before = w.look()
	return w
}

func (w *replaceWalk) rows(q string) map[string]string {
	w.t.Helper()
	rows, err := w.raw.Query(q)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	all := map[string]string{}
	for rows.Next() {
		var k, v string
		if err := rows.Scan(&k, &v); err != nil {
			w.t.Fatal(err)
		}
		all[k] = v
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *replaceWalk) look() replaceState {
	w.t.Helper()
	return replaceState{
		factor:   w.rows(`SELECT member, id FROM channel WHERE ended_at = 0 UNION ALL SELECT member, id FROM factor WHERE ended_at = 0`),
		password: w.rows(`SELECT member, hash FROM credential`),
		session:  w.rows(`SELECT id, member FROM session`),
		spent:    w.rows(`SELECT id, member || ' ' || session || ' ' || purpose FROM challenge WHERE state = 'spent'`),
		journeys: w.rows(`SELECT id, member || ' ' || goal FROM journey`),
		letter:   w.rows(`SELECT member, id FROM factor_letter WHERE ended_at = 0`),
		waits:    w.rows(`SELECT id, member || ' ' || state || ' ' || ready_at || ' ' || lapses_at FROM replacement`),
	}
}

// waiting is the replacement that a member has at a time, and when it is ready.
func (s replaceState) waiting(member string, now int64) (id string, ready bool) {
	for id, v := range s.waits {
		f := strings.Fields(v)
		at, _ := strconv.ParseInt(f[2], 10, 64)
		lapses, _ := strconv.ParseInt(f[3], 10, 64)
		if f[0] == member && f[1] == "waiting" && now < lapses {
			return id, now >= at
		}
	}
	return "", false
}

func (w *replaceWalk) step(i int) {
	if n := w.rnd.IntN(100); n < 12 {
		d := []time.Duration{time.Second, 61 * time.Second, 2 * time.Minute, 6 * time.Minute}[w.rnd.IntN(4)]
		if n < 4 || n < 9 && w.anyWaits() { // whoever waits comes to the end of it mostly
			d = []time.Duration{23 * time.Hour, 24 * time.Hour, 24 * time.Hour, 25 * time.Hour, 16 * 24 * time.Hour}[w.rnd.IntN(5)]
		}
		w.now.pass(d)
		if err := w.app.Tidy(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		w.before = w.look()
	}
	if w.rnd.IntN(100) < 3 { // a cookie of another browser, planted or stolen
		from, to := w.browsers[w.rnd.IntN(3)], w.browsers[w.rnd.IntN(3)]
		name := []string{"session", "journey", "device"}[w.rnd.IntN(3)]
		if from != to && from.cookies[name] != "" {
			to.cookies[name] = from.cookies[name]
			w.log = append(w.log, fmt.Sprintf("%s gets the %s of %s", to.name, name, from.name))
		}
	}
	b := w.browsers[w.rnd.IntN(3)]
	p := w.people[w.rnd.IntN(2)]
	if w.rnd.IntN(20) == 0 {
		w.office(i, p)
		return
	}
	path, form := w.think(b, p)
	jar := maps.Clone(b.cookies)
	right := w.codes(session.ID(jar["journey"]))
	answer := b.do("POST", path, form)
	w.log = append(w.log, fmt.Sprintf("%d %s %s %v -> %s", i, b.name, path, form, said(answer)))
	after := w.look()
	w.judge(jar, path, form, answer, right, after)
	w.before = after
	w.learn()
}

// anyWaits reports whether a replacement waits and is not ready.
func (w *replaceWalk) anyWaits() bool {
	return slices.ContainsFunc(w.people, func(p *loser) bool {
		id, ready := w.before.waiting(p.member, w.now.Now().UnixMilli())
		return id != "" && !ready
	})
}

// office is what the fund's people do.
func (w *replaceWalk) office(i int, p *loser) {
	var err error
	deed := "letter"
	if w.rnd.IntN(4) > 0 {
		err = w.app.Journeys.SendLetter(w.t.Context(), w.fund, p.member, "clerk")
	} else {
		deed = "identified"
		err = w.app.Journeys.Identified(w.t.Context(), w.fund, p.member, "clerk")
	}
	w.log = append(w.log, fmt.Sprintf("%d the office: %s %s -> %v", i, deed, p.member, err))
	after := w.look()
	for id, v := range after.waits {
		if was := w.before.waits[id]; was == "" && deed == "identified" && strings.HasPrefix(v, p.member+" waiting ") {
			w.seen["started"]++
		} else if was != v && !strings.Contains(v, " lapsed ") {
			w.t.Errorf("the office: %s: %q became %q", deed, was, v)
		}
	}
	w.before = after
	w.learn()
}

var (
	letterCode = regexp.MustCompile(`(?m)^([A-Z2-9]{4}(?:-[A-Z2-9]{4}){2})$`)
	stopCode   = regexp.MustCompile(`/stop.* ([A-Z2-9]{4}-[A-Z2-9]{4})\.`)
)

// learn takes down the codes of letters and of notices.
func (w *replaceWalk) learn() {
	w.work()
	for _, p := range w.people {
		id, _ := w.before.waiting(p.member, w.now.Now().UnixMilli())
		for _, m := range slices.Backward(w.post.Messages()) {
			if found := stopCode.FindStringSubmatch(m.Text); m.To == p.number && found != nil && id != "" {
				w.stops[id] = found[1] // the newest is the last
			}
		}
		for _, m := range slices.Backward(w.post.Messages()) {
			if found := letterCode.FindStringSubmatch(m.Text); m.Channel == "letter" && found != nil && strings.Contains(m.To, w.street(p)) && !slices.Contains(w.letters[p.member], found[1]) {
				w.letters[p.member] = append(w.letters[p.member], found[1])
			}
		}
	}
}

// street tells whose a letter is.
func (w *replaceWalk) street(p *loser) string {
	return fmt.Sprint("Rue de l'Exemple e", slices.Index(w.people, p))
}

// codes are those that can be right in a journey.
func (w *replaceWalk) codes(journey string) (all []string) {
	member, _, _ := strings.Cut(w.before.journeys[journey], " ")
	for _, p := range w.people {
		if p.member != member {
			continue
		}
		for _, to := range []string{p.mail, p.number, w.way[journey]} {
			if code := w.newest(to); code != "" {
				all = append(all, code)
			}
		}
	}
	return all
}

// fits is the one that a journey waits for, as far as a person can tell.
func (w *replaceWalk) fits(journey string) []string {
	to := w.way[journey]
	member, goal, _ := strings.Cut(w.before.journeys[journey], " ")
	for _, p := range w.people {
		switch {
		case p.member != member || to != "":
		case goal == "replace_factor":
			to = p.mail
		default:
			to = p.number
		}
	}
	if code := w.newest(to); code != "" {
		return []string{code}
	}
	return nil
}

func (w *replaceWalk) newest(to string) string {
	if code := w.code(to); code != "" {
		return code
	}
	for _, m := range w.post.Messages() {
		if found := smsCode.FindStringSubmatch(strings.TrimSpace(m.Text)); m.To == to && found != nil {
			return found[1]
		}
	}
	return ""
}

// think is a request: mostly one that fits where the browser stands, else anything
// anywhere.
func (w *replaceWalk) think(b *browser, p *loser) (string, url.Values) {
	form := func(pairs ...string) url.Values {
		v := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	one := func(all []string, otherwise string) string {
		if len(all) == 0 || w.rnd.IntN(8) == 0 {
			return otherwise
		}
		return all[w.rnd.IntN(len(all))]
	}
	number := func() string { return fmt.Sprintf("+41791234%03d", w.rnd.IntN(1000)) }
	letter := func() (string, url.Values) {
		return "/otp/letter", form("letter_code", one(w.letters[p.member], "ABCDEFGHJKLM"))
	}
	stop := func() (string, url.Values) {
		return "/stop", form("username", p.mail, "stop", one(slices.Sorted(maps.Values(w.stops)), "ABCD-EFGH"))
	}
	code := func() string { return one(w.fits(session.ID(b.cookies["journey"])), "000000") }
	if w.rnd.IntN(10) < 8 {
		answer := b.do("GET", "/otp", nil)
		switch at := answer.Header().Get("Location"); {
		case answer.Code == 200 && w.rnd.IntN(12) == 0:
			return "/otp", form("do", []string{"correct", "cancel", "again"}[w.rnd.IntN(3)])
		case answer.Code == 200 && w.rnd.IntN(5) == 0:
			return letter()
		case answer.Code == 200:
			return "/otp", form("otp", code())
		case at == "/enrol/factor":
			return at, form("factor", "sms", "number", number())
		case at == "/password/new":
			return at, form("password", fmt.Sprintf("Tw7!murx-%d", w.rnd.Uint32()))
		case at == "/": // signed in
			switch w.rnd.IntN(9) {
			case 0:
				return "/security/replacement", form("do", "stop")
			case 1:
				return "/password/change", nil
			case 2:
				return "/security/codes", form("do", []string{"make", "prove"}[w.rnd.IntN(2)])
			case 3:
				return "/sign-out", nil
			}
			return "/security", form("do", "factor")
		case w.rnd.IntN(12) == 0:
			return stop()
		}
		for _, q := range w.people { // whose wait is over mostly comes
			if _, ready := w.before.waiting(q.member, w.now.Now().UnixMilli()); ready && w.rnd.IntN(4) > 0 {
				p = q
			}
		}
		return "/login", form("username", p.mail, "password", p.secret)
	}
	switch w.rnd.IntN(8) {
	case 0:
		return letter()
	case 1:
		return stop()
	case 2:
		return "/otp", form("otp", code())
	case 3:
		return "/enrol/factor", form("factor", "sms", "number", number())
	case 4:
		return "/security", form("do", "factor")
	case 5:
		return "/security/replacement", form("do", "stop")
	case 6:
		return "/otp/letter", form("do", "order")
	}
	return "/password/new", form("password", fmt.Sprintf("Tw7!murx-%d", w.rnd.Uint32()))
}

// judge holds what one request changed against what it was given.
func (w *replaceWalk) judge(jar map[string]string, path string, form url.Values, answer *httptest.ResponseRecorder, right []string, after replaceState) {
	w.t.Helper()
	before, now := w.before, w.now.Now().UnixMilli()
	wrong := func(format string, args ...any) {
		w.t.Helper()
		w.t.Errorf("%s %v -> %s: %s", path, form, said(answer), fmt.Sprintf(format, args...))
	}
	here, journey := session.ID(jar["session"]), session.ID(jar["journey"])
	person := func(member string) *loser {
		return w.people[slices.IndexFunc(w.people, func(p *loser) bool { return p.member == member })]
	}

	for id, v := range after.journeys {
		if before.journeys[id] != "" {
			continue
		}
		member, goal, _ := strings.Cut(v, " ")
		p := person(member)
		_, ready := before.waiting(member, now)
		knocks := path == "/login" && form.Get("username") == p.mail && form.Get("password") == p.secret
		switch {
		case path == "/otp" && form.Get("do") == "correct" && before.journeys[journey] == v:
			w.given[id] = slices.Clone(w.given[journey])
		case goal == "sign_in" && knocks && !ready, goal == "replace_factor" && knocks && ready:
			w.given[id] = []string{"password"}
		case goal == "renew_factor" && path == "/security" && form.Get("do") == "factor" && w.owner[here] == member,
			goal == "fresh_code" && path == "/security/codes" && form.Get("do") == "prove" && w.owner[here] == member,
			goal == "change_password" && path == "/password/change" && w.owner[here] == member:
			w.given[id] = []string{"session"}
		default:
			wrong("a journey of %s began; ready %t", v, ready)
		}
	}
	to := answer.Header().Get("Location")
	if path == "/enrol/factor" && to == "/otp" && w.way[journey] == "" {
		w.way[journey] = form.Get("number")
	}
	if path == "/password/new" && to == "/otp" && w.typed[journey] == "" && form.Get("password") != "" {
		w.typed[journey] = form.Get("password")
	}

	spender, spent := "", ""
	for id, v := range after.spent {
		if before.spent[id] != "" {
			continue
		}
		f := strings.Split(v, " ")
		if spent != "" || path != "/otp" || f[1] != journey || !slices.Contains(right, form.Get("otp")) {
			wrong("the code %s was spent", v)
		}
		spender, spent = f[0], f[2]
		w.given[journey] = append(w.given[journey], spent)
	}
	gave := func(member, goal string, all ...string) bool {
		return spender == member && after.journeys[journey] == member+" "+goal && slices.Equal(w.given[journey], all)
	}
	renewed := func(m string) bool { return gave(m, "renew_factor", "session", "fresh", "factor") }
	replaced := func(m string) bool {
		_, ready := before.waiting(m, now)
		return ready && gave(m, "replace_factor", "password", "fresh", "factor")
	}
	changed := func(m string) bool { return gave(m, "change_password", "session", "password") }

	for member, is := range after.factor {
		if before.factor[member] == is {
			continue
		}
		switch {
		case renewed(member):
			w.seen["renewed"]++
		case replaced(member):
			w.seen["used"]++
		default:
			wrong("the factor of %s changed; given %v", member, w.given[journey])
		}
		person(member).number = w.way[journey]
	}
	for member, is := range after.password {
		if before.password[member] == is {
			continue
		}
		if !changed(member) {
			wrong("the password of %s changed; given %v", member, w.given[journey])
		}
		person(member).secret = w.typed[journey]
	}
	for id, is := range after.waits {
		was := before.waits[id]
		if was == is {
			continue
		}
		f, old := strings.Fields(is), strings.Fields(was)
		member, state := f[0], f[1]
		switch newest := w.letters[member]; {
		case was == "":
			if path != "/otp/letter" || len(newest) == 0 || form.Get("letter_code") != newest[len(newest)-1] || before.letter[member] == "" ||
				!strings.HasPrefix(before.journeys[journey], member+" sign_in") || f[2] != fmt.Sprint(now+(24*time.Hour).Milliseconds()) {
				wrong("a replacement began: %s", is)
			}
			w.seen["started"]++
		case state == "stopped":
			byCode := path == "/stop" && form.Get("stop") == w.stops[id] && form.Get("username") == person(member).mail
			if old[1] != "waiting" || !byCode && !(path == "/security/replacement" && w.owner[here] == member) && !renewed(member) {
				wrong("a replacement was stopped: %s", is)
			}
			w.seen["stopped"]++
		case state == "used":
			if old[1] != "waiting" || !replaced(member) {
				wrong("a replacement was used: %s; given %v", is, w.given[journey])
			}
		case state == "waiting":
			if !changed(member) || f[2] != fmt.Sprint(now+(24*time.Hour).Milliseconds()) {
				wrong("a delay changed: %s was %s", is, was)
			}
			w.seen["delayed"]++
		case state != "lapsed" || old[3] > fmt.Sprint(now):
			wrong("a replacement became %s", is)
		}
	}
	for id, member := range after.session {
		if before.session[id] != "" {
			continue
		}
		w.seen["session"]++
		w.owner[id] = member
		if !renewed(member) && !replaced(member) && !changed(member) && !gave(member, "sign_in", "password", "sign_in") {
			wrong("a session of %s began; given %v", member, w.given[journey])
		}
	}
}
