package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/browsertest"
)

// until waits for what the page's script does by itself, at its next second.
func until(t *testing.T, p *browsertest.Page, what, expression string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !browsertest.Eval[bool](p, expression); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come:\n%s", what, p.Text())
		}
	}
}

// says is whether an element reads so, whatever kind of blanks it has.
func says(selector, text string) string {
	return fmt.Sprintf(`document.querySelector(%q).textContent.replace(/\s+/g, " ").trim() === %q`, selector, text)
}

// desk is a world and a window on it, with the page's scripts, and somebody who
// has just signed in there and owes a code.
func desk(t *testing.T, k kind) (*stage, *seat) {
	t.Helper()
	s := &stage{world: newWorld(t), page: browsertest.New(t, browsertest.Options{Lang: "it"}), lang: "it"}
	t.Cleanup(func() {
		if said := s.page.Console(); len(said) > 0 {
			t.Errorf("the browser says %q", said)
		}
	})
	return s, s.person(k).sits("it", "")
}

// The time a code has left is told in words at two minutes, one and half a
// minute, and at its end «Rigenera OTP» is what there is to do (ux.md 4.7).
func TestBrowserCountdown(t *testing.T) {
	t.Parallel()
	s, who := desk(t, bySMS)
	s.goes(who.knocks(), "/otp")
	first := s.code(who.mobile)
	live := func(text string) string { return says("#otp-live", text) }
	until(t, s.page, "the time left", `document.querySelector("[data-left]").textContent.replace(/\s+/g, " ").startsWith("ancora 4 min")`)
	if !browsertest.Eval[bool](s.page, `document.getElementById("again").getAttribute("aria-disabled") === "true" && !document.getElementById("again").disabled`) {
		t.Error("the button for a new code is not held")
	}
	s.page.Press("Rigenera OTP")
	until(t, s.page, "the reason", live("Potrai chiedere un nuovo codice dalle 10:05."))
	if n := s.posted("/otp"); n != 0 {
		t.Errorf("%d forms came", n)
	}
	s.passes(178 * time.Second)
	until(t, s.page, "two minutes", live("Restano due minuti"))
	s.passes(60 * time.Second)
	until(t, s.page, "one minute", live("Resta un minuto"))
	until(t, s.page, "the last minute", `document.querySelector(".p-timer").dataset.state === "low"`)
	s.passes(30 * time.Second)
	until(t, s.page, "half a minute", live("Restano trenta secondi"))
	browsertest.Eval[int](s.page, `(document.getElementById("confirm").focus(), 0)`)
	s.passes(32 * time.Second)
	until(t, s.page, "the end", `document.querySelector(".p-timer").dataset.state === "out"`)
	until(t, s.page, "the alert", says("[role=alert]", "Il codice è scaduto. Ora puoi premere Rigenera OTP."))
	if !browsertest.Eval[bool](s.page, `document.getElementById("confirm").hidden && !document.getElementById("again").hasAttribute("aria-disabled")
		&& !document.getElementById("again").classList.contains("govuk-button--secondary")`) {
		t.Error("«Rigenera OTP» is not what there is to do")
	}
	if got := s.page.Focused(); got != "Rigenera OTP" {
		t.Errorf("the focus is at %q", got)
	}
	s.look()
	s.page.Key("Enter")
	s.page.See("Il codice vale fino alle 10:10")
	if second := s.code(who.mobile); s.sent(who.mobile) != 2 || first == "" || second == "" {
		t.Error("no second code was sent")
	} else {
		s.page.Fill("Codice di 6 cifre", "#"+second)
		s.page.Key("Enter")
	}
	s.page.See("Buongiorno, Samuele")
}

// While another code holds the place, the wait is counted down too, and then
// the button is free.
func TestBrowserCountdownBurnt(t *testing.T) {
	t.Parallel()
	s, who := desk(t, byEmail)
	s.burns(who.knocks())
	s.goes(who, "/otp")
	s.page.See("Dopo 5 tentativi sbagliati il codice non vale più")
	until(t, s.page, "the button held", `document.getElementById("again").getAttribute("aria-disabled") === "true"`)
	s.passes(5 * time.Minute)
	until(t, s.page, "the end of the wait", `!document.getElementById("again").hasAttribute("aria-disabled")`)
	s.page.See("Ora puoi chiedere un nuovo codice")
	s.page.Press("Rigenera OTP")
	s.page.See("Scrivi il codice ricevuto per e-mail")
}

