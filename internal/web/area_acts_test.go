package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// Every edit kills the code; the next can be had only when the old one would
// have expired (scenario 8, security.md 4.5).
func TestEditKillsCode(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.SMS, mobile)
	b := w.inside(samuele, access.LevelRead)
	path := b.draft("iban", account)
	b.do(path+"/confirm", "do", "ask")
	code := w.code(mobile)
	b.pages(path + "/edit")
	b.has("Il codice vale solo per questi dati")
	b.must(b.do(path+"/edit", "iban", "CH9300762011623852957"), path+"/confirm")
	b.has("Il codice di prima non vale più.", "10:05")
	b.pages(path + "/confirm")
	b.want(http.StatusUnprocessableEntity, path+"/confirm", b.do(path+"/confirm", "otp", code))
	b.want(http.StatusConflict, path+"/confirm", b.do(path+"/confirm", "do", "again"))
	if w.state(samuele, path[len("/operations/"):]).State != access.OperationDraft {
		t.Error("it was confirmed")
	}
	w.clock.Add(5 * time.Minute)
	b.must(b.do(path+"/confirm", "do", "again"), path+"/confirm")
	fresh := w.code(mobile)
	b.want(http.StatusUnprocessableEntity, path+"/confirm", b.do(path+"/confirm", "otp", code))
	b.must(b.do(path+"/confirm", "otp", fresh), path+"/done")
	b.has("CH")
}

// A code is for one operation in one session (scenario 8); the others are told
// to wait.
func TestCodeElsewhere(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.SMS, mobile)
	b, other := w.inside(samuele, access.LevelRead), w.inside(samuele, access.LevelRead)
	path := b.draft("iban", account)
	second := b.draft("residence", residence)
	b.do(path+"/confirm", "do", "ask")
	code := w.code(mobile)
	sent := w.posted()

	other.pages(path + "/confirm")
	other.has("10:05")
	other.want(http.StatusUnprocessableEntity, path+"/confirm", other.do(path+"/confirm", "otp", code))
	other.want(http.StatusConflict, path+"/confirm", other.do(path+"/confirm", "do", "ask"))
	b.pages(second + "/confirm")
	b.want(http.StatusUnprocessableEntity, second+"/confirm", b.do(second+"/confirm", "otp", code))
	b.each(http.StatusConflict, second+"/confirm", func() int { return b.do(second+"/confirm", "do", "again") })
	if w.posted() != sent {
		t.Error("something was sent")
	}
	b.must(b.do(path+"/confirm", "otp", code), path+"/done")
	b.want(http.StatusUnprocessableEntity, second+"/confirm", b.do(second+"/confirm", "otp", code))
	b.must(b.do(second+"/confirm", "do", "ask"), second+"/confirm") // the place is free at once
}

// The states of a code that cannot be typed: expired, burnt, never arrived.
func TestCodeStates(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.Email, mail)
	b := w.inside(samuele, access.LevelRead)
	path := b.draft("residence", residence)
	ask := func() { b.must(b.do(path+"/confirm", "do", "ask"), path+"/confirm") }
	ask()
	b.pages(path + "/confirm")
	b.has("Scrivi il codice ricevuto per e‑mail", "s•••••a@e•••e.com")
	code := w.code(mail)
	w.clock.Add(5 * time.Minute)
	b.pages(path + "/confirm")
	b.has("Il codice è scaduto", "Via Roma 12")
	b.want(http.StatusUnprocessableEntity, path+"/confirm", b.do(path+"/confirm", "otp", code))
	b.has("scaduto alle 10:05")

	ask()
	code = w.code(mail)
	for range 5 {
		b.do(path+"/confirm", "otp", other(code))
	}
	b.has("Dopo 5 tentativi")
	b.pages(path + "/confirm")
	b.has("10:10")
	b.want(http.StatusUnprocessableEntity, path+"/confirm", b.do(path+"/confirm", "otp", code))
	w.clock.Add(5 * time.Minute)

	ask()
	w.deliver(permanent)
	b.pages(path + "/confirm")
	b.has("Il messaggio non è stato consegnato")
	ask() // at once
	b.must(b.do(path+"/confirm", "otp", w.code(mail)), path+"/done")
}

// What holds money is told before the code is asked for, and after (scenario 17,
// security.md 4.4).
func TestHolds(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.Email, mail)
	b := w.inside(samuele, access.LevelRead)
	path := b.draft("advance", advance)
	b.pages(path + "/confirm")
	b.has("Per proteggerti aspettiamo 72 ore", "Avvisiamo anche l’altro contatto")
	b.do(path+"/confirm", "do", "ask")
	b.has("Per proteggerti aspettiamo 72 ore")
	b.must(b.do(path+"/confirm", "otp", w.code(mail)), path+"/done")
	b.pages(path + "/done")
	b.has("Hai usato un codice per e‑mail", "venerdì 3 ottobre 2025 alle 10:00")
	b.pages("/requests" + path[len("/operations"):])
	b.has("confermata, in attesa", "In attesa fino a venerdì 3")
	b.pages("/requests")
	w.clock.Add(73 * time.Hour)
	b = w.inside(samuele, access.LevelRead)
	b.get(path + "/done")
	b.lacks("per proteggerti")

	w.channel(teresa, access.SMS, "+393004952793")
	w.alter("00902076", func(e *access.Entry) {
		e.Record.Past = []access.PastContact{{Kind: access.SMS, Address: "+393001111111", Until: w.clock.Now().Add(-10 * time.Hour).UnixMilli()}}
	})
	c := w.inside(teresa, access.LevelRead)
	path = c.draft("advance", advance)
	c.pages(path + "/confirm")
	c.has("Hai cambiato contatto da poco", "lunedì 6 ottobre 2025 alle 01:00", "Avvisiamo anche l’altro contatto", "Spese sanitarie", "12.500,00 €", ibanShown)
	c.do(path+"/confirm", "do", "ask")
	c.must(c.do(path+"/confirm", "otp", w.code("+393004952793")), path+"/done")
	c.pages(path + "/done")
	c.has("il pagamento non parte prima di")
	home := c.draft("residence", residence)
	c.must(c.get(home+"/confirm"), home+"/confirm")
	c.lacks("Hai cambiato contatto da poco") // no money moves
}

