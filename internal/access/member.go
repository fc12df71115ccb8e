package access

import (
	"slices"
	"time"
)

// An Entry is one row of the fund's register, normalised. A person with two
// positions has two (registry: SAME_PERSON_TWO_POSITIONS).
type Entry struct {
	ID      string // stable over imports
	Member  string // the person: entries of one person share it
	Number  string // the membership number, the row's key; a keyed hash where the key is a national number
	Login   string // what the person types to be known: a tax code, a user name, an AHV number
	Status  string // active, pension, left, deceased, ...
	Held    string // why nobody may come in with it ("" if one may): quarantine, blocked, represented
	Version int64  // of the registry that brought or changed it
	Record  Record
	Digest  string // of the normalised row: the same again changes nothing
}

// A Record is what a register row says of a person. Values are normalised;
// dates are YYYY-MM-DD.
type Record struct {
	Surname            string            `json:"surname,omitempty"`
	Name               string            `json:"name,omitempty"`
	Sex                string            `json:"sex,omitempty"`
	Born               string            `json:"born,omitempty"`
	BirthPlace         string            `json:"birth_place,omitempty"`
	TaxCode            string            `json:"tax_code,omitempty"`
	TaxCodeOff         bool              `json:"tax_code_off,omitempty"` // on file, but wrong or somebody else's too: nobody is found by it
	AHV                string            `json:"ahv,omitempty"`          // thirteen digits
	Username           string            `json:"username,omitempty"`     // that the fund issued
	CivilStatus        string            `json:"civil_status,omitempty"`
	Language           string            `json:"language,omitempty"` // ISO 639-1
	Street             string            `json:"street,omitempty"`
	Postcode           string            `json:"postcode,omitempty"`
	Town               string            `json:"town,omitempty"`
	Province           string            `json:"province,omitempty"`
	Country            string            `json:"country,omitempty"`
	Email              string            `json:"email,omitempty"`
	PEC                string            `json:"pec,omitempty"`
	Mobile             string            `json:"mobile,omitempty"`
	Phone              string            `json:"phone,omitempty"`
	EmailOff           bool              `json:"email_off,omitempty"`       // on file, but not to be used
	PECOff             bool              `json:"pec_off,omitempty"`         // on file, but not to be used
	MobileOff          bool              `json:"mobile_off,omitempty"`      // on file, but not to be used
	MobileReliable     bool              `json:"mobile_reliable,omitempty"` // the register says so, and nobody else has it (C-9, C-20)
	MobileSource       string            `json:"mobile_source,omitempty"`   // how it came to be known: sms, desk, form, old, ...
	MobileChecked      string            `json:"mobile_checked,omitempty"`  // the day it was
	Kind               string            `json:"kind,omitempty"`            // what the person is to the fund: member, pensioner, survivor, ...
	Contract           string            `json:"contract,omitempty"`
	Plan               string            `json:"plan,omitempty"`
	Joined             string            `json:"joined,omitempty"`
	JoinKind           string            `json:"join_kind,omitempty"`
	Left               string            `json:"left,omitempty"`
	Line               string            `json:"line,omitempty"`
	Strategy           string            `json:"strategy,omitempty"`
	Employer           string            `json:"employer,omitempty"`
	Mailing            string            `json:"mailing,omitempty"`
	Statement          string            `json:"statement,omitempty"`   // the day of the last statement
	SurvivorOf         string            `json:"survivor_of,omitempty"` // the membership number of the deceased
	Relation           string            `json:"relation,omitempty"`    // to the deceased
	Representative     string            `json:"representative,omitempty"`
	RepresentativeKind string            `json:"representative_kind,omitempty"` // parent: by law; any other by a court's decree
	OfAge              int64             `json:"of_age,omitempty"`              // Unix ms: a child's 18th birthday, until which another acts for them; 0 where that has no end by itself
	Deceased           string            `json:"deceased,omitempty"`
	Updated            string            `json:"updated,omitempty"`
	More               map[string]string `json:"more,omitempty"` // columns the profile keeps under names of its own
	Past               []PastContact     `json:"past,omitempty"`
}

// A PastContact is a contact that a later import replaced: when money is asked
// for soon after, the old one is warned (scenario 17).
type PastContact struct {
	Kind    Kind   `json:"kind"`
	Address string `json:"address"`
	Until   int64  `json:"until"` // Unix ms: when the new one took its place
}

// The states of an activation code.
const (
	ActivationOpen     = "open"
	ActivationUsed     = "used"
	ActivationReplaced = "replaced" // by a newer statement of the same entry, with a code or without
)

// An ActivationCode is what is kept of a code that was printed on a statement.
// The code itself is nowhere.
type ActivationCode struct {
	Entry  string
	Issued string // the day of the statement, YYYY-MM-DD
	State  string
	UsedAt time.Time // zero unless it is used
	UsedBy string    // by which journey
}

// A Member is a person of one fund with all their entries, the oldest first.
type Member struct {
	ID      string
	Fund    string
	Entries []Entry
}

// Main is the entry that speaks for the person: the first that gives access, or
// the first. A Member always has one.
func (m Member) Main() Entry {
	for _, e := range m.Entries {
		if e.Held == "" {
			return e
		}
	}
	return m.Entries[0]
}

