package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
)

// signIn brings somebody to where the sign-in leads.
func (w *walk) signIn(code, password string) *browser {
	w.t.Helper()
	b := w.browser()
	b.do("/login", "username", code, "password", password)
	return b
}

// enrol takes Samuele from the sign-in to an active channel and a new password.
func (w *walk) enrol() *browser {
	w.t.Helper()
	b := w.signIn(samuele, secret)
	b.do("/channel", "do", "begin")
	b.do("/channel/identify", "username", samuele, "password", secret)
	b.must(b.do("/channel/choose", "channel", "email"), "/otp")
	b.must(b.do("/otp", "otp", w.code("samuele.lamarghera@example.com")), "/channel/done")
	b.must(b.do("/password/new", "password", better), "/otp")
	b.must(b.do("/otp", "otp", w.code("samuele.lamarghera@example.com")), "/")
	return b
}

// The whole way of scenarios 2 to 4, each page in each language, with what goes
// wrong on it.
func TestJourneyToChannel(t *testing.T) {
	w := newWalk(t, nil)
	b := w.browser()
	b.pages("/login")
	for _, wrong := range [][]string{{"", secret}, {"LMRSML58", secret}, {"LMRSML58M22L006P", secret}, {samuele, ""}, {samuele, "sbagliata"}} {
		b.each(http.StatusUnprocessableEntity, "/login", func() int { return b.do("/login", "username", wrong[0], "password", wrong[1]) })
	}
	b.do("/login", "username", samuele, "password", "sbagliata")
	b.has("I dati di accesso non corrispondono")
	if f := b.ids()["password"]; attr(f, "aria-invalid") != "true" || attr(f, "aria-describedby") != "password-hint username-error" || attr(f, "value") != "" {
		t.Errorf("the password is marked as %v", f.Attr)
	}
	if attr(b.ids()["username"], "value") != samuele {
		t.Error("what was typed is lost")
	}
	w.clock.Add(time.Hour)

	b.must(b.do("/login", "username", samuele, "password", secret), "/channel")
	b.pages("/channel")
	b.has("Attiva il canale sicuro", "Avviso sul canale sicuro", "venerdì 31 dicembre 2027")
	b.want(http.StatusOK, "/", b.get("/login"))
	b.want(http.StatusOK, "/", b.get("/channel/choose"))
	b.want(http.StatusOK, "/", b.get("/otp"))

	b.must(b.do("/channel", "do", "begin"), "/channel/identify")
	b.pages("/channel/identify")
	b.has("Avviso sul canale sicuro")
	b.each(http.StatusUnprocessableEntity, "/channel/identify", func() int {
		return b.do("/channel/identify", "username", samuele, "password", "sbagliata")
	})
	b.each(http.StatusUnprocessableEntity, "/channel/identify", func() int {
		return b.do("/channel/identify", "username", teresa, "password", secret) // right, but somebody else
	})
	w.clock.Add(10 * time.Minute)
	b.must(b.do("/channel/identify", "username", samuele, "password", secret), "/channel/choose")
	b.pages("/channel/choose")
	b.has("s•••••a@e•••e.com", "indirizzo che inizia con s e finisce con a, dominio e…e.com", "SMS al numero che finisce con 279", "Avviso sul canale sicuro")
	b.each(http.StatusUnprocessableEntity, "/channel/choose", func() int { return b.do("/channel/choose") })
	b.each(http.StatusUnprocessableEntity, "/channel/choose", func() int { return b.do("/channel/choose", "channel", "letter") })
	b.pages("/channel")
	b.has("Riprendi")
	b.want(http.StatusOK, "/channel/choose", b.do("/channel", "do", "begin"))

	b.must(b.do("/channel/choose", "channel", "email"), "/otp")
	b.pages("/otp")
	b.has("Scrivi il codice ricevuto per e‑mail", "Serve per attivare il canale sicuro.", "Alle 11:10", "Il codice vale fino alle 11:15",
		"Potrai chiedere un nuovo codice dalle 11:15.", "al massimo 6 codici all’ora", "al massimo 10 codici al giorno")
	b.pages("/otp/help")
	b.has("Torna al codice")
	b.pages("/channel")
	b.has("Fatto")
	b.want(http.StatusOK, "/otp", b.do("/channel/choose", "channel", "sms")) // two tabs: it was chosen already
	b.each(http.StatusConflict, "/otp", func() int { return b.do("/otp", "otp", "12", "do", "again") })
	if attr(b.ids()["otp"], "value") != "12" {
		t.Error("the digits are lost")
	}
	b.each(http.StatusUnprocessableEntity, "/otp", func() int { return b.do("/otp", "otp", "") })
	b.each(http.StatusUnprocessableEntity, "/otp", func() int { return b.do("/otp", "otp", "12345x") })
	first := w.code("samuele.lamarghera@example.com")
	b.each(http.StatusUnprocessableEntity, "/otp", func() int { return b.do("/otp", "otp", other(first)) })
	b.do("/otp", "otp", "")
	if len(w.post.Messages()) != 1 {
		t.Errorf("%d messages left, want the one", len(w.post.Messages()))
	}

	b.must(b.do("/otp", "otp", first[:3]+" "+first[3:]), "/channel/done")
	if b.cookies["__Host-session"] != "" {
		t.Error("the reading session goes on")
	}
	b.pages("/channel/done")
	b.has("Il canale sicuro è attivo", "serve un secondo codice")
	b.want(http.StatusOK, "/password/new", b.do("/otp", "otp", first)) // pressed twice
	b.want(http.StatusOK, "/password/new", b.get("/otp"))
	b.want(http.StatusOK, "/password/new", b.get("/"))

	b.pages("/password/new")
	b.has("almeno 15 caratteri", "Resta un passo", "te la chiediamo di nuovo")
	for _, bad := range []string{"", "corta", "password password password", "samuele samuele samuele", secret} {
		b.each(http.StatusUnprocessableEntity, "/password/new", func() int { return b.do("/password/new", "password", bad) })
	}
	if b.do("/password/new", "password", strings.Repeat("ab cd ", 60)); !strings.Contains(b.words(), "troppo lunga") {
		t.Error("a password of 360 bytes was taken")
	}
	b.must(b.do("/password/new", "password", better), "/otp")
	b.pages("/otp")
	b.has("Serve per salvare la nuova password.")
	b.want(http.StatusUnprocessableEntity, "/otp", b.do("/otp", "otp", first))
	second := w.code("samuele.lamarghera@example.com")
	b.must(b.do("/otp", "otp", second), "/")
	b.has("La nuova password è salvata. Ora puoi chiedere prestazioni")
	for _, path := range []string{"/otp", "/password/new", "/channel/choose", "/channel/done", "/session-ended", "/signed-out", "/first-access"} {
		b.want(http.StatusOK, "/", b.get(path)) // the back button
	}
	b.want(http.StatusOK, "/", b.do("/otp", "otp", second))

	if again := w.signIn(samuele, secret); again.at != "/login" {
		t.Errorf("the old password leads to %s", again.at)
	}
}

