package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"aditus/internal/access"
)

// What is wrong with a form is said at its field and in the list on top, in
// every language, and what was typed stays.
func TestWrongValues(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.SMS, mobile)
	w.alter("00908304", func(e *access.Entry) { e.Record.Joined = "2020-01-01" })
	b := w.inside(samuele, access.LevelRead)
	long := strings.Repeat("lungo ", 20)
	second := []string{"person_name_2", "Luca Bianchi", "person_tax_code_2", "", "person_birth_day_2", "1", "person_birth_month_2", "2", "person_birth_year_2", "1990", "person_share_2", "50"}
	two := append(with(designation, "person_share_1", "50"), second...)
	forms := map[string][]string{"residence": residence, "iban": account, "advance": advance, "designation": designation, "two": two}
	for _, c := range []struct {
		form    string
		changes []string
		field   string // the input that the list leads to
		says    string
	}{
		{"residence", []string{"street", " "}, "street", "Scrivi la via e il numero."},
		{"residence", []string{"street", "x"}, "street", "almeno 2 caratteri"},
		{"residence", []string{"street", long}, "street", "il massimo è 80 caratteri"},
		{"residence", []string{"street", strings.Repeat("x", 5000)}, "street", "il massimo è 80 caratteri"},
		{"residence", []string{"street", "Via \u202eamoR 12"}, "street", "un carattere che non possiamo leggere"},
		{"residence", []string{"street", "Via\u0007 Roma"}, "street", "un carattere che non possiamo leggere"},
		{"residence", []string{"street", "Via \xff Roma"}, "street", "un carattere che non possiamo leggere"},
		{"residence", []string{"street", "<script>"}, "street", "un carattere che non possiamo leggere"},
		{"residence", []string{"postcode", ""}, "postcode", "Scrivi il CAP."},
		{"residence", []string{"postcode", "4112"}, "postcode", "In Italia ha 5 cifre"},
		{"residence", []string{"postcode", "4112A"}, "postcode", "In Italia ha 5 cifre"},
		{"residence", []string{"postcode", "٤١١٢١"}, "postcode", "In Italia ha 5 cifre"},
		{"residence", []string{"country", "CH", "postcode", "!!!"}, "postcode", "Il CAP non è scritto bene"},
		{"residence", []string{"city", ""}, "city", "Scrivi il comune."},
		{"residence", []string{"province", ""}, "province", "Scrivi la provincia"},
		{"residence", []string{"province", "Modena"}, "province", "La provincia ha 2 lettere"},
		{"residence", []string{"country", "CH", "province", "Z\u202eH"}, "province", "un carattere che non possiamo leggere"},
		{"residence", []string{"country", "XX"}, "country", "Scegli il paese."},
		{"residence", []string{"from_date_day", "", "from_date_month", "", "from_date_year", ""}, "from_date_day", "Scrivi giorno, mese e anno."},
		{"residence", []string{"from_date_day", "31", "from_date_month", "2"}, "from_date_day", "Questa data non esiste"},
		{"residence", []string{"from_date_year", "25"}, "from_date_day", "Questa data non esiste"},
		{"residence", []string{"from_date_month", "settembre"}, "from_date_day", "Questa data non esiste"},
		{"residence", []string{"from_date_year", "2023"}, "from_date_day", "troppo lontana nel passato. Può essere da domenica 29"},
		{"residence", []string{"from_date_year", "2026"}, "from_date_day", "troppo lontana nel futuro"},

		{"iban", []string{"iban", ""}, "iban", "Scrivi l’IBAN."},
		{"iban", []string{"iban", "IT60X0542811101000000123457"}, "iban", "le cifre di controllo non tornano"},
		{"iban", []string{"iban", "IT60Y0542811101000000123456"}, "iban", "le cifre di controllo non tornano"},
		{"iban", []string{"iban", "IT60X054281110100000012345"}, "iban", "manca qualcosa o c’è qualcosa in più"},
		{"iban", []string{"iban", "IT"}, "iban", "manca qualcosa o c’è qualcosa in più"},
		{"iban", []string{"iban", "US60X0542811101000000123456"}, "iban", "Su un conto di questo paese"},
		{"iban", []string{"iban", "IT60-X054-2811"}, "iban", "ha solo lettere e cifre"},
		{"iban", []string{"iban", "ITXXX0542811101000000123456"}, "iban", "ha solo lettere e cifre"},
		{"iban", []string{"iban", strings.Repeat("9", 9000)}, "iban", "IBAN"},

		{"advance", []string{"reason", ""}, "reason", "Scegli il motivo."},
		{"advance", []string{"reason", "yacht"}, "reason", "Scegli il motivo."},
		{"advance", []string{"reason", "home"}, "reason", "servono 8 anni di iscrizione"},
		{"advance", []string{"how_much", ""}, "how_much", "Scegli se indicare un importo o una percentuale."},
		{"advance", []string{"amount", ""}, "amount", "Scrivi l’importo."},
		{"advance", []string{"amount", "dodicimila"}, "amount", "Scrivi l’importo in cifre"},
		{"advance", []string{"amount", "12€50"}, "amount", "Scrivi l’importo in cifre"},
		{"advance", []string{"amount", "99,99"}, "amount", "L’importo minimo è 100,00 €"},
		{"advance", []string{"amount", "-500"}, "amount", "Scrivi l’importo in cifre"},
		{"advance", []string{"amount", "10.000.000,01"}, "amount", "L’importo massimo è 10.000.000,00 €"},
		{"advance", []string{"how_much", "percent"}, "percent", "Scrivi la percentuale."},
		{"advance", []string{"how_much", "percent", "percent", "metà"}, "percent", "Scrivi la percentuale in cifre"},
		{"advance", []string{"how_much", "percent", "percent", "0"}, "percent", "il massimo è 75 %"},
		{"advance", []string{"how_much", "percent", "percent", "75,01"}, "percent", "il massimo è 75 %"},

		{"designation", []string{"person_name_1", "", "person_tax_code_1", "", "person_share_1", ""}, "person_name_1", "Indica almeno una persona."},
		{"designation", []string{"person_name_1", ""}, "person_name_1", "Scrivi nome e cognome"},
		{"designation", []string{"person_name_1", "12345"}, "person_name_1", "Nel nome c’è un carattere"},
		{"designation", []string{"person_name_1", "Anna\u202eissoR"}, "person_name_1", "un carattere che non possiamo leggere"},
		{"designation", []string{"person_tax_code_1", ""}, "person_tax_code_1", "Scrivi il codice fiscale oppure la data di nascita."},
		{"designation", []string{"person_tax_code_1", "VGNFNC87S65D711"}, "person_tax_code_1", "Il codice fiscale ha 16 caratteri"},
		{"designation", []string{"person_tax_code_1", "VGNFNC87S65D711X"}, "person_tax_code_1", "l’ultima lettera non torna"},
		{"designation", []string{"person_tax_code_1", samuele}, "person_tax_code_1", "Questi sono i tuoi dati"},
		{"designation", []string{"person_birth_day_1", "30", "person_birth_month_1", "2", "person_birth_year_1", "1990"}, "person_birth_day_1", "Questa data di nascita non esiste"},
		{"designation", []string{"person_birth_day_1", "1", "person_birth_month_1", "1", "person_birth_year_1", "2030"}, "person_birth_day_1", "La data di nascita è nel futuro"},
		{"designation", []string{"person_share_1", ""}, "person_share_1", "Scrivi la quota."},
		{"designation", []string{"person_share_1", "metà"}, "person_share_1", "Scrivi la quota in cifre"},
		{"designation", []string{"person_share_1", "0"}, "person_share_1", "La quota deve essere maggiore di 0"},
		{"designation", []string{"person_share_1", "101"}, "person_share_1", "La quota deve essere maggiore di 0"},
		{"designation", []string{"person_share_1", "99,99"}, "person_share_1", "Le quote insieme fanno 99,99 %"},
		{"two", []string{"person_share_2", "49"}, "person_share_1", "Le quote insieme fanno 99 %"},
		{"two", []string{"person_name_2", "Anna Rossi", "person_tax_code_2", "vgnfnc87s65d711l"}, "person_name_2", "Questa persona c’è già"},
	} {
		act := c.form
		if act == "two" {
			act = "designation"
		}
		path, form := "/operations/new/"+act, with(forms[c.form], c.changes...)
		t.Run(fmt.Sprint(c.form, c.changes[:2]), func(t *testing.T) {
			b.w.t = t
			b.each(http.StatusUnprocessableEntity, path, func() int { return b.do(path, form...) })
			b.has(c.says)
			ids := b.ids()
			if list := ids["problems"]; list == nil || !has(list, "a", "href", "#"+c.field) {
				t.Errorf("the list does not lead to %s", c.field)
			}
			if in := ids[c.field]; in == nil {
				t.Errorf("there is no %s", c.field)
			}
			for i := 0; i+1 < len(form); i += 2 {
				if in := ids[form[i]]; in != nil && in.Data == "input" && attr(in, "type") == "text" && attr(in, "value") != form[i+1] {
					t.Errorf("%s was %q and is %q now", form[i], form[i+1], attr(in, "value"))
				}
			}
		})
	}
	b.w.t = t
	if all, err := w.app.Operations.All(t.Context(), w.fund, access.Session{Member: w.member(samuele)}, 10); err != nil || len(all) != 0 {
		t.Error("a wrong form was written down", all, err)
	}
}

