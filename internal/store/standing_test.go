package store_test

import (
	"errors"
	"fmt"
	"testing"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// What could have happened: a transaction gives a member a new channel, asks where
// codes go, and sends them where they went before; or what it knows of one member
// is believed of another.
func TestStanding(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		stands := func(tx *store.Tx, member string) string {
			c, err := tx.Channel(member)
			e, err2 := tx.Enrolment(member)
			frozen, err3 := tx.Frozen(member)
			u, err4 := tx.Username(member)
			if err := errors.Join(err, err2, err3, err4); err != nil {
				t.Error(err)
			}
			return fmt.Sprint(c.Kind, " ", c.Address, string(c.Secret), " ", e.Level, " ", !frozen.IsZero(), " ", u.Address)
		}
		steps := []struct {
			what string
			do   func(*store.Tx) error
			want string
		}{
			{"nothing yet", func(*store.Tx) error { return nil }, "   false "},
			{"a channel", func(tx *store.Tx) error {
				return tx.UseChannel(access.Channel{ID: "c1", Member: "anna", Kind: access.Email, Address: "a@posta.example", Source: "registry"})
			}, "email a@posta.example  false "},
			{"a level", func(tx *store.Tx) error {
				return tx.Enrol(access.Enrolment{Member: "anna", Level: access.LevelAct, Journey: "j"})
			}, "email a@posta.example act false "},
			{"another channel", func(tx *store.Tx) error {
				return tx.UseChannel(access.Channel{ID: "c2", Member: "anna", Kind: access.SMS, Address: "+390000000000", Source: "registry"})
			}, "sms +390000000000 act false "},
			{"an app", func(tx *store.Tx) error {
				return tx.UseApp(access.Channel{ID: "f1", Member: "anna", Kind: access.TOTP, Secret: []byte("secret")})
			}, "totp secret act false "},
			{"a name", func(tx *store.Tx) error { return tx.UseUsername(name("anna", "a@posta.example", "j")) }, "totp secret act false As.a@posta.example"},
			{"a stop", func(tx *store.Tx) error { return tx.Freeze("anna", "s1") }, "totp secret act true As.a@posta.example"},
			{"no stop", func(tx *store.Tx) error { return tx.Thaw("anna") }, "totp secret act false As.a@posta.example"},
		}
		write(t, db, func(tx *store.Tx) error {
			for _, s := range steps {
				if err := s.do(tx); err != nil {
					return fmt.Errorf("%s: %w", s.what, err)
				}
				if got := stands(tx, "anna"); got != s.want {
					t.Errorf("%s: %q, want %q", s.what, got, s.want)
				}
				if got := stands(tx, "bruno"); got != steps[0].want {
					t.Errorf("%s: bruno has %q", s.what, got)
				}
			}
			return nil
		})
		// What is rolled back is forgotten with its transaction.
		refused := errors.New("refused")
		if err := db.Write(t.Context(), fund, func(tx *store.Tx) error {
			return errors.Join(tx.Freeze("anna", "s2"), refused)
		}); !errors.Is(err, refused) {
			t.Error(err)
		}
		last := steps[len(steps)-1].want
		ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
			if got := stands(tx, "anna"); got != last {
				t.Errorf("later: %q, want %q", got, last)
			}
			return nil
		}))
	})
}
