package pin_test

import (
	"crypto/rand"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/password"
	"aditus/internal/pin"
	"aditus/internal/store"
)

// What could have happened: somebody without a PIN has one that any text matches;
// tries are counted for each page by itself, or a right one does not end the row.
func TestHear(t *testing.T) {
	hasher := password.NewHasher(password.Params{MemoryKiB: 64, Time: 1, Threads: 1}, 2, 100, time.Minute, keys.New(rand.Reader).Pepper())
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		const fund = "prova"
		hear := func(what, member, typed, want string) {
			t.Helper()
			err := pin.Hear(t.Context(), db, hasher, fund, member, typed)
			if want == "" && err != nil || want != "" && !access.Refused(err, want) {
				t.Errorf("%s: %v, want %q", what, err, want)
			}
		}
		hash, err := hasher.Hash(t.Context(), "K7M2Q9XA")
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.SetPIN("anna", hash) }); err != nil {
			t.Fatal(err)
		}
		hear("nothing", "anna", " ", "pin_empty")
		hear("too little", "anna", "K7M2", "pin_form")
		hear("right", "anna", "k7m2-q9xa", "")
		hear("nobody's", "bruno", "K7M2Q9XA", "pin_wrong")
		for range 4 {
			hear("wrong", "anna", "K7M2Q9XB", "pin_wrong")
		}
		hear("right again: the row begins anew", "anna", "K7M2Q9XA", "")
		for range 5 {
			hear("wrong", "anna", "K7M2Q9XB", "pin_wrong")
		}
		hear("the right one, after five", "anna", "K7M2Q9XA", "pin_paused")
		err = db.Read(t.Context(), fund, func(tx *store.Tx) error {
			events, err := tx.EventsOf("anna", 20, "pin_answered")
			if len(events) != 11 {
				t.Errorf("%d events of PINs typed, want 11", len(events))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}
