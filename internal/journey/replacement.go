package journey

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
)

// A factor that is lost, with no backup code left (S-23, security.md 4.10): a code
// from a letter of the office, or the office itself, starts a replacement. Every
// contact hears of it, the old number too, and for the delay of the fund's file
// the member can stop it and the old factor goes on. Then the next sign-in leads to
// a new factor, once the mailbox is proved, and to nothing else.

const (
	replaceable = 14 * 24 * time.Hour // how long a replacement that is ready can be used
	stopLength  = 8                   // of the code that stops one: 40 bits, which need no count of wrong ones for one person
	stopNetwork = 10                  // an hour: wrong ones from one network, which keep the trail short
)

// The two ways in which a replacement starts.
const (
	byLetter = "letter"
	byStaff  = "staff"
)

// newCode is a code of n letters and digits of which none looks like another, 5 bits
// each; n is a multiple of four. identifier.ActivationCode reads one too.
func newCode(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand)
	for i := range b {
		b[i] = temporaryLetters[b[i]&31]
	}
	return string(b)
}

// grouped is a code as it is read: in groups of four.
func grouped(code string) string {
	var groups []string
	for i := 0; i < len(code); i += 4 {
		groups = append(groups, code[i:i+4])
	}
	return strings.Join(groups, "-")
}

func stopHash(tx *store.Tx, member, code string) []byte {
	return tx.Keys().MAC("replacement_stop", member, code)
}

// startReplacement starts one, and tells it to every contact. It refuses with
// replacement_waiting if one waits already.
func (e *Engine) startReplacement(tx *store.Tx, f *access.Fund, host, lang string, m access.Member, source, by string) error {
	old, err := tx.Channel(m.ID)
	if err != nil {
		return err
	}
	ready := tx.Now().Add(f.Factor.Delay)
	r := access.Replacement{ID: access.NewID(tx.Now()), Member: m.ID, Source: source, By: by, ReadyAt: ready, LapsesAt: ready.Add(replaceable)}
	stop := newCode(stopLength)
	if err := tx.StartReplacement(r, stopHash(tx, m.ID, stop)); errors.Is(err, store.ErrNone) {
		return access.Refuse("replacement_waiting")
	} else if err != nil {
		return err
	}
	if err := errors.Join(tx.EndFactorLetters(m.ID), tx.CloseCase(m.ID, "letter", "factor")); err != nil {
		return err
	}
	if err := audit.Record(tx, audit.ReplacementStarted{Member: m.ID, Replacement: r.ID, Source: source, By: by}); err != nil {
		return err
	}
	return e.notify(tx, m, lang, "replacement_started", []address{{old.Kind, old.Address}}, access.Channel{},
		access.TimeArg("ready", access.ArgStamp, ready), access.Arg{Name: "stop", Value: grouped(stop)}, access.Arg{Name: "host", Value: host})
}

// Identified is what the office says that has made sure, as at an enrolment, that
// somebody whose factor is lost is the member: a replacement starts. Staff neither
// see nor choose a code (security.md 4.10). It refuses with channel_needed if the
// member has no factor, changes_stopped, or replacement_waiting; ErrNone is nobody
// who may come in.
func (e *Engine) Identified(ctx context.Context, f *access.Fund, member, staff string) error {
	return e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		m, lang, err := e.losing(tx, f, member)
		if err != nil {
			return err
		}
		return e.startReplacement(tx, f, f.Hosts[0], lang, m, byStaff, staff)
	})
}

// losing is a member for whom the office can do something about a lost factor, and
// the language to write in.
func (e *Engine) losing(tx *store.Tx, f *access.Fund, member string) (m access.Member, lang string, err error) {
	if !changesFactor(f) {
		return m, "", fmt.Errorf("fund %s: no flow with the goal change_factor", f.ID)
	}
	if m, err = tx.Member(member); err != nil {
		return m, "", err
	}
	if m.Access(f, tx.Now()) == "none" {
		return m, "", store.ErrNone
	}
	channel, err := tx.Channel(m.ID)
	if err != nil {
		return m, "", err
	}
	if channel.ID == "" {
		return m, "", access.Refuse("channel_needed")
	}
	return m, language(f, m), unfrozen(tx, m.ID)
}

