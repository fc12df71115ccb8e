package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"aditus/internal/access"
	"aditus/internal/session"
	"aditus/internal/store"
)

// What is open to everybody is there in every language, and the size and the
// colours are kept.
func TestOpenPages(t *testing.T) {
	w := newWalk(t, nil)
	b := w.browser()
	for _, path := range []string{"/help", "/accessibility", "/privacy", "/fraud", "/display"} {
		b.pages(path)
	}
	b.get("/fraud")
	b.has(host)
	b.must(b.do("/display", "size", "xlarge", "theme", "dark"), "/display")
	b.has("La scelta è salvata.")
	if !strings.Contains(b.text, `class="govuk-template size-xlarge theme-dark"`) {
		t.Error("the choice does not show")
	}
	for _, bad := range [][]string{{"size", "huge", "theme", "dark"}, {}, {"size", "normal"}, {"size", "normal", "theme", "dark", "more", "x"}} {
		b.want(http.StatusBadRequest, "/display", b.do("/display", bad...))
	}
	b.want(http.StatusMethodNotAllowed, "/help", b.do("/help"))
	if b.header.Get("Allow") == "" {
		t.Error("405 without Allow")
	}
	b.each(http.StatusNotFound, "/nowhere", func() int { return b.get("/nowhere") })
}

// Every page of the area asks for a session; a stranger learns nothing of ids.
func TestAreaNeedsSession(t *testing.T) {
	w := newWalk(t, nil)
	for _, path := range []string{"/", "/profile", "/security", "/operations", "/operations/new/iban", "/operations/x/edit", "/operations/x/confirm",
		"/operations/x/checking", "/operations/x/done", "/requests", "/requests/x", "/requests/x/withdraw"} {
		b := w.browser()
		b.want(http.StatusOK, "/login", b.get(path))
		b.want(http.StatusOK, "/login", b.do(path, "do", "ask"))
	}
}

// Without a channel a member reads, and nothing else (scenario 1).
func TestAreaReadOnly(t *testing.T) {
	w := newWalk(t, nil)
	w.alter("00908304", func(e *access.Entry) {
		e.Record.Line, e.Record.Joined, e.Record.JoinKind, e.Record.Employer, e.Record.Updated = "DINAMICO", "2007-12-07", "explicit", "Piastrelle <b>Esempio</b> Nord \u202eS.p.A.", "2022-09-11"
		e.Record.Street, e.Record.Postcode, e.Record.Town, e.Record.Province, e.Record.Country, e.Record.Born = "Strada Bassa, 52", "41049", "Sassuolo", "MO", "IT", "1958-08-22"
	})
	b := w.inside(samuele, access.LevelRead)
	for _, path := range []string{"/", "/profile", "/security", "/operations", "/requests"} {
		b.pages(path)
	}
	b.get("/")
	b.has("Samuele", "Dinamico", "07/12/2007", "esplicita", "attiva", "00908304", "11/09/2022", "Piastrelle <b>Esempio</b> Nord S.p.A.", "Questo è il tuo primo accesso.", "Qui compaiono le richieste che fai.")
	b.leads("/channel")
	b.get("/profile")
	b.has("s•••••a@e•••e.com", "numero che finisce con 279", "indirizzo che inizia con s e finisce con a", "Strada Bassa, 52", "41049 Sassuolo MO", "22/08/1958", samuele)
	b.lacks(mail, mobile)
	b.leads("/contacts/change")
	b.get("/operations")
	b.has("Cambio di IBAN", "Anticipazione", "Serve il canale sicuro")
	b.leads("/channel")
	if slices.ContainsFunc(b.links(), func(s string) bool { return strings.HasPrefix(s, "/operations/") }) {
		t.Error("the catalogue has a link that would be refused")
	}

	before := w.posted()
	for act, form := range map[string][]string{"residence": residence, "iban": account, "advance": advance, "designation": designation} {
		path := "/operations/new/" + act
		b.each(http.StatusForbidden, path, func() int { return b.get(path) })
		b.has("Serve il canale sicuro")
		b.leads("/channel")
		b.want(http.StatusForbidden, path, b.do(path, form...))
		b.has("Serve il canale sicuro")
		b.leads("/channel")
		b.want(http.StatusForbidden, path, b.do(path, append(form, "do", "add")...))
		b.want(http.StatusForbidden, path, b.do(path, "unknown", "x"))
	}
	if all, err := w.app.Operations.All(t.Context(), w.fund, access.Session{Member: w.member(samuele)}, 10); err != nil || len(all) != 0 {
		t.Error("something was written down", all, err)
	}
	if w.posted() != before {
		t.Error("something was sent")
	}
}

