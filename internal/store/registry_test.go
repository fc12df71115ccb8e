package store_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

func entry(number string, im store.Import) access.Entry {
	return access.Entry{ID: "e" + number, Member: "m" + number, Number: number, Login: "LOGIN" + number, Status: "active",
		Version: im.Version, Digest: "d" + number, Record: access.Record{TaxCode: "LOGIN" + number, Surname: im.File}}
}

// begin, stage and publish are an import's three kinds of transaction.
func begin(t *testing.T, db *store.DB, file string) (im store.Import, err error) {
	t.Helper()
	err = db.Write(t.Context(), fund, func(tx *store.Tx) (err error) {
		im, err = tx.BeginImport(file, "digest of "+file)
		return err
	})
	return im, err
}

func stage(t *testing.T, db *store.DB, im store.Import, numbers ...string) error {
	t.Helper()
	return db.Write(t.Context(), fund, func(tx *store.Tx) error {
		for _, n := range numbers {
			if err := tx.AddEntry(entry(n, im)); err != nil {
				return err
			}
		}
		return nil
	})
}

func publish(t *testing.T, db *store.DB, im store.Import) error {
	t.Helper()
	im.Totals = map[string]int{"accept": 1}
	return db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.PublishImport(im) })
}

func ok(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// shown is what the fund's register shows, «number:file» for each entry, asked
// in every way there is.
func shown(t *testing.T, db *store.DB) string {
	t.Helper()
	byKey, byNumber, byLogin, byID, byPerson := map[string]string{}, "", "", "", ""
	err := db.Read(t.Context(), fund, func(tx *store.Tx) error {
		err := tx.EntryKeys(func(k store.EntryKey) error { byKey[k.Number] = k.ID; return nil })
		if err != nil {
			return err
		}
		n, err := tx.CountEntries()
		if err != nil || n != len(byKey) {
			return fmt.Errorf("%d counted, %d listed: %w", n, len(byKey), err)
		}
		for i := range 100 {
			number := fmt.Sprint(i)
			line := func(m access.Member) string { return m.Main().Number + ":" + m.Main().Record.Surname + " " }
			none := func(err error) error {
				if errors.Is(err, store.ErrNone) {
					return nil
				}
				return err
			}
			if m, err := tx.MemberByNumber(number); err == nil {
				byNumber += line(m)
			} else if none(err) != nil {
				return err
			}
			if m, err := tx.Member("m" + number); err == nil {
				byPerson += line(m)
			} else if none(err) != nil {
				return err
			}
			if e, err := tx.Entry("e" + number); err == nil {
				byID += line(access.Member{Entries: []access.Entry{e}})
			} else if none(err) != nil {
				return err
			}
			ms, err := tx.MembersByLogin("LOGIN" + number)
			if err != nil {
				return err
			}
			for _, m := range ms {
				byLogin += line(m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if byNumber != byLogin || byNumber != byID || byNumber != byPerson || strings.Count(byNumber, " ") != len(byKey) {
		t.Errorf("the ways to look disagree: by number %q, login %q, id %q, person %q, listed %d", byNumber, byLogin, byID, byPerson, len(byKey))
	}
	return strings.TrimSpace(byNumber)
}

// What could have happened: an import stops half-way, and members meet a
// register of which one half is March's and the other April's (I8).
func TestImport(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			where, ring := dbtest.New(t, engine), keys.New(nil)
			db := dbtest.Open(t, where, store.Options{Keys: ring})
			is := func(what, want string) {
				t.Helper()
				if got := shown(t, db); got != want {
					t.Errorf("%s: the register shows %q, want %q", what, got, want)
				}
			}
			march, err := begin(t, db, "march")
			ok(t, err, stage(t, db, march, "1", "2"), stage(t, db, march, "3"))
			is("staged", "")
			ok(t, publish(t, db, march))
			is("published", "1:march 2:march 3:march")
			if err := publish(t, db, march); !errors.Is(err, store.ErrNone) {
				t.Error("published twice:", err)
			}

			// One new, one changed, and the process dies: opened again, it is March.
			april, err := begin(t, db, "april")
			ok(t, err, stage(t, db, april, "4"), change(t, db, april, "2"))
			is("half-way", "1:march 2:march 3:march")
			// A second position of somebody who is there is not there yet.
			ok(t, db.Write(t.Context(), fund, func(tx *store.Tx) error {
				e := entry("9", april)
				e.Member, e.Login = "m1", "LOGIN1"
				return tx.AddEntry(e)
			}))
			is("half-way, a second position", "1:march 2:march 3:march")
			db = dbtest.Open(t, where, store.Options{Keys: ring})
			is("opened again", "1:march 2:march 3:march")

			// The next import finds nothing of it in its way.
			may, err := begin(t, db, "may")
			ok(t, err, stage(t, db, may, "4", "5"), change(t, db, may, "1"))
			is("half-way again", "1:march 2:march 3:march")
			ok(t, publish(t, db, may))
			is("the third", "1:may 2:march 3:march 4:may 5:may")
			var changes, files int
			raw := dbtest.Raw(t, where)
			ok(t, raw.QueryRow(`SELECT count(*) FROM entry_change`).Scan(&changes), raw.QueryRow(`SELECT count(*) FROM entry WHERE fund = 'aurora'`).Scan(&files))
			if changes != 0 || files != 5 {
				t.Errorf("left behind: %d changes, %d entries of 5", changes, files)
			}

			// Dropped: nothing is seen, nor in the way of the next.
			june, err := begin(t, db, "june")
			ok(t, err, stage(t, db, june, "6"), db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.DropImport(june) }))
			if err := publish(t, db, june); !errors.Is(err, store.ErrNone) {
				t.Error("a dropped import was published:", err)
			}
			if err := stage(t, db, june, "7"); !errors.Is(err, store.ErrNone) {
				t.Error("a dropped import goes on:", err)
			}
			is("dropped", "1:may 2:march 3:march 4:may 5:may")
			july, err := begin(t, db, "july")
			ok(t, err, stage(t, db, july, "6"), publish(t, db, july))
			is("after a dropped one", "1:may 2:march 3:march 4:may 5:may 6:july")

			// What is there keeps its number: two entries with one are refused whole.
			august, err := begin(t, db, "august")
			ok(t, err)
			if err := stage(t, db, august, "7", "6"); err == nil || errors.Is(err, store.ErrNone) {
				t.Error("two entries with one number:", err)
			}
			is("a number twice", "1:may 2:march 3:march 4:may 5:may 6:july")
		})
	}
}

func change(t *testing.T, db *store.DB, im store.Import, number string) error {
	t.Helper()
	return db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.ChangeEntry(entry(number, im)) })
}

