// Package challenge asks a member one question for one purpose, hears the
// answer, and hands out a Proof that can be spent once.
//
// Every one-time code of the product, whatever it is for, is this one
// mechanism: Ask opens, in the transaction that also posts the code; Answer
// takes one try in a commit of its own, before comparing, so that nobody's
// rollback gives a try back; Spend uses the proof up in the transaction of the
// deed (design.md, One Challenge; reliability.md R1, R2).
package challenge

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
	"aditus/internal/totp"
)

// A Service asks and hears.
type Service struct{ DB *store.DB }

// A Proof says that a member answered a Question. Only Answer makes one.
type Proof struct {
	challenge string
	question  access.Question
	kind      access.Kind
}

// Challenge is the id of the challenge that was passed.
func (p Proof) Challenge() string { return p.challenge }

// Kind is the kind of channel over which the code went.
func (p Proof) Kind() access.Kind { return p.kind }

// A Request is all that Ask needs.
type Request struct {
	Question access.Question
	Rules    access.CodeRules
	Kind     access.Kind
	Address  string
	Secret   []byte // of an app that makes the code itself, if that is the Kind
	Masked   string // the address as the member may read it
	Lang     string
	Text     string       // the message's key
	Args     []access.Arg // beside code, minutes and until

	// Quiet is for a question that is put before it is known who asks: a limit
	// that is met does not refuse, and makes the question mute.
	Quiet bool
	// Also are messages that carry the other half of what the code opens. They go
	// with it, or not at all: Member, Challenge, Lang and ExpiresAt are set here.
	Also []access.Message
	// Mute puts a question to which no code is sent and no answer is right. It
	// takes the place and the counts of one that is, so that nobody can tell.
	Mute bool
}

