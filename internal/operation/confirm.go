package operation

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/challenge"
	"aditus/internal/profile"
	"aditus/internal/store"
)

// Ask asks for the code of an operation as it is stored now, for the session
// that asks. It refuses with code_still_valid and the limits of challenge.Ask,
// and with operation_closed once the operation is confirmed or gone. Host is the
// fund's host that was asked, for the last line of an SMS.
//
// Where the fund's flow says so, the PIN comes first: without the right one, for
// this very content in this very session, no code is sent. It refuses then with
// pin_empty, pin_form, pin_wrong, pin_paused or busy.
func (s *Service) Ask(ctx context.Context, f *access.Fund, sess access.Session, id, host, pin string) error {
	typed, err := s.hearPIN(ctx, f, sess, id, pin)
	if err != nil {
		return err
	}
	var refusal *access.Refusal
	err = s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		refusal = nil
		o, act, channel, err := s.askable(tx, f, sess, id, typed)
		if err != nil {
			return err
		}
		text, args := message(act, o)
		masked := access.Last(channel.Address, 3)
		if channel.Kind == access.Email {
			masked = access.MaskEmail(channel.Address)
		}
		c, refused, err := s.Challenges.Ask(tx, challenge.Request{Question: o.Question(sess.ID), Rules: f.Code, Kind: channel.Kind,
			Address: channel.Address, Secret: channel.Secret, Masked: masked, Lang: sess.Lang, Text: text,
			Args: append(args, access.Arg{Name: "host", Value: host}, access.DeviceArg(sess.Agent))})
		if err != nil || refused != nil {
			refusal = refused
			return err
		}
		o.Lang = sess.Lang
		return tx.CodeOperation(o, c.ID)
	})
	if errors.Is(err, store.ErrNone) {
		return access.Refuse("operation_changed")
	}
	if err == nil && refusal != nil {
		return refusal
	}
	return err
}

// askable is an operation that can be confirmed now, its act, and where codes for
// it go. Typed says that the PIN was, a moment ago.
func (s *Service) askable(tx *store.Tx, f *access.Fund, sess access.Session, id string, typed bool) (o access.Operation, act access.Act, to access.Channel, err error) {
	p, err := between(tx, f, sess)
	if err != nil {
		return o, act, to, err
	}
	if to, err = may(tx, f, p); err != nil {
		return o, act, to, err
	}
	if o, err = p.find(tx, id); err != nil {
		return o, act, to, err
	}
	if o.State != access.OperationDraft && o.State != access.OperationCoded {
		return o, act, to, access.Refuse("operation_closed")
	}
	if act, err = p.act(tx, f, o.Act); err != nil {
		return o, act, to, err
	}
	if !typed {
		wants, err := s.wantsPIN(tx, f, o, sess.ID)
		if err != nil {
			return o, act, to, err
		}
		if wants { // it was edited since the PIN was looked for
			return o, act, to, access.Refuse("operation_changed")
		}
	}
	return o, act, to, nil
}

// message says what the code is for: the act, the amount and the last four of
// the account, so that the reader sees what they agree to (RTS 2018/389 art. 5).
func message(act access.Act, o access.Operation) (text string, args []access.Arg) {
	text = "code_act"
	args = []access.Arg{{Name: "act", Type: access.ArgKey, Value: "act." + act.ID + ".short"}}
	iban := o.Values["iban"]
	switch {
	case act.Money && o.Values["amount"] != "":
		text = "code_act_money"
		if iban != "" {
			text = "code_act_money_iban"
		}
		args = append(args, access.Arg{Name: "amount", Type: access.ArgMoney, Value: o.Values["amount"] + " " + act.Currency()})
	case o.Values["percent"] != "" && iban != "":
		text = "code_act_percent_iban"
		args = append(args, access.Arg{Name: "percent", Type: access.ArgPercent, Value: o.Values["percent"]})
	case iban != "":
		text = "code_act_iban"
	}
	if iban != "" {
		args = append(args, access.Arg{Name: "iban4", Value: access.Last(iban, 4)})
	}
	return text, args
}

// Confirm is the member's agreement to an operation: it spends the code, writes
// the signed receipt, and posts it. The same code typed again in the same
// session gets the same receipt (R2). It refuses as challenge.Answer does.
func (s *Service) Confirm(ctx context.Context, f *access.Fund, sess access.Session, id, typed string) (access.Confirmation, error) {
	o, c, err := s.before(ctx, f, sess, id, typed)
	if err != nil || c.ID != "" {
		return c, err
	}
	q := o.Question(sess.ID)
	proof, err := s.Challenges.Answer(ctx, q, f.Code, typed)
	if err != nil {
		// Another request with this code may have confirmed it meanwhile.
		if _, again, findErr := s.before(ctx, f, sess, id, typed); findErr == nil && again.ID != "" {
			return again, nil
		}
		return c, err
	}
	return s.settle(ctx, f, sess, proof, q, id, func() (access.Confirmation, error) {
		_, c, err := s.before(ctx, f, sess, id, typed)
		return c, err
	})
}

