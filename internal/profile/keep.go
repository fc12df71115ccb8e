package profile

import (
	"context"
	"errors"

	"aditus/internal/access"
	"aditus/internal/store"
)

// batch is how many mandates or people one transaction looks at.
const batch = 100

// Keep tells of what has become of mandates: it ends those whose time is over or
// which the register contradicts, and has the office look at people for whom the
// register names somebody who is on file and not yet enrolled. Nothing rests on it
// but that people are told; any number of nodes may do it at a time.
func Keep(ctx context.Context, db *store.DB, f *access.Fund) error {
	for n := batch; n == batch; {
		err := db.Write(ctx, f.ID, func(tx *store.Tx) error {
			all, err := tx.MandatesOver(batch)
			if err != nil {
				return err
			}
			n = len(all)
			for _, m := range all {
				if err := once(End(tx, f, m, "of_age")); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	version, looked := int64(0), int64(0)
	err := db.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		if version, err = tx.RegistryVersion(); err != nil {
			return err
		}
		looked, err = tx.LookedAt()
		return err
	})
	if err != nil || version == looked {
		return err
	}
	if err := each(ctx, db, f, contradicted); err != nil {
		return err
	}
	if err := each(ctx, db, f, named); err != nil {
		return err
	}
	return db.Write(ctx, f.ID, func(tx *store.Tx) error { return tx.Looked(version) })
}

// once takes it for done if somebody else did it.
func once(err error) error {
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	return err
}

// each walks through all there is, a batch a transaction.
func each(ctx context.Context, db *store.DB, f *access.Fund, step func(*store.Tx, *access.Fund, string) (string, int, error)) error {
	at := ""
	for n := batch; n == batch; {
		next := at
		err := db.Write(ctx, f.ID, func(tx *store.Tx) (err error) {
			next, n, err = step(tx, f, at)
			return err
		})
		if err != nil {
			return err
		}
		at = next
	}
	return nil
}

// contradicted ends the mandates after one that the register does not allow any more.
func contradicted(tx *store.Tx, f *access.Fund, after string) (last string, n int, err error) {
	all, err := tx.OpenMandates(after, batch)
	if err != nil {
		return after, 0, err
	}
	last = after
	for _, m := range all {
		last = m.ID
		who, err := known(tx, m.Representative)
		if err != nil {
			return last, 0, err
		}
		other, err := known(tx, m.Member)
		if err != nil {
			return last, 0, err
		}
		if len(who.Entries) == 0 || len(other.Entries) == 0 {
			continue // a register that is being replaced: it opens nothing meanwhile
		}
		why := over(f, who, other, m, tx.Now())
		if why == "" || why == "blocked" { // who is blocked today may not be tomorrow
			continue
		}
		if err := once(End(tx, f, m, why)); err != nil {
			return last, 0, err
		}
	}
	return last, len(all), nil
}

// named has the office look at people after one for whom somebody on file could act.
func named(tx *store.Tx, f *access.Fund, after string) (last string, n int, err error) {
	all, err := tx.RepresentedEntries(after, batch)
	if err != nil {
		return after, 0, err
	}
	last = after
	for _, e := range all {
		last = e.ID
		if e.Record.Representative == "" || e.Held == "" || e.Status == "deceased" {
			continue
		}
		open, err := tx.MandatesFor(e.Member)
		if err != nil {
			return last, 0, err
		}
		found, err := tx.MembersByTaxCode(e.Record.Representative)
		if err != nil {
			return last, 0, err
		}
		if len(open) > 0 || len(found) == 0 {
			continue
		}
		if err := tx.OpenCase(access.Case{Kind: "representative", Member: e.Member, Why: "to_enrol"}); err != nil {
			return last, 0, err
		}
	}
	return last, len(all), nil
}
