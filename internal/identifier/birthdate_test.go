package identifier

import (
	"errors"
	"testing"
	"time"
)

// today is the day on which the tests are told they run.
var today = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)

func TestBirthDate(t *testing.T) {
	for _, typed := range []string{
		"21.03.1982", "21.3.1982", "21/03/1982", "21/3/1982", "21-03-1982", "21-3-1982", "21 3 1982", "21 03 1982", "21. 3. 1982",
		" 21.03.1982 ", "21.03.1982.", "21\u00a003\u00a01982", "21–03–1982", "21031982", "1982-03-21", "1982-3-21", "1982/03/21", "19820321",
		"21.3.82", "21-3-82", "21/03/82", "21 mars 1982", "21 Mars 1982", "21 MARS 82", "le 21 mars 1982", "21. März 1982", "21. Maerz 1982",
		"21. Marz 1982", "21. Ma\u0308rz 1982", "21. Mrz. 1982", "den 21. März 1982", "21 marzo 1982", "il 21 marzo 1982", "21marzo1982", "21 mar 1982",
		"21 mar. '82", "21-mar-1982", "21 March 1982",
	} {
		if got, err := BirthDate(typed, today); got != "1982-03-21" || err != nil {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	for typed, want := range map[string]string{
		"1er août 1958": "1958-08-01", "1 aout 1958": "1958-08-01", "1° agosto 1958": "1958-08-01", "1º agosto 1958": "1958-08-01",
		"l'8 dicembre 1958": "1958-12-08", "l’8 dicembre 1958": "1958-12-08", "3 février 1958": "1958-02-03", "3 fevr. 1958": "1958-02-03",
		"3. Jänner 1958": "1958-01-03", "3 gennaio 1958": "1958-01-03", "3 juil. 1958": "1958-07-03", "3. Okt. 1958": "1958-10-03",
		"3 sett. 1958": "1958-09-03", "3 juin 1958": "1958-06-03", "3 giu 1958": "1958-06-03", "3. Dez 58": "1958-12-03", "3 mai 1958": "1958-05-03",
		"3 avril 1958": "1958-04-03", "3 novembre 1958": "1958-11-03",
		"03/04/1958": "1958-04-03", // never the American order
		"29.02.2000": "2000-02-29", "29.2.1996": "1996-02-29", "31.12.1999": "1999-12-31", "01.01.1900": "1900-01-01",
		"22.11.2026": "2026-11-22", "19111982": "1982-11-19", "20122001": "2001-12-20", "20011220": "2001-12-20", "19111219": "1911-12-19",
		"1.2.03": "2003-02-01", // 1903 would be 123 years ago
		"1.2.27": "1927-02-01",
		"1.2.99": "1999-02-01",
		// Of 1906 and 2006 both can be, but for who would be 120.
		"21.11.06": "2006-11-21", "23.11.26": "1926-11-23",
	} {
		if got, err := BirthDate(typed, today); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %s", typed, got, err, want)
		}
	}
	for typed, want := range map[string]string{
		"": "format", " ": "format", "1982": "format", "21.03": "format", "21.03.": "format", "21.03.1982 10:00": "format", "21.03.19822": "format",
		"21.03.982": "format", "021.03.1982": "format", "21.003.1982": "format", "210382": "format", "2131982": "format", "März 21 1982": "format",
		"March 21, 1982": "format", "21 märchen 1982": "format", "21 x 1982": "format", "mars mars mars": "format", "21 mars mars": "format",
		"21*03*1982": "format", "２１.０３.１９８２": "format", "21.03.1982\x00": "format", "82-03-1982": "date", "82-3-21": "year", "1982 mars 21": "format",
		"21.03.1982\n22.03.1982": "format", "1982-03-82-1": "format", "21_03_1982": "format", "21 mаrs 1982": "format", // a Cyrillic а
		"03/21/1982": "date", "00.03.1982": "date", "21.00.1982": "date", "21.13.1982": "date", "31.04.1982": "date", "29.02.1982": "date",
		"29.02.1900": "date", "30.2.2000": "date", "32.01.1982": "date", "1982-13-01": "date", "99999999": "date", "00000000": "date",
		"1.2.15": "year", "31.12.08": "year", "22.11.26": "year",
		"23.11.2026": "range", "01.01.2027": "range", "21.03.1882": "range", "21.03.0082": "range", "22.11.1896": "range", "1.1.9999": "range",
	} {
		got, err := BirthDate(typed, today)
		var e *Error
		if !errors.As(err, &e) || e.Kind != KindBirthDate || e.Reason != want {
			t.Errorf("%q: %q, %v; want %s", typed, got, err, want)
		}
	}
}

// Every day of a century, in each spelling, is that day again.
func TestBirthDateEveryDay(t *testing.T) {
	n := 0
	for day := time.Date(1927, 1, 1, 0, 0, 0, 0, time.UTC); day.Before(today); day = day.AddDate(0, 0, 1) {
		want := day.Format("2006-01-02")
		for _, form := range []string{"2006-01-02", "02.01.2006", "2.1.2006", "02012006", "20060102", "2 January 2006", "2. Jan 2006"} {
			if got, err := BirthDate(day.Format(form), today); got != want || err != nil {
				t.Fatalf("%q: %q, %v", day.Format(form), got, err)
			}
		}
		n++
	}
	if n < 36_000 {
		t.Errorf("only %d days", n)
	}
}

func FuzzBirthDate(f *testing.F) {
	for _, s := range []string{"21.03.1982", "1er août 1958", "21. Ma\u0308rz 82", "19820321", "\xff", "l'8 dicembre 1958"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := BirthDate(s, today)
		if err != nil {
			if got != "" {
				t.Errorf("%q: an error and %q", s, got)
			}
			return
		}
		if day, err := time.Parse("2006-01-02", got); err != nil || day.After(today) {
			t.Errorf("%q gives %q", s, got)
		}
		if again, err := BirthDate(got, today); again != got || err != nil {
			t.Errorf("%q gives %q, which gives %q, %v", s, got, again, err)
		}
	})
}

