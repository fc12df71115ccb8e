package texts

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"
)

func load(t testing.TB) *Book {
	t.Helper()
	return Load()
}

// The program trusts its own files: nothing else judges them.
func TestComplete(t *testing.T) {
	if err := Complete(); err != nil {
		t.Error(err)
	}
}

// What a start reads without a judge is what the judge read.
func TestParseLikeJudged(t *testing.T) {
	b := load(t)
	for _, lang := range Languages {
		data, err := files.ReadFile(lang + ".toml")
		if err != nil {
			t.Fatal(err)
		}
		var whole map[string]any
		if err := toml.Unmarshal(data, &whole); err != nil {
			t.Fatal(err)
		}
		m := b.common[lang]()
		for key, value := range whole {
			forms, ok := value.(map[string]any)
			if !ok {
				forms = map[string]any{"other": value}
			}
			for form, text := range forms {
				if m[key] == nil || *m[key].formOf(form) != text {
					t.Errorf("%s.toml: %s of %q is not %q", lang, form, key, text)
				}
			}
		}
		if len(m) != len(whole) {
			t.Errorf("%s.toml: %d texts, not %d", lang, len(m), len(whole))
		}
	}
}

// The moment the texts are tried with: 12 March 2026, 14:30 in Rome.
var noon = time.Date(2026, 3, 12, 13, 30, 0, 0, time.UTC)

func rome(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestSpeaks(t *testing.T) {
	b := load(t)
	style := Style{Fund: "prova", Country: "IT", Zone: rome(t), Always: []any{"phone", "02 0000 0000", "fund", "Fondo Prova"}}
	for _, c := range []struct{ lang, key, want string }{
		{"it", "refusal.code_still_valid", "Il codice che ti abbiamo inviato è ancora valido. Potrai chiederne uno nuovo dalle 14:30."},
		{"fr", "refusal.code_still_valid", "Le code envoyé est encore valable. Vous pourrez en demander un nouveau dès 14\u00a0h\u00a030."},
		{"de", "refusal.code_still_valid", "Der gesendete Code ist noch gültig. Ab 14.30\u00a0Uhr können Sie einen neuen anfordern."},
		{"en", "refusal.code_still_valid", "The code we sent is still valid. You can ask for a new one from 14:30."},
		{"it", "frame.help_call", "Chiama 02 0000 0000"},
		{"es", "frame.help", "Aiuto"},
		{"en", "no.such.key", "[no.such.key]"},
	} {
		v := b.Voice(style, c.lang)
		if got := v.T(c.key, "time", Clock(noon), "more", "than it needs"); got != c.want {
			t.Errorf("%s %s\n got %q\nwant %q", c.lang, c.key, got, c.want)
		}
	}
	v := b.Voice(style, "it")
	if got := v.T("otp.left"); got != "ancora {m}\u00a0min {s}\u00a0s" {
		t.Errorf("a hole without a value became %q", got)
	}
	if got := v.T("frame.help_call", "phone", "112"); got != "Chiama 112" {
		t.Errorf("what a text is given must win over what is always there: %q", got)
	}
	if got := v.T("otp.wait", "time"); got != "Potrai chiedere un nuovo codice dalle {time}." {
		t.Errorf("a name without a value filled a hole: %q", got)
	}
	if !v.Has("otp.wait") || v.Has("otp.wai") || v.Lang() != "it" {
		t.Error("Has or Lang is wrong")
	}
}

// CLDR: French says one for nothing too, Italian and French have a form for a
// million; a text without that form must still be told.
func TestPlurals(t *testing.T) {
	b := load(t)
	for _, c := range []struct {
		lang string
		n    any
		want string
	}{
		{"it", 1, "resta un tentativo"}, {"it", 2, "restano 2 tentativi"}, {"it", 0, "restano 0 tentativi"},
		{"it", 1_000_000, "restano 1000000 tentativi"}, {"it", int64(1), "resta un tentativo"},
		{"fr", 0, "il reste 0 essai."}, {"fr", 1, "il reste 1 essai."}, {"fr", 2, "il reste 2 essais"},
		{"fr", 1_000_000, "il reste 1000000 essais"},
		{"de", 1, "noch ein Versuch"}, {"de", 0, "noch 0 Versuche"}, {"de", 3, "noch 3 Versuche"},
		{"en", 1, "one try left"}, {"en", 3, "3 tries left"}, {"en", "3", "3 tries left"},
	} {
		if got := b.Voice(Style{}, c.lang).T("refusal.code_wrong", "n", c.n); !strings.Contains(got, c.want) {
			t.Errorf("%s %v: %q lacks %q", c.lang, c.n, got, c.want)
		}
	}
}

// Our rule for one and many is that of CLDR, which go-i18n has: of a text of
// which each form is its own name it chooses the same.
func TestFormFor(t *testing.T) {
	b := i18n.NewBundle(language.Italian)
	for _, lang := range Languages {
		b.MustAddMessages(language.Make(lang), &i18n.Message{ID: "form", One: "one", Many: "many", Other: "other"})
		l := i18n.NewLocalizer(b, lang)
		for _, n := range []int64{-2_000_000, -1, 0, 1, 2, 3, 10, 11, 21, 100, 101, 999_999, 1_000_000, 1_000_001, 1_500_000, 2_000_000, 10_000_000, 1_000_000_000} {
			want := l.MustLocalize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: n, TemplateParser: template.IdentityParser{}})
			if got := formFor(lang, n); got != want {
				t.Errorf("%s %d: %s, not %s", lang, n, got, want)
			}
		}
	}
}

