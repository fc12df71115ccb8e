package app_test

import (
	"fmt"
	"testing"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/password"
	"aditus/internal/store"
)

// What could have happened: a fund's register brings bcrypt and {SSHA} hashes, and a
// wrong password takes another time for whoever has not signed in since than for
// somebody who does not exist (security.md part 6, row 12). The work is counted, not
// timed: the hasher has a decoy of each kind that is in the database, from the start
// on, and none when the last was replaced.
func TestImportedHashesHaveDecoys(t *testing.T) {
	const typed = "caffè-Lampada 47"
	bcrypt := "$2b$05$abcdefghijklmnopqrstuujSz8aGYwjO6KXs5WHf69rhcUwwgMuj6"
	ssha := "{SSHA}WdD0NuePKhGv9081L/UMNgdMvurw8fLz9PX29w=="
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, engine, func(f *access.Fund) { f.Password.Min = 8 })
			has := []member{
				{number: "00908304", code: "LMRSML58M22L006O", status: "active", email: "a@example.com"},
				{number: "00905739", code: "MRNNOE61L16B893Z", status: "active", email: "b@example.com"},
				{number: "00902076", code: "MCCTRS81C49H884H", status: "active", email: "c@example.com"},
			}
			s.register(has...)
			for i, hash := range []string{bcrypt, ssha, bcrypt} {
				cost, err := password.Cost(hash)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.app.DB.Write(t.Context(), s.fund.ID, func(tx *store.Tx) error {
					return tx.SetPassword(access.Credential{Member: has[i].id(), Hash: hash, Cost: cost, Source: "registry"})
				}); err != nil {
					t.Fatal(err)
				}
			}
			kinds := func(want int) {
				t.Helper()
				if err := s.app.Tidy(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n := s.app.Passwords.Decoys(); n != want {
					t.Errorf("%d decoys, want %d", n, want)
				}
			}
			kinds(2)
			// Each comes in with the old password, and the hash is ours from then on.
			for i, left := range []int{2, 1, 0} {
				b := s.browser(fmt.Sprint(i), fmt.Sprintf("192.0.2.%d", i+1))
				if w := b.post("/login", "username", has[i].code, "password", typed); w.Code != 303 {
					t.Fatalf("%d: %s", i, said(w))
				}
				kinds(left)
			}
		})
	}
}
