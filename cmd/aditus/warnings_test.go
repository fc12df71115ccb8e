package main

import (
	"slices"
	"strings"
	"testing"

	"aditus/internal/access"
	"aditus/internal/settings"
)

// What could have happened: a server runs for months with limits that count all
// members as one, with a database on an open line, or with a fund whose PEC goes
// nowhere, and nobody was told (scenario 20).
func TestWarnings(t *testing.T) {
	fund := func(args ...string) *access.Fund {
		return &access.Fund{ID: "prova", Flows: []access.Flow{{Goal: "recover", Steps: []access.Step{{Word: "identify", Args: []string{"tax_code"}}, {Word: "hand_over", Args: args}}}}}
	}
	fiction := fund()
	fiction.Registry.Fiction = true
	named := fund("pin_head by email | pec")
	named.Sender.PEC = "fondo@pec.example"
	good := func() settings.Settings {
		s := settings.Default()
		s.Server.Proxies, s.Database.URL = []string{"127.0.0.1/32"}, "aditus.db"
		return s
	}
	for _, c := range []struct {
		what    string
		change  func(*settings.Settings)
		fund    *access.Fund
		environ []string
		want    []string // what each warning names; none: no warning
	}{
		{"all well", func(*settings.Settings) {}, fund("email"), nil, nil},
		{"a proxy nobody named", func(s *settings.Settings) { s.Server.Proxies = nil }, fund("email"), nil, []string{"server.proxies"}},
		{"its own certificate", func(s *settings.Settings) { s.Server.Proxies, s.Server.TLSCert = nil, "cert.pem" }, fund("email"), nil, nil},
		{"no https", func(s *settings.Settings) { s.Server.Proxies, s.Server.HTTPS = nil, false }, fund("email"), nil, nil},
		{"everybody is the proxy", func(s *settings.Settings) { s.Server.Proxies = []string{"10.0.0.0/8", "0.0.0.0/0", "::/0"} }, fund("email"), nil, []string{"0.0.0.0/0", "::/0"}},
		{"half of everybody", func(s *settings.Settings) { s.Server.Proxies = []string{"128.0.0.0/1", "2000::/3"} }, fund("email"), nil, []string{"128.0.0.0/1", "2000::/3"}},
		{"invented people", func(*settings.Settings) {}, fiction, nil, []string{"fiction = true"}},
		{"no gateway", func(*settings.Settings) {}, fund("password by sms"), nil, []string{"[sms]"}},
		{"a gateway", func(s *settings.Settings) { s.SMS.URL = "https://sms.example/" }, fund("email", "sms"), nil, nil},
		{"no PEC account", func(*settings.Settings) {}, fund("pin_head by email | pec"), nil, []string{"[pec]"}},
		{"a PEC account of nobody", func(s *settings.Settings) { s.PEC.Host = "pec.example" }, fund("email | pec"), nil, []string{"sender.pec"}},
		{"of the operator", func(s *settings.Settings) { s.PEC.Host, s.PEC.From = "pec.example", "a@pec.example" }, fund("email | pec"), nil, nil},
		{"of the fund", func(s *settings.Settings) { s.PEC.Host = "pec.example" }, named, nil, nil},
		{"a word that only begins so", func(*settings.Settings) {}, fund("smsx", "apec"), nil, nil},
		{"two at once", func(*settings.Settings) {}, fund("sms | pec"), nil, []string{"[sms]", "[pec]"}},

		{"an open line", func(s *settings.Settings) { s.Database.URL = "postgres://aditus@db.example/aditus" }, fund(), nil, []string{"sslmode"}},
		{"an open line, with a port", func(s *settings.Settings) { s.Database.URL = "postgresql://aditus@10.0.0.5:5432/aditus?x=y" }, fund(), nil, []string{"sslmode"}},
		{"TLS if the other side likes", func(s *settings.Settings) { s.Database.URL = "postgres://db.example/aditus?sslmode=prefer" }, fund(), nil, []string{"sslmode"}},
		{"one of two elsewhere", func(s *settings.Settings) { s.Database.URL = "postgres://localhost:5432,db.example:5432/aditus" }, fund(), nil, []string{"sslmode"}},
		{"elsewhere by a parameter", func(s *settings.Settings) { s.Database.URL = "postgres:///aditus?host=db.example" }, fund(), nil, []string{"sslmode"}},
		{"elsewhere by the environment", func(s *settings.Settings) { s.Database.URL = "postgres:///aditus" }, fund(), []string{"PGHOST=db.example"}, []string{"sslmode"}},
		{"checked", func(s *settings.Settings) { s.Database.URL = "postgres://db.example/aditus?sslmode=verify-full" }, fund(), nil, nil},
		{"checked by the environment", func(s *settings.Settings) { s.Database.URL = "postgres://db.example/aditus" }, fund(), []string{"PGSSLMODE=verify-full"}, nil},
		{"off on purpose", func(s *settings.Settings) { s.Database.URL = "postgres://db.example/aditus?sslmode=disable" }, fund(), nil, nil},
		{"here", func(s *settings.Settings) { s.Database.URL = "postgres://aditus@127.0.0.1:5432/aditus" }, fund(), nil, nil},
		{"here, by six", func(s *settings.Settings) { s.Database.URL = "postgres://aditus@[::1]:5432/aditus" }, fund(), nil, nil},
		{"here, by a socket", func(s *settings.Settings) { s.Database.URL = "postgres://aditus@/aditus?host=/var/run/postgresql" }, fund(), nil, nil},
		{"here, by nothing", func(s *settings.Settings) { s.Database.URL = "postgres:///aditus" }, fund(), nil, nil},
	} {
		s := good()
		c.change(&s)
		got := warnings(s, []*access.Fund{c.fund}, c.environ)
		if len(got) != len(c.want) {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
			continue
		}
		for i, w := range got {
			if !strings.Contains(w, c.want[i]) || strings.Contains(w, "\n") || strings.Contains(w, "postgres") {
				t.Errorf("%s: %q, want one about %q", c.what, w, c.want[i])
			}
		}
	}
	if got := warnings(good(), []*access.Fund{fund("pec"), named}, nil); len(got) != 2 || slices.ContainsFunc(got, func(w string) bool { return !strings.Contains(w, "fund prova") }) {
		t.Errorf("each fund is told by its name: %q", got)
	}
}