// With a channel in use it can be changed the same way, and everything left
// again (F-29).
func TestJourneyChangesChannel(t *testing.T) {
	w := newWalk(t, nil)
	b := w.enrol()
	b.pages("/channel")
	b.has("Il canale sicuro è attivo", "s•••••a@e•••e.com", "Cambia canale")
	b.must(b.do("/channel", "do", "begin"), "/channel/identify")
	b.must(b.do("/channel/identify", "username", samuele, "password", better), "/channel/choose")
	b.must(b.do("/channel/choose", "do", "cancel"), "/")
	b.has("il canale di prima resta attivo")
	b.do("/channel/identify", "username", samuele, "password", better)
	b.must(b.do("/channel/choose", "channel", "sms"), "/otp")
	b.pages("/otp")
	b.has("Scrivi il codice ricevuto via SMS", "numero che finisce con 279")
	b.must(b.do("/otp", "do", "cancel"), "/")
	b.has("il canale di prima resta attivo")

	// The password, from the area.
	b.want(http.StatusOK, "/security", b.get("/password/change"))
	b.must(b.do("/password/change"), "/password/new")
	b.pages("/password/new")
	b.lacks("Resta un passo", "manca la nuova password", "te la chiediamo di nuovo")
	b.must(b.do("/password/new", "do", "cancel"), "/")
	b.has("la password è quella di prima")
	b.do("/password/change")
	b.must(b.do("/password/new", "password", better+" e altre"), "/otp")
	old := b.cookies["__Host-session"]
	b.must(b.do("/otp", "otp", w.code("samuele.lamarghera@example.com")), "/")
	b.has("La nuova password è salvata.")
	if b.cookies["__Host-session"] == old {
		t.Error("the session keeps its id over a change of the password")
	}
	thief := w.browser()
	thief.cookies["__Host-session"] = old
	thief.want(http.StatusOK, "/session-ended", thief.get("/channel"))
}

