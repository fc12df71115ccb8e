// Package access holds the nouns of member access and the rules that need
// nothing but the standard library: what a fund's file says, who a member is,
// what a code stands for, how an operation is digested.
//
// It imports nothing of ours. Everything else in this module speaks its words.
package access

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"time"
)

// A Level is what a session or an enrolment allows. LevelRead is less than LevelAct.
type Level string

// The levels there are.
const (
	LevelRead Level = "read" // look at one's own position (F-1)
	LevelAct  Level = "act"  // confirm operations over a proved channel (F-17)
)

// A Kind is a way to write to somebody.
type Kind string

// The kinds of channel there are.
const (
	Email  Kind = "email"
	SMS    Kind = "sms"
	PEC    Kind = "pec"
	Letter Kind = "letter"
	TOTP   Kind = "totp" // nothing is written: an app makes the codes (S-10)

	// ByPasskey is no way to write to anybody: a key answers in the place of a code.
	ByPasskey Kind = "passkey"
)

// A Channel is how a member gets codes: where we write to them, once the member
// has proved that what is sent there arrives (F-3), or the app that makes them
// (S-10). A member has one in use at a time.
type Channel struct {
	ID      string
	Member  string
	Kind    Kind
	Address string // as it is written to: an e-mail address, or a number in E.164; "" for an app
	Secret  []byte // that an app makes codes of; nil for what is written to
	Source  string // "registry" or "member"
	OnFile  time.Time
	Proved  time.Time
	Ended   time.Time // zero while in use
}

// A Question is what one challenge asks of one member: a purpose, and the one
// thing a right answer will stand for («journey/J7/3», «operation/<id>/<digest>»).
//
// Session is the session, or the journey where there is no session yet, in
// which the answer must be given; an answer from anywhere else is not heard.
type Question struct {
	Fund, Member, Purpose, Subject, Session string
}

// The purposes of a code. A member has at most one live code for each (F-13).
const (
	PurposeChannel   = "channel"
	PurposePassword  = "password"
	PurposeSignIn    = "sign_in"
	PurposeOperation = "operation"
	PurposeRecover   = "recover"
	PurposeUsername  = "username" // the key of S-8
	PurposeFactor    = "factor"
	PurposeFresh     = "fresh"         // that it is the member who asks for a change
	PurposeHandOver  = "hand_over"     // the half of a secret that goes by mail
	PurposeHalfSMS   = "hand_over_sms" // the half that goes by SMS
	PurposeMobile    = "mobile"        // that a mobile is the member's own
	PurposePIN       = "pin"
	PurposePasskey   = "passkey" // that a passkey comes or goes

	// PurposeOperationKey is PurposeOperation answered by a passkey: it has a place
	// of its own, so that a code which lives goes on living.
	PurposeOperationKey = "operation_passkey"
)

// A ChallengeState is where a challenge stands.
//
// open, burnt and killed hold the member's place for the purpose until the
// challenge would have expired; passed, spent, bounced and lapsed do not.
type ChallengeState string

// The states of a challenge.
const (
	ChallengeOpen     ChallengeState = "open"
	ChallengePassed   ChallengeState = "passed"   // answered, the deed not yet done
	ChallengeSpent    ChallengeState = "spent"    // the deed was done
	ChallengeBurnt    ChallengeState = "burnt"    // too many wrong answers
	ChallengeKilled   ChallengeState = "killed"   // cancelled, or what it stood for was changed
	ChallengeReplaced ChallengeState = "replaced" // a newer code took its place
	ChallengeBounced  ChallengeState = "bounced"  // proved not to have arrived
	ChallengeLapsed   ChallengeState = "lapsed"   // expired
)

// A Challenge is a Question put to a member, answerable once.
type Challenge struct {
	ID string
	Question
	Kind                Kind   // over which the code went
	Masked              string // where it went, as the member may read it
	MAC                 []byte
	Left                int // tries
	State               ChallengeState
	IssuedAt, ExpiresAt time.Time
}

// A Session is one browser signed in as one member.
type Session struct {
	ID        string // SHA-256 of the cookie's token, hexadecimal
	Fund      string
	Member    string
	Level     Level
	Method    string // how it began: "password", "password+email", "password+sms", "password+totp", "first_access", "letter+sms", "letter+totp", "passkey", "passkey+sms"
	Lang      string
	Device    string // the device's ID
	Agent     string // the browser and system, as the member may recognise them
	StartedAt time.Time
	SeenAt    time.Time
	ProvedAt  time.Time // when a code was last answered in it; zero for never
	EndsAt    time.Time // absolute limit
	EndedAt   time.Time // zero while it lives

	Several bool   // there was a choice of profiles when it began
	Profile string // the member whose profile is open, or "": nobody's was chosen yet, or there is but the member's own
	For     string // how the profile is another's: ProfileRole or ProfileMandate; "" if it is the member's own
	Person  string // and whose: the name of somebody else, or what the register calls one's own other role by
}

// Whose is the member whose position the session shows and acts on. Codes,
// credentials and contacts are always those of Member, who signed in.
func (s Session) Whose() string {
	if s.Profile != "" {
		return s.Profile
	}
	return s.Member
}

