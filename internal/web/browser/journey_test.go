package browser_test

import (
	"strings"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/browsertest"
)

// A walk is a person's way through the site, in Italian, by what can be read.
type walk struct {
	*world
	p    *browsertest.Page
	noJS bool
}

// walks runs a journey twice, with the page's scripts and without, each in a
// world of its own and on a phone. The browser must have nothing to complain of.
func walks(t *testing.T, journey func(t *testing.T, w walk)) {
	t.Helper()
	walksAt(t, "aurora", journey)
}

// walksAt is walks at another fund.
func walksAt(t *testing.T, fund string, journey func(t *testing.T, w walk)) {
	t.Helper()
	for name, noJS := range map[string]bool{"scripts": false, "no scripts": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := walk{world: newWorldOf(t, fund), p: browsertest.New(t, browsertest.Options{Width: 360, Height: 740, NoJS: noJS, Lang: "it"}), noJS: noJS}
			journey(t, w)
			if said := w.p.Console(); len(said) > 0 {
				t.Errorf("the browser says %q", said)
			}
		})
	}
}

// signIn goes to the site and signs in.
func (w walk) signIn(who *person, password string) {
	w.t.Helper()
	w.p.Open(w.base + "/login")
	w.p.Fill("Codice fiscale", who.taxCode)
	w.p.Fill("Password", password)
	w.p.Press("Accedi")
}

// at fails unless the page is that of a path.
func (w walk) at(path string) {
	w.t.Helper()
	got, _, _ := strings.Cut(strings.TrimPrefix(w.p.URL(), w.base), "?")
	if got, _, _ = strings.Cut(got, "#"); got != path {
		w.t.Fatalf("on %s, want %s:\n%s", got, path, w.p.Text())
	}
}

// problem fails unless the page says that something is wrong, first of all, in
// its title, and with a way to the field.
func (w walk) problem(text string) {
	w.t.Helper()
	w.p.See("C'è un problema")
	w.p.See(text)
	if !strings.HasPrefix(w.p.Title(), "Errore: ") {
		w.t.Errorf("the title is %q", w.p.Title())
	}
	if !w.noJS && w.p.Focused() == "" {
		w.t.Error("the summary of what is wrong has not the focus")
	}
}

// chooses the channel whose label begins so.
func (w walk) chooses(begins string) {
	w.t.Helper()
	label := browsertest.Eval[string](w.p, `[...document.querySelectorAll("label")].map(l => l.innerText).find(t => t.replace(/\u2011/g, "-").startsWith("`+begins+`")) ?? ""`)
	w.p.Choose(label)
}

// types the code and confirms.
func (w walk) types(code string) {
	w.t.Helper()
	w.p.Fill("Codice di 6 cifre", code)
	w.p.Press("Conferma")
}

// Scenario 1: reading without a channel; no code is sent, no act can be opened,
// and the invitation comes back. Scenario 40: after signing out the back button
// shows nothing.
func TestBrowserConsult(t *testing.T) {
	walks(t, func(t *testing.T, w walk) {
		who := w.person(kind{})
		w.signIn(who, "sbagliata")
		w.problem("I dati di accesso non corrispondono")
		if w.p.Value("Codice fiscale") != who.taxCode || w.p.Value("Password") != "" {
			t.Errorf("the fields hold %q and %q", w.p.Value("Codice fiscale"), w.p.Value("Password"))
		}
		w.signIn(who, secret)
		w.at("/channel")
		w.p.Press("Più tardi")
		w.at("/")
		w.p.See("Te lo ricordiamo al prossimo accesso")
		w.p.See("Buongiorno, Samuele")
		w.p.See("Piastrelle Esempio Nord S.p.A.")
		w.p.NotSee("Chiedi un'anticipazione")
		w.p.Press("I tuoi dati")
		w.p.See("Strada Bassa, 52")
		w.p.NotSee(who.email)
		w.p.Open(w.base + "/operations/new/advance")
		if w.p.Status() != 403 {
			t.Errorf("an act is %d", w.p.Status())
		}
		w.p.See("Serve il canale sicuro")
		w.p.Press("Attiva il canale sicuro")
		w.at("/channel")
		if n := w.sent(who.email) + w.sent(who.mobile); n > 0 {
			t.Errorf("%d messages were sent", n)
		}
		w.p.Press("Esci")
		w.at("/signed-out")
		w.p.Back()
		w.p.NotSee("Esci")
		w.p.See("Accedi")
		w.p.Open(w.base + "/profile")
		w.p.NotSee("Strada Bassa")
		w.signIn(who, secret)
		w.at("/channel")
	})
}