// has reports whether there is an element below n with an attribute.
func has(n *html.Node, element, name, value string) bool {
	for d := range n.Descendants() {
		if d.Data == element && attr(d, name) == value {
			return true
		}
	}
	return false
}

// What people write in many ways is read in one.
func TestRightValues(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.SMS, mobile)
	b := w.inside(samuele, access.LevelAct)
	for _, c := range []struct {
		act     string
		form    []string
		name    string
		want    string
		summary string
	}{
		{"advance", with(advance, "amount", "12.500,00"), "amount", "1250000", "12.500,00 €"},
		{"advance", with(advance, "amount", "12500"), "amount", "1250000", "12.500,00 €"},
		{"advance", with(advance, "amount", "12'500.00"), "amount", "1250000", "12.500,00 €"},
		{"advance", with(advance, "amount", "€ 12 500,5"), "amount", "1250050", "12.500,50 €"},
		{"advance", with(advance, "how_much", "percent", "percent", "75 %"), "percent", "7500", "75 %"},
		{"iban", []string{"iban", " ch93 0076 2011 6238 5295 7 "}, "iban", "CH9300762011623852957", "CH93 0076 2011 6238 5295 7"},
		{"residence", with(residence, "country", "CH", "postcode", "8001", "province", "Zürich", "city", "  Zürich   Altstadt "), "province", "Zürich", "Zürich Altstadt"},
		{"residence", with(residence, "country", "SI", "province", ""), "province", "", "Slovenia"},
		{"designation", with(designation, "person_name_1", "Associazione 21 luglio", "person_tax_code_1", "12345678903"), "", "", "Associazione 21 luglio"},
		{"designation", with(designation, "person_name_1", "Łucja O’Kovačević", "person_tax_code_1", "", "person_birth_day_1", "7", "person_birth_month_1", "12", "person_birth_year_1", "1999"), "", "", "07/12/1999"},
		{"designation", with(designation, "person_name_1", "ליאת כהן"), "", "", "ליאת כהן"},
	} {
		path := b.draft(c.act, c.form)
		b.has(c.summary)
		if got := w.state(samuele, path[len("/operations/"):]).Values[c.name]; got != c.want {
			t.Errorf("%s %v: %q", c.act, c.form, got)
		}
		// The form of the draft reads back what it shows, in every language.
		for _, lang := range languages {
			b.cookies["__Host-lang"] = lang
			b.must(b.get(path+"/edit"), path+"/edit")
			again := b.typed()
			b.must(b.do(path+"/edit", again...), path+"/confirm")
			if got := w.state(samuele, path[len("/operations/"):]).Values[c.name]; got != c.want {
				t.Errorf("%s in %s: %q of %v", c.act, lang, got, again)
			}
		}
		b.cookies["__Host-lang"] = "it"
		b.must(b.do(path+"/confirm", "do", "cancel"), "/requests")
		b.has("La bozza è eliminata.")
	}
}

