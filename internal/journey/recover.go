package journey

import (
	"context"
	"slices"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
)

// The numbers of security.md part 5 for asking a password back. Whoever asks
// more often is shown the same page; no more is sent.
const (
	recoverHour    = 3  // for one login
	recoverDay     = 5  // for one login
	recoverNetwork = 10 // an hour, from one network
)

// nobody begins the id of a journey's member where there is none: somebody
// typed a login that does not exist, may not come in, or has no contact. The
// journey goes the same way, over rows of its own, and no code of it is right.
const nobody = "none:"

// Recover is the goal «recover»: a forgotten password (F-24). The login is
// typed, and a code goes to the member's channel, or to a contact on file if
// none is active yet; or, where the fund's flow says so, more facts are typed and
// the secrets go two ways.
//
// Who exists is not told: a journey begins in any case, and the page of the
// code looks, reads and takes its time alike (security.md part 6). Refusals are
// about the form of what was typed alone.
func (e *Engine) Recover(ctx context.Context, f *access.Fund, v Visitor, typed Facts) (r Result, err error) {
	said, err := typed.normal(f)
	if err != nil {
		return r, err
	}
	floor := time.After(e.Floor)
	if handsOver(f) {
		r, err = e.recoverByFacts(ctx, f, v, said)
	} else {
		r, err = e.recoverByChannel(ctx, f, v, said.Login)
	}
	e.wait(ctx, floor)
	return r, err
}

// recoverByChannel sends the code to the one channel, or contact, there is.
func (e *Engine) recoverByChannel(ctx context.Context, f *access.Fund, v Visitor, login string) (r Result, err error) {
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r = Result{}
		subject := recoverKey(tx, login)
		members, err := byLogin(tx, f, login)
		if err != nil {
			return err
		}
		m := whose(f, members, tx.Now())
		channel, err := tx.Channel(m.ID)
		if err != nil {
			return err
		}
		mute, err := tooOften(tx, subject, v)
		if err != nil {
			return err
		}
		name, err := tx.Username(m.ID)
		if err != nil {
			return err
		}
		kind, address := reach(m, channel)
		if Named(f) {
			kind, address = access.Email, name.Address // and the factor after it (scenario 39)
		}
		frozen, err := tx.Frozen(m.ID)
		if err != nil {
			return err
		}
		looked := access.Case{Member: m.ID, Why: "deceased"} // opens none
		asked := audit.RecoveryAsked{Member: m.ID, Subject: subject, Why: "sent", Where: v.where()}
		switch {
		case m.ID == "":
			asked.Why = "unknown"
		case m.Dead():
			asked.Why, looked.Kind = "deceased", "recovery"
		case m.Access(f, tx.Now()) == "none":
			asked.Why = "blocked"
		case address == "":
			asked.Why = "no_contact"
		case !frozen.IsZero():
			asked.Why = "frozen"
		case mute:
			asked.Why = "limit"
		}
		if asked.Why != "sent" && asked.Why != "limit" {
			m = access.Member{ID: nobody + subject}
			kind, address = access.Email, m.ID // counted like an address, and never written to
		}
		if asked.Why != "sent" {
			mute = true
		}
		if err := audit.Record(tx, asked); err != nil {
			return err
		}
		if err := tx.OpenCase(looked); err != nil {
			return err
		}
		device := e.device(v, who{member: m}, &r)
		j := access.Journey{Goal: "recover", By: "recover", Channel: kind, Address: address, Mute: mute, Device: device}
		r.Journey, r.To, err = e.set(tx, f, v, m, j, "code")
		return err
	})
	return r, err
}

// reach is where a code goes to a member who has forgotten the password: the
// channel, or a contact on file if there is none.
func reach(m access.Member, channel access.Channel) (access.Kind, string) {
	if channel.ID != "" {
		return channel.Kind, channel.Address
	}
	for _, kind := range []access.Kind{access.Email, access.SMS} {
		if m.ID == "" {
			break
		}
		if address := m.OnFile(kind); address != "" {
			return kind, address
		}
	}
	return "", ""
}

// Recovers reports whether the fund gives a forgotten password back.
func Recovers(f *access.Fund) bool { _, ok := f.Flow("recover"); return ok }

// RecoversPIN reports whether a forgotten PIN is given back with the password.
func RecoversPIN(f *access.Fund) bool {
	return slices.ContainsFunc(steps(f, "recover"), func(s access.Step) bool { return s.Word == "pin" })
}

// isNobody reports whether a journey is one of nobody.
func isNobody(j access.Journey) bool { return strings.HasPrefix(j.Member, nobody) }
