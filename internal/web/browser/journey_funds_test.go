package browser_test

import (
	"encoding/base32"
	"regexp"
	"strings"
	"testing"
	"time"

	"aditus/internal/browsertest"
	"aditus/internal/totp"
)

// byLetter goes with a letter as far as the choice of the second factor (S-1 to S-10).
func (w walk) byLetter(who *person, ahv, born, code string) {
	w.t.Helper()
	w.p.Open(w.base)
	w.p.Press("È il mio primo accesso")
	w.at("/enrol")
	w.p.Press("Inizia")
	w.problem("Scegli chi sei")
	w.p.Choose("Persona assicurata o che riceve una rendita")
	w.p.Press("Inizia")
	w.p.Fill("Numero AVS", ahv)
	w.p.Fill("Data di nascita", "22/3/1982")
	w.p.Fill("Codice di attivazione", code)
	w.p.Press("Continua")
	w.problem("Con questi dati non possiamo attivare l'accesso")
	if got := w.p.Value("Numero AVS"); got != ahv {
		w.t.Errorf("the number is %q", got)
	}
	w.p.Fill("Data di nascita", born)
	w.p.Press("Continua")
	w.at("/enrol/terms")
	w.p.Press("Continua")
	w.problem("Senza accettare le condizioni")
	w.p.Choose("Ho letto e accetto le condizioni d'uso")
	w.p.Press("Continua")
	w.p.Fill("Indirizzo e-mail", "agnes.sbagliata@posta.example")
	w.p.Press("Continua")
	w.p.Fill("Nuova password", "solominuscole")
	w.p.Press("Salva la password")
	w.problem("una maiuscola, una minuscola, una cifra")
	w.p.Fill("Nuova password", choice)
	w.p.Press("Salva la password")
	w.at("/otp")
	w.p.See("agnes.sbagliata@posta.example")
	old := w.code("agnes.sbagliata@posta.example")
	w.p.Press("Correggi l'indirizzo")
	w.p.Fill("Indirizzo e-mail", who.email)
	w.p.Press("Continua")
	w.at("/otp")
	key := w.code(who.email)
	if old != key { // one in a million
		w.types(old)
		w.problem("Il codice non corrisponde")
	}
	w.types(key)
	w.at("/enrol/factor")
}

// scanned reads the secret that the page shows in letters into an app, and is the
// code that the app then shows.
func (w walk) scanned() (code func() string) {
	w.t.Helper()
	written := browsertest.Eval[string](w.p, `document.getElementById("secret").innerText`)
	secret, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(written, " ", ""))
	if err != nil {
		w.t.Fatal(err)
	}
	link := browsertest.Eval[string](w.p, `document.querySelector("a[href^='otpauth:']")?.href ?? ""`)
	if !strings.Contains(link, strings.ReplaceAll(written, " ", "")) {
		w.t.Errorf("the link to the app is %q", link)
	}
	return func() string {
		w.clock.Add(totp.Step) // each is good once
		return totp.Code(secret, totp.At(w.clock.Now()))
	}
}

// named signs in with the address that was chosen.
func (w walk) named(who *person, password string) {
	w.t.Helper()
	w.p.Open(w.base + "/login")
	w.p.Fill("Indirizzo e-mail", who.email)
	w.p.Fill("Password", password)
	w.p.Press("Accedi")
}

// Scenario 32: an access made with a letter and an app, and signing in with it;
// scenario 36: a slip in the address is corrected, and its key is dead.
func TestBrowserEnrolApp(t *testing.T) {
	walksAt(t, "alpina", func(t *testing.T, w walk) {
		who, letter := w.lettered()
		w.byLetter(who, letter.AHV, "21. 3. 1982", strings.ToLower(letter.Code[:4]+" "+letter.Code[4:8]+" "+letter.Code[8:]))
		w.p.Choose("App di autenticazione")
		w.p.Press("Continua")
		app := w.scanned()
		w.types(wrong(app()))
		w.problem("Il codice dell'app non corrisponde")
		w.types(app())
		w.at("/security/codes")
		w.p.Press("Crea i codici")
		kept := regexp.MustCompile(`[0-9A-Z]{4}(-[0-9A-Z]{4}){3}`).FindString(w.p.Text())
		w.p.Press("Vai alla tua area")
		w.p.See("Muster Logistik AG")
		w.p.Press("Esci")
		w.named(who, choice)
		w.at("/otp")
		w.types(app())
		w.at("/")
		w.p.Press("Esci")

		// Scenario 39: the telephone is lost; a backup code opens once, to a new factor.
		w.named(who, choice)
		w.p.Press("Hai perso il telefono o l'app?")
		w.p.Fill("Codice di riserva", kept)
		w.p.Press("Continua")
		w.at("/enrol/factor")
		w.p.Choose("App di autenticazione")
		w.p.Press("Continua")
		app = w.scanned()
		w.types(app())
		w.p.Open(w.base + "/")
		w.p.See("Muster Logistik AG")
	})
}

