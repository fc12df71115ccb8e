package page

import "strings"

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
