// Package profile shows what the register has of a person, the contacts masked.
package profile

import (
	_ "embed"
	"strings"

	"aditus/internal/access"
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
	Change           string // the path of the act that changes the residence, "" if the fund has none
	Letters          bool   // another contract can be added with its letter
}

// Show reads the register.
func (Page) Show(v *page.Visit) (any, error) {
	m, _, err := v.Area.Member(v.Context(), v.Fund, v.Session.Member)
	if err != nil {
		return nil, err
	}
	e := m.Main()
	r := e.Record
	d := data{
		Person: []act.Line{
			line(v, "person.name", strings.TrimSpace(r.Name+" "+r.Surname)),
			line(v, "person.birth_date", v.Date(r.Born)),
			line(v, "person.birth_place", r.BirthPlace),
			line(v, "person.tax_code", r.TaxCode),
			line(v, "person.number", e.Number),
		},
		Residence: line(v, "person.residence", address(v, r)...),
		Contacts: []act.Line{
			contact(v, "person.email", access.Email, m.OnFile(access.Email)),
			contact(v, "person.mobile", access.SMS, m.OnFile(access.SMS)),
			contact(v, "person.phone", access.SMS, r.Phone),
		},
	}
	d.Letters = journey.Enrols(v.Fund)
	if a, ok := v.Fund.Act("residence"); ok {
		d.Change = "/operations/new/" + a.ID
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