// settle does the deed of a proof. Where somebody else did it, or the database does
// not say, what stands there tells (R3): done reads that.
func (s *Service) settle(ctx context.Context, f *access.Fund, sess access.Session, proof challenge.Proof, q access.Question, id string,
	done func() (access.Confirmation, error)) (c access.Confirmation, err error) {
	err = s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		c, err = s.confirm(tx, f, sess, proof, q, id)
		return err
	})
	if !errors.Is(err, store.ErrNone) && !errors.Is(err, store.ErrUnknown) {
		return c, err
	}
	again, findErr := done()
	switch {
	case findErr == nil && again.ID != "":
		return again, nil
	case errors.Is(err, store.ErrUnknown):
		return access.Confirmation{}, err
	}
	return access.Confirmation{}, access.Refuse("operation_changed")
}

// before reads the operation, and its receipt if it was confirmed by this very
// code in this very session.
func (s *Service) before(ctx context.Context, f *access.Fund, sess access.Session, id, typed string) (o access.Operation, c access.Confirmation, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		p, err := between(tx, f, sess)
		if err != nil {
			return err
		}
		if o, err = p.find(tx, id); err != nil {
			return err
		}
		if o.State == access.OperationDraft || o.State == access.OperationCoded {
			return nil // there is no receipt: the two are written together
		}
		done, err := tx.Confirmation(p.owner.ID, id)
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		same, err := s.Challenges.Same(tx, done.Challenge, sess.ID, typed, f.Code)
		if same {
			c = done
		}
		return err
	})
	if err == nil && c.ID == "" && o.State != access.OperationDraft && o.State != access.OperationCoded {
		err = access.Refuse("operation_closed")
	}
	return o, c, err
}

// Settle reports whether an operation was confirmed, after a confirmation whose
// outcome nobody could tell (R3). What it says is final: it first takes the
// operation's row as the confirmation does, writing what stands there already.
// One that is still under way has ended by then, and either shows or never will.
// While that cannot be told either, the error is ErrUnknown or ctx's.
func (s *Service) Settle(ctx context.Context, f *access.Fund, sess access.Session, id string) (confirmed bool, err error) {
	err = s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		confirmed = false
		p, err := between(tx, f, sess)
		if err != nil {
			return err
		}
		o, err := p.find(tx, id)
		if err != nil {
			return err
		}
		if o.State == access.OperationCoded {
			err := tx.CodeOperation(o, o.Challenge)
			if err == nil || !errors.Is(err, store.ErrNone) {
				return err
			}
			if o, err = p.find(tx, id); err != nil { // it was confirmed, or changed, as we looked
				return err
			}
		}
		confirmed = !o.ConfirmedAt.IsZero()
		return nil
	})
	return confirmed, err
}

// confirm is the deed: it reads the operation again, so that what is confirmed
// is what is stored and what the code was for.
func (s *Service) confirm(tx *store.Tx, f *access.Fund, sess access.Session, proof challenge.Proof, q access.Question, id string) (c access.Confirmation, err error) {
	p, err := between(tx, f, sess)
	if err != nil {
		return c, err
	}
	o, err := tx.Operation(p.owner.ID, id)
	if err != nil {
		return c, err
	}
	if o.Question(sess.ID) != q && o.KeyQuestion(sess.ID) != q {
		return c, access.Refuse("operation_changed") // edited between the answer and here
	}
	if err := s.Challenges.Spend(tx, proof, q); err != nil {
		return c, err
	}
	act, err := p.act(tx, f, o.Act)
	if err != nil {
		return c, err
	}
	by, err := s.confirmedBy(tx, f, p.actor, o, proof)
	if err != nil {
		return c, err
	}
	h, err := hold(tx, f, act, p, by)
	if err != nil {
		return c, err
	}
	o.HeldUntil, o.HeldFor = h.Until, h.For
	if err := tx.ConfirmOperation(o, proof.Challenge()); err != nil {
		return c, err
	}
	c = access.Confirmation{ID: access.NewID(tx.Now()), Operation: o.ID, Member: o.Member, Session: sess.ID, Challenge: proof.Challenge(),
		Digest: o.Digest(), Method: by.method(), At: tx.Now(), HeldUntil: h.Until}
	if err := s.sign(&c, f, p, o); err != nil {
		return c, err
	}
	if err := tx.AddConfirmation(c); err != nil {
		return c, err
	}
	held := int64(0)
	if !h.Until.IsZero() {
		held = h.Until.UnixMilli()
	}
	if err := p.record(tx, audit.OperationConfirmed{Member: o.Member, Operation: o.ID, Challenge: c.Challenge, Digest: c.Digest,
		Method: c.Method, HeldUntil: held, Receipt: c.ID, By: o.Actor}, o.ID, "confirmed"); err != nil {
		return c, err
	}
	if err := s.tellContacts(tx, sess, p.owner, act, o); err != nil {
		return c, err
	}
	return c, s.tell(tx, f, sess, p, o, c, h)
}

