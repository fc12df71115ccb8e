package journey

import (
	"context"
	"errors"
	"strings"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
)

// NewPIN is the word «pin» with «new»: the member chooses one. Where the flow
// ends with it, all that was chosen is set now. It refuses with pin_empty,
// pin_form, pin_easy, or busy.
func (e *Engine) NewPIN(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, typed string) (to Place, err error) {
	if Word(f, j) != "pin" {
		return Where(f, j), nil
	}
	pin, refusal := access.ReadPIN(typed)
	if refusal == nil && easyPIN(m, pin) {
		refusal = access.RefuseField("pin", "pin_easy")
	}
	if refusal != nil {
		return "", refusal
	}
	hash, err := e.Passwords.Hash(ctx, pin)
	if err != nil {
		return "", orBusy(err)
	}
	var ended []string
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		j := j
		ended = nil
		if err := tx.SetPIN(m.ID, hash); err != nil {
			return err
		}
		if err := audit.Record(tx, audit.PINChanged{Member: m.ID, Journey: j.ID}); err != nil {
			return err
		}
		last := j.At+1 == len(steps(f, j.Goal))
		if last {
			if ended, err = e.reset(tx, f, v, &j, m); err != nil {
				return err
			}
		}
		j, err := e.move(tx, f, v, j, m)
		if to = Where(f, j); last {
			to = SignIn
		}
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return e.reload(ctx, f, v)
	}
	e.Sessions.Forget(f.ID, ended...)
	return to, err
}

// easyPIN reports whether a PIN is what somebody would try first: one character
// over and over, a row of neighbours, a day of birth, the login, a telephone.
func easyPIN(m access.Member, pin string) bool {
	same, up, down := true, true, true
	for i := 1; i < len(pin); i++ {
		same = same && pin[i] == pin[0]
		up = up && pin[i] == pin[i-1]+1
		down = down && pin[i] == pin[i-1]-1
	}
	if same || up || down || pin[:4] == pin[4:] {
		return true
	}
	var known []string
	for _, e := range m.Entries {
		born := strings.ReplaceAll(e.Record.Born, "-", "")
		known = append(known, e.Login, e.Number, e.Record.Mobile, born)
		if len(born) == 8 {
			known = append(known, born[6:]+born[4:6]+born[:4], born[4:6]+born[6:]+born[:4])
		}
	}
	for _, k := range known {
		if k = strings.ToUpper(k); k != "" && (strings.Contains(k, pin) || len(k) >= 6 && strings.Contains(pin, k)) {
			return true
		}
	}
	return false
}