// At sign-in from an unknown device a code is asked for; leaving it leaves
// nothing, and its place is taken until it would have expired.
func TestJourneySignInCode(t *testing.T) {
	w := newWalk(t, nil)
	w.enrol()
	w.clock.Add(6 * time.Minute)
	b := w.signIn(samuele, better)
	b.must(http.StatusOK, "/otp")
	b.pages("/otp")
	b.has("Accedi da un dispositivo che non conosciamo", "s•••••a@e•••e.com")
	first := w.code("samuele.lamarghera@example.com")

	// Another browser, a moment later: nothing can be typed, and it says until when.
	second := w.signIn(samuele, better)
	second.must(http.StatusOK, "/otp")
	second.pages("/otp")
	second.has("Aspetta per avere un nuovo codice", "Hai già chiesto un codice in un’altra pagina")
	if second.ids()["otp"] != nil || second.ids()["confirm"] != nil {
		t.Error("there is a field for a code that cannot be answered")
	}
	second.each(http.StatusConflict, "/otp", func() int { return second.do("/otp", "do", "again") })
	second.each(http.StatusUnprocessableEntity, "/otp", func() int { return second.do("/otp", "otp", first) })

	b.must(b.do("/otp", "do", "cancel"), "/login")
	b.has("L’accesso non è completo")
	b.want(http.StatusOK, "/login", b.do("/otp", "otp", first))
	second.want(http.StatusConflict, "/otp", second.do("/otp", "do", "again"))

	// Over: the earlier code no longer stands in the way.
	w.clock.Add(5 * time.Minute)
	second.pages("/otp")
	second.has("Ti serve un codice", "Invia il codice")
	second.must(second.do("/otp", "do", "again"), "/otp")
	code := w.code("samuele.lamarghera@example.com")
	for i := range 5 {
		second.want(http.StatusUnprocessableEntity, "/otp", second.do("/otp", "otp", other(code)))
		if i == 3 {
			second.has("resta un tentativo")
		}
	}
	second.pages("/otp")
	second.has("Il codice non vale più", "Dopo 5 tentativi sbagliati")
	second.each(http.StatusUnprocessableEntity, "/otp", func() int { return second.do("/otp", "otp", code) })
	second.each(http.StatusConflict, "/otp", func() int { return second.do("/otp", "do", "again") })

	w.clock.Add(5 * time.Minute)
	second.must(second.do("/otp", "do", "again"), "/otp")
	code = w.code("samuele.lamarghera@example.com")
	w.clock.Add(5 * time.Minute)
	second.pages("/otp")
	second.has("Il codice è scaduto", "Premi «Rigenera OTP»")
	second.each(http.StatusUnprocessableEntity, "/otp", func() int { return second.do("/otp", "otp", code) })
	if n := second.ids()["again"]; n == nil || strings.Contains(attr(n, "class"), "secondary") || second.ids()["confirm"] != nil {
		t.Error("after the end a new code is not the first thing to do")
	}
	second.must(second.do("/otp", "do", "again"), "/otp")
	second.must(second.do("/otp", "otp", w.code("samuele.lamarghera@example.com")), "/")

	// The device is known by now.
	second.do("/sign-out")
	second.must(second.do("/login", "username", samuele, "password", better), "/")
}

