package journey

import (
	"context"
	"errors"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/identifier"
	"aditus/internal/session"
	"aditus/internal/store"
	"aditus/internal/work"
)

// The numbers of security.md part 5 for where so many tries were wrong that the
// next one is paid for with work of the browser's. Whoever cannot have it done is
// heard after a wait: nobody is shut out, and no picture has to be read.
const (
	letterWrong = 10               // letters a day, for one number or from one network
	letterPause = 30 * time.Second // between two of one number from one network without work; it doubles
	letterMost  = 15 * time.Minute // up to this
	crowdWrong  = 50               // passwords a day, on all devices of a login that are not known
	workedPause = 30 * time.Minute // from then on, between two with work
	crowdPause  = time.Hour        // and without
)

// The doors where a proof of work can be asked for.
const (
	DoorSignIn work.Door = "/login"
	DoorLetter work.Door = "/enrol/letter"
)

// spendWork reports whether the visitor brought a proof of work for this door that
// nobody has used. It is used from here on, if the transaction commits.
func spendWork(tx *store.Tx, v Visitor, door work.Door) (bool, error) {
	id, until, ok := work.Check(tx.Keys(), door, v.Work, tx.Now())
	if !ok {
		return false, nil
	}
	err := tx.SpendWork(id, until)
	if errors.Is(err, store.ErrNone) {
		return false, nil
	}
	return err == nil, err
}

// letterKeys are what wrong letters are counted by: the number, and the network.
func letterKeys(tx *store.Tx, v Visitor, ahv string) (number, from string) {
	return tx.Keys().Index("tally", "enrol "+ahv), tx.Keys().Index("tally", "enrol from "+network(v.IP))
}

// A knock is one try of a letter, counted before it is looked at.
type knock struct {
	number  string   // the key of the number that was typed
	counted []string // what has counted it
	lane    string   // the key of the wait that it took, "" for none
	many    bool     // there were too many before it
	said    error    // why it is not looked at, nil if it is
}

// knocks counts a try of a letter as wrong. Where there were too many before, of
// the number or from the network, it is heard with a proof of work, or after a
// wait that is this number's from this network alone: no stranger elsewhere can
// use it up. Nothing of it asks whether the number exists.
func knocks(tx *store.Tx, v Visitor, ahv string) (k knock, err error) {
	number, from := letterKeys(tx, v, ahv)
	k.number = number
	for _, key := range []string{number, from} {
		switch _, err := tx.Count(key, 0, letterWrong); {
		case errors.Is(err, store.ErrNone):
			k.many = true
		case err != nil:
			return k, err
		default:
			k.counted = append(k.counted, key)
		}
	}
	if !k.many {
		return k, nil
	}
	worked, err := spendWork(tx, v, DoorLetter)
	if worked || err != nil {
		return k, err
	}
	lane := tx.Keys().Index("throttle", "letter "+ahv+" "+network(v.IP))
	t, err := tx.TakeThrottle(lane, forgotten)
	if errors.Is(err, store.ErrNone) {
		k.said = access.Refuse("work", access.TimeArg("time", access.ArgTime, roundUp(t.FreeAt)))
		return k, errors.Join(k.forgive(tx), unheard(tx, v, number))
	}
	if err != nil {
		return k, err
	}
	k.lane = lane
	return k, tx.SetThrottle(lane, tx.Now().Add(min(letterPause<<min(t.Wrong-1, 20), letterMost)))
}

// forgive takes back what was counted: the letter was right, or was not looked at.
func (k knock) forgive(tx *store.Tx) error {
	for _, key := range k.counted {
		if err := tx.Uncount(key); err != nil {
			return err
		}
	}
	if k.lane == "" {
		return nil
	}
	return tx.FreeThrottle(k.lane)
}

// unheard tells that a letter was not looked at, once an hour: who knocks on does
// not fill the trail.
func unheard(tx *store.Tx, v Visitor, number string) error {
	_, err := tx.Count(tx.Keys().Index("tally", "unheard "+number), 1, 0)
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	return audit.Record(tx, audit.EnrolmentRefused{Subject: number, Why: "work", Where: v.where()})
}

// LetterTask is the work that the visitor's browser has to do before a letter of
// this number is heard, "" if none is asked for. The number is as it was typed, or
// nothing yet.
func (e *Engine) LetterTask(ctx context.Context, f *access.Fund, v Visitor, ahv string) (task string, err error) {
	ahv, bad := identifier.AHV(ahv)
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		task = ""
		number, from := letterKeys(tx, v, ahv)
		if bad != nil {
			number = from // nobody's: the network alone is asked
		}
		for _, key := range []string{number, from} {
			n, err := tx.Counted(key)
			if err != nil {
				return err
			}
			if n >= letterWrong {
				task, err = work.Ask(tx.Keys(), DoorLetter, tx.Now())
				return err
			}
		}
		return nil
	})
	return task, err
}

// SignInTask is the work that the visitor's browser can do to be heard before the
// wait of this login is over, "" if there is no such wait. On a device of the
// member's own there never is.
func (e *Engine) SignInTask(ctx context.Context, f *access.Fund, v Visitor, login string) (task string, err error) {
	login, bad := normalLogin(f, login)
	if bad != nil {
		return "", nil
	}
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) error {
		task = ""
		t, err := tx.Throttle(passwordKey(tx, login))
		if err != nil || t.Wrong <= crowdWrong || !t.FreeAt.After(tx.Now()) {
			return err
		}
		members, err := byLogin(tx, f, login)
		if err != nil {
			return err
		}
		m := whose(f, members, tx.Now())
		_, err = tx.Device(session.ID(v.Device), m.ID)
		if err == nil && m.ID != "" {
			return nil
		}
		if err != nil && !errors.Is(err, store.ErrNone) {
			return err
		}
		task, err = work.Ask(tx.Keys(), DoorSignIn, tx.Now())
		return err
	})
	return task, err
}

// passwordKey is what wrong passwords of a login are counted by, on devices that
// are not known.
func passwordKey(tx *store.Tx, login string) string {
	return tx.Keys().Index("throttle", "password "+login)
}
