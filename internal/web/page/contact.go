package page

import "strings"

// A Said is a sentence in which an address stands that is seen masked and heard
// in words, for the part «said». Seen is "" where both are the same.
type Said struct{ Before, Seen, Heard, After string }

// Say is the text of key, with a masked e-mail address in its hole «masked».
func (v *Visit) Say(key, masked string, args ...any) Said {
	text := v.T(key, append(args, "masked", masked)...)
	before, after, found := strings.Cut(text, masked)
	if !found || masked == "" {
		return Said{Before: text}
	}
	return Said{before, masked, v.SpokenEmail(masked), after}
}

// SpokenEmail is a masked e-mail address (access.MaskEmail) for those who hear
// the page: dots read out one by one tell nothing.
func (v *Visit) SpokenEmail(masked string) string {
	name, domain, found := strings.Cut(masked, "@")
	if !found {
		return masked
	}
	first, last, _ := strings.Cut(name, "•")
	last = strings.Trim(last, "•")
	if last == "" {
		last = "…" // a short name keeps its first letter alone
	}
	return v.T("contact.spoken_email", "first", first, "last", last, "domain", undotted(domain))
}

// undotted puts one sign of omission where a row of dots stands.
func undotted(s string) string {
	before, after, found := strings.Cut(s, "•")
	if !found {
		return s
	}
	return before + "…" + strings.TrimLeft(after, "•")
}
