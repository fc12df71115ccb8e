package journey

import (
	"context"
	"errors"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/session"
	"aditus/internal/store"
)

// SignIn is the goal «sign_in»: a login and a secret, and then
//
//   - the reading area (F-1), with the invitation if no channel is active;
//   - or first a code, where the fund asks for one and a channel is active (F-18);
//   - or a new factor, and nothing else, if a lost one is to be replaced (S-23);
//   - or the compulsory password change, if that is due (F-16, scenario 15);
//   - or, with the membership number for a secret, nothing but the way to a
//     channel (F-8, security.md 4.7).
func (e *Engine) SignIn(ctx context.Context, f *access.Fund, v Visitor, login, secret string) (r Result, err error) {
	step := steps(f, "sign_in")[0]
	if first, ok := firstAccess(f); ok {
		step.Args = append(step.Args[:len(step.Args):len(step.Args)], first.Args...)
	}
	err = e.identify(ctx, f, v, step, login, secret, func(tx *store.Tx, w who) (err error) {
		r, err = e.admit(tx, f, v, w)
		return err
	})
	if r.Ended {
		e.Sessions.Forget(f.ID, v.Session.ID)
	}
	return r, err
}

// FirstAccess is the way of somebody without a password: the login and the
// membership number. It is the first word of the flow to a channel.
func (e *Engine) FirstAccess(ctx context.Context, f *access.Fund, v Visitor, login, number string) (r Result, err error) {
	if asNumber(f, number) == "" {
		if number == "" {
			return r, access.RefuseField("number", "enrolment_no_empty")
		}
		return r, access.RefuseField("number", "enrolment_no_form")
	}
	step := access.Step{Word: "identify", Args: []string{"enrolment_no"}}
	err = e.identify(ctx, f, v, step, login, number, func(tx *store.Tx, w who) (err error) {
		r, err = e.admit(tx, f, v, w)
		return err
	})
	if r.Ended {
		e.Sessions.Forget(f.ID, v.Session.ID)
	}
	return r, err
}

// Numbers reports whether the fund lets in people without a password, by their
// membership number.
func Numbers(f *access.Fund) bool { _, ok := firstAccess(f); return ok }

// Channels reports whether the fund's people choose a channel among contacts on file.
func Channels(f *access.Fund) bool { _, ok := f.Flow("secure_channel"); return ok }

// firstAccess is the step by which the fund lets in people without a password.
func firstAccess(f *access.Fund) (access.Step, bool) {
	for _, s := range steps(f, "secure_channel") {
		if s.Word == "identify" && s.Says("enrolment_no") {
			return s, true
		}
	}
	return access.Step{}, false
}

// admit decides where a person who was known goes. A session that was open in
// the browser ends: whoever was signed in here before is not this person's
// business, and the same person gets a new one (ASVS 7.2.4; security.md part 3,
// row 16). The caller forgets it after the commit.
func (e *Engine) admit(tx *store.Tx, f *access.Fund, v Visitor, w who) (r Result, err error) {
	if v.Session.ID != "" {
		if r.Ended, err = e.replace(tx, v.Session); err != nil {
			return r, err
		}
		v.Session = access.Session{}
	}
	channel, err := tx.Channel(w.member.ID)
	if err != nil {
		return r, err
	}
	frozen, err := tx.Frozen(w.member.ID)
	if err != nil {
		return r, err
	}
	if !frozen.IsZero() && w.by == "number" {
		return r, access.RefuseField("username", "sign_in") // whoever has the letter is not told
	}
	device := e.device(v, w, &r)
	active := channel.ID != ""
	replaces := false
	if active && w.by == "password" && frozen.IsZero() && changesFactor(f) {
		lost, err := tx.Replacement(w.member.ID)
		if err != nil {
			return r, err
		}
		replaces = lost.Ready(tx.Now())
	}
	due := frozen.IsZero() && !w.secret.DueAt.IsZero() && !w.secret.DueAt.After(tx.Now())
	switch {
	case w.by == byHanded:
		j := access.Journey{Goal: "recover", By: byHanded, Handed: w.handed, Device: device}
		r.Journey, r.To, err = e.set(tx, f, v, w.member, j, "hand_over")
	case replaces:
		r.Journey, r.To, err = e.replaceLost(tx, f, v, w.member, device)
	case active && (w.by == "number" || due):
		r.Journey, r.To, err = e.begin(tx, f, v, w.member, "change_password", "password", w.by, device)
	case w.by == "number":
		r.Journey, r.To, err = e.begin(tx, f, v, w.member, "secure_channel", "channel", w.by, device)
	case w.by == byPasskey:
		if r.To = entrance(f, active); r.To == Home {
			if r.To, err = e.welcome(tx, f, w.member); err != nil {
				return r, err
			}
		}
		r.Session, err = e.open(tx, f, v, w.member, device, byPasskey, access.LevelAct, tx.Now(), w.known)
	case active && (f.SignIn.Code == "always" || f.SignIn.Code == "unknown_device" && w.device.Proved.IsZero()):
		goal := "sign_in"
		if raises(f, w, tx.Now()) {
			goal = goalRaise
		}
		r.Journey, r.To, err = e.begin(tx, f, v, w.member, goal, "code", w.by, device)
	case raises(f, w, tx.Now()):
		r.Journey, r.To, err = e.begin(tx, f, v, w.member, goalRaise, "password", w.by, device)
	default:
		r.To = entrance(f, active)
		r.Session, err = e.open(tx, f, v, w.member, device, "password", access.LevelRead, time.Time{}, w.known)
	}
	return r, err
}