// What could have happened: two people press «import» on two nodes, each sees
// «published», and the register is a mix of both files.
func TestImportsRacing(t *testing.T) {
	onNodes(t, func(t *testing.T, _ *clock, dbs []*store.DB) {
		db := dbs[0]
		first, err := begin(t, db, "first")
		ok(t, err, stage(t, db, first, "1", "2"))
		second, err := begin(t, dbs[len(dbs)-1], "second")
		ok(t, err, stage(t, dbs[len(dbs)-1], second, "2"))
		if err := stage(t, db, first, "3"); !errors.Is(err, store.ErrNone) {
			t.Error("the first goes on beside the second:", err)
		}
		if err := change(t, db, first, "1"); !errors.Is(err, store.ErrNone) {
			t.Error("the first goes on changing beside the second:", err)
		}
		if err := publish(t, db, first); !errors.Is(err, store.ErrNone) {
			t.Error("the first is published:", err)
		}
		ok(t, publish(t, db, second))
		if got := shown(t, db); got != "2:second" {
			t.Errorf("the register shows %q", got)
		}

		// Many at once: what is shown is the whole of each file that was
		// published, and nothing of any other.
		var mu sync.Mutex
		published := map[string]bool{}
		together(8, dbs, func(i int, db *store.DB) {
			for round := range 4 {
				file := fmt.Sprint("f", i, round)
				im, err := begin(t, db, file)
				for part := range 4 {
					if err == nil {
						n := 10 + 10*i + part
						err = db.Write(t.Context(), fund, func(tx *store.Tx) error {
							e := entry(fmt.Sprint(n), im)
							e.ID, e.Number, e.Member = e.ID+file, file+"/"+fmt.Sprint(part), e.Member+file
							return tx.AddEntry(e)
						})
					}
				}
				if err == nil {
					err = publish(t, db, im)
				}
				mu.Lock()
				switch {
				case err == nil:
					published[file] = true
				case !errors.Is(err, store.ErrNone):
					t.Error(err)
				}
				mu.Unlock()
			}
		})
		parts := map[string]int{}
		ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
			return tx.EntryKeys(func(k store.EntryKey) error {
				file, _, _ := strings.Cut(k.Number, "/")
				parts[file]++
				return nil
			})
		}))
		delete(parts, "2")
		for file, n := range parts {
			if n != 4 || !published[file] {
				t.Errorf("%s: %d of 4 entries shown, published: %t", file, n, published[file])
			}
		}
		if len(parts) != len(published) || len(published) == 0 {
			t.Errorf("shown %v, published %v", slices.Sorted(maps.Keys(parts)), slices.Sorted(maps.Keys(published)))
		}
	})
}