// Ask opens a challenge inside tx and posts its code; where an app makes the
// codes it posts nothing, and refuses for a pause alone. It refuses with
// code_still_valid while a code for the member and purpose lives (or was burnt
// or cancelled and would still live), with code_hour_limit or code_daily_limit
// when the member or the address had too many, and with code_paused after too
// many wrong answers.
//
// A quiet question is refused with code_still_valid alone.
//
// A refusal is a value of its own and not an error of tx: the caller's other
// work in the transaction may stand. On a refusal nothing was posted and
// nothing is lost: neither a code that lives nor a place in a count.
func (s *Service) Ask(tx *store.Tx, r Request) (c access.Challenge, refusal *access.Refusal, err error) {
	q := r.Question
	if q.Fund != tx.Fund() {
		return c, nil, fmt.Errorf("question of fund %q asked in %q", q.Fund, tx.Fund())
	}
	now := tx.Now()
	app := r.Kind == access.TOTP
	if t, err := tx.Throttle(pauseKey(tx, q)); err != nil {
		return c, nil, err
	} else if r.Mute = r.Mute || r.Quiet && t.FreeAt.After(now); !r.Quiet && t.FreeAt.After(now) {
		return c, access.Refuse("code_paused", access.TimeArg("time", access.ArgTime, t.FreeAt)), s.refused(tx, q, "paused")
	}
	free := time.Time{}
	if r.Rules.Again > 0 {
		free = now.Add(-r.Rules.Again)
	}
	code, err := random(r.Rules)
	if err != nil {
		return c, nil, err
	}
	c = access.Challenge{ID: access.NewID(now), Question: q, Kind: r.Kind, Masked: r.Masked,
		Left: r.Rules.Tries, State: access.ChallengeOpen, IssuedAt: now, ExpiresAt: now.Add(r.Rules.TTL)}
	limits := limitsOf(tx, r)
	if app { // nothing is sent that could be too much, and nothing that a newer one would make worthless
		c.ExpiresAt, limits, free = now.Add(appLife), nil, now
	}
	over, err := count(tx, limits)
	if err != nil {
		return c, nil, err
	}
	if over != nil && r.Quiet {
		over, limits, r.Mute = nil, nil, true
	}
	if c.MAC = mac(tx, c, code); app {
		if r.Mute {
			r.Secret = totp.NewSecret()
		}
		c.MAC = sealSecret(tx, c.ID, r.Secret)
	}
	if r.Mute && !app {
		rand.Read(c.MAC) // never fails (crypto/rand); no code has it
	}
	var held access.Challenge
	if over == nil {
		held, err = place(tx, c, free)
	} else if held, err = tx.HoldingChallenge(q.Member, q.Purpose); errors.Is(err, store.ErrNone) {
		err = nil
	}
	if err != nil {
		return c, nil, err
	}
	if held.ID != "" {
		again := held.ExpiresAt
		if r.Rules.Again > 0 && held.IssuedAt.Add(r.Rules.Again).Before(again) {
			again = held.IssuedAt.Add(r.Rules.Again)
		}
		if over == nil {
			err = giveBack(tx, limits)
		}
		if over == nil || again.After(now) { // of two reasons this one helps
			return held, access.Refuse("code_still_valid", access.TimeArg("time", access.ArgTime, again)),
				errors.Join(err, s.refused(tx, q, "live"))
		}
	}
	if over != nil {
		return c, over, s.refused(tx, q, "limit")
	}
	if err := audit.Record(tx, audit.CodeAsked{Member: q.Member, Challenge: c.ID, Purpose: q.Purpose, Kind: string(r.Kind)}); err != nil || app {
		return c, nil, err
	}
	for _, m := range r.Also {
		m.ID, m.Member, m.Challenge, m.Lang, m.ExpiresAt, m.Discard = access.NewID(now), q.Member, c.ID, r.Lang, c.ExpiresAt, r.Mute
		if err := tx.Post(m); err != nil {
			return c, nil, err
		}
	}
	return c, nil, tx.Post(access.Message{ID: access.NewID(now), Member: q.Member, Challenge: c.ID, Kind: r.Kind, To: r.Address,
		Lang: r.Lang, Key: r.Text, ExpiresAt: c.ExpiresAt, Discard: r.Mute, Args: append([]access.Arg{
			{Name: "code", Value: code},
			{Name: "minutes", Type: access.ArgCount, Value: fmt.Sprint(int(r.Rules.TTL.Minutes()))},
			access.TimeArg("until", access.ArgTime, c.ExpiresAt),
			access.TimeArg("time", access.ArgTime, now),
		}, r.Args...)})
}

// place takes the member's place for c, or finds who has it.
func place(tx *store.Tx, c access.Challenge, free time.Time) (held access.Challenge, err error) {
	for range 3 {
		if err = tx.AddChallenge(c, free); !errors.Is(err, store.ErrNone) {
			return held, err
		}
		if held, err = tx.HoldingChallenge(c.Member, c.Purpose); !errors.Is(err, store.ErrNone) {
			return held, err
		}
		// On PostgreSQL it may have been used or ended between the two.
	}
	return held, fmt.Errorf("the place for a code: %w", err)
}

func (s *Service) refused(tx *store.Tx, q access.Question, why string) error {
	return audit.Record(tx, audit.CodeRefused{Member: q.Member, Purpose: q.Purpose, Why: why})
}

// wrongRow is how many wrong answers in a row, over all codes of a member, make
// their codes pause for an hour, then two, up to a day (security.md part 5).
const wrongRow = 15

