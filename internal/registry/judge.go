package registry

import (
	"hash/maphash"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"aditus/internal/access"
	"aditus/internal/identifier"
)

// A judge knows everything about a file that one record's verdict needs.
type judge struct {
	p       *access.Profile
	cols    columns
	effects map[string]effect
	repeats *repeats
	dates   dateReader
	phones  identifier.Phones
	dial    string // the country's own prefix, "+39"; "" if we do not know its plan
	key     field
	with    []field // what else is part of the key
	pattern *regexp.Regexp
	same    field // what the key must agree with, -1 for nothing
	login   field
	need    []field
	when    []condition
	reach   []field                       // contacts of which one must be usable
	words   [fieldCount]map[string]string // their word -> our word
	many    int
	roles   map[string]bool
	work    map[string]bool // mail domains of employers
}

// A condition says what a record needs that has one of some words in a field.
type condition struct {
	field field
	is    []string // our words
	needs []field
}

func newJudge(p *access.Profile, cols columns, r *repeats, now time.Time) *judge {
	j := &judge{
		p: p, cols: cols, repeats: r,
		dates:  dateReader{today: day(now)},
		phones: identifier.Phones{Fiction: p.Fiction},
		dial:   map[string]string{"IT": "+39", "CH": "+41", "FR": "+33"}[p.Country],
		key:    fieldNamed(p.Key.Field), login: fieldNamed(p.Login),
		same: -1, need: fieldsNamed(p.Required), with: fieldsNamed(p.Key.With), reach: fieldsNamed(p.Contact),
		many: p.Shared.Many, roles: map[string]bool{}, work: map[string]bool{},
	}
	if p.Key.Pattern != "" {
		j.pattern = regexp.MustCompile(`^(?:` + p.Key.Pattern + `)$`) // the profile was checked
	}
	if p.Key.Same != "" {
		j.same = fieldNamed(p.Key.Same)
	}
	for _, w := range p.When {
		j.when = append(j.when, condition{fieldNamed(w.Field), w.Is, fieldsNamed(w.Needs)})
	}
	if len(j.reach) == 0 {
		j.reach = []field{fieldEmail, fieldMobile}
	}
	j.effects, _ = effects(p)
	for _, d := range p.Dates {
		f, _ := access.DateOrder(d)
		j.dates.formats = append(j.dates.formats, f)
	}
	for name, words := range p.Values {
		own := map[string]string{}
		for theirs, ours := range words {
			own[theirs], own[strings.ToUpper(theirs)] = ours, ours
		}
		j.words[fieldNamed(name)] = own
	}
	if j.many == 0 {
		j.many = 4
	}
	for _, role := range p.Shared.Roles {
		j.roles[strings.ToLower(role)] = true
	}
	for _, domain := range p.Shared.Work {
		j.work[strings.ToLower(domain)] = true
	}
	return j
}

// raw is a field of a record as the file has it, "" if there is none.
func (j *judge) raw(rec *record, f field) string {
	if at := j.cols.of[f]; at >= 0 && at < len(rec.fields) {
		return rec.fields[at]
	}
	return ""
}

// shape says whether a record can be used at all, and why not.
func (j *judge) shape(rec *record) string {
	switch {
	case rec.problem != "":
		return rec.problem
	case len(rec.fields) < j.cols.count:
		return issueTruncatedRow
	case len(rec.fields) > j.cols.count:
		return issueUnquotedSeparator
	}
	for _, f := range rec.fields {
		if f != "" {
			return ""
		}
	}
	return issueEmptyRow
}

