// Package settings reads the operator's file: where the database is, which
// funds, how messages leave. What a fund decides is in the fund's own file.
//
// A setting [section] key can be overruled by the environment: ADITUS_SECTION_KEY,
// or ADITUS_SECTION_KEY_FILE for the name of a file that holds it, as secrets do.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Settings are the operator's file. Paths in it are relative to its folder.
type Settings struct {
	Server   Server   `toml:"server"`
	Database Database `toml:"database"`
	Keys     Keys     `toml:"keys"`
	Funds    Funds    `toml:"funds"`
	Audit    Audit    `toml:"audit"`
	SMTP     SMTP     `toml:"smtp"`
	PEC      PEC      `toml:"pec"`
	SMS      SMS      `toml:"sms"`
	Password Password `toml:"password"`
	Log      Log      `toml:"log"`
}

// Server says where members reach the program.
type Server struct {
	Listen  string   `toml:"listen"`   // host:port
	TLSCert string   `toml:"tls_cert"` // PEM files; both or none
	TLSKey  string   `toml:"tls_key"`
	HTTPS   bool     `toml:"https"`   // members come over https: by these files, or by a proxy in front
	Proxies []string `toml:"proxies"` // networks whose X-Forwarded-For is believed, as "10.0.0.0/8"
	Hosts   []string `toml:"hosts"`   // more hosts, as "host=fund"
}

// Database says where everything is kept.
type Database struct {
	URL   string `toml:"url"`   // postgres://… or the name of a SQLite file
	Conns int    `toml:"conns"` // most connections; 0 for 2 a processor, at least 8
}

// Keys names the key file that `aditus keys init` made.
type Keys struct {
	File string `toml:"file"`
}

// Funds names the folder of the fund files; "" for those the product ships.
type Funds struct {
	Dir string `toml:"dir"`
}

// Audit names the second place, to which checkpoints go: a file on another disk.
type Audit struct {
	Checkpoints string `toml:"checkpoints"`
}

// SMTP says how mail leaves.
type SMTP struct {
	Host     string `toml:"host"`
	Port     int    `toml:"port"`
	TLS      string `toml:"tls"` // "starttls", "implicit", or "none" on loopback
	Username string `toml:"username"`
	Password string `toml:"password"`
	CA       string `toml:"ca"` // a PEM file; "" for the system's
}

// PEC says how certified mail leaves: by an account of its own at a PEC provider,
// which takes nothing from another address. Without a host there is none.
type PEC struct {
	Host     string `toml:"host"`
	Port     int    `toml:"port"`
	TLS      string `toml:"tls"` // as of SMTP
	Username string `toml:"username"`
	Password string `toml:"password"`
	CA       string `toml:"ca"`
	From     string `toml:"from"` // the account's address, for funds whose file names none
}

// SMS says how text messages leave: what a request to the gateway looks like, and
// how its answer is read. Without a url there is no gateway.
type SMS struct {
	URL      string   `toml:"url"`
	Method   string   `toml:"method"`  // "" for POST, without a body GET
	Headers  []string `toml:"headers"` // "Name: value"
	Format   string   `toml:"format"`  // of the body: "json" or "form"
	Body     string   `toml:"body"`
	From     string   `toml:"from"` // what the telephone shows, for funds whose file names nothing
	Username string   `toml:"username"`
	Password string   `toml:"password"`

	SuccessStatus   []string `toml:"success_status"` // "200", "200-299"
	SuccessAt       string   `toml:"success_at"`     // "json:/status", "body:EXPRESSION", "header:NAME"
	SuccessIs       string   `toml:"success_is"`     // a regular expression
	BounceStatus    []string `toml:"bounce_status"`
	BounceAt        string   `toml:"bounce_at"`
	BounceIs        string   `toml:"bounce_is"`
	PermanentStatus []string `toml:"permanent_status"`
	PermanentAt     string   `toml:"permanent_at"`
	PermanentIs     string   `toml:"permanent_is"`
	TemporaryStatus []string `toml:"temporary_status"`
	TemporaryAt     string   `toml:"temporary_at"`
	TemporaryIs     string   `toml:"temporary_is"`
	IDAt            string   `toml:"id_at"`
	ReasonAt        string   `toml:"reason_at"`
	Idempotent      bool     `toml:"idempotent"` // it drops a second message with the same {id}

	PrivateHosts []string `toml:"private_hosts"` // may lead to this machine or a private network
	CA           string   `toml:"ca"`
	Connections  int      `toml:"connections"`
	Connect      string   `toml:"connect"`
	Answer       string   `toml:"answer"`
}

