package registry

import (
	"slices"
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
	foreignAHV := v.ahv()
	e.Number = v.number(foreignAHV)
	v.plain(r)

	code, birth, foreign := v.taxCode(r)
	born := v.birthDate(r, birth)
	if code != "" && !foreign { // that somebody else's code does not fit is no second finding
		v.agreement(r, birth, born)
	}
	delegate := v.linked(code)
	v.contacts(r)
	if born.y == 0 && code != "" {
		born = v.youngest(birth)
	}
	deceased, represented := v.standing(e, born, delegate)
	v.activation(r)

	// Where nobody will be written to, the lack of a channel is not the point.
	if !v.has(capLoginBlocked) && !deceased && !represented && !slices.ContainsFunc(v.reach, func(f field) bool { return usable(r, f) }) {
		v.add(issueNoChannel)
	}
	v.close(e, deceased, represented)
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
	r.Kind, r.Contract, r.Plan, r.Strategy = v.listed(fieldKind), v.text(fieldContract), v.listed(fieldPlan), v.listed(fieldStrategy)
	r.CivilStatus, r.Language = v.listed(fieldCivilStatus), v.language()
	r.SurvivorOf, r.Relation = v.text(fieldSurvivorOf), v.listed(fieldRelation)
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
		case f == v.key || f == fieldTaxCode || f == fieldBirthDate || f == fieldAHV || f == fieldActivation: // told where they are judged
		default:
			v.needs(f)
		}
	}
	for _, c := range v.when {
		if slices.Contains(c.is, v.ours(v.rec, c.field)) {
			for _, f := range c.needs {
				v.needs(f)
			}
		}
	}
}