// The first access shows nothing to somebody who knows what stands on a letter
// (F-8, F-33, security.md 4.7), and the number is dead after it.
func TestJourneyFirstAccess(t *testing.T) {
	w := newWalk(t, nil)
	b := w.browser()
	b.pages("/first-access")
	b.has("lettera di benvenuto", "Ho già una password")
	b.pages("/first-access/identify")
	for _, wrong := range [][]string{{"", "905739"}, {noe, ""}, {noe, "abc"}, {noe, "905738"}, {samuele, "908304"}} {
		b.each(http.StatusUnprocessableEntity, "/first-access/identify", func() int {
			return b.do("/first-access/identify", "username", wrong[0], "number", wrong[1])
		})
		w.clock.Add(2 * time.Hour)
	}
	b.has("Con questi dati non possiamo aprire il primo accesso.")
	b.must(b.do("/first-access/identify", "username", noe, "number", "905739"), "/channel/choose")
	b.pages("/channel/choose")
	b.has("E‑mail, all’indirizzo registrato", "SMS: non abbiamo un tuo cellulare.", "Per entrare nella tua area")
	if n := b.ids()["channel-sms"]; n == nil || !hasAttr(n, "disabled") {
		t.Error("a channel without a contact can be chosen")
	}
	b.each(http.StatusUnprocessableEntity, "/channel/choose", func() int { return b.do("/channel/choose", "channel", "sms") })
	b.pages("/contacts/change")
	b.has("Allo sportello", "Porta un documento di identità valido.")
	if !strings.Contains(b.text, `href="/channel/choose"`) {
		t.Error("no way back to the steps")
	}
	b.want(http.StatusOK, "/channel/choose", b.get("/"))

	b.must(b.do("/channel/choose", "channel", "email"), "/otp")
	b.pages("/otp")
	b.has("all’indirizzo registrato")
	b.lacks("example.com", "•")
	b.must(b.do("/otp", "otp", w.code("noe.moranelli@example.com")), "/channel/done")

	// Left half-way: the channel is there, and the password is what comes next.
	b.must(b.do("/password/new", "do", "cancel"), "/signed-out")
	b.has("La nuova password non è salvata.")
	b.pages("/signed-out")
	b.want(http.StatusOK, "/login", b.get("/password/new"))
	b.must(b.do("/login", "username", noe, "password", "00905739"), "/password/new")
	b.pages("/password/new")
	b.has("manca la nuova password")
	b.must(b.do("/password/new", "password", better), "/otp")
	b.must(b.do("/otp", "do", "cancel"), "/signed-out")
	b.do("/first-access/identify", "username", noe, "number", "00905739")
	b.must(b.do("/password/new", "password", better), "/otp")
	b.has("Aspetta per avere un nuovo codice")
	w.clock.Add(5 * time.Minute)
	b.do("/otp", "do", "again")
	b.must(b.do("/otp", "otp", w.code("noe.moranelli@example.com")), "/")
	b.do("/sign-out")
	b.want(http.StatusUnprocessableEntity, "/first-access/identify", b.do("/first-access/identify", "username", noe, "number", "905739"))
	b.want(http.StatusUnprocessableEntity, "/login", b.do("/login", "username", noe, "password", "905739"))

	// Five wrong numbers, and the next hour is lost, right or wrong.
	stranger := w.browser()
	for range 5 {
		stranger.do("/first-access/identify", "username", nadia, "number", "1")
	}
	stranger.each(http.StatusTooManyRequests, "/first-access/identify", func() int {
		return stranger.do("/first-access/identify", "username", nadia, "number", "901531")
	})
}

// Without a contact on file there is no way but to have one put there (F-28).
func TestJourneyWithoutContact(t *testing.T) {
	w := newWalk(t, nil)
	b := w.signIn(nemo, secret)
	b.must(http.StatusOK, "/channel")
	b.pages("/channel")
	b.has("Non abbiamo un tuo contatto", "Cambia un contatto")
	b.each(http.StatusUnprocessableEntity, "/channel", func() int { return b.do("/channel", "do", "begin") })
	b.want(http.StatusOK, "/channel", b.get("/channel/identify"))
	b.want(http.StatusOK, "/channel", b.do("/channel/identify", "username", nemo, "password", secret))
	b.pages("/contacts/change")
	b.must(b.do("/channel", "do", "postpone"), "/")
	b.has("Te lo ricordiamo al prossimo accesso.")

	b = w.browser()
	b.must(b.do("/first-access/identify", "username", nadia, "number", "901531"), "/channel/choose")
	b.pages("/channel/choose")
	b.has("Non abbiamo un tuo contatto")
	if b.ids()["channel-sms"] != nil {
		t.Error("there is something to choose where there is nothing")
	}
	b.each(http.StatusUnprocessableEntity, "/channel/choose", func() int { return b.do("/channel/choose", "channel", "email") })
	b.must(b.do("/channel/choose", "do", "cancel"), "/login")
	b.has("Il canale sicuro non è attivo.")

	// Teresa has a mobile and no e-mail.
	b = w.signIn(teresa, secret)
	b.do("/channel/identify", "username", teresa, "password", secret)
	b.must(b.get("/channel/choose"), "/channel/choose")
	b.has("E‑mail: non abbiamo un tuo indirizzo.", "numero che finisce con 793")
	b.must(b.do("/channel/choose", "channel", "sms"), "/otp")
	b.has("numero che finisce con 793")
}

