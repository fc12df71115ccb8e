package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// statement stages one statement of entry e1, which is new in the first import
// and changed in any later.
func statement(t *testing.T, db *store.DB, entries int, number, code, issued string) store.Import {
	t.Helper()
	im, err := begin(t, db, "statement of "+issued)
	ok(t, err)
	write(t, db, func(tx *store.Tx) error {
		e := entry(number, im)
		add := tx.ChangeEntry
		if entries == 0 {
			add = tx.AddEntry
		}
		if err := add(e); err != nil {
			return err
		}
		index := ""
		if code != "" {
			index = tx.ActivationIndex(code)
		}
		return tx.AddActivationCode(e.ID, index, issued, im.Version)
	})
	return im
}

// state is what a code is found as: its state and its entry, "" if it is not.
func state(t *testing.T, db *store.DB, code string) (s string) {
	t.Helper()
	ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
		c, err := tx.ActivationCode(tx.ActivationIndex(code))
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		s = c.State + " " + c.Entry + " " + c.Issued + " " + c.UsedBy
		if c.UsedAt.IsZero() != (c.State != access.ActivationUsed) {
			t.Errorf("%s, used at %v", c.State, c.UsedAt)
		}
		return err
	}))
	return strings.TrimSpace(s)
}

func use(t *testing.T, db *store.DB, code, entry, journey string) error {
	t.Helper()
	return db.Write(t.Context(), fund, func(tx *store.Tx) error {
		return tx.UseActivationCode(tx.ActivationIndex(code), entry, journey)
	})
}

func giveBack(t *testing.T, db *store.DB, code, entry, journey string) error {
	t.Helper()
	return db.Write(t.Context(), fund, func(tx *store.Tx) error {
		return tx.GiveBackActivationCode(tx.ActivationIndex(code), entry, journey)
	})
}

// What could have happened: a code is good before its letters are out, or still
// good when a newer one is, or a second time; or an import that died takes the
// members' codes with it (S-17, I8).
func TestActivationCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		is := func(what, code, want string) {
			t.Helper()
			if got := state(t, db, code); got != want {
				t.Errorf("%s: %s is %q, want %q", what, code, got, want)
			}
		}
		refused := func(what string, err error) {
			t.Helper()
			if !errors.Is(err, store.ErrNone) {
				t.Errorf("%s: %v", what, err)
			}
		}
		is("before anything", "OLD", "")
		im := statement(t, db, 0, "1", "OLD", "2024-02-01")
		is("staged", "OLD", "")
		refused("a staged code was used", use(t, db, "OLD", "e1", "j1"))
		ok(t, publish(t, db, im))
		is("published", "OLD", "open e1 2024-02-01")

		// The next statement is staged, and the import dies: nothing has changed.
		statement(t, db, 1, "1", "NEW", "2025-02-01")
		is("a newer one staged", "OLD", "open e1 2024-02-01")
		is("staged", "NEW", "")
		im = statement(t, db, 1, "1", "NEWER", "2025-02-01")
		ok(t, publish(t, db, im))
		is("replaced", "OLD", "replaced e1 2024-02-01")
		is("of the import that died", "NEW", "")
		is("the newest", "NEWER", "open e1 2025-02-01")
		refused("a replaced code was used", use(t, db, "OLD", "e1", "j1"))

		refused("with another entry", use(t, db, "NEWER", "e2", "j1"))
		ok(t, use(t, db, "NEWER", "e1", "j1"))
		is("used", "NEWER", "used e1 2025-02-01 j1")
		refused("used twice", use(t, db, "NEWER", "e1", "j2"))
		refused("given back by another journey", giveBack(t, db, "NEWER", "e1", "j2"))
		ok(t, giveBack(t, db, "NEWER", "e1", "j1"))
		refused("given back twice", giveBack(t, db, "NEWER", "e1", "j1"))
		is("given back", "NEWER", "open e1 2025-02-01")
		ok(t, use(t, db, "NEWER", "e1", "j3"))

		// The same statement once more, and an export from before: nothing is good again.
		ok(t, publish(t, db, statement(t, db, 1, "1", "NEWER", "2025-02-01")))
		is("the same again", "NEWER", "used e1 2025-02-01 j3")
		ok(t, publish(t, db, statement(t, db, 1, "1", "OLDER", "2023-02-01")))
		is("an older export", "OLDER", "replaced e1 2023-02-01")
		ok(t, publish(t, db, statement(t, db, 1, "1", "OLD", "2024-02-01")))
		is("an older export", "OLD", "replaced e1 2024-02-01")

		// A newer statement is good even where the older code was used; one printed anew
		// on the same day takes its place; one without a code ends both.
		ok(t, publish(t, db, statement(t, db, 1, "1", "NEXT", "2026-02-01")))
		is("after a used one", "NEXT", "open e1 2026-02-01")
		ok(t, publish(t, db, statement(t, db, 1, "1", "ANEW", "2026-02-01")))
		is("printed anew", "NEXT", "replaced e1 2026-02-01")
		is("printed anew", "ANEW", "open e1 2026-02-01")
		none := statement(t, db, 1, "1", "", "2026-02-01")
		is("one without staged", "ANEW", "open e1 2026-02-01")
		ok(t, publish(t, db, none))
		is("one without", "ANEW", "replaced e1 2026-02-01")
		ok(t, publish(t, db, statement(t, db, 1, "1", "", "2026-02-01")), publish(t, db, statement(t, db, 1, "1", "LAST", "2026-03-01")))
		is("after one without", "LAST", "open e1 2026-03-01")
		is("the mark of one without", "none 2026-02-01", "")

		// A code that a later file gives to a second row opens neither.
		ok(t, publish(t, db, statement(t, db, 0, "2", "LAST", "2026-04-01")))
		is("on two rows", "LAST", "")
		refused("on two rows, the first", use(t, db, "LAST", "e1", "j4"))
		refused("on two rows, the second", use(t, db, "LAST", "e2", "j4"))

		// Another fund has other codes.
		ok(t, publish(t, db, statement(t, db, 0, "3", "OURS", "2026-04-01")))
		ok(t, db.Write(t.Context(), "another", func(tx *store.Tx) error {
			_, err := tx.ActivationCode(tx.ActivationIndex("OURS"))
			refused("another fund's", err)
			refused("another fund's", tx.UseActivationCode(tx.ActivationIndex("OURS"), "e3", "j5"))
			return nil
		}))
		is("another fund asked", "OURS", "open e3 2026-04-01")
	})
}

