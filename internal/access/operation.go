package access

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// An OperationState is where an operation stands (flow O of domain.md 4b).
type OperationState string

// The states of an operation. It never goes back but from coded to draft, when
// it is edited or its code is cancelled.
const (
	OperationDraft     OperationState = "draft"
	OperationCoded     OperationState = "coded"     // a code for exactly this content was asked for
	OperationConfirmed OperationState = "confirmed" // agreed; waits to be handled
	OperationWithdrawn OperationState = "withdrawn" // by the member, before it was handled
	OperationLapsed    OperationState = "lapsed"    // left as a draft too long, or cancelled
	OperationHandled   OperationState = "handled"
)

// An Operation is an act a member wants done: its content, and how far it got.
type Operation struct {
	ID          string
	Fund        string
	Member      string // whose it is
	Actor       string // who asks for it, where that is not the member: a representative, or the same person under another name
	Session     string // the session that last wrote it
	Act         string
	Values      Values
	State       OperationState
	Number      string // what the member quotes
	Lang        string
	Challenge   string // of its code, or ""
	DraftedAt   time.Time
	ChangedAt   time.Time
	ConfirmedAt time.Time
	WithdrawnAt time.Time
	HeldUntil   time.Time // zero if nothing holds it
	HeldFor     string    // "contact_change", "email": why
}

// Values are what the member filled in: canonical texts by field name. An
// amount is in cents, a percentage in hundredths, a date YYYY-MM-DD; a list of
// persons is JSON.
type Values map[string]string

// By is who asks for the operation: codes go to them, and are theirs to answer.
func (o Operation) By() string {
	if o.Actor != "" {
		return o.Actor
	}
	return o.Member
}

// ShownTo reports whether somebody to whom the owner's profile is open sees the
// operation: a draft is only its writer's.
func (o Operation) ShownTo(member string) bool {
	return o.State != OperationDraft && o.State != OperationCoded || o.By() == member
}

// Digest is SHA-256 over the canonical operation: the code and the receipt
// stand for this and nothing else (security.md 4.5, RTS 2018/389 art. 5).
//
// The canonical form is JSON with sorted keys, which encoding/json promises for
// maps; the version stands first so that it can change.
func (o Operation) Digest() string {
	canonical, err := json.Marshal(struct {
		V      string `json:"v"`
		Fund   string `json:"fund"`
		Member string `json:"member"`
		Actor  string `json:"actor,omitempty"`
		ID     string `json:"id"`
		Act    string `json:"act"`
		Values Values `json:"values"`
	}{"operation1", o.Fund, o.Member, o.Actor, o.ID, o.Act, o.Values})
	if err != nil {
		panic(err) // strings and a map of strings always marshal
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

// Question is what a code for the operation asks, in the session that asks it.
func (o Operation) Question(session string) Question {
	return Question{o.Fund, o.By(), PurposeOperation, "operation/" + o.ID + "/" + o.Digest(), session}
}

// KeyQuestion is what the operation asks of a passkey: the same content, in the
// same session.
func (o Operation) KeyQuestion(session string) Question {
	q := o.Question(session)
	q.Purpose = PurposeOperationKey
	return q
}

// A Confirmation is the signed receipt of an operation. It never changes.
type Confirmation struct {
	ID        string
	Operation string
	Member    string
	Session   string
	Challenge string
	Digest    string
	Method    string // "otp_email", "otp_sms", "otp_totp", "passkey"
	At        time.Time
	HeldUntil time.Time
	Receipt   string // the bytes that are signed: JSON
	KeyID     string
	Signature string // base64
}
