package browser_test

import (
	"context"
	"regexp"
	"time"
)

// refactors has begun to change the factor in the area, and answered the app's code.
func (s *stage) refactors(proved bool) *reader {
	s.t.Helper()
	r := s.enrolled()
	r.follows(s.app.Journeys.RenewFactor(context.Background(), s.fund, r.visitor))
	if proved {
		r.answers(r.app())
	}
	return r
}

// replaced is somebody who has an access, for whom the office began a replacement.
func (s *stage) replaced() *reader {
	s.t.Helper()
	r := s.enrolled()
	r.must(s.app.Journeys.Identified(context.Background(), s.fund, r.visitor.Session.Member, "clerk"))
	return r
}

// overdue is the same person after the day, with the password.
func (s *stage) overdue() *reader {
	s.t.Helper()
	r := s.replaced()
	s.clock.Add(24 * time.Hour)
	r.seat = r.sits(s.lang, "")
	r.follows(s.app.Journeys.SignIn(context.Background(), s.fund, r.visitor, r.mailbox, choice))
	return r
}

// sends has the office send a letter to somebody after the password.
func (s *stage) sends(r *reader) (code string) {
	s.t.Helper()
	_, m := r.journey()
	r.must(s.app.Journeys.SendLetter(context.Background(), s.fund, m.ID, "clerk"))
	_, err := s.app.Worker.Once(context.Background())
	r.must(err)
	for _, sent := range s.post.Messages() {
		if found := regexp.MustCompile(`[A-Z2-9]{4}(?:-[A-Z2-9]{4}){2}`).FindString(sent.Text); sent.Channel == "letter" && found != "" {
			return found
		}
	}
	s.t.Fatal("no letter")
	return ""
}

// statesLoss are the pages of a factor that is changed, or lost, and of a new
// letter.
var statesLoss = []state{
	{name: "renew-code", route: "/otp", open: func(s *stage) { s.goes(s.refactors(false).seat, "/otp") }},
	{name: "renew-factor", route: "/enrol/factor", open: func(s *stage) { s.goes(s.refactors(true).seat, "/enrol/factor") }},
	{name: "renew-left", route: "/{$}", open: func(s *stage) { s.tells(s.enrolled().seat, "/", "nothing_changed") }},
	{name: "letter", route: "/otp/letter", open: func(s *stage) { s.goes(s.knocked().seat, "/otp/letter") }},
	{name: "letter-empty", route: "/otp/letter", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.knocked().seat, "/otp/letter")
		s.submits(send)
	}},
	{name: "letter-wrong", route: "/otp/letter", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.knocked().seat, "/otp/letter")
		s.submits(send, "letter_code", "ABCDEFGHJKLM")
	}},
	{name: "letter-ordered", route: "/otp/letter", open: func(s *stage) {
		s.goes(s.knocked().seat, "/otp/letter")
		s.submits("main form button[value=order]")
	}},
	{name: "letter-sent", route: "/otp/letter", open: func(s *stage) {
		r := s.knocked()
		s.sends(r)
		s.goes(r.seat, "/otp/letter")
	}},
	{name: "letter-right", route: "/otp/letter", open: func(s *stage) {
		r := s.knocked()
		code := s.sends(r)
		s.goes(r.seat, "/otp/letter")
		s.submits(send, "letter_code", code)
	}},
	{name: "replacement", route: "/security/replacement", open: func(s *stage) { s.goes(s.replaced().seat, "/security/replacement") }},
	{name: "replacement-over", route: "/security/replacement", status: 422, wrong: true, open: func(s *stage) {
		r := s.replaced()
		s.goes(r.seat, "/security/replacement")
		r.must(s.app.Journeys.StopReplacement(context.Background(), s.fund, r.visitor))
		s.submits("main form button[value=stop]")
	}},
	{name: "replacement-security", route: "/security", open: func(s *stage) { s.goes(s.replaced().seat, "/security") }},
	{name: "replacement-stopped", route: "/security", open: func(s *stage) { s.tells(s.enrolled().seat, "/security", "replacement_stopped") }},
	{name: "device-forgotten", route: "/security", open: func(s *stage) { s.tells(s.enrolled().seat, "/security", "device_forgotten") }},
	{name: "replace-code", route: "/otp", open: func(s *stage) { s.goes(s.overdue().seat, "/otp") }},
	{name: "replace-factor", route: "/enrol/factor", open: func(s *stage) {
		r := s.overdue()
		r.answers(s.code(r.mailbox))
		s.goes(r.seat, "/enrol/factor")
	}},
	{name: "stop", route: "/stop", open: func(s *stage) { s.goes(nil, "/stop") }},
	{name: "stop-empty", route: "/stop", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/stop")
		s.submits(send)
	}},
	{name: "stop-wrong", route: "/stop", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/stop")
		s.submits(send, "username", "agnes@posta.example", "stop", "ABCD-EFGH")
	}},
	{name: "stop-done", route: "/stop", open: func(s *stage) {
		r := s.replaced()
		_, err := s.app.Worker.Once(context.Background())
		r.must(err)
		code := ""
		for _, m := range s.post.Messages() {
			if found := regexp.MustCompile(`(?m)^[A-Z2-9]{4}-[A-Z2-9]{4}$`).FindString(m.Text); m.To == r.mailbox && found != "" {
				code = found
				break
			}
		}
		s.goes(nil, "/stop")
		s.submits(send, "username", r.mailbox, "stop", code)
	}},
	{name: "new-letter", route: "/enrol/new-letter", open: func(s *stage) { s.goes(nil, "/enrol/new-letter") }},
	{name: "new-letter-empty", route: "/enrol/new-letter", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/enrol/new-letter")
		s.submits(send)
	}},
	{name: "new-letter-noted", route: "/enrol/new-letter", open: func(s *stage) {
		r := s.reads()
		s.goes(nil, "/enrol/new-letter")
		s.submits(send, "ahv", r.letter.AHV, "birth_date", r.letter.Born)
	}},
}