// The password can be shown and hidden, and that is said.
func TestBrowserShowPassword(t *testing.T) {
	t.Parallel()
	s, _ := desk(t, kind{})
	s.goes(nil, "/login")
	s.page.Fill("Password", "ciliegia")
	s.page.Press("Mostra")
	if !browsertest.Eval[bool](s.page, `document.getElementById("password").type === "text"`) {
		t.Error("the password is not shown")
	}
	s.page.See("La password è visibile")
	s.page.Press("Nascondi")
	if !browsertest.Eval[bool](s.page, `document.getElementById("password").type === "password"`) {
		t.Error("the password is not hidden")
	}
	s.page.See("La password è nascosta")
	if got := s.page.Value("Password"); got != "ciliegia" {
		t.Errorf("the field holds %q", got)
	}
}

// A button pressed twice at once does its deed once, with the page's scripts and
// without: there is one receipt.
func TestBrowserDoubleClick(t *testing.T) {
	walks(t, func(t *testing.T, w walk) {
		s := &stage{world: w.world, page: w.p, lang: "it"}
		who, path := s.live(bySMS, "iban")
		s.goes(who, path)
		w.p.Fill("Codice di 6 cifre", s.code(who.mobile))
		browsertest.Eval[int](w.p, `(() => { const b = document.getElementById("confirm"); b.click(); b.click(); return 0 })()`)
		w.p.See("La richiesta è confermata")
		if n := s.posted(path); n > 1 && !w.noJS {
			t.Errorf("%d forms came", n)
		}
		if n := s.told(who.email, "Hai confermato questa operazione"); n != 1 {
			t.Errorf("%d receipts were sent", n)
		}
		w.p.Open(w.base + "/requests")
		if n := strings.Count(w.p.Text(), "Cambio di IBAN"); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// Two minutes before a session ends the page asks; staying keeps it, Escape is
// staying, leaving ends it (ux.md 4.8).
func TestBrowserSessionDialog(t *testing.T) {
	t.Parallel()
	s, who := desk(t, bySMS)
	who.signIn(access.LevelAct)
	s.goes(who, "/profile")
	const open = `document.querySelector("dialog").open`
	ask := func() {
		t.Helper()
		s.passes(13*time.Minute + 5*time.Second)
		until(t, s.page, "the dialog", open)
		if got := s.page.Focused(); got != "Resta nell'area" {
			t.Errorf("the focus is at %q", got)
		}
		s.page.FocusShown()
	}
	ask()
	until(t, s.page, "the warning", says("dialog [data-live]", "La sessione finisce tra due minuti"))
	s.page.See("la sessione finisce alle 10:15")
	s.look()
	s.page.Press("Resta nell'area")
	until(t, s.page, "the end of the dialog", "!"+open)
	if n := s.posted("/session/stay"); n != 1 {
		t.Errorf("%d forms came", n)
	}
	ask()
	s.page.See("la sessione finisce alle 10:28")
	s.page.Key("Escape")
	until(t, s.page, "the end of the dialog", "!"+open)
	if n := s.posted("/session/stay"); n != 2 {
		t.Errorf("%d forms came", n)
	}
	s.page.See("Strada Bassa, 52") // still there
	ask()
	s.page.Key("Tab", "Enter")
	s.page.See("Hai chiuso la sessione")
	s.page.Back()
	s.page.NotSee("Strada Bassa")
}

// Whoever is not there when the dialog asks finds the session ended, and nothing
// of it on the page.
func TestBrowserSessionEnds(t *testing.T) {
	t.Parallel()
	s, who := desk(t, bySMS)
	who.signIn(access.LevelAct)
	s.goes(who, "/profile")
	s.passes(15*time.Minute + time.Second)
	s.page.See("La sessione è finita")
	s.page.NotSee("Strada Bassa")
	s.page.Press("Accedi di nuovo")
	s.page.See("Codice fiscale")
}

// Where nobody knows yet whether a confirmation stands, the page waits, and goes
// to the receipt by itself (reliability.md R3).
func TestBrowserChecking(t *testing.T) {
	t.Parallel()
	s, _ := desk(t, kind{})
	who, path := s.live(bySMS, "iban")
	code := s.code(who.mobile)
	// Whoever asks what became of it is not answered; the confirmation itself is.
	defer s.breaks("UPDATE ON operation WHEN NEW.state = 'coded'")()
	s.goes(who, strings.Replace(path, "confirm", "checking", 1))
	s.page.See("Stiamo verificando")
	who.confirms(strings.Split(path, "/")[2], code)
	until(t, s.page, "the receipt", `location.pathname.endsWith("/done")`)
	s.page.See("La richiesta è confermata")
}

// The whole way in, and an act, by the keyboard alone: the focus can be seen
// wherever it goes, nothing catches it, Enter goes on.
func TestBrowserKeyboard(t *testing.T) {
	walks(t, func(t *testing.T, w walk) {
		who := w.person(bySMS)
		w.p.Open(w.base + "/login")
		w.p.Key("Tab")
		if got := w.p.Focused(); got != "Vai al contenuto principale" {
			t.Errorf("the first stop is %q", got)
		}
		w.p.FocusShown()
		w.p.Key("Enter", "Tab")
		if got := w.p.Focused(); got != "Codice fiscale" {
			t.Errorf("after the jump the first stop is %q", got)
		}
		w.keys(who.taxCode)
		w.tabTo("Password")
		w.keys(secret)
		w.p.Key("Enter")
		w.at("/otp")
		w.tabTo("Codice di 6 cifre")
		w.keys(wrong(w.code(who.mobile)))
		w.p.Key("Enter")
		w.problem("restano 4 tentativi")
		if w.noJS {
			w.tabTo("Il codice non corrisponde. Usa l'ultimo ricevuto: restano 4 tentativi.")
		} else {
			w.p.Key("Tab") // the summary has the focus: the next stop is its link
		}
		w.p.Key("Enter")
		if got := w.p.Focused(); got != "Codice di 6 cifre" {
			t.Errorf("the link of the problem leads to %q", got)
		}
		browsertest.Eval[int](w.p, `(document.getElementById("otp").select(), 0)`)
		w.keys(w.code(who.mobile))
		w.p.Key("Enter")
		w.at("/")
		w.tabTo("Cambia l'IBAN")
		w.p.Key("Enter")
		w.tabTo("IBAN")
		w.keys(iban)
		w.p.Key("Enter")
		w.p.See("Controlla prima di confermare")
		w.tabTo("Invia il codice")
		w.p.Key("Enter")
		w.tabTo("Codice di 6 cifre")
		w.keys(w.code(who.mobile))
		w.p.Key("Enter")
		w.p.See("La richiesta è confermata")
		w.tabTo("Torna alla tua area")
		w.p.Key("Enter")
		w.at("/")
		w.around()
	})
}

// tabTo goes on with the tabulator until the focus is at what is so called.
func (w walk) tabTo(name string) {
	w.t.Helper()
	var seen []string
	for range 60 {
		w.p.Key("Tab")
		w.p.FocusShown()
		got := w.p.Focused()
		if got == name {
			return
		}
		seen = append(seen, got)
	}
	w.t.Fatalf("the tabulator never comes to %q, only to %q", name, seen)
}

// around goes once through all there is to press, and comes out at the end.
func (w walk) around() {
	w.t.Helper()
	browsertest.Eval[int](w.p, `(document.activeElement.blur(), scrollTo(0, 0), 0)`)
	n := browsertest.Eval[int](w.p, `[...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")].filter(e => e.checkVisibility() && e.tabIndex >= 0).length`)
	last := ""
	for i := range n {
		w.p.Key("Tab")
		w.p.FocusShown()
		if now := w.p.Focused(); now == last && i > 0 {
			w.t.Fatalf("the focus stays at %q", now)
		}
		last = w.p.Focused()
	}
	if last != "Sicurezza e truffe" {
		w.t.Errorf("the last stop is %q, want the last link at the foot", last)
	}
}

// What is asked of every page is seen where it is missing.
func TestBrowserChecksBite(t *testing.T) {
	t.Parallel()
	const bad = `<!doctype html><html lang="it"><title>Titolo</title><link rel="icon" href="data:,"><main>
		<h1>Uno</h1><h1>Due</h1><div class="govuk-error-summary">C’è un problema</div>
		<p>[otp.title]</p><ul><li></li></ul><p style="color:red" id="a">x</p><p id="a">y</p>
		<input aria-describedby="b" aria-label="Campo" style="height:60px"><a href="#c">là</a>
		<button style="height:30px">Basso</button>
		<div style="overflow:hidden;width:40px;white-space:nowrap">un testo che non ci sta</div>
		<dl><dd style="width:60px;overflow-wrap:anywhere"><span class="u-code">MRNNOE61L16B893Z</span></dd></dl></main>`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if _, err := w.Write([]byte(bad)); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	p := browsertest.New(t, browsertest.Options{})
	p.Open(server.URL)
	all := strings.Join(complaints(p, "Errore:"), "\n")
	for _, want := range []string{"2 h1", "title «Titolo»", "left in the text: [otp.title]", "empty: <li>", "inline style", "two of #a",
		"aria-describedby leads to #b", "a link to #c", "30.0 px high", "cut off", "broken over"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in:\n%s", want, all)
		}
	}
}
