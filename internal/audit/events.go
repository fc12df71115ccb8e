package audit

// Where is what is kept of a browser: sealed for the person.
type Where struct {
	IP    string `json:"ip"`
	Agent string `json:"agent"`
}

// The kinds of event, as they stand in the trail.
const (
	KindSignedIn           = "signed_in"
	KindSignInFailed       = "sign_in_failed"
	KindSignedOut          = "signed_out"
	KindSessionsEnded      = "sessions_ended"
	KindCodeAsked          = "code_asked"
	KindCodeRefused        = "code_refused"
	KindCodeAnswered       = "code_answered"
	KindCodeSpent          = "code_spent"
	KindCodeKilled         = "code_killed"
	KindJourneyBegun       = "journey_begun"
	KindJourneyMoved       = "journey_moved"
	KindJourneyDropped     = "journey_dropped"
	KindChannelActive      = "channel_active"
	KindPasswordChanged    = "password_changed"
	KindOperationDrafted   = "operation_drafted"
	KindOperationChanged   = "operation_changed"
	KindOperationConfirmed = "operation_confirmed"
	KindOperationWithdrawn = "operation_withdrawn"
	KindOperationDropped   = "operation_dropped"
	KindOperationLapsed    = "operation_lapsed"
	KindRegistryImported   = "registry_imported"
	KindPasswordsImported  = "passwords_imported"
	KindContactKept        = "contact_kept"
	KindMessageFailed      = "message_failed"
	KindRecoveryAsked      = "recovery_asked"
	KindFrozen             = "frozen"
	KindEnrolmentRefused   = "enrolment_refused"
	KindEnrolled           = "enrolled"
	KindBackupsMade        = "backups_made"
	KindBackupUsed         = "backup_used"
	KindContractAdded      = "contract_added"
	KindPINChanged         = "pin_changed"
	KindPINAnswered        = "pin_answered"
	KindPasswordPostponed  = "password_postponed"
	KindMobileTrusted      = "mobile_trusted"
	KindMobileLost         = "mobile_lost"
	KindHalfDelivered      = "half_delivered"
	KindProfileChosen      = "profile_chosen"
	KindMandateBegun       = "mandate_begun"
	KindMandateEnded       = "mandate_ended"
	KindActedFor           = "acted_for"
	KindPasskeyAdded       = "passkey_added"
	KindPasskeyRemoved     = "passkey_removed"
	KindPasskeyMuted       = "passkey_muted"
)

