package browser_test

import (
	"regexp"
	"time"

	"aditus/internal/access"
)

// Who a fund knows that gives secrets back in two halves.
var (
	// Simone's people have a mobile that the register vouches for.
	simone = kind{record: matricola.record}
	// Nobody vouches for the number of these.
	unproved = kind{record: func(r *access.Record) { matricola.record(r); r.MobileReliable = false }}
)

// statesHalves are the pages of recovery in two halves, of the PIN, of a mobile
// that becomes reliable, and of rules that rise.
var statesHalves = []state{
	{name: "halves-forgot", route: "/password/forgot", open: func(s *stage) { s.goes(nil, "/password/forgot") }},
	{name: "halves-forgot-empty", route: "/password/forgot", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/password/forgot")
		s.submits(send)
	}},
	{name: "halves-forgot-form", route: "/password/forgot", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/password/forgot")
		s.submits(send, "username", "simone guazuccio", "mail", "simone@", "mobile", "0784 123456")
	}},
	{name: "halves-sent", route: "/recover/sent", open: func(s *stage) { s.forgets(s.person(simone)) }},
	{name: "halves-pin", route: "/recover", open: func(s *stage) { s.temporary(s.person(simone)) }},
	{name: "halves-pin-empty", route: "/recover", status: 422, wrong: true, open: func(s *stage) {
		s.temporary(s.person(simone))
		s.submits(send)
	}},
	{name: "halves-pin-wrong", route: "/recover", status: 422, wrong: true, open: func(s *stage) {
		s.temporary(s.person(simone))
		s.submits(send, "half", "AAAA AAAA")
	}},
	{name: "halves-pin-over", route: "/recover", status: 422, wrong: true, open: func(s *stage) {
		p := s.person(simone)
		s.temporary(p)
		s.nobody(p)
		s.submits(send, "half", "AAAA AAAA")
	}},
	{name: "halves-password", route: "/password/new", open: func(s *stage) { s.proven(s.person(simone)) }},
	{name: "halves-new-pin", route: "/pin/new", open: func(s *stage) { s.renews(s.person(simone)) }},
	{name: "halves-new-pin-easy", route: "/pin/new", status: 422, wrong: true, open: func(s *stage) {
		s.renews(s.person(simone))
		s.submits(send, "pin", "12345678")
	}},
	{name: "halves-saved", route: "/login", open: func(s *stage) {
		s.renews(s.person(simone))
		s.submits(send, "pin", pin)
	}},

	{name: "halves-mail", route: "/recover", open: func(s *stage) { s.splits(s.person(simone)) }},
	{name: "halves-mail-wrong", route: "/recover", status: 422, wrong: true, open: func(s *stage) {
		s.splits(s.person(simone))
		s.submits(send, "half", "QQQQ QQQQ QQQQ")
	}},
	{name: "halves-ask", route: "/recover", open: func(s *stage) { s.first(s.person(simone)) }},
	{name: "halves-sms", route: "/recover", open: func(s *stage) {
		s.first(s.person(simone))
		s.submits("#send")
	}},
	{name: "halves-sms-soon", route: "/recover", status: 409, wrong: true, open: func(s *stage) {
		s.first(s.person(simone))
		s.submits("#send")
		s.submits("#send")
	}},
	{name: "halves-sms-wrong", route: "/recover", status: 422, wrong: true, open: func(s *stage) {
		s.first(s.person(simone))
		s.submits("#send")
		s.submits(send, "half", "12 34 56")
	}},

	{name: "halves-raise", route: "/password/new", open: func(s *stage) { s.raises(s.fund.Password.Grace) }},
	{name: "halves-raise-must", route: "/password/new", open: func(s *stage) { s.raises(0) }},
	{name: "halves-raise-late", route: "/password/new", status: 422, wrong: true, open: func(s *stage) {
		s.raises(1)
		s.fund.Password.Grace = 0
		s.submits("main form button[value=later]")
	}},

	{name: "halves-mobile", route: "/security", open: func(s *stage) { s.goes(s.read(unproved), "/security") }},
	{name: "halves-mobile-none", route: "/security", open: func(s *stage) { s.goes(s.read(kind{noMobile: true, record: matricola.record}), "/security") }},
	{name: "halves-mobile-code", route: "/otp", open: func(s *stage) {
		s.goes(s.read(unproved), "/security")
		s.submits("main form button[value=mobile]")
	}},
	{name: "halves-mobile-trusted", route: "/security", open: func(s *stage) {
		who := s.read(unproved)
		s.goes(who, "/security")
		s.submits("main form button[value=mobile]")
		s.submits(confirm, "otp", s.code(who.mobile))
	}},

	{name: "pin-security", route: "/security", open: func(s *stage) { s.goes(s.read(simone), "/security") }},
	{name: "pin-security-none", route: "/security", open: func(s *stage) {
		s.goes(s.read(kind{noPIN: true, record: matricola.record}), "/security")
	}},
	{name: "pin-change", route: "/pin/change", leads: true, open: func(s *stage) { s.begins(s.read(simone), "/pin/change") }},
	{name: "pin-ask", route: "/pin", open: func(s *stage) { s.begins(s.read(simone), "/pin/change") }},
	{name: "pin-ask-password", route: "/pin", open: func(s *stage) { s.begins(s.read(simone), "/password/change") }},
	{name: "pin-ask-wrong", route: "/pin", status: 422, wrong: true, open: func(s *stage) {
		s.begins(s.read(simone), "/pin/change")
		s.submits(send, "pin", "K7M2Q9XB")
	}},
	{name: "pin-code", route: "/otp", open: func(s *stage) {
		s.begins(s.read(simone), "/pin/change")
		s.submits(send, "pin", pin)
	}},
	{name: "pin-new", route: "/pin/new", open: func(s *stage) { s.agrees(s.read(simone), "/pin/change") }},
	{name: "pin-new-same", route: "/pin/new", status: 422, wrong: true, open: func(s *stage) {
		s.agrees(s.read(simone), "/pin/change")
		s.submits(send, "pin", pin)
	}},
	{name: "pin-saved", route: "/security", open: func(s *stage) {
		s.agrees(s.read(simone), "/pin/change")
		s.submits(send, "pin", "B4N8R2ZT")
	}},
	{name: "pin-new-password", route: "/password/new", open: func(s *stage) { s.agrees(s.read(simone), "/password/change") }},
	{name: "pin-forgotten-sent", route: "/recover/sent", open: func(s *stage) {
		who := s.read(simone)
		s.goes(who, "/password/forgot")
		s.submits(send, "username", who.login, "mail", who.email, "mobile", who.mobile)
	}},

	{name: "halves-act-no-pin", route: "/operations/{new}/{act}", status: 403, open: func(s *stage) {
		s.goes(s.read(kind{noPIN: true, record: matricola.record}), "/operations/new/iban")
	}},
	{name: "halves-act-no-mobile", route: "/operations/{new}/{act}", status: 403, open: func(s *stage) { s.goes(s.read(unproved), "/operations/new/iban") }},
	{name: "halves-act-pin", route: "/operations/{id}/confirm", open: func(s *stage) { s.summary(s.read(simone)) }},
	{name: "halves-act-pin-wrong", route: "/operations/{id}/confirm", status: 422, wrong: true, open: func(s *stage) {
		s.summary(s.read(simone))
		s.submits(again, "pin", "K7M2Q9XB")
	}},
	{name: "halves-act-pin-paused", route: "/operations/{id}/confirm", status: 429, wrong: true, open: func(s *stage) {
		s.summary(s.read(simone))
		for range 6 {
			s.submits(again, "pin", "K7M2Q9XB")
		}
	}},
	{name: "halves-act-code", route: "/operations/{id}/confirm", open: func(s *stage) {
		s.summary(s.read(simone))
		s.submits(again, "pin", pin)
	}},
}

