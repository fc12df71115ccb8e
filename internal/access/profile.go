package access

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Profile says how a fund writes its registry file: the [registry] table of
// the fund's file. With it the same program reads every fund's export; only a
// kind of value that no fund had before is new code (domain.md part 3).
type Profile struct {
	Encoding  string   `toml:"encoding"`  // "windows-1252" or "utf-8"; a byte order mark is accepted with utf-8
	Delimiter string   `toml:"delimiter"` // one ASCII character; a first line "sep=X" is skipped if X is the same
	Dates     []string `toml:"dates"`     // as "dd/mm/yyyy"; the first is the one the report writes
	Country   string   `toml:"country"`   // ISO 3166, for phone numbers without a prefix and addresses without a country
	Fiction   bool     `toml:"fiction"`   // accept the phone ranges set aside for invented people: demonstration funds only
	Login     string   `toml:"login"`     // the field people are known by: rows with the same are one person
	Required  []string `toml:"required"`  // fields whose absence holds the row back
	Contact   []string `toml:"contact"`   // of "email", "pec" and "mobile": one of them must be usable; none means e-mail or mobile
	Language  string   `toml:"language"`  // of people whose own language is in no list; "" leaves it open

	Key     ProfileKey                   `toml:"key"`
	When    []ProfileWhen                `toml:"when"`
	Columns map[string]string            `toml:"columns"` // their column -> our field, "keep.<name>" to keep it as it is, "" to ignore it
	Values  map[string]map[string]string `toml:"values"`  // our field -> their word -> our word; of the statuses, "deceased" and "left" have a meaning of their own
	Shared  ProfileShared                `toml:"shared"`
	Issues  map[string]ProfileIssue      `toml:"issues"` // by issue word: what this fund treats otherwise
	Limits  ProfileLimits                `toml:"limits"`
}

// ProfileKey says what a row is called by.
type ProfileKey struct {
	Field   string   `toml:"field"`
	Digits  int      `toml:"digits"`  // exactly so many; fewer are padded with zeros a spreadsheet dropped. 0: any text
	Pattern string   `toml:"pattern"` // a regular expression for all of it (RE2); "": any text
	Same    string   `toml:"same"`    // a field that, where it is not empty, says the same; "" for none
	With    []string `toml:"with"`    // fields with a list of words that are part of the key
}

// National reports whether the key is a number that the state gave the person.
// It is not written down in clear.
func (k ProfileKey) National() bool { return k.Field == "ahv" || k.Field == "tax_code" }

// ProfileWhen says what some rows must have beside the required fields: those
// with one of our words in a field.
type ProfileWhen struct {
	Field string   `toml:"field"`
	Is    []string `toml:"is"`
	Needs []string `toml:"needs"`
}

// ProfileShared says when a contact held by several people is not personal.
type ProfileShared struct {
	Many  int      `toml:"many"`  // from so many people on it is a desk, not a family; 0 means 4
	Roles []string `toml:"roles"` // local parts of desks: two people are enough there
	Work  []string `toml:"work"`  // mail domains of employers: such an address is lost with the job
}

// ProfileIssue changes what one issue means for a fund. What is "" stays as the
// product has it.
type ProfileIssue struct {
	As         string `toml:"as"`         // the fund's own word for it
	Outcome    string `toml:"outcome"`    // accept, normalise, warn, restrict, quarantine, reject
	Capability string `toml:"capability"` // "-" for none
	Off        bool   `toml:"off"`        // not an issue for this fund
}

// ProfileLimits bound what one file may cost.
type ProfileLimits struct {
	Bytes   int64 `toml:"bytes"`   // 0 means 512 MiB
	Records int   `toml:"records"` // 0 means 5,000,000
}

// profileFields are the fields a column can be mapped to.
var profileFields = []string{
	"enrolment_no", "username", "ahv", "contract", "plan", // keys
	"kind", "tax_code", "surname", "name", "sex", "birth_date", "birth_place", "civil_status", "language",
	"street", "postcode", "town", "province", "country",
	"email", "pec", "mobile", "mobile_reliable", "mobile_source", "mobile_checked_on", "phone",
	"joined_on", "join_kind", "left_on", "status", "employer", "line", "strategy", "mailing",
	"statement_on", "activation_code",
	"survivor_of", "relation", "representative", "representative_kind", "deceased_on", "updated_on",
}

// Has reports whether a column of the file gives the field.
func (p *Profile) Has(field string) bool {
	for _, to := range p.Columns {
		if to == field {
			return true
		}
	}
	return false
}

// contactFields are the fields that Profile.Contact can name.
var contactFields = []string{"email", "pec", "mobile"}

// profileOutcomes are the words for what becomes of a row, mildest first.
var profileOutcomes = []string{"accept", "normalise", "warn", "restrict", "quarantine", "reject"}

// A ProfileProblem is one thing wrong with a profile: the key inside
// [registry], and a plain sentence in English for the person who writes it.
type ProfileProblem struct {
	Key  string
	Text string
}

