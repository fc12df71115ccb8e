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
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/challenge"
	"aditus/internal/keys"
	"aditus/internal/password"
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

// May reports, as a refusal, why the member cannot ask for acts: channel_needed
// before a channel is active (F-2), mobile_needed without a reliable mobile and
// pin_needed without a PIN where the fund's flow asks for them, operation_status
// for those who may only read, frozen after the member said «that was not me».
func (s *Service) May(ctx context.Context, f *access.Fund, member string) (m access.Member, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		if m, err = tx.Member(member); err != nil {
			return err
		}
		_, err = may(tx, f, m)
		return err
	})
	return m, err
}

func may(tx *store.Tx, f *access.Fund, m access.Member) (access.Channel, error) {
	if m.Access(f) != "full" {
		return access.Channel{}, access.Refuse("operation_status")
	}
	frozen, err := tx.Frozen(m.ID)
	if err != nil {
		return access.Channel{}, err
	}
	if !frozen.IsZero() {
		return access.Channel{}, access.Refuse("frozen")
	}
	if asksPIN(f) {
		pin, err := tx.PIN(m.ID)
		if err != nil {
			return access.Channel{}, err
		}
		if pin.Hash == "" {
			return access.Channel{}, access.Refuse("pin_needed")
		}
	}
	return codesTo(tx, f, m)
}

// Draft writes down what the member filled in, and returns the stored
// operation. What is wrong with the form is access.Refusals, by field.
func (s *Service) Draft(ctx context.Context, f *access.Fund, sess access.Session, act access.Act, form Form) (o access.Operation, err error) {
	err = s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		m, err := tx.Member(sess.Member)
		if err != nil {
			return err
		}
		if _, err := may(tx, f, m); err != nil {
			return err
		}
		values, wrong := Read(act, form, m, tx.Now().In(f.Zone))
		if len(wrong) > 0 {
			return wrong.Err()
		}
		pending, err := tx.CountPending(m.ID)
		if err != nil {
			return err
		}
		if pending >= mostOpen {
			return access.Refuse("operation_many")
		}
		o = access.Operation{ID: access.NewID(tx.Now()), Fund: f.ID, Member: m.ID, Session: sess.ID, Act: act.ID, Values: values,
			State: access.OperationDraft, Number: newNumber(), Lang: sess.Lang, DraftedAt: tx.Now(), ChangedAt: tx.Now()}
		if err := tx.AddOperation(o); err != nil {
			return err
		}
		return audit.Record(tx, audit.OperationDrafted{Member: m.ID, Operation: o.ID, Act: o.Act, Digest: o.Digest()})
	})
	return o, err
}

// Change replaces a draft's content, and kills its code if there is one. It
// refuses with operation_closed once the operation is confirmed or gone.
func (s *Service) Change(ctx context.Context, f *access.Fund, sess access.Session, id string, form Form) (o access.Operation, err error) {
	err = s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		m, err := tx.Member(sess.Member)
		if err != nil {
			return err
		}
		if _, err := may(tx, f, m); err != nil {
			return err
		}
		if o, err = s.find(tx, m.ID, id); err != nil {
			return err
		}
		act, ok := f.Act(o.Act)
		if !ok {
			return access.Refuse("operation_closed")
		}
		values, wrong := Read(act, form, m, tx.Now().In(f.Zone))
		if len(wrong) > 0 {
			return wrong.Err()
		}
		if err := s.Challenges.Kill(tx, m.ID, o.Challenge, "changed"); err != nil {
			return err
		}
		o.Values, o.Session, o.Lang, o.Challenge, o.State = values, sess.ID, sess.Lang, "", access.OperationDraft
		if err := tx.ChangeOperation(o); errors.Is(err, store.ErrNone) {
			return access.Refuse("operation_closed")
		} else if err != nil {
			return err
		}
		return audit.Record(tx, audit.OperationChanged{Member: m.ID, Operation: o.ID, Digest: o.Digest()})
	})
	return o, err
}

// find is one of the member's operations; another's, or none, is
// operation_unknown.
func (s *Service) find(tx *store.Tx, member, id string) (access.Operation, error) {
	o, err := tx.Operation(member, id)
	if errors.Is(err, store.ErrNone) {
		return o, access.Refuse("operation_unknown")
	}
	return o, err
}

