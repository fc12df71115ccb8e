package browser_test

import (
	"context"
	"encoding/base32"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/journey"
	"aditus/internal/operation"
	"aditus/internal/store"
	"aditus/internal/totp"
)

// choice is a password of the fund's rules.
const choice = "Tw7!murx-quol"

// A reader is somebody with a letter, at a browser.
type reader struct {
	*seat
	letter  journey.Letter
	mailbox string
	secret  []byte // of the app
}

// lettered puts somebody with a letter into the register.
func (w *world) lettered() (*person, journey.Letter) {
	w.t.Helper()
	n := int(w.people.Add(1))
	ahv := fmt.Sprintf("756%09d", n)
	sum := 0
	for i, c := range ahv {
		sum += int(c-'0') * (1 + i%2*2)
	}
	ahv += fmt.Sprint((10 - sum%10) % 10)
	id := fmt.Sprintf("e%04d", n)
	code := "AAAABBBB" + strings.NewReplacer("0", "C", "1", "D").Replace(fmt.Sprintf("%04d", n))
	p := &person{w: w, member: fmt.Sprintf("A%04d", n), number: id, channel: access.TOTP, email: fmt.Sprintf("agnes%d@posta.example", n)}
	w.write(func(tx *store.Tx) error {
		im, err := tx.BeginImport("letters.csv", id)
		if err != nil {
			return err
		}
		e := access.Entry{ID: id, Member: p.member, Number: fmt.Sprintf("%060d%04d", 0, n), Login: ahv, Status: "active", Digest: "0", Version: im.Version,
			Record: access.Record{Name: "Agnès", Surname: "Châtelarde", AHV: ahv, Born: "1982-03-21", Plan: "1e", Employer: "Muster Logistik AG", Statement: "2025-02-01"}}
		if err := tx.AddEntry(e); err != nil {
			return err
		}
		if err := tx.AddActivationCode(id, tx.ActivationIndex(code), "2025-02-01", im.Version); err != nil {
			return err
		}
		return tx.PublishImport(im)
	})
	return p, journey.Letter{AHV: ahv, Born: "21.3.1982", Code: code}
}

// reads seats somebody with a letter at a browser.
func (s *stage) reads() *reader {
	s.t.Helper()
	p, letter := s.lettered()
	return &reader{seat: p.sits(s.lang, ""), letter: letter, mailbox: p.email}
}

func (r *reader) must(err error) {
	r.w.t.Helper()
	if err != nil {
		r.w.t.Fatal(err)
	}
}

// opens shows the letter; the terms come next.
func (r *reader) opens() *reader {
	r.w.t.Helper()
	r.follows(r.w.app.Journeys.Enrol(context.Background(), r.w.fund, r.visitor, r.letter))
	return r
}

// accepts the terms; the address comes next.
func (r *reader) accepts() *reader {
	r.w.t.Helper()
	j, m := r.opens().journey()
	_, err := r.w.app.Journeys.Accept(context.Background(), r.w.fund, r.visitor, j, m, true)
	r.must(err)
	return r
}

// names the mailbox; the password comes next.
func (r *reader) names() *reader {
	r.w.t.Helper()
	j, m := r.accepts().journey()
	_, err := r.w.app.Journeys.ChooseName(context.Background(), r.w.fund, r.visitor, j, m, r.mailbox)
	r.must(err)
	return r
}

// keyed is where the key is asked for.
func (r *reader) keyed() *reader {
	r.w.t.Helper()
	j, m := r.names().journey()
	_, err := r.w.app.Journeys.NewPassword(context.Background(), r.w.fund, r.visitor, j, m, choice)
	r.must(err)
	return r
}

// proved is where the factor is chosen.
func (r *reader) provedMail() *reader {
	r.w.t.Helper()
	r.keyed().answers(r.w.code(r.mailbox))
	return r
}

// picks a factor; its code comes next.
func (r *reader) picks(kind access.Kind) *reader {
	r.w.t.Helper()
	j, m := r.journey()
	_, err := r.w.app.Journeys.ChooseFactor(context.Background(), r.w.fund, r.visitor, j, m, kind, "+41 70 123 45 67")
	r.must(err)
	if j, _ = r.journey(); kind == access.TOTP {
		app, _ := journey.NewApp(r.w.fund, j, r.mailbox)
		r.secret, err = base32.StdEncoding.DecodeString(strings.ReplaceAll(app.Secret, " ", ""))
		r.must(err)
	}
	return r
}

// app is the code that the app shows; time passes, as each is good once.
func (r *reader) app() string {
	r.w.clock.Add(totp.Step)
	return totp.Code(r.secret, totp.At(r.w.clock.Now()))
}

