package registry

import (
	"fmt"

	"aditus/internal/access"
	"aditus/internal/identifier"
)

// An Activation is what a record's statement brings: the day it was issued, and
// the code printed on it. The code does not come out of here but by Index, and
// printing an Activation does not show it: the file is the last place where it
// stands in clear.
type Activation struct {
	Issued string // YYYY-MM-DD; "" where no statement went out yet, and nothing is brought
	code   string
}

// Index is the code's keyed hash, "" if the statement has none that can be used.
func (a Activation) Index(hash func(code string) string) string {
	if a.code == "" {
		return ""
	}
	return hash(a.code)
}

// ready reports whether the person can come in with it now.
func (a Activation) ready() bool { return a.Issued != "" && a.code != "" }

// Format prints the day, whatever the verb.
func (a Activation) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "Activation(%s)", a.Issued) }

// activation judges the code on the statement (S-5, S-17). A code that stands on
// two rows is good on neither: each letter would open the other's account.
func (v *verdict) activation(r *access.Record) {
	if v.cols.of[fieldActivation] < 0 {
		return
	}
	printed := r.Statement != "" || v.cols.of[fieldStatement] < 0
	raw := v.raw(v.rec, fieldActivation)
	code, err := identifier.ActivationCode(raw)
	if err == nil {
		if records, _ := v.repeats.see(v.repeats.hash(spaceActivation, code), nobody); records > 1 {
			v.add(issueCodeDuplicate)
			code = ""
		}
	} else if s, _ := tidy(raw, false); s != "" {
		v.add(issueCodeInvalid)
	} else if printed {
		v.add(issueCodeMissing)
	}
	v.res.Activation = Activation{Issued: r.Statement, code: code}
}
