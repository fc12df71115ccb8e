package access

import "time"

// An Entry is one row of the fund's register, normalised. A person with two
// positions has two (registry: SAME_PERSON_TWO_POSITIONS).
type Entry struct {
	ID      string // stable over imports
	Member  string // the person: entries of one person share it
	Number  string // the membership number, the row's key
	Login   string // what the person types to be known: a tax code, a user name
	Status  string // active, pension, left, deceased, ...
	Held    string // why nobody may come in with it ("" if one may): quarantine, represented
	Version int64  // of the registry that brought or changed it
	Record  Record
	Digest  string // of the normalised row: the same again changes nothing
}

// A Record is what a register row says of a person. Values are normalised;
// dates are YYYY-MM-DD.
type Record struct {
	Surname        string            `json:"surname,omitempty"`
	Name           string            `json:"name,omitempty"`
	Sex            string            `json:"sex,omitempty"`
	Born           string            `json:"born,omitempty"`
	BirthPlace     string            `json:"birth_place,omitempty"`
	TaxCode        string            `json:"tax_code,omitempty"`
	Street         string            `json:"street,omitempty"`
	Postcode       string            `json:"postcode,omitempty"`
	Town           string            `json:"town,omitempty"`
	Province       string            `json:"province,omitempty"`
	Country        string            `json:"country,omitempty"`
	Email          string            `json:"email,omitempty"`
	Mobile         string            `json:"mobile,omitempty"`
	Phone          string            `json:"phone,omitempty"`
	EmailOff       bool              `json:"email_off,omitempty"`  // on file, but not to be used
	MobileOff      bool              `json:"mobile_off,omitempty"` // on file, but not to be used
	Joined         string            `json:"joined,omitempty"`
	JoinKind       string            `json:"join_kind,omitempty"`
	Line           string            `json:"line,omitempty"`
	Employer       string            `json:"employer,omitempty"`
	Mailing        string            `json:"mailing,omitempty"`
	Representative string            `json:"representative,omitempty"`
	Deceased       string            `json:"deceased,omitempty"`
	Updated        string            `json:"updated,omitempty"`
	More           map[string]string `json:"more,omitempty"` // columns the profile keeps under names of its own
	Past           []PastContact     `json:"past,omitempty"`
}

// A PastContact is a contact that a later import replaced: when money is asked
// for soon after, the old one is warned (scenario 17).
type PastContact struct {
	Kind    Kind   `json:"kind"`
	Address string `json:"address"`
	Until   int64  `json:"until"` // Unix ms: when the new one took its place
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

// Access is what the fund's file lets the person do: the most that one of the
// entries gives. "none" looks to a stranger like a person who does not exist.
func (m Member) Access(f *Fund) string {
	best := "none"
	for _, e := range m.Entries {
		if e.Status == "deceased" {
			return "none" // whatever another position says
		}
	}
	for _, e := range m.Entries {
		if e.Held != "" {
			continue
		}
		switch f.Status[e.Status].Access {
		case "full":
			return "full"
		case "read":
			best = "read"
		}
	}
	return best
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
