package journey

import (
	"context"
	"errors"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/challenge"
	"aditus/internal/passkey"
	"aditus/internal/session"
	"aditus/internal/store"
)

// byPasskey is how somebody is known who answered with a passkey, and the method
// of the session that begins so.
const byPasskey = "passkey"

// keyNetwork is how many questions to passkeys that nobody answered rightly one
// network may have in an hour. Nothing can be guessed: it bounds what a stranger
// has us write. What others tried with passwords from the network does not count
// here: the holder of a passkey still enters (security.md part 3, row 10).
const keyNetwork = 100

// AskKey begins a sign-in with a passkey: the options for the browser, whoever
// sits there, and the secret that the answer must come with. It refuses with
// locked after too many that led to nothing.
func (e *Engine) AskKey(ctx context.Context, f *access.Fund, v Visitor) (r Result, options []byte, err error) {
	if !f.Factor.Passkeys {
		return r, nil, access.Refuse("passkey_none")
	}
	site, err := challenge.Site(f, v.Origin)
	if err != nil {
		return r, nil, err
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		again, err := tx.Count(tx.Keys().Index("tally", "passkey "+network(v.IP)), keyNetwork, 0)
		if errors.Is(err, store.ErrNone) {
			return access.Refuse("locked", access.TimeArg("time", access.ArgTime, roundUp(again)))
		}
		if err != nil {
			return err
		}
		var kept []byte
		if options, kept, err = site.AskAnyone(); err != nil {
			return err
		}
		r = Result{Passkey: access.NewSecret()}
		return tx.AskPasskey(session.ID(r.Passkey), "", v.Host, kept, challenge.KeyLife)
	})
	return r, options, err
}

// SignInKey is the goal «sign_in» by a passkey. With the device's own lock that is
// two factors, so it opens what a password and a code open: no more, and not past
// a password that must be changed, nor for somebody who may not come in.
//
// It refuses with passkey_over if the question is too old or was answered, and with
// passkey_refused for everything else, whatever it is: an unknown key, one that was
// taken away or copied, another host's, somebody who left.
func (e *Engine) SignInKey(ctx context.Context, f *access.Fund, v Visitor, answer []byte) (r Result, err error) {
	if !f.Factor.Passkeys {
		return r, access.Refuse("passkey_refused")
	}
	kept, err := e.takeKey(ctx, f, session.ID(v.Passkey), "", v.Host)
	if err != nil {
		return r, err
	}
	w, p, blocked, err := e.claims(ctx, f, v, answer)
	if err != nil {
		return r, err
	}
	used, wrong := challenge.Judge(f, v.Origin, kept, answer, w.member.ID, p)
	if wrong != nil && !errors.Is(wrong, passkey.ErrRefused) {
		return r, wrong
	}
	if wrong == nil && blocked {
		return r, e.keyRefused(ctx, f, v, w.member, "blocked", nil)
	}
	if wrong != nil {
		return r, e.keyRefused(ctx, f, v, w.member, "wrong", copied(wrong, used))
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r = Result{}
		if err := tx.UsePasskey(used); err != nil {
			return err
		}
		if err := tx.Uncount(tx.Keys().Index("tally", "passkey "+network(v.IP))); err != nil {
			return err
		}
		if !w.known {
			if err := e.tellKeys(tx, w.member, v.Lang, "new_device", access.DeviceArg(v.Agent)); err != nil {
				return err
			}
		}
		r, err = e.admit(tx, f, v, w)
		return err
	})
	if errors.Is(err, store.ErrNone) { // it was taken away, or used, as we looked
		return Result{}, e.keyRefused(ctx, f, v, w.member, "wrong", nil)
	}
	if r.Ended {
		e.Sessions.Forget(f.ID, v.Session.ID)
	}
	return r, err
}

// claims reads whom an answer says it is by, and that member's key of that name:
// nothing is proved by it. Nobody is the zero member, without keys.
func (e *Engine) claims(ctx context.Context, f *access.Fund, v Visitor, answer []byte) (w who, keys []access.Passkey, blocked bool, err error) {
	_, credential, err := passkey.Claim(answer)
	if err != nil {
		credential = []byte{} // nobody's; what is wrong with it is said by Judge
	}
	w.by = byPasskey
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		p, err := tx.PasskeyOf(v.Host, credential)
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		keys = []access.Passkey{p}
		if w.member, err = tx.Member(p.Member); err != nil {
			return err
		}
		blocked = w.member.Access(f, tx.Now()) == "none"
		if w.secret, err = tx.Password(p.Member); err != nil {
			return err
		}
		w.device, err = tx.Device(session.ID(v.Device), p.Member)
		if w.known = err == nil; errors.Is(err, store.ErrNone) {
			err = nil
		}
		return err
	})
	return w, keys, blocked, err
}

// copied is the key to be muted, nil unless that is what is wrong.
func copied(wrong error, p access.Passkey) *access.Passkey {
	if errors.Is(wrong, passkey.ErrCopied) {
		return &p
	}
	return nil
}

// keyRefused tells that a passkey let nobody in, and mutes one that was copied.
func (e *Engine) keyRefused(ctx context.Context, f *access.Fund, v Visitor, member access.Member, why string, mute *access.Passkey) error {
	err := e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		if mute != nil {
			if err := e.Challenges.Mute(tx, *mute, v.Lang); err != nil {
				return err
			}
		}
		looked := access.Case{Member: member.ID, Why: "sign_in"} // opens none
		if why == "blocked" && member.Dead() {
			looked.Kind = "deceased"
		}
		if err := tx.OpenCase(looked); err != nil {
			return err
		}
		return audit.Record(tx, audit.SignInFailed{Member: member.ID, Subject: tx.Keys().Index("throttle", "passkey "+member.ID), Why: why, Where: v.where()})
	})
	if err != nil {
		return err
	}
	return access.Refuse("passkey_refused")
}
