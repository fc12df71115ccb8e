// Package operation takes an act from its form to a signed receipt: draft,
// summary, code, confirmation, and withdrawal while nobody has handled it.
//
// A code stands for the digest of the operation as it is stored. What is
// executed is read again from there, never from a form, and every edit makes
// the code worthless (security.md 4.5).
package operation

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/challenge"
	"aditus/internal/keys"
	"aditus/internal/password"
	"aditus/internal/profile"
	"aditus/internal/store"
)

// A Service keeps operations. All fields are required.
type Service struct {
	DB         *store.DB
	Challenges *challenge.Service
	Signer     keys.Signer      // of receipts
	Passwords  *password.Hasher // for PINs
}

// Abandoned is how long a draft waits for its member.
const Abandoned = 24 * time.Hour

// open counts drafts and confirmed operations that are not ended: enough for
// anybody, and a bound on what a stolen session can pile up.
const mostOpen = 50

// May reports, as a refusal, why the session's member cannot ask for acts:
// channel_needed before a channel is active (F-2), mobile_needed without a reliable
// mobile and pin_needed without a PIN where the fund's flow asks for them,
// operation_status for those who may only read, frozen after the member said «that
// was not me». If they can, it returns the acts they can ask for, and the person
// whose they are.
func (s *Service) May(ctx context.Context, f *access.Fund, sess access.Session) (m access.Member, acts []access.Act, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		p, err := between(tx, f, sess)
		if err != nil {
			return err
		}
		m, acts = p.owner, p.owner.Acts(f, tx.Now(), p.how)
		_, err = may(tx, f, p)
		return err
	})
	return m, acts, err
}

// may judges the owner's position, and the actor's means.
func may(tx *store.Tx, f *access.Fund, p parties) (access.Channel, error) {
	if p.owner.Access(f, tx.Now()) != "full" || p.actor.Access(f, tx.Now()) != "full" {
		return access.Channel{}, access.Refuse("operation_status")
	}
	frozen, err := tx.Frozen(p.actor.ID)
	if err != nil {
		return access.Channel{}, err
	}
	if !frozen.IsZero() {
		return access.Channel{}, access.Refuse("frozen")
	}
	if p.how != "" {
		if frozen, err = tx.Frozen(p.owner.ID); err != nil {
			return access.Channel{}, err
		}
		if !frozen.IsZero() { // said in another's access: here there is nothing to undo
			return access.Channel{}, access.Refuse("operation_status")
		}
	}
	if asksPIN(f) {
		pin, err := tx.PIN(p.actor.ID)
		if err != nil {
			return access.Channel{}, err
		}
		if pin.Hash == "" {
			return access.Channel{}, access.Refuse("pin_needed")
		}
	}
	return codesTo(tx, f, p.actor)
}

// Draft writes down what the member filled in, and returns the stored
// operation. What is wrong with the form is access.Refusals, by field. It refuses
// with operation_other for an act that is not for this person.
func (s *Service) Draft(ctx context.Context, f *access.Fund, sess access.Session, act access.Act, form Form) (o access.Operation, err error) {
	err = s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		p, err := between(tx, f, sess)
		if err != nil {
			return err
		}
		if _, err := may(tx, f, p); err != nil {
			return err
		}
		if act, err = p.act(tx, f, act.ID); err != nil {
			return err
		}
		values, wrong := Read(act, form, p.owner, tx.Now().In(f.Zone))
		if len(wrong) > 0 {
			return wrong.Err()
		}
		pending, err := tx.CountPending(p.owner.ID)
		if err != nil {
			return err
		}
		if pending >= mostOpen {
			return access.Refuse("operation_many")
		}
		o = access.Operation{ID: access.NewID(tx.Now()), Fund: f.ID, Member: p.owner.ID, Actor: p.by(), Session: sess.ID, Act: act.ID, Values: values,
			State: access.OperationDraft, Number: newNumber(), Lang: sess.Lang, DraftedAt: tx.Now(), ChangedAt: tx.Now()}
		if err := tx.AddOperation(o); err != nil {
			return err
		}
		return p.record(tx, audit.OperationDrafted{Member: o.Member, Operation: o.ID, Act: o.Act, Digest: o.Digest(), By: o.Actor}, o.ID, "drafted")
	})
	return o, err
}

// Change replaces a draft's content, and kills its code if there is one. It
// refuses with operation_closed once the operation is confirmed or gone.
func (s *Service) Change(ctx context.Context, f *access.Fund, sess access.Session, id string, form Form) (o access.Operation, err error) {
	err = s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		p, err := between(tx, f, sess)
		if err != nil {
			return err
		}
		if _, err := may(tx, f, p); err != nil {
			return err
		}
		if o, err = p.find(tx, id); err != nil {
			return err
		}
		act, err := p.act(tx, f, o.Act)
		if err != nil {
			return err
		}
		values, wrong := Read(act, form, p.owner, tx.Now().In(f.Zone))
		if len(wrong) > 0 {
			return wrong.Err()
		}
		if err := s.Challenges.Kill(tx, o.By(), o.Challenge, "changed"); err != nil {
			return err
		}
		o.Values, o.Session, o.Lang, o.Challenge, o.State = values, sess.ID, sess.Lang, "", access.OperationDraft
		if err := tx.ChangeOperation(o); errors.Is(err, store.ErrNone) {
			return access.Refuse("operation_closed")
		} else if err != nil {
			return err
		}
		return p.record(tx, audit.OperationChanged{Member: o.Member, Operation: o.ID, Digest: o.Digest(), By: o.Actor}, o.ID, "changed")
	})
	return o, err
}