// Scenarios 2 to 4 and 7: the second proof, the channel by e-mail, a wrong code
// and one typed with a blank, the compulsory password with a second code.
func TestBrowserRegister(t *testing.T) {
	walks(t, func(t *testing.T, w walk) {
		who := w.person(kind{})
		w.signIn(who, secret)
		w.p.See("Avviso sul canale sicuro")
		w.p.Press("Attiva il canale sicuro")
		w.p.See("Avviso sul canale sicuro")
		w.p.Fill("Codice fiscale", who.taxCode)
		w.p.Fill("Password", "sbagliata")
		w.p.Press("Continua")
		w.problem("I dati di accesso non corrispondono")
		w.p.Fill("Password", secret)
		w.p.Press("Continua")
		w.at("/channel/choose")
		w.p.Press("Invia il codice")
		w.problem("Scegli e-mail o SMS")
		w.chooses("E-mail a s•••••")
		w.p.Press("Invia il codice")
		w.at("/otp")
		w.p.See("Alle 10:00 abbiamo inviato il codice")
		w.p.See("Il codice vale fino alle 10:05")
		w.p.See("Potrai chiedere un nuovo codice dalle 10:05")
		w.p.Press("Conferma")
		w.problem("Scrivi il codice di 6 cifre")
		first := w.code(who.email)
		w.types(wrong(first))
		w.problem("restano 4 tentativi")
		if got := w.p.Value("Codice di 6 cifre"); got != wrong(first) {
			t.Errorf("the field holds %q", got)
		}
		w.types(first[:3] + " " + first[3:])
		w.at("/channel/done")
		w.p.See("Il canale sicuro è attivo")
		w.p.Press("Scegli la nuova password")
		w.p.Fill("Nuova password", "corta")
		w.p.Press("Salva la password")
		w.problem("servono almeno 15 caratteri")
		w.p.Fill("Nuova password", better)
		w.p.Press("Salva la password")
		w.at("/otp")
		w.p.See("Serve per salvare la nuova password")
		second := w.code(who.email)
		if first != second { // one in a million
			w.types(first)
			w.problem("Il codice non corrisponde")
		}
		w.types(second)
		w.at("/")
		w.p.See("La nuova password è salvata")
		w.p.See("Chiedi un'anticipazione")
		w.p.Press("Esci")
		w.signIn(who, secret)
		w.problem("I dati di accesso non corrispondono")
		w.signIn(who, better)
		w.at("/")
	})
}

// Scenario 9: the membership number opens the way to a channel and shows
// nothing; afterwards it opens nothing.
func TestBrowserFirstAccess(t *testing.T) {
	walks(t, func(t *testing.T, w walk) {
		who := w.person(kind{noPassword: true, noMobile: true})
		w.p.Open(w.base)
		w.p.Press("È il mio primo accesso")
		w.p.Press("Inizia")
		w.p.Fill("Codice fiscale", strings.ToLower(who.taxCode))
		w.p.Fill("Numero di iscrizione", "123")
		w.p.Press("Continua")
		w.problem("Con questi dati non possiamo aprire il primo accesso")
		w.p.Fill("Numero di iscrizione", strings.TrimLeft(who.number, "0"))
		w.p.Press("Continua")
		w.at("/channel/choose")
		w.p.NotSee("@")
		w.p.NotSee("Samuele")
		w.p.See("SMS: non abbiamo un tuo cellulare")
		w.chooses("E-mail, all")
		w.p.Press("Invia il codice")
		w.p.NotSee("@")
		w.types(w.code(who.email))
		w.p.Press("Scegli la nuova password")
		w.p.Fill("Nuova password", better)
		w.p.Press("Salva la password")
		w.types(w.code(who.email))
		w.at("/")
		w.p.See("Buongiorno, Samuele")
		w.p.Press("Esci")
		w.p.Open(w.base + "/first-access/identify")
		w.p.Fill("Codice fiscale", who.taxCode)
		w.p.Fill("Numero di iscrizione", who.number)
		w.p.Press("Continua")
		w.problem("Con questi dati non possiamo aprire il primo accesso")
	})
}

