package audit

// The kinds of event about a factor that is lost, and about known browsers.
const (
	KindLetterOrdered      = "letter_ordered"
	KindLetterAsked        = "letter_asked"
	KindLetterSent         = "letter_sent"
	KindLetterUsed         = "letter_used"
	KindReplacementStarted = "replacement_started"
	KindReplacementDelayed = "replacement_delayed"
	KindReplacementStopped = "replacement_stopped"
	KindReplacementUsed    = "replacement_used"
	KindStopRefused        = "stop_refused"
	KindDeviceForgotten    = "device_forgotten"
)

type (
	// LetterOrdered: somebody with the right password has lost the factor, and asks
	// for a letter with a code.
	LetterOrdered struct {
		Member  string `json:"member"`
		Journey string `json:"journey"`
		Where   Where  `json:"-"`
	}

	// LetterAsked: somebody asked for a new letter with an activation code. Subject is
	// a keyed hash of the number typed, the same whether or not it exists.
	LetterAsked struct {
		Member  string `json:"member,omitempty"`
		Subject string `json:"subject"`
		Why     string `json:"why"` // "ordered"; or "unknown", "birth_date", "blocked", "enrolled", "limit": none was, which is never shown
		Where   Where  `json:"-"`
	}

	// LetterSent: the office sent a letter with a code, in the place of an older one.
	LetterSent struct {
		Member string `json:"member"`
		Letter string `json:"letter"`
		By     string `json:"by"`
	}

	// LetterUsed: a code of a letter was typed in the place of a lost factor's.
	LetterUsed struct {
		Member  string `json:"member"`
		Journey string `json:"journey"`
		Right   bool   `json:"right"`
	}

	// ReplacementStarted: a lost factor will be replaced after the delay. By is the
	// journey, or the person of the office.
	ReplacementStarted struct {
		Member      string `json:"member"`
		Replacement string `json:"replacement"`
		Source      string `json:"source"` // "letter", "staff"
		By          string `json:"by"`
	}

	// ReplacementDelayed: a password was set, and the delay began anew.
	ReplacementDelayed struct {
		Member      string `json:"member"`
		Replacement string `json:"replacement"`
	}

	// ReplacementStopped: it will not happen, and who or what said so.
	ReplacementStopped struct {
		Member      string `json:"member"`
		Replacement string `json:"replacement"`
		By          string `json:"by"` // "session", "code", "not_me", "changed" (the factor was, in another way)
	}

	// ReplacementUsed: a new factor took the place of the lost one.
	ReplacementUsed struct {
		Member      string `json:"member"`
		Replacement string `json:"replacement"`
		Journey     string `json:"journey"`
	}

	// StopRefused: a wrong code was typed to stop a replacement. Subject is a keyed
	// hash of the login typed, the same whether or not it exists.
	StopRefused struct {
		Member  string `json:"member,omitempty"`
		Subject string `json:"subject"`
		Where   Where  `json:"-"`
	}

	// DeviceForgotten: the member made a browser an unknown one.
	DeviceForgotten struct {
		Member  string `json:"member"`
		Session string `json:"session"` // in which that was said
	}
)

func (e LetterOrdered) kind() string      { return KindLetterOrdered }
func (e LetterAsked) kind() string        { return KindLetterAsked }
func (e LetterSent) kind() string         { return KindLetterSent }
func (e LetterUsed) kind() string         { return KindLetterUsed }
func (e ReplacementStarted) kind() string { return KindReplacementStarted }
func (e ReplacementDelayed) kind() string { return KindReplacementDelayed }
func (e ReplacementStopped) kind() string { return KindReplacementStopped }
func (e ReplacementUsed) kind() string    { return KindReplacementUsed }
func (e StopRefused) kind() string        { return KindStopRefused }
func (e DeviceForgotten) kind() string    { return KindDeviceForgotten }

func (e LetterOrdered) about() string      { return e.Member }
func (e LetterAsked) about() string        { return e.Member }
func (e LetterSent) about() string         { return e.Member }
func (e LetterUsed) about() string         { return e.Member }
func (e ReplacementStarted) about() string { return e.Member }
func (e ReplacementDelayed) about() string { return e.Member }
func (e ReplacementStopped) about() string { return e.Member }
func (e ReplacementUsed) about() string    { return e.Member }
func (e StopRefused) about() string        { return e.Member }
func (e DeviceForgotten) about() string    { return e.Member }

func (e LetterOrdered) personal() any { return e.Where }
func (e LetterAsked) personal() any   { return e.Where }
func (e StopRefused) personal() any   { return e.Where }