// Answer takes one try and commits it by itself. It refuses with
//
//	code_empty, code_form  nothing, or not the digits of a code, was typed: no try is taken
//	code_wrong             with the tries left
//	code_burnt             that was the last one, or there was none left
//	code_expired           the code's time is over
//	code_paused           too many wrong answers to too many codes
//	code_closed            there is no code to answer here: another session's, another content's, used
//
// A right answer given again in the same session before the proof was spent is
// right again: the process may have died in between.
func (s *Service) Answer(ctx context.Context, q access.Question, rules access.CodeRules, typed string) (Proof, error) {
	code, refusal := read(typed, rules)
	if refusal != nil {
		return Proof{}, refusal
	}
	var p Proof
	var said error
	err := s.DB.Write(ctx, q.Fund, func(tx *store.Tx) (err error) {
		p, said = Proof{}, nil // f may run again
		pause := pauseKey(tx, q)
		c, err := tx.TryChallenge(q, pause)
		if errors.Is(err, store.ErrNone) {
			said, err = s.closed(tx, q, rules, pause)
			return err
		}
		if err != nil {
			return err
		}
		right, err := matches(tx, c, code)
		if err != nil {
			return err
		}
		if err := audit.Record(tx, audit.CodeAnswered{Member: q.Member, Challenge: c.ID, Right: right}); err != nil {
			return err
		}
		if right {
			p = Proof{c.ID, q, c.Kind}
			if err := tx.PassChallenge(c.ID); err != nil {
				return err
			}
			return tx.FreeThrottle(pause)
		}
		word := "code_wrong"
		if c.Kind == access.TOTP {
			word = "code_wrong_app"
		}
		said = access.Refuse(word, access.Arg{Name: "n", Type: access.ArgCount, Value: fmt.Sprint(max(c.Left, 0))})
		if c.Left <= 0 && c.State == access.ChallengeOpen {
			if said = burnt(c, rules.Tries); c.Kind == access.TOTP {
				said = access.Refuse("code_stale_app")
			}
			if err := tx.EndChallenge(c.ID, access.ChallengeBurnt); err != nil {
				return err
			}
		}
		return s.countWrong(tx, pause)
	})
	if err != nil {
		return Proof{}, err // what was found is not told: the try may not be counted
	}
	if said != nil {
		return Proof{}, said
	}
	return p, nil
}

// countWrong counts a wrong answer against the member, over all codes.
func (s *Service) countWrong(tx *store.Tx, pause string) error {
	t, err := tx.TakeThrottle(pause, 30*24*time.Hour)
	if errors.Is(err, store.ErrNone) {
		// Another answer began the pause after this one was heard. An error here
		// would give this try back.
		return nil
	}
	if err != nil || t.Wrong%wrongRow != 0 {
		return err
	}
	wait := time.Hour << min(t.Wrong/wrongRow-1, 5)
	return tx.SetThrottle(pause, tx.Now().Add(min(wait, 24*time.Hour)))
}

// closed says why no try could be taken.
func (s *Service) closed(tx *store.Tx, q access.Question, rules access.CodeRules, pause string) (said, err error) {
	why := "closed"
	said = access.Refuse("code_closed")
	t, err := tx.Throttle(pause)
	if err != nil {
		return nil, err
	}
	c, err := tx.LastChallenge(q)
	switch {
	case errors.Is(err, store.ErrNone):
	case err != nil:
		return nil, err
	case t.FreeAt.After(tx.Now()):
		why, said = "paused", access.Refuse("code_paused", access.TimeArg("time", access.ArgTime, t.FreeAt))
	case c.Kind == access.TOTP && (!c.ExpiresAt.After(tx.Now()) || c.State == access.ChallengeBurnt):
		why, said = "expired", access.Refuse("code_stale_app")
	case !c.ExpiresAt.After(tx.Now()) && c.State != access.ChallengeSpent:
		why, said = "expired", access.Refuse("code_expired",
			access.TimeArg("time", access.ArgTime, c.ExpiresAt), access.Arg{Name: "button", Type: access.ArgKey, Value: "otp.again"})
	case c.State == access.ChallengeBurnt:
		why, said = "burnt", burnt(c, rules.Tries)
	}
	return said, s.refused(tx, q, why)
}

func burnt(c access.Challenge, tries int) *access.Refusal {
	return access.Refuse("code_burnt", access.Arg{Name: "n", Type: access.ArgCount, Value: fmt.Sprint(tries)},
		access.TimeArg("time", access.ArgTime, c.ExpiresAt))
}

