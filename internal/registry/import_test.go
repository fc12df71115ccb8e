package registry

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/identifier"
	"aditus/internal/keys"
	"aditus/internal/store"
)

// apply imports a file for a fund, and tells what became of it.
func apply(t *testing.T, db *store.DB, f *access.Fund, file []byte, dry bool) (Summary, []Result) {
	t.Helper()
	var all []Result
	s, err := Apply(t.Context(), db, f, bytes.NewReader(file), int64(len(file)),
		Options{Name: "register.csv", DryRun: dry, Each: func(r Result) error { all = append(all, r); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return s, all
}

// in reads the fund's register.
func in(t *testing.T, db *store.DB, f *access.Fund, look func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Read(t.Context(), f.ID, look); err != nil {
		t.Fatal(err)
	}
}

// activation is what a printed code is found as: its state and the person.
func activation(t *testing.T, db *store.DB, f *access.Fund, printed string) (s string) {
	t.Helper()
	code, err := identifier.ActivationCode(printed)
	if err != nil {
		t.Fatal(err)
	}
	in(t, db, f, func(tx *store.Tx) error {
		c, err := tx.ActivationCode(tx.ActivationIndex(code))
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		e, err := tx.Entry(c.Entry)
		s = c.State + " " + e.Record.Name + " " + e.Record.Plan + " " + c.Issued
		return err
	})
	return s
}

// The whole of both sample registers, twice: the second time nothing changes.
// One member for each user name there, and one for each AHV number here.
func TestWholeFiles(t *testing.T) {
	for id, want := range map[string]struct{ entries, members, two int }{
		// 2 of 5,000 refused. A person with two roles has two user names (C-21).
		"meridiana": {4998, 4998, 0},
		// A person in both plans is one (S-24), of those whose rows both can be used.
		"alpina": {3000, 2840, 160},
	} {
		dbtest.Each(t, func(t *testing.T, db *store.DB) {
			f, file := fundOf(t, id), read(t, id+".csv")
			dry, _ := apply(t, db, f, file, true)
			if dry.New != want.entries || dry.Version != 0 {
				t.Errorf("%s: would be %+v", id, dry)
			}
			first, _ := apply(t, db, f, file, false)
			if first.New != want.entries || first.Changed+first.Same+first.Gone != 0 {
				t.Errorf("%s: %+v", id, first)
			}
			for _, again := range []bool{true, false} {
				if s, _ := apply(t, db, f, file, again); s.Same != want.entries || s.New+s.Changed+s.Gone != 0 || s.Version != first.Version {
					t.Errorf("%s again: %+v", id, s)
				}
			}
			members, two := map[string]int{}, 0
			in(t, db, f, func(tx *store.Tx) error {
				return tx.EntryKeys(func(k store.EntryKey) error {
					if members[k.Member]++; members[k.Member] == 2 {
						two++
					}
					return nil
				})
			})
			if len(members) != want.members || two != want.two {
				t.Errorf("%s: %d members, %d with two entries", id, len(members), two)
			}
		})
	}
}

// A person with two roles is found twice by the tax code, and by each user name
// once (C-21); a wrong code finds nobody.
func TestTwoRoles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		f := fundOf(t, "meridiana")
		apply(t, db, f, read(t, "meridiana.csv"), false)
		in(t, db, f, func(tx *store.Tx) error {
			for code, want := range map[string]string{"QRTSNO68E60C175U": "905997 S90380101", "GZCSMN73M08H314T": "902464", "VGNSMN41L01H294A": ""} {
				ms, err := tx.MembersByTaxCode(code)
				if err != nil {
					return err
				}
				var names []string
				for _, m := range ms {
					names = append(names, m.Main().Login)
				}
				if strings.Join(names, " ") != want {
					t.Errorf("%s is %v, want %s", code, names, want)
				}
			}
			for _, login := range []string{"905997", "S90380101"} {
				if ms, err := tx.MembersByLogin(login); err != nil || len(ms) != 1 || ms[0].Main().Number != login {
					t.Errorf("%s: %v, %v", login, ms, err)
				}
			}
			return nil
		})
	})
}

const alpinaHeader = "AHV-Nr;Name;Vorname;Geburtsdatum;Geschlecht;Zivilstand;Sprache;Strasse;PLZ;Ort;Kanton;Land;E-Mail;Mobile;Vertrag;Arbeitgeber;Plan;Status;Eintritt;Austritt;Anlagestrategie;Leistungsausweis vom;Aktivierungscode\n"

// insured is a row of a register of AHV numbers.
func insured(ahv, name, born, plan, issued, code string) string {
	return fmt.Sprintf("%s;Muster;%s;%s;m;ledig;de;Beispielweg 1;8001;Zürich;ZH;CH;;;40014;Muster AG;%s;aktiv;02.01.2020;;risikoarm;%s;%s\n", ahv, name, born, plan, issued, code)
}

const (
	beat  = "756.0000.2572.91"
	fiona = "756.0000.5223.68"
)

