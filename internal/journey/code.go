package journey

import (
	"context"
	"errors"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/challenge"
	"aditus/internal/store"
	"aditus/internal/trust"
)

// purpose is what a code at the journey's present step is for.
func purpose(j access.Journey) string {
	switch {
	case j.Goal == "sign_in" || j.Goal == goalRaise:
		return access.PurposeSignIn
	case j.Goal == goalMobile:
		return access.PurposeMobile
	case j.Goal == goalAddKey || j.Goal == goalDropKey:
		return access.PurposePasskey
	case j.By == byFacts && j.Half != "":
		return access.PurposeHalfSMS
	case j.By == byFacts:
		return access.PurposeHandOver
	case j.Goal == "recover":
		return access.PurposeRecover
	case j.Goal == "enrol" && j.Factor.Kind == "":
		return access.PurposeUsername
	case j.Factor.Kind == "" && (j.Goal == goalRenew || j.Goal == goalReplace || j.Goal == goalFresh):
		return access.PurposeFresh
	case j.Goal == "enrol", j.Goal == "change_factor", j.Goal == goalRenew, j.Goal == goalReplace:
		return access.PurposeFactor
	case j.Goal == goalPIN:
		return access.PurposePIN
	case j.Goal == goalPassword, j.Password != "":
		return access.PurposePassword
	}
	return access.PurposeChannel
}

// texts are the messages of the purposes.
var texts = map[string]string{
	access.PurposeSignIn:   "code_sign_in",
	access.PurposePassword: "code_password",
	access.PurposeChannel:  "code_channel",
	access.PurposeRecover:  "code_recover",
	access.PurposeUsername: "code_username",
	access.PurposeFactor:   "code_factor",
	access.PurposeFresh:    "code_fresh",
	access.PurposeMobile:   "code_mobile",
	access.PurposePIN:      "code_pin",
	access.PurposePasskey:  "code_passkey",
}

// Purpose is what the code that the journey waits for is for.
func Purpose(j access.Journey) string { return purpose(j) }

// Masked is an address as it may be shown to whoever walks the journey.
func Masked(j access.Journey, kind access.Kind, address string) string {
	switch {
	case j.By == "number", j.By == "recover", kind == access.TOTP:
		return ""
	case kind == access.Email:
		return access.MaskEmail(address)
	}
	return access.Last(address, 3)
}

// way is how the code of the journey's present step comes: as was chosen in the
// journey, or as the member gets codes.
func way(tx *store.Tx, f *access.Fund, j access.Journey, m access.Member) (access.Channel, error) {
	switch {
	case j.Factor.Kind != "":
		return j.Factor, nil
	case j.Mute, j.Address != "" && !Step(f, j).Says("factor"):
		return access.Channel{ID: j.ID, Kind: j.Channel, Address: j.Address}, nil
	case Step(f, j).Says("trusted_mobile"):
		mobile, err := trust.Of(tx, f, m)
		if err != nil || !mobile.Reliable {
			return access.Channel{}, err
		}
		return access.Channel{ID: j.ID, Kind: access.SMS, Address: mobile.Number}, nil
	}
	return tx.Channel(m.ID)
}

// send asks for the code of the journey's present step, and posts it, unless an
// app makes it.
func (e *Engine) send(tx *store.Tx, f *access.Fund, v Visitor, j access.Journey, m access.Member) (*access.Refusal, error) {
	to, err := way(tx, f, j, m)
	if err != nil {
		return nil, err
	}
	if to.Kind == "" {
		return access.Refuse("channel_needed"), nil
	}
	_, refusal, err := e.Challenges.Ask(tx, challenge.Request{Question: j.Question(purpose(j)), Rules: f.Code, Kind: to.Kind,
		Address: to.Address, Secret: to.Secret, Masked: Masked(j, to.Kind, to.Address), Lang: j.Lang, Text: texts[purpose(j)],
		Quiet: j.Goal == "recover", Mute: j.Mute, Args: []access.Arg{{Name: "host", Value: v.Host}, access.DeviceArg(v.Agent)}})
	if err == nil && refusal == nil && purpose(j) == access.PurposeUsername {
		err = tellTaken(tx, j)
	}
	return refusal, err
}

// Again asks for a new code at the journey's present step («Rigenera OTP»). It
// refuses with code_still_valid while the last one lives, and sends nothing
// then (F-13).
func (e *Engine) Again(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member) error {
	if Word(f, j) != "code" {
		return nil
	}
	var refusal *access.Refusal
	err := e.DB.Write(ctx, f.ID, func(tx *store.Tx) (err error) {
		refusal, err = e.send(tx, f, v, j, m)
		return err
	})
	if err == nil && refusal != nil {
		return refusal
	}
	return err
}

