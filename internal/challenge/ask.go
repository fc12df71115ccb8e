package challenge

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
	"aditus/internal/totp"
)

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