// Spend uses p up inside the transaction that does what the member agreed to.
// A proof already spent, or whose challenge ended or expired since the answer, is
// store.ErrNone: whoever repeats the deed reads what became of it instead.
func (s *Service) Spend(tx *store.Tx, p Proof, q access.Question) error {
	if p.challenge == "" || p.question != q || q.Fund != tx.Fund() {
		return fmt.Errorf("proof of %s spent on %s in %q", p.question.Subject, q.Subject, tx.Fund())
	}
	if err := tx.SpendChallenge(p.challenge); err != nil {
		return err
	}
	return audit.Record(tx, audit.CodeSpent{Member: q.Member, Challenge: p.challenge, Subject: q.Subject})
}

// Same reports whether typed is the code of a challenge that was spent in this
// very session a moment ago: a member who never saw the answer asks again, and
// gets the same receipt (R2). It takes no try: the deed is done.
func (s *Service) Same(tx *store.Tx, challenge, session, typed string, rules access.CodeRules) (bool, error) {
	code, refusal := read(typed, rules)
	if refusal != nil {
		return false, nil
	}
	c, err := tx.Challenge(challenge)
	if errors.Is(err, store.ErrNone) {
		return false, nil
	}
	if err != nil || len(c.MAC) == 0 || c.Session != session || c.State != access.ChallengeSpent {
		return false, err
	}
	return matches(tx, c, code)
}

// matches reports whether code answers c. The code of an app takes its step of the
// clock in tx; to the challenge that has taken it, it is right again.
func matches(tx *store.Tx, c access.Challenge, code string) (bool, error) {
	if c.Kind != access.TOTP {
		return hmac.Equal(c.MAC, mac(tx, c, code)), nil
	}
	return matchesApp(tx, c, code)
}

// Kill makes a code worthless: what it stood for was changed, or the member
// left. The member's place stays taken until the code would have expired.
func (s *Service) Kill(tx *store.Tx, member, challenge, why string) error {
	if challenge == "" {
		return nil
	}
	if err := tx.EndChallenge(challenge, access.ChallengeKilled); err != nil {
		return err
	}
	return audit.Record(tx, audit.CodeKilled{Member: member, Challenge: challenge, Why: why})
}

// Bounced frees the member's place at once: the code is proved not to have
// arrived, so a new one may be asked for (security.md 4.2). A code that anybody
// may ask for keeps it: a stranger would see that there is an address.
func (s *Service) Bounced(tx *store.Tx, member, challenge string) error {
	c, err := tx.Challenge(challenge)
	if errors.Is(err, store.ErrNone) || err == nil && c.Purpose == access.PurposeRecover {
		return nil
	}
	if err != nil {
		return err
	}
	if err := tx.EndChallenge(challenge, access.ChallengeBounced); err != nil {
		return err
	}
	return audit.Record(tx, audit.CodeKilled{Member: member, Challenge: challenge, Why: "bounced"})
}

// mac binds a code to its challenge, its member, what it stands for and the way
// it went. The key is the fund's; without it the stored value tells nothing.
func mac(tx *store.Tx, c access.Challenge, code string) []byte {
	return tx.Keys().MAC("code", c.ID, c.Member, c.Purpose, c.Subject, c.Session, string(c.Kind), code)
}

// pauseKey counts wrong answers in a row, over all codes of a member. Those to
// a code that anybody may ask for have a count of their own: it must not show
// what the member does elsewhere, nor keep them from it.
func pauseKey(tx *store.Tx, q access.Question) string {
	switch q.Purpose {
	case access.PurposeRecover, access.PurposeHandOver, access.PurposeHalfSMS:
		return tx.Keys().Index("throttle", "recovery codes "+q.Member)
	}
	return tx.Keys().Index("throttle", "codes "+q.Member)
}

