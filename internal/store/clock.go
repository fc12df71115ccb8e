package store

import (
	"errors"
	"fmt"
	"time"
)

// back is how far a clock may step back, as clocks do when they are set right.
const back = 2 * time.Second

// see judges the time of a transaction against the latest that was seen, and
// remembers it. A clock that went back further than a step is refused with
// ErrClock, whatever is asked: an expired code would live again (R6, I9).
func (db *DB) see(now time.Time) error {
	for {
		latest := db.latest.Load()
		switch at := now.UnixMilli(); {
		case at < latest-back.Milliseconds():
			return fmt.Errorf("%w: it says %s, and %s was seen", ErrClock,
				now.UTC().Format(time.RFC3339), time.UnixMilli(latest).UTC().Format(time.RFC3339))
		case at <= latest || db.latest.CompareAndSwap(latest, at):
			return nil
		}
	}
}

// Latest is the latest time that this process has seen, zero before the first.
func (db *DB) Latest() time.Time { return at(db.latest.Load()) }

// Recall takes up a time that an earlier process wrote down with MarkClock.
func (db *DB) Recall(latest time.Time) {
	for {
		had := db.latest.Load()
		if ms(latest) <= had || db.latest.CompareAndSwap(had, ms(latest)) {
			return
		}
	}
}

// MarkClock writes down the time, for whoever comes after a restart.
func (tx *Tx) MarkClock() error {
	return tx.later(`
		INSERT INTO clock_mark (fund, latest) VALUES (?1, ?2)
		ON CONFLICT (fund) DO UPDATE SET latest = excluded.latest WHERE clock_mark.latest < excluded.latest`, ms(tx.now))
}

// ClockMark is the latest time written down, zero if none was.
func (tx *Tx) ClockMark() (time.Time, error) {
	var latest int64
	err := tx.first(`SELECT latest FROM clock_mark WHERE fund = ?1`, nil, &latest)
	if errors.Is(err, ErrNone) {
		err = nil
	}
	return at(latest), err
}
