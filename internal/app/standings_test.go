package app_test

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
)

// A standing is a place in a flow: a browser comes there by the steps before.
type standing struct {
	name  string
	reach func(p *passer)
	done  string // the page whose next form ends the flow, as all was proved; "" if more is to come
}

// A passer is somebody new for each standing: one of the register, at a browser.
type passer struct {
	*browser
	member
	letter
	n     int
	phone string
	draft string // the path of a draft's confirmation
}

// posts sends a form, which must lead on.
func (p *passer) posts(to, path string, pairs ...string) *httptest.ResponseRecorder {
	p.s.t.Helper()
	w := p.post(path, pairs...)
	p.must(w, to)
	return w
}

// last is what the newest message to an address that has it says.
func (p *passer) last(to string, pattern *regexp.Regexp) string {
	p.s.work()
	for _, m := range p.s.post.Messages() {
		if found := pattern.FindStringSubmatch(m.Text); m.To == to && found != nil {
			return found[len(found)-1]
		}
	}
	p.s.t.Fatalf("%s: nothing like %v was sent to %s", p.name, pattern, to)
	return ""
}

// taxCode is an invented tax code with its check letter (D.M. 23.12.1976).
func taxCode(n int) string {
	const consonants = "BCDFGHLMNPRSTVZ"
	code := fmt.Sprintf("%c%c%cRSS80A01H501", consonants[n%15], consonants[n/15%15], consonants[n/225%15])
	odd := []int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for i, c := range code {
		v := int(c - 'A')
		if c <= '9' {
			v = int(c - '0')
		}
		if i%2 == 0 {
			v = odd[v]
		}
		sum += v
	}
	return code + string(rune('A'+sum%26))
}

const (
	chosen = "lampada-Tramonto-91-ciliegia"
	iban   = "IT60X0542811101000000123456"
)

// The standings of a fund where a member registers a channel.
var standsAurora = []standing{
	{name: "nobody", reach: func(*passer) {}},
	{name: "first access: the choice", reach: (*passer).first},
	{name: "first access: the channel's code", reach: (*passer).firstCode},
	{name: "first access: the password", reach: (*passer).firstPassword},
	{name: "first access: the password's code", reach: func(p *passer) {
		p.firstPassword()
		p.posts("/otp", "/password/new", "password", chosen)
	}},
	{name: "sign-in: the code", reach: (*passer).knocks},
	{name: "signed in", reach: (*passer).enters},
	{name: "a new password", reach: (*passer).changes},
	{name: "a new password: the code", reach: func(p *passer) {
		p.changes()
		p.posts("/otp", "/password/new", "password", chosen)
	}},
	{name: "forgotten: the code", reach: (*passer).forgets},
	{name: "forgotten: the password", done: "/password/new", reach: func(p *passer) {
		p.forgets()
		p.posts("/password/new", "/otp", "otp", p.s.code(p.email))
	}},
	{name: "an act: the draft", reach: (*passer).drafts},
	{name: "an act: the code", reach: func(p *passer) {
		p.drafts()
		p.post(p.draft, "do", "ask")
	}},
}

func (p *passer) first() {
	p.password, p.active = "", false
	p.s.register(p.member)
	p.posts("/channel/choose", "/first-access/identify", "username", p.code, "number", p.number)
}

func (p *passer) firstCode() {
	p.first()
	p.posts("/otp", "/channel/choose", "channel", "email")
}

func (p *passer) firstPassword() {
	p.firstCode()
	p.posts("/channel/done", "/otp", "otp", p.s.code(p.email))
}

func (p *passer) knocks() {
	p.s.register(p.member)
	p.posts("/otp", "/login", "username", p.code, "password", p.password)
}

func (p *passer) enters() {
	p.knocks()
	p.posts("/", "/otp", "otp", p.s.code(p.email))
}

func (p *passer) changes() {
	p.enters()
	p.posts("/password/new", "/password/change")
}

func (p *passer) forgets() {
	p.s.register(p.member)
	p.posts("/otp", "/password/forgot", "username", p.code)
}

func (p *passer) drafts() {
	p.enters()
	p.draft = p.post("/operations/new/iban", "iban", iban).Header().Get("Location")
}

// The standings of a fund where members make their access with a letter.
var standsAlpina = []standing{
	{name: "enrolment: the terms", reach: (*passer).opens},
	{name: "enrolment: the address", reach: (*passer).accepts},
	{name: "enrolment: the password", reach: func(p *passer) {
		p.accepts()
		p.posts("/password/new", "/enrol/name", "username", p.email)
	}},
	{name: "enrolment: the address's code", reach: (*passer).keys},
	{name: "enrolment: the factor", reach: (*passer).proves},
	{name: "enrolment: the telephone's code", reach: func(p *passer) {
		p.proves()
		p.posts("/otp", "/enrol/factor", "factor", "sms", "number", p.phone)
	}},
	{name: "enrolment: the app's code", reach: func(p *passer) {
		p.proves()
		p.posts("/otp", "/enrol/factor", "factor", "totp")
	}},
	{name: "with a letter, signed in", reach: (*passer).enrolled},
	{name: "with a letter, sign-in: the code", reach: (*passer).returns},
	{name: "with a letter, a new password", reach: func(p *passer) {
		p.enrolled()
		p.posts("/password/new", "/password/change")
	}},
	{name: "with a letter, a new password: the code", reach: func(p *passer) {
		p.enrolled()
		p.posts("/password/new", "/password/change")
		p.posts("/otp", "/password/new", "password", "Tw7!murx-neu")
	}},
	{name: "with a letter, forgotten: the address's code", reach: (*passer).asks},
	{name: "with a letter, forgotten: the factor's code", reach: (*passer).asksFactor},
	{name: "with a letter, forgotten: the password", done: "/password/new", reach: func(p *passer) {
		p.asksFactor()
		p.posts("/password/new", "/otp", "otp", p.s.sms(p.phone))
	}},
	{name: "a lost factor: another", reach: (*passer).loses},
	{name: "a lost factor: the app's code", reach: func(p *passer) {
		p.loses()
		p.posts("/otp", "/enrol/factor", "factor", "totp")
	}},
}

