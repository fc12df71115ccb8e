package browser_test

import (
	"slices"
	"time"

	"aditus/internal/access"
	"aditus/internal/browsertest"
)

// Who the area has much, or nothing, to tell of.
var (
	long = kind{channel: access.SMS, record: func(r *access.Record) {
		r.Name, r.Surname = "Massimiliano Bartolomeo Ferdinando", "Quattropassi della Rocchetta di Castelfranco"
		r.BirthPlace = "San Valentino in Abruzzo Citeriore"
		r.Street, r.Town = "Strada Provinciale Nonantolana-Castelfranco, 1234/bis scala C interno 17", "Castelnuovo Rangone"
		r.Employer = "Cooperativa Ceramica Esempio di Sassuolo e Fiorano Società Cooperativa per Azioni a Responsabilità Limitata"
		r.Phone, r.Email = "+390536123456", "massimiliano.bartolomeo.quattropassi.della.rocchetta@ceramiche-esempio.example.com"
	}}
	bare = kind{noEmail: true, noMobile: true, record: func(r *access.Record) {
		*r = access.Record{Surname: "Santolò", Name: "Piergiorgio", TaxCode: r.TaxCode}
	}}
	twice = kind{channel: access.SMS, second: func(e *access.Entry) {
		e.Status, e.Record.Employer, e.Record.Joined, e.Record.JoinKind = "left", "Gres Esempio del Secchia S.p.A.", "1999-02-01", "tacit"
	}}
	left    = kind{status: "left"}
	changed = kind{channel: access.SMS, record: func(r *access.Record) { // ten hours ago, scenario 17
		r.Past = []access.PastContact{{Kind: access.SMS, Address: "+393007580000", Until: begin.Add(-10 * time.Hour).UnixMilli()}}
	}}
)

