package browser_test

import (
	"aditus/internal/access"
	"aditus/internal/operation"
)

// Who the registers of the other two funds know, in the words of those registers.
var (
	matricola = kind{channel: access.SMS, record: func(r *access.Record) {
		*r = access.Record{Name: "Simone", Surname: "Guazuccio", TaxCode: r.TaxCode, Sex: "M", Born: "1973-08-08", Username: "902464", Kind: "member",
			Email: r.Email, PEC: "simone.guazuccio@pec.example.com", Mobile: r.Mobile, MobileReliable: true, MobileSource: "sms", MobileChecked: "2023-07-17",
			Joined: "2002-08-05", More: map[string]string{"branch": "Nuoro", "last_access": "2025-07-13"}}
	}}
	widow = kind{channel: access.SMS, record: func(r *access.Record) {
		matricola.record(r)
		r.Name, r.Sex, r.Username, r.Kind, r.SurvivorOf, r.Relation, r.PEC, r.Joined = "Simona", "F", "S90002301", "survivor", "900023", "spouse", "", ""
	}}
	bothRoles = kind{channel: access.SMS, record: matricola.record, second: func(e *access.Entry) { widow.record(&e.Record) }}

	insured = kind{channel: access.SMS, record: func(r *access.Record) {
		*r = access.Record{Name: "Françoise", Surname: "Châtelarde-Pâquieret", AHV: "7560000717429", Sex: "F", Born: "1988-10-12", CivilStatus: "married",
			Street: "Rue de l’Exemple 92", Postcode: "2800", Town: "Delémont", Province: "JU", Country: "CH", Email: r.Email, Mobile: r.Mobile,
			Contract: "40049", Employer: "Muster Logistik AG", Plan: "1e", Strategy: "ausgewogen", Joined: "2016-01-30", Statement: "2025-02-01"}
	}}
	twoPlans = kind{channel: access.SMS, record: insured.record, second: func(e *access.Entry) {
		e.Record.Plan, e.Record.Strategy, e.Record.Contract, e.Record.Employer = "flex", "", "40063", "Muster Kader Holding AG"
	}}
	retired = kind{channel: access.SMS, status: "pension", record: insured.record}
)

// The acts of the other two funds as people fill them in.
var (
	contacts    = operation.Form{"email": {"simone.nuovo@example.org"}, "pec": {""}, "mobile": {"300 123 4567"}}
	declaration = operation.Form{"tax_year": {"2024"}, "income": {"38.500,00"}, "turnover": {"52.000"}, "vat_no": {"12345678903"}, "truth": {"yes"}}
	purchase    = operation.Form{"amount": {"12'500.00"}, "source": {"pillar_3a"}, "pay_date_day": {"15"}, "pay_date_month": {"12"}, "pay_date_year": {"2025"},
		"advance_repaid": {"yes"}, "three_years": {"yes"}}
	beneficiaries = operation.Form{"person_name_1": {"Marc Exemple"}, "person_birth_day_1": {"27"}, "person_birth_month_1": {"3"}, "person_birth_year_1": {"1986"},
		"person_rank_1": {"1"}, "person_share_1": {"100"}, "person_name_2": {"Léa Exemple"}, "person_birth_day_2": {"1"}, "person_birth_month_2": {"9"},
		"person_birth_year_2": {"2015"}, "person_rank_2": {"2"}, "person_share_2": {"100"}}
)