// A View is an operation with all that its pages show.
type View struct {
	access.Operation
	Act          access.Act
	Member       access.Member
	Channel      access.Channel       // where the code goes
	Hold         Hold                 // what would hold it, if it were confirmed now
	PIN          bool                 // the PIN must be typed before a code is sent
	Code         challenge.Status     // of its code in this session
	Confirmation *access.Confirmation // once it is confirmed
}

// View reads one of the member's operations.
func (s *Service) View(ctx context.Context, f *access.Fund, sess access.Session, id string) (v View, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		v = View{}
		if v.Member, err = tx.Member(sess.Member); err != nil {
			return err
		}
		if v.Operation, err = s.find(tx, sess.Member, id); err != nil {
			return err
		}
		v.Act, _ = f.Act(v.Operation.Act)
		v.Channel, err = codesTo(tx, f, v.Member)
		if _, refused := errors.AsType[*access.Refusal](err); err != nil && !refused {
			return err // of a refusal the page speaks by itself
		}
		if v.Hold, err = hold(tx, f, v.Act, v.Member, by{Channel: v.Channel}); err != nil {
			return err
		}
		if v.PIN, err = s.wantsPIN(tx, f, v.Operation, sess.ID); err != nil {
			return err
		}
		if v.Code, err = s.Challenges.Status(tx, v.Question(sess.ID), f.Code); err != nil {
			return err
		}
		c, err := tx.Confirmation(sess.Member, id)
		if err == nil {
			v.Confirmation = &c
		} else if errors.Is(err, store.ErrNone) {
			err = nil
		}
		return err
	})
	return v, err
}

// All lists the member's operations, the latest first.
func (s *Service) All(ctx context.Context, f *access.Fund, member string, limit int) (all []access.Operation, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		all, err = tx.OperationsOf(member, limit)
		return err
	})
	return all, err
}

// Withdraw takes back a confirmed operation that nobody has handled yet. It
// refuses with withdraw_late when it is too late.
func (s *Service) Withdraw(ctx context.Context, f *access.Fund, sess access.Session, id string) error {
	return s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		o, err := s.find(tx, sess.Member, id)
		if err != nil {
			return err
		}
		if err := tx.WithdrawOperation(sess.Member, id); errors.Is(err, store.ErrNone) {
			return access.Refuse("withdraw_late")
		} else if err != nil {
			return err
		}
		m, err := tx.Member(sess.Member)
		if err != nil {
			return err
		}
		channel, err := codesTo(tx, f, m)
		if _, refused := errors.AsType[*access.Refusal](err); refused {
			channel, err = access.Channel{Kind: access.Email, Address: m.OnFile(access.Email)}, nil
		}
		if err != nil {
			return err
		}
		if channel.Kind == access.TOTP {
			m, err := tx.Member(sess.Member)
			if err != nil {
				return err
			}
			channel.Kind = access.Email
			if channel.Address, err = mailbox(tx, m); err != nil {
				return err
			}
		}
		if err := s.post(tx, sess, channel.Kind, channel.Address, "withdrawn",
			access.Arg{Name: "act", Type: access.ArgKey, Value: "act." + o.Act + ".short"},
			access.Arg{Name: "case", Value: o.Number}, access.TimeArg("stamp", access.ArgStamp, tx.Now())); err != nil {
			return err
		}
		return audit.Record(tx, audit.OperationWithdrawn{Member: sess.Member, Operation: id})
	})
}

// Drop ends a draft, and kills its code if there is one. Dropping it again, or
// one that was confirmed meanwhile, is operation_closed.
func (s *Service) Drop(ctx context.Context, f *access.Fund, sess access.Session, id string) error {
	return s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		o, err := s.find(tx, sess.Member, id)
		if err != nil {
			return err
		}
		if err := s.Challenges.Kill(tx, sess.Member, o.Challenge, "cancelled"); err != nil {
			return err
		}
		if err := tx.DropOperation(sess.Member, id); errors.Is(err, store.ErrNone) {
			return access.Refuse("operation_closed")
		} else if err != nil {
			return err
		}
		return audit.Record(tx, audit.OperationDropped{Member: sess.Member, Operation: id})
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