// count is the first reading of a record: what it may share with others.
func (j *judge) count(rec *record) {
	if j.shape(rec) != "" {
		return
	}
	code, codeErr := identifier.TaxCode(j.tidied(rec, fieldTaxCode)) // "" if it is wrong
	who := func() uint32 { return j.personOf(rec, code) }
	note := func(s space, value string, who func() uint32) {
		if value != "" {
			j.repeats.note(j.repeats.hash(s, value), who)
		}
	}
	// In the very order in which the second reading sees them: what is met first
	// must be the same then.
	ahv, _ := j.ahvOf(rec)
	note(spaceAHV, ahv, who)
	n, _ := j.keyOf(rec)
	note(spaceNumber, n.whole, nobody)
	if codeErr == nil {
		note(spaceTaxCode, code, who)
	}
	for _, l := range j.links(rec, code) {
		note(l.space, l.value, l.who)
	}
	e, _ := j.mailOf(rec, fieldEmail)
	note(spaceMail, e, who)
	e, _ = j.mailOf(rec, fieldPEC)
	note(spaceMail, e, who)
	m, _ := j.mobileOf(rec)
	note(spaceMobile, m, who)
	if j.cols.of[fieldActivation] >= 0 {
		secret, _ := identifier.ActivationCode(j.raw(rec, fieldActivation)) // "" if it is none
		note(spaceActivation, secret, nobody)
	}
}

// A link is one end of what rows say of each other: a row has a number or a tax
// code, and another names it.
type link struct {
	space space
	value string
	names bool // whether it is the end that names the other
	who   func() uint32
}

// The two ends of a link, as the persons of a value: one that only one end knows
// has one.
func owner() uint32     { return 1 }
func reference() uint32 { return 2 }

// links are the ends that a record has: its own first, then those it names.
func (j *judge) links(rec *record, code string) []link {
	var all []link
	if j.cols.of[fieldSurvivorOf] >= 0 {
		all = append(all, link{spaceDeceased, j.tidied(rec, fieldNumber), false, owner},
			link{spaceDeceased, j.tidied(rec, fieldSurvivorOf), true, reference})
	}
	if j.cols.of[fieldRepresentativeKind] >= 0 {
		named := j.tidied(rec, fieldRepresentative)
		if named != "" {
			named, _ = identifier.TaxCode(named) // "" if it is wrong
		}
		all = append(all, link{spacePerson, code, false, owner}, link{spacePerson, named, true, reference})
	}
	return all
}

// nobody stands for the person where only records are counted.
func nobody() uint32 { return 0 }

// tidied is a field without what nobody sees in it.
func (j *judge) tidied(rec *record, f field) string {
	s, _ := tidy(j.raw(rec, f), false)
	return s
}

// personOf is a hash of who a record is about: names as tax codes see them, and
// the day of birth without its century, from the tax code if the record's own
// cannot be read.
func (j *judge) personOf(rec *record, code string) uint32 {
	b := identifier.TaxCodeBirth(code)
	if d, _ := j.dates.read(j.tidied(rec, fieldBirthDate), b); d.y != 0 {
		b.Year, b.Month, b.Day = d.y%100, d.m, d.d
	}
	var h maphash.Hash
	h.SetSeed(j.repeats.seed)
	for _, f := range []field{fieldSurname, fieldName} {
		s, _ := unmojibake(j.raw(rec, f))
		h.WriteString(identifier.FoldName(s))
		h.WriteByte('|')
	}
	h.Write([]byte{byte(b.Year), byte(b.Month), byte(b.Day)})
	return uint32(h.Sum64())
}

// A verdict is one record's result in the making.
type verdict struct {
	*judge
	rec    *record
	res    *Result
	named  []string // capabilities
	status string   // ours, for the file's word
	child  bool     // nobody acts for them, so they may not come in
}

// who is a hash of who the record is about.
func (v *verdict) who() uint32 {
	code, _ := identifier.TaxCode(v.tidied(v.rec, fieldTaxCode)) // "" if it is wrong
	return v.personOf(v.rec, code)
}

// result is the second reading of a record.
func (j *judge) result(rec *record) Result {
	res := Result{Record: rec.number, Line: rec.line, Key: cropped(j.raw(rec, j.key)), Outcome: Accept}
	v := verdict{judge: j, rec: rec, res: &res}
	if word := j.shape(rec); word != "" {
		v.add(word)
		if len(res.Issues) == 0 {
			res.Issues = []string{word}
		}
		res.Outcome = Reject // whatever the profile says: there is nothing to import
		return res
	}
	v.person()
	return res
}

// add gives the record an issue.
func (v *verdict) add(word string) { v.addAs(word, word, "", "") }

