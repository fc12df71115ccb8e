package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func example(id string) Envelope {
	return Envelope{
		ID: id, Fund: "aurora", Channel: "email", To: "anna@example.it", From: "area@fondoaurora.example", FromName: "Fondo Aurora",
		Subject: "Codice per confermare l’anticipazione", Lang: "it", Created: time.Date(2026, 11, 21, 14, 30, 0, 0, time.UTC),
		Text: "Ecco il codice:\n\n359359\n\nVale fino alle 14:35.\n.\nNon dirlo a nessuno: è solo tuo.",
	}
}

// asOne sorts an error into the worker's three kinds.
func asOne(err error) (kind string, f Failure) {
	if t, ok := errors.AsType[*Temporary](err); ok {
		return "temporary", t.Failure
	}
	if p, ok := errors.AsType[*Permanent](err); ok {
		return "permanent", p.Failure
	}
	if u, ok := errors.AsType[*Unknown](err); ok {
		return "unknown", u.Failure
	}
	if err == nil {
		return "sent", f
	}
	return "untyped", f
}

func TestSMTPSends(t *testing.T) {
	for what, o := range map[string]relayOptions{
		"starttls":           {auth: "aditus:geheim"},
		"implicit":           {implicit: true, auth: "aditus:geheim"},
		"none":               {plain: true, auth: "aditus:geheim"},
		"starttls, no entry": {},
	} {
		t.Run(what, func(t *testing.T) {
			r := newRelay(t, o)
			s := r.sender(func(c *SMTPConfig) {
				c.TLS, _, _ = strings.Cut(what, ",")
				if o.auth != "" {
					c.Username, c.Password, _ = strings.Cut(o.auth, ":")
				}
			})
			receipt, err := s.Send(t.Context(), example("m1"))
			if err != nil || !strings.Contains(receipt.ProviderID, "OK") {
				t.Fatalf("%q, %v", receipt.ProviderID, err)
			}
			mails := r.received()
			if len(mails) != 1 || mails[0].from != "area@fondoaurora.example" || mails[0].to != "anna@example.it" {
				t.Fatalf("arrived: %+v", mails)
			}
			l, err := compose(example("m1"))
			if err != nil || !bytes.Equal(bytes.TrimSpace(mails[0].data), bytes.TrimSpace(l.data)) {
				t.Errorf("what arrived is not what was composed: %v\n%s\n%s", err, mails[0].data, l.data)
			}
		})
	}
}

func TestSMTPRefusals(t *testing.T) {
	reply := func(code int, class, subject, detail int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail}, Message: "for <anna@example.it>: no, anna@example.it"}
	}
	r := newRelay(t, relayOptions{})
	s := r.sender(nil)
	for i, c := range []struct {
		stage  string
		reply  error
		kind   string
		bounce bool
	}{
		{"mail", reply(451, 4, 3, 0), "temporary", false},
		{"mail", reply(550, 5, 7, 1), "temporary", false}, // our address is not welcome: not the member's fault
		{"rcpt", reply(450, 4, 2, 1), "temporary", false}, // greylisting
		{"rcpt", reply(550, 5, 1, 1), "permanent", true},
		{"rcpt", reply(552, 5, 2, 2), "permanent", true},
		{"rcpt", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.NoEnhancedCode, Message: "no such user"}, "permanent", true},
		{"rcpt", reply(550, 5, 7, 1), "permanent", false}, // a policy says nothing about the mailbox
		{"rcpt", reply(530, 5, 7, 0), "temporary", false}, // sign in first: our set-up
		{"data", reply(451, 4, 7, 1), "temporary", false},
		{"data", reply(554, 5, 7, 1), "permanent", false},
		{"data", reply(550, 5, 1, 1), "permanent", true},
		{"data", &smtp.SMTPError{Code: 554, EnhancedCode: smtp.NoEnhancedCode, Message: "spam"}, "permanent", false},
	} {
		r.set(func(stage string, _ *smtp.Conn) error {
			if stage == c.stage {
				return c.reply
			}
			return nil
		})
		_, err := s.Send(t.Context(), example(fmt.Sprint("m", i)))
		kind, f := asOne(err)
		if kind != c.kind || f.Code != c.reply.(*smtp.SMTPError).Code {
			t.Errorf("%s %v: %s, %v", c.stage, c.reply, kind, err)
		}
		if p, ok := errors.AsType[*Permanent](err); ok && p.Bounce() != c.bounce {
			t.Errorf("%s %v: bounce %v", c.stage, c.reply, p.Bounce())
		}
		if strings.Contains(err.Error(), "anna@") || strings.Contains(err.Error(), "\n") {
			t.Errorf("the error is not fit for a log: %v", err)
		}
		// And the connection is good for the next.
		r.set(nil)
		if _, err := s.Send(t.Context(), example(fmt.Sprint("n", i))); err != nil {
			t.Errorf("after %s %v: %v", c.stage, c.reply, err)
		}
	}
	if n := r.connections(); n != 1 {
		t.Errorf("%d connections; a refusal costs none", n)
	}
	if n := len(r.received()); n != 12 {
		t.Errorf("%d mails arrived, want 12", n)
	}
}

