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
	"errors"
	"fmt"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
)

// A Service asks and hears.
type Service struct {
	DB *store.DB

	// Muted tells a member that a passkey of theirs answers nothing any more, in the
	// transaction that says so. Nil tells nobody.
	Muted func(tx *store.Tx, p access.Passkey, lang string) error
}

// A Proof says that a member answered a Question. Only Answer makes one.
type Proof struct {
	challenge string
	question  access.Question
	kind      access.Kind
	passkey   string // the id of the one that answered, or ""
}

// Challenge is the id of the challenge that was passed.
func (p Proof) Challenge() string { return p.challenge }

// Kind is the kind of channel over which the code went.
func (p Proof) Kind() access.Kind { return p.kind }

// Passkey is the id of the passkey that answered, "" if it was a code.
func (p Proof) Passkey() string { return p.passkey }

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
			p = Proof{c.ID, q, c.Kind, ""}
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

// pauseKey counts wrong answers in a row, over all codes of a member. Those to
// a code that anybody may ask for have a count of their own: it must not show
// what the member does elsewhere, nor keep them from it.
func pauseKey(tx *store.Tx, q access.Question) string {
	switch q.Purpose {
	case access.PurposeRecover, access.PurposeHandOver, access.PurposeHalfSMS:
		return tx.Keys().Index("throttle", "recovery codes "+q.Member)
	case access.PurposeOperationKey:
		return tx.Keys().Index("throttle", "passkeys "+q.Member) // a passkey works while codes pause (security.md part 5)
	}
	return tx.Keys().Index("throttle", "codes "+q.Member)
}

func tallyKey(tx *store.Tx, what, subject string) string {
	return tx.Keys().Index("tally", "codes "+what+" "+subject)
}