// The invitation can be put off until the day the fund's file names, that day
// included. After it nothing of the area opens but for who cannot accept (Q2).
func TestJourneyOverdue(t *testing.T) {
	w := newWalk(t, func(f *access.Fund) { f.SignIn.InviteUntil = time.Date(2025, 9, 30, 0, 0, 0, 0, f.Zone) })
	b := w.signIn(samuele, secret)
	b.must(b.do("/channel", "do", "postpone"), "/")
	w.clock.Add(14 * time.Hour)
	b = w.signIn(samuele, secret)
	none := w.signIn(nemo, secret)
	b.pages("/channel")
	b.has("Potevi rimandare fino a martedì 30 settembre 2025.")
	b.lacks("Più tardi")
	b.each(http.StatusUnprocessableEntity, "/channel", func() int { return b.do("/channel", "do", "postpone") })
	for _, path := range []string{"/", "/profile", "/security"} {
		b.want(http.StatusOK, "/channel", b.get(path))
		none.want(http.StatusOK, path, none.get(path))
	}
	b.must(b.do("/channel", "do", "begin"), "/channel/identify")
	none.must(none.do("/channel", "do", "postpone"), "/")
}

// A fund may trust credentials that have just been typed (security.md 4.9).
func TestJourneyFresh(t *testing.T) {
	w := newWalk(t, func(f *access.Fund) { f.Channel.Reauth = "fresh" })
	b := w.signIn(samuele, secret)
	b.must(b.do("/channel", "do", "begin"), "/channel/choose")
	w.clock.Add(5 * time.Minute)
	b = w.signIn(teresa, secret)
	w.clock.Add(5 * time.Minute)
	b.must(b.do("/channel", "do", "begin"), "/channel/identify")
}

// A message that did not arrive, for certain or perhaps, and the limits.
func TestJourneyUndelivered(t *testing.T) {
	w := newWalk(t, func(f *access.Fund) { f.Code.PerHour = 3 })
	b := w.signIn(samuele, secret)
	b.do("/channel/identify", "username", samuele, "password", secret)
	b.do("/channel/choose", "channel", "email")
	w.deliver(refused)
	b.pages("/otp")
	b.has("Il messaggio non è partito.", "Potrai chiedere un nuovo codice dalle 10:05")
	w.clock.Add(5 * time.Minute)
	b.must(b.do("/otp", "do", "again"), "/otp")
	w.deliver(permanent)
	b.pages("/otp")
	b.has("Il messaggio non è arrivato", "Il messaggio non è stato consegnato e il codice non vale più.")
	w.clock.Add(time.Second)
	b.must(b.do("/otp", "do", "again"), "/otp") // at once
	b.has("Scrivi il codice ricevuto per e‑mail")
	w.deliver(permanent)
	b.each(http.StatusTooManyRequests, "/otp", func() int { return b.do("/otp", "do", "again") })
	b.has("Hai chiesto molti codici in poco tempo.")

	// One who has used up the day's codes is told so before anything else is asked.
	w.clock.Add(time.Hour)
	w.fund.Code.PerHour, w.fund.Code.PerDay = 0, 3
	b = w.signIn(samuele, secret)
	b.do("/channel/identify", "username", samuele, "password", secret)
	b.must(b.do("/channel/choose", "channel", "email"), "/otp")
	b.pages("/otp")
	b.has("Ti serve un codice")
	b.lacks("all’ora")
	b.each(http.StatusTooManyRequests, "/otp", func() int { return b.do("/otp", "do", "again") })
	b.has("Per oggi non possiamo inviare altri codici")
}

