package app_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/journey"
	"aditus/internal/session"
	"aditus/internal/web/page"
)

// An event is one form, sent to one page.
type event struct {
	path  string
	pairs []string
}

// forms are those that a page's own form could send; every page also gets an empty
// one and one with buttons of others.
var forms = map[string][][]string{
	"/login":                   {{"username", "", "password", "x"}, {"username", "nobody@posta.example", "password", "x"}},
	"/first-access/identify":   {{"username", "RVRMRT93M27B893R", "number", "99000001"}},
	"/channel":                 {{"do", "begin"}, {"do", "postpone"}},
	"/channel/identify":        {{"username", "RVRMRT93M27B893R", "password", "x"}},
	"/channel/choose":          {{"channel", "email"}, {"channel", "sms"}, {"channel", "pec"}},
	"/otp":                     {{"otp", "000000"}, {"otp", "x"}, {"do", "correct"}},
	"/otp/backup":              {{"backup", "ABCD-ABCD-ABCD-ABCD"}},
	"/password/new":            {{"password", chosen}, {"password", "a"}, {"do", "later"}},
	"/password/forgot":         {{"username", "x"}},
	"/recover":                 {{"half", "QQQQQQQQQQQQ"}, {"half", "00000000"}, {"do", "send"}},
	"/pin/new":                 {{"pin", "QX123987"}, {"pin", "1"}},
	"/enrol":                   {{"audience", "insured"}},
	"/enrol/letter":            {{"ahv", "x"}},
	"/enrol/terms":             {{"terms", "yes"}},
	"/enrol/name":              {{"username", "frei@posta.example"}, {"username", "x"}},
	"/enrol/factor":            {{"factor", "totp"}, {"factor", "sms", "number", "044 668 18 00"}, {"factor", "sms", "number", "+41701239999"}},
	"/contracts/add":           {{"activation_code", "AAAABBBBZZZZ"}},
	"/security/codes":          {{"do", "make"}},
	"/security":                {{"do", "mobile"}, {"do", "others"}, {"do", "end", "id", "x"}},
	"/security/not-me":         {{"do", "freeze"}},
	"/operations/{id}/confirm": {{"do", "ask"}, {"do", "ask", "pin", "ZZZZ9999"}, {"otp", "000000"}, {"do", "confirm"}},
	"/operations/{id}/edit":    {{"iban", "CH9300762011623852957"}},
	"/operations/new/iban":     {{"iban", iban}},
	"/requests/{id}/withdraw":  {{"do", "withdraw"}},
	"/display":                 {{"size", "large", "theme", "dark"}},
}

