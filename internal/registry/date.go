package registry

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/identifier"
)

// A date is a day of the calendar; the zero date is none.
type date struct{ y, m, d int }

// iso writes a date as YYYY-MM-DD, "" for none.
func (d date) iso() string {
	if d.y == 0 {
		return ""
	}
	b := [10]byte{4: '-', 7: '-'}
	digits(b[0:4], d.y)
	digits(b[5:7], d.m)
	digits(b[8:10], d.d)
	return string(b[:])
}

// digits fills b with the decimal digits of n.
func digits(b []byte, n int) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i], n = byte('0'+n%10), n/10
	}
}

// as writes a date in a format of the profile.
func (d date) as(f access.DateFormat) string {
	switch f.Order {
	case "dmy":
		return fmt.Sprintf("%02d%c%02d%c%04d", d.d, f.Sep, d.m, f.Sep, d.y)
	case "mdy":
		return fmt.Sprintf("%02d%c%02d%c%04d", d.m, f.Sep, d.d, f.Sep, d.y)
	}
	return fmt.Sprintf("%04d%c%02d%c%02d", d.y, f.Sep, d.m, f.Sep, d.d)
}

// after reports whether d is a later day than e.
func (d date) after(e date) bool {
	if d.y != e.y {
		return d.y > e.y
	}
	if d.m != e.m {
		return d.m > e.m
	}
	return d.d > e.d
}

// real reports whether the calendar has the day.
func (d date) real() bool {
	if d.y < 1 || d.y > 9999 || d.m < 1 || d.m > 12 || d.d < 1 || d.d > 31 {
		return false
	}
	return d.d <= 28 || time.Date(d.y, time.Month(d.m), d.d, 0, 0, 0, 0, time.UTC).Day() == d.d
}

// is reports whether a tax code's birth can be that day.
func (d date) is(b identifier.Birth) bool {
	return b.Sex != "" && d.y%100 == b.Year && d.m == b.Month && d.d == b.Day
}

// A dateReader reads dates as a profile writes them, and as spreadsheets and
// people mangle them.
type dateReader struct {
	formats []access.DateFormat
	today   date
}

// plain reads a date that is exactly in one of the profile's formats.
func (r dateReader) plain(s string) (date, bool) {
	if len(s) != 10 {
		return date{}, false
	}
	for _, f := range r.formats {
		var d date
		ok := false
		switch f.Order {
		case "dmy":
			d = date{number(s[6:10]), number(s[3:5]), number(s[0:2])}
			ok = s[2] == f.Sep && s[5] == f.Sep
		case "mdy":
			d = date{number(s[6:10]), number(s[0:2]), number(s[3:5])}
			ok = s[2] == f.Sep && s[5] == f.Sep
		case "ymd":
			d = date{number(s[0:4]), number(s[5:7]), number(s[8:10])}
			ok = s[4] == f.Sep && s[7] == f.Sep
		}
		if ok && d.real() {
			return d, true
		}
	}
	return date{}, false
}

// number is the value of ASCII digits, -1 of anything else.
func number(s string) int {
	n := 0
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' || n > 1<<24 {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	if s == "" {
		return -1
	}
	return n
}