// Password says what a password hash costs, and how many may wait for one.
type Password struct {
	MemoryKiB int    `toml:"memory_kib"`
	Time      int    `toml:"time"`
	Threads   int    `toml:"threads"`
	Queue     int    `toml:"queue"`
	Wait      string `toml:"wait"`
	Filter    string `toml:"filter"` // of breached passwords, as `aditus passwords build` makes it; "" for none
}

// Log says how the log is written to standard error.
type Log struct {
	Format string `toml:"format"` // "json" or "text"
	Level  string `toml:"level"`  // "debug", "info", "warn", "error"
}

// Default is what stands where the file says nothing.
func Default() Settings {
	return Settings{
		Server:   Server{Listen: "127.0.0.1:8080", HTTPS: true},
		SMTP:     SMTP{Port: 587, TLS: "starttls"},
		PEC:      PEC{Port: 465, TLS: "implicit"},
		SMS:      SMS{Connections: 4, Connect: "5s", Answer: "15s"},
		Password: Password{MemoryKiB: 19 << 10, Time: 2, Threads: 1, Queue: 32, Wait: "2s"},
		Log:      Log{Format: "json", Level: "info"},
	}
}

// Load reads the file and lays the environment over it. The error names the
// file, the line where there is one, and the key, and shows no value of a secret.
func Load(file string, environ []string) (Settings, error) {
	s := Default()
	data, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	name := filepath.Base(file)
	dec := toml.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		return s, located(name, err)
	}
	if err := s.overlay(environ); err != nil {
		return s, err
	}
	dir := filepath.Dir(file)
	for _, p := range []*string{&s.Server.TLSCert, &s.Server.TLSKey, &s.Keys.File, &s.Funds.Dir, &s.Audit.Checkpoints, &s.SMTP.CA, &s.PEC.CA, &s.SMS.CA} {
		*p = under(dir, *p)
	}
	if !strings.HasPrefix(s.Database.URL, "postgres") {
		s.Database.URL = under(dir, s.Database.URL)
	}
	if err := s.check(); err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

func under(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// located names the line of an error of the TOML reader.
func located(name string, err error) error {
	if e, ok := errors.AsType[*toml.StrictMissingError](err); ok && len(e.Errors) > 0 {
		row, _ := e.Errors[0].Position()
		return fmt.Errorf("%s:%d: %s: is not a setting", name, row, strings.Join(e.Errors[0].Key(), "."))
	}
	if d, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, _ := d.Position()
		if key := strings.Join(d.Key(), "."); key != "" {
			return fmt.Errorf("%s:%d: %s: %s", name, row, key, strings.TrimPrefix(d.Error(), "toml: "))
		}
		return fmt.Errorf("%s:%d: %s", name, row, strings.TrimPrefix(d.Error(), "toml: "))
	}
	return fmt.Errorf("%s: %w", name, err)
}

// overlay puts the environment over the file.
func (s *Settings) overlay(environ []string) error {
	env := map[string]string{}
	for _, e := range environ {
		if k, v, ok := strings.Cut(e, "="); ok && strings.HasPrefix(k, "ADITUS_") {
			env[k] = v
		}
	}
	top := reflect.ValueOf(s).Elem()
	for i := range top.NumField() {
		section := top.Type().Field(i).Tag.Get("toml")
		for j := range top.Field(i).NumField() {
			key := section + "." + top.Field(i).Type().Field(j).Tag.Get("toml")
			name := "ADITUS_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
			value, ok := env[name]
			if from, file := env[name+"_FILE"]; file {
				b, err := os.ReadFile(from)
				if err != nil {
					return fmt.Errorf("%s_FILE: %w", name, err)
				}
				value, ok = strings.TrimRight(string(b), "\r\n"), true
			}
			if !ok {
				continue
			}
			if err := set(top.Field(i).Field(j), value); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func set(v reflect.Value, text string) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("must be a whole number")
		}
		v.SetInt(int64(n))
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("must be true or false")
		}
		v.SetBool(b)
	case reflect.Slice:
		var all []string
		for part := range strings.SplitSeq(text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				all = append(all, part)
			}
		}
		v.Set(reflect.ValueOf(all))
	}
	return nil
}

