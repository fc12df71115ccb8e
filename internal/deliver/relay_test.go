package deliver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A relay is a real mail server on this machine that misbehaves on demand.
type relay struct {
	t    testing.TB
	port int
	ca   *x509.CertPool

	mu      sync.Mutex
	mails   []mailIn
	dialled int
	signIns []string

	// on is asked at each stage of each mail: mail, rcpt, data (the message is
	// read whole by then). nil means: no misbehaviour.
	on   func(stage string, c *smtp.Conn) error
	gone chan struct{} // one for each connection that ended
}

// A mailIn is a message the relay took.
type mailIn struct {
	from, to string
	data     []byte
}

type relayOptions struct {
	implicit, plain bool      // TLS from the first byte; no TLS at all
	auth            string    // «user:password»; none: no sign-in offered
	name            string    // the certificate's; default 127.0.0.1
	notAfter        time.Time // the certificate's
}

func newRelay(t testing.TB, o relayOptions) *relay {
	t.Helper()
	r := &relay{t: t, gone: make(chan struct{}, 10_000)}
	cert, pool := certificate(t, o)
	r.ca = pool
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		plain := &session{r: r, c: c}
		if o.auth != "" {
			return &authSession{plain, o.auth}, nil
		}
		return plain, nil
	}))
	s.Domain = "relay.test"
	s.MaxRecipients = 10
	s.ErrorLog = log.New(io.Discard, "", 0)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.port = l.Addr().(*net.TCPAddr).Port
	if !o.plain {
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	} else {
		s.AllowInsecureAuth = true
	}
	l = &counted{l, r}
	if o.implicit {
		l = tls.NewListener(l, s.TLSConfig)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		// A second time: if Serve had not begun yet, Close knew nothing of it.
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if err := <-done; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return r
}

// certificate makes a certificate and the pool that trusts it.
func certificate(t testing.TB, o relayOptions) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if o.name == "" {
		o.name = "127.0.0.1"
	}
	if o.notAfter.IsZero() {
		o.notAfter = time.Now().Add(time.Hour)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "relay"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: o.notAfter,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	if ip := net.ParseIP(o.name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{o.name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// sender makes a sender for the relay, with times short enough for a test.
func (r *relay) sender(change func(*SMTPConfig)) *SMTP {
	r.t.Helper()
	c := SMTPConfig{Host: "127.0.0.1", Port: r.port, RootCAs: r.ca, Helo: "aditus.test"}
	if change != nil {
		change(&c)
	}
	s, err := NewSMTP(c)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			r.t.Error(err)
		}
	})
	return s
}

func (r *relay) received() []mailIn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]mailIn(nil), r.mails...)
}

// connections is how many there were.
func (r *relay) connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dialled
}

// counted counts the connections of a listener. (The server's own sessions are
// no count: STARTTLS begins a second one.)
type counted struct {
	net.Listener
	r *relay
}

func (l *counted) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.r.mu.Lock()
	defer l.r.mu.Unlock()
	l.r.dialled++
	return &countedConn{Conn: conn, gone: l.r.gone}, nil
}

type countedConn struct {
	net.Conn
	once sync.Once
	gone chan struct{}
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.gone <- struct{}{} })
	return c.Conn.Close()
}

type session struct {
	r    *relay
	c    *smtp.Conn
	mail mailIn
	open bool // a transaction is begun
}

func (s *session) ask(stage string) error {
	s.r.mu.Lock()
	on := s.r.on
	s.r.mu.Unlock()
	if on == nil {
		return nil
	}
	return on(stage, s.c)
}

func (s *session) Reset() { s.mail, s.open = mailIn{}, false }

func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.open { // as strict servers have it
		return &smtp.SMTPError{Code: 503, EnhancedCode: smtp.EnhancedCode{5, 5, 1}, Message: "one transaction at a time"}
	}
	s.mail.from = from
	if err := s.ask("mail"); err != nil {
		return err
	}
	s.open = true
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.to = to
	return s.ask("rcpt")
}

func (s *session) Data(body io.Reader) (err error) {
	if s.mail.data, err = io.ReadAll(body); err != nil {
		return err
	}
	if err := s.ask("data"); err != nil {
		return err
	}
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	s.r.mails = append(s.r.mails, s.mail)
	return nil
}

type authSession struct {
	*session
	want string
}

func (s *authSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *authSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		s.r.mu.Lock()
		defer s.r.mu.Unlock()
		s.r.signIns = append(s.r.signIns, username)
		if username+":"+password != s.want {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no entry for " + username + " with " + password}
		}
		return nil
	}), nil
}

// scripted is a server that says just the given lines, one after each line it
// hears, and writes down what it hears. «drop» closes, «wait» says nothing more.
func scripted(t testing.TB, lines ...string) (port int, heard func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all []byte
	var wg sync.WaitGroup
	stop := make(chan struct{})
	serve := func(conn net.Conn) {
		defer conn.Close()
		wg.Go(func() {
			<-stop
			conn.Close()
		})
		buf := make([]byte, 4096)
		for i, line := range lines {
			if i > 0 {
				n, err := conn.Read(buf)
				mu.Lock()
				all = append(all, buf[:n]...)
				mu.Unlock()
				if err != nil {
					return
				}
			}
			switch line {
			case "drop":
				return
			case "wait":
				<-stop
				return
			}
			if _, err := io.WriteString(conn, line+"\r\n"); err != nil {
				return
			}
		}
		for {
			n, err := conn.Read(buf)
			mu.Lock()
			all = append(all, buf[:n]...)
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { serve(conn) })
		}
	})
	t.Cleanup(func() {
		close(stop)
		l.Close()
		wg.Wait()
	})
	return l.Addr().(*net.TCPAddr).Port, func() string {
		mu.Lock()
		defer mu.Unlock()
		return string(all)
	}
}
