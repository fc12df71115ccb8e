package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

// How a connection to the mail server is protected. There is no «if possible»:
// whoever strips STARTTLS from the server's greeting would read every code.
const (
	TLSStart    = "starttls" // the default: plain greeting, then TLS or nothing
	TLSImplicit = "implicit" // TLS from the first byte, port 465
	TLSNone     = "none"     // only to a server on this machine
)

// SMTPConfig says how to reach a mail server. Zero values mean the defaults.
type SMTPConfig struct {
	Host string // the server's name, which its certificate must bear
	Port int    // default 587, with TLSImplicit 465, with TLSNone 25
	TLS  string // default TLSStart
	// RootCAs are whom the server's certificate must come from; nil: the system's.
	RootCAs *x509.CertPool
	// Username and Password sign in to the server; no username: no sign-in. They
	// are never sent without TLS, except to this machine.
	Username, Password string
	Helo               string // our name; default the machine's
	From               string // whom a mail comes from that names nobody; "" for none

	Connections int           // kept at the same time; default 1
	Idle        time.Duration // a connection unused so long is closed; default 30 s

	Connect time.Duration // to reach the server, shake hands and sign in; default 10 s
	Command time.Duration // for the answer to one command; default 30 s
	Body    time.Duration // to hand over the message; default 60 s
	End     time.Duration // for the answer after it, when the server files it; default 2 min
}

// SMTP sends mail through one server over few connections, which it keeps: a
// TLS handshake and a sign-in cost a hundred times the mail. It is safe for
// concurrent use; callers beyond the connections wait their turn.
type SMTP struct {
	config SMTPConfig
	slots  chan *slot // every connection's place, when nobody sends over it
	closed chan struct{}
	once   sync.Once
}

// A slot is the place of one connection.
type slot struct {
	conn *smtpConn   // nil: none yet, or it broke
	used time.Time   // when last
	idle *time.Timer // calls reap
}

var errClosed = errors.New("the sender is closed")

// NewSMTP checks the configuration; it does not connect.
func NewSMTP(c SMTPConfig) (*SMTP, error) {
	if c.Host == "" {
		return nil, errors.New("smtp: no host")
	}
	if c.TLS == "" {
		c.TLS = TLSStart
	}
	ports := map[string]int{TLSStart: 587, TLSImplicit: 465, TLSNone: 25}
	usual, ok := ports[c.TLS]
	if !ok {
		return nil, fmt.Errorf("smtp: tls must be %s, %s or %s", TLSStart, TLSImplicit, TLSNone)
	}
	if c.TLS == TLSNone && !isLoopback(c.Host) {
		return nil, fmt.Errorf("smtp: tls %q is for a server on this machine only, and %s is another", TLSNone, c.Host)
	}
	if c.Port == 0 {
		c.Port = usual
	}
	if c.Helo == "" {
		name, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("smtp: no name to greet with: %w", err)
		}
		c.Helo = name
	}
	defaults := []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.Idle, 30 * time.Second}, {&c.Connect, 10 * time.Second}, {&c.Command, 30 * time.Second},
		{&c.Body, time.Minute}, {&c.End, 2 * time.Minute},
	}
	for _, d := range defaults {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	c.Connections = max(c.Connections, 1)
	s := &SMTP{config: c, slots: make(chan *slot, c.Connections), closed: make(chan struct{})}
	for range c.Connections {
		place := &slot{idle: time.AfterFunc(c.Idle, s.reap)}
		place.idle.Stop()
		s.slots <- place
	}
	return s, nil
}

// isLoopback takes only what cannot name another machine.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c *SMTPConfig) address() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

func (c *SMTPConfig) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: c.Host, RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12}
}

// Send hands one mail to the server. The receipt holds the server's answer, with
// its queue id. When the context ends before the message is handed over whole,
// it is Temporary, and Unknown after.
func (s *SMTP) Send(ctx context.Context, e Envelope) (Receipt, error) {
	if e.From == "" {
		e.From = s.config.From
	}
	l, err := compose(e)
	if err != nil {
		return Receipt{}, &Permanent{Failure{Stage: "compose", Err: err}}
	}
	place, err := s.take(ctx)
	if err != nil {
		return Receipt{}, &Temporary{Failure{Stage: "queue", Err: err}}
	}
	defer s.giveBack(place)

	if place.conn != nil {
		// The server may have closed a kept connection meanwhile. It shows at the
		// first command, when nothing of the message is out: then dial anew, once.
		answer, err := place.conn.send(ctx, l)
		if !place.conn.whole {
			place.conn = nil
		}
		if !goneBefore(err) {
			return receipt(answer, err)
		}
	}
	conn, err := s.config.dial(ctx)
	if err != nil {
		return Receipt{}, err
	}
	answer, err := conn.send(ctx, l)
	if conn.whole {
		place.conn = conn
	}
	return receipt(answer, err)
}

func receipt(answer string, err error) (Receipt, error) {
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{ProviderID: answer}, nil
}

// take waits for a connection's place.
func (s *SMTP) take(ctx context.Context) (*slot, error) {
	select {
	case <-s.closed: // looked at first: both may be ready
		return nil, errClosed
	default:
	}
	select {
	case place := <-s.slots:
		return place, nil
	case <-s.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// giveBack makes the place free, and has its connection closed if nobody takes
// it for the idle time.
func (s *SMTP) giveBack(place *slot) {
	place.used = time.Now() // of the connection; no member's matter hangs on it
	kept := place.conn != nil
	s.slots <- place
	if kept {
		place.idle.Reset(s.config.Idle) // after: reap looks only at places that are free
	}
}

// reap closes the connections that were not used for the idle time.
func (s *SMTP) reap() {
	for range cap(s.slots) {
		select {
		case place := <-s.slots:
			if place.conn != nil && time.Since(place.used) >= s.config.Idle {
				place.conn.quit()
				place.conn = nil
			}
			s.slots <- place
		default:
			return // the rest are in use
		}
	}
}

// Close waits for the mails under way, then ends the connections. Who waits for
// a turn and who comes later gets a Temporary error.
func (s *SMTP) Close() error {
	s.once.Do(func() {
		close(s.closed)
		for range cap(s.slots) {
			if place := <-s.slots; place.conn != nil {
				place.conn.quit()
			}
		}
	})
	return nil
}
