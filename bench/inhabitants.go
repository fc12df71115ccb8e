package main

import (
	"context"
	"errors"
	"fmt"

	"aditus/internal/access"
	"aditus/internal/identifier"
	"aditus/internal/store"
)

// An inhabitant is one person of a town's fund: what the register has of them, and
// what they type. All of it is made of a number, so nothing need be remembered.
type inhabitant struct {
	ID     string
	AHV    string
	Born   string
	Letter string // the activation code
	Login  string // matricola, in the fund with halves
	Email  string
	Mobile string
}

// living is the inhabitant of a number below ten million.
func living(i int) inhabitant {
	return inhabitant{ID: fmt.Sprintf("m%08d", i), AHV: ahv(i), Born: fmt.Sprintf("%d-%02d-%02d", 1945+i%55, 1+i%12, 1+i%28), Letter: letter(i),
		Login: fmt.Sprintf("%d", 1_000_000+i), Email: fmt.Sprintf("person.%d@example.org", i), Mobile: fmt.Sprintf("+39300%07d", i)}
}

// ahv is the AHV number of a number: 756, nine digits and the check digit of EAN-13.
func ahv(i int) string {
	s := fmt.Sprintf("756%09d", i)
	sum := 0
	for k := range s {
		d := int(s[k] - '0')
		if k%2 == 1 {
			d *= 3
		}
		sum += d
	}
	return fmt.Sprintf("%s%d", s, (10-sum%10)%10)
}

// letter is an activation code: the number in letters, in an order in which
// neighbours are far apart, as codes by chance are.
func letter(i int) string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	v := uint64(i)*0x9E3779B97F4A7C15 + 0x5851F42D4C957F2D
	b := make([]byte, identifier.ActivationLength)
	for k := range b {
		b[k] = alphabet[v&31]
		if v >>= 5; k == 5 {
			v = uint64(i) + 1<<40
		}
	}
	return string(b)
}

// stagedAtOnce is how many entries are staged in one transaction: more than by an
// import, as nobody else writes, and so each page of the indexes of keyed hashes is
// written less often.
const stagedAtOnce = 10_000

// settleIn brings n people into a fund's register, in the way an import does once
// it has judged its rows.
func settleIn(ctx context.Context, db *store.DB, f *access.Fund, n int) error {
	var im store.Import
	err := db.Write(ctx, f.ID, func(tx *store.Tx) (err error) {
		im, err = tx.BeginImport("people", "0")
		return err
	})
	if err != nil {
		return err
	}
	_, letters := f.Flow("enrol")
	for at := 0; at < n; at += stagedAtOnce {
		err := db.Write(ctx, f.ID, func(tx *store.Tx) error {
			for i := at; i < min(at+stagedAtOnce, n); i++ {
				p := living(i)
				e := access.Entry{ID: "e" + p.ID, Member: p.ID, Number: p.Login, Login: p.Login, Status: "active", Version: im.Version, Digest: "0",
					Record: access.Record{Surname: "Valdesini", Name: "Daniele", Born: p.Born, Language: "it", Street: "Via San Fittizio, 12", Postcode: "41049",
						Town: "Sassuolo", Country: "IT", Email: p.Email, Mobile: p.Mobile, MobileReliable: true, MobileSource: "sms", Joined: "2015-07-19"}}
				if letters {
					e.Number, e.Login, e.Record.AHV, e.Record.Plan = tx.LoginIndex(p.AHV), p.AHV, p.AHV, "flex"
				}
				if err := tx.AddEntry(e); err != nil {
					return err
				}
				if letters {
					day := tx.Now().AddDate(0, -1, 0).Format("2006-01-02")
					if err := tx.AddActivationCode(e.ID, tx.ActivationIndex(p.Letter), day, im.Version); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("people from %d on: %w", at, err)
		}
	}
	err = db.Write(ctx, f.ID, func(tx *store.Tx) error { return tx.PublishImport(im) })
	return errors.Join(err, db.Analyze(ctx))
}