func TestUserName(t *testing.T) {
	for typed, want := range map[string]string{
		"anna.rossi@posta.ch": "anna.rossi@posta.ch", " Anna.Rossi@POSTA.CH\n": "anna.rossi@posta.ch",
		"ａｎｎａ@posta.ch":      "anna@posta.ch", // full-width letters
		"ann\u212a@posta.ch": "annk@posta.ch", "anna+fondo@posta.ch": "anna+fondo@posta.ch",
		"anna@Z\u00dcRICH.example": "anna@xn--zrich-kva.example", "anna@zu\u0308rich.example": "anna@xn--zrich-kva.example",
		"anna@xn--zrich-kva.example": "anna@xn--zrich-kva.example",
	} {
		if got, err := UserName(typed); got != want || err != nil {
			t.Errorf("%q: %q, %v; want %q", typed, got, err, want)
		}
	}
	for _, typed := range []string{
		"", "anna", "anna@", "@posta.ch", "anna rossi@posta.ch", "ann\u0430@posta.ch", // a Cyrillic а
		"an\u00adna@posta.ch", "an\u200bna@posta.ch", "anna\u202e@posta.ch", "ſanna@posta.ch\x00", "anna@@posta.ch", "anna@posta.ch\r\nBcc: x@y.ch",
		"änna@posta.ch", string(make([]byte, 2000)) + "@posta.ch",
	} {
		if got, err := UserName(typed); err == nil {
			t.Errorf("%q: %q", typed, got)
		}
	}
}

// However it is typed, it is one name: folding twice changes nothing.
func FuzzUserName(f *testing.F) {
	for _, s := range []string{"Anna@posta.ch", "ａｎｎａ@posta.ch", "ann\u212a@b.ch", "anna@zürich.example", "\xff@b.ch"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := UserName(s)
		if err != nil {
			return
		}
		if again, err := UserName(got); again != got || err != nil {
			t.Errorf("%q gives %q, which gives %q, %v", s, got, again, err)
		}
		if EmailKey(got) != got {
			t.Errorf("%q gives %q, which is no key", s, got)
		}
	})
}
