package script

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"aditus/internal/access"
	"aditus/internal/deliver"
)

// recorder is a test that fails without failing, so that we can read how.
type recorder struct {
	testscriptT
	said *strings.Builder
}

func (r recorder) Run(_ string, f func(testscript.T)) {
	done := make(chan bool)
	go func() { defer close(done); f(r) }()
	<-done
}
func (r recorder) Log(a ...any)   { fmt.Fprint(r.said, a...) }
func (r recorder) Fatal(a ...any) { r.Log(a...); r.FailNow() }
func (r recorder) FailNow()       { r.said.WriteString("FAILED"); runtime.Goexit() }
func (r recorder) Parallel()      {}

const anna = `<title>Saluti</title><form method="post"><label for="a">Codice</label><input id="a" name="a" value="12">
<label><input type="radio" name="r" value="1"> EMAIL</label><label><input type="radio" name="r" value="2"> SMS</label>
<label>Nome <input name="b"></label><label>Nome <input name="c"></label>
<fieldset><legend>Persona 1</legend><label>Quota <input name="q1"></label></fieldset>
<fieldset><legend>Persona 2</legend><label>Quota <input name="q2" value="50"></label></fieldset>
<label><input type="checkbox" name="t"> Accetto</label>
<label><input type="radio" name="r" value="3" disabled> PEC</label><label>Paese <select name="p"><option value="IT">Italia</option><option value="CH">Svizzera</option></select></label>
<input type="hidden" name="h" value="nascosto"><button>Conferma</button><button type="button">Mostra</button></form>
<p>Buongiorno,<strong> Anna</strong>: l’accesso è aperto</p><dialog><button>Resta</button></dialog><p hidden>segreto</p><script>var x</script>`

// tell runs a script against anna's page, with one echo below it of what was
// posted, and returns what it said.
func tell(t *testing.T, script string) string {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.txtar"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	run(recorder{testscriptT{T: t}, &said}, dir, func(testing.TB) *world {
		c := &clock{now: time.Date(2025, 9, 30, 8, 0, 0, 0, time.UTC)}
		w := &world{fund: &access.Fund{ID: "aurora", Hosts: []string{"aurora.test"}, Zone: time.UTC,
			Registry: access.Profile{Delimiter: ";", Key: access.ProfileKey{Field: "enrolment_no"}, Columns: map[string]string{"NUMERO": "enrolment_no"}}}, clock: c,
			post: &office{Capture: deliver.NewCapture(c.Now), dead: map[string]bool{}},
			handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := r.ParseForm(); err != nil {
					t.Error(err)
				}
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprint(w, anna, "<p>", r.Method, " ", r.PostForm.Encode(), "</p><p>", r.Header.Get("Sec-Fetch-Site"), " ", r.RemoteAddr)
			})}
		w.register = newRegister(w)
		return w
	})
	return said.String()
}

// A script that fails says what it looked for, what there was, and the page.
func TestFailures(t *testing.T) {
	for line, want := range map[string]string{
		"fill Kodice 1":              `no field labelled "Kodice"; there is: "Codice", "EMAIL", "SMS", "Nome", "Nome"`,
		"fill Nome Anna":             `2 times field labelled "Nome"`,
		"fill 'Persona 3 > Quota' 1": `no field labelled "Quota"`,
		"fill EMAIL x":               `"EMAIL" is not for typing: it is a radio`,
		"fill Paese Italia":          `"Paese" is not for typing: it is a list`,
		"choose Codice":              `"Codice" is not one of several to choose from`,
		"choose PEC":                 `"PEC" is there, and cannot be used`,
		"tick SMS":                   `"SMS" is no box to tick`,
		"press Continua":             `no button or link "Continua"; there is: "Conferma"`,
		"press Resta":                `no button or link "Resta"`,  // only a script opens the dialog
		"press Mostra":               `no button or link "Mostra"`, // does nothing without a script
		"press Conferma molte":       `how many times is "molte"?`,
		"back":                       "there is no page before this one",
		"again":                      "no form was sent",
		"see Buonasera":              `"Buonasera": want seen true`,
		"see segreto":                `"segreto": want seen true`,
		"! see Anna":                 `"Anna": want seen false`,
		"title Errore":               `the title is "Saluti", want "Errore"`,
		"status 404":                 `the status is "200", want "404"`,
		"at /altrove":                `the path is "/", want "/altrove"`,
		"field Codice 13":            `Codice is "12", want "13"`,
		"same prima":                 "not the answer that was kept as prima, line 1:",
		"clock soon":                 `"soon" is no time`,
		"clock 07:59:59":             `it is 2025-09-30 08:00:00: time does not go back`,
		"fund aurora":                "the fund is there already",
		"sent":                       "! sent is for nobody",
		"! open /":                   "open does not go like this",
		"see":                        "see does not go like this",
		"member 1 height=3":          `the fund's register has no "height"`,
		"post /x y":                  `"y" is not NAME=VALUE`,
		"passkey telefono":           "the page asks for no passkey",
		"post-office burnt":          "open or closed, not burnt",
	} {
		said := tell(t, "open /\n"+line+"\n")
		wants := []string{want, "x.txtar:2", "FAILED"}
		if !strings.Contains(want, "go like this") { // then the line is wrong, and no page
			wants = append(wants, "https://aurora.test/\n", "Buongiorno, Anna: l")
		}
		for _, want := range wants {
			if !strings.Contains(said, want) {
				t.Errorf("%s: no %q in:\n%s", line, want, said)
			}
		}
	}
}