func tallyKey(tx *store.Tx, what, subject string) string {
	return tx.Keys().Index("tally", "codes "+what+" "+subject)
}

// letters are what a code of letters is made of: 32, of which none is taken for
// another once read has mapped those that are not among them (Crockford's base 32).
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// random makes a code, each as likely as the other.
func random(rules access.CodeRules) (string, error) {
	n := rules.Digits
	if rules.Letters {
		b := make([]byte, n)
		rand.Read(b) // never fails (crypto/rand)
		for i := range b {
			b[i] = letters[b[i]&31]
		}
		return string(b), nil
	}
	v, err := rand.Int(rand.Reader, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", n, v), nil
}

// read reads what was typed as a code of the rules' kind.
func read(typed string, rules access.CodeRules) (string, *access.Refusal) {
	if !rules.Letters {
		return digits(typed, rules.Digits)
	}
	n := access.Arg{Name: "n", Type: access.ArgCount, Value: fmt.Sprint(rules.Digits)}
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", access.RefuseField("otp", "code_empty", n)
	}
	form := access.RefuseField("otp", "code_form", n)
	if len(typed) > 64 {
		return "", form
	}
	var b strings.Builder
	for _, r := range strings.ToUpper(typed) {
		switch r {
		case ' ', '-', '.', '\u00a0', '\u2011', '\t':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		case 'U':
			r = 'V'
		}
		if !strings.ContainsRune(letters, r) {
			return "", form
		}
		b.WriteRune(r)
	}
	if b.Len() != rules.Digits {
		return "", form
	}
	return b.String(), nil
}

// digits reads what was typed or pasted: blanks, dashes, dots and a leading #
// do not matter (ux.md, login.gov). Only ASCII digits are digits.
func digits(typed string, n int) (string, *access.Refusal) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", access.RefuseField("otp", "code_empty", access.Arg{Name: "n", Type: access.ArgCount, Value: fmt.Sprint(n)})
	}
	form := access.RefuseField("otp", "code_form", access.Arg{Name: "n", Type: access.ArgCount, Value: fmt.Sprint(n)})
	if len(typed) > 64 {
		return "", form
	}
	var b strings.Builder
	for i, r := range typed {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == ' ' || r == '-' || r == '.' || r == '\u00a0' || r == '\u2011' || r == '\t' || r == '#' && i == 0:
		default:
			return "", form
		}
	}
	if b.Len() != n {
		return "", form
	}
	return b.String(), nil
}

// A Status is where the code for a question stands, for the page that asks it.
type Status struct {
	Challenge access.Challenge // the newest for the question; its ID is "" if there is none
	Live      bool             // it can be answered
	Again     time.Time        // from when on a new code can be asked for; zero is now
	Delivery  access.MessageState
}

// Status reads where the code for q stands.
func (s *Service) Status(tx *store.Tx, q access.Question, rules access.CodeRules) (st Status, err error) {
	st.Challenge, err = tx.LastChallenge(q)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return st, err
	}
	c := st.Challenge
	st.Live = c.ID != "" && c.ExpiresAt.After(tx.Now()) &&
		(c.State == access.ChallengeOpen && c.Left > 0 || c.State == access.ChallengePassed)
	held, err := tx.HoldingChallenge(q.Member, q.Purpose)
	switch {
	case err == nil && held.Kind == access.TOTP:
		// Another takes its place at any time.
	case err == nil:
		st.Again = held.ExpiresAt
		if soon := held.IssuedAt.Add(rules.Again); rules.Again > 0 && soon.Before(st.Again) {
			st.Again = soon
		}
		if !st.Again.After(tx.Now()) {
			st.Again = time.Time{}
		}
	case !errors.Is(err, store.ErrNone):
		return st, err
	}
	if c.ID == "" {
		return st, nil
	}
	m, _, err := tx.MessageOf(c.ID)
	if errors.Is(err, store.ErrNone) {
		err = nil
	}
	st.Delivery = m.State
	return st, err
}
