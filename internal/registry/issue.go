package registry

import (
	"maps"
	"slices"
	"strings"

	"aditus/internal/access"
)

// An Outcome is what becomes of a record. A record with several issues takes
// the most severe.
type Outcome string

// The outcomes, mildest first.
const (
	Accept     Outcome = "accept"     // imported silently
	Normalise  Outcome = "normalise"  // imported after a deterministic fix, which is logged
	Warn       Outcome = "warn"       // imported, with a task for the office
	Restrict   Outcome = "restrict"   // imported, but a capability is off
	Quarantine Outcome = "quarantine" // held aside: no identity until somebody decides
	Reject     Outcome = "reject"     // unusable; the rest of the file goes on
)

// Outcomes are all outcomes, mildest first.
func Outcomes() []Outcome {
	return []Outcome{Accept, Normalise, Warn, Restrict, Quarantine, Reject}
}

// severity orders outcomes.
func (o Outcome) severity() int { return slices.Index(Outcomes(), o) }

// The issue words. A profile may rename one, change its outcome, or say that it
// is none ([registry.issues]).
const (
	issueTruncatedRow      = "TRUNCATED_ROW"      // fewer fields than the header
	issueUnquotedSeparator = "UNQUOTED_SEPARATOR" // more fields than the header
	issueEmptyRow          = "EMPTY_ROW"          // delimiters alone
	issueRecordTooLong     = "RECORD_TOO_LONG"
	issueUnclosedQuote     = "UNCLOSED_QUOTE"
	issueBadQuote          = "BAD_QUOTE" // text after a closing quote
	issueNULByte           = "NUL_BYTE"

	issueQuotedSeparator = "QUOTED_SEPARATOR"
	issueQuotedNewline   = "QUOTED_NEWLINE"

	issueUndefinedByte    = "UNDEFINED_BYTE" // with its value: UNDEFINED_BYTE_0x81
	issueInvalidUTF8      = "INVALID_UTF8"
	issueReplacementChar  = "REPLACEMENT_CHAR"
	issueMojibake         = "MOJIBAKE"
	issueWhitespace       = "WHITESPACE"
	issueNFD              = "UNICODE_NFD"
	issueZeroWidth        = "ZERO_WIDTH"
	issueControlCharacter = "CONTROL_CHARACTER"
	issueValueTooLong     = "VALUE_TOO_LONG"
	issueFormula          = "FORMULA_INJECTION"

	issueNumMissing       = "NUM_MISSING"
	issueNumFormat        = "NUM_FORMAT"
	issueNumNormalise     = "NUM_NORMALISE"
	issueNumDuplicate     = "NUM_DUPLICATE"
	issueNumDiffers       = "NUM_DIFFERS" // from the field that should say the same
	issueLeadingZerosLost = "LEADING_ZEROS_LOST"

	issueAHVMissing    = "AHV_MISSING"
	issueAHVNoDots     = "AHV_NO_DOTS" // or other than 756.1234.5678.97 in another way
	issueAHVOld        = "AHV_OLD_FORMAT"
	issueAHVScientific = "AHV_SCIENTIFIC" // a spreadsheet dropped digits
	issueAHVDuplicate  = "AHV_DUPLICATE_OTHER_PERSON"

	issueCFMissing    = "CF_MISSING"
	issueCFNormalise  = "CF_NORMALISE"
	issueCFDuplicate  = "CF_DUPLICATE_OTHER_PERSON"
	issueCFName       = "CF_NAME_MISMATCH"
	issueCFBirthdate  = "CF_BIRTHDATE_MISMATCH"
	issueCFSex        = "CF_SEX_MISMATCH"
	issueOmocodia     = "OMOCODIA"
	issueTwoPositions = "SAME_PERSON_TWO_POSITIONS"

	issueDateMissing     = "DATE_MISSING"
	issueDateImpossible  = "DATE_IMPOSSIBLE"
	issueDateFuture      = "DATE_FUTURE"
	issueDateDefault     = "DATE_DEFAULT_1900"
	issueDateISO         = "DATE_ISO"
	issueDateTime        = "DATE_WITH_TIME"
	issueDateNoPad       = "DATE_NO_ZERO_PAD"
	issueDateSeparator   = "DATE_SEPARATOR"
	issueDateSerial      = "DATE_EXCEL_SERIAL"
	issueDateTwoDigits   = "DATE_TWO_DIGIT_YEAR"
	issueDateUS          = "DATE_US_ORDER"
	issueDateUSAmbiguous = "DATE_US_AMBIGUOUS"
	issueDateCentury     = "DATE_CENTURY_UNKNOWN"
	issueDateUnreadable  = "DATE_UNREADABLE" // any date but that of birth

	issueEmailNormalise = "EMAIL_NORMALISE"
	issueEmailInvalid   = "EMAIL_INVALID"
	issueEmailShared    = "SHARED_EMAIL"
	issueEmailGeneric   = "GENERIC_MAILBOX"
	issueEmailBouncing  = "BOUNCING_EMAIL"
	issueEmailWork      = "EMPLOYER_EMAIL" // lost with the job
	issuePECInvalid     = "PEC_INVALID"
	issuePECShared      = "SHARED_PEC"
	issuePECGeneric     = "GENERIC_PEC"
	issueSwapped        = "PEC_EMAIL_SWAPPED" // each stands in the other's column
	issueMobileFormat   = "MOBILE_FORMAT"
	issueMobileZeroLost = "MOBILE_LEADING_ZERO_LOST"
	issueMobileForeign  = "FOREIGN_MOBILE"
	issueMobileInvalid  = "MOBILE_INVALID"
	issueMobileLandline = "LANDLINE_AS_MOBILE"
	issueMobileShared   = "SHARED_MOBILE"
	issueMobileDesk     = "DESK_MOBILE_ON_MANY"
	issueNoChannel      = "NO_CHANNEL"

	issueFlagBlank        = "FLAG_BLANK" // nobody says whether the mobile is reliable
	issueFlagGarbage      = "FLAG_GARBAGE"
	issueFlagVariant      = "FLAG_VARIANT"
	issueReliableNoMobile = "RELIABLE_BUT_NO_MOBILE"
	issueLanguageVariant  = "LANGUAGE_VARIANT"

	issueCodeMissing   = "ACTIVATION_CODE_MISSING"
	issueCodeInvalid   = "ACTIVATION_CODE_INVALID"
	issueCodeDuplicate = "ACTIVATION_CODE_DUPLICATE"

	issueStatusUnknown     = "STATUS_UNKNOWN"
	issueDeceasedActive    = "DECEASED_STATUS_ACTIVE"
	issueDeceasedNoDate    = "DECEASED_NO_DATE"
	issueDeceasedInName    = "DECEASED_IN_NAME" // a dagger
	issueLeftActive        = "LEFT_BUT_ACTIVE"
	issueLeftBeforeJoining = "EXIT_BEFORE_ENTRY"
	issueMinorNoGuardian   = "MINOR_NO_GUARDIAN"
	issueRepresentativeBad = "REPRESENTATIVE_INVALID"
	issueRepresentativeOut = "REPRESENTATIVE_EXTERNAL" // by a court's decree, and no row is theirs
	issueSurvivorUnknown   = "SURVIVOR_OF_UNKNOWN"     // no row has the number of the deceased
)

