package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
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
	if n := r.sessionCount(); n != 1 {
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

func TestSMTPKeepsOneConnection(t *testing.T) {
	r := newRelay(t, relayOptions{})
	s := r.sender(nil)
	const mails = 1000
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := g; i < mails; i += 16 {
				if _, err := s.Send(t.Context(), example(fmt.Sprint("m", i))); err != nil {
					t.Errorf("mail %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	if got, n := len(r.received()), r.sessionCount(); got != mails || n != 1 {
		t.Errorf("%d mails over %d connections, want %d over 1", got, n, mails)
	}
	several := newRelay(t, relayOptions{})
	s = several.sender(func(c *SMTPConfig) { c.Connections = 3 })
	for g := range 16 {
		wg.Go(func() {
			for i := g; i < 100; i += 16 {
				if _, err := s.Send(t.Context(), example(fmt.Sprint("m", i))); err != nil {
					t.Errorf("mail %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	if got, n := len(several.received()), several.sessionCount(); got != 100 || n > 3 {
		t.Errorf("%d mails over %d connections, want 100 over 3 at most", got, n)
	}
}

// A server closes what stands idle, or after so many mails. The next mail must
// not notice, and must not arrive twice.
func TestSMTPKeptConnectionDies(t *testing.T) {
	for what, hangUp := range map[string]func(*smtp.Conn) error{
		"closed without a word": func(c *smtp.Conn) error { return c.Conn().Close() },
		"says goodbye first": func(c *smtp.Conn) error {
			if _, err := io.WriteString(c.Conn(), "421 4.4.2 idle too long\r\n"); err != nil {
				return err
			}
			return c.Conn().Close()
		},
	} {
		t.Run(what, func(t *testing.T) {
			r := newRelay(t, relayOptions{plain: true})
			s := r.sender(func(c *SMTPConfig) { c.TLS = TLSNone })
			var conn *smtp.Conn
			r.set(func(_ string, c *smtp.Conn) error {
				conn = c
				return nil
			})
			if _, err := s.Send(t.Context(), example("m1")); err != nil {
				t.Fatal(err)
			}
			if err := hangUp(conn); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Send(t.Context(), example("m2")); err != nil {
				t.Error(err)
			}
			if got, n := len(r.received()), r.sessionCount(); got != 2 || n != 2 {
				t.Errorf("%d mails over %d connections", got, n)
			}
		})
	}
}

func TestSMTPIdleConnectionIsClosed(t *testing.T) {
	r := newRelay(t, relayOptions{})
	s := r.sender(func(c *SMTPConfig) { c.Idle = time.Millisecond })
	for i := range 3 {
		if _, err := s.Send(t.Context(), example(fmt.Sprint("m", i))); err != nil {
			t.Fatal(err)
		}
		<-r.gone // or the test hangs: nobody closed it
	}
	if n := r.sessionCount(); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
}

func TestSMTPCloseAndContext(t *testing.T) {
	hold, inside := make(chan struct{}), make(chan struct{}, 1)
	r := newRelay(t, relayOptions{})
	r.on = func(stage string, _ *smtp.Conn) error {
		if stage == "data" {
			inside <- struct{}{}
			<-hold
		}
		return nil
	}
	s := r.sender(nil)
	first := make(chan error, 1)
	go func() {
		_, err := s.Send(t.Context(), example("m1"))
		first <- err
	}()
	<-inside
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Send(ended, example("m2"))
	if kind, f := asOne(err); kind != "temporary" || f.Stage != "queue" {
		t.Errorf("a caller who is gone: %s, %v", kind, err)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	<-s.closed
	_, err = s.Send(t.Context(), example("m3"))
	if kind, _ := asOne(err); kind != "temporary" {
		t.Errorf("after Close: %s, %v", kind, err)
	}
	close(hold)
	if err := errors.Join(<-first, <-closed); err != nil {
		t.Errorf("the mail under way: %v", err)
	}
	if n := len(r.received()); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// One in four steps goes wrong, in every way there is. Whoever repeats what may
// be repeated gets every mail through, and none twice but the unknown ones.
func TestSMTPChaos(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 59937))
	r := newRelay(t, relayOptions{})
	taken := map[string]int{} // by sender's address, which stands for the mail
	r.on = func(stage string, c *smtp.Conn) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch dice := random.IntN(100); {
		case dice < 8:
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "chaos"}
		case dice < 12:
			return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "chaos, and goodbye"}
		case dice < 19:
			return c.Conn().Close()
		case dice < 25 && stage == "data":
			// Taken, and the answer lost: the case no sender can tell from a drop.
			if err := c.Conn().Close(); err != nil {
				return err
			}
		}
		return nil
	}
	s := r.sender(func(c *SMTPConfig) { c.Connections = 2 })
	const mails = 200
	var mu sync.Mutex
	var wg sync.WaitGroup
	unknown, kinds := map[string]int{}, map[string]int{}
	for g := range 4 {
		wg.Go(func() {
			for i := g; i < mails; i += 4 {
				id := fmt.Sprintf("m%d", i)
				e := example(id)
				e.To = id + "@example.it"
				for kind := ""; kind != "sent"; {
					_, err := s.Send(t.Context(), e)
					kind, _ = asOne(err)
					mu.Lock()
					kinds[kind]++
					if kind == "unknown" {
						unknown[e.To]++
					}
					mu.Unlock()
					if kind == "permanent" || kind == "untyped" {
						t.Errorf("%s: %s, %v", id, kind, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	for _, m := range r.received() {
		taken[m.to]++
	}
	if len(taken) != mails {
		t.Errorf("%d mails of %d arrived", len(taken), mails)
	}
	for to, n := range taken {
		if n > 1+unknown[to] {
			t.Errorf("%s arrived %d times, and %d were unknown", to, n, unknown[to])
		}
	}
	t.Logf("%v over %d connections", kinds, r.sessionCount())
	if kinds["temporary"] < mails/4 || kinds["unknown"] == 0 {
		t.Errorf("too little chaos to prove anything: %v", kinds)
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

// Mails a second over one connection, protected and not. The aim is 2,000.
func BenchmarkSMTP(b *testing.B) {
	for _, way := range []string{TLSNone, TLSStart} {
		for _, connections := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/%d", way, connections), func(b *testing.B) {
				r := newRelay(b, relayOptions{plain: way == TLSNone})
				s := r.sender(func(c *SMTPConfig) { c.TLS, c.Connections = way, connections })
				var wg sync.WaitGroup
				next := make(chan int)
				for range 2 * connections {
					wg.Go(func() {
						for i := range next {
							if _, err := s.Send(context.Background(), example(fmt.Sprint("m", i))); err != nil {
								b.Error(err)
							}
						}
					})
				}
				b.ResetTimer()
				for i := range b.N {
					next <- i
				}
				close(next)
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
				b.ReportMetric(float64(r.sessionCount()), "connections")
			})
		}
	}
}

func BenchmarkCompose(b *testing.B) {
	for b.Loop() {
		if _, err := compose(example("m1")); err != nil {
			b.Fatal(err)
		}
	}
}