// How somebody comes to a profile that is not the one they signed in with.
const (
	ProfileRole    = "role"    // it is the same person under another name (C-21)
	ProfileMandate = "mandate" // they act for somebody else (C-22)
)

// A Mandate lets one member act for another, in their own name (C-22).
type Mandate struct {
	ID             string
	Representative string // who acts
	Member         string // for whom
	Kind           string // "parent", or as the register has it: "administrator", …
	Proof          Document
	By             string    // the person of the office who saw the proof
	Since          time.Time // when it was enrolled
	Until          time.Time // when it is over by itself; zero: when it is ended
	EndedAt        time.Time // zero while it is open
	EndedWhy       string    // "of_age", "register", "died", "office"
}

// MandateParent is the kind of mandate that is over when a child comes of age.
const MandateParent = "parent"

// A Document is what the office was shown.
type Document struct {
	Kind   string `json:"kind"` // "identity_document", "decree", …
	Number string `json:"number"`
	Issuer string `json:"issuer"`
	Date   string `json:"date"` // YYYY-MM-DD
}

// A Device is a browser that was used by a member before.
type Device struct {
	ID      string // SHA-256 of the cookie's token, hexadecimal
	Member  string
	Agent   string
	FirstAt time.Time
	Proved  time.Time // a code was answered on it; zero for never
	SeenAt  time.Time
}

// A Credential is a secret by which a member is known. Hash is a PHC string.
type Credential struct {
	Member string
	Kind   string // "password"
	Hash   string
	Cost   int64  // password.Cost of Hash: 0 for one of ours; who imports another's must say it
	Source string // "registry" (came with the fund's file) or "member" (chosen here)
	MadeAt time.Time
	DueAt  time.Time // must be changed before anything else from then on; zero for never

	ResetAt time.Time // when it was given back last by a code; zero for never
	ResetBy string    // keyed hash of the address that code went to

	Postponed int // sign-ins for which its change was put off (PasswordRules.Grace)
}

// A Journey is one member's walk through one flow of the fund's file. At only
// grows; a change of mind is a new journey.
type Journey struct {
	ID        string // SHA-256 of the cookie's secret, hexadecimal
	Fund      string
	Member    string
	Goal      string
	At        int // the step it stands at; len(steps) is the end
	Lang      string
	By        string // how the person was known: "password", "letter" (S-17), "backup", "replacement", "session", "recover", "facts", "handed", or "number" (which proves nothing: security.md 4.7)
	Session   string // the session it was begun in, or ""
	Device    string
	Agent     string
	Channel   Kind   // chosen in it, or ""
	Address   string // chosen in it, or ""
	Password  string // PHC of the password to be set by the next code, or ""
	Mute      bool   // its codes are sent to nobody, and none is right
	Enrol     Enrolling
	Factor    Channel // how codes shall come from now on: Kind, Address and Secret alone
	Half      Kind    // over which a first half was answered, while another is awaited
	Handed    string  // the id of the temporary password it began with, or ""
	Passkey   string  // the id of the passkey that it takes away, or ""
	State     string  // open, done, dropped
	StartedAt time.Time
	ExpiresAt time.Time
}

// Enrolling is what somebody who enrols has shown and chosen so far. None of it
// counts before the last code (S-21).
type Enrolling struct {
	Entry      string    `json:"entry,omitempty"`      // of the register, whose letter was shown
	Activation string    `json:"activation,omitempty"` // the index of its code
	Terms      string    `json:"terms,omitempty"`      // the version accepted
	TermsLang  string    `json:"terms_lang,omitempty"` // in which it was read
	TermsAt    time.Time `json:"terms_at,omitzero"`
	Username   string    `json:"username,omitempty"` // folded, as it is looked up
}

// A Username is the name that a member chose to sign in with: an e-mail address
// that was proved (S-8).
type Username struct {
	Member  string
	Name    string // folded, as it is looked up
	Address string // as it is written to
	Active  bool   // else it is held for a journey, until Until
	Journey string
	Until   time.Time
}

// A Consent is what a member read and accepted (S-6).
type Consent struct {
	Member  string
	What    string // "terms"
	Version string
	Lang    string
	At      time.Time
	Journey string
}

// Question is what the journey's present step may ask: it binds the code to
// this journey and this step.
func (j Journey) Question(purpose string) Question {
	return Question{j.Fund, j.Member, purpose, "journey/" + j.ID + "/" + strconv.Itoa(j.At), j.ID}
}

// A Handed is a temporary password: the half of new secrets that went by SMS. It
// is good while the challenge of the other half can be answered, and once.
type Handed struct {
	ID        string // what the challenge of the other half is about
	Challenge string
	Member    string
	Hash      string // PHC string
}

// A Passkey is a key pair that a device of the member's keeps: it signs in, and
// confirms in the place of a code (WebAuthn). Only its public half is here.
type Passkey struct {
	ID         string
	Member     string
	Host       string // the one at which it is good
	Credential []byte // the device's name for it: public
	Data       []byte // the whole record, opaque (passkey.Key)
	Name       string // the member's own word for it
	CodeKind   Kind   // of the code that let it in
	CodeBy     string // keyed hash of where that code went
	Uses       int64  // right answers
	MadeAt     time.Time
	UsedAt     time.Time // zero for never
	MutedAt    time.Time // zero unless it seems to have been copied: it answers nothing any more
}