// The capabilities that an issue can take or qualify.
const (
	capLoginBlocked = "login_blocked"
	capChannelNone  = "channel_none"
	capEmailOff     = "email_off"
	capSMSOff       = "sms_off"
	capEmailNoOTP   = "email_off_for_otp"
	capEmailShared  = "email_shared"
	capSMSShared    = "sms_shared"

	capPECOff          = "pec_off"
	capPECShared       = "pec_shared"
	capRecoveryOff     = "recovery_off"
	capActivationOff   = "activation_off"
	capDelegatePending = "delegate_pending"
	capEIDLinkOff      = "eid_link_off"
)

// capabilities in the order in which one of them speaks for a record.
var capabilities = []string{capLoginBlocked, capActivationOff, capRecoveryOff, capDelegatePending, capChannelNone, capEmailOff, capSMSOff, capPECOff,
	capEmailNoOTP, capEmailShared, capSMSShared, capPECShared, capEIDLinkOff}

// An effect is what an issue does to its record.
type effect struct {
	word       string
	outcome    Outcome
	capability string
}

// productEffects are the issues as the product has them.
var productEffects = []effect{
	{issueTruncatedRow, Reject, ""},
	{issueUnquotedSeparator, Reject, ""},
	{issueEmptyRow, Reject, ""},
	{issueRecordTooLong, Reject, ""},
	{issueUnclosedQuote, Reject, ""},
	{issueBadQuote, Reject, ""},
	{issueNULByte, Reject, ""},

	// Seen, and worth knowing when somebody looks at the row; nothing to do.
	{issueQuotedSeparator, Accept, ""},
	{issueQuotedNewline, Accept, ""},
	{issueOmocodia, Accept, ""},
	{issueTwoPositions, Accept, ""},
	{issueEmailBouncing, Accept, ""},

	{issueUndefinedByte, Warn, ""},
	{issueInvalidUTF8, Warn, ""},
	{issueReplacementChar, Warn, ""},
	{issueMojibake, Normalise, ""},
	{issueWhitespace, Normalise, ""},
	{issueNFD, Normalise, ""},
	{issueZeroWidth, Normalise, ""},
	{issueControlCharacter, Warn, ""},
	{issueValueTooLong, Warn, ""},
	{issueFormula, Warn, ""},

	// The membership number is what a person first comes in with.
	{issueNumMissing, Quarantine, ""},
	{issueNumFormat, Quarantine, ""},
	{issueNumNormalise, Normalise, ""},
	{issueNumDuplicate, Quarantine, ""},
	{issueNumDiffers, Quarantine, ""},
	{issueLeadingZerosLost, Normalise, ""},

	{issueAHVMissing, Quarantine, ""},
	{"AHV_CHARSET", Quarantine, ""},
	{"AHV_LENGTH", Quarantine, ""},
	{"AHV_PREFIX", Quarantine, ""},
	{"AHV_CHECK", Quarantine, ""},
	{issueAHVOld, Quarantine, ""},
	{issueAHVScientific, Quarantine, ""},
	{issueAHVDuplicate, Quarantine, ""},
	{issueAHVNoDots, Normalise, ""},

	{issueCFMissing, Quarantine, ""},
	{"CF_CHARSET", Quarantine, ""},
	{"CF_LENGTH", Quarantine, ""},
	{"CF_FORMAT", Quarantine, ""},
	{"CF_CHECK", Quarantine, ""},
	{"CF_DATE", Quarantine, ""},
	{"CF_PROVISIONAL", Quarantine, ""},
	{issueCFNormalise, Normalise, ""},
	{issueCFDuplicate, Quarantine, ""},
	{issueCFName, Warn, ""},
	{issueCFBirthdate, Warn, ""},
	{issueCFSex, Warn, ""},

	{issueDateMissing, Quarantine, ""},
	{issueDateImpossible, Quarantine, ""},
	{issueDateFuture, Quarantine, ""},
	{issueDateDefault, Quarantine, ""},
	{issueDateCentury, Quarantine, ""},
	{issueDateUSAmbiguous, Quarantine, ""},
	{issueDateISO, Normalise, ""},
	{issueDateTime, Normalise, ""},
	{issueDateNoPad, Normalise, ""},
	{issueDateSeparator, Normalise, ""},
	{issueDateSerial, Normalise, ""},
	{issueDateTwoDigits, Normalise, ""},
	{issueDateUS, Normalise, ""},
	{issueDateUnreadable, Warn, ""},

	{issueEmailNormalise, Normalise, ""},
	{issueEmailInvalid, Restrict, capEmailOff},
	{issueEmailShared, Warn, capEmailShared},
	{issueEmailGeneric, Warn, capEmailNoOTP},
	{issueEmailWork, Warn, ""},
	{issuePECInvalid, Restrict, capPECOff},
	{issuePECShared, Warn, capPECShared},
	{issuePECGeneric, Warn, capPECOff},
	{issueSwapped, Warn, ""},
	{issueMobileFormat, Normalise, ""},
	{issueMobileZeroLost, Normalise, ""},
	{issueMobileForeign, Normalise, ""},
	{issueMobileInvalid, Restrict, capSMSOff},
	{issueMobileLandline, Restrict, capSMSOff},
	{issueMobileShared, Warn, capSMSShared},
	{issueMobileDesk, Restrict, capSMSOff},
	{issueNoChannel, Restrict, capChannelNone},

	// Whatever does not say that a mobile is reliable says that it is not (C-9).
	{issueFlagBlank, Restrict, capRecoveryOff},
	{issueFlagGarbage, Restrict, capRecoveryOff},
	{issueReliableNoMobile, Restrict, capRecoveryOff},
	{issueFlagVariant, Normalise, ""},
	{issueLanguageVariant, Normalise, ""},

	{issueCodeMissing, Restrict, capActivationOff},
	{issueCodeInvalid, Restrict, capActivationOff},
	{issueCodeDuplicate, Restrict, capActivationOff},

	{issueLeftActive, Warn, ""},
	{issueLeftBeforeJoining, Quarantine, ""},
	{issueSurvivorUnknown, Quarantine, ""},

	// Where life and death or a person's age are in doubt, nobody comes in.
	{issueStatusUnknown, Restrict, capLoginBlocked},
	{issueDeceasedActive, Restrict, capLoginBlocked},
	{issueDeceasedNoDate, Restrict, capLoginBlocked},
	{issueDeceasedInName, Restrict, capLoginBlocked},
	{issueMinorNoGuardian, Restrict, capLoginBlocked},
	{issueRepresentativeBad, Warn, ""},
	{issueRepresentativeOut, Restrict, capDelegatePending},
}