// mend gives the record an issue that was mended in a field: value is what the
// field is now.
func (v *verdict) mend(word string, f field, value string) {
	v.mendColumn(word, v.cols.name[f], value)
}

// mendColumn is mend for a column of the file.
func (v *verdict) mendColumn(word, column, value string) {
	if _, ok := v.effects[word]; !ok {
		return
	}
	v.add(word)
	for i, fix := range v.res.Normalised {
		if fix.Column == column {
			v.res.Normalised[i].Value = value
			return
		}
	}
	v.res.Normalised = append(v.res.Normalised, Fix{column, value})
}

// addAs gives the record an issue under a word that tells more than its kind,
// and, if they are not "", with an outcome and a capability of this place.
func (v *verdict) addAs(kind, word string, outcome Outcome, capability string) {
	e, ok := v.effects[kind]
	if !ok {
		return // the fund does not mind
	}
	if word == kind {
		word = e.word
	}
	if outcome == "" {
		outcome = e.outcome
	}
	if capability == "" {
		capability = e.capability
	}
	if !slices.Contains(v.res.Issues, word) {
		v.res.Issues = append(v.res.Issues, word)
	}
	if outcome.severity() > v.res.Outcome.severity() {
		v.res.Outcome = outcome
	}
	if capability != "" {
		v.named = append(v.named, capability)
	}
}

// has reports whether an issue took a capability.
func (v *verdict) has(capability string) bool { return slices.Contains(v.named, capability) }

// text is a field of plain text, mended.
func (v *verdict) text(f field) string {
	at := v.cols.of[f]
	if at < 0 {
		return ""
	}
	return v.column(at, v.cols.name[f], f)
}

// column is text of a column; f is its field, or fieldCount for none of ours.
func (v *verdict) column(at int, name string, f field) string {
	raw := v.rec.fields[at]
	if neat(raw) && !formula(raw) {
		return raw
	}
	s, mended := raw, flaws{}
	if m, ok := unmojibake(raw); ok {
		if (f == fieldSurname || f == fieldName) && !v.suits(f, m) {
			v.addAs(issueMojibake, issueMojibake, Warn, "")
		} else {
			s = m
			tidied, _ := tidy(m, f == fieldStreet)
			v.mendColumn(issueMojibake, name, tidied)
		}
	}
	s, mended = tidy(s, f == fieldStreet)
	for _, m := range []struct {
		on   bool
		word string
	}{{mended.space, issueWhitespace}, {mended.zeroWidth, issueZeroWidth}, {mended.nfd, issueNFD}, {mended.control, issueControlCharacter}, {mended.tooLong, issueValueTooLong}} {
		if m.on {
			v.mendColumn(m.word, name, s)
		}
	}
	if formula(s) {
		v.add(issueFormula)
	}
	bad := v.rec.bad != 0 && v.rec.badField == at
	switch {
	case bad && v.p.Encoding == "utf-8":
		v.add(issueInvalidUTF8)
	case bad:
		v.addAs(issueUndefinedByte, issueUndefinedByte+"_"+hex(v.rec.bad), "", "")
	case strings.ContainsRune(s, utf8.RuneError):
		v.add(issueReplacementChar)
	}
	return s
}

// suits reports whether a mended name agrees with the record's tax code; without
// a right code, or without one at all in this register, nothing speaks against it.
func (v *verdict) suits(f field, name string) bool {
	code, err := identifier.TaxCode(v.tidied(v.rec, fieldTaxCode))
	if err != nil {
		return true
	}
	p := identifier.Person{Name: name}
	if f == fieldSurname {
		p = identifier.Person{Surname: name}
	}
	return identifier.TaxCodePerson(code, p) == ""
}

// word is a field with a list of words: what the fund's word means. ok is false
// for a word that is in no list.
func (v *verdict) word(f field) (ours string, ok bool) {
	theirs := v.text(f)
	words := v.words[f]
	if words == nil || theirs == "" {
		return theirs, true
	}
	if ours, ok = words[theirs]; ok {
		return ours, true
	}
	ours, ok = words[strings.ToUpper(theirs)]
	return ours, ok
}
