package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"aditus/internal/access"
	"aditus/internal/identifier"
	"aditus/internal/keys"
	"aditus/internal/password"
	"aditus/internal/registry"
	"aditus/internal/session"
	"aditus/internal/store"
)

// secret is everybody's password.
const secret = "ciliegia-Lampada-47-nuvola"

// A person of the bench has an active channel, a device on which a code was
// answered, and is signed in.
type person struct {
	ID      string // the member's
	TaxCode string
	Email   string
	Session string // its ID
	Token   string // its cookie
	Device  string // the device's cookie
}

// columns are the register's, as the fund's file names them.
const columns = "NUM_ISCRIZIONE;CODICE_FISCALE;COGNOME;NOME;SESSO;DATA_NASCITA;COMUNE_NASCITA;PROV_NASCITA;COD_CATASTALE;INDIRIZZO;CAP;COMUNE;PROV;NAZIONE;EMAIL;CELLULARE;TELEFONO;DATA_ADESIONE;TIPO_ADESIONE;STATO;COD_AZIENDA;RAGIONE_SOCIALE;COMPARTO;INVIO_COMUNICAZIONI;CF_RAPPRESENTANTE;DATA_DECESSO;DATA_AGGIORNAMENTO"

// register writes a register of n different people, without a fault, in
// Windows-1252 as the fund's file says. Everybody has a contact of their own.
func register(n int) ([]byte, error) {
	surnames := []struct{ written, folded string }{
		{"Valdesini", "VLD"}, {"Cantori", "CNT"}, {"Fabbronati", "FBB"}, {"Tassallo", "TSS"}, {"Delelletti", "DLL"}, {"D'Oltremare", "DLT"},
		{"Lo Prestano", "LPR"}, {"Scir\xe8", "SCR"}}
	names := []struct{ written, folded string }{
		{"Daniele", "DNL"}, {"Pietro", "PTR"}, {"Tommaso", "TMS"}, {"Federico", "FRC"}, {"Raffaele", "RFL"}, {"Nicol\xf2", "NCL"}, {"Ugo", "GUO"}}
	var out bytes.Buffer
	out.WriteString(columns + "\r\n")
	for i := range n {
		surname, name := surnames[i%len(surnames)], names[i%len(names)]
		// Each counter has its own place in the code, so that no two are the same.
		day, month, year := 1+i%28, 1+i/28%12, 1945+i/336%55
		place := fmt.Sprintf("%c%03d", 'A'+i/18480%13, 1+i%997)
		code, err := checked(fmt.Sprintf("%s%s%02d%c%02d%s", surname.folded, name.folded, year%100, "ABCDEHLMPRST"[month-1], day, place))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%08d;%s;%s;%s;M;%02d/%02d/%d;SASSUOLO;MO;%s;Via San Fittizio, %d;41049;Sassuolo;MO;IT;membro.%d@example.org;300%07d;;"+
			"19/07/2015;ESPLICITA;ATTIVO;A1003;Smalteria Esempio & Figli S.r.l.;BILANCIATO;MAIL;;;29/05/2024\r\n",
			1_000_000+i, code, surname.written, name.written, day, month, year, place, 1+i%200, i, i)
	}
	return out.Bytes(), nil
}

// checked puts the check letter behind the fifteen others of a tax code.
func checked(code string) (string, error) {
	for c := 'A'; c <= 'Z'; c++ {
		if whole, err := identifier.TaxCode(code + string(c)); err == nil {
			return whole, nil
		}
	}
	return "", fmt.Errorf("no check letter makes a tax code of %s", code)
}

// populate brings n people into an empty database.
func (b *bench) populate(ctx context.Context, db *store.DB, n int) ([]person, error) {
	file, err := register(n)
	if err != nil {
		return nil, err
	}
	s, err := registry.Apply(ctx, db, b.fund, bytes.NewReader(file), int64(len(file)), registry.Options{Name: "bench.csv"})
	if err != nil {
		return nil, err
	}
	if s.New != n || s.Totals[registry.Accept] != n {
		return nil, fmt.Errorf("of %d people %d are new, %v", n, s.New, s.Totals)
	}
	ring, err := keys.Load(b.keys)
	if err != nil {
		return nil, err
	}
	hash, err := password.NewHasher(password.Default, 1, 0, 0, ring.Pepper()).Hash(ctx, secret)
	if err != nil {
		return nil, err
	}
	people := make([]person, n)
	for i := range people {
		p := person{Token: access.NewSecret(), Device: access.NewSecret()}
		p.Session = session.ID(p.Token)
		err := db.Write(ctx, b.fund.ID, func(tx *store.Tx) error {
			m, err := tx.MemberByNumber(fmt.Sprintf("%08d", 1_000_000+i))
			if err != nil {
				return err
			}
			p.ID, p.TaxCode, p.Email = m.ID, m.Main().Record.TaxCode, m.OnFile(access.Email)
			if err := tx.SetPassword(access.Credential{Member: m.ID, Hash: hash, Source: "registry"}); err != nil {
				return err
			}
			// Proved long ago, so that nothing is held for a contact that changed.
			if err := tx.UseChannel(access.Channel{ID: access.NewID(tx.Now()), Member: m.ID, Kind: access.Email, Address: p.Email,
				Source: "registry", OnFile: tx.Now().AddDate(0, -1, 0)}); err != nil {
				return err
			}
			if err := tx.Enrol(access.Enrolment{Member: m.ID, Level: access.LevelAct}); err != nil {
				return err
			}
			if err := tx.UseDevice(access.Device{ID: session.ID(p.Device), Member: m.ID, Agent: "Firefox, Linux", Proved: tx.Now()}); err != nil {
				return err
			}
			return tx.AddSession(access.Session{ID: p.Session, Member: m.ID, Level: access.LevelAct, Method: "password+email", Lang: "it",
				Device: session.ID(p.Device), Agent: "Firefox, Linux", ProvedAt: tx.Now(), EndsAt: tx.Now().Add(b.fund.Session.Absolute)})
		})
		if err != nil {
			return nil, fmt.Errorf("person %d: %w", i, err)
		}
		people[i] = p
	}
	return people, db.Analyze(ctx)
}

// draft writes a draft for each of the people named, in one transaction, and
// returns the drafts' IDs.
func (b *bench) draft(ctx context.Context, db *store.DB, people []person, whose []int) (ids []string, err error) {
	err = db.Write(ctx, b.fund.ID, func(tx *store.Tx) error {
		ids = ids[:0]
		for _, i := range whose {
			o := access.Operation{ID: access.NewID(tx.Now()), Fund: b.fund.ID, Member: people[i].ID, Session: people[i].Session, Act: "residence",
				Values: access.Values{"street": "Via San Fittizio, 12", "postcode": "41049", "city": "Sassuolo", "province": "MO", "country": "IT",
					"from_date": tx.Now().Format(time.DateOnly)},
				State: access.OperationDraft, Number: rand.Text()[:12], Lang: "it", DraftedAt: tx.Now(), ChangedAt: tx.Now()}
			if err := tx.AddOperation(o); err != nil {
				return err
			}
			ids = append(ids, o.ID)
		}
		return nil
	})
	return ids, err
}
