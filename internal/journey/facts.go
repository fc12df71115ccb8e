package journey

import (
	"context"
	"errors"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/identifier"
	"aditus/internal/store"
	"aditus/internal/trust"
)

// Facts are what somebody typed to be known without a password: the login and,
// where the fund's flow asks for them, a mailbox and a mobile on file.
type Facts struct{ Login, Mail, Mobile string }

// Asks reports whether the fund's flow for a forgotten password begins by asking
// for that: "email", "pec", "trusted_mobile".
func Asks(f *access.Fund, fact string) bool {
	all := steps(f, "recover")
	return len(all) > 0 && all[0].Says(fact)
}

// normal reads the facts that the fund asks for as they are compared (C-15).
// What is wrong with their form is told for all of them at once, and tells
// nothing of who exists.
func (typed Facts) normal(f *access.Fund) (said Facts, err error) {
	var wrong access.Refusals
	note := func(err error) error {
		if r, ok := errors.AsType[*access.Refusal](err); ok {
			wrong = append(wrong, r)
			return nil
		}
		return err
	}
	said.Login, err = normalLogin(f, typed.Login)
	if err := note(err); err != nil {
		return said, err
	}
	if Asks(f, "email") || Asks(f, "pec") {
		said.Mail, err = normalMail(typed.Mail)
		if err := note(err); err != nil {
			return said, err
		}
	}
	if Asks(f, "trusted_mobile") {
		said.Mobile, err = normalMobile(f, typed.Mobile)
		if err := note(err); err != nil {
			return said, err
		}
	}
	return said, wrong.Err()
}

func normalMail(typed string) (string, error) {
	if strings.TrimSpace(typed) == "" {
		return "", access.RefuseField("mail", "contact_email_empty")
	}
	address, err := identifier.Email(strings.TrimSpace(typed))
	if err != nil {
		return "", access.RefuseField("mail", "contact_email_form")
	}
	return identifier.EmailKey(address), nil
}

func normalMobile(f *access.Fund, typed string) (string, error) {
	if strings.TrimSpace(typed) == "" {
		return "", access.RefuseField("mobile", "contact_mobile_empty")
	}
	number, err := identifier.Phones{Fiction: f.Registry.Fiction}.Mobile(strings.TrimSpace(typed), f.Country)
	if err != nil {
		return "", access.RefuseField("mobile", "contact_mobile_form")
	}
	return number, nil
}

// mailbox is the mailbox on file that was named, of those the fund's flow knows.
func mailbox(f *access.Fund, m access.Member, said string) (access.Kind, string) {
	for _, kind := range []access.Kind{access.Email, access.PEC} {
		address := m.OnFile(kind)
		if Asks(f, string(kind)) && address != "" && identifier.EmailKey(address) == said {
			return kind, address
		}
	}
	return "", ""
}

// recoverByFacts is the goal «recover» where three facts must match and the
// secrets go two ways (C-4 to C-8; security.md 4.1). Whatever was typed, the
// answer is the same, after the same work: who does not match is nobody, to whom
// halves are made as to everybody, and never sent.
func (e *Engine) recoverByFacts(ctx context.Context, f *access.Fund, v Visitor, said Facts) (r Result, err error) {
	var secret, hash string
	if f.Recovery.Style == access.SplitInitialSecret {
		secret = newTemporary()
		if hash, err = e.Passwords.Hash(ctx, secret); err != nil {
			return r, orBusy(err)
		}
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r = Result{}
		subject := recoverKey(tx, said.Login)
		members, err := tx.MembersByLogin(said.Login)
		if err != nil {
			return err
		}
		m := whose(f, members, tx.Now())
		mobile, err := trust.Of(tx, f, m)
		if err != nil {
			return err
		}
		over, err := tooOften(tx, subject, v)
		if err != nil {
			return err
		}
		frozen, err := tx.Frozen(m.ID)
		if err != nil {
			return err
		}
		kind, address := mailbox(f, m, said.Mail)
		asked := audit.RecoveryAsked{Member: m.ID, Subject: subject, Why: "sent", Where: v.where()}
		looked := access.Case{Member: m.ID} // opens none
		switch {
		case m.ID == "":
			asked.Why = "unknown"
		case address == "" || mobile.Number == "" || mobile.Number != said.Mobile:
			asked.Why = "mismatch"
		case m.Dead():
			asked.Why, looked.Kind = "deceased", "recovery"
		case m.Access(f, tx.Now()) == "none":
			asked.Why = "blocked"
		case !frozen.IsZero():
			asked.Why = "frozen"
		case !mobile.Reliable:
			asked.Why, looked.Kind = "not_reliable", "recovery"
		case over:
			asked.Why, looked.Kind = "limit", "recovery"
		}
		if looked.Why = asked.Why; asked.Why == "not_reliable" {
			looked.Why = "mobile_" + mobile.Why
		}
		if err := audit.Record(tx, asked); err != nil {
			return err
		}
		if err := tx.OpenCase(looked); err != nil {
			return err
		}
		mute := asked.Why != "sent"
		if mute {
			m = access.Member{ID: nobody + subject}
			kind, address, mobile.Number = access.Email, m.ID, m.ID // counted like addresses, and never written to
		}
		if f.Recovery.Style == access.SplitInitialSecret {
			r.To = Sent
			return e.handInitial(tx, f, v, m, kind, address, mobile.Number, secret, hash, mute)
		}
		device := e.device(v, who{member: m}, &r)
		j := access.Journey{Goal: "recover", By: byFacts, Channel: kind, Address: address, Mute: mute, Device: device, ExpiresAt: tx.Now().Add(2 * mailHalf.TTL)}
		r.Journey, r.To, err = e.set(tx, f, v, m, j, "hand_over")
		return err
	})
	return r, err
}

// recoverKey counts how often a password was asked back with a login.
func recoverKey(tx *store.Tx, login string) string { return tx.Keys().Index("tally", "recover "+login) }

// tooOften counts one request for a forgotten password, and reports whether it
// is one too many for the login or the network.
func tooOften(tx *store.Tx, subject string, v Visitor) (over bool, err error) {
	for _, c := range []struct {
		key       string
		hour, day int
	}{{subject, recoverHour, recoverDay}, {tx.Keys().Index("tally", "recover from "+network(v.IP)), recoverNetwork, 0}} {
		if _, err := tx.Count(c.key, c.hour, c.day); errors.Is(err, store.ErrNone) {
			over = true
		} else if err != nil {
			return over, err
		}
	}
	return over, nil
}

// wait ends when the floor is over, or the visitor is gone.
func (e *Engine) wait(ctx context.Context, floor <-chan time.Time) {
	select {
	case <-floor:
	case <-ctx.Done():
	}
}
