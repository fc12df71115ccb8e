package registry

import (
	"slices"
	"strings"

	"aditus/internal/access"
	"aditus/internal/identifier"
)

// A box is a kind of mailbox: where it stands, and what is said of it.
type box struct {
	field                    field
	invalid, shared, generic string
	off                      string // the capability that a bad one takes
}

var (
	mailBox = box{fieldEmail, issueEmailInvalid, issueEmailShared, issueEmailGeneric, capEmailOff}
	pecBox  = box{fieldPEC, issuePECInvalid, issuePECShared, issuePECGeneric, capPECOff}
)

// mailOf is the comparable address of a record, e-mail or PEC, and the issue it
// has, as for keyOf. Local parts are lower-cased: exports shout, and no host that
// matters tells the difference.
func (j *judge) mailOf(rec *record, f field) (address, word string) {
	raw := j.raw(rec, f)
	s, mended := tidy(raw, false)
	if s == "" {
		return "", ""
	}
	if strings.IndexByte("=+-@", s[0]) >= 0 {
		return "", issueFormula
	}
	const scheme = "mailto:"
	if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
		s = s[len(scheme):]
	}
	address, err := identifier.Email(s)
	if err != nil {
		return "", issueEmailInvalid
	}
	switch address = identifier.EmailKey(address); {
	case address == raw:
		return address, ""
	case mended.zeroWidth:
		return address, issueZeroWidth
	}
	return address, issueEmailNormalise
}

// mailbox judges an address: what it is, "" if it is none.
func (v *verdict) mailbox(b box) string {
	address, word := v.mailOf(v.rec, b.field)
	switch {
	case address == "" && word == issueFormula:
		v.addAs(word, word, Restrict, b.off)
		return ""
	case address == "":
		if word != "" {
			v.add(b.invalid)
		}
		return ""
	case word != "":
		v.mend(word, b.field, address)
	}
	local, domain, _ := strings.Cut(address, "@")
	if strings.HasSuffix(domain, ".invalid") {
		v.add(issueEmailBouncing)
	}
	if v.work[domain] {
		v.add(issueEmailWork)
	}
	_, people := v.repeats.see(v.repeats.hash(spaceMail, address), v.who)
	switch {
	case people >= v.many || people > 1 && v.roles[local]:
		v.add(b.generic)
	case people > 1:
		v.add(b.shared)
	}
	return address
}

// certified reports whether an address is one of certified mail, as far as its
// domain tells: providers of PEC say so in the name of their domains.
func certified(address string) bool {
	_, domain, _ := strings.Cut(address, "@")
	for label := range strings.SplitSeq(domain, ".") {
		if strings.HasPrefix(label, "pec") || strings.HasSuffix(label, "pec") || strings.Contains(label, "legalmail") || strings.Contains(label, "postacert") {
			return true
		}
	}
	return false
}

// contacts judges e-mail, PEC and mobile: what is on file, and what may be used.
func (v *verdict) contacts(r *access.Record) {
	r.Email, r.PEC = v.mailbox(mailBox), v.mailbox(pecBox)
	number, word := v.mobileOf(v.rec)
	people := 0
	switch {
	case number != "":
		r.Mobile = number
		if word != "" {
			v.mend(word, fieldMobile, number)
		}
		_, people = v.repeats.see(v.repeats.hash(spaceMobile, number), v.who)
		switch {
		case people >= v.many:
			v.add(issueMobileDesk)
		case people > 1:
			v.add(issueMobileShared)
		}
	case word == issueFormula:
		v.addAs(word, word, Restrict, capSMSOff)
	case word != "":
		v.add(word)
	}
	r.EmailOff = v.has(capEmailOff) || v.has(capEmailNoOTP)
	r.PECOff = v.has(capPECOff)
	r.MobileOff = v.has(capSMSOff) || slices.Contains(v.res.Issues, v.effects[issueMobileDesk].word)
	if r.PEC != "" && certified(r.Email) && !certified(r.PEC) {
		v.add(issueSwapped)
		r.Email, r.PEC, r.EmailOff, r.PECOff = r.PEC, r.Email, r.PECOff, r.EmailOff
	}
	v.reliable(r, people)
}

// reliable judges whether the register vouches for the mobile (C-9). A number
// that several people have is nobody's own, whoever vouched for it (C-20).
func (v *verdict) reliable(r *access.Record, people int) {
	if v.cols.of[fieldReliable] < 0 {
		return
	}
	r.MobileSource, r.MobileChecked = v.listed(fieldMobileSource), v.otherDate(fieldMobileChecked)
	said := v.spelled(fieldReliable, yesNo, issueFlagVariant, issueFlagGarbage)
	empty := v.tidied(v.rec, fieldMobile) == ""
	switch {
	case said == "yes" && empty:
		v.add(issueReliableNoMobile)
	case !empty && v.tidied(v.rec, fieldReliable) == "":
		v.add(issueFlagBlank)
	}
	r.MobileReliable = said == "yes" && r.Mobile != "" && !r.MobileOff && people == 1
}

// usable reports whether the person can be written to there.
func usable(r *access.Record, f field) bool {
	switch f {
	case fieldEmail:
		return r.Email != "" && !r.EmailOff
	case fieldPEC:
		return r.PEC != "" && !r.PECOff
	}
	return r.Mobile != "" && !r.MobileOff
}

// mobileOf is the mobile number of a record in E.164 and the issue it has, as for
// keyOf. The country's own form without prefix is no issue.
func (j *judge) mobileOf(rec *record) (e164, word string) {
	raw := j.raw(rec, fieldMobile)
	s, _ := tidy(raw, false)
	if s == "" {
		return "", ""
	}
	if strings.IndexByte("=-@", s[0]) >= 0 && len(s) > 1 {
		return "", issueFormula
	}
	e164, err := j.phones.Mobile(s, j.p.Country)
	if err != nil {
		e, _ := err.(*identifier.Error)
		if e != nil && e.Reason == "fixed" || j.p.Country == "IT" && landline(s) {
			return "", issueMobileLandline
		}
		return "", issueMobileInvalid
	}
	trunk := "0"
	if j.dial == "+39" {
		trunk = ""
	}
	switch own := strings.TrimPrefix(e164, j.dial); {
	case raw == e164:
		return e164, ""
	case j.dial != "" && own == e164:
		return e164, issueMobileForeign
	case trunk != "" && raw == own:
		return e164, issueMobileZeroLost
	case len(raw) == len(trunk)+len(own) && strings.HasSuffix(raw, own) && strings.HasPrefix(raw, trunk):
		return e164, ""
	}
	return e164, issueMobileFormat
}

// landline reports whether a number looks like an Italian fixed line: a 0 first
// and as many digits as one has. Whether it is assigned does not matter here.
func landline(s string) bool {
	for _, prefix := range []string{"+39", "0039"} {
		s = strings.TrimSpace(strings.TrimPrefix(s, prefix))
	}
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case i == 0 || !strings.ContainsRune(" ./-()", r):
			return false
		}
	}
	return digits >= 6 && digits <= 11 && s[0] == '0' && s[1] != '0'
}
