package browser_test

import (
	"context"

	"aditus/internal/access"
	"aditus/internal/profile"
	"aditus/internal/store"
)

// statesPeople are the pages of somebody who has several profiles: a survivor who acts
// for her child, and has another role.
var statesPeople = []state{
	{name: "profiles", route: "/profiles", open: func(s *stage) { s.goes(s.mother().seat, "/") }},
	{name: "profiles-nojs", route: "/profiles", noJS: true, open: func(s *stage) { s.goes(s.mother().seat, "/profiles") }},
	{name: "profiles-empty", route: "/profiles", status: 422, wrong: true, open: func(s *stage) {
		s.goes(s.mother().seat, "/profiles")
		s.submits(send)
	}},
	{name: "profiles-closed", route: "/profiles", status: 422, wrong: true, open: func(s *stage) {
		m := s.mother()
		s.goes(m.seat, "/profiles")
		m.end()
		s.submits(send, "profile", m.child.member)
	}},
	{name: "profiles-only", route: "/profiles", open: func(s *stage) {
		m := s.mother()
		m.end()
		s.goes(m.seat, "/")
	}},
	{name: "profiles-own", route: "/{$}", open: func(s *stage) {
		m := s.mother()
		s.goes(m.seat, "/profiles")
		s.submits(send, "profile", m.member)
	}},
	{name: "acting-home", route: "/{$}", open: func(s *stage) { s.acts(s.mother()) }},
	{name: "acting-profile", route: "/profile", open: func(s *stage) {
		m := s.mother()
		m.chooses()
		s.goes(m.seat, "/profile")
	}},
	{name: "acting-operations", route: "/operations", open: func(s *stage) {
		m := s.mother()
		m.chooses()
		s.goes(m.seat, "/operations")
	}},
	{name: "acting-iban", route: "/operations/{new}/{act}", open: func(s *stage) {
		m := s.mother()
		m.chooses()
		s.goes(m.seat, "/operations/new/iban")
	}},
	{name: "acting-iban-changed", route: "/operations/{new}/{act}", status: 422, wrong: true, open: func(s *stage) {
		m := s.mother()
		m.chooses()
		s.goes(m.seat, "/operations/new/iban")
		m.opens(m.member) // in another window
		s.submits(send, "iban", iban)
	}},
	{name: "acting-contacts", route: "/operations/{new}/{act}", status: 403, open: func(s *stage) {
		m := s.mother()
		m.chooses()
		s.goes(m.seat, "/operations/new/contacts")
	}},
	{name: "acting-check", route: "/operations/{id}/confirm", open: func(s *stage) {
		m := s.mother()
		m.chooses()
		s.summary(m.seat)
	}},
	{name: "acting-security", route: "/security", open: func(s *stage) {
		m := s.mother()
		m.chooses()
		s.goes(m.seat, "/security")
	}},
	{name: "survivor-declaration", route: "/operations/{new}/{act}", status: 403, open: func(s *stage) { s.goes(s.act(widow), "/operations/new/declaration") }},
	{name: "role-home", route: "/{$}", open: func(s *stage) {
		p, other := s.person(simone), s.person(widow)
		m := &mother{seat: nil, child: other}
		s.same(p, other)
		m.seat = p.sits(s.lang, access.LevelAct)
		m.chooses()
		s.goes(m.seat, "/")
	}},
	{name: "history-both", route: "/security/history", open: func(s *stage) {
		m := s.mother()
		m.chooses()
		s.goes(m.seat, "/security/history")
	}},
}

// A mother acts for her child.
type mother struct {
	*seat
	child   *person
	mandate access.Mandate
}

// mother puts a survivor and her child into the register, has the office enrol her,
// and signs her in.
func (s *stage) mother() *mother {
	s.t.Helper()
	p := s.person(kind{record: func(r *access.Record) {
		widow.record(r)
		r.Name, r.Surname = "Ivana", "Surdì"
	}})
	m := &mother{child: s.person(kind{noPassword: true, noEmail: true, noMobile: true, held: access.HeldRepresented, record: func(r *access.Record) {
		widow.record(r)
		r.Name, r.Surname, r.Sex, r.Born, r.Relation, r.Username = "Emanuele", "Rondardi", "M", "2014-01-04", "child", "S90004902"
		r.Representative, r.RepresentativeKind, r.Email, r.Mobile = p.taxCode, access.MandateParent, "", ""
	}})}
	s.write(func(tx *store.Tx) (err error) {
		m.mandate, err = profile.Enrol(tx, s.fund, access.Mandate{Representative: p.member, Member: m.child.member, Kind: access.MandateParent, By: "office",
			Proof: access.Document{Kind: "identity_document", Number: "AX1234567", Issuer: "Comune", Date: "2024-03-01"}})
		return err
	})
	m.seat = p.sits(s.lang, access.LevelAct)
	return m
}

// same gives two people of the register one tax code and one birth: they are one.
func (s *stage) same(a, b *person) {
	s.t.Helper()
	s.write(func(tx *store.Tx) error {
		m, err := tx.Member(a.member)
		if err != nil {
			return err
		}
		other, err := tx.Member(b.member)
		if err != nil {
			return err
		}
		im, err := tx.BeginImport("people.csv", b.number)
		if err != nil {
			return err
		}
		e, r := other.Entries[0], m.Entries[0].Record
		e.Version, e.Login = im.Version, b.login
		e.Record.TaxCode, e.Record.Name, e.Record.Surname, e.Record.Born = r.TaxCode, r.Name, r.Surname, r.Born
		if err := tx.ChangeEntry(e); err != nil {
			return err
		}
		return tx.PublishImport(im)
	})
}

// opens opens a profile, as its page does.
func (m *mother) opens(whose string) {
	m.w.t.Helper()
	ctx := context.Background()
	if err := m.w.app.Sessions.Choose(ctx, m.w.fund, m.visitor.Session, whose); err != nil {
		m.w.t.Fatal(err)
	}
	var err error
	if m.visitor.Session, err = m.w.app.Sessions.Check(ctx, m.w.fund, m.cookies["session"]); err != nil {
		m.w.t.Fatal(err)
	}
}

func (m *mother) chooses() { m.opens(m.child.member) }

// acts opens the child's first page through the page of the profiles.
func (s *stage) acts(m *mother) {
	s.t.Helper()
	s.goes(m.seat, "/profiles")
	s.submits(send, "profile", m.child.member)
}

// end ends the mandate, as the office does.
func (m *mother) end() {
	m.w.t.Helper()
	m.w.write(func(tx *store.Tx) error { return profile.End(tx, m.w.fund, m.mandate, "office") })
}