// Scenario 33: an access with an SMS to a number of one's own choice.
func TestBrowserEnrolSMS(t *testing.T) {
	walksAt(t, "alpina", func(t *testing.T, w walk) {
		who, letter := w.lettered()
		w.byLetter(who, letter.AHV, "21.03.1982", letter.Code)
		w.p.Choose("SMS a un cellulare")
		w.p.Fill("Numero di cellulare", "044 668 18 00")
		w.p.Press("Continua")
		w.problem("numero fisso")
		w.p.Fill("Numero di cellulare", "+1 212 555 0100")
		w.p.Press("Continua")
		w.problem("In questo paese non mandiamo SMS")
		w.p.Fill("Numero di cellulare", "+33 6 39 98 12 34")
		w.p.Press("Continua")
		w.at("/otp")
		w.code("+33639981234")
		w.p.Press("Cambia numero o passa all'app")
		if got := w.p.Value("Numero di cellulare"); got != "+33639981234" {
			t.Errorf("the number to be corrected is %q", got)
		}
		w.p.Fill("Numero di cellulare", "+33 6 39 98 12 35")
		w.p.Press("Continua")
		w.types(w.code("+33639981235"))
		w.at("/security/codes")
		w.p.Press("Più tardi")
		w.p.See("Muster Logistik AG")
	})
}

// Scenarios 19 and 24: the first credentials, or new ones, in two halves.
func TestBrowserRecover(t *testing.T) {
	walksAt(t, "meridiana", func(t *testing.T, w walk) {
		who := w.person(simone)
		w.p.Open(w.base)
		w.p.Press("Non ricordo la password")
		w.p.Fill("Nome utente", "0"+who.login)
		w.p.Fill("E-mail o PEC", strings.ToUpper(who.email))
		w.p.Fill("Cellulare", strings.TrimPrefix(who.mobile, "+39"))
		w.p.Press("Continua")
		w.at("/recover/sent")
		w.p.NotSee("Samuele")
		word := w.finds(who.mobile, `([A-Z2-9]{4}(?:-[A-Z2-9]{4}){3})`)
		half := w.finds(who.email, `(?m)^([0-9A-Z]{8})$`)
		w.p.Press("Accedi con la password temporanea")
		w.p.Fill("Nome utente", who.login)
		w.p.Fill("Password", strings.ToLower(word))
		w.p.Press("Accedi")
		w.at("/recover")
		w.p.Fill("PIN di 8 caratteri", "AAAA AAAA")
		w.p.Press("Continua")
		w.problem("Il codice non corrisponde")
		w.p.Fill("PIN di 8 caratteri", half)
		w.p.Press("Continua")
		w.p.Fill("Nuova password", better)
		w.p.Press("Salva la password")
		w.p.Fill("Nuovo PIN", "12345678")
		w.p.Press("Salva password e PIN")
		w.problem("facile da indovinare")
		w.p.Fill("Nuovo PIN", "Q4W8E2R6")
		w.p.Press("Salva password e PIN")
		w.at("/login")
		w.p.See("La password e il PIN nuovi sono salvati")
		w.p.Fill("Nome utente", who.login)
		w.p.Fill("Password", secret)
		w.p.Press("Accedi")
		w.problem("I dati di accesso non corrispondono")
		w.p.Fill("Password", better)
		w.p.Press("Accedi")
		w.at("/")
		w.p.See("Buongiorno, Simone")
	})
}

// Scenario 18: a forgotten password, by a code to the channel.
func TestBrowserForgotten(t *testing.T) {
	walks(t, func(t *testing.T, w walk) {
		who := w.person(byEmail)
		w.p.Open(w.base)
		w.p.Press("Non ricordo la password")
		w.p.Fill("Codice fiscale", who.taxCode)
		w.p.Press("Invia il codice")
		w.at("/otp")
		w.p.NotSee("@")
		code := w.code(who.email)
		w.types(wrong(code))
		w.problem("restano 4 tentativi")
		w.clock.Add(time.Minute)
		w.types(code)
		w.at("/password/new")
		w.p.Fill("Nuova password", better)
		w.p.Press("Salva la password")
		w.at("/login")
		w.p.See("La nuova password è salvata")
	})
}

// Scenario 40: an access with a letter by the keyboard alone, to the code of the app.
func TestBrowserEnrolKeys(t *testing.T) {
	walksAt(t, "alpina", func(t *testing.T, w walk) {
		who, letter := w.lettered()
		w.p.Open(w.base + "/enrol")
		w.tabTo("Persona assicurata o che riceve una rendita")
		w.p.Key("Space")
		w.tabTo("Inizia")
		w.p.Key("Enter")
		w.at("/enrol/letter")
		w.tabTo("Numero AVS")
		w.keys(letter.AHV)
		w.tabTo("Data di nascita")
		w.keys(letter.Born)
		w.tabTo("Codice di attivazione")
		w.keys(letter.Code)
		w.p.Key("Enter")
		w.at("/enrol/terms")
		w.tabTo("Ho letto e accetto le condizioni d'uso")
		w.p.Key("Space")
		w.tabTo("Continua")
		w.p.Key("Enter")
		w.tabTo("Indirizzo e-mail")
		w.keys(who.email)
		w.p.Key("Enter")
		w.tabTo("Nuova password")
		w.keys(choice)
		w.p.Key("Enter")
		w.tabTo("Codice di 6 cifre")
		w.keys(w.code(who.email))
		w.p.Key("Enter")
		w.at("/enrol/factor")
		// A group of answers is one stop: the arrows go on from the one that has the focus.
		w.tabTo("SMS a un cellulare")
		w.p.Key("Space", "ArrowDown")
		w.tabTo("Continua")
		w.p.Key("Enter")
		w.at("/otp")
		app := w.scanned()
		w.tabTo("Codice di 6 cifre")
		w.keys(app())
		w.p.Key("Enter")
		w.at("/security/codes")
	})
}
