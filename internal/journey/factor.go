package journey

import (
	"context"
	"errors"
	"slices"
	"strings"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/identifier"
	"aditus/internal/store"
	"aditus/internal/totp"
)

// smsNetwork is how many codes a day go to new numbers on the word of one network
// (security.md part 5, SMS fraud).
const smsNetwork = 10

// The goals by which a factor is changed, beside change_factor itself, to which a
// backup code leads. They are no flows of the fund's file: who may set out on its
// flow, and what they prove before, is the product's (security.md 4.9, 4.10).
const (
	goalRenew   = "renew_factor"   // from the area, by a code of the present factor
	goalReplace = "replace_factor" // the present one is lost: after the delay, by a code to the mailbox
	goalFresh   = "fresh_code"     // a code of the present factor, and no more
)

// changesFactor reports whether the fund's flows let a factor be changed.
func changesFactor(f *access.Fund) bool { _, ok := f.Flow("change_factor"); return ok }

// factorSteps are the words of those goals.
func factorSteps(f *access.Fund, goal string) []access.Step {
	present, flow := access.Step{Word: "code", Args: []string{"factor"}}, steps(f, "change_factor")
	switch {
	case goal == goalFresh:
		return []access.Step{present}
	case goal == goalRenew:
		return append([]access.Step{present}, flow...)
	case Named(f):
		return append([]access.Step{{Word: "code", Args: []string{"username"}}}, flow...)
	}
	return flow // no mailbox is the member's own: what the letter or the office proved has to do
}

// RenewFactor begins to change the factor from within the area, while it works: a
// code of it comes first, as who finds a session open has none (security.md 4.9).
// It refuses with frozen.
func (e *Engine) RenewFactor(ctx context.Context, f *access.Fund, v Visitor) (Result, error) {
	return e.beginFactor(ctx, f, v, goalRenew)
}

// Prove begins to answer a code of the factor in a session that has been open for a
// while, so that backup codes can be made in it. It refuses with frozen.
func (e *Engine) Prove(ctx context.Context, f *access.Fund, v Visitor) (Result, error) {
	return e.beginFactor(ctx, f, v, goalFresh)
}

func (e *Engine) beginFactor(ctx context.Context, f *access.Fund, v Visitor, goal string) (r Result, err error) {
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r = Result{}
		m, err := tx.Member(v.Session.Member)
		if err != nil {
			return err
		}
		channel, err := tx.Channel(m.ID)
		if err != nil {
			return err
		}
		if !changesFactor(f) || channel.ID == "" {
			r.To = Safety
			return nil
		}
		r.Journey, r.To, err = e.begin(tx, f, v, m, goal, "code", "session", v.Session.Device)
		return err
	})
	return r, err
}

// Factors are the kinds that the journey's step offers.
func Factors(f *access.Fund, j access.Journey) (kinds []access.Kind) {
	for _, arg := range Step(f, j).Args {
		kinds = append(kinds, access.Kind(arg))
	}
	return kinds
}

// ChooseFactor is the word «factor»: how codes shall come from now on, to a mobile
// number of the member's own choice (S-11) or from an app (S-13). A code that
// comes that way proves it. It refuses with factor_missing, phone_empty,
// phone_form, phone_fixed, phone_country, or code_daily_limit.
func (e *Engine) ChooseFactor(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, kind access.Kind, number string) (to Place, err error) {
	if Word(f, j) != "factor" {
		return Where(f, j), nil
	}
	if !slices.Contains(Factors(f, j), kind) {
		return "", access.RefuseField("factor", "factor_missing")
	}
	chosen := access.Channel{ID: "chosen", Kind: kind}
	if kind == access.TOTP {
		chosen.Secret = totp.NewSecret()
	} else if chosen.Address, err = mobile(f, number); err != nil {
		return "", err
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		if kind == access.SMS {
			again, err := tx.Count(tx.Keys().Index("tally", "sms from "+network(v.IP)), 0, smsNetwork)
			if errors.Is(err, store.ErrNone) {
				return access.RefuseField("number", "code_hour_limit", access.TimeArg("time", access.ArgTime, again))
			}
			if err != nil {
				return err
			}
		}
		j := j
		j.Factor = chosen
		j, err := e.move(tx, f, v, j, m)
		to = Where(f, j)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return e.reload(ctx, f, v)
	}
	return to, err
}