func (s *Settings) check() error {
	host, _, err := net.SplitHostPort(s.Server.Listen)
	if err != nil {
		return fmt.Errorf(`server.listen: must be host:port, as "127.0.0.1:8080"`)
	}
	loopback := host == "localhost"
	if ip, err := netip.ParseAddr(host); err == nil {
		loopback = ip.IsLoopback()
	}
	switch {
	case (s.Server.TLSCert == "") != (s.Server.TLSKey == ""):
		return errors.New("server.tls_cert: name both tls_cert and tls_key, or neither")
	case s.Server.TLSCert == "" && !loopback:
		return errors.New("server.listen: without tls_cert and tls_key it must be an address of this machine alone, behind a proxy that speaks https")
	case s.Server.TLSCert != "" && !s.Server.HTTPS:
		return errors.New("server.https: is false, and there is a tls_cert: members come over https then")
	case s.Database.URL == "":
		return errors.New("database.url: is missing: a file's name, or postgres://…")
	case s.Keys.File == "":
		return errors.New("keys.file: is missing: make one with `aditus keys init FILE`")
	case s.Audit.Checkpoints == "":
		return errors.New("audit.checkpoints: is missing: a file on another disk than the database")
	case s.SMTP.Host == "":
		return errors.New("smtp.host: is missing: the server that takes the funds' mail")
	case s.Database.Conns < 0:
		return errors.New("database.conns: must be 0 or more")
	case s.Password.MemoryKiB < 7<<10 || s.Password.MemoryKiB > 256<<10:
		return errors.New("password.memory_kib: must be between 7168 and 262144")
	case s.Password.Time < 1 || s.Password.Time > 16 || s.Password.Threads < 1 || s.Password.Threads > 16:
		return errors.New("password.time: time and threads must be between 1 and 16")
	case s.Password.Queue < 1 || s.Password.Queue > 10000:
		return errors.New("password.queue: must be between 1 and 10000")
	case s.Log.Format != "json" && s.Log.Format != "text":
		return errors.New(`log.format: must be "json" or "text"`)
	}
	if _, err := s.Proxies(); err != nil {
		return err
	}
	if _, err := s.Hosts(); err != nil {
		return err
	}
	for _, d := range []struct{ key, value string }{
		{"password.wait", s.Password.Wait}, {"sms.connect", s.SMS.Connect}, {"sms.answer", s.SMS.Answer},
	} {
		if v, err := time.ParseDuration(d.value); err != nil || v <= 0 || v > time.Minute {
			return fmt.Errorf(`%s: must be a time up to a minute, as "2s"`, d.key)
		}
	}
	return nil
}

// Proxies are the networks of server.proxies.
func (s *Settings) Proxies() (all []netip.Prefix, err error) {
	for _, p := range s.Server.Proxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return nil, fmt.Errorf(`server.proxies: %q is not a network, as "10.0.0.0/8"`, p)
		}
		all = append(all, prefix)
	}
	return all, nil
}

// Hosts are those of server.hosts: host -> fund.
func (s *Settings) Hosts() (map[string]string, error) {
	all := map[string]string{}
	for _, h := range s.Server.Hosts {
		host, fund, ok := strings.Cut(h, "=")
		if !ok || host == "" || fund == "" {
			return nil, fmt.Errorf(`server.hosts: %q is not "host=fund"`, h)
		}
		all[strings.ToLower(host)] = fund
	}
	return all, nil
}