// routes are the paths of the site's table of contents.
func routes(t *testing.T) (paths []string) {
	t.Helper()
	source, err := os.ReadFile("../web/routes.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\{"(/[^"]*)", \w+\.\w+\{\}`).FindAllStringSubmatch(string(source), -1) {
		path := strings.TrimSuffix(m[1], "{$}")
		if path == "/operations/{new}/{act}" {
			path = "/operations/new/iban"
		}
		paths = append(paths, path)
	}
	if len(paths) < 45 {
		t.Fatalf("only %d routes found", len(paths))
	}
	return paths
}

// events are all forms for all pages.
func events(t *testing.T) (all []event) {
	t.Helper()
	paths := routes(t)
	for path := range forms {
		if !slices.Contains(paths, path) {
			t.Errorf("there is no page %s", path)
		}
	}
	for _, path := range paths {
		for _, pairs := range append([][]string{{}, {"do", "cancel"}, {"do", "again"}}, forms[path]...) {
			all = append(all, event{path, pairs})
		}
	}
	return all
}

// What could have happened: a page that is asked out of turn goes on all the same,
// says nothing, or breaks: a journey that stands at one word takes another word's
// form (security.md part 3, rows 1 and 22; issue 3: every (state, event) pair of
// every flow is answered).
//
// Each page's forms are sent from each place that a journey can stand at. The answer
// leads to where the journey stands or goes on to, or says no in words. Nothing that
// a proof is needed for changes, but by the last form of a flow whose proofs are all
// given.
func TestEveryStandingAndEvent(t *testing.T) {
	all := events(t)
	for _, engine := range dbtest.Engines {
		for _, f := range []struct {
			fund, style string
			stands      []standing
		}{
			{"aurora", "", standsAurora},
			{"alpina", "", standsAlpina},
			{"meridiana", access.SplitCodes, standsMeridiana(access.SplitCodes)},
			{"meridiana", access.SplitInitialSecret, standsMeridiana(access.SplitInitialSecret)},
		} {
			t.Run(engine+"/"+f.fund+f.style, func(t *testing.T) {
				t.Parallel()
				s := newSiteOf(t, engine, f.fund, func(fund *access.Fund) {
					fund.Code.PerHour, fund.Code.PerDay, fund.Code.PerSite = 1000, 1000, 1000
					if f.style != "" {
						fund.Recovery.Style, fund.Hold.PasswordReset = f.style, 0
					}
				})
				w := &standings{memory: remember(s, 0)}
				for _, st := range f.stands {
					w.try(st, all)
				}
				t.Logf("%d answers of %d standings: %v", w.answers, len(f.stands), w.seen)
			})
		}
	}
}

// standings tries the events of each.
type standings struct {
	*memory
	passers, answers int
}

// comes is somebody new who has come to a standing.
func (w *standings) comes(st standing) *passer {
	w.t.Helper()
	w.passers++
	n := w.passers
	p := &passer{n: n, browser: w.site.browser(st.name, fmt.Sprintf("192.0.%d.%d", 2+n/250, 1+n%250)),
		member: member{number: fmt.Sprint(900000 + n), code: fmt.Sprint(900000 + n), status: "active", email: fmt.Sprintf("p%d@posta.example", n),
			mobile: fmt.Sprintf("+39300%07d", n), password: secret, active: w.fund.ID == "aurora", reliable: true},
		letter: letter{ahv: ahv(n), codes: []string{"AAAABBBB" + strings.NewReplacer("0", "C", "1", "D").Replace(fmt.Sprintf("%04d", n))}},
		phone:  fmt.Sprintf("+4170%07d", 1000000+n)}
	if w.fund.ID == "aurora" {
		p.member.number, p.member.code = fmt.Sprintf("%08d", n), taxCode(n)
	}
	st.reach(p)
	return p
}

// stands is the page at which the browser's journey stands, "" if it walks none, and
// the journey's row.
func (w *standings) stands(p *passer) (place, row string) {
	w.t.Helper()
	id := session.ID(p.cookies["journey"])
	for key, v := range w.table(`SELECT id, goal || ' ' || state || ' ' || CAST(at AS TEXT) FROM journey WHERE state = 'open'`) {
		if key != id {
			continue
		}
		j := access.Journey{Fund: w.fund.ID}
		if _, err := fmt.Sscan(v, &j.Goal, &j.State, &j.At); err != nil {
			w.t.Fatal(err)
		}
		return page.Path(journey.Where(w.fund, j)), v
	}
	return "", ""
}

// secrets are what needs a proof to change.
func (w *standings) secrets() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	for what, q := range map[string]string{
		"password":     `SELECT member, hash FROM credential`,
		"name":         `SELECT member, found_by FROM username WHERE state = 'active'`,
		"channel":      `SELECT member, id FROM channel WHERE ended_at = 0`,
		"factor":       `SELECT member, id FROM factor WHERE ended_at = 0`,
		"enrolment":    `SELECT member, level || ' ' || journey FROM enrolment`,
		"codes":        `SELECT member, CAST(max(made_at) AS TEXT) FROM recovery_code GROUP BY member`,
		"PIN":          `SELECT member, hash FROM pin`,
		"mobile":       `SELECT member, number FROM mobile_trust WHERE at > 0`,
		"confirmation": `SELECT operation, id FROM confirmation`,
		"session":      `SELECT id, member FROM session`,
	} {
		for key, value := range w.table(q) {
			all[what+" of "+key] = value
		}
	}
	return all
}

// try sends every event from a standing, and comes back to it when one led away.
func (w *standings) try(st standing, all []event) {
	w.t.Helper()
	p := w.comes(st)
	at, row := w.stands(p)
	before := w.secrets()
	for _, e := range all {
		w.answers++
		path := strings.Replace(e.path, "{id}", p.id(), 1)
		if p.draft != "" {
			path = strings.Replace(e.path, "/operations/{id}/confirm", p.draft, 1)
			path = strings.Replace(path, "{id}", strings.Split(p.draft, "/")[2], 1)
		}
		jar, acts := maps.Clone(p.cookies), w.acts()
		answer := p.post(path, e.pairs...)
		now, rowNow := w.stands(p)
		after := w.secrets()
		if why := w.judge(answer, e, at, now, row == rowNow); why != "" {
			w.t.Errorf("%s (at %s): POST %s %v -> %s, now at %s: %s", st.name, at, path, e.pairs, said(answer), now, why)
		}
		for what, is := range after {
			if before[what] == is {
				continue
			}
			w.seen["secret"]++
			if e.path != st.done && !(e.path == "/security/codes" && strings.HasPrefix(what, "codes of ")) { // a code was just answered in the session
				w.t.Errorf("%s: POST %s %v -> %s: the %s is another", st.name, path, e.pairs, said(answer), what)
			}
		}
		if maps.Equal(before, after) && row == rowNow && maps.Equal(jar, p.cookies) && maps.Equal(acts, w.acts()) {
			continue
		}
		// It led on, or away: back to the standing, as somebody else.
		w.seen["moved"]++
		p = w.comes(st)
		at, row = w.stands(p)
		before = w.secrets()
	}
}

// acts are the drafts there are, and the sessions that are over.
func (w *standings) acts() map[string]string {
	return w.table(`SELECT id, state || ' ' || digest FROM operation UNION ALL SELECT id, 'over' FROM session WHERE ended_at > 0`)
}

// judge says what is wrong with an answer, "" if nothing is.
func (w *standings) judge(answer *httptest.ResponseRecorder, e event, was, now string, stayed bool) string {
	inJourney := map[string]bool{"/otp": true, "/password/new": true, "/enrol/terms": true, "/enrol/name": true, "/enrol/factor": true, "/channel/choose": true, "/recover": true, "/pin/new": true}
	switch {
	case answer.Code == 200:
		if e.path == "/security/codes" && slices.Equal(e.pairs, []string{"do", "make"}) {
			return "" // shown once, here
		}
		return "a form is answered with a page, and nobody knows what came of it"
	case answer.Code == 303:
		to, err := url.Parse(answer.Header().Get("Location"))
		switch {
		case err != nil || to.IsAbs() || !strings.HasPrefix(to.Path, "/"):
			return "it leads off the site"
		case inJourney[e.path] && stayed && was != "" && to.Path != was:
			return "the journey stands where it stood, and the answer leads elsewhere"
		case inJourney[e.path] && now != "" && !stayed && to.Path != now && !(to.Path == "/channel/done" && now == "/password/new"):
			return "the journey went on, and the answer leads elsewhere"
		case inJourney[e.path] && was == "" && now == "" && to.Path == e.path:
			return "without a journey it leads back to itself"
		}
		return ""
	case answer.Code >= 400 && answer.Code < 500:
		body := answer.Body.String()
		said := []string{`id="problems"`, // on the page, or on one of its own, whose one link leads home or to what is missing
			`<p class="govuk-body"><a class="govuk-link" href="/">`, `<a href="/security" class="govuk-button"`, `<a href="/channel" class="govuk-button"`}
		if !slices.ContainsFunc(said, func(what string) bool { return strings.Contains(body, what) }) {
			return "it is refused without a word"
		}
		if answer.Code == 422 && !strings.Contains(body, `id="problems"`) {
			return "what is wrong is not said"
		}
		if !stayed && e.path != "/otp" && e.path != "/recover" {
			return "it is refused, and the journey moved"
		}
		return ""
	}
	return "it breaks"
}
