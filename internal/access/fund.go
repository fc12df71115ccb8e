package access

import (
	"slices"
	"time"
)

// A Fund is what its file says, checked. Everything that differs between funds
// is here, and nothing else in the program knows one fund from another.
type Fund struct {
	ID        string // the file's name
	Name      string
	Short     string // at most 20 characters of GSM-7, for an SMS
	Country   string // "IT", "CH", "FR"
	Zone      *time.Location
	Languages []string          // the first is the fund's own
	Variants  map[string]string // how one of them is spoken, if not as usual: "it" as "it@lei"
	Hosts     []string
	Sender    Sender
	Brand     Brand
	Help      Help
	Ways      []Way
	Code      CodeRules
	Password  PasswordRules
	SignIn    SignInRules
	Enrol     EnrolRules
	Factor    FactorRules
	Channel   ChannelRules
	Session   SessionRules
	Hold      HoldRules
	Recovery  RecoveryRules
	Trust     TrustRules
	Status    map[string]StatusRule // by the registry's normalised status or kind
	Registry  Profile
	Flows     []Flow
	Acts      []Act
}

// A Sender is who a fund's messages come from.
type Sender struct {
	Name  string
	Email string
	PEC   string // the address of the fund's own PEC mailbox, or "" for the operator's
	SMS   string // what a telephone shows, or "" for the operator's
}

// Brand is a fund's look: colours as #rrggbb and a logo, a path under the
// fund's folder or "" for the neutral one.
type Brand struct {
	Brand, OnBrand, Link, Tint, Focus string
	Radius                            int // px
	Logo, Favicon                     string
}

// Help is where a person can ask a person.
type Help struct {
	Phone   string            // as it is dialled, E.164
	Shown   string            // as it is read
	Hours   map[string]string // by language
	Email   string
	Address string
}

// A Way is one of the fund's ways to have a contact put on file, in the
// fund's own words, by language.
type Way struct {
	Title map[string]string
	Text  map[string]string
}

// CodeRules come from the [code] table.
type CodeRules struct {
	Digits  int
	Letters bool // of 32 letters and digits, none like another, instead of digits
	Tries   int
	TTL     time.Duration // from the request (F-12)
	Again   time.Duration // when a newer code may be asked for; 0 is «after expiry» (F-13)
	PerHour int
	PerDay  int // Q4
	PerSite int // to one address over all members, a day
}

// PasswordRules come from the [password] table.
type PasswordRules struct {
	Min      int // code points
	MaxBytes int
	Groups   int // of digit, lower, upper, other; 0 asks for none

	// From Rollout on, a password that breaks the rules is asked to be changed at
	// sign-in, and may be kept for Grace sign-ins more (C-3). The zero time asks
	// it of new passwords alone.
	Rollout time.Time
	Grace   int
	Alone   bool // the file says expressly that a shorter one may stand alone (security.md 4.6)
}

// SignInRules come from the [sign_in] table.
type SignInRules struct {
	Code        string    // "never", "unknown_device", "always"
	InviteUntil time.Time // the invitation to the secure channel can be put off until then (Q2); zero for always
}

// EnrolRules come from the [enrol] table.
type EnrolRules struct {
	Terms  string            // the version of the terms of use, as it is kept with a consent
	Text   map[string]string // of the terms, by language; a blank line parts paragraphs
	Others map[string]string // where those go who are neither insured nor pensioners (S-3), by language
}

// FactorRules come from the [factor] table.
type FactorRules struct {
	Prefixes []string      // of the numbers to which codes go: a country's, as +41 (security.md part 5)
	Delay    time.Duration // between the start of a lost factor's replacement and a new one
	Passkeys bool          // members may sign in and confirm with passkeys
}

// ChannelRules come from the [channel] table.
type ChannelRules struct {
	Reauth string // "always", or "fresh": not asked again within five minutes (security.md 4.9)
}

// SessionRules come from the [session] table.
type SessionRules struct {
	Idle, Absolute time.Duration
}

// HoldRules come from the [hold] table (Q6, security.md 4.4).
type HoldRules struct {
	ContactChange time.Duration // no money moves so soon after a contact changed
	Email         time.Duration // nor after a confirmation by an e-mail code
	PasswordReset time.Duration // nor on the word of the channel that gave the password back (rule R1)
}