// Fifteen wrong codes in a row, and all codes of the member pause.
func TestJourneyPaused(t *testing.T) {
	w := newWalk(t, nil)
	w.enrol()
	w.clock.Add(2 * time.Hour)
	b := w.signIn(samuele, better)
	for range 3 {
		code := w.code("samuele.lamarghera@example.com")
		for range 5 {
			b.do("/otp", "otp", other(code))
		}
		w.clock.Add(5 * time.Minute)
		b.do("/otp", "do", "again")
	}
	b.each(http.StatusTooManyRequests, "/otp", func() int { return b.do("/otp", "do", "again") })
	b.has("Troppi codici sbagliati.")
}

// A fund that gives a new code before the old one expires: the button is not
// held by the script, and the old code is dead.
func TestJourneyAgainSoon(t *testing.T) {
	w := newWalk(t, func(f *access.Fund) { f.Code.Again = time.Minute })
	b := w.signIn(samuele, secret)
	b.do("/channel/identify", "username", samuele, "password", secret)
	b.do("/channel/choose", "channel", "email")
	first := w.code("samuele.lamarghera@example.com")
	b.pages("/otp")
	b.has("Potrai chiedere un nuovo codice dalle 10:01.", "Il codice vale fino alle 10:05")
	if strings.Contains(b.text, "data-resend") {
		t.Error("the script holds the button until the code expires")
	}
	b.want(http.StatusConflict, "/otp", b.do("/otp", "do", "again"))
	w.clock.Add(time.Minute)
	b.pages("/otp")
	b.lacks("Potrai chiedere")
	b.must(b.do("/otp", "do", "again"), "/otp")
	b.want(http.StatusUnprocessableEntity, "/otp", b.do("/otp", "otp", first))
}

// Two members have one e-mail address: the second cannot make it theirs, and is
// not told whose it is (F-35, scenario 16).
func TestJourneySharedContact(t *testing.T) {
	w := newWalk(t, nil)
	late := w.signIn(umberto, secret)
	late.do("/channel/identify", "username", umberto, "password", secret)
	late.must(late.do("/channel/choose", "channel", "email"), "/otp")
	code := w.code("samuele.lamarghera@example.com")
	w.enrol()
	late.each(http.StatusUnprocessableEntity, "/otp", func() int { return late.do("/otp", "otp", code) })
	late.do("/otp", "do", "cancel")

	b := w.signIn(umberto, secret)
	b.do("/channel/identify", "username", umberto, "password", secret)
	b.each(http.StatusUnprocessableEntity, "/channel/choose", func() int { return b.do("/channel/choose", "channel", "email") })
	b.has("Questo contatto non si può usare qui.")
	b.lacks("Samuele")
}

// Sessions: staying, ending by time, leaving.
func TestJourneySessionEnds(t *testing.T) {
	w := newWalk(t, nil)
	b := w.signIn(samuele, secret)
	b.pages("/sign-out")
	w.clock.Add(14 * time.Minute)
	r := form("/session/stay")
	r.Header.Set("Accept", "application/json")
	a := b.raw(r)
	var got struct{ Now, Until, At string }
	if err := json.Unmarshal(a.Body.Bytes(), &got); err != nil || a.Code != 200 {
		t.Fatalf("%d %q: %v", a.Code, a.Body, err)
	}
	if got.Now != "2025-09-30T08:14:00.000Z" || got.Until != "2025-09-30T08:29:00.000Z" || !strings.Contains(got.At, "10:29") {
		t.Errorf("staying answers %+v", got)
	}
	b.want(http.StatusOK, "/", b.do("/session/stay"))
	b.want(http.StatusOK, "/", b.get("/session/stay"))
	w.clock.Add(14 * time.Minute)
	b.want(http.StatusOK, "/channel", b.get("/channel"))
	w.clock.Add(15 * time.Minute)
	b.must(b.do("/session/stay"), "/session-ended")
	b.pages("/session-ended")
	b.has("La sessione è finita")
	b.want(http.StatusOK, "/login", b.get("/channel"))

	b = w.signIn(samuele, secret)
	b.must(b.do("/sign-out"), "/signed-out")
	b.pages("/signed-out")
	if len(b.cookies["__Host-session"]) > 0 {
		t.Error("the browser keeps its session")
	}
	b.must(b.do("/sign-out"), "/signed-out") // twice
	b.want(http.StatusOK, "/login", b.get("/sign-out"))
	b.want(http.StatusOK, "/login", b.do("/password/change"))

	// The steps of a journey end by time, too; and with the session they began in.
	b = w.browser()
	b.do("/first-access/identify", "username", noe, "number", "905739")
	w.clock.Add(30 * time.Minute)
	b.must(b.do("/channel/choose", "channel", "email"), "/session-ended")
	b.has("Questi passi sono finiti")
	b = w.browser()
	b.do("/first-access/identify", "username", noe, "number", "905739")
	w.clock.Add(30 * time.Minute)
	b.each(http.StatusOK, "/session-ended", func() int {
		b.do("/first-access/identify", "username", noe, "number", "905739")
		w.clock.Add(30 * time.Minute)
		return b.get("/otp")
	})
	b = w.signIn(samuele, secret)
	b.must(b.do("/channel/identify", "username", samuele, "password", secret), "/channel/choose")
	w.clock.Add(16 * time.Minute)
	b.must(b.do("/channel/choose", "channel", "email"), "/session-ended")
	if len(w.post.Messages()) != 0 {
		t.Error("a journey went on without the session it was begun in")
	}
}