// enrolled has an access, and is signed in.
func (s *stage) enrolled() *reader {
	s.t.Helper()
	r := s.reads().provedMail().picks(access.TOTP)
	r.answers(r.app())
	delete(r.cookies, "journey")
	r.visitor.Journey = ""
	r.signIn(access.LevelAct)
	return r
}

// knocked is somebody with an access, at a new browser, after the password.
func (s *stage) knocked() *reader {
	s.t.Helper()
	r := s.enrolled()
	r.seat = r.sits(s.lang, "")
	r.follows(s.app.Journeys.SignIn(context.Background(), s.fund, r.visitor, r.mailbox, choice))
	return r
}

// lost came to a new factor by a backup code.
func (s *stage) lost() *reader {
	s.t.Helper()
	r := s.enrolled()
	codes, err := s.app.Journeys.MakeBackups(context.Background(), s.fund, r.visitor)
	r.must(err)
	r.seat = r.sits(s.lang, "")
	r.follows(s.app.Journeys.SignIn(context.Background(), s.fund, r.visitor, r.mailbox, choice))
	j, m := r.journey()
	r.follows(s.app.Journeys.UseBackup(context.Background(), s.fund, r.visitor, j, m, codes[0]))
	return r
}

var swissHome = operation.Form{"street": {"Seestrasse 1"}, "postcode": {"8001"}, "city": {"Zürich"}, "country": {"CH"},
	"from_date_day": {"1"}, "from_date_month": {"10"}, "from_date_year": {"2025"}}

