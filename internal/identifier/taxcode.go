package identifier

// odd is what a character counts on an odd place of a tax code, by its ordinal;
// digits use the first ten (D.M. 23 December 1976 no. 13813). The Italian IBAN's
// check letter uses the same table.
var odd = [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}

// months are the letters of the months, January first.
const months = "ABCDEHLMPRST"

// omocodia are the letters that stand for 0 to 9 when two people would have the
// same code.
const omocodia = "LMNPQRSTUV"

// shape names what may stand on each place of a tax code: L a letter, M a
// month's letter, D a digit or its omocodia letter.
const shape = "LLLLLLDDMDDLDDDL"

// monthDays are the days of each month in a leap year.
var monthDays = [12]int{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// TaxCode normalises an Italian tax code (codice fiscale): white space goes,
// letters are raised. Codes with omocodia letters are valid and are kept as they
// are: they belong to other people than the code they derive from.
//
// A valid code may still be one that was never issued: only the tax office knows.
func TaxCode(s string) (string, error) {
	refuse := func(reason string) (string, error) { return "", &Error{KindTaxCode, reason} }
	s = compact(s, "")
	if !all(s, alphanumeric) {
		return refuse("charset")
	}
	if len(s) == 11 && all(s, digit) {
		return refuse("provisional")
	}
	if len(s) != len(shape) {
		return refuse("length")
	}
	for i := range len(s) {
		if !stands(s[i], shape[i]) {
			return refuse("format")
		}
	}
	if s[15] != taxCodeLetter(s) {
		return refuse("check")
	}
	b := TaxCodeBirth(s)
	if b.Day < 1 || b.Day > monthDays[b.Month-1] || b.Month == 2 && b.Day == 29 && b.Year%4 != 0 {
		return refuse("date")
	}
	return s, nil
}

// stands reports whether c may stand where the shape says class.
func stands(c, class byte) bool {
	switch class {
	case 'L':
		return letter(c)
	case 'M':
		return index(months, c) >= 0
	}
	return digit(c) || index(omocodia, c) >= 0
}

// taxCodeLetter is the check letter of a code's first fifteen characters.
func taxCodeLetter(s string) byte {
	sum := 0
	for i := range 15 {
		if i%2 == 0 { // the odd places, counted from 1
			sum += odd[ordinal(s[i])]
		} else {
			sum += ordinal(s[i])
		}
	}
	return byte('A' + sum%26)
}

// A Birth is what a tax code says of a birth. The code does not tell the
// century, so Year has two digits.
type Birth struct {
	Year, Month, Day int
	Sex              string // "M" or "F"
}

// TaxCodeBirth reads birth date and sex out of a code that TaxCode returned,
// omocodia or not. Of any other string it returns the zero Birth.
func TaxCodeBirth(code string) Birth {
	if len(code) != len(shape) || index(months, code[8]) < 0 {
		return Birth{}
	}
	b := Birth{
		Year:  10*plain(code[6]) + plain(code[7]),
		Month: index(months, code[8]) + 1,
		Day:   10*plain(code[9]) + plain(code[10]),
		Sex:   "M",
	}
	if b.Day > 40 {
		b.Day, b.Sex = b.Day-40, "F"
	}
	return b
}

// Omocodia reports whether a code that TaxCode returned has letters in the
// place of digits.
func Omocodia(code string) bool {
	for i := range min(len(code), len(shape)) {
		if shape[i] == 'D' && !digit(code[i]) {
			return true
		}
	}
	return false
}

// plain is the digit that a character of a date or place stands for.
func plain(c byte) int {
	if digit(c) {
		return int(c - '0')
	}
	return index(omocodia, c)
}

// index is the place of c in s, or -1.
func index(s string, c byte) int {
	for i := range len(s) {
		if s[i] == c {
			return i
		}
	}
	return -1
}
