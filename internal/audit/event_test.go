package audit_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"aditus/internal/audit"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
)

// every is one event of each type there is.
var every = []audit.Event{
	audit.SignedIn{}, audit.SignInFailed{}, audit.SignedOut{}, audit.SessionsEnded{},
	audit.CodeAsked{}, audit.CodeRefused{}, audit.CodeAnswered{}, audit.CodeSpent{}, audit.CodeKilled{},
	audit.JourneyBegun{}, audit.JourneyMoved{}, audit.ChannelActive{}, audit.PasswordChanged{},
	audit.OperationDrafted{}, audit.OperationChanged{}, audit.OperationConfirmed{}, audit.OperationWithdrawn{}, audit.OperationDropped{},
	audit.RegistryImported{}, audit.PasswordsImported{}, audit.MessageFailed{}, audit.RecoveryAsked{}, audit.Frozen{},
	audit.EnrolmentRefused{}, audit.Enrolled{}, audit.BackupsMade{}, audit.BackupUsed{}, audit.ContractAdded{},
	audit.PINChanged{}, audit.PINAnswered{}, audit.PasswordPostponed{}, audit.MobileTrusted{}, audit.MobileLost{}, audit.HalfDelivered{},
	audit.LetterOrdered{}, audit.LetterAsked{}, audit.LetterSent{}, audit.LetterUsed{}, audit.ReplacementStarted{}, audit.ReplacementDelayed{},
	audit.ReplacementStopped{}, audit.ReplacementUsed{}, audit.StopRefused{}, audit.DeviceForgotten{},
	audit.ProfileChosen{}, audit.MandateBegun{}, audit.MandateEnded{}, audit.ActedFor{},
	audit.PasskeyAdded{}, audit.PasskeyRemoved{}, audit.PasskeyMuted{},
	audit.ContactKept{}, audit.JourneyDropped{}, audit.OperationLapsed{},
}

// fill gives every field of an event a value of its own: those that are written
// in clear, and those that must not be.
func fill(e audit.Event) (filled audit.Event, clear, hidden []string) {
	v := reflect.New(reflect.TypeOf(e)).Elem()
	var set func(v reflect.Value, path string, open bool)
	set = func(v reflect.Value, path string, open bool) {
		switch v.Kind() {
		case reflect.String:
			text := "canary-" + path
			if path == "Member" {
				text = "member-1"
			}
			v.SetString(text)
			if open {
				clear = append(clear, text)
			} else {
				hidden = append(hidden, text)
			}
		case reflect.Int, reflect.Int64:
			v.SetInt(42)
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Map:
			v.Set(reflect.ValueOf(map[string]int{"accept": 7}))
		case reflect.Struct:
			for i := range v.NumField() {
				f := v.Type().Field(i)
				set(v.Field(i), strings.TrimPrefix(path+"."+f.Name, "."), open && f.Tag.Get("json") != "-")
			}
		}
	}
	set(v, "", true)
	return v.Interface().(audit.Event), clear, hidden
}

// What could have happened: a new event has an address in clear, or a free map
// that takes whatever is put in it, and the trail can never forget a person.
func TestEvents(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Keys: ring})
			kinds := map[string]bool{}
			for _, e := range every {
				e, clear, hidden := fill(e)
				ok(t, db.Write(t.Context(), fund, func(tx *store.Tx) error { return audit.Record(tx, e) }))
				got := newest(t, db)
				if kinds[got.Kind] || got.Kind == "" {
					t.Errorf("%T has the kind %q of another", e, got.Kind)
				}
				kinds[got.Kind] = true
				for _, want := range clear {
					if !strings.Contains(got.Body, want) {
						t.Errorf("%T: %s is not in %s", e, want, got.Body)
					}
				}
				for _, secret := range hidden {
					if strings.Contains(got.Body, secret) {
						t.Errorf("%T: %s is in clear", e, secret)
					}
				}
				var raw struct {
					Event  map[string]any
					Sealed string
				}
				ok(t, json.Unmarshal([]byte(got.Body), &raw))
				member, _ := raw.Event["member"].(string)
				if got.Member != member {
					t.Errorf("%T is about %q, and says %q", e, got.Member, member)
				}
				if (raw.Sealed != "") != (len(hidden) > 0) {
					t.Errorf("%T: %d hidden values, sealed %t", e, len(hidden), raw.Sealed != "")
				}
				// It reads back as what it was, but for what is sealed.
				back := reflect.New(reflect.TypeOf(e))
				ok(t, audit.Read(got, back.Interface()))
				want := reflect.New(reflect.TypeOf(e)).Elem()
				want.Set(reflect.ValueOf(e))
				for i := range want.NumField() {
					if want.Type().Field(i).Tag.Get("json") == "-" {
						want.Field(i).SetZero()
					}
				}
				if !reflect.DeepEqual(back.Elem().Interface(), want.Interface()) {
					t.Errorf("read %+v, want %+v", back.Elem(), want)
				}
			}
			if n := declared(t); len(kinds) != n {
				t.Errorf("%d of %d types of event are tested: add the new one to every", len(kinds), n)
			}
		})
	}
}