// What a browser sends is what its form holds, and pages are read as they stand.
func TestBrowser(t *testing.T) {
	for _, script := range []string{
		"press Conferma\nsee 'POST a=12&b=&c=&h=nascosto&p=IT&q1=&q2=50'\nsee 'same-origin 192.0.2.1:4321'",
		"fill Codice '359 359'\nchoose EMAIL\nchoose SMS\nchoose Svizzera\ntick Accetto\nfill 'Persona 1 > Quota' 50\nfield Paese Svizzera\nfield SMS on\nfield EMAIL ''\npress Conferma\nsee 'a=359+359&b=&c=&h=nascosto&p=CH&q1=50&q2=50&r=2&t=on'",
		"tick Accetto\n! tick Accetto\npress Conferma\n! see t=on",
		"fill Codice 1\npress Conferma\nsee 'POST a=1&'\nfield Codice 12\nback\nfield Codice 1\npress Conferma\nsee 'POST a=1&'\nfill Codice 2\nagain\nsee 'POST a=1&'",
		"press Conferma 3\nsee 'POST a=12'",
		"post /x k=v k=w\nat /x\nsee 'POST k=v&k=w'\nforge /x\nsee cross-site",
		"fill Codice 1\ntab due\nopen /due\nfield Codice 12\nat /due\ntab ''\nfield Codice 1\nbrowser altra\nopen /\nsee 192.0.2.2:4321\nbrowser ''\nfield Codice 1",
		"keep prima\nopen /\nsame prima\ntitle Saluti\nsee 'Buongiorno, Anna: l''accesso'\npress 'Conf*'\n! see 'x.txtar'",
	} {
		if said := tell(t, "open /\n"+script+"\n"); strings.Contains(said, "FAILED") {
			t.Errorf("%s\n%s", script, said)
		}
	}
}

// Lines of given files are cut into words as the scripts' own are.
func TestSplit(t *testing.T) {
	for line, want := range map[string]string{
		"":                            `[]`,
		"  # all of it":               `[]`,
		"press 'Invia il codice' # x": `["press" "Invia il codice"]`,
		"fill $label $none ''":        `["fill" "Codice fiscale" "" ""]`,
		"see 'l''accesso' a#b '$x'":   `["see" "l'accesso" "a#b" "$x"]`,
		"post /x otp=$code.":          `["post" "/x" "otp=359359."]`,
	} {
		got, err := split(line, func(name string) string { return map[string]string{"label": "Codice fiscale", "code": "359359"}[name] })
		if s := fmt.Sprintf("%q", got); err != nil || s != want {
			t.Errorf("%s: %s, %v; want %s", line, s, err, want)
		}
	}
	if _, err := split("see 'open", os.Getenv); err == nil {
		t.Error("an open quote was taken")
	}
}

// Times are read as people say them.
func TestLater(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2025, 10, 25, 10, 0, 0, 0, rome)
	for when, want := range map[string]string{
		"+5m": "2025-10-25 10:05:00 +0200", "10:04:59": "2025-10-25 10:04:59 +0200", "10:00": "2025-10-25 10:00:00 +0200",
		"2025-10-26 10:00": "2025-10-26 10:00:00 +0100", "+24h": "2025-10-26 09:00:00 +0100", // the clocks went back
	} {
		if got, err := later(now, when); err != nil || got.Format("2006-01-02 15:04:05 -0700") != want {
			t.Errorf("%s: %s, %v; want %s", when, got, err, want)
		}
	}
}

// Settings are changed where they stand, and nowhere else.
func TestReset(t *testing.T) {
	const file = "name = \"A\"\n[code]\nttl = \"5m\" # of life\nagain = \"expiry\"\n[hold]\nemail = \"72h\"\n[[way]]\n  [way.title]\n  it = \"B\""
	got, err := reset([]byte(file), []string{`code.again="60s"`, "name=\"C\"", "hold.email=\"0s\"", `way.title.it="D"`})
	want := strings.NewReplacer(`again = "expiry"`, `again = "60s"`, `name = "A"`, `name = "C"`, `"72h"`, `"0s"`, "  it = \"B\"", `it = "D"`).Replace(file)
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
	for _, set := range []string{"code.life=1", "ttl=1", "code.ttl"} {
		if _, err := reset([]byte(file), []string{set}); err == nil {
			t.Errorf("%s was taken", set)
		}
	}
}