func (r *relay) set(on func(string, *smtp.Conn) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = on
}

func TestSMTPDrops(t *testing.T) {
	for stage, want := range map[string]string{"mail": "temporary", "rcpt": "temporary", "data": "unknown"} {
		t.Run(stage, func(t *testing.T) {
			r := newRelay(t, relayOptions{})
			r.on = func(at string, c *smtp.Conn) error {
				if at == stage {
					return c.Conn().Close()
				}
				return nil
			}
			s := r.sender(nil)
			_, err := s.Send(t.Context(), example("m1"))
			if kind, _ := asOne(err); kind != want {
				t.Errorf("%s, %v", kind, err)
			}
			r.set(nil)
			if _, err := s.Send(t.Context(), example("m2")); err != nil {
				t.Errorf("the next mail: %v", err)
			}
		})
	}
}

// A tarpit answers nothing. Each phase has its own time, and the caller's context
// ends the wait earlier.
func TestSMTPTarpit(t *testing.T) {
	const short = 30 * time.Millisecond
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	for _, c := range []struct {
		stage, kind, at string
		change          func(*SMTPConfig)
	}{
		{"mail", "temporary", "from", func(c *SMTPConfig) { c.Command = short }},
		{"rcpt", "temporary", "to", func(c *SMTPConfig) { c.Command = short }},
		{"data", "unknown", "end", func(c *SMTPConfig) { c.End = short }},
		{"mail", "temporary", "from", nil},
		{"rcpt", "temporary", "to", nil},
		{"data", "unknown", "end", nil},
	} {
		r := newRelay(t, relayOptions{})
		stuck := make(chan struct{}, 1)
		r.on = func(at string, _ *smtp.Conn) error {
			if at == c.stage {
				stuck <- struct{}{}
				<-hold
			}
			return nil
		}
		s := r.sender(c.change)
		ctx, cancel := context.WithCancel(t.Context())
		if c.change == nil {
			go func() {
				<-stuck
				cancel()
			}()
		}
		_, err := s.Send(ctx, example("m1"))
		cancel()
		if kind, f := asOne(err); kind != c.kind || f.Stage != c.at {
			t.Errorf("%s, by context %v: %s, %v", c.stage, c.change == nil, kind, err)
		}
	}
	port, _ := scripted(t, "wait")
	s, err := NewSMTP(SMTPConfig{Host: "127.0.0.1", Port: port, Helo: "aditus.test", Connect: short})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Send(t.Context(), example("m1"))
	if kind, f := asOne(err); kind != "temporary" || f.Stage != "connect" {
		t.Errorf("no greeting: %s, %v", kind, err)
	}
}

