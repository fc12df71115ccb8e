package browser_test

import (
	"fmt"
	"strings"
	"testing"

	"aditus/internal/browsertest"
)

// An act as a person does it in the browser: what is wrong first, what is right
// then, and what the summary says.
type deed struct {
	link    string // in the list of acts
	mistake func(walk)
	problem string
	form    func(walk)
	says    []string // the summary, the code page and the receipt
	name    string   // of the act
}

var deeds = map[string]deed{
	"residence": {
		link: "Cambia residenza", name: "Cambio di residenza", problem: "La provincia ha 2 lettere",
		mistake: func(w walk) {
			w.p.Fill("Via e numero", "Via Roma 12")
			w.p.Fill("CAP", "41121")
			w.p.Fill("Comune", "Modena")
			w.p.Fill("Provincia", "Modena")
			w.p.Choose("Italia")
			w.p.Fill("Giorno", "1")
			w.p.Fill("Mese", "9")
			w.p.Fill("Anno", "2025")
		},
		form: func(w walk) { w.p.Fill("Provincia", "mo") },
		says: []string{"Via Roma 12", "41121", "Modena", "MO", "Italia", "1 settembre 2025"},
	},
	"iban": {
		link: "Cambia l'IBAN", name: "Cambio di IBAN", problem: "C'è un errore nell'IBAN",
		mistake: func(w walk) { w.p.Fill("IBAN", "IT60 X054 2811 1010 0000 0123 457") },
		form:    func(w walk) { w.p.Fill("IBAN", "it60 x054 2811 1010 0000 0123 456") },
		says:    []string{"IT60 X054 2811 1010 0000 0123 456"},
	},
	"advance": {
		link: "Chiedi un'anticipazione", name: "Anticipazione", problem: "Scrivi l'importo in cifre",
		mistake: func(w walk) {
			w.p.Choose("Acquisto o ristrutturazione della prima casa")
			w.p.Choose("Un importo in euro")
			w.p.Fill("Importo", "tanto")
			w.p.Fill("IBAN", iban)
		},
		form: func(w walk) { w.p.Fill("Importo", "12.500,00") },
		says: []string{"Acquisto o ristrutturazione della prima casa", "12.500,00 €", "IT60 X054 2811 1010 0000 0123 456"},
	},
	"designation": {
		link: "Indica le persone designate", name: "Persone designate", problem: "Le quote insieme fanno 90",
		mistake: func(w walk) {
			w.p.Fill("Nome e cognome, o nome dell'ente", "Maria Luisa Prova")
			w.p.Fill("Giorno", "27")
			w.p.Fill("Mese", "3")
			w.p.Fill("Anno", "1968")
			w.p.Fill("Quota in percentuale", "60")
			w.p.Press("Aggiungi una persona")
			w.second("Nome e cognome, o nome dell'ente", "Fondazione Esempio")
			w.second("Codice fiscale", "")
			w.second("Giorno", "1")
			w.second("Mese", "1")
			w.second("Anno", "1970")
			w.second("Quota in percentuale", "30")
		},
		form: func(w walk) { w.second("Quota in percentuale", "40") },
		says: []string{"Maria Luisa Prova", "27/03/1968", "60 %", "Fondazione Esempio", "40 %"},
	},
}

// second types into a field of the second person: the form has each label twice.
func (w walk) second(label, text string) {
	w.t.Helper()
	id := map[string]string{"Nome e cognome, o nome dell'ente": "name", "Codice fiscale": "tax_code", "Giorno": "birth_day", "Mese": "birth_month",
		"Anno": "birth_year", "Quota in percentuale": "share"}[label]
	browsertest.Eval[int](w.p, fmt.Sprintf(`(() => { const e = document.getElementById("person_%s_2"); e.focus(); e.select(); return 0 })()`, id))
	w.keys(text)
}

// keys types at the keyboard, where the focus is.
func (w walk) keys(text string) {
	w.t.Helper()
	browsertest.Eval[bool](w.p, fmt.Sprintf(`document.execCommand("insertText", false, %q)`, text))
}

