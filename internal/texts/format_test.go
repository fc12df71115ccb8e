package texts

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/text/language"
	cldr "golang.org/x/text/message"
	"golang.org/x/text/number"
)

// The table of the glossary, part 2.
func TestFormat(t *testing.T) {
	b := load(t)
	zone := rome(t)
	early := time.Date(2026, 4, 1, 1, 5, 0, 0, zone)
	euro, franc := Money{1_250_000, "EUR"}, Money{1_250_000, "CHF"}
	for _, c := range []struct {
		country, lang string
		value         any
		page, sms     string
	}{
		{"IT", "it", Clock(noon), "14:30", "14:30"},
		{"IT", "it", Clock(early), "01:05", "01:05"},
		{"IT", "fr", Clock(noon), "14_h_30", "14:30"},
		{"IT", "fr", Clock(early), "1_h_05", "01:05"},
		{"CH", "fr", Clock(noon), "14_h_30", "14:30"},
		{"CH", "de", Clock(noon), "14.30_Uhr", "14:30"},
		{"CH", "de", Clock(early), "1.05_Uhr", "01:05"},
		{"CH", "en", Clock(early), "01:05", "01:05"},
		{"IT", "fr", ShortClock(early), "01:05", "01:05"},

		{"IT", "it", Day(noon), "giovedì 12_marzo_2026", "12/03/2026"},
		{"FR", "fr", Day(noon), "12_mars_2026", "12/03/2026"},
		{"CH", "fr", Day(early), "1er_avril_2026", "01.04.2026"},
		{"CH", "de", Day(noon), "12._März_2026", "12.03.2026"},
		{"IT", "en", Day(noon), "12_March_2026", "12 Mar 2026"},
		{"IT", "it", ShortDay(noon), "12/03/2026", "12/03/2026"},
		{"CH", "it", ShortDay(noon), "12.03.2026", "12.03.2026"},
		{"IT", "de", ShortDay(noon), "12.03.2026", "12.03.2026"},
		{"CH", "en", ShortDay(noon), "12_Mar_2026", "12 Mar 2026"},
		{"IT", "it", Stamp(noon), "giovedì 12_marzo_2026 alle 14:30", "12/03/2026, 14:30"},
		{"IT", "fr", Stamp(noon), "12_mars_2026 à 14_h_30", "12/03/2026, 14:30"},
		{"IT", "de", Stamp(noon), "12._März_2026, 14.30_Uhr", "12.03.2026, 14:30"},
		{"IT", "en", Stamp(noon), "12_March_2026 at 14:30", "12 Mar 2026, 14:30"},
		{"IT", "de", ShortStamp(noon), "12.03.2026, 14:30", "12.03.2026, 14:30"},

		{"IT", "it", euro, "12.500,00_€", "12.500,00 EUR"},
		{"IT", "fr", euro, "12\u202f500,00_€", "12 500,00 EUR"},
		{"IT", "de", euro, "EUR_12’500.00", "EUR 12'500.00"},
		{"IT", "en", euro, "€12,500.00", "EUR 12,500.00"},
		{"CH", "it", franc, "CHF_12’500.00", "CHF 12'500.00"},
		{"CH", "fr", franc, "CHF_12’500.00", "CHF 12'500.00"},
		{"CH", "de", franc, "CHF_12’500.00", "CHF 12'500.00"},
		{"CH", "en", franc, "CHF_12,500.00", "CHF 12,500.00"},
		{"CH", "fr", euro, "EUR_12’500.00", "EUR 12'500.00"},
		{"IT", "it", Money{5, "EUR"}, "0,05_€", "0,05 EUR"},
		{"IT", "en", Money{-123_456_789, "EUR"}, "-€1,234,567.89", "EUR -1,234,567.89"},
		{"IT", "it", Percent(5000), "50_%", "50 %"},
		{"IT", "fr", Percent(1250), "12,5_%", "12,5 %"},
		{"CH", "de", Percent(3333), "33.33_%", "33.33 %"},
		{"IT", "en", Percent(9999), "99.99%", "99.99%"},

		{"IT", "it", 1234, "1234", "1234"},
		{"IT", "it", int64(7), "7", "7"},
		{"IT", "it", "Anna\r\nBcc: x\u2028\u202ey", "Anna  Bcc: x  y", "Anna  Bcc: x  y"},
		{"IT", "it", Plain("a\nb"), "a\nb", "a\nb"},
		{"IT", "fr", "Bénéficiaires façonnés d’août – être", "Bénéficiaires façonnés d’août – être", "Bénéficiaires faconnés d'aout - etre"},
		{"IT", "it", "g•••o@p.it œuvre 東", "g•••o@p.it œuvre 東", "g***o@p.it oeuvre ?"},
		{"IT", "it", 5 * time.Minute, "5m0s", "5m0s"},
	} {
		v := b.Voice(Style{Country: c.country, Zone: zone}, c.lang)
		if got, want := v.Format(c.value), strings.ReplaceAll(c.page, "_", "\u00a0"); got != want {
			t.Errorf("%s %s %T: %q, not %q", c.country, c.lang, c.value, got, want)
		}
		if got := v.SMS().Format(c.value); got != c.sms {
			t.Errorf("SMS %s %s %T: %q, not %q", c.country, c.lang, c.value, got, c.sms)
		}
	}
}