// A Receipt is what is signed: all that an auditor needs to see what was agreed,
// by whom, how and when.
type Receipt struct {
	V         string        `json:"v"`
	ID        string        `json:"id"`
	Fund      string        `json:"fund"`
	Number    string        `json:"number"`
	Member    string        `json:"member"`       // the membership number
	By        string        `json:"by,omitempty"` // that of who acted, where it is not the member
	As        string        `json:"as,omitempty"` // how: "mandate" on the member's behalf, "role" as the same person
	Act       string        `json:"act"`
	Values    access.Values `json:"values"`
	Operation string        `json:"operation"`
	Digest    string        `json:"digest"`
	Method    string        `json:"method"`
	At        int64         `json:"at"` // Unix ms
	HeldUntil int64         `json:"held_until,omitempty"`
	HeldFor   string        `json:"held_for,omitempty"`
}

func (s *Service) sign(c *access.Confirmation, f *access.Fund, p parties, o access.Operation) error {
	r := Receipt{V: "receipt1", ID: c.ID, Fund: f.ID, Number: o.Number, Member: p.owner.Main().Number, Act: o.Act, Values: o.Values,
		Operation: o.ID, Digest: c.Digest, Method: c.Method, At: c.At.UnixMilli(), HeldFor: o.HeldFor}
	if p.how != "" {
		r.By, r.As = p.actor.Main().Number, p.how
	}
	if !c.HeldUntil.IsZero() {
		r.HeldUntil = c.HeldUntil.UnixMilli()
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	c.Receipt, c.KeyID = string(text), s.Signer.KeyID()
	c.Signature = base64.StdEncoding.EncodeToString(s.Signer.Sign(text))
	return nil
}

// mailbox is where a member reads mail: the address they sign in with, the channel,
// or what is on file; "" if there is none.
func mailbox(tx *store.Tx, m access.Member) (string, error) {
	name, err := tx.Username(m.ID)
	if err != nil || name.Address != "" {
		return name.Address, err
	}
	channel, err := tx.Channel(m.ID)
	if err != nil || channel.Kind == access.Email {
		return channel.Address, err
	}
	return m.OnFile(access.Email), nil
}

// tell posts the receipt to the member's e-mail, if there is one, and the
// warnings of the hold.
func (s *Service) tell(tx *store.Tx, f *access.Fund, sess access.Session, p parties, o access.Operation, c access.Confirmation, h Hold) error {
	what := []access.Arg{
		{Name: "act", Type: access.ArgKey, Value: "act." + o.Act + ".short"},
		{Name: "case", Value: o.Number},
		access.TimeArg("stamp", access.ArgStamp, c.At),
		{Name: "method", Type: access.ArgKey, Value: "method." + c.Method},
	}
	text := "receipt"
	if !h.Until.IsZero() {
		text = "receipt_held"
		what = append(what, access.TimeArg("date", access.ArgStamp, h.Until))
	}
	to, err := mailbox(tx, p.actor)
	if err != nil {
		return err
	}
	kind := access.Email
	if to == "" {
		kind, to = access.PEC, p.actor.OnFile(access.PEC)
	}
	if err := s.post(tx, sess, kind, to, text, what...); err != nil {
		return err
	}
	if err := p.tellOwner(tx, f, "acted_for", to, what); err != nil {
		return err
	}
	for _, w := range h.Warn {
		if err := s.post(tx, sess, w.Kind, w.To, w.Text, what...); err != nil {
			return fmt.Errorf("warning: %w", err)
		}
	}
	return nil
}

// tellOwner tells a person what another has done on their behalf, at a contact on
// file that is not the other's, nor where the other has just been told.
func (p parties) tellOwner(tx *store.Tx, f *access.Fund, text, told string, what []access.Arg) error {
	if p.how == "" {
		return nil
	}
	for _, kind := range []access.Kind{access.Email, access.PEC, access.SMS} {
		to := p.owner.OnFile(kind)
		if to == "" || to == told || to == p.actor.OnFile(kind) {
			continue
		}
		return tx.Post(access.Message{ID: access.NewID(tx.Now()), Member: p.owner.ID, Kind: kind, To: to, Lang: profile.Language(f, p.owner), Key: text, Args: what})
	}
	return nil
}
