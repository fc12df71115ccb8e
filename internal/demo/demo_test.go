package demo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/deliver"
	"aditus/internal/demo"
	"aditus/internal/policy"
	"aditus/internal/store"
)

func start(t *testing.T, dir string) *demo.Demo {
	t.Helper()
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		t.Fatal(err)
	}
	d, err := demo.New(t.Context(), demo.Options{Listen: "127.0.0.1:8080", Data: dir, Funds: all, Wording: funds.Files,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func ask(h http.Handler, method, host, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "http://"+host+path, strings.NewReader(body))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// The demonstration listens to nobody but this machine.
func TestLoopback(t *testing.T) {
	for _, ok := range []string{"127.0.0.1:8080", "localhost:8080", "[::1]:8080", "127.0.0.2:0"} {
		if _, err := demo.Loopback(ok); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for _, bad := range []string{"0.0.0.0:8080", ":8080", "192.0.2.1:8080", "[::]:8080", "example.org:8080", "8080"} {
		if _, err := demo.Loopback(bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	if _, err := demo.Loopback("0.0.0.0:8080"); !errors.Is(err, demo.ErrNotLoopback) {
		t.Error(err)
	}
}

// The door shows the people of each fund, what they may type, and moves the
// clock; each fund answers at its own hosts.
func TestDoor(t *testing.T) {
	d := start(t, "")
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	var people []demo.Person
	if err := json.Unmarshal(ask(d.Handler, "GET", "localhost:8080", "/demo/people.json", "").Body.Bytes(), &people); err != nil {
		t.Fatal(err)
	}
	of := map[string][]demo.Person{}
	for _, p := range people {
		of[p.Fund] = append(of[p.Fund], p)
	}
	aurora, meridiana, alpina := of["aurora"], of["meridiana"], of["alpina"]
	if len(aurora) != 26 || len(meridiana) != 25 || len(alpina) != 25 {
		t.Fatalf("%d, %d and %d people", len(aurora), len(meridiana), len(alpina))
	}
	if aurora[0].Number != "00908304" || aurora[0].Secret() != "ciliegia-Lampada-47-nuvola" || aurora[3].Secret() != "00900025" {
		t.Errorf("%+v", aurora[:4])
	}
	if p := meridiana[2]; p.Login() != "S90002301" || p.Secret() == "" || meridiana[3].Secret() != "" {
		t.Errorf("%+v", meridiana[:4])
	}
	sites := map[string]int{}
	for _, p := range alpina {
		sites[p.Host]++
		if p.Number != "" || !strings.HasPrefix(p.Login(), "756.") || len(p.Born) != len("31.12.1999") {
			t.Errorf("%+v", p)
		}
		if p.Login() == "756.0000.3981.30" && (p.ActivationCode != "WM68-WB9E-EEJ8" || p.Born != "09.09.1990") {
			t.Errorf("%+v", p)
		}
		if p.Login() == "756.0000.7174.29" && p.ActivationCode != "" { // no statement went out yet
			t.Errorf("%+v", p)
		}
	}
	if len(sites) != 2 || sites["1e.alpina.localhost"] != 9 || sites["flex.alpina.localhost"] != 16 {
		t.Errorf("%v", sites)
	}
	for host, want := range map[string]int{"localhost:8080": 200, "127.0.0.1:8080": 200, "aurora.localhost:8080": 303, "meridiana.localhost:8080": 303,
		"flex.alpina.localhost:8080": 303, "1e.alpina.localhost:8080": 303, "alpina.localhost:8080": 421, "evil.example": 421} {
		if got := ask(d.Handler, "GET", host, "/", "").Code; got != want {
			t.Errorf("GET / at %s is %d, want %d", host, got, want)
		}
	}
	for _, path := range []string{"/", "/demo/messages"} {
		for _, lang := range []string{"it", "fr", "de", "en"} {
			w := ask(d.Handler, "GET", "localhost:8080", path+"?lang="+lang, "")
			if w.Code != 200 || !strings.Contains(w.Body.String(), `lang="`+lang+`"`) || strings.Contains(w.Body.String(), "[") {
				t.Errorf("%s in %s: %d", path, lang, w.Code)
			}
		}
	}
	before := d.Clock.Now()
	if w := ask(d.Handler, "POST", "localhost:8080", "/demo/clock", `{"advance":"5m"}`); w.Code != 200 || d.Clock.Now().Sub(before) < 5*time.Minute {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, bad := range []string{"", "{}", `{"advance":"-5m"}`, `{"advance":"soon"}`, strings.Repeat("x", 5000)} {
		if w := ask(d.Handler, "POST", "localhost:8080", "/demo/clock", bad); w.Code < 400 || w.Code >= 500 {
			t.Errorf("%.20q is %d", bad, w.Code)
		}
	}
	if w := ask(d.Handler, "GET", "localhost:8080", "/healthz", ""); w.Code != 200 {
		t.Error(w.Code)
	}
}

// What happened is there again after a restart with the same directory.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		d := start(t, dir)
		if len(d.People()) != 26+25+25 {
			t.Error(len(d.People()))
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What could have happened: a year after the sample people were invented their
// letters have expired, and whoever tries the demonstration is turned away.
func TestLettersOpen(t *testing.T) {
	d := start(t, "")
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	opened := 0
	for _, p := range d.People() {
		if p.ActivationCode == "" {
			continue
		}
		form := url.Values{"ahv": {p.Login()}, "birth_date": {p.Born}, "activation_code": {strings.ToLower(p.ActivationCode)}}
		r := httptest.NewRequest("POST", "http://"+p.Host+":8080/enrol/letter", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		d.Handler.ServeHTTP(w, r)
		if w.Code == http.StatusSeeOther && w.Header().Get("Location") == "/enrol/terms" {
			opened++
		}
	}
	if opened < 10 {
		t.Errorf("only %d letters open an enrolment", opened)
	}
}

// What could have happened: the demonstration's page says that a letter comes, and
// none does.
func TestOffice(t *testing.T) {
	d := start(t, "")
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	err := d.App.DB.Write(t.Context(), "alpina", func(tx *store.Tx) error {
		m, err := tx.MembersByLogin("7560000669896")
		if err != nil || len(m) != 1 {
			return fmt.Errorf("%d people: %v", len(m), err)
		}
		return errors.Join(
			tx.UseChannel(access.Channel{ID: "c1", Member: m[0].ID, Kind: access.SMS, Address: "+41701234567", Source: "member"}),
			tx.OpenCase(access.Case{Kind: "letter", Member: m[0].ID, Why: "factor"}),
			tx.OpenCase(access.Case{Kind: "letter", Member: m[0].ID, Why: "activation"}))
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time nothing is ordered any more
		if err := d.Office(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := d.App.Worker.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		all := slices.DeleteFunc(d.Capture.Messages(), func(m deliver.Captured) bool { return m.Channel != "letter" })
		if len(all) != 1 || !strings.Contains(all[0].To, "Lausanne") {
			t.Errorf("%+v", all)
		}
	}
}

// What could have happened: the sample mother cannot act for her child, and nobody who
// tries the demonstration ever sees how that is; or she can twice after a restart.
func TestMotherActs(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		d := start(t, dir)
		form := url.Values{"username": {"S90004901"}, "password": {"ciliegia-Lampada-47-nuvola"}}
		r := httptest.NewRequest("POST", "http://meridiana.localhost:8080/login", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		in := httptest.NewRecorder()
		d.Handler.ServeHTTP(in, r)
		r = httptest.NewRequest("GET", "http://meridiana.localhost:8080/profiles", nil)
		for _, c := range in.Result().Cookies() {
			r.AddCookie(c)
		}
		page := httptest.NewRecorder()
		d.Handler.ServeHTTP(page, r)
		if n := strings.Count(page.Body.String(), "Emanuele Rondardi"); in.Code != http.StatusSeeOther || page.Code != http.StatusOK || n != 1 {
			t.Errorf("signed in with %d; the profiles are %d, with the child %d times", in.Code, page.Code, n)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
