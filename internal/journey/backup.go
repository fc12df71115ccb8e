package journey

import (
	"context"
	"errors"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/recovery"
	"aditus/internal/store"
)

// The numbers for backup codes: wrong ones for one person. A code has 80 bits, so
// that this keeps the trail short more than it keeps anybody out.
const (
	backupHour = 5
	backupDay  = 10
)

// freshFor is how soon after a code was answered codes can be made, or a contract
// added: who finds a session open shall not be able to (security.md 4.9).
const freshFor = 5 * time.Minute

// Lost reports whether the fund's members have a factor that can be lost, and
// replaced.
func Lost(f *access.Fund) bool { return changesFactor(f) }

// Backups reports whether there is something for which a backup code can stand at
// the journey's present step.
func Backups(f *access.Fund, j access.Journey) bool {
	_, ok := f.Flow("change_factor")
	return ok && j.Goal == "sign_in" && Word(f, j) == "code"
}

// UseBackup is a backup code in the place of the code at sign-in: the telephone is
// lost (S-23). It lets in once, and to one thing: to a new factor, on whose code a
// session begins. It refuses with backup_form, backup_wrong or backup_limit.
func (e *Engine) UseBackup(ctx context.Context, f *access.Fund, v Visitor, j access.Journey, m access.Member, typed string) (r Result, err error) {
	if !Backups(f, j) {
		return Result{To: Where(f, j)}, nil
	}
	code, ok := recovery.Normal(typed)
	if !ok {
		return r, access.RefuseField("backup", "backup_form")
	}
	var said error
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		r, said = Result{}, nil
		tally := tx.Keys().Index("tally", "backup "+m.ID)
		// Counted as wrong before it is looked at, and taken back if it was right.
		again, err := tx.Count(tally, backupHour, backupDay)
		if errors.Is(err, store.ErrNone) {
			said = access.RefuseField("backup", "backup_limit", access.TimeArg("time", access.ArgStamp, again))
			return nil
		}
		if err != nil {
			return err
		}
		err = tx.UseRecoveryCode(m.ID, recovery.Hash(tx.Keys(), m.ID, code))
		if errors.Is(err, store.ErrNone) {
			said = access.RefuseField("backup", "backup_wrong")
			return audit.Record(tx, audit.BackupUsed{Member: m.ID, Journey: j.ID, Right: false})
		}
		if err != nil {
			return err
		}
		if err := tx.Uncount(tally); err != nil {
			return err
		}
		if err := audit.Record(tx, audit.BackupUsed{Member: m.ID, Journey: j.ID, Right: true}); err != nil {
			return err
		}
		if err := tx.MoveJourney(j, j.At, "dropped"); err != nil {
			return err
		}
		c, err := tx.LastChallenge(j.Question(purpose(j)))
		if err == nil {
			err = e.Challenges.Kill(tx, m.ID, c.ID, "cancelled")
		}
		if err != nil && !errors.Is(err, store.ErrNone) {
			return err
		}
		old, err := tx.Channel(m.ID)
		if err != nil {
			return err
		}
		if err := e.notify(tx, m, j.Lang, "backup_used", []address{{old.Kind, old.Address}}, access.Channel{}, access.DeviceArg(j.Agent)); err != nil {
			return err
		}
		r.Journey, r.To, err = e.begin(tx, f, v, m, "change_factor", "factor", "backup", j.Device)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		to, err := e.reload(ctx, f, v)
		return Result{To: to}, err
	}
	if err == nil {
		err = said
	}
	return r, err
}

// FreshCode reports whether a code was answered in the session a moment ago.
func FreshCode(v Visitor, now time.Time) bool { return now.Sub(v.Session.ProvedAt) < freshFor }

// MakeBackups makes ten backup codes, in the place of those there were, and
// returns them: they are shown once and kept nowhere. It refuses with
// backup_fresh unless a code was answered in the session a moment ago.
func (e *Engine) MakeBackups(ctx context.Context, f *access.Fund, v Visitor) (codes []string, err error) {
	err = e.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		if !FreshCode(v, tx.Now()) {
			return access.Refuse("backup_fresh")
		}
		codes = recovery.New()
		var hashes [][]byte
		for _, c := range codes {
			hashes = append(hashes, recovery.Hash(tx.Keys(), v.Session.Member, c))
		}
		if err := tx.SetRecoveryCodes(v.Session.Member, hashes); err != nil {
			return err
		}
		return audit.Record(tx, audit.BackupsMade{Member: v.Session.Member, Session: v.Session.ID})
	})
	return codes, err
}

// CountBackups is how many backup codes the visitor's member can still use.
func (e *Engine) CountBackups(ctx context.Context, f *access.Fund, v Visitor) (n int, err error) {
	err = e.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		n, err = tx.CountRecoveryCodes(v.Session.Member)
		return err
	})
	return n, err
}
