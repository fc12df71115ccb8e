package main

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aditus/internal/access"
	"aditus/internal/deliver"
	"aditus/internal/settings"
)

// The settings of a gateway are what is sent to it. The kinds go apart: what is
// not set up has no sender, and no other takes its messages.
func TestSenders(t *testing.T) {
	heard := make(chan url.Values, 1)
	gateway := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		v, err := url.ParseQuery(string(body))
		if err != nil {
			t.Error(err)
		}
		v.Set("key", r.Header.Get("X-Key"))
		heard <- v
		w.Header().Set("X-Id", "77")
		w.WriteHeader(http.StatusAccepted)
	}))
	defer gateway.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: gateway.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	s := settings.Default()
	s.SMTP.Host = "mail.example"
	s.SMS.URL, s.SMS.CA, s.SMS.PrivateHosts = gateway.URL+"/send", ca, []string{"127.0.0.1"}
	s.SMS.Format, s.SMS.Body, s.SMS.Password, s.SMS.Headers = "form", "to={to}&text={text}&from={from}", "geheim", []string{"X-Key: {password}"}
	s.SMS.From, s.SMS.SuccessStatus, s.SMS.IDAt = "ADITUS", []string{"202"}, "header:X-Id"
	all, close, err := senders(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[access.Email] == nil || all[access.SMS] == nil {
		t.Errorf("senders %v", all)
	}
	receipt, err := all[access.SMS].Send(t.Context(), deliver.Envelope{ID: "m1", Channel: "sms", To: "+393006220277", Text: "Codice: 1 & 2"})
	if got := (<-heard).Encode(); err != nil || receipt.ProviderID != "77" || got != "from=ADITUS&key=geheim&text=Codice%3A+1+%26+2&to=%2B393006220277" {
		t.Errorf("%q, %+v, %v", got, receipt, err)
	}
	if err := close(); err != nil {
		t.Error(err)
	}

	s.PEC.Host, s.PEC.From = "pec.example", "fondo@pec.example"
	all, close, err = senders(s)
	if err != nil || all[access.PEC] == nil || all[access.PEC] == all[access.Email] {
		t.Fatalf("%v, %v", all, err)
	}
	if err := close(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*settings.Settings){
		"sms.url: ":              func(s *settings.Settings) { s.SMS.URL, s.SMS.PrivateHosts = "http://sms.example/geheim", nil },
		"sms.success: ":          func(s *settings.Settings) { s.SMS.SuccessStatus = []string{"ok"} },
		"sms.ca: ":               func(s *settings.Settings) { s.SMS.CA = filepath.Join(t.TempDir(), "none") },
		"pec.ca: holds no":       func(s *settings.Settings) { s.PEC.CA = os.DevNull },
		"pec: smtp: tls must be": func(s *settings.Settings) { s.PEC.TLS = "perhaps" },
		"smtp: smtp: tls":        func(s *settings.Settings) { s.SMTP.TLS = "perhaps" },
	} {
		bad := s
		change(&bad)
		if _, _, err := senders(bad); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// What could have happened: an operator copies the settings from the page, and the
// program refuses them. What the pages show is read here.
func TestDocumentedSettings(t *testing.T) {
	const least = "[database]\nurl = \"aditus.db\"\n[keys]\nfile = \"keys\"\n[audit]\ncheckpoints = \"c\"\n[smtp]\nhost = \"mail.example\"\n"
	read := 0
	for page, before := range map[string]string{"how-to/run-for-real.md": "", "reference/settings.md": least} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", filepath.FromSlash(page)))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), "```toml\n")[1:] {
			block, _, _ := strings.Cut(part, "```")
			if !strings.Contains(block, "[sms]") {
				continue
			}
			read++
			file := filepath.Join(t.TempDir(), "aditus.toml")
			if err := os.WriteFile(file, []byte(before+block), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := settings.Load(file, []string{"ADITUS_SMS_PASSWORD=geheim"})
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			_, close, err := senders(s)
			if err != nil {
				t.Errorf("%s: %v", page, err)
				continue
			}
			if err := close(); err != nil {
				t.Error(err)
			}
		}
	}
	if read != 2 {
		t.Errorf("%d settings found", read)
	}
}
