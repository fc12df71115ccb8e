package operation

import (
	"context"
	"errors"

	"aditus/internal/access"
	"aditus/internal/pin"
	"aditus/internal/store"
)

// wantsPIN reports whether the PIN must be typed before a code for the operation is
// sent, or a passkey is asked: the fund asks for one, and neither happened yet for
// this very content in this very session, or the code was cancelled.
func (s *Service) wantsPIN(tx *store.Tx, f *access.Fund, o access.Operation, session string) (bool, error) {
	if !asksPIN(f) {
		return false, nil
	}
	for _, q := range []access.Question{o.Question(session), o.KeyQuestion(session)} {
		c, err := tx.LastChallenge(q)
		if errors.Is(err, store.ErrNone) {
			continue
		}
		if err != nil || c.State != access.ChallengeKilled && c.State != access.ChallengeReplaced {
			return false, err
		}
	}
	return true, nil
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
		wants, err = s.wantsPIN(tx, f, o, sess.ID)
		return err
	})
	if err != nil || !wants {
		return false, err
	}
	err = pin.Hear(ctx, s.DB, s.Passwords, f.ID, sess.Member, typed)
	return err == nil, err
}