func (p *passer) opens() {
	p.s.letters(p.letter)
	p.posts("/enrol/terms", "/enrol/letter", "ahv", p.ahv, "birth_date", born, "activation_code", p.codes[0])
}

func (p *passer) accepts() {
	p.opens()
	p.posts("/enrol/name", "/enrol/terms", "terms", "yes")
}

func (p *passer) keys() {
	p.s.letters(p.letter)
	p.keyed(p.letter, p.email, "Tw7!murx-quol")
}

func (p *passer) proves() {
	p.keys()
	p.posts("/enrol/factor", "/otp", "otp", p.s.code(p.email))
}

func (p *passer) enrolled() {
	p.s.letters(p.letter)
	p.enrols(p.letter, p.email, "Tw7!murx-quol", p.phone)
}

func (p *passer) returns() {
	p.enrolled()
	p.browser = p.s.browser("new", p.from)
	p.s.now.pass(5 * time.Minute)
	p.posts("/otp", "/login", "username", p.email, "password", "Tw7!murx-quol")
}

func (p *passer) asks() {
	p.enrolled()
	p.browser = p.s.browser("new", p.from)
	p.s.now.pass(5 * time.Minute)
	p.posts("/otp", "/password/forgot", "username", p.email)
}

func (p *passer) asksFactor() {
	p.asks()
	p.posts("/otp", "/otp", "otp", p.s.code(p.email))
}

func (p *passer) loses() {
	p.enrolled()
	backup := shownBackup.FindStringSubmatch(p.post("/security/codes", "do", "make").Body.String())[1]
	p.browser = p.s.browser("new", p.from)
	p.s.now.pass(5 * time.Minute)
	p.posts("/otp", "/login", "username", p.email, "password", "Tw7!murx-quol")
	p.posts("/enrol/factor", "/otp/backup", "backup", backup)
}

// The standings of a fund that gives secrets back in halves, and asks for a PIN.
func standsMeridiana(style string) []standing {
	all := []standing{
		{name: "a PIN: the draft", reach: (*passer).draftsPIN},
		{name: "a PIN: the code", reach: func(p *passer) {
			p.draftsPIN()
			p.post(p.draft, "do", "ask", "pin", "K7M2Q9XA")
		}},
		{name: "a mobile: the code", reach: func(p *passer) {
			p.reliable = false
			p.entersPIN()
			p.posts("/otp", "/security", "do", "mobile")
		}},
		{name: "rules that rose", done: "/password/new", reach: func(p *passer) {
			p.password = "breve-pwd"
			p.s.register(p.member)
			p.posts("/password/new", "/login", "username", p.code, "password", p.password)
		}},
	}
	if style == access.SplitInitialSecret {
		return append(all,
			standing{name: "halves: the PIN", reach: (*passer).temporary},
			standing{name: "halves: a new password, by temporary", reach: (*passer).handed},
			standing{name: "halves: a new PIN, by temporary", done: "/pin/new", reach: func(p *passer) {
				p.handed()
				p.posts("/pin/new", "/password/new", "password", chosen)
			}})
	}
	return append(all,
		standing{name: "halves: the mail's", reach: (*passer).halves},
		standing{name: "halves: to be sent", reach: (*passer).halved},
		standing{name: "halves: the telephone's", reach: (*passer).sentHalf},
		standing{name: "halves: a new password", reach: (*passer).whole},
		standing{name: "halves: a new PIN", done: "/pin/new", reach: func(p *passer) {
			p.whole()
			p.posts("/pin/new", "/password/new", "password", chosen)
		}})
}

func (p *passer) entersPIN() {
	p.s.register(p.member)
	hash, err := p.s.app.Passwords.Hash(p.s.t.Context(), "K7M2Q9XA")
	if err == nil {
		err = p.s.app.DB.Write(p.s.t.Context(), p.s.fund.ID, func(tx *store.Tx) error { return tx.SetPIN(p.id(), hash) })
	}
	if err != nil {
		p.s.t.Fatal(err)
	}
	p.posts("/", "/login", "username", p.code, "password", p.password)
}

func (p *passer) draftsPIN() {
	p.entersPIN()
	p.draft = p.post("/operations/new/iban", "iban", iban).Header().Get("Location")
}

func (p *passer) halves() {
	p.s.register(p.member)
	to := "/recover"
	if p.s.fund.Recovery.Style == access.SplitInitialSecret {
		to = "/recover/sent"
	}
	p.posts(to, "/password/forgot", "username", p.code, "mail", p.email, "mobile", p.mobile)
}

func (p *passer) halved() {
	p.halves()
	p.posts("/recover", "/recover", "half", p.last(p.email, halfLine))
}

func (p *passer) sentHalf() {
	p.halved()
	p.posts("/recover", "/recover", "do", "send")
}

func (p *passer) whole() {
	p.sentHalf()
	p.posts("/password/new", "/recover", "half", p.last(p.mobile, smsCode))
}

func (p *passer) temporary() {
	p.halves()
	p.posts("/recover", "/login", "username", p.code, "password", p.last(p.mobile, tempWord))
}

func (p *passer) handed() {
	p.temporary()
	p.posts("/password/new", "/recover", "half", p.last(p.email, halfLine))
}
