package store_test

import (
	"errors"
	"testing"

	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// What could have happened: one member's «that was not me» stops another, or a
// second one hides since when.
func TestFreeze(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		frozen := func(member string) bool {
			t.Helper()
			var is bool
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
				since, err := tx.Frozen(member)
				is = !since.IsZero()
				return err
			}))
			return is
		}
		if frozen("anna") {
			t.Error("stopped before anybody said so")
		}
		write(t, db, func(tx *store.Tx) error { return tx.Freeze("anna", "s1") })
		if !frozen("anna") || frozen("bruno") {
			t.Errorf("anna %t, bruno %t", frozen("anna"), frozen("bruno"))
		}
		for what, err := range map[string]error{
			"said again":                db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.Freeze("anna", "s2") }),
			"ended where nothing stops": db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.Thaw("bruno") }),
			"ended in another fund":     db.Write(t.Context(), "another", func(tx *store.Tx) error { return tx.Thaw("anna") }),
		} {
			if !errors.Is(err, store.ErrNone) {
				t.Errorf("%s: %v", what, err)
			}
		}
		write(t, db, func(tx *store.Tx) error { return tx.Thaw("anna") })
		if frozen("anna") {
			t.Error("stopped after it was ended")
		}
		write(t, db, func(tx *store.Tx) error { return tx.Freeze("anna", "s3") })
		if !frozen("anna") {
			t.Error("not stopped a second time")
		}
	})
}
