package profile_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/profile"
	"aditus/internal/store"
)

// The people of these tests. Ivana acts for Emanuele, her son; Sonia has two roles.
var (
	ivana    = access.Entry{ID: "ivana", Number: "S1", Status: "active", Record: access.Record{Name: "Ivana", Surname: "Surdì", TaxCode: "SRDVNI77E57D921K", Born: "1977-05-17", Kind: "survivor", Email: "ivana@example.org", Mobile: "+393007235049"}}
	emanuele = access.Entry{ID: "emanuele", Number: "S2", Status: "active", Held: access.HeldRepresented, Record: access.Record{Name: "Emanuele", Surname: "Rondardi", TaxCode: "RNDMNL14A04E098O", Born: "2014-01-04",
		Kind: "survivor", Email: "emanuele@example.org", Representative: "SRDVNI77E57D921K", RepresentativeKind: "parent", OfAge: access.OfAge("2014-01-04", rome).UnixMilli()}}
	piero = access.Entry{ID: "piero", Number: "S3", Status: "active", Held: access.HeldRepresented, Record: access.Record{Name: "Piero", Surname: "Rondardi", TaxCode: "RNDPRI95A04E098X", Born: "1995-01-04",
		Kind: "survivor", Representative: "SRDVNI77E57D921K", RepresentativeKind: "administrator"}}
	matteo = access.Entry{ID: "matteo", Number: "S4", Status: "active", Held: access.HeldRepresented, Record: access.Record{Name: "Matteo", Surname: "Malduzzi", TaxCode: "MLDMTT09S19I157Z", Born: "2009-11-19", Kind: "survivor",
		OfAge: access.OfAge("2009-11-19", rome).UnixMilli()}}
	sonia = access.Entry{ID: "sonia", Number: "905997", Status: "active", Record: access.Record{Name: "Sonia", Surname: "Quartuccio", TaxCode: "QRTSNO68E60C175U", Born: "1968-05-20", Kind: "member"}}
	widow = access.Entry{ID: "widow", Number: "S90380101", Status: "active", Record: access.Record{Name: "Sonia", Surname: "Quartuccio", TaxCode: "QRTSNO68E60C175U", Born: "1968-05-20", Kind: "survivor"}}
	ugo   = access.Entry{ID: "ugo", Number: "7", Status: "active", Record: access.Record{Name: "Ugo", Surname: "Altri", TaxCode: "LTRGUO70A01H501X", Born: "1970-01-01", Kind: "member"}}
)

var rome = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		panic(err)
	}
	return zone
}()

type world struct {
	t     *testing.T
	where string
	ring  *keys.Ring
	db    *store.DB
	fund  *access.Fund
	now   time.Time
	all   map[string]access.Entry
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			w := &world{t: t, where: dbtest.New(t, engine), ring: keys.New(rand.Reader), now: time.Date(2025, 9, 30, 10, 0, 0, 0, rome), all: map[string]access.Entry{},
				fund: &access.Fund{ID: "prova", Zone: rome, Languages: []string{"it", "de"}, Registry: access.Profile{Login: "username", Columns: map[string]string{"cf": "tax_code"}},
					Status: map[string]access.StatusRule{"active": {Access: "full"}, "left": {Access: "read"}, "deceased": {Access: "none"}}}}
			w.db = w.node()
			w.enter(ivana, emanuele, piero, matteo, sonia, widow, ugo)
			f(w)
		})
	}
}

// node is one more node on the same database.
func (w *world) node() *store.DB {
	return dbtest.Open(w.t, w.where, store.Options{Keys: w.ring, Now: func() time.Time { return w.now }})
}

func (w *world) write(f func(*store.Tx) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), w.fund.ID, f); err != nil {
		w.t.Fatal(err)
	}
}

