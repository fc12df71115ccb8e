package journey

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/identifier"
	"aditus/internal/store"
)

// reserved is how long a name is held for somebody who proved its mailbox and
// went no further (S-21).
const reserved = 24 * time.Hour

// Named reports whether the fund's people sign in with a name they chose: their
// e-mail address (S-7).
func Named(f *access.Fund) bool {
	return slices.ContainsFunc(steps(f, "enrol"), func(s access.Step) bool { return s.Word == "username" })
}

// Name is what the journey's member signs in with: as chosen in it, or before.
func (e *Engine) Name(ctx context.Context, f *access.Fund, j access.Journey, m access.Member) (name string, err error) {
	if j.Enrol.Username != "" {
		return j.Address, nil
	}
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		u, err := tx.Username(m.ID)
		name = u.Address
		return err
	})
	return name, err
}

// byLogin finds the persons known by what was typed, in the form normalLogin gave it.
func byLogin(tx *store.Tx, f *access.Fund, login string) ([]access.Member, error) {
	if Named(f) {
		return tx.MembersByUsername(login)
	}
	return tx.MembersByLogin(login)
}

// normalName reads what was typed as a user name. The refusals are about its form
// alone: username_empty, username_form.
func normalName(typed string) (string, error) {
	if strings.TrimSpace(typed) == "" {
		return "", access.RefuseField("username", "username_empty")
	}
	name, err := identifier.UserName(typed)
	if err != nil {
		return "", access.RefuseField("username", "username_form")
	}
	return name, nil
}

// ChooseName is the word «username»: the e-mail address to sign in with, proved by
// the code that comes later. That somebody else has it is not told here: the page
// of the code is the same, and the mailbox hears that another address is needed
// (S-19). It refuses for the form alone.
func (e *Engine) ChooseName(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, typed string) (to Place, err error) {
	if Word(f, j) != "username" {
		return Where(f, j), nil
	}
	name, err := normalName(typed)
	if err != nil {
		return "", err
	}
	mailbox, err := identifier.Email(typed)
	if err != nil {
		return "", access.RefuseField("username", "username_form")
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		j := j
		taken, err := tx.UsernameTaken(m.ID, name)
		if err != nil {
			return err
		}
		j.Enrol.Username, j.Channel, j.Address, j.Mute = name, access.Email, mailbox, taken
		if j, err = e.move(tx, f, v, j, m); err != nil {
			return err
		}
		if Word(f, j) == "password" && j.Password != "" { // the address was corrected: the password stays
			j, err = e.move(tx, f, v, j, m)
		}
		to = Where(f, j)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return e.reload(ctx, f, v)
	}
	return to, err
}

// tellTaken writes, in place of a key, to the mailbox of a name that somebody has
// already. Nothing in it says who asked. For a free name it is written down and not
// sent: which of the two it was, the page must not tell by what it costs.
func tellTaken(tx *store.Tx, j access.Journey) error {
	return tx.Post(access.Message{ID: access.NewID(tx.Now()), Member: j.Member, Kind: access.Email, To: j.Address, Lang: j.Lang, Key: "username_taken", Discard: !j.Mute,
		Args: []access.Arg{access.TimeArg("stamp", access.ArgStamp, tx.Now())}})
}

// reserve holds the name whose mailbox was just proved.
func reserve(tx *store.Tx, j access.Journey) error {
	err := tx.ReserveUsername(username(j), tx.Now().Add(reserved))
	if errors.Is(err, store.ErrNone) { // somebody else proved it meanwhile
		return access.RefuseField("username", "username_taken")
	}
	return err
}

func username(j access.Journey) access.Username {
	return access.Username{Member: j.Member, Name: j.Enrol.Username, Address: j.Address, Journey: j.ID}
}

// Back is a change of mind on the page of a code: another address (S-20), another
// number, or the app (S-22). It is a new journey at the word that chose, with what
// was chosen before; the code of the old one is dead.
func (e *Engine) Back(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member) (r Result, err error) {
	word := map[string]string{access.PurposeUsername: "username", access.PurposeFactor: "factor"}[purpose(j)]
	if Word(f, j) != "code" || word == "" {
		return Result{To: Where(f, j)}, nil
	}
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r = Result{}
		c, err := tx.LastChallenge(j.Question(purpose(j)))
		if err == nil {
			err = tx.EndChallenge(c.ID, access.ChallengeReplaced) // and its place is free: what comes goes elsewhere
		}
		if err != nil && !errors.Is(err, store.ErrNone) {
			return err
		}
		if err := tx.MoveJourney(j, j.At, "dropped"); err != nil {
			return err
		}
		again := access.Journey{Goal: j.Goal, By: j.By, Device: j.Device, Password: j.Password, Enrol: j.Enrol, Channel: j.Channel, Address: j.Address}
		if word == "username" {
			again.Enrol.Username = ""
		} else {
			again.Factor = access.Channel{Kind: j.Factor.Kind, Address: j.Factor.Address} // to be corrected, not typed again (WCAG 3.3.7)
		}
		r.Journey, r.To, err = e.set(tx, f, v, m, again, word)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		to, err := e.reload(ctx, f, v)
		return Result{To: to}, err
	}
	return r, err
}