// Status is where the code of the journey's present step stands.
func (e *Engine) Status(ctx context.Context, f *access.Fund, j access.Journey) (st challenge.Status, err error) {
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		st, err = e.Challenges.Status(tx, j.Question(purpose(j)), f.Code)
		return err
	})
	if j.Goal == "recover" {
		st.Delivery = "" // that there is an address, and that it is dead, is not a stranger's to know
	}
	return st, err
}

// Answer is the word «code»: the member types it back, and what the journey has
// carried so far is done. It refuses as challenge.Answer does, and with
// contact_shared if the channel became somebody else's meanwhile.
func (e *Engine) Answer(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, typed string) (r Result, err error) {
	if Word(f, j) != "code" {
		return Result{To: Where(f, j)}, nil
	}
	q := j.Question(purpose(j))
	proof, err := e.Challenges.Answer(ctx, q, f.Code, typed)
	if err != nil {
		return r, err
	}
	var ended []string
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r, ended = Result{}, nil // f may run again
		if err := e.Challenges.Spend(tx, proof, q); err != nil {
			return err
		}
		next := j
		switch q.Purpose {
		case access.PurposeChannel:
			if err := e.activate(tx, f, v, &next, m); err != nil {
				return err
			}
			if j.Session != "" {
				// The reading session ends here: what comes next is the password,
				// and then a session of the higher level.
				if err := tx.EndSession(m.ID, j.Session); err != nil && !errors.Is(err, store.ErrNone) {
					return err
				}
				ended, r.Ended = []string{j.Session}, true
			}
			r.To = Active
			if next.At+1 == len(steps(f, next.Goal)) { // a fund that asks for no new password
				if err := e.enrol(tx, f, next); err != nil {
					return err
				}
				r.Session, err = e.open(tx, f, v, m, j.Device, signedIn(j.By, proof.Kind()), access.LevelAct, tx.Now(), true)
				r.To = Home
			}
		case access.PurposePIN: // what it stands for comes next
		case access.PurposePassword:
			if next.Password == "" {
				break // the same
			}
			if ended, err = e.setPassword(tx, f, v, &next, m); err != nil {
				return err
			}
			if err := e.enrol(tx, f, next); err != nil {
				return err
			}
			r.Session, err = e.open(tx, f, v, m, j.Device, signedIn(j.By, proof.Kind()), access.LevelAct, tx.Now(), true)
			r.To = Home
		case access.PurposeUsername:
			err = reserve(tx, next)
		case access.PurposeFresh:
			if j.Goal == goalFresh {
				ended, r.To = []string{j.Session}, Backup // to be read again, with the new time
				err = tx.ProveSession(m.ID, j.Session)
			}
		case access.PurposeFactor:
			if ended, err = e.complete(tx, f, v, &next, m); err != nil {
				return err
			}
			r.Session, err = e.open(tx, f, v, m, j.Device, signedIn(j.By, proof.Kind()), access.LevelAct, tx.Now(), true)
			r.To = Backup
		case access.PurposeMobile:
			if err := trust.Earn(tx, f, m, j.Address, j.ID); err != nil {
				return err
			}
			r.To = Safety
			err = e.notify(tx, m, j.Lang, "mobile_trusted", nil, access.Channel{Kind: access.SMS, Address: j.Address},
				access.Arg{Name: "last3", Value: access.Last(j.Address, 3)})
		case access.PurposePasskey:
			if j.Goal == goalDropKey {
				r.To, err = Passkeys, e.dropKey(tx, v, j, m)
			}
		case access.PurposeSignIn:
			if err := e.tellDevice(tx, j, m); err != nil {
				return err
			}
			if j.Goal == goalRaise { // the session comes when that is settled
				next.Half, r.To = proof.Kind(), Password
				break
			}
			if r.Session, err = e.open(tx, f, v, m, j.Device, signedIn(j.By, proof.Kind()), access.LevelAct, tx.Now(), true); err == nil {
				r.To, err = e.welcome(tx, f, m)
			}
		}
		if err != nil {
			return err
		}
		if next, err = e.move(tx, f, v, next, m); r.To == "" {
			r.To = Where(f, next)
		}
		return err
	})
	if errors.Is(err, store.ErrNone) { // another request, with the same right code, was faster
		to, err := e.reload(ctx, f, v)
		if access.Refused(err, "journey_ended") {
			return Result{To: SignIn}, nil
		}
		return Result{To: to}, err
	}
	e.Sessions.Forget(f.ID, ended...)
	return r, err
}

