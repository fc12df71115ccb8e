package browsertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// A recorder is a test that fails without failing, so that we can read how.
type recorder struct {
	testing.TB
	said *strings.Builder
}

func (r recorder) Fatalf(f string, a ...any) {
	fmt.Fprintf(r.said, f+"FATAL\n", a...)
	runtime.Goexit()
}
func (r recorder) Errorf(f string, a ...any) { fmt.Fprintf(r.said, f+"ERROR\n", a...) }

// failing is what f says on p, which stays as it was.
func failing(p *Page, f func(p *Page)) string {
	q := *p
	var said strings.Builder
	q.t = recorder{p.t, &said}
	done := make(chan bool)
	go func() { defer close(done); f(&q) }()
	<-done
	return said.String()
}

// site is a small place of the kind the product is: a form to sign in, which
// comes back with 422 when the password is wrong, and a page behind it.
func site(t *testing.T) string {
	t.Helper()
	page := func(w http.ResponseWriter, name string) {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Error(err)
		}
		w.Write(b)
	}
	mux := http.NewServeMux()
	html := func(f http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			f(w, r)
		}
	}
	mux.HandleFunc("GET /{$}", html(func(w http.ResponseWriter, r *http.Request) { page(w, "login.html") }))
	mux.HandleFunc("POST /login", html(func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("password") != "ciliegia" || r.PostFormValue("code") != "ABC" {
			w.WriteHeader(422)
			fmt.Fprintf(w, `<!doctype html><html lang="it"><title>Errore</title><main><h1>Non corrisponde</h1><p>%s, %s, %s</p></main>`,
				r.PostFormValue("code"), r.PostFormValue("channel"), r.PostFormValue("lang"))
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "s", Value: "1", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		time.Sleep(50 * time.Millisecond) // a page that takes its time
		http.Redirect(w, r, "/area", http.StatusSeeOther)
	}))
	mux.HandleFunc("GET /area", html(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("s"); err != nil {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprintf(w, `<!doctype html><html lang="it"><title>Area</title><main><h1>Buongiorno</h1><p>%s</p></main>`, r.Header.Get("Accept-Language"))
	}))
	mux.HandleFunc("GET /strict", html(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		page(w, "login.html")
	}))
	for _, name := range []string{"bad.html", "loud.html", "wide.html", "good.html"} {
		mux.HandleFunc("GET /"+name, html(func(w http.ResponseWriter, r *http.Request) { page(w, name) }))
	}
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /big.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		fmt.Fprint(w, "/*"+strings.Repeat("x", 20_000)+"*/")
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "127.0.0.1", "aurora.localhost", 1)
}

// A person signs in, with the page's scripts on and off.
func TestSignIn(t *testing.T) {
	for _, noJS := range []bool{false, true} {
		t.Run(fmt.Sprintf("NoJS=%v", noJS), func(t *testing.T) {
			p := New(t, Options{NoJS: noJS, Lang: "de-CH, de;q=0.7", Width: 360, Height: 640})
			url := site(t)
			p.Open(url)
			if noJS {
				p.See("Senza script")
				p.NotSee("Con script")
			} else {
				p.See("Con script, dopo un po'")
				p.NotSee("Senza script")
			}
			if p.Title() != "Accesso" || p.URL() != url+"/" || p.Status() != 200 {
				t.Errorf("title %q, url %q, status %d", p.Title(), p.URL(), p.Status())
			}
			p.Fill("Codice fiscale", "XYZ")
			p.Fill("Codice fiscale", "ABC") // in place of what was there
			p.Fill("Nota", "prima riga")
			p.Fill("Nota", "")
			p.Choose("SMS")
			p.Choose("SMS")
			p.Choose("Ricordami")
			p.Choose("Ricordami")
			p.Choose("Deutsch")
			if v := p.Value("Codice fiscale") + p.Value("Nota"); v != "ABC" {
				t.Errorf("fields hold %q", v)
			}
			p.NotSee("piccole lettere")
			p.Press("Aiuto")
			p.See("piccole lettere")
			p.Press("Entra")
			p.See("Non corrisponde")
			p.See("ABC, sms, de")
			if p.Status() != 422 {
				t.Errorf("status %d", p.Status())
			}
			p.Back()
			p.Fill("Codice fiscale", "ABC")
			p.Fill("Password", "ciliegia")
			p.Key("Enter")
			p.See("Buongiorno")
			p.See("de-CH, de;q=0.7")
			c := p.Cookies()
			if len(c) != 1 || c[0].Name != "s" || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode || c[0].Secure || !c[0].Expires.IsZero() {
				t.Errorf("cookies %v", c)
			}
			if c := p.Console(); len(c) > 0 {
				t.Errorf("console %q", c)
			}
			q := New(t, Options{})
			q.Open(url + "/area")
			if q.Status() != 403 || len(q.Cookies()) != 0 {
				t.Error("two windows share their cookies")
			}
		})
	}
}