// Problems lists everything that makes the profile unusable, in the order of
// the file's keys; none if it can be used.
func (p *Profile) Problems() []ProfileProblem {
	var all []ProfileProblem
	bad := func(key, text string) { all = append(all, ProfileProblem{key, text}) }

	if p.Encoding != "windows-1252" && p.Encoding != "utf-8" {
		bad("encoding", `must be "windows-1252" or "utf-8"`)
	}
	if len(p.Delimiter) != 1 || p.Delimiter[0] >= utf8.RuneSelf || strings.ContainsAny(p.Delimiter, "\"\r\n\x00") {
		bad("delimiter", `must be one ASCII character, such as ";"`)
	}
	if len(p.Dates) == 0 {
		bad("dates", `must name at least one format, such as "dd/mm/yyyy"`)
	}
	for _, d := range p.Dates {
		if _, ok := DateOrder(d); !ok {
			bad("dates", `"`+d+`" is not a format: write dd, mm and yyyy once each, with one separator`)
		}
	}
	if len(p.Country) != 2 || strings.ToUpper(p.Country) != p.Country {
		bad("country", `must be two capital letters, such as "IT"`)
	}

	to := map[string]bool{}
	for _, column := range slices.Sorted(maps.Keys(p.Columns)) {
		field := p.Columns[column]
		if field == "" {
			continue
		}
		kept, keep := strings.CutPrefix(field, "keep.")
		switch {
		case keep && kept == "", !keep && !slices.Contains(profileFields, field):
			bad("columns."+column, `"`+field+`" is not a field; the fields are `+strings.Join(profileFields, ", ")+", or keep.<name>")
		case to[field]:
			bad("columns."+column, `"`+field+`" has two columns`)
		}
		to[field] = true
	}
	has := func(key, field string) {
		if !to[field] {
			bad(key, `no column gives "`+field+`"`)
		}
	}
	has("key.field", p.Key.Field)
	has("login", p.Login)
	if p.Login == "username" && p.Key.Field != "username" {
		bad("login", "user names must be the key as well: nobody else may have the same")
	}
	has("columns", "status")
	for _, f := range p.Required {
		has("required", f)
	}
	for _, f := range p.Contact {
		if !slices.Contains(contactFields, f) {
			bad("contact", `"`+f+`" is no contact; the contacts are `+strings.Join(contactFields, ", "))
		}
	}
	if p.Key.Digits < 0 || p.Key.Digits > 18 {
		bad("key.digits", "must be between 0 and 18")
	}
	if _, err := regexp.Compile(p.Key.Pattern); err != nil {
		bad("key.pattern", "is not a regular expression: "+err.Error())
	}
	if p.Key.Same != "" {
		has("key.same", p.Key.Same)
	}
	for _, f := range p.Key.With {
		has("key.with", f)
		if len(p.Values[f]) == 0 {
			bad("key.with", `"`+f+`" has no list of words in [registry.values]`)
		}
	}
	for i, w := range p.When {
		key := "when." + strconv.Itoa(i)
		has(key+".field", w.Field)
		for _, f := range w.Needs {
			has(key+".needs", f)
		}
		for _, word := range w.Is {
			if !slices.Contains(slices.Collect(maps.Values(p.Values[w.Field])), word) {
				bad(key+".is", `"`+word+`" is none of our words in [registry.values.`+w.Field+`]`)
			}
		}
		if len(w.Is) == 0 || len(w.Needs) == 0 {
			bad(key, "must say which words, and what such rows need")
		}
	}
	for _, field := range slices.Sorted(maps.Keys(p.Values)) {
		has("values."+field, field)
	}
	if len(p.Values["status"]) == 0 {
		bad("values.status", "must say what each of the fund's states means, such as ATTIVO = \"active\"")
	}
	if to["left_on"] && !slices.Contains(slices.Collect(maps.Values(p.Values["status"])), "left") {
		bad("values.status", `there is a day of leaving, and no state that means "left"`)
	}
	if p.Shared.Many < 0 || p.Shared.Many == 1 {
		bad("shared.many", "must be 2 or more")
	}
	for _, word := range slices.Sorted(maps.Keys(p.Issues)) {
		if o := p.Issues[word].Outcome; o != "" && !slices.Contains(profileOutcomes, o) {
			bad("issues."+word+".outcome", "must be one of "+strings.Join(profileOutcomes, ", "))
		}
	}
	if p.Limits.Bytes < 0 {
		bad("limits.bytes", "cannot be negative")
	}
	if p.Limits.Records < 0 {
		bad("limits.records", "cannot be negative")
	}
	return all
}

// A DateFormat is a date written as three numbers and one separator.
type DateFormat struct {
	Order string // "dmy", "mdy", "ymd"
	Sep   byte
}

// DateOrder reads a format such as "dd/mm/yyyy", "dd.mm.yyyy" or "yyyy-mm-dd".
func DateOrder(format string) (f DateFormat, ok bool) {
	for _, known := range []struct{ letters, order string }{
		{"dd?mm?yyyy", "dmy"}, {"mm?dd?yyyy", "mdy"}, {"yyyy?mm?dd", "ymd"},
	} {
		if len(format) != len(known.letters) {
			continue
		}
		at := strings.IndexByte(known.letters, '?')
		sep := format[at]
		if strings.ReplaceAll(known.letters, "?", string(sep)) == format && strings.IndexByte("/.-", sep) >= 0 {
			return DateFormat{known.order, sep}, true
		}
	}
	return DateFormat{}, false
}
