package store

import (
	"errors"
	"time"
)

// A Throttle is a wait that grows with wrong answers. Its key is a keyed hash of
// the subject, so that a row is made, and the same statements run, whether or
// not the subject exists.
type Throttle struct {
	Wrong  int64
	FreeAt time.Time // nothing is heard before
}

// TakeThrottle counts one try as wrong, before it is looked at, and says how
// many that makes. It reports ErrNone, with the row as it stands, while the
// subject must wait. The count starts again after life without a try.
//
// The caller ends the same transaction with SetThrottle or FreeThrottle.
func (tx *Tx) TakeThrottle(key string, life time.Duration) (t Throttle, err error) {
	var free int64
	err = tx.first(`
		INSERT INTO throttle (fund, key, wrong, free_at, until) VALUES (?1, ?2, 1, 0, ?4)
		ON CONFLICT (fund, key) DO UPDATE SET
			wrong = CASE WHEN throttle.until <= ?3 THEN 1 ELSE throttle.wrong + 1 END, until = excluded.until
		WHERE throttle.free_at <= ?3
		RETURNING wrong, free_at`, []any{key, ms(tx.now), ms(tx.now.Add(life))}, &t.Wrong, &free)
	t.FreeAt = at(free)
	if errors.Is(err, ErrNone) {
		t, err = tx.Throttle(key)
		if err == nil {
			err = ErrNone
		}
	}
	return t, err
}

// SetThrottle makes the subject wait until then.
func (tx *Tx) SetThrottle(key string, until time.Time) error {
	return tx.later(`UPDATE throttle SET free_at = ?3 WHERE fund = ?1 AND key = ?2`, key, ms(until))
}

// ForgiveThrottle takes back one try that TakeThrottle counted.
func (tx *Tx) ForgiveThrottle(key string) error {
	return tx.later(`UPDATE throttle SET wrong = wrong - 1 WHERE fund = ?1 AND key = ?2 AND wrong > 0`, key)
}

// ReturnThrottle takes back one try that was right, and the wait that it may have
// begun: many right ones at the same moment are not an attack. The wait stays
// where more than most are still counted as wrong.
func (tx *Tx) ReturnThrottle(key string, most int) error {
	return tx.later(`
		UPDATE throttle SET wrong = wrong - 1, free_at = CASE WHEN wrong - 1 <= ?3 THEN 0 ELSE free_at END
		WHERE fund = ?1 AND key = ?2 AND wrong > 0`, key, most)
}

// FreeThrottle forgets the subject's wrong answers, after a right one.
func (tx *Tx) FreeThrottle(key string) error {
	return tx.later(`UPDATE throttle SET wrong = 0, free_at = 0 WHERE fund = ?1 AND key = ?2`, key)
}

// ForgetLimits deletes counts that ended a day ago and more.
func (tx *Tx) ForgetLimits() error {
	before := ms(tx.now.Add(-24 * time.Hour))
	if _, err := tx.exec(`DELETE FROM throttle WHERE fund = ?1 AND until < ?2 AND free_at < ?2`, before); err != nil {
		return err
	}
	_, err := tx.exec(`DELETE FROM tally WHERE fund = ?1 AND day_until < ?2`, before)
	return err
}

// Throttle is the row as it stands, zero if there is none.
func (tx *Tx) Throttle(key string) (t Throttle, err error) {
	var free int64
	err = tx.first(`SELECT wrong, free_at FROM throttle WHERE fund = ?1 AND key = ?2`, []any{key}, &t.Wrong, &free)
	if errors.Is(err, ErrNone) {
		err = nil
	}
	t.FreeAt = at(free)
	return t, err
}

// Count counts one use, if fewer than perHour were made in the present hour and
// fewer than perDay in the present day; both begin with their first use. It
// reports ErrNone, and when there is room again, if not. A limit of 0 is none.
func (tx *Tx) Count(key string, perHour, perDay int) (again time.Time, err error) {
	const none = 1 << 30
	if perHour == 0 {
		perHour = none
	}
	if perDay == 0 {
		perDay = none
	}
	hour, day := tx.now.Add(time.Hour), tx.now.Add(24*time.Hour)
	err = tx.one(`
		INSERT INTO tally (fund, key, hour_used, hour_until, day_used, day_until) VALUES (?1, ?2, 1, ?4, 1, ?5)
		ON CONFLICT (fund, key) DO UPDATE SET
			hour_used  = CASE WHEN tally.hour_until <= ?3 THEN 1 ELSE tally.hour_used + 1 END,
			hour_until = CASE WHEN tally.hour_until <= ?3 THEN excluded.hour_until ELSE tally.hour_until END,
			day_used   = CASE WHEN tally.day_until <= ?3 THEN 1 ELSE tally.day_used + 1 END,
			day_until  = CASE WHEN tally.day_until <= ?3 THEN excluded.day_until ELSE tally.day_until END
		WHERE (tally.hour_until <= ?3 OR tally.hour_used < ?6) AND (tally.day_until <= ?3 OR tally.day_used < ?7)`,
		key, ms(tx.now), ms(hour), ms(day), perHour, perDay)
	if !errors.Is(err, ErrNone) {
		return time.Time{}, err
	}
	var hourUsed, hourUntil, dayUsed, dayUntil int64
	if err := tx.first(`SELECT hour_used, hour_until, day_used, day_until FROM tally WHERE fund = ?1 AND key = ?2`,
		[]any{key}, &hourUsed, &hourUntil, &dayUsed, &dayUntil); err != nil {
		return time.Time{}, err
	}
	again = at(hourUntil)
	if dayUsed >= int64(perDay) && dayUntil > ms(tx.now) {
		again = at(dayUntil)
	}
	return again, ErrNone
}

// Counted is how often a key was counted in its present day.
func (tx *Tx) Counted(key string) (n int64, err error) {
	err = tx.first(`SELECT day_used FROM tally WHERE fund = ?1 AND key = ?2 AND day_until > ?3`, []any{key, ms(tx.now)}, &n)
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return n, err
}

// Uncount takes back what Count counted in this same transaction.
func (tx *Tx) Uncount(key string) error {
	return tx.later(`
		UPDATE tally SET hour_used = hour_used - 1, day_used = day_used - 1
		WHERE fund = ?1 AND key = ?2 AND hour_used > 0 AND day_used > 0`, key)
}
