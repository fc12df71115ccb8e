package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrKeys says that the database was sealed with other keys.
var ErrKeys = errors.New("the key file is not the one this database was sealed with")

// Prepare makes a migrated database ready for funds: it takes up the latest time
// that was written down (R6), and reports ErrKeys if the keys are not those the
// funds' rows were sealed with. The first time it notes them.
func (db *DB) Prepare(ctx context.Context, funds ...string) error {
	var latest time.Time
	for _, fund := range funds {
		known := false
		err := db.Read(ctx, fund, func(tx *Tx) error {
			mark, err := tx.ClockMark()
			if err != nil {
				return err
			}
			if mark.After(latest) {
				latest = mark
			}
			known, err = tx.checkKeys()
			return err
		})
		if err == nil && !known {
			err = db.Write(ctx, fund, func(tx *Tx) error { return tx.noteKeys() })
		}
		if err != nil {
			return fmt.Errorf("fund %s: %w", fund, err)
		}
	}
	db.Recall(latest)
	return nil
}

const keyWord = "aditus"

func (tx *Tx) checkKeys() (known bool, err error) {
	var sealed []byte
	err = tx.first(`SELECT sealed FROM key_check WHERE fund = ?1`, nil, &sealed)
	if errors.Is(err, ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if plain, err := tx.open("key_check", "sealed", tx.fund, sealed); err != nil || string(plain) != keyWord {
		return true, ErrKeys
	}
	return true, nil
}

func (tx *Tx) noteKeys() error {
	_, err := tx.exec(`INSERT INTO key_check (fund, sealed) VALUES (?1, ?2) ON CONFLICT DO NOTHING`,
		tx.seal("key_check", "sealed", tx.fund, []byte(keyWord)))
	return err
}