func TestMany(t *testing.T) {
	m, err := readFile("x.it.toml", []byte(`"a" = { one = "un euro", many = "{n} di euro", other = "{n} euro" }`))
	if err != nil {
		t.Fatal(err)
	}
	v := &Voice{lang: "it", common: m}
	for n, want := range map[int]string{1: "un euro", 2: "2 euro", 2_000_000: "2000000 di euro"} {
		if got := v.T("a", "n", n); got != want {
			t.Errorf("%d: %q, not %q", n, got, want)
		}
	}
}

// What stands in a message file and is no text must be said with its line.
func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"\"a\" = \"x\"\n\"b\" = \"{Time}\"", `x.it.toml:2: "b" has a brace that is no hole at "{Time}"`},
		{"\"a\" = \"x }\"", `x.it.toml:1: "a" has a brace`},
		{"\"a\" = \"\"", `x.it.toml:1: "a" has no text`},
		{"\"a\" = { one = \"x\", other = \"y\" }", `"a" has a form for one and no number`},
		{"\"a\" = { one = \"{b}\", other = \"{n}\" }", `in one form`},
		{"\"a\" = \"x\"\n\"b\" = { few = \"{n}\", other = \"{n}\" }", `x.it.toml:2: "b" has "few", and can have`},
		{"\"b\" = { one = \"{n}\" }", `x.it.toml:1: "b" has no text`},
		{"[\"b\"]\nother = 3", `x.it.toml:1: "b" has "other"`},
		{"\"a\" = \"x\"\n\"a\" = \"y\"", "x.it.toml:2: toml"},
		{"\n\"a\" = 1", `x.it.toml:2: "a" is no text`},
		{"\"a\" = \xff", "x.it.toml:1"},
	} {
		m, err := readFile("x.it.toml", []byte(c.file))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q gave %v and the error %v, not %q", c.file, m, err, c.want)
		}
	}
}