// entrance is where somebody comes in: with an invitation, if the fund has a
// channel to invite to and none is active.
func entrance(f *access.Fund, active bool) Place {
	if _, ok := f.Flow("secure_channel"); ok && !active {
		return Invite
	}
	return Home
}

// replace ends a session because its browser signs in anew, and reports that it
// is over, whoever ended it.
func (e *Engine) replace(tx *store.Tx, s access.Session) (bool, error) {
	err := tx.EndSession(s.Member, s.ID)
	if errors.Is(err, store.ErrNone) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return true, audit.Record(tx, audit.SignedOut{Member: s.Member, Session: s.ID})
}

// device is the id of the browser; one without a token gets one.
func (e *Engine) device(v Visitor, w who, r *Result) string {
	if id := session.ID(v.Device); id != "" {
		return id
	}
	r.Device = access.NewSecret()
	return session.ID(r.Device)
}

// open starts a session and notes the device. Proved is when a code was
// answered for it, zero if none was.
func (e *Engine) open(tx *store.Tx, f *access.Fund, v Visitor, m access.Member, device, method string, level access.Level, proved time.Time, known bool) (token string, err error) {
	how := "new"
	if known {
		how = "known"
	}
	if !proved.IsZero() {
		how = "proved"
	}
	if how == "new" {
		if err := e.tellUnproved(tx, v, m); err != nil {
			return "", err
		}
	}
	if err := tx.UseDevice(access.Device{ID: device, Member: m.ID, Agent: v.Agent, Proved: proved}); err != nil {
		return "", err
	}
	return e.Sessions.Start(tx, f, access.Session{Member: m.ID, Level: level, Method: method, Lang: v.Lang, Device: device,
		Agent: v.Agent, ProvedAt: proved}, how, v.where())
}

// newDeviceDay is how often a day a member is told of a new browser that nothing but
// the password opened.
const newDeviceDay = 3

// tellUnproved tells every contact of a sign-in with nothing but the password, from
// a browser never used before. Whoever never signed in anywhere is not told of the
// first time: the password that was set for it is a notice of its own. Nor is it
// told more often than newDeviceDay times a day: there are browsers that forget who
// they are each time they are closed.
func (e *Engine) tellUnproved(tx *store.Tx, v Visitor, m access.Member) error {
	before, err := tx.HasDevices(m.ID)
	if err != nil || !before {
		return err
	}
	if _, err := tx.Count(tx.Keys().Index("tally", "new device "+m.ID), 0, newDeviceDay); errors.Is(err, store.ErrNone) {
		return nil
	} else if err != nil {
		return err
	}
	channel, err := tx.Channel(m.ID)
	if err != nil {
		return err
	}
	return e.notify(tx, m, v.Lang, "new_device", []address{{channel.Kind, channel.Address}}, access.Channel{}, access.DeviceArg(v.Agent))
}

// Register is the goal «secure_channel» from within the reading area: the
// credentials again (F-6), and then the choice. Where the fund does not ask for
// them again and the member has just typed them, login may be empty.
func (e *Engine) Register(ctx context.Context, f *access.Fund, v Visitor, login, secret string) (r Result, err error) {
	step := steps(f, "secure_channel")[0]
	err = e.identify(ctx, f, v, step, login, secret, func(tx *store.Tx, w who) (err error) {
		if v.Session.ID != "" && v.Session.Member != w.member.ID {
			return access.RefuseField("username", "sign_in") // signed in as one person, typed another's
		}
		r = Result{}
		device := e.device(v, w, &r)
		r.Journey, r.To, err = e.begin(tx, f, v, w.member, "secure_channel", "channel", w.by, device)
		return err
	})
	return r, err
}

// Fresh reports whether the visitor may go to the choice of a channel without
// typing the credentials again, and goes there if so (security.md 4.9).
func (e *Engine) Fresh(ctx context.Context, f *access.Fund, v Visitor) (r Result, ok bool, err error) {
	if f.Channel.Reauth != "fresh" || v.Session.ID == "" {
		return r, false, nil
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r, ok = Result{}, false
		if tx.Now().Sub(v.Session.StartedAt) >= 5*time.Minute {
			return nil
		}
		m, err := tx.Member(v.Session.Member)
		if err != nil {
			return err
		}
		ok = true
		r.Journey, r.To, err = e.begin(tx, f, v, m, "secure_channel", "channel", "password", v.Session.Device)
		return err
	})
	return r, ok, err
}

// SignOut ends the visitor's session on the server (S-15), and the journey with it.
func (e *Engine) SignOut(ctx context.Context, f *access.Fund, v Visitor) error {
	err := e.Cancel(ctx, f, v)
	if v.Session.ID == "" {
		return err
	}
	end := e.Sessions.End(ctx, f, v.Session.Member, v.Session.ID)
	if access.Refused(end, "session_ended") {
		end = nil
	}
	return errors.Join(err, end)
}

// signedIn is the event's word for how a code was answered.
func signedIn(by string, kind access.Kind) string {
	switch by {
	case "number":
		return "first_access+" + string(kind)
	case "letter":
		return "letter+" + string(kind)
	case byPasskey:
		return byPasskey + "+" + string(kind)
	}
	return "password+" + string(kind)
}
