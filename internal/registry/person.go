package registry

import (
	"strings"

	"aditus/internal/access"
	"aditus/internal/identifier"
)

// person judges all of a record that has the right shape, and makes its entry.
func (v *verdict) person() {
	if v.rec.hasSep {
		v.add(issueQuotedSeparator)
	}
	if v.rec.hasLine {
		v.add(issueQuotedNewline)
	}
	e := &v.res.Entry
	r := &e.Record
	e.Number = v.number()
	v.plain(r)

	code, birth, foreign := v.taxCode(r)
	born := v.birthDate(r, birth)
	if code != "" && !foreign { // that somebody else's code does not fit is no second finding
		v.agreement(r, birth, born)
	}
	email, mobile := v.contacts(r, code)
	deceased, represented := v.standing(e, born)

	if v.has(capLoginBlocked) {
		email, mobile = true, true // nobody will be written to: the lack of a channel is not the point
	}
	if !email && !mobile && !deceased && !represented {
		v.add(issueNoChannel)
	}
	v.close(e, deceased, represented)
}

// number judges the key.
func (v *verdict) number() string {
	n, word := v.keyOf(v.rec)
	switch {
	case n == "":
		v.add(word)
		return v.tidied(v.rec, v.key) // as it is: the office has to find the row
	case word != "":
		v.mend(word, v.key, n)
	}
	if records, _ := v.repeats.see(v.repeats.hash(spaceNumber, n), nobody); records > 1 {
		v.add(issueNumDuplicate)
	}
	return n
}

// plain reads what is text and words.
func (v *verdict) plain(r *access.Record) {
	r.Surname, r.Name = v.text(fieldSurname), v.text(fieldName)
	if strings.ContainsRune(r.Surname+r.Name, '?') {
		v.add(issueReplacementChar)
	}
	r.BirthPlace = v.text(fieldBirthPlace)
	r.Street, r.Postcode, r.Town = v.text(fieldStreet), v.text(fieldPostcode), v.text(fieldTown)
	r.Province, r.Country = v.text(fieldProvince), v.text(fieldCountry)
	if r.Country == "" {
		r.Country = v.p.Country
	}
	r.Phone, r.Employer = v.text(fieldPhone), v.text(fieldEmployer)
	r.Sex = v.listed(fieldSex)
	r.JoinKind, r.Line, r.Mailing = v.listed(fieldJoinKind), v.listed(fieldLine), v.listed(fieldMailing)
	for _, k := range v.cols.keep {
		if s := v.column(k.at, k.col, fieldCount); s != "" {
			if r.More == nil {
				r.More = make(map[string]string, len(v.cols.keep))
			}
			r.More[k.name] = s
		}
	}
	for _, f := range v.need {
		switch {
		case f == v.key || f == fieldTaxCode || f == fieldBirthDate: // told where they are judged
		case strings.TrimSpace(v.raw(v.rec, f)) == "":
			v.add(missingWord(fieldNames[f]))
		}
	}
}

// listed is a word of a list; a strange one is told and dropped.
func (v *verdict) listed(f field) string {
	s, ok := v.word(f)
	if !ok {
		v.add(unknownWord(fieldNames[f]))
	}
	return s
}

// required reports whether the profile needs a field.
func (v *verdict) required(f field) bool {
	for _, n := range v.need {
		if n == f {
			return true
		}
	}
	return false
}

// taxCode judges the tax code: the code if it is right, what birth it tells, and
// whether it is somebody else's as well.
func (v *verdict) taxCode(r *access.Record) (code string, b identifier.Birth, foreign bool) {
	raw := v.raw(v.rec, fieldTaxCode)
	s, mended := tidy(raw, false)
	r.TaxCode = s
	if s == "" {
		if v.required(fieldTaxCode) {
			v.add(issueCFMissing)
		}
		return "", b, false
	}
	code, err := identifier.TaxCode(s)
	if err != nil {
		e, _ := err.(*identifier.Error)
		v.add("CF_" + strings.ToUpper(e.Reason))
		return "", b, false
	}
	r.TaxCode = code
	switch {
	case code == raw:
	case mended.zeroWidth:
		v.mend(issueZeroWidth, fieldTaxCode, code)
	default:
		v.mend(issueCFNormalise, fieldTaxCode, code)
	}
	if identifier.Omocodia(code) {
		v.add(issueOmocodia)
	}
	who := func() uint32 { return v.personOf(v.rec, code) }
	switch records, people := v.repeats.see(v.repeats.hash(spaceTaxCode, code), who); {
	case people > 1:
		v.add(issueCFDuplicate)
		foreign = true
	case records > 1:
		v.add(issueTwoPositions)
	}
	return code, identifier.TaxCodeBirth(code), foreign
}

// birthDate judges the date of birth.
func (v *verdict) birthDate(r *access.Record, b identifier.Birth) date {
	s := v.tidied(v.rec, fieldBirthDate)
	if s == "" {
		if v.required(fieldBirthDate) {
			v.add(issueDateMissing)
		}
		return date{}
	}
	d, word := v.dates.read(s, b)
	switch {
	case d.y == 0:
		v.add(word)
	case d == date{1900, 1, 1}:
		v.add(issueDateDefault)
		d = date{}
	case d.y < 1900:
		v.add(issueDateImpossible)
		d = date{}
	case d.after(v.dates.today):
		v.add(issueDateFuture)
		d = date{}
	case word != "":
		v.mend(word, fieldBirthDate, d.as(v.dates.formats[0]))
	case s != v.raw(v.rec, fieldBirthDate):
		v.mend(issueWhitespace, fieldBirthDate, d.as(v.dates.formats[0]))
	}
	r.Born = d.iso()
	return d
}

