package web_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/app"
	"aditus/internal/audit"
	"aditus/internal/deliver"
	"aditus/internal/keys"
	"aditus/internal/password"
	"aditus/internal/policy"
	"aditus/internal/store"
)

// wired is the program as `aditus serve` builds it: reached over https, behind a
// proxy it knows.
func wired(t *testing.T) (*app.App, *access.Fund) {
	t.Helper()
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		t.Fatal(err)
	}
	capture := deliver.NewCapture(time.Now)
	a, err := app.New(t.Context(), app.Options{Database: filepath.Join(t.TempDir(), "aditus.db"), Keys: keys.New(rand.Reader), Funds: all,
		Wording: funds.Files, Senders: map[access.Kind]deliver.Sender{access.Email: capture, access.SMS: capture}, Checkpoints: io.Discard,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Secure: true, Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		Password: password.Params{MemoryKiB: 64, Time: 1, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a, all[aurora(all)]
}

// The headers that keep a page from being framed, sniffed, cached, or made to
// load what is not ours (ASVS 3.4), on every kind of answer.
func TestHeaders(t *testing.T) {
	a, f := wired(t)
	for _, path := range []string{"/login", "/nowhere", "/", "/otp", "/operations/x/confirm"} {
		r := httptest.NewRequestWithContext(context.Background(), "GET", "https://"+f.Hosts[0]+path, nil)
		w := httptest.NewRecorder()
		a.Handler.ServeHTTP(w, r)
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		csp := w.Header().Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy %q lacks %q", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %q", path, csp)
		}
	}
}

// Cookies over https: __Host-, Secure, HttpOnly, SameSite, no Domain, for all of
// the site (ASVS 3.3).
func TestCookies(t *testing.T) {
	a, f := wired(t)
	r := httptest.NewRequestWithContext(context.Background(), "GET", "https://"+f.Hosts[0]+"/login?lang=de", nil)
	w := httptest.NewRecorder()
	a.Handler.ServeHTTP(w, r)
	cookies := w.Result().Cookies()
	if len(cookies) == 0 {
		t.Fatal("no cookie")
	}
	for _, c := range cookies {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "" || c.Path != "/" {
			t.Errorf("%+v", c)
		}
	}
}

// What could have happened: a stranger writes any address into X-Forwarded-For,
// and the limit of a network counts somebody else's; or twelve headers that name
// another host make the program write links to it (security.md rows 17, 38).
func TestForwarded(t *testing.T) {
	a, f := wired(t)
	for _, c := range []struct{ peer, header, want string }{
		{"198.51.100.7:1", "203.0.113.9", "198.51.100.7"}, // not a proxy of ours: not believed
		{"192.0.2.1:1", "203.0.113.9", "203.0.113.9"},
		{"192.0.2.1:1", "10.9.9.9, 203.0.113.9", "203.0.113.9"}, // only the last word is the proxy's
		{"192.0.2.1:1", "203.0.113.9, 192.0.2.5", "203.0.113.9"},
		{"192.0.2.1:1", "nonsense", "192.0.2.1"},
		{"192.0.2.1:1", "", "192.0.2.1"},
	} {
		r := httptest.NewRequestWithContext(context.Background(), "POST", "https://"+f.Hosts[0]+"/login",
			strings.NewReader("username=RSSMRA85M01H501Q&password=nobody-knows"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Forwarded-For", c.header)
		for _, name := range []string{"X-Forwarded-Host", "Forwarded", "X-Host", "X-Original-URL", "X-Rewrite-URL", "X-Real-IP", "True-Client-IP"} {
			r.Header.Set(name, "evil.example")
		}
		r.RemoteAddr = c.peer
		w := httptest.NewRecorder()
		a.Handler.ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), "evil.example") || w.Header().Get("Location") != "" {
			t.Errorf("%q: %d %s", c.header, w.Code, w.Header().Get("Location"))
		}
		if got := lastAddress(t, a, f); got != c.want {
			t.Errorf("peer %s with %q counts as %q, want %q", c.peer, c.header, got, c.want)
		}
	}
}