// needs tells of a field without a value.
func (v *verdict) needs(f field) {
	if strings.TrimSpace(v.raw(v.rec, f)) == "" {
		v.add(missingWord(fieldNames[f]))
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
		if v.cols.of[fieldTaxCode] >= 0 {
			v.add(issueCFMissing)
		}
		return "", b, false
	}
	code, err := identifier.TaxCode(s)
	if err != nil {
		e, _ := err.(*identifier.Error)
		v.add("CF_" + strings.ToUpper(e.Reason))
		r.TaxCodeOff = v.login != fieldTaxCode
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
	switch records, people := v.repeats.see(v.repeats.hash(spaceTaxCode, code), v.who); {
	case people > 1:
		v.add(issueCFDuplicate)
		foreign = true
		r.TaxCodeOff = v.login != fieldTaxCode
	case records > 1:
		v.add(issueTwoPositions)
	}
	return code, identifier.TaxCodeBirth(code), foreign
}

// linked judges whom the record names: the deceased whose survivor the person is
// must have a row. It reports whether the representative has one.
func (v *verdict) linked(code string) (delegate bool) {
	for _, l := range v.links(v.rec, code) {
		if l.value == "" {
			continue
		}
		_, ends := v.repeats.see(v.repeats.hash(l.space, l.value), l.who)
		switch {
		case !l.names:
		case l.space == spacePerson:
			delegate = ends > 1
		case ends < 2:
			v.add(issueSurvivorUnknown)
		}
	}
	return delegate
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

// youngest is the latest day on which somebody with that tax code can be born:
// where the register has no day of birth, a child must not pass for grown up.
func (v *verdict) youngest(b identifier.Birth) date {
	d := date{2000 + b.Year, b.Month, b.Day}
	if d.after(v.dates.today) {
		d.y -= 100
	}
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

// standing judges whether the person lives, is of age, and still belongs.
// delegate says that the representative has a row of their own.
func (v *verdict) standing(e *access.Entry, born date, delegate bool) (deceased, represented bool) {
	r := &e.Record
	r.Joined, r.Updated = v.otherDate(fieldJoinedOn), v.otherDate(fieldUpdatedOn)
	r.Deceased, r.Left, r.Statement = v.otherDate(fieldDeceasedOn), v.otherDate(fieldLeftOn), v.otherDate(fieldStatement)
	dated := v.tidied(v.rec, fieldDeceasedOn) != "" // a date nobody can read is a sign of death too

	status, known := v.word(fieldStatus)
	e.Status, v.status = status, status
	switch {
	case !known || status == "":
		v.add(issueStatusUnknown)
	case status == "deceased" && !dated:
		v.add(issueDeceasedNoDate)
	case status != "deceased" && dated:
		v.add(issueDeceasedActive)
	case r.Left != "" && r.Left < r.Joined:
		v.add(issueLeftBeforeJoining)
	case r.Left != "" && status != "left" && status != "deceased" && r.Left < v.dates.today.iso():
		v.add(issueLeftActive)
		e.Status = "left" // the date is the better witness
	}
	if deceased = dated || status == "deceased"; deceased {
		e.Status = "deceased"
	}
	if strings.ContainsAny(r.Surname+r.Name, "†✝") {
		v.add(issueDeceasedInName)
	}

	minor := born.y != 0 && born.adult().after(v.dates.today)
	if s := v.tidied(v.rec, fieldRepresentative); s != "" {
		represented = true
		code, err := identifier.TaxCode(s)
		if err != nil {
			v.add(issueRepresentativeBad)
		} else if code != v.raw(v.rec, fieldRepresentative) {
			v.mend(issueCFNormalise, fieldRepresentative, code)
		}
		r.Representative, r.RepresentativeKind = code, v.listed(fieldRepresentativeKind)
		if code != "" && !delegate && r.RepresentativeKind != "" && r.RepresentativeKind != "parent" {
			// Until the office has seen the decree nobody can act for the person, who
			// keeps what they have; a child has nothing to keep.
			v.add(issueRepresentativeOut)
			represented = minor
		}
	}
	if minor && !represented && !deceased {
		v.add(issueMinorNoGuardian)
		v.child = v.has(capLoginBlocked)
	}
	return deceased, represented
}

// close sets what follows from all the issues together.
func (v *verdict) close(e *access.Entry, deceased, represented bool) {
	r := &e.Record
	switch v.login {
	case fieldTaxCode:
		e.Login = r.TaxCode
	case fieldAHV:
		e.Login = r.AHV
	case fieldUsername:
		e.Login = identifier.Username(v.tidied(v.rec, fieldUsername))
		r.Username = e.Login
	case v.key:
		e.Login = e.Number
	default:
		e.Login = v.tidied(v.rec, v.login)
	}
	if e.Login == "" && v.res.Outcome.severity() < Quarantine.severity() {
		// Rows with one login are one person; those without are not.
		word := missingWord(fieldNames[v.login])
		v.addAs(word, word, Quarantine, "")
	}
	v.res.Capability = speaks(v.named)
	switch {
	case v.res.Outcome == Reject: // a profile may be that strict
		v.res.Entry, v.res.Activation = access.Entry{}, Activation{}
		return
	case v.res.Outcome == Quarantine:
		e.Held = "quarantine"
		return
	case represented:
		e.Held = access.HeldRepresented
		return
	case deceased:
		return // the status says it
	case v.has(capLoginBlocked):
		e.Held = "blocked"
		if v.child && !slices.Contains(v.named[slices.Index(v.named, capLoginBlocked)+1:], capLoginBlocked) {
			e.Held = access.HeldRepresented // nobody is named yet, and that is all that is missing
		}
	}
	email, mobile := usable(r, fieldEmail), usable(r, fieldMobile)
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
	if e.Held != "" || v.status == "left" {
		return
	}
	if r.MobileReliable && (email || usable(r, fieldPEC)) {
		v.res.Ready = append(v.res.Ready, ReadyRecovery)
	}
	if v.res.Activation.ready() {
		v.res.Ready = append(v.res.Ready, ReadyActivation)
	}
}