// OnFile is the contact of a kind in the register that may be used, or "".
func (m Member) OnFile(kind Kind) string {
	for _, e := range m.Entries {
		if e.Held != "" {
			continue
		}
		switch {
		case kind == Email && e.Record.Email != "" && !e.Record.EmailOff:
			return e.Record.Email
		case kind == PEC && e.Record.PEC != "" && !e.Record.PECOff:
			return e.Record.PEC
		case kind == SMS && e.Record.Mobile != "" && !e.Record.MobileOff:
			return e.Record.Mobile
		}
	}
	return ""
}

// ContactChanged is the latest moment at which the register's contact of a kind
// was replaced, with the address that stood there before; ok is false if never.
func (m Member) ContactChanged(kind Kind) (p PastContact, ok bool) {
	for _, e := range m.Entries {
		for _, past := range e.Record.Past {
			if past.Kind == kind && (!ok || past.Until > p.Until) {
				p, ok = past, true
			}
		}
	}
	return p, ok
}

// Dead reports whether a row says that the person has died: then no other counts.
func (m Member) Dead() bool {
	return slices.ContainsFunc(m.Entries, func(e Entry) bool { return e.Status == "deceased" })
}

// Access is what the fund's file lets the person do at a time: the most that one of
// the entries gives. "none" looks to a stranger like a person who does not exist.
func (m Member) Access(f *Fund, now time.Time) string {
	best := "none"
	if m.Dead() {
		return best // whatever another position says
	}
	for _, e := range m.Entries {
		if e.Held != "" {
			continue
		}
		switch e.rule(f, now).Access {
		case "full":
			return "full"
		case "read":
			best = "read"
		}
	}
	return best
}

// Open is the person with the entries alone that give access at a time: of a position
// that is over nothing is shown.
func (m Member) Open(f *Fund, now time.Time) Member {
	m.Entries = slices.DeleteFunc(slices.Clone(m.Entries), func(e Entry) bool { return e.Held != "" || e.rule(f, now).Access == "none" })
	return m
}

// Acts are the fund's acts that may be asked for at a time in the person's profile:
// those that one of the entries allows. Where another acts on their behalf, none that
// changes how the person is reached: with that would go the way back to their own
// access.
func (m Member) Acts(f *Fund, now time.Time, how string) (all []Act) {
	if m.Dead() {
		return nil
	}
	for _, a := range f.Acts {
		if how == ProfileMandate && a.Contacts() {
			continue
		}
		if slices.ContainsFunc(m.Entries, func(e Entry) bool {
			r := e.rule(f, now)
			return e.Held == "" && r.Access == "full" && (r.Operations == nil || slices.Contains(r.Operations, a.ID))
		}) {
			all = append(all, a)
		}
	}
	return all
}

// Represented reports whether somebody else acts for the person, who has no way in
// of their own meanwhile.
func (m Member) Represented() bool {
	return slices.ContainsFunc(m.Entries, func(e Entry) bool { return e.Held == HeldRepresented })
}

// HeldRepresented is why nobody may come in with an entry for whom another acts.
const HeldRepresented = "represented"

// Through is the person as somebody reads them who acts for them: what is held for
// no other reason counts.
func (m Member) Through() Member {
	m.Entries = slices.Clone(m.Entries)
	for i := range m.Entries {
		if m.Entries[i].Held == HeldRepresented {
			m.Entries[i].Held = ""
		}
	}
	return m
}

// rule is what the fund's file says of an entry: of its status, and of what the
// person is to the fund where the file speaks of that. The stricter word counts.
func (e Entry) rule(f *Fund, now time.Time) StatusRule {
	r := f.Status[e.Status]
	if also, ok := f.Status[e.Record.Kind]; ok && e.Record.Kind != e.Status {
		if order := []string{"", "none", "read", "full"}; slices.Index(order, also.Access) < slices.Index(order, r.Access) {
			r.Access = also.Access
		}
		switch {
		case r.Operations == nil:
			r.Operations = also.Operations
		case also.Operations != nil:
			r.Operations = slices.DeleteFunc(slices.Clone(r.Operations), func(id string) bool { return !slices.Contains(also.Operations, id) })
		}
		if r.For == (Span{}) {
			r.For = also.For
		}
	}
	if r.For != (Span{}) && e.gone(f, r.For, now) {
		r.Access = "none"
	}
	return r
}

// gone reports whether so long a time since the day of leaving is over. The last
// day counts whole, in the fund's zone. Who left on a day that nobody wrote down
// has no days to count.
func (e Entry) gone(f *Fund, span Span, now time.Time) bool {
	left, err := time.ParseInLocation(time.DateOnly, e.Record.Left, f.Zone)
	return err != nil || !now.Before(span.After(left).AddDate(0, 0, 1))
}

// majority is the age from which people act for themselves: Italian Civil Code
// art. 2, Swiss Civil Code art. 14, French Civil Code art. 414.
const majority = 18

// OfAge is the moment at which somebody born on that day, YYYY-MM-DD, comes of age
// in a zone: the midnight with which the birthday begins. It is the zero time if
// the day is not known. Who was born on 29 February comes of age on 1 March where
// the year has no 29th.
func OfAge(born string, zone *time.Location) time.Time {
	day, err := time.ParseInLocation(time.DateOnly, born, zone)
	if err != nil {
		return time.Time{}
	}
	return day.AddDate(majority, 0, 0)
}

// Years are the full years from the day of joining to now, 0 if unknown.
func (r Record) Years(now time.Time) int {
	joined, err := time.Parse(time.DateOnly, r.Joined)
	if err != nil {
		return 0
	}
	years := now.Year() - joined.Year()
	if joined.AddDate(years, 0, 0).After(now) {
		years--
	}
	return max(years, 0)
}
