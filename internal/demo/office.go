package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
)

// clerk is the person of the office, as the trail names them.
const clerk = "demonstration"

// Office does what the demonstration can of the office's work: it sends the letters
// that were ordered because a telephone is lost. They are among the messages.
func (d *Demo) Office(ctx context.Context) error {
	var faults []error
	for _, f := range d.funds {
		var open []access.Case
		err := d.App.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
			open, err = tx.Cases(100)
			return err
		})
		faults = append(faults, err)
		for _, c := range open {
			if c.Kind != "letter" || c.Why != "factor" {
				continue
			}
			if err := d.App.Journeys.SendLetter(ctx, f, c.Member, clerk); err != nil {
				faults = append(faults, fmt.Errorf("a letter of %s: %w", f.ID, err))
			}
		}
	}
	return errors.Join(faults...)
}

// work has the office look now and then, until ctx ends.
func (d *Demo) work(ctx context.Context, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(2 * time.Second):
		}
		if err := d.Office(ctx); err != nil && ctx.Err() == nil {
			log.Warn("office", "err", err)
		}
	}
}