// enter publishes a register in which these rows are as they are given, and the
// others as they were.
func (w *world) enter(entries ...access.Entry) {
	w.t.Helper()
	w.write(func(tx *store.Tx) error {
		im, err := tx.BeginImport("file", "digest")
		if err != nil {
			return err
		}
		for _, e := range entries {
			_, there := w.all[e.ID]
			e.Member, e.Login, e.Version, e.Digest = e.ID, e.Number, im.Version, fmt.Sprint(im.Version)
			if there {
				err = tx.ChangeEntry(e)
			} else {
				err = tx.AddEntry(e)
			}
			if err != nil {
				return err
			}
		}
		return tx.PublishImport(im)
	})
	for _, e := range entries {
		w.all[e.ID] = e
	}
}

// changed is a row that is other than it was.
func changed(e access.Entry, how func(*access.Entry)) access.Entry {
	how(&e)
	return e
}

var shown = access.Document{Kind: "identity_document", Number: "AX1234567", Issuer: "Comune di Perugia", Date: "2025-09-01"}

func (w *world) enrol(who, whom, kind string) (m access.Mandate, err error) {
	err = w.db.Write(w.t.Context(), w.fund.ID, func(tx *store.Tx) (err error) {
		m, err = profile.Enrol(tx, w.fund, access.Mandate{Representative: who, Member: whom, Kind: kind, Proof: shown, By: "Anna of the office"})
		return err
	})
	return m, err
}