// Scenarios 5, 6 and 10: by SMS, with no e-mail on file; no second code while
// one lives; the code expires, and nothing has to be typed again.
func TestBrowserRegisterSMS(t *testing.T) {
	walks(t, func(t *testing.T, w walk) {
		who := w.person(kind{noEmail: true})
		w.signIn(who, secret)
		w.p.Press("Attiva il canale sicuro")
		w.p.Fill("Codice fiscale", who.taxCode)
		w.p.Fill("Password", secret)
		w.p.Press("Continua")
		w.p.See("E-mail: non abbiamo un tuo indirizzo")
		w.chooses("SMS al numero che finisce con")
		w.p.Press("Invia il codice")
		first := w.code(who.mobile)
		w.p.Press("Rigenera OTP") // costs nothing and sends nothing
		if !w.noJS {
			w.p.NotSee("C'è un problema")
		} else {
			w.problem("ancora valido")
		}
		if n := w.sent(who.mobile); n != 1 {
			t.Errorf("%d messages, want 1", n)
		}
		w.clock.Add(5 * time.Minute)
		w.types(first)
		w.problem("Il codice è scaduto alle 10:05")
		w.p.Press("Rigenera OTP")
		second := w.code(who.mobile)
		w.types(second)
		w.at("/channel/done")
		w.p.Back() // to a code that is spent
		w.at("/password/new")
		w.p.Fill("Nuova password", better)
		w.p.Press("Salva la password")
		w.types(w.code(who.mobile))
		w.at("/")
		w.p.Press("Sicurezza")
		w.p.See("SMS al numero che finisce con " + who.mobile[len(who.mobile)-3:])
	})
}

// Once a channel is active, a browser the site does not know needs a code, once
// (F-18).
func TestBrowserUnknownDevice(t *testing.T) {
	walks(t, func(t *testing.T, w walk) {
		who := w.person(byEmail)
		w.signIn(who, secret)
		w.at("/otp")
		w.p.See("Accedi da un dispositivo che non conosciamo")
		w.code(who.email)
		w.p.Open(w.base + "/profile")
		w.p.NotSee("Strada Bassa")
		w.at("/otp")
		w.p.Press("Annulla")
		w.at("/login")
		w.p.See("L'accesso non è completo")
		w.clock.Add(5 * time.Minute)
		w.signIn(who, secret)
		w.types(w.code(who.email))
		w.at("/")
		w.p.Press("Esci")
		w.signIn(who, secret)
		w.at("/")
		if n := w.told(who.email, "accedere da un dispositivo nuovo"); n != 2 {
			t.Errorf("%d codes, want 2", n)
		}
	})
}

// Somebody changes the language in the middle: the steps go on, the code lives,
// and so do the digits already sent.
func TestBrowserLanguage(t *testing.T) {
	walks(t, func(t *testing.T, w walk) {
		who := w.person(byEmail)
		w.signIn(who, secret)
		w.at("/otp")
		code := w.code(who.email)
		for _, next := range []struct{ press, see, lang string }{
			{"Deutsch", "Geben Sie den Code aus der E-Mail ein", "de"},
			{"Français", "Saisissez le code", "fr"},
			{"English", "Enter the code", "en"},
			{"Italiano", "Scrivi il codice ricevuto per e-mail", "it"},
		} {
			w.p.Press(next.press)
			w.at("/otp")
			w.p.See(next.see)
			if got := browsertest.Eval[string](w.p, `document.documentElement.lang`); got != next.lang {
				t.Errorf("lang=%q", got)
			}
		}
		if n := w.sent(who.email); n != 1 {
			t.Errorf("%d messages, want 1", n)
		}
		w.types(code)
		w.at("/")
		w.p.Press("English")
		w.p.See("Your area")
		w.p.Open(w.base + "/requests") // the choice stays
		if got := browsertest.Eval[string](w.p, `document.documentElement.lang`); got != "en" {
			t.Errorf("lang=%q", got)
		}
	})
}

// Scenario 16: the second of two people with one address is told to use another
// contact, and not who uses it.
func TestBrowserSharedAddress(t *testing.T) {
	walks(t, func(t *testing.T, w walk) {
		first := w.person(byEmail)
		who := w.person(kind{record: func(r *access.Record) { r.Email = first.email }})
		w.signIn(who, secret)
		w.p.Press("Attiva il canale sicuro")
		w.p.Fill("Codice fiscale", who.taxCode)
		w.p.Fill("Password", secret)
		w.p.Press("Continua")
		w.chooses("E-mail a s•••••")
		w.p.Press("Invia il codice")
		w.problem("Questo contatto non si può usare qui")
		w.chooses("SMS al numero")
		w.p.Press("Invia il codice")
		w.types(w.code(who.mobile))
		w.at("/channel/done")
	})
}
