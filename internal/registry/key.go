package registry

import (
	"regexp"
	"slices"
	"strings"

	"aditus/internal/identifier"
)

// A key is what a record is called by.
type key struct {
	shown string // as the file would have it, mended
	whole string // what no other record has; "" if a part is missing
}

// keyOf is the key of a record and the issue it has: ahead of a mendable one
// the key is mended, with any other there is none.
func (j *judge) keyOf(rec *record) (k key, word string) {
	if j.key == fieldAHV { // whose issues are told where it is judged
		digits, _ := j.ahvOf(rec)
		return j.whole(rec, digits), ""
	}
	raw := j.raw(rec, j.key)
	s, _ := tidy(raw, false)
	if j.key == fieldUsername { // which no difference in case makes another
		s = identifier.Username(s)
	}
	want := j.p.Key.Digits
	switch {
	case s == "":
		return key{}, issueNumMissing
	case want > 0 && (number(s[:min(len(s), 8)]) < 0 || number(s[min(len(s), 8):]+"0") < 0 || len(s) > want || strings.Trim(s, "0") == ""):
		return key{}, issueNumFormat
	case j.differs(rec, s):
		return key{}, issueNumDiffers
	case j.pattern != nil && !j.pattern.MatchString(s):
		return key{}, issueNumFormat
	case len(s) < want:
		return j.whole(rec, strings.Repeat("0", want-len(s))+s), issueLeadingZerosLost
	case s != raw:
		return j.whole(rec, s), issueNumNormalise
	}
	return j.whole(rec, s), ""
}

// differs reports whether a record says something else where it should say its
// key once more. Zeros in front make no difference to a number.
func (j *judge) differs(rec *record, s string) bool {
	if j.same < 0 {
		return false
	}
	other := j.tidied(rec, j.same)
	if j.p.Key.Digits > 0 {
		s, other = strings.TrimLeft(s, "0"), strings.TrimLeft(other, "0")
	}
	return other != "" && other != s
}

// whole adds the other parts of the key to the first.
func (j *judge) whole(rec *record, first string) key {
	k := key{first, first}
	if first == "" {
		return k
	}
	for _, f := range j.with {
		part := j.ours(rec, f)
		if part == "" {
			return key{shown: first}
		}
		k.whole += "/" + part
	}
	return k
}

// ours is what a record's word means, "" for one that is in no list.
func (j *judge) ours(rec *record, f field) string {
	theirs := j.tidied(rec, f)
	if j.words[f] == nil {
		return theirs
	}
	if ours, ok := j.words[f][theirs]; ok {
		return ours
	}
	return j.words[f][strings.ToUpper(theirs)]
}

// number judges the key. foreign says that it is known to be somebody else's
// too: that it then stands twice is no second finding.
func (v *verdict) number(foreign bool) string {
	k, word := v.keyOf(v.rec)
	if k.whole == "" {
		if word != "" {
			v.add(word)
		}
		return v.tidied(v.rec, v.key) // as it is: the office has to find the row
	}
	if word != "" {
		v.mend(word, v.key, k.shown)
	}
	if records, _ := v.repeats.see(v.repeats.hash(spaceNumber, k.whole), nobody); records > 1 && !foreign {
		v.add(issueNumDuplicate)
	}
	return k.whole
}

var (
	// scientific is a number of thirteen digits after a spreadsheet has shown it:
	// seven digits are lost.
	scientific = regexp.MustCompile(`^[0-9][.,][0-9]+[Ee]\+?[0-9]+$`)
	// countryMark is what some programs write before the number.
	countryMark = regexp.MustCompile(`^(?i:CHE?)[ .-]`)
)

// ahvOf is the AHV number of a record and the issue it has, as for keyOf. It is
// written in groups, 756.1234.5678.97.
func (j *judge) ahvOf(rec *record) (digits, word string) {
	if j.cols.of[fieldAHV] < 0 {
		return "", ""
	}
	raw := j.raw(rec, fieldAHV)
	s, _ := tidy(raw, false)
	if s == "" {
		return "", issueAHVMissing
	}
	digits, err := identifier.AHV(countryMark.ReplaceAllString(s, ""))
	if err == nil {
		if raw != identifier.AHVDotted(digits) {
			return digits, issueAHVNoDots
		}
		return digits, ""
	}
	e, _ := err.(*identifier.Error)
	switch {
	case scientific.MatchString(s):
		return "", issueAHVScientific
	case e.Reason == "length" && len(strings.ReplaceAll(s, ".", "")) == 11: // in force until 2008
		return "", issueAHVOld
	}
	return "", "AHV_" + strings.ToUpper(e.Reason)
}

// ahv judges the AHV number, and tells whether it is somebody else's as well.
func (v *verdict) ahv() (foreign bool) {
	if v.cols.of[fieldAHV] < 0 {
		return false
	}
	r := &v.res.Entry.Record
	digits, word := v.ahvOf(v.rec)
	switch {
	case digits == "":
		r.AHV = v.tidied(v.rec, fieldAHV)
		if word != issueAHVMissing || v.key == fieldAHV || v.login == fieldAHV || slices.Contains(v.need, fieldAHV) {
			v.add(word)
		}
		return false
	case word != "":
		v.mend(word, fieldAHV, identifier.AHVDotted(digits))
	}
	r.AHV = digits
	switch records, people := v.repeats.see(v.repeats.hash(spaceAHV, digits), v.who); {
	case people > 1:
		v.add(issueAHVDuplicate)
		return true
	case records > 1:
		v.add(issueTwoPositions)
	}
	return false
}