// Summer time and another zone: the clock is the fund's, not the server's.
func TestZone(t *testing.T) {
	b := load(t)
	summer := time.Date(2026, 7, 31, 22, 30, 0, 0, time.UTC)
	if got := b.Voice(Style{Zone: rome(t)}, "it").Format(Stamp(summer)); got != "sabato 1\u00a0agosto\u00a02026 alle 00:30" {
		t.Error(got)
	}
	if got := b.Voice(Style{}, "it").Format(Clock(summer)); got != "22:30" {
		t.Error(got)
	}
}

// Our numbers against CLDR's, as golang.org/x/text has them. Its data is older
// than ours in one thing: French groups with U+202F since CLDR 34.
func TestNumbersAgreeWithCLDR(t *testing.T) {
	b := load(t)
	for _, c := range []struct{ lang, country, tag, currency string }{
		{"it", "IT", "it-IT", "EUR"}, {"fr", "FR", "fr-FR", "EUR"}, {"de", "CH", "de-CH", "CHF"}, {"en", "IT", "en-GB", "EUR"},
	} {
		p := cldr.NewPrinter(language.MustParse(c.tag))
		v := b.Voice(Style{Country: c.country}, c.lang)
		for _, cents := range []int64{0, 1, 99, 100, 99_999, 100_000, 1_250_000, 123_456_789, 10_000_000_000} {
			want := p.Sprint(number.Decimal(float64(cents)/100, number.Scale(2)))
			want = strings.ReplaceAll(want, "\u00a0", "\u202f")
			got := strings.Trim(v.Format(Money{cents, c.currency}), "€CHF\u00a0")
			if got != want {
				t.Errorf("%s: %d cents are %q, by CLDR %q", c.tag, cents, got, want)
			}
		}
	}
}

func FuzzAppendGSM(f *testing.F) {
	for _, s := range []string{"l’été", "{}[]€", "È ç œ", "\u0301", "\xff", "东", "ﬁ", "Å"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := string(appendGSM(nil, s))
		if _, ok := Septets(out); !ok {
			t.Errorf("%q became %q, which GSM-7 lacks", s, out)
		}
		if again := string(appendGSM(nil, out)); again != out {
			t.Errorf("%q became %q and then %q", s, out, again)
		}
	})
}

func TestSeptets(t *testing.T) {
	for _, c := range []struct {
		s  string
		n  int
		ok bool
	}{{"", 0, true}, {"ciao è", 6, true}, {"€{}", 6, true}, {"ç", 1, false}, {"l’a", 3, false}, {"a\nb", 3, true}} {
		if n, ok := Septets(c.s); n != c.n || ok != c.ok {
			t.Errorf("%q: %d %v, not %d %v", c.s, n, ok, c.n, c.ok)
		}
	}
}

func TestCheckSMS(t *testing.T) {
	if err := CheckSMS("Fondo Aurora", "area.fondoaurora.example", "02 0000 0000"); err != nil {
		t.Error(err)
	}
	for _, c := range [][3]string{
		{"Un fondo con un nome troppo lungo", "a.example", "1"}, {"Fondo", strings.Repeat("h", 29), "1"},
		{"Fondo", "a.example", "+39 02 0000 0000 int. 12"}, {"Fonds êtres", "a.example", "1"},
	} {
		if CheckSMS(c[0], c[1], c[2]) == nil {
			t.Errorf("%q leaves room in an SMS", c)
		}
	}
}