// What could have happened: a letter is read by two, both begin, and one code
// makes two accounts.
func TestActivationCodeRace(t *testing.T) {
	onNodes(t, func(t *testing.T, _ *clock, dbs []*store.DB) {
		ok(t, publish(t, dbs[0], statement(t, dbs[0], 0, "1", "CODE", "2025-02-01")))
		for round := range 5 {
			var mu sync.Mutex
			var winners []string
			together(64, dbs, func(i int, db *store.DB) {
				journey := fmt.Sprint("j", round, "/", i)
				err := use(t, db, "CODE", "e1", journey)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					winners = append(winners, journey)
				} else if !errors.Is(err, store.ErrNone) {
					t.Error(err)
				}
			})
			if len(winners) != 1 {
				t.Fatalf("round %d: won by %v", round, winners)
			}
			if got := state(t, dbs[len(dbs)-1], "CODE"); got != "used e1 2025-02-01 "+winners[0] {
				t.Errorf("round %d: %q, won by %s", round, got, winners[0])
			}
			ok(t, giveBack(t, dbs[len(dbs)-1], "CODE", "e1", winners[0]))
		}
	})
}

// What could have happened: somebody comes with SPID, and is not found because
// they sign in with a user name; or is let in as whoever has their tax code in a
// row by mistake (C-21).
func TestMembersByTaxCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		im, err := begin(t, db, "march")
		ok(t, err)
		row := func(number, login, code string, off bool) access.Entry {
			e := entry(number, im)
			e.Login, e.Record = login, access.Record{TaxCode: code, TaxCodeOff: off, Surname: "of " + number}
			return e
		}
		all := []access.Entry{row("1", "CODE1", "CODE1", false), row("2", "NAME2", "CODE2", false), row("3", "NAME3", "CODE2", false), row("4", "NAME4", "CODE4", true), row("5", "NAME5", "", false)}
		write(t, db, func(tx *store.Tx) error {
			for _, e := range all {
				if err := tx.AddEntry(e); err != nil {
					return err
				}
			}
			return nil
		})
		found := func(code string) (who string) {
			t.Helper()
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
				ms, err := tx.MembersByTaxCode(code)
				for _, m := range ms {
					who += m.ID + " "
				}
				return err
			}))
			return strings.TrimSpace(who)
		}
		if got := found("CODE2"); got != "" {
			t.Errorf("staged, and found: %s", got)
		}
		ok(t, publish(t, db, im))
		for code, want := range map[string]string{"CODE1": "m1", "CODE2": "m2 m3", "CODE4": "", "CODE5": "", "": ""} {
			if got := found(code); got != want {
				t.Errorf("%q is %q, want %q", code, got, want)
			}
		}
		// The login is told as it is, also where it is not the tax code.
		ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
			for _, e := range all {
				got, err := tx.Entry(e.ID)
				if err != nil || got.Login != e.Login {
					t.Errorf("%s signs in with %q, want %q; %v", e.ID, got.Login, e.Login, err)
				}
			}
			return nil
		}))
		// A code that a file corrects is found, and the wrong one no more.
		im, err = begin(t, db, "april")
		ok(t, err)
		write(t, db, func(tx *store.Tx) error { return tx.ChangeEntry(row("3", "NAME3", "CODE3", false)) })
		ok(t, publish(t, db, im))
		if a, b := found("CODE2"), found("CODE3"); a != "m2" || b != "m3" {
			t.Errorf("corrected: %q and %q", a, b)
		}
	})
}