// unfrozen refuses with changes_stopped while the member's changes are stopped.
func unfrozen(tx *store.Tx, member string) error {
	since, err := tx.Frozen(member)
	if err == nil && !since.IsZero() {
		return access.Refuse("changes_stopped")
	}
	return err
}

// replaceLost is where somebody comes who has typed the right password when a
// replacement is ready.
func (e *Engine) replaceLost(tx *store.Tx, f *access.Fund, v Visitor, m access.Member, device string) (secret string, to Place, err error) {
	name, err := tx.Username(m.ID)
	if err != nil {
		return "", "", err
	}
	j := access.Journey{Goal: goalReplace, By: "replacement", Device: device, Channel: access.Email, Address: name.Address}
	return e.set(tx, f, v, m, j, steps(f, goalReplace)[0].Word)
}

// Replacement is the visitor's replacement that waits or is ready; its ID is "" if
// there is none.
func (e *Engine) Replacement(ctx context.Context, f *access.Fund, v Visitor) (r access.Replacement, err error) {
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		r, err = tx.Replacement(v.Session.Member)
		return err
	})
	return r, err
}

// StopReplacement stops the replacement of the visitor's member, who is signed in.
// It refuses with replacement_over if none waits any more.
func (e *Engine) StopReplacement(ctx context.Context, f *access.Fund, v Visitor) error {
	return e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		m, err := tx.Member(v.Session.Member)
		if err != nil {
			return err
		}
		r, err := tx.Replacement(m.ID)
		if err != nil {
			return err
		}
		return e.stop(tx, m, r.ID, v.Lang, "session")
	})
}

// StopByCode stops a replacement with the user name and the code that stands in the
// notice of its start. It refuses for the form of what was typed, and else with one
// word, stop_wrong, whatever is wrong; or stop_many after ten in an hour from one
// network. The right code is right again: it changes nothing more.
func (e *Engine) StopByCode(ctx context.Context, f *access.Fund, v Visitor, login, typed string) error {
	login, err := normalLogin(f, login)
	if err != nil {
		return err
	}
	code, err := normalStop(typed)
	if err != nil {
		return err
	}
	floor := time.After(e.Floor)
	var said error
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		said = nil
		tally := tx.Keys().Index("tally", "stop from "+network(v.IP))
		// Counted as wrong before it is looked at, and taken back if it was right.
		if _, err := tx.Count(tally, stopNetwork, 0); errors.Is(err, store.ErrNone) {
			said = access.RefuseField("stop", "stop_many")
			return nil
		} else if err != nil {
			return err
		}
		members, err := byLogin(tx, f, login)
		if err != nil {
			return err
		}
		m := whose(f, members, tx.Now())
		r, err := tx.ReplacementByStop(m.ID, stopHash(tx, m.ID, code))
		if err != nil {
			return err
		}
		if r.ID == "" {
			said = access.RefuseField("stop", "stop_wrong")
			return audit.Record(tx, audit.StopRefused{Member: m.ID, Subject: tx.Keys().Index("throttle", "password "+login), Where: v.where()})
		}
		if err := tx.Uncount(tally); err != nil {
			return err
		}
		over := e.stop(tx, m, r.ID, v.Lang, "code")
		if !access.Refused(over, "replacement_over") {
			return over
		}
		// Stopped before, or by another request just now: that is what was asked for.
		if r, err = tx.ReplacementByStop(m.ID, stopHash(tx, m.ID, code)); err == nil && !r.Stopped {
			err = over
		}
		return err
	})
	e.wait(ctx, floor)
	if err == nil {
		err = said
	}
	return err
}

