package identifier

import "testing"

func TestTaxCode(t *testing.T) {
	for _, c := range taxCodeMonths {
		for sex, code := range map[string]string{"M": c.male, "F": c.female} {
			valid(t, KindTaxCode, code, code)
			name := map[string]string{"M": "Mario", "F": "Maria"}[sex]
			if got := TaxCodePerson(code, Person{"Rossi", name, c.born, sex}); got != "" {
				t.Errorf("%s and %s %s %s differ in %s", code, name, c.born, sex, got)
			}
		}
	}
	for i, code := range taxCodeOmocodia {
		valid(t, KindTaxCode, code, code)
		if got := TaxCodePerson(code, Person{"Bianchi", "Luca", "1974-04-26", "M"}); got != "" {
			t.Errorf("%s and Bianchi Luca differ in %s", code, got)
		}
		if Omocodia(code) != (i > 0) {
			t.Errorf("Omocodia(%s) = %v", code, i == 0)
		}
	}
	for _, code := range taxCodePublic {
		valid(t, KindTaxCode, code, code)
	}
	for _, c := range taxCodeInvalid {
		invalid(t, KindTaxCode, c.code, c.reason)
	}
	valid(t, KindTaxCode, " rssmra85a31\u00a0h501c\n", "RSSMRA85A31H501C")
	invalid(t, KindTaxCode, "", "length")
	invalid(t, KindTaxCode, "01234567890", "provisional")
	invalid(t, KindTaxCode, "RSSMRA８５A31H501C", "charset") // full-width digits
	invalid(t, KindTaxCode, "RSSMRA85A31H501C\x00", "charset")
	invalid(t, KindTaxCode, "ſSSMRA85A31H501C", "charset") // a letter whose capital is S
	invalid(t, KindTaxCode, "TINIT-RSSMRA85A31H501C", "charset")
}

// All 127 ways to replace digits are valid with the right check letter, say the
// same birth, and differ from one another.
func TestTaxCodeOmocodiaAll(t *testing.T) {
	const code = "BNCLCU74D26L219H"
	seen := map[string]bool{}
	for subset := range 128 {
		b, bit := []byte(code), 0
		for i := range shape {
			if shape[i] == 'D' {
				if subset>>bit&1 == 1 {
					b[i] = omocodia[b[i]-'0']
				}
				bit++
			}
		}
		b[15] = taxCodeLetter(string(b))
		variant := string(b)
		valid(t, KindTaxCode, variant, variant)
		if got := TaxCodeBirth(variant); got != (Birth{74, 4, 26, "M"}) {
			t.Errorf("%s was born %v", variant, got)
		}
		seen[variant] = true
	}
	if len(seen) != 128 {
		t.Errorf("%d codes, want 128", len(seen))
	}
}

func TestTaxCodePerson(t *testing.T) {
	for _, c := range taxCodeNames {
		valid(t, KindTaxCode, c.code, c.code)
		if got := surnameLetters(FoldName(c.surname)); string(got[:]) != c.surname3 {
			t.Errorf("%s gives %s, want %s", c.surname, got, c.surname3)
		}
		if got := nameLetters(FoldName(c.name)); string(got[:]) != c.name3 {
			t.Errorf("%s gives %s, want %s", c.name, got, c.name3)
		}
		if got := TaxCodePerson(c.code, Person{c.surname, c.name, c.born, c.sex}); got != "" {
			t.Errorf("%s and %s %s differ in %s", c.code, c.surname, c.name, got)
		}
	}
	for _, c := range taxCodeAgID {
		valid(t, KindTaxCode, c.code, c.code)
		if got := TaxCodePerson(c.code, Person{c.surname, c.name, c.born, c.sex}); got != "" {
			t.Errorf("%s and %s %s differ in %s", c.code, c.surname, c.name, got)
		}
	}
	for _, c := range taxCodeOther {
		valid(t, KindTaxCode, c.code, c.code)
		if got := TaxCodePerson(c.code, Person{c.surname, c.name, c.born, c.sex}); got != c.mismatch {
			t.Errorf("%s and %s %s %s %s differ in %q, want %q", c.code, c.surname, c.name, c.born, c.sex, got, c.mismatch)
		}
	}
	for _, c := range []struct {
		what     string
		p        Person
		mismatch string
	}{
		{"nothing known", Person{}, ""},
		{"decomposed accents", Person{Surname: "Mu\u0308ller", Name: "Zoe\u0301"}, ""},
		{"the other umlaut", Person{Surname: "Müller", Name: "Zoé", Sex: "F"}, ""},
		{"a lost letter cannot be judged", Person{Surname: "Müller", Name: "Zo?"}, ""},
		{"nor can another script", Person{Surname: "Мюллер", Name: "Zoé"}, ""},
		{"a date that is none", Person{Born: "1993"}, "birthdate"},
	} {
		if got := TaxCodePerson("MLLZOE93R71Z133R", c.p); got != c.mismatch {
			t.Errorf("%s: differ in %q, want %q", c.what, got, c.mismatch)
		}
	}
	if got := TaxCodePerson("short", Person{}); got != "surname" {
		t.Errorf("a string that is no code differs in %q", got)
	}
}

// The register writes an umlaut in two ways, and the letters differ when the
// name has few consonants.
func TestTaxCodePersonUmlaut(t *testing.T) {
	for three, agree := range map[string]bool{"BOX": true, "BOE": true, "BAX": false} {
		if got := agrees(three, "Bö", surnameLetters); got != agree {
			t.Errorf("Bö and %s agree: %v", three, got)
		}
	}
}

func TestFoldName(t *testing.T) {
	for in, want := range map[string]string{
		"D'Oltremàr": "DOLTREMAR", "De  Rossi-Bianchi": "DEROSSIBIANCHI", "Ñuño": "NUNO", "Straße": "STRASSE",
		"Œuvré": "OEUVRE", "Łódź": "LODZ", "Đorđe": "DORDE", "Þór": "THOR", "Mæland": "MAELAND", "Ørsted": "ORSTED",
		"O’Neill": "ONEILL", "": "", "İpek": "IPEK", "Yılmaz": "YILMAZ",
	} {
		if got := FoldName(in); got != want {
			t.Errorf("FoldName(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzTaxCode(f *testing.F) {
	for _, code := range taxCodeOmocodia {
		f.Add(code, "Bianchi", "Luca", "1974-04-26", "M")
	}
	for _, c := range taxCodeInvalid {
		f.Add(c.code, "", "", "", "")
	}
	for _, c := range taxCodeOther {
		f.Add(c.code, c.surname, c.name, c.born, c.sex)
	}
	f.Fuzz(func(t *testing.T, code, surname, name, born, sex string) {
		steady(t, KindTaxCode, code, "")
		TaxCodePerson(code, Person{surname, name, born, sex})
		for _, c := range []byte(FoldName(surname)) {
			if !letter(c) {
				t.Errorf("FoldName(%q) holds %q", surname, c)
			}
		}
		if s, err := TaxCode(code); err == nil {
			b := TaxCodeBirth(s)
			if b.Month < 1 || b.Month > 12 || b.Day < 1 || b.Day > 31 || b.Year < 0 || b.Year > 99 || b.Sex == "" {
				t.Errorf("%s was born %v", s, b)
			}
			if got := TaxCodePerson(s, Person{}); got != "" {
				t.Errorf("%s differs from nobody in %s", s, got)
			}
		}
	})
}