// read reads a date. word is the issue it has, "" for none; with an issue that
// cannot be mended there is no date. b is what the person's tax code says of the
// birth, if that is the date and the code is right: it decides between readings,
// and nothing else does.
func (r dateReader) read(s string, b identifier.Birth) (d date, word string) {
	if s == "" {
		return date{}, ""
	}
	if d, ok := r.plain(s); ok {
		return d, ""
	}
	if day, ok := withoutTime(s); ok {
		if d, word = r.read(day, b); word == "" {
			word = issueDateTime
		}
		return d, word
	}
	if n := number(s); n >= 0 && len(s) == 5 {
		// Days since 30 December 1899: a spreadsheet's count, right from March 1900 on.
		t := time.Date(1899, 12, 30+n, 0, 0, 0, 0, time.UTC)
		return date{t.Year(), int(t.Month()), t.Day()}, issueDateSerial
	}
	part := strings.FieldsFunc(s, func(c rune) bool { return c == '/' || c == '.' || c == '-' })
	if len(part) != 3 || len(s) != len(part[0])+len(part[1])+len(part[2])+2 {
		return date{}, issueDateImpossible
	}
	sep := s[len(part[0])]
	n := [3]int{number(part[0]), number(part[1]), number(part[2])}
	if n[0] < 0 || n[1] < 0 || n[2] < 0 || sep != s[len(s)-1-len(part[2])] {
		return date{}, issueDateImpossible
	}
	switch f := r.formats[0]; {
	case len(part[0]) == 4:
		return certain(date{n[0], n[1], n[2]}, issueDateISO)
	case f.Order == "ymd" || len(part[0]) > 2 || len(part[1]) > 2:
		return date{}, issueDateImpossible
	case len(part[2]) == 2:
		return r.century(f, n)
	case len(part[2]) != 4:
		return date{}, issueDateImpossible
	default:
		return r.order(f, n, sep, b)
	}
}

// certain is a date if the calendar has it.
func certain(d date, word string) (date, string) {
	if !d.real() {
		return date{}, issueDateImpossible
	}
	return d, word
}

// order reads three numbers of which the year is last: in the profile's order,
// or in the other if that alone is a day and the tax code agrees.
func (r dateReader) order(f access.DateFormat, n [3]int, sep byte, b identifier.Birth) (date, string) {
	ours, other := date{n[2], n[1], n[0]}, date{n[2], n[0], n[1]}
	if f.Order == "mdy" {
		ours, other = other, ours
	}
	switch {
	case sep == f.Sep && ours.real():
		return ours, issueDateNoPad
	case sep == f.Sep && other.real() && other.is(b):
		return other, issueDateUS
	case sep == f.Sep || !ours.real() && !other.real():
		return date{}, issueDateImpossible
	// Another separator is another program's date, perhaps in another order.
	case ours.real() && (!other.real() || ours == other || ours.is(b) && !other.is(b)):
		return ours, issueDateSeparator
	case other.real() && other.is(b) && !ours.is(b):
		return other, issueDateUS
	case !ours.real():
		return date{}, issueDateImpossible
	}
	return date{}, issueDateUSAmbiguous
}

// century reads a year of two digits: the one that makes an age from 0 to 110,
// if only one does.
func (r dateReader) century(f access.DateFormat, n [3]int) (date, string) {
	d := date{0, n[1], n[0]}
	if f.Order == "mdy" {
		d.m, d.d = d.d, d.m
	}
	var found date
	for _, y := range []int{1900, 2000} {
		d.y = y + n[2]
		if !d.real() || d.after(r.today) || r.today.y-d.y > 110 {
			continue
		}
		if found.y != 0 {
			return date{}, issueDateCentury
		}
		found = d
	}
	if found.y == 0 {
		return date{}, issueDateImpossible
	}
	return found, issueDateTwoDigits
}

// withoutTime drops a time of day after a date.
func withoutTime(s string) (day string, ok bool) {
	i := strings.IndexAny(s, " T")
	if i < 6 {
		return s, false
	}
	clock := strings.TrimSuffix(strings.TrimSpace(s[i+1:]), "Z")
	for _, layout := range []string{"15:04:05", "15:04", "15.04.05", "15.04"} {
		if _, err := time.Parse(layout, clock); err == nil {
			return s[:i], true
		}
	}
	return s, false
}

// day is the date of a moment, in the moment's own place.
func day(t time.Time) date {
	y, m, d := t.Date()
	return date{y, int(m), d}
}

// adult is the day on which somebody born on d turns 18.
func (d date) adult() date { return date{d.y + 18, d.m, d.d} }

// hex writes a byte as issue words have it: 0x81.
func hex(c byte) string { return "0x" + strings.ToUpper(strconv.FormatUint(uint64(c), 16)) }
