package texts

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The values a hole can hold, beside string, int and int64. A moment is written
// on the fund's clock.
type (
	// Clock is a time of day: 14:30, 14 h 30, 14.30 Uhr.
	Clock time.Time
	// ShortClock is a time of day for a table: 14:30.
	ShortClock time.Time
	// Day is a date in a sentence: giovedì 12 marzo 2026, 1er avril 2026.
	Day time.Time
	// ShortDay is a date for a table: 12/03/2026.
	ShortDay time.Time
	// Stamp is a date and a time in a sentence.
	Stamp time.Time
	// ShortStamp is a date and a time for a table.
	ShortStamp time.Time
	// Percent is in basis points: 1250 is 12,5 %.
	Percent int64
	// Plain is put in as it is, line breaks and all: a code, a summary already made.
	Plain string
)

// Money is an amount in hundredths of a currency, named as ISO 4217 does.
type Money struct {
	Cents    int64
	Currency string
}

// Format writes one value alone, as it would stand in a hole.
//
// A string is put on one line: whatever controls a line or the direction of
// writing becomes a blank, so that a name from a registry file cannot add a line
// to a mail (security.md, row 41). An int has no separators: it counts tries and
// days. Anything else is written as fmt does.
func (v *Voice) Format(value any) string { return string(v.append(nil, value)) }

func (v *Voice) append(b []byte, value any) []byte {
	switch x := value.(type) {
	case string:
		return v.literal(b, oneLine(x))
	case Plain:
		return append(b, x...)
	case int:
		return strconv.AppendInt(b, int64(x), 10)
	case int64:
		return strconv.AppendInt(b, x, 10)
	case Clock:
		return v.clock(b, time.Time(x).In(v.style.Zone))
	case ShortClock:
		return time.Time(x).In(v.style.Zone).AppendFormat(b, "15:04")
	case Day:
		return v.day(b, time.Time(x).In(v.style.Zone))
	case ShortDay:
		return v.shortDay(b, time.Time(x).In(v.style.Zone))
	case Stamp:
		t := time.Time(x).In(v.style.Zone)
		b = v.day(b, t)
		if v.sms {
			b = append(b, ", "...)
		} else {
			b = append(b, words[v.lang].at...)
		}
		return v.clock(b, t)
	case ShortStamp:
		t := time.Time(x).In(v.style.Zone)
		return t.AppendFormat(append(v.shortDay(b, t), ", "...), "15:04")
	case Money:
		return v.money(b, x)
	case Percent:
		return v.percent(b, x)
	}
	return v.literal(b, oneLine(fmt.Sprint(value)))
}

// oneLine makes blanks of control characters, line separators and the marks
// that turn the direction of writing.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' ||
			'\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069' {
			return ' '
		}
		return r
	}, s)
}

// words are what a language needs to write a date.
var words = map[string]struct {
	at     string // between a date and a time
	months [12]string
	days   [7]string // from Sunday; only Italian names the day, which spares it the article
}{
	"it": {at: " alle ",
		months: [12]string{"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"},
		days:   [7]string{"domenica", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato"}},
	"fr": {at: " à ",
		months: [12]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}},
	"de": {at: ", ",
		months: [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}},
	"en": {at: " at ",
		months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}},
}

const nbsp = "\u00a0"

// clock writes a time of day. In Italian an hour has two digits, so that «alle»
// always fits before it.
func (v *Voice) clock(b []byte, t time.Time) []byte {
	if !v.sms {
		switch v.lang {
		case "fr":
			return t.AppendFormat(append(strconv.AppendInt(b, int64(t.Hour()), 10), nbsp+"h"+nbsp...), "04")
		case "de":
			return append(t.AppendFormat(append(strconv.AppendInt(b, int64(t.Hour()), 10), '.'), "04"), nbsp+"Uhr"...)
		}
	}
	return t.AppendFormat(b, "15:04")
}

// day writes a date in a sentence. In an SMS the short form is the one there is
// room for.
func (v *Voice) day(b []byte, t time.Time) []byte {
	if v.sms {
		return v.shortDay(b, t)
	}
	w := words[v.lang]
	if name := w.days[t.Weekday()]; name != "" {
		b = append(append(b, name...), ' ')
	}
	b = strconv.AppendInt(b, int64(t.Day()), 10)
	switch {
	case v.lang == "fr" && t.Day() == 1:
		b = append(b, "er"...)
	case v.lang == "de":
		b = append(b, '.')
	}
	b = append(append(append(b, nbsp...), w.months[t.Month()-1]...), nbsp...)
	return strconv.AppendInt(b, int64(t.Year()), 10)
}

// shortDay writes a date for a table. English readers are of two minds about
// which number is the month, so it is a word.
func (v *Voice) shortDay(b []byte, t time.Time) []byte {
	switch {
	case v.lang == "en" && v.sms:
		return t.AppendFormat(b, "2 Jan 2006")
	case v.lang == "en":
		return t.AppendFormat(b, "2"+nbsp+"Jan"+nbsp+"2006")
	case v.lang == "de" || v.style.Country == "CH":
		return t.AppendFormat(b, "02.01.2006")
	}
	return t.AppendFormat(b, "02/01/2006")
}

// money writes an amount: 12.500,00 €, 12 500,00 €, CHF 12’500.00, €12,500.00.
func (v *Voice) money(b []byte, m Money) []byte {
	group, decimal := v.separators(m.Currency)
	space, currency := nbsp, m.Currency
	if v.sms {
		space = " "
	} else if currency == "EUR" && !v.swiss(m.Currency) {
		currency = "€"
	}
	cents := m.Cents
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	number := sign + grouped(cents/100, group) + decimal + fmt.Sprintf("%02d", cents%100)
	switch {
	case v.lang == "en" && currency == "€":
		return append(append(b, sign+"€"...), number[len(sign):]...)
	case v.lang == "en", v.swiss(m.Currency):
		return append(append(append(b, currency...), space...), number...)
	}
	return append(append(append(b, number...), space...), currency...)
}

// swiss reports whether an amount is written as in Switzerland. German always
// is: the product's German is Swiss.
func (v *Voice) swiss(currency string) bool {
	return v.lang != "en" && (v.lang == "de" || v.style.Country == "CH" || currency == "CHF")
}

// separators are those of an amount in this voice.
func (v *Voice) separators(currency string) (group, decimal string) {
	switch {
	case v.lang == "en":
		return ",", "."
	case v.swiss(currency) && v.sms:
		return "'", "."
	case v.swiss(currency):
		return "’", "."
	case v.lang == "fr" && v.sms:
		return " ", ","
	case v.lang == "fr":
		return "\u202f", ","
	}
	return ".", ","
}

// grouped writes a whole number in groups of three.
func grouped(n int64, group string) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + group + s[i:]
	}
	return s
}

// percent writes as many decimals as there are: 50 %, 12,5 %, 33,33 %.
func (v *Voice) percent(b []byte, p Percent) []byte {
	s := strconv.FormatFloat(float64(p)/100, 'f', -1, 64)
	if _, decimal := v.separators(""); decimal == "," {
		s = strings.Replace(s, ".", ",", 1)
	}
	b = append(b, s...)
	switch {
	case v.lang == "en":
	case v.sms:
		b = append(b, ' ')
	default:
		b = append(b, nbsp...)
	}
	return append(b, '%')
}
