package registry

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/policy"
	"aditus/internal/store"
)

const auroraHeader = "NUM_ISCRIZIONE;CODICE_FISCALE;COGNOME;NOME;SESSO;DATA_NASCITA;COMUNE_NASCITA;PROV_NASCITA;COD_CATASTALE;INDIRIZZO;CAP;COMUNE;PROV;NAZIONE;EMAIL;CELLULARE;TELEFONO;DATA_ADESIONE;TIPO_ADESIONE;STATO;COD_AZIENDA;RAGIONE_SOCIALE;COMPARTO;INVIO_COMUNICAZIONI;CF_RAPPRESENTANTE;DATA_DECESSO;DATA_AGGIORNAMENTO\r\n"

// Two people whose tax codes agree with the rest of their rows.
const (
	noeCode   = "MRNNOE61L16B893Z"
	brunoCode = "MRZBRN55P12I191U"
	noeRest   = "Moranelli;Noè;M;16/07/1961;CASALGRANDE;RE;B893;Via dell'Olmo, 11;01033;Civita Castellana;VT;IT;noe@example.com;;;05/01/2024;ESPLICITA;ATTIVO;A1003;Smalteria Esempio & Figli S.r.l.;BILANCIATO;MAIL;;;27/09/2024\r\n"
	brunoRest = "Marzardi;Bruno;M;12/09/1955;SANT'AGATA BOLOGNESE;BO;I191;Viale dei Platani, 9;41058;Vignola;MO;IT;bruno@example.org;3001980390;;28/02/2008;ESPLICITA;RENDITA;A1001;Gres Esempio del Secchia S.p.A.;BILANCIATO;MAIL;;;11/06/2019\r\n"
)

type office struct {
	t    *testing.T
	db   *store.DB
	fund *access.Fund
}

func newOffice(t *testing.T, db *store.DB) *office {
	t.Helper()
	data, err := funds.Files.ReadFile("aurora.toml")
	if err != nil {
		t.Fatal(err)
	}
	f, err := policy.Parse("aurora.toml", data)
	if err != nil {
		t.Fatal(err)
	}
	return &office{t, db, f}
}

// bring imports rows, and returns what became of each.
func (o *office) bring(rows ...string) []Result {
	o.t.Helper()
	text, err := charmap.Windows1252.NewEncoder().String(auroraHeader + strings.Join(rows, ""))
	if err != nil {
		o.t.Fatal(err)
	}
	var all []Result
	_, err = Apply(o.t.Context(), o.db, o.fund, bytes.NewReader([]byte(text)), int64(len(text)),
		Options{Name: "prova.csv", Each: func(r Result) error { all = append(all, r); return nil }})
	if err != nil {
		o.t.Fatal(err)
	}
	return all
}

func (o *office) read(f func(tx *store.Tx) error) {
	o.t.Helper()
	if err := o.db.Read(context.Background(), o.fund.ID, f); err != nil {
		o.t.Fatal(err)
	}
}

// person is who a login belongs to: the names in their rows.
func (o *office) person(login string) (names []string) {
	o.t.Helper()
	o.read(func(tx *store.Tx) error {
		all, err := tx.MembersByLogin(login)
		for _, m := range all {
			for _, e := range m.Entries {
				if e.Held == "" {
					names = append(names, e.Record.Name)
				}
			}
		}
		return err
	})
	return names
}

func (o *office) want(login string, names ...string) {
	o.t.Helper()
	if got := o.person(login); strings.Join(got, " ") != strings.Join(names, " ") {
		o.t.Errorf("%s is %v, want %v", login, got, names)
	}
}

// What could have happened: the office gives a membership number to somebody
// else, and with it goes the account of whoever had it.
func TestNumberGivenToAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		o.bring("00900777;" + noeCode + ";" + noeRest)
		got := o.bring("00900777;" + brunoCode + ";" + brunoRest)
		if got[0].Outcome != Quarantine || got[0].Issues[len(got[0].Issues)-1] != issueIdentityChanged {
			t.Errorf("%+v", got[0])
		}
		o.want(noeCode, "Noè")
		o.want(brunoCode)
	})
}

// What could have happened: a row with another person's tax code makes that
// person sign in as the first, once they are in the register.
func TestLoginOfAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		o.bring("00900777;" + brunoCode + ";" + noeRest) // wrong code, a warning
		got := o.bring("00900778;" + brunoCode + ";" + brunoRest)
		if got[0].Outcome != Quarantine || got[0].Issues[len(got[0].Issues)-1] != issueLoginTaken {
			t.Errorf("%+v", got[0])
		}
		o.want(brunoCode, "Noè")

		// The office mends the first row, in whatever order the file has them: each is
		// who they are.
		o.bring("00900778;"+brunoCode+";"+brunoRest, "00900777;"+noeCode+";"+noeRest)
		o.want(noeCode, "Noè")
		o.want(brunoCode, "Bruno")
	})
}

// A second row of the same person belongs to the same login; one that is damaged
// hides nobody, and when it is mended it is theirs.
func TestSecondRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		good := "00900778;" + brunoCode + ";" + brunoRest
		o.bring(good)
		o.bring(good, "00900700;"+brunoCode+";"+strings.Replace(brunoRest, "12/09/1955", "", 1))
		o.want(brunoCode, "Bruno")
		o.bring(good, "00900700;"+brunoCode+";"+brunoRest)
		o.want(brunoCode, "Bruno", "Bruno")
		o.read(func(tx *store.Tx) error {
			all, err := tx.MembersByLogin(brunoCode)
			if len(all) != 1 {
				t.Errorf("%d people with one login", len(all))
			}
			return err
		})
	})
}