// statesArea are the pages of the member's area.
var statesArea = []state{
	{name: "home-invite", route: "/{$}", open: func(s *stage) { s.goes(s.read(kind{}), "/") }},
	{name: "home-postponed", route: "/{$}", open: func(s *stage) { s.tells(s.read(kind{}), "/", "postponed") }},
	{name: "home", route: "/{$}", open: func(s *stage) { s.goes(s.act(bySMS), "/") }},
	{name: "home-enrolled", route: "/{$}", open: func(s *stage) { s.tells(s.act(bySMS), "/", "enrolled") }},
	{name: "home-busy", route: "/{$}", open: func(s *stage) {
		who := s.act(byEmail)
		who.does("iban", forms["iban"])
		who.withdraws(who.does("advance", forms["advance"]))
		who.drafts("residence", forms["residence"])
		who.asks(who.drafts("designation", five))
		s.clock.Add(time.Minute)
		s.goes(who.person.sits(s.lang, access.LevelAct), "/")
	}},
	{name: "home-password", route: "/{$}", open: func(s *stage) { s.goes(s.read(kind{channel: access.SMS, due: true}), "/") }},
	{name: "home-left", route: "/{$}", open: func(s *stage) { s.goes(s.read(left), "/") }},
	{name: "home-two-positions", route: "/{$}", open: func(s *stage) { s.goes(s.act(twice), "/") }},
	{name: "home-long", route: "/{$}", open: func(s *stage) { s.goes(s.act(long), "/") }},
	{name: "home-bare", route: "/{$}", open: func(s *stage) { s.goes(s.read(bare), "/") }},
	{name: "session-dialog", route: "/{$}", open: func(s *stage) {
		s.goes(s.act(bySMS), "/")
		s.passes(13*time.Minute + 30*time.Second)
		s.page.See(s.spoken("session.dialog_title"))
	}},

	{name: "profile", route: "/profile", open: func(s *stage) { s.goes(s.act(bySMS), "/profile") }},
	{name: "profile-long", route: "/profile", open: func(s *stage) { s.goes(s.act(long), "/profile") }},
	{name: "profile-bare", route: "/profile", open: func(s *stage) { s.goes(s.read(bare), "/profile") }},

	{name: "security", route: "/security", open: func(s *stage) { s.goes(s.read(kind{}), "/security") }},
	{name: "security-sms", route: "/security", open: func(s *stage) { s.goes(s.act(bySMS), "/security") }},
	{name: "security-many", route: "/security", open: func(s *stage) {
		who := s.act(byEmail)
		for range 2 {
			s.clock.Add(time.Minute)
			who.person.sits(s.lang, access.LevelAct)
		}
		stranger := who.person.sits(s.lang, "")
		if _, err := s.app.Journeys.SignIn(s.t.Context(), s.fund, stranger.visitor, who.taxCode, "sbagliata"); !access.Refused(err, "sign_in") {
			s.t.Fatal(err)
		}
		s.goes(who, "/security")
	}},
	{name: "history", route: "/security/history", open: func(s *stage) { s.goes(s.act(bySMS), "/security/history") }},
	{name: "not-me", route: "/security/not-me", open: func(s *stage) { s.goes(s.act(bySMS), "/security/not-me") }},
	{name: "not-me-done", route: "/security/not-me", open: func(s *stage) {
		s.goes(s.act(bySMS), "/security/not-me")
		s.submits(`main form button[name="do"]`)
	}},
	{name: "security-ended", route: "/security", open: func(s *stage) { s.tells(s.act(bySMS), "/security", "sessions_ended") }},

	{name: "operations", route: "/operations", open: func(s *stage) { s.goes(s.act(bySMS), "/operations") }},
	{name: "operations-no-channel", route: "/operations", open: func(s *stage) { s.goes(s.read(kind{}), "/operations") }},
	{name: "operations-left", route: "/operations", open: func(s *stage) { s.goes(s.read(left), "/operations") }},
	{name: "operations-none", route: "/operations", open: func(s *stage) {
		s.without("residence", "iban", "advance", "designation")
		s.goes(s.act(bySMS), "/operations")
	}},

	{name: "requests-none", route: "/requests", open: func(s *stage) { s.goes(s.read(kind{}), "/requests") }},
	{name: "requests", route: "/requests", open: func(s *stage) {
		who := s.act(byEmail)
		who.does("residence", forms["residence"])
		who.does("iban", forms["iban"])
		who.withdraws(who.does("advance", forms["advance"]))
		who.drafts("residence", forms["residence"])
		who.asks(who.drafts("designation", five))
		s.goes(who, "/requests")
	}},
	{name: "requests-dropped", route: "/requests", open: func(s *stage) { s.tells(s.act(bySMS), "/requests", "dropped") }},
	{name: "request-draft", route: "/requests/{id}", open: func(s *stage) {
		who := s.act(bySMS)
		s.goes(who, "/requests/"+who.drafts("residence", forms["residence"]))
	}},
	{name: "request-coded", route: "/requests/{id}", open: func(s *stage) {
		who := s.act(bySMS)
		id := who.drafts("advance", forms["advance"])
		who.asks(id)
		s.goes(who, "/requests/"+id)
	}},
	{name: "request-confirmed", route: "/requests/{id}", open: func(s *stage) {
		who := s.act(bySMS)
		s.goes(who, "/requests/"+who.does("residence", forms["residence"]))
	}},
	{name: "request-held", route: "/requests/{id}", open: func(s *stage) {
		who := s.act(byEmail)
		s.goes(who, "/requests/"+who.does("designation", five))
	}},
	{name: "request-read-only", route: "/requests/{id}", open: func(s *stage) { // a session that shows no account
		who := s.act(bySMS)
		s.goes(who.person.sits(s.lang, access.LevelRead), "/requests/"+who.does("iban", forms["iban"]))
	}},
	{name: "request-withdrawn", route: "/requests/{id}", open: func(s *stage) {
		who := s.act(bySMS)
		id := who.does("advance", forms["advance"])
		who.withdraws(id)
		s.tells(who, "/requests/"+id, "withdrawn")
	}},
	{name: "request-gone", route: "/requests/{id}", open: func(s *stage) { // the fund offers this act no more
		who := s.act(bySMS)
		id := who.drafts("iban", forms["iban"])
		s.without("iban")
		s.goes(who, "/requests/"+id)
	}},
	{name: "withdraw", route: "/requests/{id}/withdraw", open: func(s *stage) {
		who := s.act(bySMS)
		s.goes(who, "/requests/"+who.does("advance", forms["advance"])+"/withdraw")
	}},
	{name: "withdraw-late", route: "/requests/{id}/withdraw", status: 409, wrong: true, open: func(s *stage) {
		who := s.act(bySMS)
		s.posts(who, "aurora.localhost", "/requests/"+who.drafts("advance", forms["advance"])+"/withdraw")
	}},
}

