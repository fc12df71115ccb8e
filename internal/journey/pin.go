package journey

import (
	"context"
	"errors"
	"strings"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/pin"
	"aditus/internal/store"
)

// KnownPIN is the word «pin» with «known»: the member types the one there is, and
// a code is sent behind it. It refuses as pin.Hear does.
func (e *Engine) KnownPIN(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, typed string) (to Place, err error) {
	if to = Where(f, j); to != KnownPIN {
		return to, nil
	}
	if err := pin.Hear(ctx, e.DB, e.Passwords, f.ID, m.ID, typed); err != nil {
		return "", err
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		j, err := e.move(tx, f, v, j, m)
		to = Where(f, j)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return e.reload(ctx, f, v)
	}
	return to, err
}

// NewPIN is the word «pin» with «new»: the member chooses one. Where the flow
// ends with it, all that was chosen is set now. It refuses with pin_empty,
// pin_form, pin_easy, pin_same, or busy.
func (e *Engine) NewPIN(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, typed string) (to Place, err error) {
	if to = Where(f, j); to != PIN {
		return to, nil
	}
	chosen, refusal := access.ReadPIN(typed)
	if refusal == nil && easyPIN(m, chosen) {
		refusal = access.RefuseField("pin", "pin_easy")
	}
	if refusal != nil {
		return "", refusal
	}
	if j.Goal == goalPIN {
		if err := e.otherPIN(ctx, f, m, chosen); err != nil {
			return "", err
		}
	}
	hash, err := e.Passwords.Hash(ctx, chosen)
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
		end := Place("")
		switch {
		case j.Goal == goalPIN:
			ended, err = e.changedPIN(tx, v, j, m)
			end = Safety
		case Last(f, j):
			ended, err = e.reset(tx, f, v, &j, m)
			end = SignIn
		}
		if err != nil {
			return err
		}
		j, err := e.move(tx, f, v, j, m)
		if to = Where(f, j); end != "" {
			to = end
		}
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return e.reload(ctx, f, v)
	}
	e.Sessions.Forget(f.ID, ended...)
	return to, err
}

// otherPIN refuses with pin_same what is the member's PIN already.
func (e *Engine) otherPIN(ctx context.Context, f *access.Fund, m access.Member, chosen string) error {
	var known access.PIN
	err := e.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		known, err = tx.PIN(m.ID)
		return err
	})
	if err != nil || known.Hash == "" {
		return err
	}
	same, _, err := e.Passwords.Verify(ctx, known.Hash, chosen)
	if err != nil {
		return orBusy(err)
	}
	if same {
		return access.RefuseField("pin", "pin_same")
	}
	return nil
}

// changedPIN ends what the old PIN was the way to: other sessions, journeys and
// codes under way. Every contact is told. Nothing is held: the PIN that there was
// and the reliable mobile both agreed.
func (e *Engine) changedPIN(tx *store.Tx, v Visitor, j access.Journey, m access.Member) (ended []string, err error) {
	if ended, err = e.Sessions.EndOthers(tx, m.ID, v.Session.ID, "pin_changed"); err != nil {
		return nil, err
	}
	if err := errors.Join(tx.DropJourneys(m.ID, j.ID), tx.ReplaceChallenges(m.ID)); err != nil {
		return nil, err
	}
	return ended, e.notify(tx, m, j.Lang, "pin_changed", nil, access.Channel{})
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
