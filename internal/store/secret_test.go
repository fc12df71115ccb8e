package store_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

// What could have happened: a disk is thrown away, or a backup is copied, and
// whoever finds it reads members' addresses, bank accounts and codes (I11).
//
// Everything that is secret or personal is written with a canary of its own,
// and none is found afterwards in any column of any table, nor in any file of
// SQLite's.
func TestNothingInClear(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			where := dbtest.New(t, engine)
			c := newClock()
			db := dbtest.Open(t, where, store.Options{Keys: keys.New(nil), Now: c.Now})
			var canaries []string
			canary := func(what string) string {
				s := fmt.Sprintf("canary%02d%sCanary", len(canaries), what)
				canaries = append(canaries, s)
				return s
			}
			rec := access.Record{Surname: canary("surname"), Name: canary("name"), Born: canary("born"), BirthPlace: canary("birthplace"), TaxCode: canary("taxcode"),
				Street: canary("street"), Town: canary("town"), Email: canary("email"), Mobile: canary("mobile"), Phone: canary("phone"), Employer: canary("employer"),
				AHV: canary("ahv"), Username: canary("username"), PEC: canary("pec"), SurvivorOf: canary("survivorof"), Representative: canary("representative"), Contract: canary("contract"),
				More: map[string]string{"position": canary("more")}, Past: []access.PastContact{{Kind: access.Email, Address: canary("past")}}}
			login := canary("login")
			im, err := begin(t, db, "march")
			ok(t, err)
			write(t, db, func(tx *store.Tx) error {
				return tx.AddEntry(access.Entry{ID: "e1", Member: "m1", Number: "1", Login: login, Version: im.Version, Record: rec})
			})
			ok(t, publish(t, db, im))
			im, err = begin(t, db, "april")
			ok(t, err)
			write(t, db, func(tx *store.Tx) error {
				changed := rec
				changed.Street = canary("newstreet")
				if err := tx.AddActivationCode("e1", tx.ActivationIndex(canary("activation")), "2025-02-01", im.Version); err != nil {
					return err
				}
				return tx.ChangeEntry(access.Entry{ID: "e1", Member: "m1", Number: "1", Login: canary("newlogin"), Version: im.Version, Record: changed})
			})
			write(t, db, func(tx *store.Tx) error {
				address, iban, secret := canary("address"), canary("iban"), canary("code")
				o := access.Operation{ID: "o1", Fund: fund, Member: "m1", Number: "n1", Values: access.Values{"iban": iban}}
				m := message("x")
				m.To, m.Args = address, []access.Arg{{Name: "code", Value: secret}, {Name: "iban", Value: iban}}
				for _, err := range []error{
					tx.UseChannel(channel("c1", "m1", canary("channel"))),
					tx.AddJourney(access.Journey{ID: "j1", Member: "m1", Address: canary("chosen"), Password: canary("phc"), Agent: canary("agent"),
						Enrol: access.Enrolling{Username: canary("username")}, Factor: access.Channel{Address: canary("number"), Secret: []byte(canary("newapp"))}, ExpiresAt: after(hours(1))}),
					tx.AddOperation(o),
					tx.AddConfirmation(access.Confirmation{ID: "k1", Operation: "o1", Member: "m1", Receipt: canary("receipt")}),
					tx.Post(m),
					tx.UseUsername(access.Username{Member: "m1", Name: canary("mailbox"), Address: canary("writtento")}),
					tx.ReserveUsername(access.Username{Member: "m2", Name: canary("reserved"), Address: canary("heldfor")}, after(hours(1))),
					tx.UseApp(access.Channel{ID: "f1", Member: "m9", Secret: []byte(canary("appsecret"))}),
					throttled(tx, canary("subject")),
				} {
					if err != nil {
						return err
					}
				}
				j := access.Journey{ID: "j1", Member: "m1", Address: canary("moved"), Password: canary("movedphc")}
				return tx.MoveJourney(j, 1, "open")
			})

			look := func(place string, text []byte) {
				t.Helper()
				low := bytes.ToLower(text)
				for _, c := range canaries {
					for form, b := range map[string]string{"clear": strings.ToLower(c), "hexadecimal": hex.EncodeToString([]byte(c)),
						"base64": strings.ToLower(base64.StdEncoding.EncodeToString([]byte(c))[:8])} {
						if bytes.Contains(low, []byte(b)) {
							t.Errorf("%s holds %s in %s", place, c, form)
						}
					}
				}
			}
			cells := 0
			for table, rows := range tables(t, where) {
				for _, row := range rows {
					for _, cell := range row {
						cells++
						look("table "+table, cell)
					}
				}
			}
			if cells < 100 {
				t.Errorf("only %d cells were looked at", cells)
			}
			if engine == "sqlite" {
				files, err := filepath.Glob(where + "*")
				ok(t, err)
				if len(files) < 2 {
					t.Errorf("only %v", files)
				}
				for _, file := range files {
					b, err := os.ReadFile(file)
					ok(t, err)
					look(filepath.Base(file), b)
				}
			}
			// The right keys do read it.
			ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
				m, err := tx.MembersByLogin(login)
				if len(m) != 1 || m[0].Main().Record.Surname != rec.Surname {
					t.Errorf("%+v", m)
				}
				return err
			}))
			// Others do not: not another ring's, and not the same ring's for another row.
			stranger := dbtest.Open(t, where, store.Options{Keys: keys.New(nil), Now: c.Now})
			err = stranger.Read(t.Context(), fund, func(tx *store.Tx) error { _, err := tx.Member("m1"); return err })
			if err == nil || strings.Contains(err.Error(), "canary") {
				t.Error("read with other keys:", err)
			}
		})
	}
}

// throttled counts a try against what somebody typed, as callers do: by its index.
func throttled(tx *store.Tx, typed string) error {
	_, err := tx.TakeThrottle(tx.LoginIndex(typed), hours(1))
	return err
}

// tables reads every row of every table, with SQL of its own.
func tables(t *testing.T, where string) map[string][][][]byte {
	t.Helper()
	schema, err := store.Schema()
	ok(t, err)
	raw := dbtest.Raw(t, where)
	all := map[string][][][]byte{}
	for line := range strings.Lines(schema) {
		name, isTable := strings.CutPrefix(line, "CREATE TABLE ")
		if !isTable {
			continue
		}
		name, _, _ = strings.Cut(name, " ")
		rows, err := raw.Query("SELECT * FROM " + name)
		ok(t, err)
		columns, err := rows.Columns()
		ok(t, err)
		for rows.Next() {
			cells := make([][]byte, len(columns))
			into := make([]any, len(columns))
			for i := range cells {
				into[i] = &cells[i]
			}
			ok(t, rows.Scan(into...))
			all[name] = append(all[name], cells)
		}
		ok(t, rows.Err(), rows.Close())
	}
	return all
}