// must is enrol where nothing is in the way.
func (w *world) must(who, whom, kind string) access.Mandate {
	w.t.Helper()
	m, err := w.enrol(who, whom, kind)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// open are the profiles that somebody has, in their order.
func (w *world) open(who string) (all []string) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), w.fund.ID, func(tx *store.Tx) error {
		m, err := tx.Member(who)
		if err != nil {
			return err
		}
		profiles, err := profile.Of(tx, w.fund, m)
		if err != nil {
			return err
		}
		all = nil
		for _, p := range profiles {
			all = append(all, strings.TrimSpace(p.For+" "+p.Member.ID))
			// What is offered can be opened, and nothing else is.
			if _, err := profile.Find(tx, w.fund, m, p.Member.ID); err != nil {
				return err
			}
		}
		for id := range w.all {
			if slices.ContainsFunc(profiles, func(p profile.Profile) bool { return p.Member.ID == id }) {
				continue
			}
			if p, err := profile.Find(tx, w.fund, m, id); !access.Refused(err, "profile_closed") || p.Member.ID != "" {
				w.t.Errorf("%s opens %s: %+v, %v", who, id, p, err)
			}
		}
		slices.Sort(all[1:]) // of what was enrolled in one moment
		several, err := profile.Several(tx, w.fund, who)
		if several != (len(profiles) > 1) {
			w.t.Errorf("%s has %v, several %t", who, all, several)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) has(who string, want ...string) {
	w.t.Helper()
	if got := w.open(who); !slices.Equal(got, want) {
		w.t.Errorf("%s has %q, want %q", who, got, want)
	}
}

// count counts rows behind the store's back.
func (w *world) count(table, where string, args ...any) (n int) {
	w.t.Helper()
	if err := dbtest.Raw(w.t, w.where).QueryRowContext(w.t.Context(), "SELECT count(*) FROM "+table+" WHERE "+where, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// What could have happened: whoever is named in a register, or types an id, opens
// somebody else's pension.
func TestNobodyElses(t *testing.T) {
	each(t, func(w *world) {
		w.has("ivana", "ivana") // the register names her, and nobody has seen a proof
		w.has("ugo", "ugo")
		w.has("sonia", "sonia", "role widow")
		w.has("widow", "widow", "role sonia")
		w.must("ivana", "emanuele", "parent")
		w.has("ivana", "ivana", "mandate emanuele")
		w.has("ugo", "ugo")
		w.has("emanuele", "emanuele") // and it does not lead back

		// Ids that are nobody's.
		err := w.db.Read(t.Context(), w.fund.ID, func(tx *store.Tx) error {
			m, err := tx.Member("ivana")
			if err != nil {
				return err
			}
			for _, id := range []string{"", "nobody", "ivana ", "%", "none:x"} {
				if _, err := profile.Find(tx, w.fund, m, id); !access.Refused(err, "profile_closed") {
					t.Errorf("%q: %v", id, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// What could have happened: a tax code that is wrong, or that two people have, joins
// their profiles.
func TestRoles(t *testing.T) {
	each(t, func(w *world) {
		for _, c := range []struct {
			what string
			how  func(*access.Entry)
		}{
			{"another name", func(e *access.Entry) { e.Record.Surname = "Altri" }},
			{"another day of birth", func(e *access.Entry) { e.Record.Born = "1968-05-21" }},
			{"a code that others have", func(e *access.Entry) { e.Record.TaxCodeOff = true }},
			{"no code", func(e *access.Entry) { e.Record.TaxCode = "" }},
			{"who has died", func(e *access.Entry) { e.Status = "deceased" }},
			{"a quarantined row", func(e *access.Entry) { e.Held = "quarantine" }},
			{"a represented one", func(e *access.Entry) { e.Held = access.HeldRepresented }},
		} {
			w.enter(changed(widow, c.how))
			if got := w.open("sonia"); !slices.Equal(got, []string{"sonia"}) {
				t.Errorf("%s: %q", c.what, got)
			}
		}
		w.enter(widow)
		w.has("sonia", "sonia", "role widow")
	})
}

// What could have happened: a mandate goes on when its ground is gone, because it is
// written down that it is there.
func TestMandateOver(t *testing.T) {
	each(t, func(w *world) {
		w.must("ivana", "emanuele", "parent")
		w.must("ivana", "piero", "administrator")
		both := []string{"ivana", "mandate emanuele", "mandate piero"}
		w.has("ivana", both...)
		for _, c := range []struct {
			what string
			row  access.Entry
			want []string
		}{
			{"the register names nobody any more", changed(emanuele, func(e *access.Entry) { e.Held = "" }), []string{"ivana", "mandate piero"}},
			{"it names another", changed(emanuele, func(e *access.Entry) { e.Record.Representative = "LTRGUO70A01H501X" }), []string{"ivana", "mandate piero"}},
			{"his row is quarantined", changed(emanuele, func(e *access.Entry) { e.Held = "quarantine" }), []string{"ivana", "mandate piero"}},
			{"he has died", changed(emanuele, func(e *access.Entry) { e.Status = "deceased" }), []string{"ivana", "mandate piero"}},
			{"his status gives nothing", changed(emanuele, func(e *access.Entry) { e.Status = "unknown" }), []string{"ivana", "mandate piero"}},
			{"she has died", changed(ivana, func(e *access.Entry) { e.Status = "deceased" }), []string{"ivana"}},
			{"she has left", changed(ivana, func(e *access.Entry) { e.Status = "left" }), []string{"ivana"}},
			{"her tax code is somebody else's too", changed(ivana, func(e *access.Entry) { e.Record.TaxCodeOff = true }), []string{"ivana"}},
		} {
			w.enter(c.row)
			if got := w.open("ivana"); !slices.Equal(got, c.want) {
				t.Errorf("%s: %q, want %q", c.what, got, c.want)
			}
			w.enter(ivana, emanuele)
			w.has("ivana", both...)
		}

		w.write(func(tx *store.Tx) error { return tx.Freeze("ivana", "s") })
		w.has("ivana", "ivana")
		w.write(func(tx *store.Tx) error { return tx.Thaw("ivana") })
		w.has("ivana", both...)

		// The midnight of the fund, with no job and no file.
		w.now = time.Date(2032, 1, 3, 23, 59, 59, 999e6, rome)
		w.has("ivana", both...)
		w.now = time.Date(2032, 1, 4, 0, 0, 0, 0, rome)
		w.has("ivana", "ivana", "mandate piero")
		err := w.db.Read(t.Context(), w.fund.ID, func(tx *store.Tx) error {
			m, err := tx.Member("emanuele")
			if err == nil && (m.Access(w.fund, tx.Now()) != "full" || m.Represented() || m.OnFile(access.Email) == "") {
				t.Errorf("of age, and still represented: %+v", m)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// What could have happened: the office enrols whom the register contradicts, or
// without having seen anything; or twice.
func TestEnrol(t *testing.T) {
	each(t, func(w *world) {
		for _, c := range []struct{ who, whom, kind, want string }{
			{"ivana", "sonia", "parent", "mandate_register"},           // nobody acts for her
			{"ivana", "ivana", "parent", "mandate_register"},           // nor she for herself
			{"ugo", "emanuele", "parent", "mandate_register"},          // the register names another
			{"ivana", "emanuele", "administrator", "mandate_register"}, // and another kind
			{"ivana", "piero", "parent", "mandate_register"},
			{"ivana", "emanuele", "", "mandate_register"},
			{"emanuele", "piero", "administrator", "mandate_blocked"}, // a child acts for nobody
		} {
			if _, err := w.enrol(c.who, c.whom, c.kind); !access.Refused(err, c.want) {
				t.Errorf("%s for %s as %q: %v, want %s", c.who, c.whom, c.kind, err, c.want)
			}
		}
		for _, how := range []func(*access.Mandate){
			func(m *access.Mandate) { m.Proof = access.Document{} }, func(m *access.Mandate) { m.Proof.Kind = " " }, func(m *access.Mandate) { m.Proof.Number = "" },
			func(m *access.Mandate) { m.Proof.Issuer = "" }, func(m *access.Mandate) { m.By = "" }, func(m *access.Mandate) { m.Proof.Date = "soon" },
			func(m *access.Mandate) { m.Proof.Date = "2025-10-01" }, // not shown yet
		} {
			m := access.Mandate{Representative: "ivana", Member: "emanuele", Kind: "parent", Proof: shown, By: "Anna"}
			how(&m)
			err := w.db.Write(t.Context(), w.fund.ID, func(tx *store.Tx) error { _, err := profile.Enrol(tx, w.fund, m); return err })
			if !access.Refused(err, "mandate_proof") {
				t.Errorf("%+v: %v", m, err)
			}
		}
		if n := w.count("mandate", "1 = 1"); n != 0 {
			t.Fatalf("%d mandates of refusals", n)
		}

		// At once from many windows: one.
		var all sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			all.Go(func() { _, errs[i] = w.enrol("ivana", "emanuele", "parent") })
		}
		all.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if !access.Refused(err, "mandate_open") {
				t.Error(err)
			}
		}
		if n := w.count("mandate", "ended_at = 0"); done != 1 || n != 1 {
			t.Errorf("%d enrolled, %d open", done, n)
		}
		if n := w.count("event", "kind = 'mandate_begun'"); n != 2 {
			t.Errorf("%d events, want one for each of the two", n)
		}
		if n := w.count("outbox", "key = 'mandate_begun'"); n != 3 {
			t.Errorf("%d messages, want her mail and SMS, and his mail", n)
		}
		// Whom the register names nobody for, with proof: somebody may.
		if m := w.must("ugo", "matteo", "parent"); m.Until != access.OfAge("2009-11-19", rome) {
			t.Errorf("until %s", m.Until)
		}
		w.has("ugo", "ugo", "mandate matteo")

		// The proof is read back, and is not in clear.
		err := w.db.Read(t.Context(), w.fund.ID, func(tx *store.Tx) error {
			got, err := tx.MandatesFor("emanuele")
			if err == nil && (len(got) != 1 || got[0].Proof != shown || got[0].By != "Anna of the office" || got[0].Until.UnixMilli() != emanuele.Record.OfAge) {
				t.Errorf("%+v", got)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// What could have happened: two nodes tell of one birthday twice; or nobody does, for
// somebody without a contact.
func TestKeep(t *testing.T) {
	each(t, func(w *world) {
		w.must("ivana", "emanuele", "parent")
		w.must("ivana", "piero", "administrator")
		w.must("ugo", "matteo", "parent")
		keep := func() {
			t.Helper()
			var all sync.WaitGroup
			for _, db := range []*store.DB{w.db, w.node(), w.node()} {
				all.Go(func() {
					if err := profile.Keep(context.WithoutCancel(t.Context()), db, w.fund); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		}
		ended := func(why string, want int) {
			t.Helper()
			if n := w.count("mandate", "ended_why = $1", why); n != want {
				t.Errorf("%d mandates ended, %s, want %d", n, why, want)
			}
			if n := w.count("event", "kind = 'mandate_ended' AND body LIKE $1", `%"why":"`+why+`"%`); n != 2*want {
				t.Errorf("%d events, %s, want %d", n, why, 2*want)
			}
		}
		keep()
		ended("of_age", 0)
		ended("register", 0)

		// Matteo is of age: he has no contact, so the office is told instead.
		w.now = time.Date(2027, 11, 19, 0, 0, 0, 0, rome)
		keep()
		keep()
		ended("of_age", 1)
		if n := w.count("desk_case", "kind = 'representative' AND why = 'of_age' AND member = 'matteo'"); n != 1 {
			t.Errorf("%d cases", n)
		}
		if n := w.count("outbox", "key = 'of_age'"); n != 0 {
			t.Errorf("%d messages to nobody", n)
		}

		// Emanuele has one.
		w.now = time.Date(2032, 1, 4, 0, 0, 0, 0, rome)
		keep()
		ended("of_age", 2)
		if told, her := w.count("outbox", "key = 'of_age'"), w.count("outbox", "key = 'mandate_ended_age' AND member = 'ivana'"); told != 1 || her != 2 {
			t.Errorf("%d messages to him, %d to her", told, her)
		}

		// The register says that nobody acts for Piero any more.
		w.enter(changed(piero, func(e *access.Entry) { e.Held, e.Record.Representative = "", "" }))
		keep()
		keep()
		ended("register", 1)
		if n := w.count("mandate", "ended_at = 0"); n != 0 {
			t.Errorf("%d mandates open", n)
		}
	})
}

// What could have happened: the office never hears that somebody waits for it, or
// hears of it with every file.
func TestNamed(t *testing.T) {
	each(t, func(w *world) {
		keep := func() {
			t.Helper()
			if err := profile.Keep(t.Context(), w.db, w.fund); err != nil {
				t.Fatal(err)
			}
		}
		cases := func(who string, want int) {
			t.Helper()
			if n := w.count("desk_case", "kind = 'representative' AND why = 'to_enrol' AND ended_at = 0 AND member = $1", who); n != want {
				t.Errorf("%s: %d cases, want %d", who, n, want)
			}
		}
		keep()
		cases("emanuele", 1)
		cases("piero", 1)
		cases("matteo", 0) // nobody is named
		w.must("ivana", "emanuele", "parent")
		cases("emanuele", 0)
		w.enter(ivana)
		keep()
		keep()
		cases("emanuele", 0)
		cases("piero", 1)
		// Who is named has no row.
		w.enter(changed(matteo, func(e *access.Entry) { e.Record.Representative = "NNNNNN70A01H501X" }))
		keep()
		cases("matteo", 0)
	})
}

// What could have happened: of two ends of one mandate both are told.
func TestEndOnce(t *testing.T) {
	each(t, func(w *world) {
		m := w.must("ivana", "piero", "administrator")
		var all sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			all.Go(func() {
				errs[i] = w.db.Write(context.WithoutCancel(t.Context()), w.fund.ID, func(tx *store.Tx) error { return profile.End(tx, w.fund, m, "office") })
			})
		}
		all.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if !errors.Is(err, store.ErrNone) {
				t.Error(err)
			}
		}
		if n := w.count("event", "kind = $1", audit.KindMandateEnded); done != 1 || n != 2 {
			t.Errorf("ended %d times, %d events", done, n)
		}
		w.has("ivana", "ivana")
	})
}