// welcome is where somebody comes who signed in with a code or a passkey: to what is said of a
// replacement that waits, as it may not be theirs.
func (e *Engine) welcome(tx *store.Tx, f *access.Fund, m access.Member) (Place, error) {
	if !changesFactor(f) {
		return Home, nil
	}
	r, err := tx.Replacement(m.ID)
	if err != nil || r.ID == "" {
		return Home, err
	}
	return Replace, nil
}

// tellDevice tells a member's other contacts of a sign-in from a browser that
// was never used before: whoever typed the code holds the channel already.
func (e *Engine) tellDevice(tx *store.Tx, j access.Journey, m access.Member) error {
	_, err := tx.Device(j.Device, m.ID)
	if !errors.Is(err, store.ErrNone) {
		return err
	}
	channel, err := tx.Channel(m.ID)
	if err != nil {
		return err
	}
	return e.notify(tx, m, j.Lang, "new_device", nil, channel, access.DeviceArg(j.Agent))
}

// activate makes the channel chosen in the journey the member's, and the change
// of the password the next thing that must happen.
func (e *Engine) activate(tx *store.Tx, f *access.Fund, v Visitor, j *access.Journey, m access.Member) error {
	now, err := tx.Member(m.ID)
	if err != nil {
		return err
	}
	if now.OnFile(j.Channel) != j.Address {
		return access.RefuseField("channel", "channel_missing") // an import replaced it meanwhile
	}
	old, err := tx.Channel(m.ID)
	if err != nil {
		return err
	}
	c := access.Channel{ID: access.NewID(tx.Now()), Member: m.ID, Kind: j.Channel, Address: j.Address, Source: "registry"}
	if err := tx.UseChannel(c); errors.Is(err, store.ErrNone) {
		return access.RefuseField("channel", "contact_shared")
	} else if err != nil {
		return err
	}
	if err := tx.PasswordDue(m.ID); err != nil {
		return err
	}
	masked := access.MaskEmail(c.Address)
	if c.Kind != access.Email {
		masked = access.MaskPhone(c.Address)
	}
	if err := audit.Record(tx, audit.ChannelActive{Member: m.ID, Channel: c.ID, Kind: string(c.Kind), Journey: j.ID, Address: masked}); err != nil {
		return err
	}
	j.Channel, j.Address = "", ""
	return e.notify(tx, m, j.Lang, "channel_active", []address{{old.Kind, old.Address}}, c)
}

// setPassword sets the password chosen in the journey, and ends every session and
// journey there was (7.4.3).
func (e *Engine) setPassword(tx *store.Tx, f *access.Fund, v Visitor, j *access.Journey, m access.Member) (ended []string, err error) {
	if err := tx.SetPassword(access.Credential{Member: m.ID, Kind: "password", Hash: j.Password, Source: "member"}); err != nil {
		return nil, err
	}
	j.Password = ""
	channel, err := tx.Channel(m.ID)
	if err != nil {
		return nil, err
	}
	if err := audit.Record(tx, audit.PasswordChanged{Member: m.ID, Journey: j.ID}); err != nil {
		return nil, err
	}
	if ended, err = e.Sessions.EndOthers(tx, m.ID, "", "password_changed"); err != nil {
		return nil, err
	}
	// Whatever else was under way with the old password or the old channel is over:
	// other journeys, their codes, and devices that would be known (row 18).
	if err := tx.DropJourneys(m.ID, j.ID); err != nil {
		return nil, err
	}
	if err := tx.ReplaceChallenges(m.ID); err != nil {
		return nil, err
	}
	if err := tx.ForgetDevices(m.ID, j.Device); err != nil {
		return nil, err
	}
	if err := e.delayReplacement(tx, f, m.ID); err != nil {
		return nil, err
	}
	return ended, e.notify(tx, m, j.Lang, "password_changed", []address{{channel.Kind, channel.Address}}, access.Channel{})
}

// enrol gives the member the level that the flow to a channel grants.
func (e *Engine) enrol(tx *store.Tx, f *access.Fund, j access.Journey) error {
	flow, ok := f.Flow("secure_channel")
	if !ok {
		return nil
	}
	return tx.Enrol(access.Enrolment{Member: j.Member, Level: flow.Grants, Journey: j.ID})
}