// Each page that follows a press is there when Press returns, however often and
// however quick.
func TestPressWaits(t *testing.T) {
	for _, noJS := range []bool{false, true} {
		t.Run(fmt.Sprintf("NoJS=%v", noJS), func(t *testing.T) {
			t.Parallel()
			n := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/favicon.ico" {
					n++
				}
				w.Header().Set("Content-Type", "text/html")
				time.Sleep(time.Duration(n%4) * 7 * time.Millisecond)
				fmt.Fprintf(w, `<!doctype html><title>%d</title><a href="/">Avanti</a><form method="post"><input name="x" aria-label="Campo"><button>Invia</button></form>`, n)
			}))
			t.Cleanup(s.Close)
			p := New(t, Options{NoJS: noJS})
			p.Open(s.URL)
			for i := 2; i < 32; i++ {
				switch i % 3 {
				case 0:
					p.Press("Avanti")
				case 1:
					p.Press("Invia")
				case 2:
					p.Fill("Campo", "x")
					p.Key("Enter")
				}
				if want := fmt.Sprint(i); p.Title() != want {
					t.Fatalf("on page %s, want %s", p.Title(), want)
				}
			}
		})
	}
}

// What cannot be done is told with what there is, and with the page.
func TestFailures(t *testing.T) {
	p := New(t, Options{})
	p.Open(site(t))
	for want, f := range map[string]func(p *Page){
		`no field labelled "Codice"; there is: "Codice fiscale", "Password"`: func(p *Page) { p.Fill("Codice", "1") },
		`more than one choice "Doppio"`:                                      func(p *Page) { p.Choose("Doppio") },
		`"SMS" is not for typing: it is a radio`:                             func(p *Page) { p.Fill("SMS", "1") },
		`no button or link "Esci"; there is: "Salta", "Entra"`:               func(p *Page) { p.Press("Esci") },
		`"Fermo" cannot be pressed: it is disabled`:                          func(p *Page) { p.Press("Fermo") },
		`"Coperto" cannot be pressed: <div class="lid"> lies over it`:        func(p *Page) { p.Press("Coperto") },
		`no field labelled "Nascosto"`:                                       func(p *Page) { p.Fill("Nascosto", "1") },
		`"Accedi all'area" is on the page`:                                   func(p *Page) { p.NotSee("Accedi all'area") },
		`there is no key "Return"`:                                           func(p *Page) { p.Key("Return") },
	} {
		said := failing(p, f)
		for _, want := range []string{want, "--- 200 http://aurora.localhost:", "Accedi all’area", "FATAL"} {
			if !strings.Contains(said, want) {
				t.Errorf("no %q in:\n%s", want, said)
			}
		}
	}
	if said := failing(p, func(p *Page) { p.Open("http://example.com/") }); !strings.Contains(said, "ERR_NAME_NOT_RESOLVED") {
		t.Errorf("another machine was asked for:\n%s", said)
	}
	if said := failing(New(t, Options{}), func(p *Page) { p.Back() }); !strings.Contains(said, "no page before") {
		t.Errorf("went back to nowhere:\n%s", said)
	}
}