// A newer statement ends the older code of the same contract, and no other.
func TestStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		f := fundOf(t, "alpina")
		bring := func(rows ...string) { apply(t, db, f, []byte(alpinaHeader+strings.Join(rows, "")), false) }
		is := func(printed, want string) {
			t.Helper()
			if got := activation(t, db, f, printed); got != want {
				t.Errorf("%s is %q, want %q", printed, got, want)
			}
		}
		f2024 := insured(fiona, "Fiona", "04.04.1965", "Flex", "01.02.2024", "DNA5-4AGK-LYVJ")
		bring(
			insured(beat, "Beat", "05.08.1986", "Flex", "01.02.2024", "TL94-QNN5-TD47"),
			insured(beat, "Beat", "05.08.1986", "1e", "01.02.2024", "HWB6-XNC5-H6H4"),
			f2024)
		is("tl94 qnn5 td47", "open Beat flex 2024-02-01")
		is("HWB6-XNC5-H6H4", "open Beat 1e 2024-02-01")

		bring(
			insured(beat, "Beat", "05.08.1986", "Flex", "01.02.2025", "DRP8-LA9V-VX9K"),
			insured(beat, "Beat", "05.08.1986", "1e", "", "8TXY-RVT2-VMVA"), // not sent yet
			f2024)
		is("TL94-QNN5-TD47", "replaced Beat flex 2024-02-01")
		is("DRP8-LA9V-VX9K", "open Beat flex 2025-02-01")
		is("HWB6-XNC5-H6H4", "open Beat 1e 2024-02-01")
		is("8TXY-RVT2-VMVA", "")
		is("DNA5-4AGK-LYVJ", "open Fiona flex 2024-02-01")

		// Somebody else's letter has the code too: it opens neither, and what stood
		// before is not good again.
		bring(
			insured(beat, "Beat", "05.08.1986", "Flex", "01.03.2025", "KKKK-KKKK-KKKK"),
			insured(beat, "Beat", "05.08.1986", "1e", "01.03.2025", "8TXY-RVT2-VMVA"),
			insured(fiona, "Fiona", "04.04.1965", "Flex", "01.03.2025", "kkkk kkkk kkkk"))
		is("KKKK-KKKK-KKKK", "")
		is("DRP8-LA9V-VX9K", "replaced Beat flex 2025-02-01")
		is("DNA5-4AGK-LYVJ", "replaced Fiona flex 2024-02-01")
		is("8TXY-RVT2-VMVA", "open Beat 1e 2025-03-01")
	})
}

// The pair of the sample register that has one code has none.
func TestReprint(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		f := fundOf(t, "alpina")
		apply(t, db, f, read(t, "alpina.csv"), false)
		if got := activation(t, db, f, "7CGC-WX53-3289"); got != "" {
			t.Errorf("a code on two rows is %s", got)
		}
		if got := activation(t, db, f, "TL94-QNN5-TD47"); got != "open Beat flex 2025-02-01" {
			t.Errorf("a sound code is %q", got)
		}
	})
}

// What could have happened: an AHV number is typed wrongly by the office, is
// another insured's, and with it goes the account.
func TestAHVOfAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		f := fundOf(t, "alpina")
		bring := func(rows ...string) []Result {
			_, got := apply(t, db, f, []byte(alpinaHeader+strings.Join(rows, "")), false)
			return got
		}
		is := func(want string) {
			t.Helper()
			in(t, db, f, func(tx *store.Tx) error {
				ms, err := tx.MembersByLogin("7560000257291")
				var names []string
				for _, m := range ms {
					if e := m.Main(); e.Held == "" {
						names = append(names, e.Record.Name)
					}
				}
				if len(names) != 1 || names[0] != want {
					t.Errorf("the number is %v, want %s", names, want)
				}
				return err
			})
		}
		bring(insured(beat, "Beat", "05.08.1986", "Flex", "", ""))
		got := bring(insured(beat, "Fiona", "04.04.1965", "Flex", "", ""))
		if got[0].Outcome != Quarantine || got[0].Issues[0] != issueIdentityChanged {
			t.Errorf("another person with the number: %+v", got[0])
		}
		is("Beat")
		got = bring(insured(beat, "Fiona", "04.04.1965", "1e", "", ""))
		if got[0].Outcome != Quarantine || got[0].Issues[0] != issueLoginTaken {
			t.Errorf("another person with the number, in another plan: %+v", got[0])
		}
		is("Beat")
		// Names change, and days of birth are corrected.
		if got := bring(insured(beat, "Beat Maria", "05.08.1986", "Flex", "", "")); got[0].Outcome != Accept {
			t.Errorf("a new name: %+v", got[0])
		}
		is("Beat Maria")
		if got := bring(insured(beat, "Beat Maria", "05.08.1968", "Flex", "", "")); got[0].Outcome != Accept {
			t.Errorf("another day of birth: %+v", got[0])
		}
	})
}

// What could have happened: the database, or a copy of it, tells AHV numbers and
// codes that open accounts (I11).
func TestRegisterNotInClear(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			where := dbtest.New(t, engine)
			db := dbtest.Open(t, where, store.Options{Keys: keys.New(nil)})
			apply(t, db, fundOf(t, "alpina"), read(t, "alpina.csv"), false)
			raw := dbtest.Raw(t, where)
			for _, q := range []string{
				`SELECT number || ' ' || login || ' ' || coalesce(tax_code, '') || ' ' || digest || ' ' || held FROM entry`,
				`SELECT hash || ' ' || issued_on FROM activation_code`, // not the entry: its id is random letters, and may spell a part of a code
				`SELECT body FROM event`,
			} {
				rows, err := raw.Query(q)
				if err != nil {
					t.Fatal(err)
				}
				n := 0
				for rows.Next() {
					var text string
					if err := rows.Scan(&text); err != nil {
						t.Fatal(err)
					}
					n++
					for _, secret := range []string{"756.", "7560000", "TL94", "QNN5", "Bühlacher"} {
						if strings.Contains(text, secret) {
							t.Fatalf("%s: %q", q, text)
						}
					}
				}
				if err := errors.Join(rows.Err(), rows.Close()); err != nil || n == 0 {
					t.Fatalf("%s: %d rows, %v", q, n, err)
				}
			}
		})
	}
}