// A damaged row does not take the place of a good one that is published.
func TestDamagedRowKeepsTheGoodOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		o.bring("00900778;" + brunoCode + ";" + brunoRest)
		got := o.bring("00900778;" + brunoCode[:15] + "X;" + brunoRest)
		if got[0].Outcome != Quarantine {
			t.Errorf("%+v", got[0])
		}
		o.want(brunoCode, "Bruno")
	})
}

// Two imports one after the other need not wait for each other's lease.
func TestLeaseIsGivenBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		o.bring("00900778;" + brunoCode + ";" + brunoRest)
		o.bring("00900778;"+brunoCode+";"+brunoRest, "00900777;"+noeCode+";"+noeRest)
		o.want(noeCode, "Noè")
	})
}

// What could have happened: an older export puts an old address back on file, and
// nobody notices that the person has proved a newer one since (I-2).
func TestContactProved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		row := func(email string) string {
			return "00900778;" + brunoCode + ";" + strings.Replace(brunoRest, "bruno@example.org", email, 1)
		}
		told := func(what string, got []Result, outcome Outcome, issues string) {
			t.Helper()
			if got[0].Outcome != outcome || strings.Join(got[0].Issues, " ") != issues {
				t.Errorf("%s: %s %v, want %s %s", what, got[0].Outcome, got[0].Issues, outcome, issues)
			}
		}
		o.bring(row("bruno@example.org"))
		told("nothing proved", o.bring(row("nuovo@example.org")), Accept, "")
		var member string
		o.read(func(tx *store.Tx) error {
			all, err := tx.MembersByLogin(brunoCode)
			member = all[0].ID
			return err
		})
		err := db.Write(t.Context(), o.fund.ID, func(tx *store.Tx) error {
			return tx.UseChannel(access.Channel{ID: "c1", Member: member, Kind: access.Email, Address: "nuovo@example.org"})
		})
		if err != nil {
			t.Fatal(err)
		}
		told("an older export", o.bring(row("bruno@example.org")), Warn, "CONTACT_PROVED")
		told("the same again", o.bring(row("bruno@example.org")), Accept, "")
		told("the proved one", o.bring(row("nuovo@example.org")), Accept, "")
		told("another mobile", o.bring(strings.Replace(row("nuovo@example.org"), "3001980390", "3001980391", 1)), Accept, "")
		o.read(func(tx *store.Tx) error {
			c, err := tx.Channel(member)
			if c.Address != "nuovo@example.org" {
				t.Errorf("the channel is %q", c.Address)
			}
			return err
		})
	})
}

// What could have happened: the number of somebody for whom another acts is given to
// somebody else, and the mandate, made for the first, opens the second's position.
func TestRepresentedToAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		represented := func(rest string) string { return strings.Replace(rest, "MAIL;;;", "MAIL;RSSMRA80A01H501U;;", 1) }
		o.bring("00900777;" + noeCode + ";" + represented(noeRest))
		o.want(noeCode)
		for _, rest := range []string{brunoRest, represented(brunoRest)} {
			got := o.bring("00900777;" + brunoCode + ";" + rest)
			if got[0].Outcome != Quarantine || got[0].Issues[len(got[0].Issues)-1] != issueIdentityChanged {
				t.Errorf("%+v", got[0])
			}
			o.want(brunoCode)
		}
		// The same person, for whom nobody acts any more, comes in.
		o.bring("00900777;" + noeCode + ";" + noeRest)
		o.want(noeCode, "Noè")
	})
}

// A child comes in from the 18th birthday on, in the fund's zone, whether or not
// another file has come; with a representative of another kind, or of none that the
// register tells, nobody can know.
func TestOfAgeWithoutAFile(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			now := time.Date(2025, 9, 30, 10, 0, 0, 0, time.UTC)
			db := dbtest.Open(t, dbtest.New(t, engine), store.Options{Now: func() time.Time { return now }})
			f := fundOf(t, "meridiana")
			head, father, row := "", "", ""
			for line := range strings.SplitSeq(string(read(t, "meridiana-clean-25.csv")), "\n") {
				if head == "" {
					head = line
				}
				switch name, _, _ := strings.Cut(line, ","); name {
				case "900049":
					father = line
				case "S90004902":
					row = line
				}
			}
			rows := []string{head, father, row,
				strings.NewReplacer("S90004902", "S90004903", "RNDMNL14A04E098O", "", "GENITORE", "AMMINISTRATORE_SOSTEGNO").Replace(row),
				strings.NewReplacer("S90004902", "S90004904", "RNDMNL14A04E098O", "", "GENITORE", "", "SRDVNI77E57D921K", "").Replace(row), ""}
			apply(t, db, f, []byte(strings.Join(rows, "\n")), false)
			held := func(want ...string) {
				t.Helper()
				in(t, db, f, func(tx *store.Tx) error {
					for i, name := range []string{"S90004902", "S90004903", "S90004904"} {
						ms, err := tx.MembersByLogin(name)
						if err != nil || len(ms) != 1 {
							t.Fatalf("%s: %d people, %v", name, len(ms), err)
						}
						if got := ms[0].Entries[0].Held; got != want[i] {
							t.Errorf("%s at %s: held %q, want %q", name, now, got, want[i])
						}
					}
					return nil
				})
			}
			held("represented", "represented", "represented")
			now = time.Date(2032, 1, 3, 22, 59, 59, 999e6, time.UTC)
			held("represented", "represented", "represented")
			now = time.Date(2032, 1, 3, 23, 0, 0, 0, time.UTC)
			held("", "represented", "")
		})
	}
}
