package identifier

// ibanCountry is how a country writes its accounts.
type ibanCountry struct {
	length int
	shape  string // of what follows the check pair, in runs: n digit, a letter, c either; "" for any
	check  func(bban string) bool
}

// ibanCountries are the countries of the SEPA schemes, by the SWIFT registry
// (ISO 13616). Shapes and national checks are held where our funds' members
// bank; elsewhere length and remainder must do.
var ibanCountries = map[string]ibanCountry{
	"IT": {27, "annnnnnnnnncccccccccccc", italian},
	"SM": {27, "annnnnnnnnncccccccccccc", italian},
	"VA": {22, "nnnnnnnnnnnnnnnnnn", nil},
	"CH": {21, "nnnnncccccccccccc", nil},
	"LI": {21, "nnnnncccccccccccc", nil},
	"FR": {27, "nnnnnnnnnncccccccccccnn", french},
	"MC": {27, "nnnnnnnnnncccccccccccnn", french},

	"AD": {length: 24}, "AL": {length: 28}, "AT": {length: 20}, "BE": {length: 16}, "BG": {length: 22},
	"CY": {length: 28}, "CZ": {length: 24}, "DE": {length: 22}, "DK": {length: 18}, "EE": {length: 20},
	"ES": {length: 24}, "FI": {length: 18}, "GB": {length: 22}, "GI": {length: 23}, "GR": {length: 27},
	"HR": {length: 21}, "HU": {length: 28}, "IE": {length: 22}, "IS": {length: 26}, "LT": {length: 20},
	"LU": {length: 20}, "LV": {length: 21}, "MD": {length: 24}, "ME": {length: 22}, "MK": {length: 19},
	"MT": {length: 31}, "NL": {length: 18}, "NO": {length: 15}, "PL": {length: 28}, "PT": {length: 25},
	"RO": {length: 24}, "RS": {length: 22}, "SE": {length: 24}, "SI": {length: 19}, "SK": {length: 24},
}

// IBAN normalises an account number of a SEPA country: white space goes, letters
// are raised. The pair of check digits must be one that can be made (02 to 98):
// 00, 01 and 99 give the right remainder for some accounts and are no IBAN.
func IBAN(s string) (string, error) {
	refuse := func(reason string) (string, error) { return "", &Error{KindIBAN, reason} }
	s = compact(s, "")
	if !all(s, alphanumeric) {
		return refuse("charset")
	}
	if len(s) < 4 {
		return refuse("length")
	}
	country, ok := ibanCountries[s[:2]]
	if !ok {
		return refuse("country")
	}
	if len(s) != country.length {
		return refuse("length")
	}
	bban := s[4:]
	if !digit(s[2]) || !digit(s[3]) || !fits(bban, country.shape) {
		return refuse("format")
	}
	if p := pair(s[2:4]); p < 2 || p > 98 || mod97(bban+s[:4]) != 1 {
		return refuse("check")
	}
	if country.check != nil && !country.check(bban) {
		return refuse("national")
	}
	return s, nil
}

// fits reports whether an account is of a shape.
func fits(bban, shape string) bool {
	for i := range len(shape) {
		c := bban[i]
		if shape[i] == 'n' && !digit(c) || shape[i] == 'a' && !letter(c) {
			return false
		}
	}
	return true
}

// italian checks the CIN: the letter that the tax code's tables give for the 22
// characters of bank, branch and account (ABI).
func italian(bban string) bool {
	sum := 0
	for i, c := range []byte(bban[1:]) {
		if i%2 == 0 {
			sum += odd[ordinal(c)]
		} else {
			sum += ordinal(c)
		}
	}
	return bban[0] == byte('A'+sum%26)
}

// french checks the RIB key: with letters written as the digits 1 to 9, the 23
// digits of bank, branch, account and key are a multiple of 97.
func french(bban string) bool {
	n := 0
	for _, c := range []byte(bban) {
		d := ordinal(c)
		switch {
		case c >= 'S': // S to Z count 2 to 9
			d = int(c-'S') + 2
		case c >= 'J': // J to R count 1 to 9
			d = int(c-'J') + 1
		case c >= 'A': // A to I count 1 to 9
			d = int(c-'A') + 1
		}
		n = (n*10 + d) % 97
	}
	return n == 0
}