// A PIN is a member's secret for acts. It is typed before a code is sent, and
// confirms nothing by itself.
type PIN struct {
	Member string
	Hash   string // PHC string, "" if there is none
	MadeAt time.Time
}

// A MobileTrust is what a member's number earned, or lost, beside what the
// register says of it.
type MobileTrust struct {
	Member   string
	Source   string    // "sms", "desk", "form"; "" if it was only lost
	By       string    // the journey, or the person of the office
	At       time.Time // zero if it was only lost
	Failures int       // proved ones, since then
	LostAt   time.Time // zero if it was not
	LostWhy  string
}

// A Case is something for the fund's people to look at. One that is open is not
// opened again for the same member and reason.
type Case struct {
	ID      string
	Kind    string // "recovery", "half_delivered", "not_me", "contact_conflict", "letter", "replacement", "deceased", "representative"; "" opens none
	Member  string
	Why     string
	Journey string
	At      time.Time
	EndedAt time.Time // zero while it is open
}

// A FactorLetter is a letter of the office with a code, for a member whose factor is
// lost. The code itself is nowhere.
type FactorLetter struct {
	ID        string
	Member    string
	By        string // the person of the office
	MadeAt    time.Time
	ExpiresAt time.Time
}

// A Replacement is a factor that is lost, and will give way to a new one after a
// delay in which the member can object (S-23).
type Replacement struct {
	ID        string
	Member    string
	Source    string // "letter", "staff": how the member was known
	By        string // the journey, or the person of the office
	StartedAt time.Time
	ReadyAt   time.Time // from then on a new factor can be set
	LapsesAt  time.Time // and until then
	Stopped   bool      // it was stopped; no other one that is over is ever read
}

// Ready reports whether a new factor can be set.
func (r Replacement) Ready(now time.Time) bool {
	return r.ID != "" && !now.Before(r.ReadyAt) && now.Before(r.LapsesAt)
}

// An Enrolment is what a finished journey leaves: the level a member can reach.
type Enrolment struct {
	Member  string
	Level   Level
	Journey string
	Since   time.Time
}

// A Message is a text, by key, on its way to an address. Its cause, the message
// and the event commit together.
type Message struct {
	ID        string
	Fund      string
	Member    string
	Challenge string // the challenge whose code it carries, or ""
	Kind      Kind
	To        string
	Lang      string
	Key       string // mail.<Key>.subject, mail.<Key>.text, sms.<Key>
	Args      []Arg
	QueuedAt  time.Time
	ExpiresAt time.Time // never sent from then on; zero for no limit
	Tries     int
	State     MessageState
	Discard   bool // written down and never sent: there is nobody to send it to
}

// A MessageState is where a message stands. It never goes backwards.
type MessageState string

// The states of a message. sent, failed, expired and discarded are final: the
// body is erased.
const (
	MessageQueued    MessageState = "queued"
	MessageSent      MessageState = "sent"
	MessageFailed    MessageState = "failed"
	MessageExpired   MessageState = "expired"
	MessageDiscarded MessageState = "discarded"
)

// An Arg fills one hole of a message's text when it is sent. Type says how it
// is written in the reader's language.
type Arg struct {
	Name  string  `json:"n"`
	Type  ArgType `json:"t,omitempty"`
	Value string  `json:"v"`
}

// An ArgType is how a value is written.
type ArgType string

// The types of Arg. Times are Unix milliseconds; money is «cents currency».
const (
	ArgText    ArgType = ""
	ArgKey     ArgType = "key"   // a text key: the text itself is put in
	ArgTime    ArgType = "time"  // 14:30
	ArgDay     ArgType = "day"   // 12 March 2026
	ArgStamp   ArgType = "stamp" // both
	ArgMoney   ArgType = "money"
	ArgCount   ArgType = "count"   // a whole number, which may choose the plural
	ArgPercent ArgType = "percent" // hundredths of a percent
)

// DeviceArg is a hole for the browser and system that asked, which may not be known.
func DeviceArg(agent string) Arg {
	if agent == "" {
		return Arg{"device", ArgKey, "device.unknown"}
	}
	return Arg{Name: "device", Value: agent}
}

// TimeArg is a hole for a moment.
func TimeArg(name string, t ArgType, at time.Time) Arg {
	return Arg{name, t, strconv.FormatInt(at.UnixMilli(), 10)}
}

// NewID makes an id that sorts by the millisecond it was made in, with 80 random
// bits. Rows made together then stand together in every index: with random ids
// each insert dirties a page of its own, and one shared commit writes them all.
// An id is not a secret.
func NewID(now time.Time) string {
	return fmt.Sprintf("%012x%s", now.UnixMilli(), rand.Text()[:16])
}

// NewSecret makes a token of 256 bits for a cookie. Only its SHA-256 is stored.
func NewSecret() string { return rand.Text() + rand.Text() }