// normalStop reads a stop code as it is typed. It refuses with stop_empty or
// stop_form.
func normalStop(typed string) (string, error) {
	if strings.TrimSpace(typed) == "" {
		return "", access.RefuseField("stop", "stop_empty")
	}
	code := strings.ToUpper(strings.NewReplacer("-", "", "–", "", " ", "", "\u00a0", "").Replace(typed[:min(len(typed), 64)]))
	if len(code) != stopLength || strings.Trim(code, temporaryLetters) != "" {
		return "", access.RefuseField("stop", "stop_form")
	}
	return code, nil
}

// stop stops a replacement: whoever is about to use it cannot any more, every
// contact is told, and the office looks at it. It refuses with replacement_over if
// that one does not wait any more.
func (e *Engine) stop(tx *store.Tx, m access.Member, id, lang, by string) error {
	ended, err := e.endReplacement(tx, m.ID, id, by)
	if err != nil {
		return err
	}
	if !ended {
		return access.Refuse("replacement_over")
	}
	if err := tx.OpenCase(access.Case{Kind: "replacement", Member: m.ID, Why: "stopped"}); err != nil {
		return err
	}
	channel, err := tx.Channel(m.ID)
	if err != nil {
		return err
	}
	return e.notify(tx, m, lang, "replacement_stopped", []address{{channel.Kind, channel.Address}}, access.Channel{})
}

// endReplacement ends a replacement and whatever was about to use it, and reports
// whether it was there to be ended. By is "session", "code", "not_me", or "changed"
// where the factor was changed in another way.
func (e *Engine) endReplacement(tx *store.Tx, member, id, by string) (bool, error) {
	err := tx.StopReplacement(member, id)
	if errors.Is(err, store.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := tx.DropGoal(member, goalReplace); err != nil {
		return false, err
	}
	return true, audit.Record(tx, audit.ReplacementStopped{Member: member, Replacement: id, By: by})
}

// voidLoss ends what was under way because a factor was lost: the letter's code is
// worth nothing, and nothing waits.
func (e *Engine) voidLoss(tx *store.Tx, member, by string) error {
	r, err := tx.Replacement(member)
	if err != nil {
		return err
	}
	if r.ID != "" {
		if _, err := e.endReplacement(tx, member, r.ID, by); err != nil {
			return err
		}
	}
	return tx.EndFactorLetters(member)
}

// delayReplacement has the delay begin anew when a password is set: whoever holds
// the mailbox and sets one must not come nearer to the factor by it, and the member
// who sets one because of the notice gains time (security.md 4.10).
func (e *Engine) delayReplacement(tx *store.Tx, f *access.Fund, member string) error {
	if !changesFactor(f) {
		return nil
	}
	r, err := tx.Replacement(member)
	if err != nil || r.ID == "" {
		return err
	}
	r.ReadyAt = tx.Now().Add(f.Factor.Delay)
	r.LapsesAt = r.ReadyAt.Add(replaceable)
	if err := tx.DelayReplacement(r); errors.Is(err, store.ErrNone) {
		return nil // it was stopped, or used, meanwhile
	} else if err != nil {
		return err
	}
	return audit.Record(tx, audit.ReplacementDelayed{Member: member, Replacement: r.ID})
}

// useReplacement uses the member's replacement up: a new factor has been proved. It
// refuses with replacement_over if it was stopped, or is not ready.
func useReplacement(tx *store.Tx, j access.Journey) error {
	r, err := tx.Replacement(j.Member)
	if err != nil {
		return err
	}
	if err := tx.UseReplacement(j.Member); errors.Is(err, store.ErrNone) {
		return access.RefuseField("otp", "replacement_over")
	} else if err != nil {
		return err
	}
	return audit.Record(tx, audit.ReplacementUsed{Member: j.Member, Replacement: r.ID, Journey: j.ID})
}