// mobile reads a number to which codes shall go. A landline and a country that the
// fund does not write to are refused before anything is sent (S-22).
func mobile(f *access.Fund, typed string) (string, error) {
	if strings.TrimSpace(typed) == "" {
		return "", access.RefuseField("number", "phone_empty")
	}
	number, err := identifier.Phones{Fiction: f.Registry.Fiction}.Mobile(typed, f.Country)
	if bad, ok := errors.AsType[*identifier.Error](err); ok && bad.Reason == "fixed" {
		return "", access.RefuseField("number", "phone_fixed")
	}
	if err != nil {
		return "", access.RefuseField("number", "phone_form")
	}
	if !slices.ContainsFunc(f.Factor.Prefixes, func(p string) bool { return strings.HasPrefix(number, p) }) {
		return "", access.RefuseField("number", "phone_country")
	}
	return number, nil
}

// An App is what the member's app needs to know.
type App struct{ URI, Secret string }

// NewApp is the app that the journey sets up; false if it sets up none.
func NewApp(f *access.Fund, j access.Journey, name string) (App, bool) {
	if j.Factor.Kind != access.TOTP {
		return App{}, false
	}
	return App{totp.URI(f.Name, name, j.Factor.Secret), totp.Text(j.Factor.Secret)}, true
}

// useFactor puts what was chosen and proved in the place of what the member had.
func useFactor(tx *store.Tx, j *access.Journey) (access.Channel, error) {
	c := access.Channel{ID: access.NewID(tx.Now()), Member: j.Member, Kind: j.Factor.Kind, Address: j.Factor.Address, Secret: j.Factor.Secret, Source: "member"}
	j.Factor = access.Channel{}
	masked := ""
	var err error
	if c.Kind == access.TOTP {
		err = tx.UseApp(c)
	} else {
		masked = access.MaskPhone(c.Address)
		err = tx.UseChannel(c)
	}
	if errors.Is(err, store.ErrNone) {
		return c, access.RefuseField("number", "contact_shared") // only to who holds the number is this told
	}
	if err != nil {
		return c, err
	}
	return c, audit.Record(tx, audit.ChannelActive{Member: c.Member, Channel: c.ID, Kind: string(c.Kind), Journey: j.ID, Address: masked})
}

// complete does what the code over a new factor stands for: the end of an
// enrolment, or of a change.
func (e *Engine) complete(tx *store.Tx, f *access.Fund, v Visitor, j *access.Journey, m access.Member) (ended []string, err error) {
	if j.Goal == "enrol" {
		return nil, e.enrolled(tx, f, j, m)
	}
	old, err := tx.Channel(m.ID)
	if err != nil {
		return nil, err
	}
	if j.Goal == goalReplace {
		// Backup codes go with what is lost: nobody knows where they are.
		if err := errors.Join(useReplacement(tx, *j), tx.SetRecoveryCodes(m.ID, nil)); err != nil {
			return nil, err
		}
	}
	c, err := useFactor(tx, j)
	if err != nil {
		return nil, err
	}
	if err := e.voidLoss(tx, m.ID, "changed"); err != nil {
		return nil, err
	}
	if ended, err = e.Sessions.EndOthers(tx, m.ID, "", "factor_changed"); err != nil {
		return nil, err
	}
	if err := tx.DropJourneys(m.ID, j.ID); err != nil {
		return nil, err
	}
	if err := tx.ReplaceChallenges(m.ID); err != nil {
		return nil, err
	}
	if err := tx.ForgetDevices(m.ID, j.Device); err != nil {
		return nil, err
	}
	return ended, e.notify(tx, m, j.Lang, "factor_changed", []address{{old.Kind, old.Address}, {c.Kind, c.Address}}, access.Channel{})
}
