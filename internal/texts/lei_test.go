package texts

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pelletier/go-toml/v2"

	"aditus/funds"
	"aditus/internal/policy"
)

// What shows that a text speaks to somebody as tu.
var (
	// In any text: pronouns, possessives, and what only a second person has.
	tuAlways = regexp.MustCompile(`(?i)(?:^|[^\p{L}])(?:ti|tu|tuo|tua|tuoi|tue|hai|puoi|vuoi|devi|stai|avevi|potevi|potrai|trovi|ritrovi|ricevi|vedi|conosci|riconosci|muori|perdi|` +
		`proteggerti|mandarti|chiederti|farti|dirti|(?:con|da|per|a) te|te (?:lo|la|li|le|ne))(?:[^\p{L}]|$)`)

	// In a sentence: what asks somebody to do something. A label of two or three
	// words, without a full stop, is what people say to the page: «Conferma».
	tuAsks = regexp.MustCompile(`(?:^|[.?!»:]\s+|\n)(?:Accedi|Aggiungi|Apri|Aspetta|Attiva(?:lo)?|Cambia|Chiama|Chiedi(?:ne)?|Chiudi|Comincia|Completa(?:ne)?|Comunica|Controlla(?:l[aoi])?|` +
		`Correggi|Crea(?:li)?|Dacci|Fai|Guarda|Indica|Leggi(?:l[aoe])?|Mescola|Premi|Prova|Ricomincia|Riprova|Scansiona|Scegli(?:la|ne)?|Scrivi(?:l[oi]|ci)?|Stampa(?:li)?|` +
		`Tieni|Togli(?:lo)?|Torna|Unisci|Usa(?:ne)?|Vai|Versa|Non \p{Ll}+(?:are|ere|ire|rl[aoei]|rti))(?:[^\p{L}]|$)` +
		`|(?:[:,] |poi |oppure |urgenza | e )(?:accedi|apri|aspetta|chiama|chiedi|completa|controlla|guarda|indica|premi|ricomincia|riprova|scegli|scrivi|tieni|torna|usa) [^.]*`)
	thirdPerson = regexp.MustCompile(`(?:se chiama|poi usa|chi usa|li controlla) `) // which are also another person's
)

// tu is where a text speaks as tu, "" if nowhere.
func tu(key, text string) string {
	if found := tuAlways.FindString(text); found != "" {
		return found
	}
	if strings.ContainsAny(text, ".?!") || strings.HasSuffix(key, ".title") || strings.Contains(key, ".title_") {
		return tuAsks.FindString(thirdPerson.ReplaceAllString(text, ""))
	}
	return ""
}

// forms of a text.
func (m *message) forms() []string { return []string{m.one, m.many, m.other} }

// A fund that speaks to its members as Lei does so in every sentence. What could
// have happened: a new text is written as tu, as all are, and nobody thinks of the
// other file.
func TestLei(t *testing.T) {
	b := load(t)
	for key, m := range b.common["it@lei"]() {
		if strings.HasPrefix(key, "demo.") { // the demonstration's own, and no fund's
			continue
		}
		for _, text := range m.forms() {
			if found := tu(key, text); found != "" {
				t.Errorf("it@lei.toml: %s says tu, as in %q: %s", key, strings.TrimSpace(found), text)
			}
		}
	}
	data, err := files.ReadFile("it@lei.toml")
	if err != nil {
		t.Fatal(err)
	}
	var lei map[string]any
	if err := toml.Unmarshal(data, &lei); err != nil {
		t.Fatal(err)
	}
	for _, key := range slices.Sorted(maps.Keys(lei)) {
		if slices.Equal(b.common["it"]()[key].forms(), b.common["it@lei"]()[key].forms()) {
			t.Errorf("it@lei.toml: %s says the same as it.toml: leave it out", key)
		}
	}
}

// And the funds that we ship, should they choose it.
func TestLeiOfFunds(t *testing.T) {
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		t.Fatal(err)
	}
	b := load(t)
	for _, f := range all {
		if err := b.AddFund(f.ID, funds.Files); err != nil {
			t.Fatal(err)
		}
		for key, m := range b.funds[f.ID]["it@lei"] {
			for _, text := range m.forms() {
				if found := tu(key, text); found != "" {
					t.Errorf("%s.it@lei.toml: %s says tu, as in %q: %s", f.ID, key, strings.TrimSpace(found), text)
				}
			}
		}
	}
}

// A rule that was never seen to fail proves nothing.
func TestLeiBites(t *testing.T) {
	for _, c := range []struct {
		key, text string
		want      bool
	}{
		{"a", "Ti mandiamo un codice.", true},
		{"a", "Qui vedi le tue richieste", true},
		{"a", "Il codice è scaduto. Chiedine uno nuovo.", true},
		{"a", "Troppi tentativi. Se hai urgenza chiama {phone}.", true},
		{"a", "Non dirlo a nessuno.", true},
		{"a.title", "Scegli il PIN", true},
		{"a", "Se ha urgenza chiama {phone}.", true},
		{"a.button", "Scegli password e PIN", false},
		{"a", "Conferma", false},
		{"a", "Le mandiamo un codice. Lo scriva qui.", false},
		{"a", "Riprovi; se chiama {phone}, indichi il numero.", false},
		{"a", "Non serve altro.", false},
	} {
		if got := tu(c.key, c.text) != ""; got != c.want {
			t.Errorf("%s %q: tu %v, want %v", c.key, c.text, got, c.want)
		}
	}
}

// A fund chooses the variant for one language; its own wording lies over it, and
// its own for the variant over that.
func TestVariant(t *testing.T) {
	b := load(t)
	own := fstest.MapFS{"f.it.toml": {Data: []byte(`"home.title" = "Da noi"` + "\n" + `"nav.profile" = "La posizione"`)},
		"f.it@lei.toml": {Data: []byte(`"home.title" = "Da noi, con lei"`)}}
	if err := b.AddFund("f", own); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ fund, variant, lang, key, want string }{
		{"", "", "it", "pin_new.title", "Scegli il PIN"},
		{"", "it@lei", "it", "pin_new.title", "Scelga il PIN"},
		{"", "it@lei", "it", "pin_new.button", "Salva password e PIN"},
		{"", "it@lei", "en", "pin_new.title", "Choose your PIN"},
		{"", "it@voi", "it", "pin_new.title", "Scegli il PIN"},
		{"f", "it@lei", "it", "home.title", "Da noi, con lei"},
		{"f", "it@lei", "it", "nav.profile", "La posizione"},
		{"f", "it@lei", "it", "pin_new.title", "Scelga il PIN"},
		{"f", "", "it", "home.title", "Da noi"},
	} {
		v := b.Voice(Style{Fund: c.fund, Variant: c.variant}, c.lang)
		if got := v.T(c.key); got != c.want || v.Lang() != c.lang {
			t.Errorf("%s as %q, %s: %q in %s, want %q", c.lang, c.variant, c.key, got, v.Lang(), c.want)
		}
	}
	if err := b.AddFund("g", fstest.MapFS{"g.it@lei.toml": {Data: []byte(`"home.titel" = "x"`)}}); err == nil || !strings.Contains(err.Error(), `g.it@lei.toml:1: "home.titel" is no key`) {
		t.Errorf("a key that there is not: %v", err)
	}
}
