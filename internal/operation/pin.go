package operation

import (
	"context"
	"errors"

	"aditus/internal/access"
	"aditus/internal/pin"
	"aditus/internal/store"
)

// wantsPIN reports whether the PIN must be typed before a code for the question
// is sent: the fund asks for one, and no code for this very content was sent in
// this very session yet, or it was cancelled.
func (s *Service) wantsPIN(tx *store.Tx, f *access.Fund, q access.Question) (bool, error) {
	if !asksPIN(f) {
		return false, nil
	}
	c, err := tx.LastChallenge(q)
	if errors.Is(err, store.ErrNone) {
		return true, nil
	}
	return c.State == access.ChallengeKilled || c.State == access.ChallengeReplaced, err
}

// hearPIN looks at the PIN that was typed, if one must be, and reports whether
// it did.
func (s *Service) hearPIN(ctx context.Context, f *access.Fund, sess access.Session, id, typed string) (heard bool, err error) {
	if !asksPIN(f) {
		return false, nil
	}
	wants := false
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		p, err := between(tx, f, sess)
		if err != nil {
			return err
		}
		o, err := p.find(tx, id)
		if err != nil {
			return err
		}
		wants, err = s.wantsPIN(tx, f, o.Question(sess.ID))
		return err
	})
	if err != nil || !wants {
		return false, err
	}
	err = pin.Hear(ctx, s.DB, s.Passwords, f.ID, sess.Member, typed)
	return err == nil, err
}