// statesEnrol are the pages of an access made with a letter, of the app's code and
// of backup codes.
var statesEnrol = []state{
	{name: "named-login", route: "/login", open: func(s *stage) { s.goes(nil, "/login") }},
	{name: "named-login-wrong", route: "/login", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/login")
		s.submits(send, "username", "agnes@posta.example", "password", "falsch")
	}},
	{name: "named-forgot", route: "/password/forgot", open: func(s *stage) { s.goes(nil, "/password/forgot") }},
	{name: "named-forgot-empty", route: "/password/forgot", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/password/forgot")
		s.submits(send)
	}},
	{name: "enrol", route: "/enrol", open: func(s *stage) { s.goes(nil, "/enrol") }},
	{name: "enrol-empty", route: "/enrol", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/enrol")
		s.submits(send)
	}},
	{name: "enrol-other", route: "/enrol", open: func(s *stage) {
		s.goes(nil, "/enrol")
		s.submits(send, "audience", "other")
	}},
	{name: "enrol-letter", route: "/enrol/letter", open: func(s *stage) { s.goes(nil, "/enrol/letter") }},
	{name: "enrol-letter-empty", route: "/enrol/letter", status: 422, wrong: true, open: func(s *stage) {
		s.goes(nil, "/enrol/letter")
		s.submits(send)
	}},
	{name: "enrol-letter-wrong", route: "/enrol/letter", status: 422, wrong: true, open: func(s *stage) {
		r := s.reads()
		s.goes(nil, "/enrol/letter")
		s.submits(send, "ahv", r.letter.AHV, "birth_date", "22.3.1982", "activation_code", r.letter.Code)
	}},
	{name: "enrol-letter-many", route: "/enrol/letter", status: 422, wrong: true, open: func(s *stage) {
		r := s.reads()
		s.crowds(r)
		s.goes(nil, "/enrol/letter")
		s.submits(send, "ahv", r.letter.AHV, "birth_date", "22.3.1982", "activation_code", r.letter.Code)
	}},
	{name: "enrol-letter-work", route: "/enrol/letter", status: 429, wrong: true, open: func(s *stage) {
		r := s.reads()
		s.crowds(r)
		s.goes(nil, "/enrol/letter")
		here, wrong := r.visitor, r.letter
		here.IP, wrong.Born = netip.MustParseAddrPort(s.address()).Addr().String(), "22.3.1982"
		if _, err := s.app.Journeys.Enrol(context.Background(), s.fund, here, wrong); !access.Refused(err, "activation_many") {
			s.t.Fatal(err)
		}
		s.submits(send, "ahv", r.letter.AHV, "birth_date", "22.3.1982", "activation_code", r.letter.Code)
	}},
	{name: "enrol-terms", route: "/enrol/terms", open: func(s *stage) { s.goes(s.reads().opens().seat, "/enrol/terms") }},
	{name: "enrol-terms-empty", route: "/enrol/terms", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.reads().opens().seat, "/enrol/terms")
		s.submits(send)
	}},
	{name: "enrol-name", route: "/enrol/name", open: func(s *stage) { s.goes(s.reads().accepts().seat, "/enrol/name") }},
	{name: "enrol-name-wrong", route: "/enrol/name", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.reads().accepts().seat, "/enrol/name")
		s.submits(send, "username", "agnes.posta.example")
	}},
	{name: "enrol-password", route: "/password/new", open: func(s *stage) { s.goes(s.reads().names().seat, "/password/new") }},
	{name: "enrol-password-wrong", route: "/password/new", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.reads().names().seat, "/password/new")
		s.submits(send, "password", "nurkleinebuchstaben")
	}},
	{name: "enrol-key", route: "/otp", open: func(s *stage) { s.goes(s.reads().keyed().seat, "/otp") }},
	{name: "enrol-key-wrong", route: "/otp", status: 422, wrong: true, open: func(s *stage) {
		r := s.reads().keyed()
		s.goes(r.seat, "/otp")
		s.submits(confirm, "otp", wrong(s.code(r.mailbox)))
	}},
	{name: "enrol-factor", route: "/enrol/factor", open: func(s *stage) { s.goes(s.reads().provedMail().seat, "/enrol/factor") }},
	{name: "enrol-factor-empty", route: "/enrol/factor", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.reads().provedMail().seat, "/enrol/factor")
		s.submits(send)
	}},
	{name: "enrol-factor-fixed", route: "/enrol/factor", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.reads().provedMail().seat, "/enrol/factor")
		s.submits(send, "factor", "sms", "number", "044 668 18 00")
	}},
	{name: "enrol-sms", route: "/otp", open: func(s *stage) { s.goes(s.reads().provedMail().picks(access.SMS).seat, "/otp") }},
	{name: "enrol-app", route: "/otp", open: func(s *stage) { s.goes(s.reads().provedMail().picks(access.TOTP).seat, "/otp") }},
	{name: "enrol-app-wrong", route: "/otp", status: 422, wrong: true, open: func(s *stage) {
		r := s.reads().provedMail().picks(access.TOTP)
		s.goes(r.seat, "/otp")
		s.submits(confirm, "otp", wrong(r.app()))
	}},
	{name: "enrol-app-stale", route: "/otp", open: func(s *stage) {
		r := s.reads().provedMail().picks(access.TOTP)
		for range 5 {
			j, m := r.journey()
			if _, err := s.app.Journeys.Answer(context.Background(), s.fund, r.visitor, j, m, wrong(r.app())); err == nil {
				s.t.Fatal("right")
			}
		}
		s.goes(r.seat, "/otp")
	}},
	{name: "codes", route: "/security/codes", open: func(s *stage) { s.goes(s.enrolled().seat, "/security/codes") }},
	{name: "codes-made", route: "/security/codes", open: func(s *stage) {
		s.goes(s.enrolled().seat, "/security/codes")
		s.submits(send)
	}},
	{name: "codes-stale", route: "/security/codes", open: func(s *stage) {
		r := s.enrolled()
		s.clock.Add(6 * time.Minute)
		s.goes(r.seat, "/security/codes")
	}},
	{name: "app-sign-in", route: "/otp", open: func(s *stage) { s.goes(s.knocked().seat, "/otp") }},
	{name: "backup", route: "/otp/backup", open: func(s *stage) { s.goes(s.knocked().seat, "/otp/backup") }},
	{name: "backup-wrong", route: "/otp/backup", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.knocked().seat, "/otp/backup")
		s.submits(send, "backup", "ABCD-ABCD-ABCD-ABCD")
	}},
	{name: "factor-lost", route: "/enrol/factor", open: func(s *stage) { s.goes(s.lost().seat, "/enrol/factor") }},
	{name: "app-security", route: "/security", open: func(s *stage) { s.goes(s.enrolled().seat, "/security") }},
	{name: "app-confirm", route: "/operations/{id}/confirm", open: func(s *stage) {
		r := s.enrolled()
		s.goes(r.seat, "/operations/"+r.drafts("residence", swissHome)+"/confirm")
	}},
	{name: "app-confirm-code", route: "/operations/{id}/confirm", open: func(s *stage) {
		r := s.enrolled()
		id := r.drafts("residence", swissHome)
		r.asks(id)
		s.goes(r.seat, "/operations/"+id+"/confirm")
	}},
	{name: "contract-add", route: "/contracts/add", open: func(s *stage) { s.goes(s.enrolled().seat, "/contracts/add") }},
	{name: "contract-add-wrong", route: "/contracts/add", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.enrolled().seat, "/contracts/add")
		s.submits(send, "activation_code", "AAAABBBBZZZZ")
	}},
	{name: "enrol-left", route: "/login", open: func(s *stage) { s.tells(nil, "/login", "enrol_cancelled") }},
}