// A View is an operation with all that its pages show.
type View struct {
	access.Operation
	Act          access.Act
	Member       access.Member        // whose it is
	Actor        access.Member        // who looks at it
	By           string               // who asked for it, by name, where that is not whose it is
	Channel      access.Channel       // where the code goes
	Hold         Hold                 // what would hold it, if it were confirmed now
	PIN          bool                 // the PIN must be typed before a code is sent
	Code         challenge.Status     // of its code in this session
	Confirmation *access.Confirmation // once it is confirmed
}

// View reads one of the operations of the profile that is open in the session.
func (s *Service) View(ctx context.Context, f *access.Fund, sess access.Session, id string) (v View, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		v = View{}
		p, err := between(tx, f, sess)
		if err != nil {
			return err
		}
		v.Member, v.Actor = p.owner, p.actor
		if v.Operation, err = p.find(tx, id); err != nil {
			return err
		}
		if v.Operation.Actor != "" {
			who, err := tx.Member(v.Operation.Actor)
			if err != nil && !errors.Is(err, store.ErrNone) {
				return err
			}
			if err == nil {
				v.By = profile.Profile{Member: who}.Name()
			}
		}
		v.Act, _ = f.Act(v.Operation.Act)
		v.Channel, err = codesTo(tx, f, p.actor)
		if _, refused := errors.AsType[*access.Refusal](err); err != nil && !refused {
			return err // of a refusal the page speaks by itself
		}
		if v.Hold, err = hold(tx, f, v.Act, p, by{Channel: v.Channel}); err != nil {
			return err
		}
		if v.PIN, err = s.wantsPIN(tx, f, v.Operation, sess.ID); err != nil {
			return err
		}
		if v.Code, err = s.Challenges.Status(tx, v.Question(sess.ID), f.Code); err != nil {
			return err
		}
		c, err := tx.Confirmation(p.owner.ID, id)
		if err == nil {
			v.Confirmation = &c
		} else if errors.Is(err, store.ErrNone) {
			err = nil
		}
		return err
	})
	return v, err
}

// All lists the operations of the profile that is open in the session, the latest
// first.
func (s *Service) All(ctx context.Context, f *access.Fund, sess access.Session, limit int) (all []access.Operation, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		all, err = tx.OperationsOf(sess.Whose(), limit)
		return err
	})
	return slices.DeleteFunc(all, func(o access.Operation) bool { return !o.ShownTo(sess.Member) }), err
}

// Withdraw takes back a confirmed operation that nobody has handled yet. It
// refuses with withdraw_late when it is too late.
func (s *Service) Withdraw(ctx context.Context, f *access.Fund, sess access.Session, id string) error {
	return s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		p, err := between(tx, f, sess)
		if err != nil {
			return err
		}
		o, err := p.find(tx, id)
		if err != nil {
			return err
		}
		if err := tx.WithdrawOperation(p.owner.ID, id); errors.Is(err, store.ErrNone) {
			return access.Refuse("withdraw_late")
		} else if err != nil {
			return err
		}
		channel, err := codesTo(tx, f, p.actor)
		if _, refused := errors.AsType[*access.Refusal](err); refused {
			channel, err = access.Channel{Kind: access.Email, Address: p.actor.OnFile(access.Email)}, nil
		}
		if err != nil {
			return err
		}
		if channel.Kind == access.TOTP {
			channel.Kind = access.Email
			if channel.Address, err = mailbox(tx, p.actor); err != nil {
				return err
			}
		}
		what := []access.Arg{{Name: "act", Type: access.ArgKey, Value: "act." + o.Act + ".short"},
			{Name: "case", Value: o.Number}, access.TimeArg("stamp", access.ArgStamp, tx.Now())}
		if err := s.post(tx, sess, channel.Kind, channel.Address, "withdrawn", what...); err != nil {
			return err
		}
		if err := p.tellOwner(tx, f, "acted_for_withdrawn", channel.Address, what); err != nil {
			return err
		}
		return p.record(tx, audit.OperationWithdrawn{Member: o.Member, Operation: id, By: p.by()}, id, "withdrawn")
	})
}

// Drop ends a draft, and kills its code if there is one. Dropping it again, or
// one that was confirmed meanwhile, is operation_closed.
func (s *Service) Drop(ctx context.Context, f *access.Fund, sess access.Session, id string) error {
	return s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		p, err := between(tx, f, sess)
		if err != nil {
			return err
		}
		o, err := p.find(tx, id)
		if err != nil {
			return err
		}
		if err := s.Challenges.Kill(tx, o.By(), o.Challenge, "cancelled"); err != nil {
			return err
		}
		if err := tx.DropOperation(p.owner.ID, id); errors.Is(err, store.ErrNone) {
			return access.Refuse("operation_closed")
		} else if err != nil {
			return err
		}
		return p.record(tx, audit.OperationDropped{Member: o.Member, Operation: id, By: p.by()}, id, "dropped")
	})
}

func (s *Service) post(tx *store.Tx, sess access.Session, kind access.Kind, to, text string, args ...access.Arg) error {
	if to == "" {
		return nil
	}
	return tx.Post(access.Message{ID: access.NewID(tx.Now()), Member: sess.Member, Kind: kind, To: to, Lang: sess.Lang, Key: text, Args: args})
}

// newNumber is what the member quotes on the telephone: eight letters and
// digits in two groups, of which none looks like another.
func newNumber() string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // 32, so a byte's low five bits choose evenly
	b := make([]byte, 8)
	rand.Read(b) // never fails (crypto/rand)
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return string(b[:4]) + "-" + string(b[4:])
}