// otherDate judges a date that nobody is known by: unreadable, it is left out.
func (v *verdict) otherDate(f field) string {
	s := v.tidied(v.rec, f)
	d, word := v.dates.read(s, identifier.Birth{})
	switch {
	case s == "":
	case d.y == 0:
		v.add(issueDateUnreadable)
	case word != "":
		v.mend(word, f, d.as(v.dates.formats[0]))
	}
	return d.iso()
}

// agreement compares the record with its own tax code.
func (v *verdict) agreement(r *access.Record, b identifier.Birth, born date) {
	if identifier.TaxCodePerson(r.TaxCode, identifier.Person{Surname: r.Surname, Name: r.Name}) != "" && !v.broken(r) {
		v.add(issueCFName)
	}
	if born.y != 0 && !born.is(b) {
		v.add(issueCFBirthdate)
	}
	if r.Sex != "" && r.Sex != b.Sex {
		v.add(issueCFSex)
	}
}

// broken reports whether a name still has characters that are wrong, so that it
// cannot be compared.
func (v *verdict) broken(r *access.Record) bool {
	for _, s := range []string{r.Surname, r.Name} {
		if _, ok := unmojibake(s); ok {
			return true
		}
	}
	return false
}

// contacts judges e-mail and mobile, and tells which of them a code can go to.
func (v *verdict) contacts(r *access.Record, code string) (email, mobile bool) {
	who := func() uint32 { return v.personOf(v.rec, code) }

	address, word := v.emailOf(v.rec)
	switch {
	case address != "":
		r.Email = address
		if word != "" {
			v.mend(word, fieldEmail, address)
		}
		if strings.HasSuffix(address, ".invalid") {
			v.add(issueEmailBouncing)
		}
		role := v.roles[address[:strings.IndexByte(address, '@')]]
		_, people := v.repeats.see(v.repeats.hash(spaceEmail, address), who)
		switch {
		case people >= v.many || people > 1 && role:
			v.add(issueEmailGeneric)
		case people > 1:
			v.add(issueEmailShared)
		}
	case word == issueFormula:
		v.addAs(word, word, Restrict, capEmailOff)
	case word != "":
		v.add(word)
	}

	number, word := v.mobileOf(v.rec)
	switch {
	case number != "":
		r.Mobile = number
		if word != "" {
			v.mend(word, fieldMobile, number)
		}
		_, people := v.repeats.see(v.repeats.hash(spaceMobile, number), who)
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
	r.MobileOff = v.has(capSMSOff)
	return r.Email != "" && !r.EmailOff, r.Mobile != "" && !r.MobileOff
}

// standing judges whether the person lives, is of age, and still belongs.
func (v *verdict) standing(e *access.Entry, born date) (deceased, represented bool) {
	r := &e.Record
	r.Joined, r.Updated = v.otherDate(fieldJoinedOn), v.otherDate(fieldUpdatedOn)
	r.Deceased = v.otherDate(fieldDeceasedOn)
	dated := v.tidied(v.rec, fieldDeceasedOn) != "" // a date nobody can read is a sign of death too

	status, known := v.word(fieldStatus)
	e.Status = status
	switch {
	case !known || status == "":
		v.add(issueStatusUnknown)
	case status == "deceased" && !dated:
		v.add(issueDeceasedNoDate)
	case status != "deceased" && dated:
		v.add(issueDeceasedActive)
	}
	if deceased = dated || status == "deceased"; deceased {
		e.Status = "deceased"
	}

	if s := v.tidied(v.rec, fieldRepresentative); s != "" {
		represented = true
		code, err := identifier.TaxCode(s)
		if err != nil {
			v.add(issueRepresentativeBad)
		} else if code != v.raw(v.rec, fieldRepresentative) {
			v.mend(issueCFNormalise, fieldRepresentative, code)
		}
		r.Representative = code
	}
	if born.y != 0 && born.adult().after(v.dates.today) && !represented && !deceased {
		v.add(issueMinorNoGuardian)
	}
	return deceased, represented
}

// close sets what follows from all the issues together.
func (v *verdict) close(e *access.Entry, deceased, represented bool) {
	switch v.login {
	case fieldTaxCode:
		e.Login = e.Record.TaxCode
	case v.key:
		e.Login = e.Number
	default:
		e.Login = v.tidied(v.rec, v.login)
	}
	v.res.Capability = speaks(v.named)
	switch {
	case v.res.Outcome == Reject: // a profile may be that strict
		v.res.Entry = access.Entry{}
		return
	case v.res.Outcome == Quarantine:
		e.Held = "quarantine"
		return
	case represented:
		e.Held = "represented"
		return
	case deceased:
		return // the status says it
	case v.has(capLoginBlocked):
		e.Held = "blocked"
	}
	email, mobile := e.Record.Email != "" && !e.Record.EmailOff, e.Record.Mobile != "" && !e.Record.MobileOff
	switch {
	case email && mobile:
		v.res.Channels = ChannelsBoth
	case email:
		v.res.Channels = ChannelsEmail
	case mobile:
		v.res.Channels = ChannelsSMS
	default:
		v.res.Channels = ChannelsNone
	}
}
