package identifier

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// KindBirthDate is the kind of a BirthDate's *Error. Its reasons are
//
//	format   not a day in a spelling that is read
//	date     no such day
//	year     two digits that might be of either century
//	range    a day to come, or more than 130 years ago
const KindBirthDate = "birth-date"

// The oldest who sign in. A year of two digits is taken for the only century in
// which its owner would be alive and born; nobody is older than shortYears there.
const (
	longestLife = 130 // years
	shortYears  = 120
)

// BirthDate reads a birth date in the spellings that people in Switzerland, Italy
// and France type, and returns it as YYYY-MM-DD (issue 3, 1; S-4):
//
//	21.03.1982  21.3.1982  21/03/1982  21-3-1982  21 3 1982  21031982
//	21 mars 1982  21. März 1982  21marzo1982  1er août 1982  1° agosto 1982
//	1982-03-21  19820321
//	21.3.82     only if the year can be of one century alone
//
// The day comes before the month, always: 03/21/1982 is no date, and 03/04/1982 is
// in April. Names of months are read in Italian, French, German and English, whole
// and short, with and without accents. today is the day at the fund.
func BirthDate(s string, today time.Time) (string, error) {
	refuse := func(reason string) (string, error) { return "", &Error{KindBirthDate, reason} }
	parts, ok := dateParts(s)
	if !ok {
		return refuse("format")
	}
	day, month, year, ok := dateOrder(parts)
	if !ok {
		return refuse("format")
	}
	d, m, y := atoi(day), atoi(month), atoi(year)
	if len(year) == 2 {
		if y, ok = century(d, m, y, today); !ok {
			return refuse("year")
		}
	}
	born := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if born.Day() != d || born.Month() != time.Month(m) { // it rolled over
		return refuse("date")
	}
	if age := lived(born, today); age < 0 || age >= longestLife {
		return refuse("range")
	}
	return born.Format("2006-01-02"), nil
}

// dateParts are the numbers of a date, the name of a month among them as its
// number behind a sign that tells it from one typed.
func dateParts(s string) (parts []string, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 {
		return nil, false
	}
	runes := []rune(s)
	for i := 0; i < len(runes); {
		r, from := runes[i], i
		switch {
		case '0' <= r && r <= '9':
			for i < len(runes) && '0' <= runes[i] && runes[i] <= '9' {
				i++
			}
			parts = append(parts, string(runes[from:i]))
		case unicode.IsSpace(r) || strings.ContainsRune(".,/-'’°º\u2010\u2011\u2013", r):
			i++
		case unicode.IsLetter(r):
			for i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.Is(unicode.Mn, runes[i])) {
				i++
			}
			word := FoldName(string(runes[from:i]))
			if month := monthNames[word]; month != 0 {
				parts = append(parts, monthSign+strconv.Itoa(month))
			} else if !dateWords[word] || !strings.EqualFold(word, string(runes[from:i])) {
				return nil, false
			}
		default:
			return nil, false
		}
	}
	return parts, true
}

const monthSign = "m"

// dateWords are what may stand around a date: «1er août», «il 21 marzo», «l'8 marzo».
var dateWords = map[string]bool{"ER": true, "IL": true, "L": true, "LE": true, "DEN": true, "AM": true}

// dateOrder says which part is which.
func dateOrder(parts []string) (day, month, year string, ok bool) {
	switch {
	case len(parts) == 1 && len(parts[0]) == 8:
		s := parts[0]
		if s[2:4] > "12" || s[4:6] < "18" { // no month, or no century: it begins with the year
			return s[6:], s[4:6], s[:4], true
		}
		return s[:2], s[2:4], s[4:], true
	case len(parts) != 3:
		return "", "", "", false
	}
	day, month, year = parts[0], parts[1], parts[2]
	if len(day) == 4 && !strings.HasPrefix(month, monthSign) {
		day, year = year, day
	}
	month = strings.TrimPrefix(month, monthSign)
	short := func(s string) bool { return len(s) <= 2 && digit(s[0]) }
	return day, month, year, short(day) && short(month) && (len(year) == 4 || len(year) == 2 && len(parts[0]) != 4) && digit(year[0])
}

// century is the year of which two digits were typed, if it can be one alone.
func century(day, month, short int, today time.Time) (year int, ok bool) {
	for _, c := range []int{1900, 2000} {
		age := lived(time.Date(c+short, time.Month(month), day, 0, 0, 0, 0, time.UTC), today)
		if age < 0 || age >= shortYears {
			continue
		}
		if ok {
			return 0, false
		}
		year, ok = c+short, true
	}
	return year, ok
}

// lived is how many years have passed since a birth; negative before it.
func lived(born, today time.Time) int {
	years := today.Year() - born.Year()
	if fmt.Sprintf("%02d%02d", today.Month(), today.Day()) < born.Format("0102") {
		years--
	}
	return years
}

// atoi is the number of digits that dateParts has seen to be digits.
func atoi(s string) int {
	n := 0
	for i := range len(s) {
		n = 10*n + int(s[i]-'0')
	}
	return n
}

// monthNames are the months as FoldName writes them.
var monthNames = months12(
	"GENNAIO GEN GENN JANVIER JANV JAN JANUAR JANNER JAENNER JANUARY",
	"FEBBRAIO FEB FEBBR FEVRIER FEVR FEV FEBRUAR FEBRUARY",
	"MARZO MAR MARS MARZ MAERZ MRZ MARCH",
	"APRILE APR AVRIL AVR APRIL",
	"MAGGIO MAG MAGG MAI MAY",
	"GIUGNO GIU JUIN JUNI JUN JUNE",
	"LUGLIO LUG JUILLET JUIL JULI JUL JULY",
	"AGOSTO AGO AOUT AOU AUGUST AUG",
	"SETTEMBRE SET SETT SEPTEMBRE SEPT SEP SEPTEMBER",
	"OTTOBRE OTT OCTOBRE OCT OKTOBER OKT OCTOBER",
	"NOVEMBRE NOV NOVEMBER",
	"DICEMBRE DIC DECEMBRE DEC DEZEMBER DEZ DECEMBER",
)

func months12(names ...string) map[string]int {
	all := map[string]int{}
	for i, month := range names {
		for _, name := range strings.Fields(month) {
			all[name] = i + 1
		}
	}
	return all
}