// A status that allows reading alone is refused with the reason, and is not
// invited to a channel that would not help; a status the texts do not know is
// said carefully; what the register lacks is said to be missing.
func TestAreaStatus(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.SMS, mobile)
	w.alter("00908304", func(e *access.Entry) { e.Status = "left" })
	w.alter("00900025", func(e *access.Entry) { e.Status = "suspended"; e.Record.JoinKind = "by magic" })
	b := w.inside(samuele, access.LevelRead)
	b.pages("/")
	b.has("Ora puoi solo consultare.", "chiusa")
	b.pages("/operations")
	b.has("Con lo stato attuale della posizione")
	b.each(http.StatusForbidden, "/operations/new/iban", func() int { return b.get("/operations/new/iban") })
	b.has("Con lo stato attuale della posizione")
	if slices.Contains(b.links(), "/channel") {
		t.Error("invited to a channel that would not help")
	}
	b.want(http.StatusForbidden, "/operations/new/iban", b.do("/operations/new/iban", account...))

	n := w.inside(nemo, access.LevelRead)
	n.pages("/")
	n.has("sospesa", "di altro tipo")
	n.pages("/profile")
	n.has("non registrato")
}

// Two positions of one person are two blocks, and one that is held back is none.
func TestAreaTwoPositions(t *testing.T) {
	w := newWalk(t, nil)
	w.write(func(tx *store.Tx) error {
		im, err := tx.BeginImport("second.csv", "2")
		if err != nil {
			return err
		}
		for number, held := range map[string]string{"00911111": "", "00922222": "quarantine"} {
			if err := tx.AddEntry(access.Entry{ID: number, Member: "M00908304", Number: number, Login: samuele, Status: "active", Held: held, Version: im.Version,
				Record: access.Record{Name: "Samuele", Surname: "Prova", TaxCode: samuele, Line: "GARANTITO"}}); err != nil {
				return err
			}
		}
		return tx.PublishImport(im)
	})
	b := w.inside(samuele, access.LevelRead)
	b.pages("/")
	b.has("00908304", "00911111")
	b.lacks("00922222")
}

// The security page: the channel masked, the sessions, the past accesses; a
// session is ended, all others are, and never the one that asks.
func TestAreaSecurity(t *testing.T) {
	w := newWalk(t, nil)
	in := w.browser()
	in.do("/login", "username", samuele, "password", "wrong")
	in.do("/login", "username", samuele, "password", secret)
	b := w.inside(samuele, access.LevelRead)
	b.pages("/security")
	b.has("non riuscito", "riuscito", "Questa sessione", "Non è ancora attivo", "È quella che avevi già", "Firefox su Windows", "dispositivo sconosciuto")
	if strings.Contains(b.text, `action="/password/change"`) {
		t.Error("a button that would be refused")
	}
	w.channel(samuele, access.Email, mail)
	b.pages("/security")
	b.has("E‑mail a s•••••a@e•••e.com", "E‑mail a indirizzo che inizia con s", "Attivo da martedì 30")
	b.lacks(mail)
	if !strings.Contains(b.text, `action="/password/change"`) {
		t.Error("no way to change the password")
	}
	w.channel(samuele, access.SMS, mobile)
	b.pages("/security")
	b.has("SMS al numero che finisce con 279")

	mine := session.ID(b.cookies["__Host-session"])
	theirs := session.ID(in.cookies["__Host-session"])
	b.want(http.StatusBadRequest, "/security", b.do("/security", "do", "end", "id", mine))
	b.want(http.StatusBadRequest, "/security", b.do("/security"))
	b.must(b.do("/security", "do", "end", "id", theirs), "/security")
	b.has("La sessione scelta è chiusa.")
	b.must(b.do("/security", "do", "end", "id", theirs), "/security") // pressed twice
	in.want(http.StatusOK, "/session-ended", in.get("/profile"))

	other := w.inside(teresa, access.LevelRead)
	b.do("/security", "do", "end", "id", session.ID(other.cookies["__Host-session"]))
	other.must(other.get("/profile"), "/profile") // another member's cannot be ended
	second := w.inside(samuele, access.LevelRead)
	b.must(b.do("/security", "do", "others"), "/security")
	b.has("Tutte le altre sessioni sono chiuse.", "Non ci sono altre sessioni aperte.")
	second.want(http.StatusOK, "/session-ended", second.get("/profile"))
	b.must(b.get("/"), "/")
}

