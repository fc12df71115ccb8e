// Package profile shows what the register has of a person, the contacts masked.
package profile

import (
	_ "embed"
	"strings"

	"aditus/internal/access"
	"aditus/internal/identifier"
	"aditus/internal/journey"
	"aditus/internal/web/page"
	"aditus/internal/web/page/act"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{ page.Reading }

type data struct {
	Person, Contacts []act.Line
	Residence        act.Line
	Home             bool   // the register knows where people live
	Change           string // the path of the act that changes the residence, "" if the fund has none
	ChangeContacts   string // that of the act that changes contacts, "" if the fund has none
	Own              bool   // nobody acts for the person here: how they are reached is theirs to change
	Letters          bool   // another contract can be added with its letter
}

// Show reads the register.
func (Page) Show(v *page.Visit) (any, error) {
	m, acts, err := v.Area.Person(v.Context(), v.Fund, v.Session)
	if err != nil {
		return nil, err
	}
	e := m.Main()
	r := e.Record
	d := data{Residence: line(v, "person.residence", address(v, r)...), Home: v.Fund.Registry.Has("street")}
	for _, p := range []struct{ field, label, value string }{
		{"name", "person.name", strings.TrimSpace(r.Name + " " + r.Surname)},
		{"birth_date", "person.birth_date", v.Date(r.Born)},
		{"birth_place", "person.birth_place", r.BirthPlace},
		{"tax_code", "person.tax_code", r.TaxCode},
		{"ahv", "person.ahv", identifier.AHVDotted(r.AHV)},
		{"enrolment_no", "person.number", e.Number},
	} {
		if p.field == "enrolment_no" && r.SurvivorOf != "" && r.Username != "" { // called by a name, not by a number
			p.label, p.value = "position.username", r.Username
		}
		if v.Fund.Registry.Has(p.field) { // what the fund's register never has is not missing
			d.Person = append(d.Person, line(v, p.label, p.value))
		}
	}
	for _, c := range []struct {
		field, label string
		kind         access.Kind
		address      string
	}{
		{"email", "person.email", access.Email, m.OnFile(access.Email)},
		{"pec", "person.pec", access.PEC, m.OnFile(access.PEC)},
		{"mobile", "person.mobile", access.SMS, m.OnFile(access.SMS)},
		{"phone", "person.phone", access.SMS, r.Phone},
	} {
		if v.Fund.Registry.Has(c.field) {
			d.Contacts = append(d.Contacts, contact(v, c.label, c.kind, c.address))
		}
	}
	d.Letters, d.Own = journey.Enrols(v.Fund) && v.Session.For == "", v.Session.For != access.ProfileMandate
	for _, a := range acts {
		switch a.ID {
		case "residence":
			d.Change = "/operations/new/" + a.ID
		case "contacts":
			d.ChangeContacts = "/operations/new/" + a.ID
		}
	}
	return d, nil
}

// line is one thing that the register says, or that it does not say.
func line(v *page.Visit, label string, values ...string) act.Line {
	l := act.Line{Label: v.T(label)}
	for _, s := range values {
		if s != "" {
			l.Text = append(l.Text, v.Format(s))
		}
	}
	if l.Text == nil {
		l.Text = []string{v.T("person.none")}
	}
	return l
}

// address is a postal address, line by line; the country only abroad.
func address(v *page.Visit, r access.Record) []string {
	town := strings.TrimSpace(r.Postcode + " " + r.Town)
	if r.Province != "" && town != "" {
		town += " " + r.Province
	}
	country := ""
	if r.Country != "" && r.Country != v.Fund.Country {
		country = r.Country
		if v.Voice.Has("country." + country) {
			country = v.T("country." + country)
		}
	}
	return []string{r.Street, town, country}
}

// contact is a contact of the register that can be used, masked.
func contact(v *page.Visit, label string, kind access.Kind, address string) act.Line {
	if address == "" {
		return line(v, label)
	}
	l := act.Contact(v, kind, address)
	l.Label = v.T(label)
	return l
}