// A commit that nobody can tell the outcome of is neither told as done nor as
// failed: the page asks until it knows (reliability.md R3).
func TestChecking(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.SMS, mobile)
	raw := dbtest.Raw(t, w.file)
	run := func(q string) {
		t.Helper()
		if _, err := raw.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	b := w.inside(samuele, access.LevelRead)
	path := b.draft("iban", account)
	b.do(path+"/confirm", "do", "ask")
	code := w.code(mobile)

	// Both break the shared transaction, which is what a failed COMMIT looks like.
	run(`CREATE TRIGGER a BEFORE INSERT ON confirmation BEGIN SELECT RAISE(ROLLBACK, 'broken'); END`)
	run(`CREATE TRIGGER b BEFORE UPDATE ON operation BEGIN SELECT RAISE(ROLLBACK, 'broken'); END`)
	b.want(http.StatusOK, path+"/checking", b.do(path+"/confirm", "otp", code))
	b.pages(path + "/checking")
	b.has("Stiamo verificando se la conferma è registrata.")
	if !has(b.page, "div", "data-poll", path+"/checking") {
		t.Error("the script has nowhere to ask")
	}
	poll := func() (int, map[string]string) {
		t.Helper()
		r := get(path + "/checking")
		r.Header.Set("Accept", "application/json")
		a := b.raw(r)
		said := map[string]string{}
		if a.Code == http.StatusOK {
			if err := json.Unmarshal(a.Body.Bytes(), &said); err != nil {
				t.Fatal(err)
			}
		}
		return a.Code, said
	}
	if status, _ := poll(); status != http.StatusNoContent {
		t.Error("the script is told", status)
	}

	run(`DROP TRIGGER b`)
	if status, said := poll(); status != http.StatusOK || said["url"] != path+"/checking" {
		t.Error("the script is told", status, said)
	}
	b.pages(path + "/checking")
	b.has("non è partito nulla", "puoi riprovare")
	b.leads(path + "/confirm")

	run(`DROP TRIGGER a`)
	b.must(b.do(path+"/confirm", "otp", code), path+"/done") // the code still lives
	if status, said := poll(); status != http.StatusOK || said["url"] != path+"/done" {
		t.Error("the script is told", status, said)
	}
}

// A draft of an act that the fund took out of its file can be read and deleted;
// a receipt stays what it is.
func TestActGone(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.SMS, mobile)
	b := w.inside(samuele, access.LevelRead)
	done := b.draft("advance", advance)
	b.do(done+"/confirm", "do", "ask")
	b.must(b.do(done+"/confirm", "otp", w.code(mobile)), done+"/done")
	path := b.draft("iban", account)
	request := "/requests" + path[len("/operations"):]

	w.fund.Acts = nil
	for _, at := range []string{path + "/confirm", path + "/edit"} {
		b.want(http.StatusOK, request, b.get(at))
	}
	b.pages(request)
	b.has("Questa operazione non si può più chiedere")
	b.want(http.StatusOK, request, b.do(path+"/edit", account...))
	b.want(http.StatusOK, request, b.do(path+"/confirm", "do", "ask"))
	b.must(b.do(path+"/confirm", "do", "cancel"), "/requests")
	b.pages(done + "/done")
	b.has(ibanLast4, "health")
	b.pages("/operations")
	b.pages("/")
	b.want(http.StatusNotFound, "/operations/new/iban", b.get("/operations/new/iban"))
}

// A request that the office has begun to handle cannot be taken back: the page
// says so.
func TestWithdrawLate(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.SMS, mobile)
	raw := dbtest.Raw(t, w.file)
	b := w.inside(samuele, access.LevelRead)
	path := b.draft("residence", residence)
	request := "/requests" + path[len("/operations"):]
	b.want(http.StatusOK, request, b.get(request+"/withdraw")) // a draft is not withdrawn
	b.want(http.StatusConflict, request+"/withdraw", b.do(request+"/withdraw"))
	b.do(path+"/confirm", "do", "ask")
	b.must(b.do(path+"/confirm", "otp", w.code(mobile)), path+"/done")
	if _, err := raw.ExecContext(t.Context(), `UPDATE operation SET state = 'handled'`); err != nil {
		t.Fatal(err)
	}
	b.each(http.StatusConflict, request+"/withdraw", func() int { return b.do(request + "/withdraw") })
	b.has("La verifica è già iniziata")
	b.pages(request)
	b.has("conclusa")
}

// Fifty open drafts are enough for anybody.
func TestTooManyDrafts(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.SMS, mobile)
	member := w.member(samuele)
	w.write(func(tx *store.Tx) error {
		for i := range 50 {
			o := access.Operation{ID: access.NewID(tx.Now()), Fund: w.fund.ID, Member: member, Act: "iban", Number: fmt.Sprint("N", i), Values: access.Values{"iban": iban}}
			if err := tx.AddOperation(o); err != nil {
				return err
			}
		}
		return nil
	})
	b := w.inside(samuele, access.LevelRead)
	b.each(http.StatusTooManyRequests, "/operations/new/iban", func() int { return b.do("/operations/new/iban", account...) })
	b.has("Hai già molte richieste aperte")
	b.pages("/requests")
	b.pages("/")
}