// Every act from its form to its receipt, every state of every page in every
// language.
func TestActs(t *testing.T) {
	for _, c := range []struct {
		act  string
		form []string
		says []string // in the summary, on the code's page and on the receipt
	}{
		{"residence", residence, []string{"Cambio di residenza", "Via Roma 12", "41121", "Modena", "MO", "Italia", "lunedì 1 settembre 2025"}},
		{"iban", account, []string{"Cambio di IBAN"}},
		{"advance", advance, []string{"Anticipazione", "Spese sanitarie", "12.500,00 €"}},
		{"advance", with(advance, "how_much", "percent", "percent", "33,33", "amount", ""), []string{"33,33 %"}},
		{"designation", designation, []string{"Persone designate", "Anna Rossi", "VGNFNC87S65D711L", "100 %"}},
	} {
		t.Run(c.act, func(t *testing.T) {
			w := newWalk(t, nil)
			w.channel(samuele, access.SMS, mobile)
			b := w.inside(samuele, access.LevelRead)
			b.pages("/operations/new/" + c.act)
			path := b.draft(c.act, c.form)
			b.pages(path + "/confirm")
			b.has("Controlla prima di confermare", "numero che finisce con 279", "Puoi chiedere al massimo 10 codici al giorno.")
			b.has(c.says...)
			b.leads(path + "/edit#" + map[string]string{"residence": "street", "iban": "iban", "advance": "reason", "designation": "person_name_1"}[c.act])
			b.pages(path + "/edit")

			b.must(b.do(path+"/confirm", "do", "ask"), path+"/confirm")
			b.pages(path + "/confirm")
			b.has("Scrivi il codice ricevuto via SMS", "Stai confermando", "10:05")
			b.has(c.says...)
			code := w.code(mobile)
			b.each(http.StatusConflict, path+"/confirm", func() int { return b.do(path+"/confirm", "do", "again", "otp", "123") })
			b.has("ancora valido")
			if attr(b.element("otp"), "value") != "123" {
				t.Error("the digits are gone")
			}
			b.each(http.StatusUnprocessableEntity, path+"/confirm", func() int { return b.do(path+"/confirm", "otp", "12a") })
			b.each(http.StatusUnprocessableEntity, path+"/confirm", func() int { return b.do(path+"/confirm", "otp", " ") })
			b.want(http.StatusUnprocessableEntity, path+"/confirm", b.do(path+"/confirm", "otp", other(code)))
			b.has("restano 4 tentativi")
			if b.element("otp-error") == nil || attr(b.element("otp"), "value") != other(code) {
				t.Error("a wrong code is not said at its field, or is gone")
			}
			b.want(http.StatusBadRequest, path+"/confirm", b.do(path+"/confirm", "do", "dance", "otp", code))
			b.want(http.StatusBadRequest, path+"/confirm", b.do(path+"/confirm", "otp", code, "otp", code))

			b.must(b.do(path+"/confirm", "otp", " "+code[:3]+" "+code[3:]), path+"/done")
			b.pages(path + "/done")
			b.has("La richiesta è confermata", "Conferma registrata alle 10:00", "codice via SMS", "martedì 30", "alle 10:00", "Samuele Prova")
			b.has(c.says...)
			o := w.state(samuele, path[len("/operations/"):])
			b.has(o.Number, o.Digest()[:4])
			if o.State != access.OperationConfirmed {
				t.Error("it is", o.State)
			}

			// The same again, from anywhere, leads to the same receipt.
			receipt := b.words()
			b.must(b.do(path+"/confirm", "otp", code), path+"/done")
			if b.words() != receipt {
				t.Error("the repeated post shows another receipt")
			}
			b.must(b.get(path+"/confirm"), path+"/done")
			b.has("Hai già confermato questa operazione alle 10:00.")
			b.must(b.do(path+"/confirm", "otp", other(code)), path+"/done")
			b.must(b.do(path+"/confirm", "do", "ask"), path+"/done")
			b.must(b.do(path+"/confirm", "do", "cancel"), path+"/done")
			b.want(http.StatusOK, "/requests/"+o.ID, b.get(path+"/edit"))
			b.want(http.StatusOK, "/requests/"+o.ID, b.do(path+"/edit", c.form...))
			b.must(b.get(path+"/checking"), path+"/done")

			b.pages("/requests")
			b.has(o.Number, "confermata")
			b.pages("/requests/" + o.ID)
			b.has(c.says...)
			b.pages("/")
			b.has(o.Number)

			b.pages("/requests/" + o.ID + "/withdraw")
			b.must(b.do("/requests/"+o.ID+"/withdraw"), "/requests/"+o.ID)
			b.has("La richiesta è ritirata.", "ritirata")
			b.must(b.do("/requests/"+o.ID+"/withdraw"), "/requests/"+o.ID) // pressed twice
			b.must(b.get("/requests/"+o.ID+"/withdraw"), "/requests/"+o.ID)
			b.pages("/requests/" + o.ID)
			b.pages(path + "/done")
			b.has("Richiesta ritirata")
			if got := w.state(samuele, o.ID).State; got != access.OperationWithdrawn {
				t.Error("it is", got)
			}
		})
	}
}

