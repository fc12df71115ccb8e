package browser_test

import (
	"time"

	"aditus/internal/access"
	"aditus/internal/browsertest"
)

// statesCode are the pages of the secure channel, the code and the password.
var statesCode = []state{
	{name: "channel", route: "/channel", open: func(s *stage) { s.goes(s.read(kind{}), "/channel") }},
	{name: "channel-overdue", route: "/channel", open: func(s *stage) {
		s.hurry()
		s.goes(s.read(kind{}), "/")
	}},
	{name: "channel-too-late", route: "/channel", status: 422, wrong: true, open: func(s *stage) {
		s.hurry()
		s.posts(s.read(kind{}), "aurora.localhost", "/channel", "do", "postpone")
	}},
	{name: "channel-resume", route: "/channel", open: func(s *stage) { s.goes(s.read(kind{}).registers(), "/channel") }},
	{name: "channel-resume-code", route: "/channel", open: func(s *stage) { s.goes(s.read(kind{}).registers().chooses(access.Email), "/channel") }},
	{name: "channel-active", route: "/channel", open: func(s *stage) { s.goes(s.act(kind{channel: access.SMS, noEmail: true}), "/channel") }},
	{name: "channel-active-other", route: "/channel", open: func(s *stage) { s.goes(s.act(byEmail), "/channel") }},
	{name: "channel-active-again", route: "/channel", status: 422, wrong: true, open: func(s *stage) {
		s.posts(s.act(kind{channel: access.SMS, noEmail: true}), "aurora.localhost", "/channel", "do", "begin")
	}},
	{name: "channel-none", route: "/channel", open: func(s *stage) { s.goes(s.read(kind{noEmail: true, noMobile: true}), "/channel") }},

	{name: "channel-identify", route: "/channel/identify", open: func(s *stage) { s.goes(s.read(kind{}), "/channel/identify") }},
	{name: "channel-identify-empty", route: "/channel/identify", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.read(kind{}), "/channel/identify")
		s.submits(send)
	}},
	{name: "channel-identify-wrong", route: "/channel/identify", status: 422, wrong: true, open: func(s *stage) {
		who := s.read(kind{})
		s.goes(who, "/channel/identify")
		s.submits(send, "username", who.taxCode, "password", "sbagliata")
	}},

	{name: "choose", route: "/channel/choose", open: func(s *stage) { s.goes(s.read(kind{}).registers(), "/channel/choose") }},
	{name: "choose-chosen", route: "/channel/choose", open: func(s *stage) {
		s.goes(s.read(kind{}).registers(), "/channel/choose")
		browsertest.Eval[int](s.page, `(document.getElementById("channel").click(), 0)`)
	}},
	{name: "choose-email-only", route: "/channel/choose", open: func(s *stage) { s.goes(s.read(kind{noMobile: true}).registers(), "/channel/choose") }},
	{name: "choose-sms-only", route: "/channel/choose", open: func(s *stage) { s.goes(s.read(kind{noEmail: true}).registers(), "/channel/choose") }},
	{name: "choose-first", route: "/channel/choose", open: func(s *stage) {
		s.goes(s.person(kind{noPassword: true}).sits(s.lang, "").firstComes(), "/channel/choose")
	}},
	{name: "choose-first-none", route: "/channel/choose", open: func(s *stage) {
		s.goes(s.person(kind{noPassword: true, noEmail: true, noMobile: true}).sits(s.lang, "").firstComes(), "/channel/choose")
	}},
	{name: "choose-missing", route: "/channel/choose", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.read(kind{}).registers(), "/channel/choose")
		s.submits(send)
	}},
	{name: "choose-shared", route: "/channel/choose", status: 422, wrong: true, open: func(s *stage) {
		first := s.person(byEmail)
		s.goes(s.read(kind{record: func(r *access.Record) { r.Email = first.email }}).registers(), "/channel/choose")
		s.submits(send, "channel", "email")
	}},

	{name: "otp-email", route: "/otp", open: func(s *stage) { s.goes(s.coded(access.Email), "/otp") }},
	{name: "otp-sms", route: "/otp", open: func(s *stage) { s.goes(s.coded(access.SMS), "/otp") }},
	{name: "otp-email-first", route: "/otp", open: func(s *stage) {
		s.goes(s.person(kind{noPassword: true}).sits(s.lang, "").firstComes().chooses(access.Email), "/otp")
	}},
	{name: "otp-sms-first", route: "/otp", open: func(s *stage) {
		s.goes(s.person(kind{noPassword: true}).sits(s.lang, "").firstComes().chooses(access.SMS), "/otp")
	}},
	{name: "otp-wrong", route: "/otp", status: 422, wrong: true, open: func(s *stage) {
		who := s.coded(access.Email)
		s.goes(who, "/otp")
		s.submits(confirm, "otp", wrong(s.code(who.email)))
	}},
	{name: "otp-last-try", route: "/otp", status: 422, wrong: true, open: func(s *stage) {
		who := s.coded(access.Email)
		code := wrong(s.code(who.email))
		who.answers(code).answers(code).answers(code)
		s.goes(who, "/otp")
		s.submits(confirm, "otp", code)
	}},
	{name: "otp-empty", route: "/otp", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.coded(access.SMS), "/otp")
		s.submits(confirm)
	}},
	{name: "otp-form", route: "/otp", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.coded(access.SMS), "/otp")
		s.submits(confirm, "otp", "12345x")
	}},
	{name: "otp-too-early", route: "/otp", status: 409, wrong: true, noJS: true, open: func(s *stage) {
		s.goes(s.coded(access.SMS), "/otp")
		s.submits(again, "otp", "12")
	}},
	{name: "otp-help-open", route: "/otp", open: func(s *stage) {
		s.goes(s.coded(access.SMS), "/otp")
		browsertest.Eval[int](s.page, `(document.querySelector("main details").open = true, 0)`)
	}},
	{name: "otp-low", route: "/otp", open: func(s *stage) {
		who := s.coded(access.SMS)
		s.clock.Add(4*time.Minute + 15*time.Second)
		s.goes(who, "/otp")
	}},
	{name: "otp-out", route: "/otp", open: func(s *stage) { // while somebody looks
		s.goes(s.coded(access.SMS), "/otp")
		s.passes(5 * time.Minute)
		s.page.See(s.spoken("otp.out_long"))
	}},
	{name: "otp-unsent", route: "/otp", open: func(s *stage) {
		who := s.coded(access.Email)
		s.deliver(unwelcome)
		s.goes(who, "/otp")
	}},
	{name: "otp-failed", route: "/otp", open: func(s *stage) {
		who := s.coded(access.Email)
		s.deliver(nobody)
		s.goes(who, "/otp")
	}},
	{name: "otp-expired", route: "/otp", open: func(s *stage) {
		who := s.coded(access.SMS)
		s.clock.Add(5 * time.Minute)
		s.goes(who, "/otp")
	}},
	{name: "otp-expired-answered", route: "/otp", status: 422, wrong: true, noJS: true, open: func(s *stage) {
		who := s.coded(access.SMS)
		code := s.code(who.mobile)
		s.goes(who, "/otp")
		s.clock.Add(5 * time.Minute)
		s.submits(confirm, "otp", code)
	}},
	{name: "otp-burnt", route: "/otp", open: func(s *stage) {
		who := s.coded(access.Email)
		s.burns(who)
		s.goes(who, "/otp")
	}},
	{name: "otp-burnt-now", route: "/otp", status: 422, wrong: true, open: func(s *stage) {
		who := s.coded(access.Email)
		code := wrong(s.code(who.email))
		who.answers(code).answers(code).answers(code).answers(code)
		s.goes(who, "/otp")
		s.submits(confirm, "otp", code)
	}},
	{name: "otp-wait", route: "/otp", open: func(s *stage) {
		who := s.coded(access.SMS)
		other := who.person.sits(s.lang, access.LevelRead)
		s.goes(other.registers().chooses(access.SMS), "/otp")
	}},
	{name: "otp-wait-over", route: "/otp", open: func(s *stage) {
		who := s.coded(access.SMS)
		other := who.person.sits(s.lang, access.LevelRead).registers().chooses(access.SMS)
		s.clock.Add(5 * time.Minute)
		s.goes(other, "/otp")
	}},
	{name: "otp-paused", route: "/otp", status: 429, wrong: true, open: func(s *stage) {
		who := s.person(kind{noPassword: true}).sits(s.lang, "").firstComes().chooses(access.SMS)
		for range 3 {
			s.burns(who)
			s.clock.Add(5 * time.Minute)
			s.again(who)
		}
		s.goes(who, "/otp")
		s.submits(again)
	}},
	{name: "otp-hour-limit", route: "/otp", status: 429, wrong: true, open: func(s *stage) {
		p := s.person(kind{noPassword: true})
		who := p.sits(s.lang, "").firstComes().chooses(access.SMS)
		for range s.fund.Code.PerHour - 1 {
			s.clock.Add(5 * time.Minute)
			s.again(who)
		}
		s.clock.Add(5 * time.Minute)
		s.goes(p.sits(s.lang, "").firstComes().chooses(access.SMS), "/otp")
		s.submits(again)
	}},
	{name: "otp-password", route: "/otp", open: func(s *stage) { s.goes(s.act(bySMS).changes().writes(better), "/otp") }},
	{name: "otp-sign-in", route: "/otp", open: func(s *stage) { s.goes(s.person(byEmail).sits(s.lang, "").knocks(), "/otp") }},
	{name: "otp-help", route: "/otp/help", open: func(s *stage) { s.goes(nil, "/otp/help") }},
	{name: "otp-help-back", route: "/otp/help", open: func(s *stage) { s.goes(s.coded(access.SMS), "/otp/help") }},

	{name: "channel-done", route: "/channel/done", open: func(s *stage) { s.goes(s.read(kind{}).registers().proves(access.Email), "/channel/done") }},
	{name: "password-steps", route: "/password/new", open: func(s *stage) { s.goes(s.read(kind{}).registers().proves(access.SMS), "/password/new") }},
	{name: "password-due", route: "/password/new", open: func(s *stage) {
		s.goes(s.person(kind{channel: access.SMS, due: true}).sits(s.lang, "").knocks(), "/password/new")
	}},
	{name: "password-chosen", route: "/otp", open: func(s *stage) {
		s.tells(s.act(bySMS).changes().writes(better), "/otp", "password_chosen")
	}},
	{name: "password-lost", route: "/password/new", open: func(s *stage) {
		p := s.person(kind{})
		s.goes(nil, "/password/forgot")
		s.submits(send, "username", p.taxCode)
		s.submits("#confirm", "otp", s.code(p.email))
	}},
	{name: "password-new", route: "/password/new", open: func(s *stage) { s.goes(s.act(bySMS).changes(), "/password/new") }},
	{name: "password-change", route: "/password/change", leads: true, open: func(s *stage) {
		s.goes(s.act(bySMS), "/security")
		s.submits(`main form[action="/password/change"] button`)
	}},
	{name: "password-short", route: "/password/new", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(bySMS).changes(), "/password/new")
		s.submits(send, "password", "corta")
	}},
	{name: "password-common", route: "/password/new", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(bySMS).changes(), "/password/new")
		s.submits(send, "password", "password password password")
	}},
	{name: "password-same", route: "/password/new", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(bySMS).changes(), "/password/new")
		s.submits(send, "password", secret)
	}},
}

// hurry has the invitation to the channel be overdue for everybody.
func (s *stage) hurry() {
	until := s.fund.SignIn.InviteUntil
	s.fund.SignIn.InviteUntil = begin.AddDate(0, 0, -1)
	s.meanwhile(func() { s.fund.SignIn.InviteUntil = until })
}

// coded seats somebody who has just been sent the first code.
func (s *stage) coded(to access.Kind) *seat {
	s.t.Helper()
	return s.read(kind{}).registers().chooses(to)
}

// burns answers a code wrongly until it is worth nothing.
func (s *stage) burns(who *seat) {
	s.t.Helper()
	j, _ := who.journey()
	to := who.email
	if j.Channel == access.SMS {
		to = who.mobile
	}
	code := wrong(s.code(to))
	for range s.fund.Code.Tries {
		who.answers(code)
	}
}

// again asks for a new code.
func (s *stage) again(who *seat) {
	s.t.Helper()
	j, m := who.journey()
	if err := s.app.Journeys.Again(s.t.Context(), s.fund, who.visitor, j, m); err != nil && !access.Refused(err, "code_paused") {
		s.t.Fatal(err)
	}
}
