package identifier

// NIR normalises a French social security number, key included, to its fifteen
// characters; dots and white space go. Provisional numbers (first digit 3, 5 to
// 8) follow other rules and are refused as "sex".
func NIR(s string) (string, error) {
	refuse := func(reason string) (string, error) { return "", &Error{KindNIR, reason} }
	s = compact(s, ".")
	if !all(s, func(c byte) bool { return digit(c) || c == 'A' || c == 'B' }) {
		return refuse("charset")
	}
	if len(s) != 15 {
		return refuse("length")
	}
	// The only letters are those of Corsica's departments, 2A and 2B.
	for i := range len(s) {
		if !digit(s[i]) && (i != 6 || s[5] != '2') {
			return refuse("format")
		}
	}
	if s[0] != '1' && s[0] != '2' {
		return refuse("sex")
	}
	// From 20 on the month was unknown, or the numbers of the month had run out.
	if month := pair(s[3:5]); month < 1 || month > 12 && month < 20 {
		return refuse("month")
	}
	if s[5:7] == "00" {
		return refuse("department")
	}
	if s[10:13] == "000" {
		return refuse("order")
	}
	if pair(s[13:15]) != nirKey(s) {
		return refuse("key")
	}
	return s, nil
}

// nirKey is the key of a number's first thirteen characters, 1 to 97, where 2A
// counts as 19 and 2B as 18.
func nirKey(s string) int {
	n := 0
	for i := range 13 {
		switch c := s[i]; {
		case i == 5 && s[6] == 'A':
			n = n*10 + 1
		case i == 5 && s[6] == 'B':
			n = n*10 + 1
		case c == 'A':
			n = n*10 + 9
		case c == 'B':
			n = n*10 + 8
		default:
			n = n*10 + int(c-'0')
		}
	}
	return 97 - n%97
}

// pair is the value of two digits.
func pair(s string) int { return 10*int(s[0]-'0') + int(s[1]-'0') }