// forgets asks the secrets back, with what the register has of the person.
func (s *stage) forgets(p *person) {
	s.t.Helper()
	s.goes(nil, "/password/forgot")
	s.submits(send, "username", p.login, "mail", p.email, "mobile", p.mobile)
}

// splits is the same where the fund sends two codes.
func (s *stage) splits(p *person) {
	s.t.Helper()
	style := s.fund.Recovery.Style
	s.fund.Recovery.Style = access.SplitCodes
	s.meanwhile(func() { s.fund.Recovery.Style = style })
	s.forgets(p)
}

// first answers the first of two codes.
func (s *stage) first(p *person) {
	s.t.Helper()
	s.splits(p)
	s.submits(send, "half", s.finds(p.email, `(?m)^([0-9A-Z]{12})$`))
}

// temporary signs in with a temporary password.
func (s *stage) temporary(p *person) {
	s.t.Helper()
	s.forgets(p)
	word := s.finds(p.mobile, `([A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4})`)
	s.goes(nil, "/login")
	s.submits(send, "username", p.login, "password", word)
}

// proven types both halves.
func (s *stage) proven(p *person) {
	s.t.Helper()
	s.temporary(p)
	s.submits(send, "half", s.finds(p.email, `(?m)^([0-9A-Z]{8})$`))
}

// renews goes on to the PIN.
func (s *stage) renews(p *person) {
	s.t.Helper()
	s.proven(p)
	s.submits(send, "password", better)
}

// nobody guesses at the PIN that was sent until it is worth nothing.
func (s *stage) nobody(p *person) {
	s.t.Helper()
	for range 5 {
		s.submits(send, "half", "AAAA AAAA")
	}
}

// raises signs in with a password that breaks the rules of today, with so many
// sign-ins of grace left.
func (s *stage) raises(left int) {
	s.t.Helper()
	rules := s.fund.Password
	s.fund.Password.Min, s.fund.Password.Rollout, s.fund.Password.Grace = 64, begin.Add(-time.Hour), left
	s.meanwhile(func() { s.fund.Password = rules })
	p := s.person(simone)
	s.goes(nil, "/login")
	s.submits(send, "username", p.login, "password", secret)
}

// begins sets out on a change from the security page.
func (s *stage) begins(who *seat, path string) {
	s.t.Helper()
	s.goes(who, "/security")
	s.submits("form[action='" + path + "'] button")
}

// agrees does too, and types the PIN and the code.
func (s *stage) agrees(who *seat, path string) {
	s.t.Helper()
	s.begins(who, path)
	s.submits(send, "pin", pin)
	s.submits(confirm, "otp", s.code(who.mobile))
}

// summary is an act that waits for its PIN.
func (s *stage) summary(who *seat) {
	s.t.Helper()
	s.goes(who, "/operations/"+who.drafts("iban", map[string][]string{"iban": {iban}})+"/confirm")
}

// finds is what a message to an address has.
func (w *world) finds(to, pattern string) string {
	w.t.Helper()
	w.deliver(nil)
	re := regexp.MustCompile(pattern)
	for _, m := range w.post.Messages() {
		if found := re.FindStringSubmatch(m.Text); m.To == to && found != nil {
			return found[1]
		}
	}
	w.t.Fatalf("nothing like %s was sent to %s", pattern, to)
	return ""
}