// typed is what the page's form holds, as a browser would post it.
func (b *browser) typed() (form []string) {
	for n := range b.page.Descendants() {
		name := attr(n, "name")
		switch {
		case n.Data == "input" && (attr(n, "type") == "text" || hasAttr(n, "checked")):
			form = append(form, name, attr(n, "value"))
		case n.Data == "option" && hasAttr(n, "selected"):
			form = append(form, attr(n.Parent, "name"), attr(n, "value"))
		}
	}
	return form
}

// Persons are added and taken away without a script, and nothing typed is lost.
func TestRows(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.SMS, mobile)
	b := w.inside(samuele, access.LevelRead)
	const path = "/operations/new/designation"
	b.must(b.get(path), path)
	long := strings.Repeat("Wolfeschlegelsteinhausen ", 3)
	for n := 1; n <= 5; n++ {
		if b.element(fmt.Sprint("person_name_", n)) == nil || b.element(fmt.Sprint("person_name_", n+1)) != nil {
			t.Fatalf("not %d rows", n)
		}
		if n == 5 {
			break
		}
		form := with(b.typed(), fmt.Sprint("person_name_", n), long+string(rune('A'+n)), fmt.Sprint("person_birth_day_", n), "1", fmt.Sprint("person_birth_month_", n), "1",
			fmt.Sprint("person_birth_year_", n), fmt.Sprint(1980+n), fmt.Sprint("person_share_", n), "20", "do", "add")
		b.each(http.StatusOK, path, func() int { return b.do(path, form...) })
		if b.element("problems") != nil {
			t.Error("adding a person is no mistake")
		}
	}
	b.has("al massimo 5 persone", "Totale: 80 %")
	if has(b.page, "button", "value", "add") {
		t.Error("a sixth can be added")
	}
	five := b.typed()
	b.must(b.do(path, append(five, "do", "add")...), path)
	b.must(b.do(path, append(five, "do", "remove-2")...), path)
	if got := attr(b.element("person_name_2"), "value"); got != long+"D" {
		t.Errorf("the second is %q", got)
	}
	if b.element("person_name_5") != nil || attr(b.element("person_name_4"), "value") != "" {
		t.Error("the others did not move up")
	}
	for _, do := range []string{"remove-9", "remove-0", "remove-", "remove-x"} {
		b.must(b.do(path, append(five, "do", do)...), path)
	}
	b.must(b.do(path, append(designation, "do", "remove-1")...), path)
	if attr(b.element("person_name_1"), "value") != "" {
		t.Error("the one row is not empty")
	}
	b.want(http.StatusBadRequest, path, b.do(path, append(five, "person_name_6", "x")...))
	five = with(five, "person_name_5", "Ente", "person_birth_day_5", "", "person_tax_code_5", "12345678903", "person_share_5", "20")
	draft := b.draft("designation", five)
	b.has("Persona 5", "12345678903")
	b.leads(draft + "/edit#person_name_5")
	b.get(draft + "/edit")
	if b.element("person_name_5") == nil {
		t.Error("the draft's five persons are not in its form")
	}
}