// statesMeridiana are the pages that a welfare fund of a profession shows in its
// own way.
var statesMeridiana = []state{
	{name: "meridiana-login", route: "/login", open: func(s *stage) { s.goes(nil, "/login") }},
	{name: "meridiana-first-access", route: "/first-access", open: func(s *stage) { s.goes(nil, "/first-access") }},
	{name: "meridiana-help", route: "/help", open: func(s *stage) { s.goes(nil, "/help") }},
	{name: "meridiana-ways", route: "/contacts/change", open: func(s *stage) { s.goes(nil, "/contacts/change") }},
	{name: "meridiana-home", route: "/{$}", open: func(s *stage) { s.goes(s.act(matricola), "/") }},
	{name: "meridiana-home-survivor", route: "/{$}", open: func(s *stage) { s.goes(s.act(widow), "/") }},
	{name: "meridiana-home-two-roles", route: "/{$}", open: func(s *stage) { s.goes(s.act(bothRoles), "/") }},
	{name: "meridiana-profile", route: "/profile", open: func(s *stage) { s.goes(s.act(matricola), "/profile") }},
	{name: "meridiana-profile-survivor", route: "/profile", open: func(s *stage) { s.goes(s.act(widow), "/profile") }},
	{name: "meridiana-security", route: "/security", open: func(s *stage) { s.goes(s.act(matricola), "/security") }},
	{name: "meridiana-operations", route: "/operations", open: func(s *stage) { s.goes(s.act(matricola), "/operations") }},
	{name: "meridiana-contacts", route: "/operations/{new}/{act}", open: func(s *stage) { s.goes(s.act(matricola), "/operations/new/contacts") }},
	{name: "meridiana-contacts-wrong", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(matricola), "/operations/new/contacts")
		s.submits(send, "email", "simone", "mobile", "0784 123456")
	}},
	{name: "meridiana-contacts-empty", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(matricola), "/operations/new/contacts")
		s.submits(send)
	}},
	{name: "meridiana-contacts-check", route: "/operations/{id}/confirm", open: func(s *stage) {
		who := s.act(matricola)
		s.goes(who, "/operations/"+who.drafts("contacts", contacts)+"/confirm")
	}},
	{name: "meridiana-declaration", route: "/operations/{new}/{act}", open: func(s *stage) { s.goes(s.act(matricola), "/operations/new/declaration") }},
	{name: "meridiana-declaration-wrong", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(matricola), "/operations/new/declaration")
		s.submits(send, "income", "molto", "turnover", "99.000.000", "vat_no", "12345678904")
	}},
	{name: "meridiana-declaration-check", route: "/operations/{id}/confirm", open: func(s *stage) {
		who := s.act(matricola)
		s.goes(who, "/operations/"+who.drafts("declaration", declaration)+"/confirm")
	}},
	{name: "meridiana-declaration-edit", route: "/operations/{id}/edit", open: func(s *stage) {
		who := s.act(matricola)
		s.goes(who, "/operations/"+who.drafts("declaration", declaration)+"/edit")
	}},
}

// statesAlpina are those of a collective foundation with two plans, in
// Switzerland.
var statesAlpina = []state{
	{name: "alpina-login", route: "/login", open: func(s *stage) { s.goes(nil, "/login") }},
	{name: "alpina-help", route: "/help", open: func(s *stage) { s.goes(nil, "/help") }},
	{name: "alpina-home", route: "/{$}", open: func(s *stage) { s.goes(s.act(insured), "/") }},
	{name: "alpina-home-two-plans", route: "/{$}", open: func(s *stage) { s.goes(s.act(twoPlans), "/") }},
	{name: "alpina-home-pension", route: "/{$}", open: func(s *stage) { s.goes(s.act(retired), "/") }},
	{name: "alpina-profile", route: "/profile", open: func(s *stage) { s.goes(s.act(insured), "/profile") }},
	{name: "alpina-security", route: "/security", open: func(s *stage) { s.goes(s.act(insured), "/security") }},
	{name: "alpina-operations", route: "/operations", open: func(s *stage) { s.goes(s.act(insured), "/operations") }},
	{name: "alpina-residence", route: "/operations/{new}/{act}", open: func(s *stage) { s.goes(s.act(insured), "/operations/new/residence") }},
	{name: "alpina-residence-wrong", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(insured), "/operations/new/residence")
		s.submits(send, "street", "Seestrasse 1", "postcode", "80011", "city", "Zürich")
	}},
	{name: "alpina-purchase", route: "/operations/{new}/{act}", open: func(s *stage) { s.goes(s.act(insured), "/operations/new/purchase") }},
	{name: "alpina-purchase-wrong", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(insured), "/operations/new/purchase")
		s.submits(send, "amount", "999.95")
	}},
	{name: "alpina-purchase-check", route: "/operations/{id}/confirm", open: func(s *stage) {
		who := s.act(insured)
		s.goes(who, "/operations/"+who.drafts("purchase", purchase)+"/confirm")
	}},
	{name: "alpina-purchase-edit", route: "/operations/{id}/edit", open: func(s *stage) {
		who := s.act(insured)
		s.goes(who, "/operations/"+who.drafts("purchase", purchase)+"/edit")
	}},
	{name: "alpina-beneficiaries", route: "/operations/{new}/{act}", open: func(s *stage) { s.goes(s.act(insured), "/operations/new/beneficiaries") }},
	{name: "alpina-beneficiaries-wrong", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.act(insured), "/operations/new/beneficiaries")
		s.submits(send, "person_name_1", "Marc Exemple", "person_rank_1", "2", "person_share_1", "100")
	}},
	{name: "alpina-beneficiaries-check", route: "/operations/{id}/confirm", open: func(s *stage) {
		who := s.act(insured)
		s.goes(who, "/operations/"+who.drafts("beneficiaries", beneficiaries)+"/confirm")
	}},
	{name: "alpina-beneficiaries-edit", route: "/operations/{id}/edit", open: func(s *stage) {
		who := s.act(insured)
		s.goes(who, "/operations/"+who.drafts("beneficiaries", beneficiaries)+"/edit")
	}},
}