// mildTaxCode and mildBirth are the faults of a tax code and a date of birth that
// hold a row aside where the fund requires the value, because people are known by
// it. Elsewhere they cost no more than what the value would have been good for.
var (
	mildTaxCode = []string{issueCFMissing, "CF_CHARSET", "CF_LENGTH", "CF_FORMAT", "CF_CHECK", "CF_DATE", "CF_PROVISIONAL", issueCFDuplicate}
	mildBirth   = []string{issueDateImpossible, issueDateFuture, issueDateDefault, issueDateCentury, issueDateUSAmbiguous}
)

// effects are the issues as one fund has them, by the product's word. What the
// fund switched off is not in it. strange are words of the profile that are no
// issues.
func effects(p *access.Profile) (all map[string]effect, strange []string) {
	all = map[string]effect{}
	for _, name := range fieldNames { // a required field that is empty, a word that is in no list
		all[missingWord(name)] = effect{missingWord(name), Quarantine, ""}
		all[unknownWord(name)] = effect{unknownWord(name), Warn, ""}
	}
	for _, e := range productEffects {
		all[e.word] = e
	}
	for _, f := range p.Key.With { // no row is known by half a key
		all[unknownWord(f)] = effect{unknownWord(f), Quarantine, ""}
	}
	if !slices.Contains(p.Required, "tax_code") && p.Login != "tax_code" {
		for _, word := range mildTaxCode {
			all[word] = effect{word, Warn, capEIDLinkOff}
		}
	}
	if !slices.Contains(p.Required, "birth_date") {
		for _, word := range mildBirth {
			all[word] = effect{word, Warn, ""}
		}
	}
	for _, word := range slices.Sorted(maps.Keys(p.Issues)) {
		e, ok := all[word]
		own := p.Issues[word]
		if !ok {
			strange = append(strange, word)
			continue
		}
		if own.Off {
			delete(all, word)
			continue
		}
		if own.As != "" {
			e.word = own.As
		}
		if own.Outcome != "" {
			e.outcome = Outcome(own.Outcome)
		}
		if own.Capability != "" {
			e.capability = strings.TrimPrefix(own.Capability, "-")
		}
		all[word] = e
	}
	return all, strange
}

// missingWord is the issue of a required field without a value.
func missingWord(field string) string { return strings.ToUpper(field) + "_MISSING" }

// unknownWord is the issue of a value that the profile's list does not have.
func unknownWord(field string) string { return strings.ToUpper(field) + "_UNKNOWN" }

// speaks is the one capability that is told of a record, of all that its issues
// name: the first in the order of capabilities, a fund's own words last.
func speaks(named []string) string {
	for _, c := range capabilities {
		if slices.Contains(named, c) {
			return c
		}
	}
	if len(named) > 0 {
		return named[0]
	}
	return ""
}