// The account in full is for a session at level act, and for the draft that the
// session itself typed; everywhere else the last four stand for it (issue 2, 4.).
func TestAccountIsMasked(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.SMS, mobile)
	here, there, strong := w.inside(samuele, access.LevelRead), w.inside(samuele, access.LevelRead), w.inside(samuele, access.LevelAct)
	path := here.draft("advance", advance)
	here.has(ibanShown)
	here.get(path + "/edit")
	if attr(here.element("iban"), "value") != iban {
		t.Error("the draft's own session has to type the account again")
	}
	for _, page := range []string{path + "/confirm", path + "/edit", "/requests" + path[len("/operations"):], "/", "/requests"} {
		there.get(page)
		if strings.Contains(there.text, "123456") {
			t.Errorf("%s shows the account to another session", page)
		}
	}
	there.get(path + "/confirm")
	there.has(ibanLast4, "conto che finisce con 3456")
	strong.get(path + "/confirm")
	strong.has(ibanShown)

	here.do(path+"/confirm", "do", "ask")
	here.has(ibanShown)
	here.must(here.do(path+"/confirm", "otp", w.code(mobile)), path+"/done")
	for _, page := range []string{path + "/done", "/requests" + path[len("/operations"):]} {
		here.get(page)
		here.has(ibanLast4)
		here.lacks("123456", ibanShown)
		strong.get(page)
		strong.has(ibanShown)
	}
	for _, m := range w.post.Messages() {
		if strings.Contains(m.Text, "123456") {
			t.Error("a message has the account:", m.Text)
		}
	}
}

// Another member's operation is as if there were none, whatever is done to it.
func TestAnothersOperation(t *testing.T) {
	w := newWalk(t, nil)
	w.channel(samuele, access.SMS, mobile)
	w.channel(teresa, access.SMS, "+393004952793")
	path := w.inside(samuele, access.LevelRead).draft("iban", account)
	id := path[len("/operations/"):]
	b := w.inside(teresa, access.LevelRead)
	for _, path := range []string{"/operations/%s/edit", "/operations/%s/confirm", "/operations/%s/done", "/operations/%s/checking", "/requests/%s", "/requests/%s/withdraw"} {
		pages := []string{}
		for _, id := range []string{id, "nothing", "00000000000000000000000000AA"} {
			at := fmt.Sprintf(path, id)
			b.each(http.StatusNotFound, at, func() int { return b.get(at) })
			pages = append(pages, strings.ReplaceAll(b.words(), id, "ID"))
		}
		if pages[0] != pages[1] || pages[1] != pages[2] {
			t.Errorf("%s tells that there is something: %q", path, pages)
		}
	}
	for _, post := range [][]string{{"/edit", "iban", iban}, {"/confirm", "do", "ask"}, {"/confirm", "do", "again"}, {"/confirm", "otp", "123456"}, {"/confirm", "do", "cancel"}} {
		b.want(http.StatusNotFound, path+post[0], b.do(path+post[0], post[1:]...))
	}
	b.want(http.StatusNotFound, "/requests/"+id+"/withdraw", b.do("/requests/"+id+"/withdraw"))
	b.want(http.StatusNotFound, "/operations/new/nothing", b.get("/operations/new/nothing"))
	b.want(http.StatusNotFound, "/operations/old/iban", b.get("/operations/old/iban"))
	if o := w.state(samuele, id); o.State != access.OperationDraft || o.Values["iban"] != iban {
		t.Error("it was touched:", o)
	}
}
