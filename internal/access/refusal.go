package access

import "errors"

var (
	// ErrUnknown says that a commit failed: the work may or may not be there.
	// Whoever hears it reads again by id, and never reports failure
	// (reliability.md R3).
	ErrUnknown = errors.New("outcome unknown")

	// ErrClock says that the clock stands before a time that was seen already.
	// Nothing is read or written until it is right: an expired code must not
	// live again (reliability.md R6).
	ErrClock = errors.New("the clock went back")

	// ErrFull says that the disk is full: nothing was written.
	ErrFull = errors.New("disk full")
)

// A Refusal is an outcome the member can be told about: what happened, and what
// to do next. Any other error is a fault. Code is also the text key:
// refusal.<code>.
type Refusal struct {
	Code  string
	Field string // the form field it belongs to, or ""
	Args  []Arg  // what the text's holes need
}

// Error names the refusal for a log; the member reads the text.
func (r *Refusal) Error() string { return "refused: " + r.Code }

// Refuse makes a refusal.
func Refuse(code string, args ...Arg) *Refusal { return &Refusal{Code: code, Args: args} }

// RefuseField makes a refusal that belongs to one field of a form.
func RefuseField(field, code string, args ...Arg) *Refusal {
	return &Refusal{Code: code, Field: field, Args: args}
}

// Refused reports whether err is, or holds, the refusal named code.
func Refused(err error, code string) bool {
	r, ok := errors.AsType[*Refusal](err)
	return ok && r.Code == code
}

// Refusals are all that is wrong with one form.
type Refusals []*Refusal

// Error names them for a log.
func (rs Refusals) Error() string {
	s := "refused:"
	for _, r := range rs {
		s += " " + r.Field + "=" + r.Code
	}
	return s
}

// Err is nil when there are none, the one when there is one, and all otherwise.
func (rs Refusals) Err() error {
	switch len(rs) {
	case 0:
		return nil
	case 1:
		return rs[0]
	}
	return rs
}