func TestSMTPBadCertificate(t *testing.T) {
	other := newRelay(t, relayOptions{})
	for what, o := range map[string]relayOptions{
		"of another name":      {name: "mail.example.org"},
		"expired":              {notAfter: time.Now().Add(-time.Hour)},
		"of an unknown issuer": {},
	} {
		for _, implicit := range []bool{false, true} {
			o.implicit, o.auth = implicit, "aditus:geheim"
			r := newRelay(t, o)
			s := r.sender(func(c *SMTPConfig) {
				c.Username, c.Password = "aditus", "geheim"
				if implicit {
					c.TLS = TLSImplicit
				}
				if what == "of an unknown issuer" {
					c.RootCAs = other.ca
				}
			})
			_, err := s.Send(t.Context(), example("m1"))
			if kind, f := asOne(err); kind != "temporary" || f.Stage != "tls" {
				t.Errorf("%s, implicit %v: %s, %v", what, implicit, kind, err)
			}
			if len(r.signIns) != 0 || len(r.received()) != 0 {
				t.Errorf("%s, implicit %v: the credentials or the mail went out", what, implicit)
			}
		}
	}
}

// Somebody between us and the server takes STARTTLS out of its greeting, or lets
// it fail. Neither the credentials nor the mail may then go in clear.
func TestSMTPStartTLSStripped(t *testing.T) {
	for what, lines := range map[string][]string{
		"not offered":     {"220 relay", "250-relay\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN", "250 ok", "354 go", "250 ok"},
		"offered by HELO": {"220 relay", "502 what?", "250 relay"},
		"refused":         {"220 relay", "250-relay\r\n250-STARTTLS\r\n250 AUTH PLAIN", "454 not now"},
		// An answer smuggled in behind the 220 must not be read as the server's.
		"answered ahead":   {"220 relay", "250-relay\r\n250 STARTTLS", "220 go\r\n250-relay\r\n250 AUTH PLAIN\r\n235 welcome", "drop"},
		"no TLS behind it": {"220 relay", "250-relay\r\n250 STARTTLS", "220 go", "250 hello"},
	} {
		t.Run(what, func(t *testing.T) {
			port, heard := scripted(t, lines...)
			s, err := NewSMTP(SMTPConfig{Host: "127.0.0.1", Port: port, Helo: "aditus.test", Username: "aditus", Password: "geheim"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Send(t.Context(), example("m1"))
			if kind, f := asOne(err); kind != "temporary" || f.Stage != "tls" {
				t.Errorf("%s, %v", kind, err)
			}
			for _, word := range []string{"AUTH", "MAIL", "359359", "geheim", "Z2VoZWlt"} {
				if strings.Contains(heard(), word) {
					t.Errorf("in clear went: %q", heard())
				}
			}
		})
	}
}

func TestSMTPSignInFails(t *testing.T) {
	r := newRelay(t, relayOptions{auth: "aditus:geheim"})
	s := r.sender(func(c *SMTPConfig) { c.Username, c.Password = "aditus", "falsch-und-lang" })
	_, err := s.Send(t.Context(), example("m1"))
	if kind, f := asOne(err); kind != "temporary" || f.Stage != "auth" || f.Code != 535 {
		t.Errorf("%s, %v", kind, err)
	}
	// The relay of this test answers with the password in its text, as some do.
	if strings.Contains(err.Error(), "falsch") || len(r.received()) != 0 {
		t.Errorf("the error shows the password, or the mail went: %v", err)
	}
	none := newRelay(t, relayOptions{})
	_, err = none.sender(func(c *SMTPConfig) { c.Username, c.Password = "aditus", "geheim" }).Send(t.Context(), example("m1"))
	if kind, f := asOne(err); kind != "temporary" || f.Stage != "auth" {
		t.Errorf("a server without sign-in: %s, %v", kind, err)
	}
}

// Of the ways a server offers the best is taken, and no other after it fails.
func TestSMTPSignInWays(t *testing.T) {
	for _, c := range []struct {
		offer   string
		lines   []string
		said    []string
		without string
		sent    bool
	}{
		{"LOGIN", []string{"334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 welcome"}, []string{"AUTH LOGIN", "YWRpdHVz\r\n", "Z2VoZWlt\r\n"}, "PLAIN", true},
		{"LOGIN PLAIN", []string{"235 welcome"}, []string{"AUTH PLAIN AGFkaXR1cwBnZWhlaW0="}, "LOGIN", true},
		{"login plain scram-sha-256", []string{"535 no", "501 ok", "221 bye"}, []string{"AUTH SCRAM-SHA-256\r\n"}, "PLAIN", false},
		{"CRAM-MD5 NTLM XOAUTH2", nil, nil, "AUTH", false},
	} {
		lines := append([]string{"220 relay", "250-relay\r\n250 AUTH " + c.offer}, c.lines...)
		port, heard := scripted(t, append(lines, "250 ok", "250 ok", "354 go", "250 OK queued", "221 bye")...)
		s, err := NewSMTP(SMTPConfig{Host: "127.0.0.1", Port: port, TLS: TLSNone, Helo: "aditus.test", Username: "aditus", Password: "geheim"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Send(t.Context(), example("m1"))
		if kind, f := asOne(err); c.sent != (kind == "sent") || !c.sent && f.Stage != "auth" {
			t.Errorf("%s: %s, %v", c.offer, kind, err)
		}
		for _, said := range c.said {
			if !strings.Contains(heard(), said) {
				t.Errorf("%s: no %q in %q", c.offer, said, heard())
			}
		}
		if strings.Contains(heard(), "AUTH "+c.without) || c.without == "AUTH" && strings.Contains(heard(), "AUTH") {
			t.Errorf("%s: also tried %s: %q", c.offer, c.without, heard())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSMTPServerAway(t *testing.T) {
	for what, c := range map[string]struct{ lines []string }{
		"refuses to serve":       {[]string{"554 no service here"}},
		"is busy":                {[]string{"421 come back later"}},
		"hangs up":               {[]string{"drop"}},
		"talks another protocol": {[]string{"HTTP/1.1 400 Bad Request"}},
	} {
		port, _ := scripted(t, c.lines...)
		s, err := NewSMTP(SMTPConfig{Host: "127.0.0.1", Port: port, Helo: "aditus.test"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Send(t.Context(), example("m1"))
		if kind, f := asOne(err); kind != "temporary" || f.Stage != "connect" {
			t.Errorf("%s: %s, %v", what, kind, err)
		}
	}
	s, err := NewSMTP(SMTPConfig{Host: "127.0.0.1", Port: 1, Helo: "aditus.test"}) // nobody listens there
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Send(t.Context(), example("m1"))
	if kind, f := asOne(err); kind != "temporary" || f.Stage != "connect" {
		t.Errorf("nobody there: %s, %v", kind, err)
	}
}

func TestNewSMTPRefuses(t *testing.T) {
	for what, c := range map[string]SMTPConfig{
		"no host":                 {},
		"an unknown way":          {Host: "mail.example.org", TLS: "opportunistic"},
		"no TLS elsewhere":        {Host: "mail.example.org", TLS: TLSNone},
		"no TLS to a like name":   {Host: "localhost.example.org", TLS: TLSNone},
		"no TLS to all addresses": {Host: "0.0.0.0", TLS: TLSNone},
	} {
		if _, err := NewSMTP(c); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	for way, port := range map[string]int{"": 587, TLSImplicit: 465, TLSNone: 25} {
		s, err := NewSMTP(SMTPConfig{Host: "localhost", TLS: way})
		if err != nil || s.config.Port != port || s.config.Helo == "" {
			t.Errorf("%q: %v", way, err)
		}
	}
}