// The styles of giving secrets back in two halves (security.md 4.1).
const (
	SplitCodes         = "split_codes"          // a code by mail, one by SMS, both typed in the browser that asked
	SplitInitialSecret = "split_initial_secret" // a temporary password by SMS, a PIN by mail, both typed at the next sign-in
)

// RecoveryRules come from the [recovery] table.
type RecoveryRules struct {
	Style string
}

// TrustRules come from the [trust] table: what makes a mobile reliable (C-9, C-20).
type TrustRules struct {
	By         []string      // "registry": the register vouches; "sms", "desk", "form": it was earned so
	MaxPersons int           // a number that more people have is nobody's own
	MaxAge     time.Duration // after which it has to be earned again; 0 is never
	Demote     int           // proved failures to reach it after which it is not reliable any more
}

// A StatusRule says what somebody may do who has that status, or is that to the
// fund (Record.Kind).
type StatusRule struct {
	Access     string   // "full", "read", "none"
	For        Span     // from the day of leaving, then it is over; zero: for good
	Operations []string // the acts that may be asked for; nil: all there are
}

// A Span is a time by the calendar.
type Span struct{ Months, Days int }

// After is the day that lies so far after another.
func (s Span) After(day time.Time) time.Time { return day.AddDate(0, s.Months, s.Days) }

// A Flow is a list of words; choices live inside a word.
type Flow struct {
	Goal   string
	Grants Level
	Steps  []Step
}

// A Step is one word and what the file says of it.
type Step struct {
	Word string
	Args []string
}

// An Act is a type of operation that the fund's members can ask for.
type Act struct {
	ID      string
	Country string // the fund's: amounts are in its currency, numbers and codes are of its kind
	Fiction bool   // the numbers of invented people are taken: demonstration funds only
	Fields  []Field
	Hold    []string // "contact_change", "email", "password_reset": the holds that touch it
	Money   bool     // whether it moves money: the message names the amount
}

// Currency is that of the act's amounts, by ISO 4217.
func (a Act) Currency() string {
	if a.Country == "CH" {
		return "CHF"
	}
	return "EUR"
}

// Contacts reports whether the act asks for a contact of the person: where
// somebody can be reached is theirs to say, and nobody's on their behalf.
func (a Act) Contacts() bool {
	return slices.ContainsFunc(a.Fields, func(fd Field) bool { return fd.Type == "email" || fd.Type == "mobile" })
}

// Has reports whether the act has that hold.
func (a Act) Has(hold string) bool { return slices.Contains(a.Hold, hold) }

// A Field is one thing an act asks.
type Field struct {
	Name     string
	Type     string // line, postcode, province, country, date, year, iban, email, mobile, vat, choice, amount, amount_or_percent, shares, declaration
	Optional bool
	Min      int            // of an amount, in whole units of its currency
	Max      int            // of an amount the same; characters of a line, persons of shares
	Ranks    int            // of shares: the persons come in so many ranks, each of 100 %; 0 is all in one
	Options  []string       // of a choice, in order
	Percent  map[string]int // most percent, by the option of the field named in By
	Years    map[string]int // fewest years of membership, by the same
	By       string
	Past     int // days a date may lie back; years of a year
	Ahead    int // days a date may lie ahead; years of a year, -1 for last year at most
}

// Flow finds the fund's first flow with a goal.
func (f *Fund) Flow(goal string) (Flow, bool) {
	i := slices.IndexFunc(f.Flows, func(fl Flow) bool { return fl.Goal == goal })
	if i < 0 {
		return Flow{}, false
	}
	return f.Flows[i], true
}

// SignsInBy is what people type as their name: "tax_code", "username", or
// "email" where each chose their e-mail address for it.
func (f *Fund) SignsInBy() string {
	enrol, _ := f.Flow("enrol")
	if slices.ContainsFunc(enrol.Steps, func(s Step) bool { return s.Word == "username" && s.Says("email") }) {
		return "email"
	}
	if in, ok := f.Flow("sign_in"); ok && len(in.Steps) > 0 && in.Steps[0].Says("tax_code") {
		return "tax_code"
	}
	return "username"
}

// Act finds an act of the fund's catalogue.
func (f *Fund) Act(id string) (Act, bool) {
	i := slices.IndexFunc(f.Acts, func(a Act) bool { return a.ID == id })
	if i < 0 {
		return Act{}, false
	}
	return f.Acts[i], true
}

// Says reports whether a step's arguments hold one, also as part of «a | b».
func (s Step) Says(arg string) bool { return slices.Contains(s.Args, arg) }