// newest is the event that was recorded last.
func newest(t *testing.T, db *store.DB) (e store.Event) {
	t.Helper()
	ok(t, db.Write(t.Context(), fund, func(tx *store.Tx) error {
		es, err := tx.Unsealed(1000)
		if err != nil || len(es) != 1 {
			return fmt.Errorf("%d events: %w", len(es), err)
		}
		e = es[0]
		head, _, err := tx.Head()
		if err != nil {
			return err
		}
		e.N, e.Hash = head+1, "x"
		return tx.Link([]store.Event{e})
	}))
	return e
}

// declared counts the types that are events, and looks that none has a field in
// which anything could be written.
func declared(t *testing.T) (n int) {
	t.Helper()
	files, err := filepath.Glob("events*.go")
	ok(t, err)
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		ok(t, err)
		ast.Inspect(f, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.FuncDecl:
				if node.Name.Name == "kind" {
					n++
				}
			case *ast.InterfaceType:
				t.Errorf("a field of %s takes anything", file)
			case *ast.MapType:
				if fmt.Sprint(node.Key, node.Value) != "string int" {
					t.Errorf("a map of %s takes anything", file)
				}
			}
			return true
		})
	}
	return n
}

// What is personal is read with the person's salt, and is noise once that is
// dropped; the chain stays.
func TestForgetting(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			where := dbtest.New(t, engine)
			db := dbtest.Open(t, where, store.Options{Keys: ring})
			in := func(member, ip string) {
				t.Helper()
				ok(t, db.Write(t.Context(), fund, func(tx *store.Tx) error {
					return audit.Record(tx, audit.SignedIn{Member: member, Session: "s", Where: audit.Where{IP: ip, Agent: "Firefox"}})
				}))
			}
			read := func(db *store.DB, member string) (found []string) {
				t.Helper()
				ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
					es, err := tx.EventsOf(member, 10, audit.KindSignedIn)
					for _, e := range es {
						var w audit.Where
						known, err := audit.Personal(tx, e, &w)
						if err != nil {
							return err
						}
						if known != (w.IP != "") {
							t.Errorf("known %t: %+v", known, w)
						}
						found = append(found, w.IP)
					}
					return err
				}))
				return found
			}
			is := func(what string, got []string, want ...string) {
				t.Helper()
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s: %v, want %v", what, got, want)
				}
			}
			in("anna", "192.0.2.1")
			in("bruno", "192.0.2.2")
			in("anna", "192.0.2.1")
			// Somebody unknown has no salt, and nothing personal is kept.
			ok(t, db.Write(t.Context(), fund, func(tx *store.Tx) error {
				return audit.Record(tx, audit.SignInFailed{Subject: "hash", Why: "wrong", Where: audit.Where{IP: "192.0.2.3"}})
			}))
			s := sealer(db, "one", failingWriter{})
			s.Second = &strings.Builder{}
			seal(t, s)
			is("anna", read(db, "anna"), "192.0.2.1", "192.0.2.1")
			is("bruno", read(db, "bruno"), "192.0.2.2")

			ok(t, db.Write(t.Context(), fund, func(tx *store.Tx) error { return tx.DropPersonSalt("anna") }))
			in("anna", "192.0.2.9") // nothing personal is written again
			seal(t, s)
			is("anna, forgotten", read(db, "anna"), "", "", "")
			is("bruno", read(db, "bruno"), "192.0.2.2")
			var sealed int
			ok(t, dbtest.Raw(t, where).QueryRow(`SELECT count(*) FROM event WHERE member = 'anna' AND body LIKE '%sealed%'`).Scan(&sealed))
			if sealed != 2 {
				t.Errorf("%d events of the forgotten have a sealed part, want the two from before", sealed)
			}
			if r, err := verify(t, db, s.Second.(*strings.Builder).String(), public); err != nil || r.Sealed != 5 {
				t.Errorf("%+v, %v", r, err)
			}

			// The salt alone opens nothing: the keys are needed too, and the place.
			stranger := dbtest.Open(t, where, store.Options{Keys: keys.New(nil)})
			err := stranger.Read(t.Context(), fund, func(tx *store.Tx) error {
				es, err := tx.EventsOf("bruno", 10, audit.KindSignedIn)
				if err != nil {
					return err
				}
				var w audit.Where
				known, err := audit.Personal(tx, es[0], &w)
				if known || w.IP != "" {
					t.Errorf("read with other keys: %+v", w)
				}
				return err
			})
			if err == nil {
				t.Error("read with other keys")
			}
			err = db.Read(t.Context(), fund, func(tx *store.Tx) error {
				es, err := tx.EventsOf("bruno", 10, audit.KindSignedIn)
				if err != nil {
					return err
				}
				es[0].ID = "another row"
				_, err = audit.Personal(tx, es[0], &audit.Where{})
				return err
			})
			if err == nil {
				t.Error("a sealed part opens on another event")
			}
		})
	}
}

// An event commits with what it tells, or not at all.
func TestEventSharesTheFate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		err := db.Write(t.Context(), fund, func(tx *store.Tx) error {
			ok(t, audit.Record(tx, audit.SignedIn{Member: "anna", Where: audit.Where{IP: "192.0.2.1"}}))
			return fmt.Errorf("refused")
		})
		if err == nil {
			t.Fatal("no error")
		}
		ok(t, db.Read(t.Context(), fund, func(tx *store.Tx) error {
			n, oldest, err := tx.CountUnsealed()
			if n != 0 || !oldest.IsZero() {
				t.Errorf("%d events of what did not happen", n)
			}
			return err
		}))
	})
}