type (
	// SignedIn: a session began.
	SignedIn struct {
		Member  string `json:"member"`
		Session string `json:"session"`
		Method  string `json:"method"`
		Level   string `json:"level"`
		Device  string `json:"device"` // "known", "new", "proved"
		Where   Where  `json:"-"`
	}

	// SignInFailed: a secret was wrong, or the person cannot come in. Subject is
	// a keyed hash of what was typed, the same whether or not it exists.
	SignInFailed struct {
		Member  string `json:"member,omitempty"`
		Subject string `json:"subject"`
		Why     string `json:"why"` // "wrong", "locked", "work", "blocked": never shown
		Where   Where  `json:"-"`
	}

	// RecoveryAsked: somebody asked for a forgotten password. Subject is a keyed
	// hash of the login, the same whether or not it exists.
	RecoveryAsked struct {
		Member  string `json:"member,omitempty"`
		Subject string `json:"subject"`
		Why     string `json:"why"` // "sent"; or "unknown", "blocked", "deceased", "no_contact", "mismatch", "not_reliable", "frozen", "limit": nothing was, which is never shown
		Where   Where  `json:"-"`
	}

	// Frozen: a member said that something was not them, in a session; nothing is
	// changed or confirmed from then on.
	Frozen struct {
		Member  string `json:"member"`
		Session string `json:"session"`
		Where   Where  `json:"-"`
	}

	// EnrolmentRefused: the three data of a letter opened nothing. Subject is a keyed
	// hash of the number typed, the same whether or not it exists.
	EnrolmentRefused struct {
		Member  string `json:"member,omitempty"`
		Subject string `json:"subject"`
		// "code", "number", "birth_date", "used", "replaced", "expired", "blocked", "deceased", "enrolled", "work": never shown
		Why   string `json:"why"`
		Where Where  `json:"-"`
	}

	// Enrolled: a member has made an access of their own.
	Enrolled struct {
		Member  string `json:"member"`
		Journey string `json:"journey"`
		Terms   string `json:"terms"`  // the version accepted
		Factor  string `json:"factor"` // "sms", "totp"
	}

	// BackupsMade: backup codes were shown to the member, in the place of older ones.
	BackupsMade struct {
		Member  string `json:"member"`
		Session string `json:"session"`
	}

	// BackupUsed: a backup code was typed in the place of a code.
	BackupUsed struct {
		Member  string `json:"member"`
		Journey string `json:"journey"`
		Right   bool   `json:"right"`
	}

	// ContractAdded: a member showed the letter of another contract of theirs.
	ContractAdded struct {
		Member string `json:"member"`
		Entry  string `json:"entry"`
	}

	// SignedOut: the member ended the session.
	SignedOut struct {
		Member  string `json:"member"`
		Session string `json:"session"`
	}

	// SessionsEnded: others of the member's sessions were ended, and why.
	SessionsEnded struct {
		Member string `json:"member"`
		Count  int    `json:"count"`
		Why    string `json:"why"`
	}

	// CodeAsked: a code was made and handed to the outbox.
	CodeAsked struct {
		Member    string `json:"member"`
		Challenge string `json:"challenge"`
		Purpose   string `json:"purpose"`
		Kind      string `json:"kind"`
	}

	// CodeRefused: no code was made, or an answer was not heard, and why.
	CodeRefused struct {
		Member  string `json:"member"`
		Purpose string `json:"purpose"`
		Why     string `json:"why"`
	}

	// CodeAnswered: a try was taken.
	CodeAnswered struct {
		Member    string `json:"member"`
		Challenge string `json:"challenge"`
		Right     bool   `json:"right"`
	}

	// CodeSpent: the deed that the code stood for was done.
	CodeSpent struct {
		Member    string `json:"member"`
		Challenge string `json:"challenge"`
		Subject   string `json:"subject"`
	}

	// CodeKilled: a code was made worthless before its time, and why.
	CodeKilled struct {
		Member    string `json:"member"`
		Challenge string `json:"challenge"`
		Why       string `json:"why"` // "changed", "cancelled", "bounced"
	}

	// JourneyBegun: a member set out.
	JourneyBegun struct {
		Member  string `json:"member"`
		Journey string `json:"journey"`
		Goal    string `json:"goal"`
	}

	// JourneyMoved: a member finished one step.
	JourneyMoved struct {
		Member  string `json:"member"`
		Journey string `json:"journey"`
		Word    string `json:"word"`
	}

	// JourneyDropped: the member left it; nothing of it happens any more.
	JourneyDropped struct {
		Member  string `json:"member"`
		Journey string `json:"journey"`
		Goal    string `json:"goal"`
		Word    string `json:"word"` // where it stood
	}

	// ChannelActive: a channel was proved, and is where codes go from now on.
	ChannelActive struct {
		Member  string `json:"member"`
		Channel string `json:"channel"`
		Kind    string `json:"kind"`
		Journey string `json:"journey"`
		Address string `json:"-"` // masked
	}

	// PasswordChanged: a new password was set.
	PasswordChanged struct {
		Member  string `json:"member"`
		Journey string `json:"journey"`
	}

	// ProfileChosen: a member who has several opened a profile in a session.
	ProfileChosen struct {
		Member  string `json:"member"`
		Session string `json:"session"`
		Profile string `json:"profile"`       // the member whose it is
		For     string `json:"for,omitempty"` // "role", "mandate"; none is the member's own
		Mandate string `json:"mandate,omitempty"`
	}

	// MandateBegun: the office has seen a proof, and one member acts for another. It is
	// told of each of the two.
	MandateBegun struct {
		Member         string `json:"member"`
		Mandate        string `json:"mandate"`
		Representative string `json:"representative"`
		Represented    string `json:"represented"`
		Kind           string `json:"kind"`
		By             string `json:"by"` // the person of the office
		Until          int64  `json:"until,omitempty"`
	}

	// MandateEnded: one member acts for another no more, and why. It is told of each.
	MandateEnded struct {
		Member         string `json:"member"`
		Mandate        string `json:"mandate"`
		Representative string `json:"representative"`
		Represented    string `json:"represented"`
		Why            string `json:"why"` // "of_age", "died", "register", "office"
	}

	// ActedFor: a member did something in another's profile. What it was is told of
	// the other, in an event of its own.
	ActedFor struct {
		Member    string `json:"member"`
		Profile   string `json:"profile"`
		For       string `json:"for"` // "role", "mandate"
		Operation string `json:"operation"`
		What      string `json:"what"` // "drafted", "changed", "confirmed", "withdrawn", "dropped"
	}

	// OperationDrafted: a draft was written down.
	OperationDrafted struct {
		Member    string `json:"member"`
		Operation string `json:"operation"`
		Act       string `json:"act"`
		Digest    string `json:"digest"`
		By        string `json:"by,omitempty"` // who acted, where that is not the member
	}

	// OperationChanged: a draft's content was replaced, and its code with it.
	OperationChanged struct {
		Member    string `json:"member"`
		Operation string `json:"operation"`
		Digest    string `json:"digest"`
		By        string `json:"by,omitempty"` // who acted, where that is not the member
	}

	// OperationConfirmed: the member agreed to exactly this content.
	OperationConfirmed struct {
		Member    string `json:"member"`
		Operation string `json:"operation"`
		Challenge string `json:"challenge"`
		Digest    string `json:"digest"`
		Method    string `json:"method"`
		HeldUntil int64  `json:"held_until,omitempty"`
		Receipt   string `json:"receipt"`      // its id
		By        string `json:"by,omitempty"` // who acted, where that is not the member
	}

	// OperationWithdrawn: the member took back what was confirmed.
	OperationWithdrawn struct {
		Member    string `json:"member"`
		Operation string `json:"operation"`
		By        string `json:"by,omitempty"` // who acted, where that is not the member
	}

	// OperationDropped: a draft was cancelled.
	OperationDropped struct {
		Member    string `json:"member"`
		Operation string `json:"operation"`
		By        string `json:"by,omitempty"` // who acted, where that is not the member
	}

	// OperationLapsed: a draft was left for too long.
	OperationLapsed struct {
		Member    string `json:"member"`
		Operation string `json:"operation"`
	}

	// RegistryImported: a new version of the register is shown.
	RegistryImported struct {
		Version int64          `json:"version"`
		File    string         `json:"file"`
		Digest  string         `json:"digest"`
		Totals  map[string]int `json:"totals"` // outcome -> rows
	}

	// PasswordsImported: members can come in with passwords they had elsewhere.
	PasswordsImported struct {
		File   string         `json:"file"`
		Digest string         `json:"digest"`
		Totals map[string]int `json:"totals"` // outcome -> lines
	}

	// ContactKept: a row written down before the member proved a contact online had
	// another one, in an import that makes the version.
	ContactKept struct {
		Member  string `json:"member"`
		Version int64  `json:"version"`
		Kind    string `json:"kind"` // "email", "pec", "sms"
	}

	// MessageFailed: a message will not be sent any more, and why. "unknown" is
	// one that may have arrived: the gateway never said.
	MessageFailed struct {
		Member  string `json:"member"`
		Message string `json:"message"`
		Key     string `json:"key"`
		Why     string `json:"why"` // "bounced", "permanent", "expired", "unreadable", "unknown"
	}

	// PINChanged: a new PIN was set.
	PINChanged struct {
		Member  string `json:"member"`
		Journey string `json:"journey"`
	}

	// PINAnswered: a PIN was typed before an act.
	PINAnswered struct {
		Member string `json:"member"`
		Right  bool   `json:"right"`
	}

	// PasswordPostponed: the change of a password that breaks the rules was put
	// off, for the nth time.
	PasswordPostponed struct {
		Member string `json:"member"`
		N      int    `json:"n"`
	}

	// MobileTrusted: the member's mobile became one that secrets may go to, how,
	// and by whom: a journey, or a person of the office.
	MobileTrusted struct {
		Member string `json:"member"`
		Source string `json:"source"`
		By     string `json:"by"`
		Number string `json:"-"` // masked
	}

	// MobileLost: it is no such mobile any more, and why.
	MobileLost struct {
		Member string `json:"member"`
		Why    string `json:"why"` // "failed"
	}

	// HalfDelivered: one half of what was given back cannot arrive, so the other
	// opens nothing.
	HalfDelivered struct {
		Member    string `json:"member"`
		Challenge string `json:"challenge"`
		Half      string `json:"half"` // the kind of channel that failed
	}

	// PasskeyAdded: a device of the member's made a passkey for a host, after a code.
	PasskeyAdded struct {
		Member  string `json:"member"`
		Passkey string `json:"passkey"`
		Host    string `json:"host"`
		Journey string `json:"journey"`
		Where   Where  `json:"-"`
	}

	// PasskeyRemoved: the member took a passkey away, after a code.
	PasskeyRemoved struct {
		Member  string `json:"member"`
		Passkey string `json:"passkey"`
		Journey string `json:"journey"`
		Where   Where  `json:"-"`
	}

	// PasskeyMuted: a passkey counted its uses backwards, so there are two of it,
	// and neither is heard any more.
	PasskeyMuted struct {
		Member  string `json:"member"`
		Passkey string `json:"passkey"`
	}
)