// Two members in one browser: whoever signs in ends what the other had, and
// nobody's steps become another's (security.md part 3, row 16).
func TestJourneyTwoMembers(t *testing.T) {
	w := newWalk(t, nil)
	b := w.signIn(samuele, secret)
	old := b.cookies["__Host-session"]
	b.must(b.do("/channel/identify", "username", samuele, "password", secret), "/channel/choose")
	steps := b.cookies["__Host-journey"]

	b.must(b.do("/login", "username", teresa, "password", secret), "/channel")
	if b.cookies["__Host-session"] == old || b.cookies["__Host-journey"] != "" {
		t.Error("the second member has the first one's cookies")
	}
	b.cookies["__Host-journey"] = steps // as another tab might have kept it
	b.want(http.StatusOK, "/", b.get("/channel/choose"))
	first := w.browser()
	first.cookies["__Host-session"] = old
	first.want(http.StatusOK, "/session-ended", first.get("/channel"))

	// Noè begins without a session, in a browser in which Teresa is signed in.
	b.must(b.do("/first-access/identify", "username", noe, "number", "905739"), "/channel/choose")
	if b.cookies["__Host-session"] != "" {
		t.Error("Teresa's session goes on beside the steps of Noè")
	}
	// And the other way round: Teresa signs in, and Noè's steps are over.
	steps = b.cookies["__Host-journey"]
	b.must(b.do("/login", "username", teresa, "password", secret), "/channel")
	b.cookies["__Host-journey"] = steps
	b.want(http.StatusOK, "/", b.do("/channel/choose", "channel", "email"))
	w.deliver(nil)
	if len(w.post.Messages()) != 0 {
		t.Error("a code left")
	}
}

// A cookie that somebody put into the browser beforehand opens nothing, and is
// not kept (security.md part 3, row 15).
func TestJourneyPlantedCookies(t *testing.T) {
	w := newWalk(t, nil)
	planted := strings.Repeat("A", 52)
	b := w.browser()
	b.cookies["__Host-session"], b.cookies["__Host-journey"], b.cookies["__Host-device"] = planted, planted, planted
	b.want(http.StatusOK, "/session-ended", b.get("/channel"))
	b.cookies["__Host-session"], b.cookies["__Host-journey"] = planted, planted
	b.must(b.do("/login", "username", samuele, "password", secret), "/channel")
	if got := b.cookies["__Host-session"]; got == planted || len(got) != 52 {
		t.Errorf("the session is %q", got)
	}

	// Somebody who knows what stands on Noè's letter begins, and has Noè go on.
	thief := w.browser()
	thief.must(thief.do("/first-access/identify", "username", noe, "number", "905739"), "/channel/choose")
	thief.must(thief.do("/channel/choose", "channel", "email"), "/otp")
	victim := w.browser()
	victim.cookies["__Host-journey"] = thief.cookies["__Host-journey"]
	victim.want(http.StatusOK, "/session-ended", victim.get("/otp"))
	victim.cookies["__Host-journey"] = thief.cookies["__Host-journey"]
	victim.want(http.StatusOK, "/session-ended", victim.do("/otp", "otp", w.code("noe.moranelli@example.com")))
	thief.want(http.StatusOK, "/otp", thief.get("/otp"))

	// Who may not come in any more does not go on.
	w.write(func(tx *store.Tx) error {
		im, err := tx.BeginImport("members.csv", "1")
		if err != nil {
			return err
		}
		e, err := tx.Entry("00905739")
		if err != nil {
			return err
		}
		e.Status, e.Version = "deceased", im.Version
		if err := tx.ChangeEntry(e); err != nil {
			return err
		}
		return tx.PublishImport(im)
	})
	thief.want(http.StatusOK, "/session-ended", thief.get("/otp"))
}