// statesAct are the pages of an act, from its form to its receipt.
var statesAct = []state{
	{name: "form-no-channel", route: "/operations/{new}/{act}", status: 403, open: func(s *stage) { s.goes(s.read(kind{}), "/operations/new/iban") }},
	{name: "form-left", route: "/operations/{new}/{act}", status: 403, open: func(s *stage) { s.goes(s.read(left), "/operations/new/iban") }},
	{name: "form-residence", route: "/operations/{new}/{act}", open: func(s *stage) { s.goes(s.act(bySMS), "/operations/new/residence") }},
	{name: "form-residence-empty", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(bySMS), "/operations/new/residence")
		s.submits(send)
	}},
	{name: "form-residence-wrong", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(bySMS), "/operations/new/residence")
		s.submits(send, "street", "V", "postcode", "4112", "city", "Modena", "province", "Modena", "from_date_day", "31", "from_date_month", "2", "from_date_year", "2025")
	}},
	{name: "form-iban", route: "/operations/{new}/{act}", open: func(s *stage) { s.goes(s.act(bySMS), "/operations/new/iban") }},
	{name: "form-iban-wrong", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(bySMS), "/operations/new/iban")
		s.submits(send, "iban", "IT60X0542811101000000123457")
	}},
	{name: "form-iban-many", route: "/operations/{new}/{act}", status: 429, wrong: true, open: func(s *stage) {
		who := s.act(bySMS)
		for range 50 {
			who.drafts("iban", forms["iban"])
		}
		s.goes(who, "/operations/new/iban")
		s.submits(send, "iban", iban)
	}},
	{name: "form-advance", route: "/operations/{new}/{act}", open: func(s *stage) { s.goes(s.act(bySMS), "/operations/new/advance") }},
	{name: "form-advance-empty", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(bySMS), "/operations/new/advance")
		s.submits(send)
	}},
	{name: "form-advance-wrong", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(kind{channel: access.SMS, record: func(r *access.Record) { r.Joined = "2023-01-01" }}), "/operations/new/advance")
		s.submits(send, "reason", "home", "how_much", "percent", "percent", "90", "iban", "IT60")
	}},
	{name: "form-designation", route: "/operations/{new}/{act}", open: func(s *stage) { s.goes(s.act(bySMS), "/operations/new/designation") }},
	{name: "form-designation-empty", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(bySMS), "/operations/new/designation")
		s.submits(send)
	}},
	{name: "form-designation-two", route: "/operations/{new}/{act}", open: func(s *stage) {
		s.goes(s.act(bySMS), "/operations/new/designation")
		s.submits(`button[name=do][value=add]`, "person_name_1", "Maria Luisa Prova", "person_share_1", "60")
	}},
	{name: "form-designation-sum", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(bySMS), "/operations/new/designation")
		s.submits(`button[name=do][value=add]`, "person_name_1", "Maria Luisa Prova", "person_share_1", "60")
		s.submits(send, "person_birth_day_1", "31", "person_birth_month_1", "2", "person_birth_year_1", "1968", "person_name_2", "Fondazione Esempio",
			"person_tax_code_2", "RSSMRA80A01H501X", "person_share_2", "50")
	}},
	// Five persons are thirty fields; whoever has them was here before.
	{name: "form-edit", route: "/operations/{id}/edit", weight: 68 << 10, open: func(s *stage) {
		who := s.act(bySMS)
		s.goes(who, "/operations/"+who.drafts("designation", five)+"/edit")
	}},
	{name: "form-edit-coded", route: "/operations/{id}/edit", open: func(s *stage) {
		who := s.act(bySMS)
		id := who.drafts("advance", forms["advance"])
		who.asks(id)
		s.goes(who, "/operations/"+id+"/edit")
	}},

	{name: "confirm", route: "/operations/{id}/confirm", open: func(s *stage) {
		who := s.act(bySMS)
		s.goes(who, "/operations/"+who.drafts("residence", forms["residence"])+"/confirm")
	}},
	{name: "confirm-held-contact", route: "/operations/{id}/confirm", open: func(s *stage) {
		who := s.act(changed)
		s.goes(who, "/operations/"+who.drafts("advance", forms["advance"])+"/confirm")
	}},
	{name: "confirm-held-email", route: "/operations/{id}/confirm", open: func(s *stage) {
		who := s.act(byEmail)
		s.tells(who, "/operations/"+who.drafts("designation", five)+"/confirm", "draft_changed")
	}},
	{name: "confirm-live", route: "/operations/{id}/confirm", open: func(s *stage) { s.goes(s.live(bySMS, "advance")) }},
	{name: "confirm-live-email", route: "/operations/{id}/confirm", open: func(s *stage) { s.goes(s.live(byEmail, "designation")) }},
	{name: "confirm-wrong", route: "/operations/{id}/confirm", status: 422, wrong: true, open: func(s *stage) {
		who, path := s.live(bySMS, "advance")
		s.goes(who, path)
		s.submits(confirm, "otp", wrong(s.code(who.at())))
	}},
	{name: "confirm-expired", route: "/operations/{id}/confirm", open: func(s *stage) {
		who, path := s.live(bySMS, "advance")
		s.clock.Add(5 * time.Minute)
		s.goes(who, path)
	}},
	{name: "confirm-burnt", route: "/operations/{id}/confirm", open: func(s *stage) {
		who, path := s.live(byEmail, "iban")
		for range s.fund.Code.Tries {
			who.confirms(path[len("/operations/"):len(path)-len("/confirm")], wrong(s.code(who.at())))
		}
		s.goes(who, path)
	}},
	{name: "confirm-failed", route: "/operations/{id}/confirm", open: func(s *stage) {
		who, path := s.live(byEmail, "iban")
		s.deliver(nobody)
		s.goes(who, path)
	}},
	{name: "confirm-wait", route: "/operations/{id}/confirm", open: func(s *stage) { // the code is another draft's
		who, _ := s.live(bySMS, "iban")
		s.goes(who, "/operations/"+who.drafts("residence", forms["residence"])+"/confirm")
	}},
	{name: "checking", route: "/operations/{id}/checking", open: func(s *stage) {
		who, path := s.live(bySMS, "iban")
		s.meanwhile(s.breaks("UPDATE ON operation"))
		s.goes(who, path[:len(path)-len("confirm")]+"checking")
		s.page.See(s.spoken("confirm.checking"))
	}},
	{name: "checking-not-done", route: "/operations/{id}/checking", open: func(s *stage) {
		who, path := s.live(bySMS, "iban")
		s.goes(who, path[:len(path)-len("confirm")]+"checking")
	}},
	{name: "done", route: "/operations/{id}/done", open: func(s *stage) {
		who := s.act(bySMS)
		s.goes(who, "/operations/"+who.does("residence", forms["residence"])+"/done")
	}},
	{name: "done-held", route: "/operations/{id}/done", open: func(s *stage) {
		who := s.act(byEmail)
		s.goes(who, "/operations/"+who.does("designation", five)+"/done")
	}},
	{name: "done-money-held", route: "/operations/{id}/done", open: func(s *stage) {
		who := s.act(changed)
		s.goes(who, "/operations/"+who.does("advance", forms["advance"])+"/done")
	}},
	{name: "done-again", route: "/operations/{id}/done", open: func(s *stage) {
		who := s.act(bySMS)
		s.goes(who, "/operations/"+who.does("iban", forms["iban"])+"/done?again=1")
	}},
	{name: "done-withdrawn", route: "/operations/{id}/done", open: func(s *stage) {
		who := s.act(bySMS)
		id := who.does("iban", forms["iban"])
		who.withdraws(id)
		s.goes(who, "/operations/"+id+"/done")
	}},
	{name: "done-print", route: "/operations/{id}/done", open: func(s *stage) {
		who := s.act(byEmail)
		s.page.Media(browsertest.Media{Print: true})
		s.meanwhile(func() { s.page.Media(browsertest.Media{}) })
		s.goes(who, "/operations/"+who.does("designation", five)+"/done")
	}},
}

// live seats somebody who was asked for the code of an act; path is its page.
func (s *stage) live(k kind, act string) (who *seat, path string) {
	s.t.Helper()
	who = s.act(k)
	form := forms[act]
	if act == "designation" {
		form = five
	}
	id := who.drafts(act, form)
	who.asks(id)
	return who, "/operations/" + id + "/confirm"
}

// without takes acts out of the fund's catalogue for a while.
func (s *stage) without(gone ...string) {
	all := s.fund.Acts
	s.fund.Acts = slices.DeleteFunc(slices.Clone(all), func(a access.Act) bool { return slices.Contains(gone, a.ID) })
	s.meanwhile(func() { s.fund.Acts = all })
}