// lastAddress is the network address in the newest event of a failed sign-in.
func lastAddress(t *testing.T, a *app.App, f *access.Fund) (ip string) {
	t.Helper()
	err := a.DB.Read(t.Context(), f.ID, func(tx *store.Tx) error {
		es, err := tx.EventsOf("", 1, audit.KindSignInFailed)
		if err != nil || len(es) == 0 {
			return err
		}
		var where audit.Where
		_, err = audit.Personal(tx, es[0], &where)
		ip = where.IP
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ip
}

// A canary in every field that a stranger fills is in no log (security.md row 45).
func TestNoSecretInLog(t *testing.T) {
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	a, err := app.New(t.Context(), app.Options{Database: filepath.Join(t.TempDir(), "aditus.db"), Keys: keys.New(rand.Reader), Funds: all,
		Wording: funds.Files, Senders: map[access.Kind]deliver.Sender{}, Checkpoints: io.Discard,
		Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), Password: password.Params{MemoryKiB: 64, Time: 1, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	const canary = "canary-7f3a\r\nINJECTED"
	for path, field := range map[string]string{"/login": "password", "/first-access/identify": "number", "/otp": "otp", "/password/new": "password"} {
		body := "username=RSSMRA85M01H501Q&" + field + "=canary-7f3a%0d%0aINJECTED"
		r := httptest.NewRequestWithContext(context.Background(), "POST", "http://"+all[aurora(all)].Hosts[0]+path+"?x=canary-7f3a", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("User-Agent", canary)
		a.Handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	// With the database closed everything is a fault, and faults are logged.
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(context.Background(), "POST", "http://"+all[aurora(all)].Hosts[0]+"/login", strings.NewReader("username=RSSMRA85M01H501Q&password=canary-7f3a"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a.Handler.ServeHTTP(w, r)
	if w.Code < 500 || log.Len() == 0 {
		t.Errorf("%d, log %q", w.Code, log.String())
	}
	if strings.Contains(log.String(), "canary") || strings.Contains(log.String(), "RSSMRA85M01H501Q") {
		t.Error(log.String())
	}
	for line := range strings.Lines(log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not one line an event: %q", line)
		}
	}
}

// aurora is where the fund stands whose people sign in with a tax code.
func aurora(all []*access.Fund) int {
	return slices.IndexFunc(all, func(f *access.Fund) bool { return f.ID == "aurora" })
}

// A fund's own logo and sign stand on its pages in the place of the product's, and
// on no other fund's.
func TestMarksOnPages(t *testing.T) {
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		t.Fatal(err)
	}
	f := *all[aurora(all)]
	f.Brand.Logo, f.Brand.Favicon = "logo.png", "icon.png"
	var logo, icon bytes.Buffer
	if err := errors.Join(png.Encode(&logo, image.NewGray(image.Rect(0, 0, 120, 40))), png.Encode(&icon, image.NewGray(image.Rect(0, 0, 32, 32)))); err != nil {
		t.Fatal(err)
	}
	others := slices.DeleteFunc(all, func(o *access.Fund) bool { return o.ID == f.ID })
	a, err := app.New(t.Context(), app.Options{Database: filepath.Join(t.TempDir(), "aditus.db"), Keys: keys.New(rand.Reader), Funds: append(others, &f),
		Wording: fstest.MapFS{"logo.png": {Data: logo.Bytes()}, "icon.png": {Data: icon.Bytes()}}, Senders: map[access.Kind]deliver.Sender{},
		Checkpoints: io.Discard, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Secure: true, Password: password.Params{MemoryKiB: 64, Time: 1, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	get := func(host, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		a.Handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "https://"+host+path, nil))
		return w
	}
	named := regexp.MustCompile(`"(/brand/[0-9a-f]{16}\.png)"`).FindAllStringSubmatch(get(f.Hosts[0], "/login").Body.String(), -1)
	if len(named) != 2 {
		t.Fatalf("the page names %q", named)
	}
	for _, m := range named {
		if w := get(f.Hosts[0], m[1]); w.Code != 200 || w.Header().Get("Content-Type") != "image/png" {
			t.Errorf("%s: %d, %s", m[1], w.Code, w.Header().Get("Content-Type"))
		}
		if w := get(others[0].Hosts[0], m[1]); w.Code != 404 {
			t.Errorf("%s at another fund: %d", m[1], w.Code)
		}
	}
	if body := get(others[0].Hosts[0], "/login").Body.String(); strings.Contains(body, "/brand/") || !strings.Contains(body, "favicon") {
		t.Error("another fund's page has the picture, or no sign of its own")
	}
}