// Every act from its form, with a mistake first, to its receipt; then where the
// request stands, and its withdrawal. An act that an e-mail code confirms is
// held, and the summary says so before the code (scenario 17).
func TestBrowserActs(t *testing.T) {
	for act, d := range deeds {
		t.Run(act, func(t *testing.T) {
			walks(t, func(t *testing.T, w walk) {
				k := bySMS
				held := act == "designation"
				if held {
					k = byEmail
				}
				who := w.person(k)
				w.signIn(who, secret)
				w.types(w.code(who.at()))
				w.p.Press(d.link)
				d.mistake(w)
				w.p.Press("Controlla i dati")
				w.problem(d.problem)
				d.form(w)
				w.p.Press("Controlla i dati")

				w.p.See("Controlla prima di confermare")
				for _, says := range d.says {
					w.p.See(says)
				}
				if held {
					w.p.See("aspettiamo 72 ore")
					w.p.See("Avvisiamo anche l'altro contatto")
				}
				w.p.Press("Invia il codice")
				w.p.See("Stai confermando")
				for _, says := range d.says {
					w.p.See(says)
				}
				code := w.code(who.at())
				w.types(wrong(code))
				w.problem("restano 4 tentativi")
				w.types(code)
				w.p.See("La richiesta è confermata")
				for _, says := range append(d.says, d.name, "Samuele La Marghera") {
					w.p.See(says)
				}
				number := w.number()
				if held {
					w.p.See("non la eseguiamo prima di venerdì 3 ottobre 2025 alle 10:00")
				}
				if d, c := w.sent(who.email), w.sent(who.mobile); d+c < 3 {
					t.Errorf("%d messages to the mailbox and %d to the phone", d, c)
				}
				w.p.Back() // the code again: the same receipt
				w.p.See(number)
				w.p.See("Hai già confermato questa operazione")

				w.p.Press("Vai alle tue richieste")
				w.p.See(number)
				w.p.Press(d.name)
				w.p.See("Conferma registrata")
				w.p.Press("Ritira la richiesta")
				w.p.See("Vuoi ritirare la richiesta " + number)
				w.p.Press("Ritira la richiesta")
				w.p.See("La richiesta è ritirata")
				w.p.See("Richiesta ritirata")
				w.p.NotSee("Ritira la richiesta")
				w.p.Open(w.base + "/requests")
				w.p.See("ritirata")
			})
		})
	}
}

// number is that of the receipt.
func (w walk) number() string {
	w.t.Helper()
	return browsertest.Eval[string](w.p, `document.querySelector(".p-ref").innerText`)
}

// A draft is left and found again; what is changed kills its code; thrown away
// it is gone (scenario 8, F-29).
func TestBrowserDraft(t *testing.T) {
	walks(t, func(t *testing.T, w walk) {
		who := w.person(bySMS)
		w.signIn(who, secret)
		w.types(w.code(who.mobile))
		w.p.Press("Cambia l'IBAN")
		w.p.Fill("IBAN", iban)
		w.p.Press("Controlla i dati")
		w.p.Press("Invia il codice")
		w.p.Press("La tua area")
		w.p.Press("Completa la richiesta: Cambio di IBAN")
		w.p.Press("Completa la richiesta")
		w.p.See("Stai confermando")
		w.p.Press("Modifica i dati")
		if got := w.p.Value("IBAN"); strings.ReplaceAll(got, " ", "") != iban {
			t.Errorf("the form holds %q", got)
		}
		w.p.Fill("IBAN", "DE89370400440532013000")
		w.p.Press("Controlla i dati")
		w.p.See("Il codice di prima non vale più")
		w.p.NotSee("Codice di 6 cifre")
		w.p.Press("Annulla")
		w.p.See("La bozza è eliminata")
	})
}

// Scenario 17: the mobile changed ten hours ago, so the money waits, and the
// receipt says until when. It can be printed: with its number, and without what
// only a screen needs.
func TestBrowserReceipt(t *testing.T) {
	walks(t, func(t *testing.T, w walk) {
		who := w.person(changed)
		w.signIn(who, secret)
		w.types(w.code(who.mobile))
		w.p.Open(w.base + "/operations/new/advance")
		w.p.Choose("Spese sanitarie")
		w.p.Choose("Una percentuale della posizione")
		w.p.Fill("Percentuale", "50")
		w.p.Fill("IBAN", iban)
		w.p.Press("Controlla i dati")
		w.p.See("Hai cambiato contatto da poco")
		w.p.See("3 ottobre 2025 alle 00:00")
		w.p.Press("Invia il codice")
		w.types(w.code(who.mobile))
		w.p.See("il pagamento non parte prima di venerdì 3 ottobre 2025 alle 00:00")
		number := w.number()
		if n := w.told("+393007580000", "anticipazione"); n != 1 {
			t.Errorf("the old number was told %d times", n)
		}
		if w.noJS {
			w.p.NotSee("Stampa la ricevuta")
		} else {
			w.p.See("Stampa la ricevuta")
		}
		w.p.NotSee("Ricevuta n. " + number)
		w.p.Media(browsertest.Media{Print: true})
		w.p.See("Ricevuta n. " + number)
		w.p.See("IT60 X054 2811 1010 0000 0123 456")
		w.p.See("50 %")
		for _, screen := range []string{"Stampa la ricevuta", "Esci", "Deutsch", "Vai alle tue richieste", "Serve aiuto?", "15 minuti senza attività"} {
			w.p.NotSee(screen)
		}
		w.p.Media(browsertest.Media{})
	})
}
