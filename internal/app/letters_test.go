package app_test

import (
	"fmt"
	"hash/crc32"
	"net/http/httptest"
	"regexp"
	"strings"

	"aditus/internal/access"
	"aditus/internal/store"
	"aditus/internal/work"
)

// A letter is one row of the register of a fund whose people make their access
// themselves, with the codes of its statements.
type letter struct {
	ahv    string
	status string   // "active" if empty
	held   string   //
	codes  []string // of its statements, the oldest first
	issued string   // of the newest; 2025-02-01 if empty
}

// born is the birth date of everybody there.
const born = "21.3.1982"

// ahvs are numbers with a right check digit.
func ahv(n int) string {
	digits := fmt.Sprintf("756%09d", n)
	sum := 0
	for i, c := range digits {
		sum += int(c-'0') * (1 + i%2*2)
	}
	return digits + fmt.Sprint((10-sum%10)%10)
}

// row is the row's, and with an L before it the person's: made of the number, and
// not telling it.
func (l letter) row() string { return fmt.Sprintf("e%08x", crc32.ChecksumIEEE([]byte(l.ahv))) }

// letters brings them in, as an import would.
func (s *site) letters(all ...letter) {
	s.t.Helper()
	err := s.app.DB.Write(s.t.Context(), s.fund.ID, func(tx *store.Tx) error {
		im, err := tx.BeginImport("letters.csv", "0")
		if err != nil {
			return err
		}
		for _, l := range all {
			status := l.status
			if status == "" {
				status = "active"
			}
			if err := tx.AddEntry(access.Entry{ID: l.row(), Member: "L" + l.row(), Number: l.row(), Login: l.ahv, Status: status, Held: l.held, Version: im.Version, Digest: "0",
				Record: access.Record{Name: "Nome", Surname: "Cognome", AHV: l.ahv, Born: "1982-03-21", Plan: "flex", Left: "2024-03-15"}}); err != nil {
				return err
			}
			for i, code := range l.codes {
				issued := l.issued
				if issued == "" {
					issued = "2025-02-01"
				}
				if i < len(l.codes)-1 {
					issued = fmt.Sprintf("2024-0%d-01", i+1)
				}
				if err := tx.AddActivationCode(l.row(), tx.ActivationIndex(code), issued, im.Version); err != nil {
					return err
				}
			}
		}
		return tx.PublishImport(im)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// enrols walks the whole way, to an SMS, and leaves the browser signed in.
func (b *browser) enrols(l letter, address, password, number string) {
	b.s.t.Helper()
	b.keyed(l, address, password)
	b.must(b.post("/otp", "otp", b.s.code(address)), "/enrol/factor")
	b.must(b.post("/enrol/factor", "factor", "sms", "number", number), "/otp")
	b.must(b.post("/otp", "otp", b.s.sms(number)), "/security/codes")
}

// keyed walks to the page of the mailbox's code.
func (b *browser) keyed(l letter, address, password string) {
	b.s.t.Helper()
	b.must(b.post("/enrol/letter", "ahv", l.ahv, "birth_date", born, "activation_code", l.codes[len(l.codes)-1]), "/enrol/terms")
	b.must(b.post("/enrol/terms", "terms", "yes"), "/enrol/name")
	b.must(b.post("/enrol/name", "username", address), "/password/new")
	b.must(b.post("/password/new", "password", password), "/otp")
}

// must holds an answer to the place it leads to.
func (b *browser) must(w *httptest.ResponseRecorder, to string) {
	b.s.t.Helper()
	if got := w.Header().Get("Location"); got != to {
		b.s.t.Fatalf("%s comes to %s, want %s:\n%s", b.name, said(w), to, w.Body)
	}
}

// smsCode is how a code stands at the end of an SMS.
var smsCode = regexp.MustCompile(`#(\d{6}|\d{8})$`)

// sms is the newest code on a telephone, "" if there is none.
func (s *site) sms(to string) string {
	s.work()
	for _, m := range s.post.Messages() {
		if found := smsCode.FindStringSubmatch(strings.TrimSpace(m.Text)); m.To == to && found != nil {
			return found[1]
		}
	}
	return ""
}

// newLetter adds the codes of a newer statement to a row that is there.
func (s *site) newLetter(l letter) {
	s.t.Helper()
	err := s.app.DB.Write(s.t.Context(), s.fund.ID, func(tx *store.Tx) error {
		im, err := tx.BeginImport("newer.csv", l.codes[0])
		if err != nil {
			return err
		}
		for _, code := range l.codes {
			if err := tx.AddActivationCode(l.row(), tx.ActivationIndex(code), "2025-03-01", im.Version); err != nil {
				return err
			}
		}
		return tx.PublishImport(im)
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// proof is a proof of work for a door, as a browser would bring one.
func (s *site) proof(door work.Door) string {
	s.t.Helper()
	task, err := work.Ask(s.app.DB.Keys().Fund(s.fund.ID), door, s.now.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	proof, err := work.Solve(task)
	if err != nil {
		s.t.Fatal(err)
	}
	return proof
}
