package identifier

// AHV normalises a Swiss AHV number (AHVN13, in force since 1 July 2008) to its
// thirteen digits; dots and white space go, and nothing else: a hyphen or a
// country's letters are refused. The number tells neither birth nor sex nor
// name, and a right check digit is no proof of identity: EAN-13 does not see a
// swap of neighbours that differ by five.
func AHV(s string) (string, error) {
	refuse := func(reason string) (string, error) { return "", &Error{KindAHV, reason} }
	s = compact(s, ".")
	if !all(s, digit) {
		return refuse("charset")
	}
	if len(s) != 13 {
		return refuse("length") // also the old number of eleven digits: the new one is asked for
	}
	if s[:3] != "756" {
		return refuse("prefix")
	}
	sum := 0
	for i := range 12 {
		weight := 1
		if i%2 == 1 {
			weight = 3
		}
		sum += weight * int(s[i]-'0')
	}
	if int(s[12]-'0') != (10-sum%10)%10 {
		return refuse("check")
	}
	return s, nil
}

// AHVDotted writes a number that AHV returned as it is printed:
// 756.1234.5678.97. Any other string is returned as it is.
func AHVDotted(s string) string {
	if len(s) != 13 {
		return s
	}
	return s[:3] + "." + s[3:7] + "." + s[7:11] + "." + s[11:]
}
