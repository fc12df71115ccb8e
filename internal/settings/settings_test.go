package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aditus/internal/settings"
)

const good = `[server]
listen  = "127.0.0.1:8080"
proxies = ["127.0.0.1/32"]
hosts   = ["prova.example=prova"]

[database]
url = "aditus.db"

[keys]
file = "keys"

[audit]
checkpoints = "checkpoints.jsonl"

[smtp]
host     = "mail.example"
password = "SECRET-in-the-file"
`

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "aditus.toml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A good file is read over the defaults; its paths are beside it.
func TestLoad(t *testing.T) {
	name := write(t, good)
	s, err := settings.Load(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.Database.URL != filepath.Join(filepath.Dir(name), "aditus.db") || s.SMTP.Port != 587 || !s.Server.HTTPS || s.Password.MemoryKiB != 19<<10 || s.Password.Queue != 32 {
		t.Errorf("%+v", s)
	}
	hosts, err := s.Hosts()
	if err != nil || hosts["prova.example"] != "prova" {
		t.Error(hosts, err)
	}
	if p, err := s.Proxies(); err != nil || len(p) != 1 {
		t.Error(p, err)
	}
}

// The environment lies over the file; a secret can be in a file of its own.
func TestEnvironment(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := settings.Load(write(t, good), []string{"ADITUS_SMTP_PORT=2525", "ADITUS_SERVER_HTTPS=false", "ADITUS_SMTP_PASSWORD_FILE=" + secret,
		"ADITUS_SERVER_PROXIES=10.0.0.0/8, 192.0.2.0/24", "ADITUS_DATABASE_URL=postgres://db/aditus", "OTHER=1",
		"ADITUS_SMS_PASSWORD_FILE=" + secret, "ADITUS_PEC_PASSWORD_FILE=" + secret, "ADITUS_SMS_IDEMPOTENT=true", "ADITUS_SMS_CONNECTIONS=9", "ADITUS_SMS_SUCCESS_STATUS=200,202"})
	if err != nil {
		t.Fatal(err)
	}
	if s.SMTP.Port != 2525 || s.Server.HTTPS || s.SMTP.Password != "from a file" || len(s.Server.Proxies) != 2 || s.Database.URL != "postgres://db/aditus" {
		t.Errorf("%+v", s)
	}
	if s.SMS.Password != "from a file" || s.PEC.Password != "from a file" || !s.SMS.Idempotent || s.SMS.Connections != 9 || len(s.SMS.SuccessStatus) != 2 {
		t.Errorf("%+v %+v", s.SMS, s.PEC)
	}
	for _, bad := range []string{"ADITUS_SMTP_PORT=many", "ADITUS_SERVER_HTTPS=perhaps", "ADITUS_SMTP_PASSWORD_FILE=/nowhere/at/all"} {
		name, _, _ := strings.Cut(bad, "=")
		if _, err := settings.Load(write(t, good), []string{bad}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// What is wrong is told with the file, the line where there is one, and the key.
func TestProblems(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", "[smtp]", "[smtp]\ncolour = 1", "aditus.toml:16: smtp.colour: is not a setting"},
		{"unknown section", "[smtp]", "[pigeon]\nx = 1\n[smtp]", "pigeon"},
		{"not TOML", "[smtp]", "[smtp", "aditus.toml:"},
		{"wrong type", `host     = "mail.example"`, `host = 3`, "smtp.host"},
		{"listen", `"127.0.0.1:8080"`, `"8080"`, "server.listen: must be host:port"},
		{"open to all", `"127.0.0.1:8080"`, `"0.0.0.0:8080"`, "server.listen: without tls_cert"},
		{"half a certificate", "[database]", "tls_cert = \"c.pem\"\n[database]", "server.tls_cert: name both"},
		{"cookies in clear", "[database]", "https = false\ntls_cert = \"c.pem\"\ntls_key = \"k.pem\"\n[database]", "server.https: is false"},
		{"proxy", `"127.0.0.1/32"`, `"everybody"`, "server.proxies"},
		{"host", `"prova.example=prova"`, `"prova.example"`, "server.hosts"},
		{"database", `url = "aditus.db"`, ``, "database.url: is missing"},
		{"keys", `file = "keys"`, ``, "keys.file: is missing"},
		{"second place", `checkpoints = "checkpoints.jsonl"`, ``, "audit.checkpoints: is missing"},
		{"mail", `host     = "mail.example"`, ``, "smtp.host: is missing"},
		{"weak hash", "[smtp]", "[password]\nmemory_kib = 64\n[smtp]", "password.memory_kib"},
		{"hash nobody can verify", "[smtp]", "[password]\ntime = 17\n[smtp]", "password.time"},
		{"queue", "[smtp]", "[password]\nqueue = -1\n[smtp]", "password.queue"},
		{"wait", "[smtp]", "[password]\nwait = \"soon\"\n[smtp]", "password.wait"},
		{"gateway's time", "[smtp]", "[sms]\nanswer = \"2m\"\n[smtp]", "sms.answer: must be a time"},
		{"gateway's connect", "[smtp]", "[sms]\nconnect = \"soon\"\n[smtp]", "sms.connect: must be a time"},
		{"gateway's key", "[smtp]", "[sms]\nuri = \"x\"\n[smtp]", "aditus.toml:16: sms.uri: is not a setting"},
		{"log", "[smtp]", "[log]\nformat = \"poem\"\n[smtp]", "log.format"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatalf("%q is not in the file", c.old)
			}
			_, err := settings.Load(write(t, text), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "aditus.toml") {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "SECRET") {
				t.Errorf("a secret is told: %v", err)
			}
		})
	}
}

// F20: a file cut anywhere, or with one byte changed, is read or refused; it
// never panics, and no reason shows the secret in it.
func TestMutations(t *testing.T) {
	for i := range len(good) {
		for _, text := range []string{good[:i], good[:i] + "\x00" + good[i+1:], good[:i] + "\"" + good[i+1:]} {
			if _, err := settings.Load(write(t, text), nil); err != nil && strings.Contains(err.Error(), "SECRET-in-the-file") {
				t.Fatalf("byte %d: %v", i, err)
			}
		}
	}
}