func TestSame(t *testing.T) {
	first := messages{"a": {}, "b": {other: "{n}"}}
	err := same("fr.toml", messages{"b": {}, "c": {}}, first)
	for _, want := range []string{`no text for "a"`, `"b" has the holes [], not [n]`, `"c" is a key that it.toml lacks`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func sub(t *testing.T, dir string) fs.FS {
	t.Helper()
	return os.DirFS("testdata/" + dir)
}

func TestAddFund(t *testing.T) {
	b := load(t)
	if err := b.AddFund("prova", sub(t, "fund")); err != nil {
		t.Fatal(err)
	}
	it := b.Voice(Style{Fund: "prova", Country: "IT"}, "it")
	other := b.Voice(Style{Fund: "altra", Country: "IT"}, "it")
	for _, c := range []struct{ got, want string }{
		{it.T("fund.area"), "Area degli aderenti"},
		{it.T("refusal.code_wrong", "n", 1), "Sbagliato: ancora un tentativo."},
		{it.T("refusal.code_wrong", "n", 3), "Sbagliato: ancora 3 tentativi."},
		{it.T("frame.help"), "Aiuto"},
		{it.T("own.line.BILANCIATO"), "Bilanciato"},
		{other.T("fund.area"), "Area riservata"},
		{other.T("own.line.BILANCIATO"), "[own.line.BILANCIATO]"},
		{b.Voice(Style{Fund: "prova", Country: "IT"}, "en").T("fund.area"), "Your area"},
		{b.Voice(Style{Fund: "prova", Country: "FR"}, "fr").T("receipt.number"), "Quittance numéro\u00a0:"},
		{b.Voice(Style{Fund: "prova", Country: "CH"}, "fr").T("receipt.number"), "Quittance numéro:"},
	} {
		if c.got != c.want {
			t.Errorf("%q, not %q", c.got, c.want)
		}
	}
	if !it.Has("own.line.BILANCIATO") || other.Has("own.line.BILANCIATO") {
		t.Error("a fund's own words are not its own")
	}
	if err := b.AddFund("senza", fstest.MapFS{}); err != nil {
		t.Errorf("a fund without wording of its own: %v", err)
	}
}

func TestAddFundRefuses(t *testing.T) {
	b := load(t)
	err := b.AddFund("prova", sub(t, "bad"))
	if err == nil {
		t.Fatal("a fund with wrong texts was taken")
	}
	if want := `prova.it.toml:10: "refusal.code_wrong" has "uno"`; !strings.Contains(err.Error(), want) {
		t.Errorf("not said: %s\n%v", want, err)
	}
	// The rest is judged once that can be read.
	file, readErr := os.ReadFile("testdata/bad/prova.it.toml")
	if readErr != nil {
		t.Fatal(readErr)
	}
	lines := strings.SplitAfter(string(file), "\n")
	err = b.AddFund("prova", fstest.MapFS{"prova.it.toml": {Data: []byte(strings.Join(lines[:9], ""))}})
	if want := `prova.it.toml:9: "frame.help" has a brace that is no hole`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("not said: %s\n%v", want, err)
	}
	fsys := fstest.MapFS{
		"prova.it.toml": {Data: []byte(strings.Join(lines[:8], ""))},
		"prova.en.toml": {Data: []byte(`"frame.help" = "Help"`)},
	}
	err = b.AddFund("prova", fsys)
	if err == nil {
		t.Fatal("a fund with wrong texts was taken")
	}
	for _, want := range []string{
		`prova.it.toml:2: "frame.skipp" is no key`,
		`prova.it.toml:4: "otp.wait" has the holes [], not [time]`,
		`prova.it.toml:5: "sms.code_sign_in" takes`,
		`prova.it.toml:6: "sms.withdrawn" has a character that an SMS lacks`,
		`prova.it.toml:7: "act.iban.short" takes 23`,
		`prova.it.toml:8: "own.line" is in this file and not in the fund's en`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not said: %s\n%v", want, err)
		}
	}
	if got := b.Voice(Style{Fund: "prova"}, "en").T("frame.help"); got != "Help" || b.funds["prova"] != nil {
		t.Error("wrong texts were laid over")
	}
	if err := b.AddFund("rotta", sub(t, "bad")); err == nil || !strings.Contains(err.Error(), "rotta.it.toml:2:") {
		t.Errorf("a file that is no TOML: %v", err)
	}
}

// A Voice is used by many requests at once; the race detector watches.
func TestConcurrentVoices(t *testing.T) {
	b := load(t)
	done := make(chan string)
	for i := range 8 {
		go func() {
			v := b.Voice(Style{Country: "CH", Zone: rome(t)}, Languages[i%4])
			var s []string
			for range 50 {
				s = append(s, v.T("refusal.code_wrong", "n", i), v.SMS().T("otp.wait", "time", Clock(noon)))
			}
			slices.Sort(s)
			done <- fmt.Sprint(len(slices.Compact(s)))
		}()
	}
	for range 8 {
		if n := <-done; n != "2" {
			t.Errorf("one voice said %s different things of two", n)
		}
	}
}

func BenchmarkT(b *testing.B) {
	book := load(b)
	v := book.Voice(Style{Country: "IT", Zone: rome(b)}, "it")
	b.Run("no hole", func(b *testing.B) {
		for b.Loop() {
			v.T("frame.skip")
		}
	})
	b.Run("two times and a text", func(b *testing.B) {
		for b.Loop() {
			v.T("code.sent_email", "time", Clock(noon), "masked", "g•••••o@p•••a.it", "until", Clock(noon))
		}
	})
	b.Run("plural", func(b *testing.B) {
		for b.Loop() {
			v.T("refusal.code_wrong", "n", 2)
		}
	})
}

// A language is read at its first word.
func BenchmarkFirstWord(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		load(b).Voice(Style{}, "it").T("frame.skip")
	}
}