// Forms as no page of ours sends them.
func TestJourneyBadRequests(t *testing.T) {
	w := newWalk(t, nil)
	b := w.signIn(samuele, secret)
	b.do("/channel/identify", "username", samuele, "password", secret)
	visitor := w.browser()
	visitor.must(visitor.do("/first-access/identify", "username", noe, "number", "905739"), "/channel/choose")
	visitor.must(visitor.do("/channel/choose", "channel", "email"), "/otp")
	for _, c := range []struct {
		b     *browser
		path  string
		field string
	}{
		{w.browser(), "/login", "username"},
		{w.browser(), "/first-access/identify", "number"},
		{b, "/channel", "do"},
		{b, "/channel/identify", "password"},
		{b, "/channel/choose", "channel"},
		{visitor, "/otp", "otp"},
	} {
		c.b.each(http.StatusBadRequest, c.path, func() int { return c.b.do(c.path, "admin", "1") })
		c.b.each(http.StatusBadRequest, c.path, func() int { return c.b.do(c.path, c.field, "1", c.field, "2") })
		c.b.want(http.StatusBadRequest, c.path, c.b.do(c.path, c.field, "a\x00b"))
	}
	b.want(http.StatusBadRequest, "/channel", b.do("/channel", "do", "dance"))
	b.want(http.StatusBadRequest, "/channel/choose", b.do("/channel/choose", "do", "dance"))
	visitor.want(http.StatusBadRequest, "/otp", visitor.do("/otp", "do", "dance"))
	visitor.want(http.StatusOK, "/otp", visitor.get("/otp"))

	posts := []string{"/login", "/first-access/identify", "/channel", "/channel/identify", "/channel/choose", "/otp", "/password/new",
		"/password/change", "/sign-out", "/session/stay"}
	reading := []string{"/first-access", "/channel/done", "/otp/help", "/contacts/change", "/signed-out", "/session-ended"}
	for _, path := range append(posts, reading...) {
		b := w.signIn(samuele, secret)
		session := b.cookies["__Host-session"]
		b.want(http.StatusRequestEntityTooLarge, path, b.do(path, "do", strings.Repeat("x", 70<<10)))
		for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS"} {
			r := httptest.NewRequest(method, "https://"+host+path, nil)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			b.want(http.StatusMethodNotAllowed, path, b.ask(r))
			if b.header.Get("Allow") == "" {
				t.Errorf("%s %s does not say what is allowed", method, path)
			}
		}
		r := form(path, "do", "cancel")
		r.Header.Set("Content-Type", "application/json")
		b.want(http.StatusBadRequest, path, b.ask(r))
		for _, site := range []string{"cross-site", "same-site"} {
			b.each(http.StatusForbidden, path, func() int {
				r := form(path)
				r.Header.Set("Sec-Fetch-Site", site)
				return b.ask(r)
			})
		}
		if b.cookies["__Host-session"] != session {
			t.Errorf("%s: a bad request changed the session", path)
		}
	}
	for _, path := range reading {
		b := w.browser()
		b.want(http.StatusMethodNotAllowed, path, b.do(path))
	}
}

// When all hands are busy with passwords the page says so and when to come
// back, and what was typed is not counted as wrong.
func TestJourneyBusy(t *testing.T) {
	w := newWalk(t, nil)
	b := w.browser()
	release := w.occupy()
	b.each(http.StatusServiceUnavailable, "/login", func() int { return b.do("/login", "username", samuele, "password", secret) })
	if b.header.Get("Retry-After") == "" {
		t.Error("the answer does not say when to come back")
	}
	b.has("Riprova tra 5 secondi")
	b.want(http.StatusServiceUnavailable, "/first-access/identify", b.do("/first-access/identify", "username", noe, "number", "905739"))
	release()
	b.must(b.do("/login", "username", samuele, "password", secret), "/channel")
}
