package store_test

import (
	"errors"
	"fmt"
	"testing"

	"aditus/internal/store"
)

// What could have happened: two sealers link the same events, and the second
// gives them other numbers.
func TestLinkOnce(t *testing.T) {
	onNodes(t, func(t *testing.T, _ *clock, dbs []*store.DB) {
		const events = 70 // more than one UPDATE links
		write(t, dbs[0], func(tx *store.Tx) error {
			for i := range events {
				e := event(fmt.Sprintf("e%03d", i))
				e.At = int64(events - i) // older ones have later ids
				if err := tx.AddEvent(e); err != nil {
					return err
				}
			}
			return nil
		})
		link := func(first int64) error {
			return dbs[len(dbs)-1].Write(t.Context(), fund, func(tx *store.Tx) error {
				es, err := tx.Unsealed(1000)
				if first > 1 { // as a sealer that read before the other wrote
					es, err = tx.Sealed(0, 1000)
				}
				if err != nil || len(es) != events {
					return fmt.Errorf("%d events: %w", len(es), err)
				}
				for i := range es {
					es[i].N, es[i].Hash = first+int64(i), fmt.Sprint("hash", i)
				}
				return tx.Link(es)
			})
		}
		ok(t, link(1))
		if err := link(1000); !errors.Is(err, store.ErrNone) {
			t.Error("linked twice:", err)
		}
		ok(t, dbs[0].Read(t.Context(), fund, func(tx *store.Tx) error {
			n, hash, err := tx.Head()
			if n != events || hash != fmt.Sprint("hash", events-1) {
				t.Errorf("the head is %d, %s", n, hash)
			}
			es, err2 := tx.Sealed(68, 1)
			if len(es) != 1 || es[0].N != 69 || es[0].ID != "e001" || es[0].At != 69 {
				t.Errorf("%+v", es)
			}
			left, oldest, err3 := tx.CountUnsealed()
			if left != 0 || !oldest.IsZero() {
				t.Errorf("%d unsealed since %v", left, oldest)
			}
			return errors.Join(err, err2, err3)
		}))
	})
}
