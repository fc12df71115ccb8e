package operation

import (
	"context"
	"errors"

	"aditus/internal/access"
	"aditus/internal/challenge"
	"aditus/internal/store"
)

// A KeyView is what the page of a draft shows of passkeys.
type KeyView struct {
	Offered bool // the member has one for the host
	Hold    Hold // what would hold the operation if it were confirmed by that of them which is held longest
}

// Key reads whether one of the member's passkeys for a host can confirm an operation.
func (s *Service) Key(ctx context.Context, f *access.Fund, sess access.Session, id, host string) (v KeyView, err error) {
	if !f.Factor.Passkeys {
		return v, nil
	}
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		v = KeyView{}
		p, err := between(tx, f, sess)
		if err != nil {
			return err
		}
		all, err := tx.Passkeys(p.actor.ID)
		if err != nil {
			return err
		}
		o, err := p.find(tx, id)
		if err != nil {
			return err
		}
		act, _ := f.Act(o.Act)
		for _, key := range all {
			if key.Host != host || !key.MutedAt.IsZero() {
				continue
			}
			h, err := hold(tx, f, act, p, by{key: key})
			if err != nil {
				return err
			}
			if v.Offered = true; h.Until.After(v.Hold.Until) {
				v.Hold = h
			}
		}
		return nil
	})
	return v, err
}

// AskKey asks for a passkey's answer to an operation as it is stored now, for the
// session that asks, and returns the options for the browser at origin. A code that
// lives stays: either of them will do. It refuses with passkey_none, and as Ask does
// for the PIN and for who may not act.
func (s *Service) AskKey(ctx context.Context, f *access.Fund, sess access.Session, id, origin, pin string) (options []byte, err error) {
	if !f.Factor.Passkeys {
		return nil, access.Refuse("passkey_none")
	}
	typed, err := s.hearPIN(ctx, f, sess, id, pin)
	if err != nil {
		return nil, err
	}
	var refusal *access.Refusal
	err = s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		o, _, _, err := s.askable(tx, f, sess, id, typed)
		if err != nil {
			return err
		}
		_, options, refusal, err = s.Challenges.AskKey(tx, f, o.KeyQuestion(sess.ID), origin)
		if err != nil || refusal != nil {
			return err
		}
		o.Lang = sess.Lang
		return tx.CodeOperation(o, o.Challenge) // from here on it can be confirmed
	})
	if errors.Is(err, store.ErrNone) {
		err = access.Refuse("operation_changed")
	}
	if err == nil && refusal != nil {
		err = refusal
	}
	return options, err
}

// ConfirmKey is the member's agreement by a passkey: as Confirm, with the answer to
// AskKey in the place of the code. An answer that comes again after the receipt was
// written gets the same receipt (R2). It refuses as challenge.AnswerKey does.
func (s *Service) ConfirmKey(ctx context.Context, f *access.Fund, sess access.Session, id string, a challenge.KeyAnswer) (access.Confirmation, error) {
	o, c, err := s.beforeKey(ctx, f, sess, id)
	if err != nil || c.ID != "" {
		return c, err
	}
	q := o.KeyQuestion(sess.ID)
	proof, err := s.Challenges.AnswerKey(ctx, f, q, a)
	if err != nil {
		// The same answer, a moment sooner, may have confirmed it.
		if _, again, findErr := s.beforeKey(ctx, f, sess, id); findErr == nil && again.ID != "" {
			return again, nil
		}
		return c, err
	}
	return s.settle(ctx, f, sess, proof, q, id, func() (access.Confirmation, error) {
		_, c, err := s.beforeKey(ctx, f, sess, id)
		return c, err
	})
}

// beforeKey reads the operation, and its receipt if it was confirmed by a passkey in
// this very session: which key it was, and which answer, is no matter any more.
func (s *Service) beforeKey(ctx context.Context, f *access.Fund, sess access.Session, id string) (o access.Operation, c access.Confirmation, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		c = access.Confirmation{}
		p, err := between(tx, f, sess)
		if err != nil {
			return err
		}
		if o, err = p.find(tx, id); err != nil || o.State == access.OperationDraft || o.State == access.OperationCoded {
			return err
		}
		done, err := tx.Confirmation(p.owner.ID, id)
		if errors.Is(err, store.ErrNone) {
			return access.Refuse("operation_closed")
		}
		if err == nil && done.Session == sess.ID && done.Method == string(access.ByPasskey) {
			c = done
			return nil
		}
		if err == nil {
			err = access.Refuse("operation_closed")
		}
		return err
	})
	return o, c, err
}

// confirmedBy is what the proof of an operation's confirmation was. If it was a
// passkey, a code for the same operation is worth nothing from now on.
func (s *Service) confirmedBy(tx *store.Tx, f *access.Fund, m access.Member, o access.Operation, proof challenge.Proof) (by, error) {
	channel, err := codesTo(tx, f, m)
	if err != nil {
		return by{}, err
	}
	b := by{Channel: channel}
	if b.Kind = proof.Kind(); b.Kind != access.ByPasskey {
		return b, nil
	}
	all, err := tx.Passkeys(m.ID)
	if err != nil {
		return b, err
	}
	for _, p := range all {
		if p.ID == proof.Passkey() {
			b.key = p
		}
	}
	if b.key.ID == "" {
		return b, access.Refuse("passkey_refused") // it was taken away since it answered
	}
	if err := s.Challenges.Kill(tx, m.ID, o.Challenge, "passkey"); err != nil {
		return b, err
	}
	return b, tx.CodeOperation(o, proof.Challenge())
}
