package journey

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"aditus/internal/access"
	"aditus/internal/password"
	"aditus/internal/store"
)

// NewPassword is the word «password»: the member chooses one. It is set by the
// code that comes next, and not before (F-16); where the flow ends with this word,
// at once: the code came first. It refuses with the rule that
// the password breaks: password_empty, password_short, password_long,
// password_personal, password_common, password_fund, password_pattern,
// password_breached, password_groups, password_same; or busy.
func (e *Engine) NewPassword(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, typed string) (r Result, err error) {
	if Word(f, j) != "password" {
		return Result{To: Where(f, j)}, nil
	}
	if refusal := judge(f, v, j, m, typed); refusal != nil {
		return r, refusal
	}
	if e.Breached != nil {
		stolen, err := e.Breached.Has(typed)
		if err != nil {
			return r, err
		}
		if stolen {
			return r, access.RefuseField("password", password.RefusedBreached)
		}
	}
	var old access.Credential
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		old, err = tx.Password(m.ID)
		return err
	})
	if err != nil {
		return r, err
	}
	if old.Hash != "" {
		same, _, err := e.Passwords.Verify(ctx, old.Hash, typed)
		if err != nil {
			return r, orBusy(err)
		}
		if same {
			return r, access.RefuseField("password", "password_same")
		}
	}
	hash, err := e.Passwords.Hash(ctx, typed)
	if err != nil {
		return r, orBusy(err)
	}
	var ended []string
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		j := j
		r = Result{}
		j.Password, ended = hash, nil
		last := Last(f, j)
		switch {
		case !last:
		case j.Goal == goalRaise:
			if ended, err = e.setPassword(tx, f, v, &j, m); err == nil {
				r, err = e.raised(tx, f, v, j, m)
			}
		case j.Goal == goalPassword:
			if ended, err = e.setPassword(tx, f, v, &j, m); err == nil { // and this session with the others
				r.Session, err = e.open(tx, f, v, m, j.Device, v.Session.Method, v.Session.Level, v.Session.ProvedAt, true)
			}
			r.To = Home
		default:
			ended, err = e.reset(tx, f, v, &j, m)
			r.To = SignIn
		}
		if err != nil {
			return err
		}
		j, err := e.move(tx, f, v, j, m)
		if !last {
			r.To = Where(f, j)
		}
		return err
	})
	if errors.Is(err, store.ErrNone) {
		to, err := e.reload(ctx, f, v)
		return Result{To: to}, err
	}
	e.Sessions.Forget(f.ID, ended...)
	return r, err
}

// reset sets the password of somebody who had forgotten it. That signs nobody
// in: what the fund asks at sign-in beside the password, it asks (scenario 39).
func (e *Engine) reset(tx *store.Tx, f *access.Fund, v Visitor, j *access.Journey, m access.Member) (ended []string, err error) {
	if ended, err = e.setPassword(tx, f, v, j, m); err != nil {
		return nil, err
	}
	kind, address := j.Channel, j.Address
	if handsOver(f) { // two channels did: the mobile is the one that confirms
		kind, address = access.SMS, m.OnFile(access.SMS)
	}
	return ended, tx.PasswordReset(m.ID, tx.ChannelIndex(kind, address))
}

func orBusy(err error) error {
	if errors.Is(err, password.ErrBusy) {
		return refuseBusy(err)
	}
	return err
}

// judge holds a new password against the fund's rules and the person.
func judge(f *access.Fund, v Visitor, j access.Journey, m access.Member, typed string) *access.Refusal {
	if typed == "" {
		return access.RefuseField("password", "password_empty")
	}
	if !utf8.ValidString(typed) {
		return access.RefuseField("password", "password_form")
	}
	r := m.Main().Record
	code := password.Check(password.Rules{Min: f.Password.Min, MaxBytes: f.Password.MaxBytes, Groups: f.Password.Groups}, typed,
		password.Person{Name: r.Name, Surname: r.Surname, TaxCode: r.TaxCode, Birth: r.Born, Email: r.Email, Fund: f.Name,
			EnrolmentNo: m.Main().Number, Phone: r.Mobile, UserName: cmp.Or(j.Enrol.Username, m.Main().Login), Words: []string{r.Employer}, Host: v.Host})
	switch code {
	case "":
		return nil
	case "password_short":
		return access.RefuseField("password", code, access.Arg{Name: "min", Type: access.ArgCount, Value: fmt.Sprint(f.Password.Min)})
	case "password_long":
		return access.RefuseField("password", code, access.Arg{Name: "max", Type: access.ArgCount, Value: fmt.Sprint(f.Password.MaxBytes)})
	}
	return access.RefuseField("password", code)
}
