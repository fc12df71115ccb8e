package fault

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// A letter is one message the sink took.
type letter struct {
	id, to string // the row's id, and the address
	code   string // six digits on a line of their own, or ""
	at     time.Time
	digest [sha256.Size]byte // of all its bytes
}

// A sink is a mail server on this machine that keeps what it is given, finds the
// codes in it, and misbehaves on demand.
type sink struct {
	addr string

	mu      sync.Mutex
	letters []letter
	newest  map[string]letter // by address, the last one with a code
	on      chan struct{}     // closed and renewed at each letter

	// hook is asked at each stage of each mail: conn, from, to, data (it was read
	// whole and is not yet kept), kept (it was, and is not yet answered). What it
	// returns is the answer; errGone ends the connection without one.
	hook func(stage, to string) error
}

var errGone = errors.New("the connection ends here")

// newSink listens until the end of the test.
func newSink(t testing.TB) *sink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := &sink{addr: l.Addr().String(), newest: map[string]letter{}, on: make(chan struct{})}
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		if err := k.ask(c, "conn", ""); err != nil {
			return nil, err
		}
		return &inbound{k: k, c: c}, nil
	}))
	s.Domain, s.MaxRecipients, s.AllowInsecureAuth, s.ErrorLog = "sink.example", 1, true, log.New(io.Discard, "", 0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		// It ends when the listener is closed.
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		k.misbehave(nil)
		// Connections may be open still; they end with the server.
		_ = s.Close()
		<-done
	})
	return k
}

// misbehave sets what the sink does from now on; nil is nothing unusual.
func (k *sink) misbehave(hook func(stage, to string) error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.hook = hook
}

func (k *sink) ask(c *smtp.Conn, stage, to string) error {
	k.mu.Lock()
	hook := k.hook
	k.mu.Unlock()
	if hook == nil {
		return nil
	}
	err := hook(stage, to)
	if errors.Is(err, errGone) {
		// The answer goes nowhere, and that is the point.
		_ = c.Conn().Close()
	}
	return err
}

// An inbound is one connection's mail.
type inbound struct {
	k  *sink
	c  *smtp.Conn
	to string
}

func (s *inbound) Reset()        { s.to = "" }
func (s *inbound) Logout() error { return nil }

func (s *inbound) Mail(from string, _ *smtp.MailOptions) error { return s.k.ask(s.c, "from", from) }

func (s *inbound) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.k.ask(s.c, "to", to)
}

func (s *inbound) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.k.ask(s.c, "data", s.to); err != nil {
		return err
	}
	l, err := open(data)
	if err != nil {
		return err
	}
	l.to, l.at, l.digest = s.to, time.Now(), sha256.Sum256(data)
	s.k.keep(l)
	return s.k.ask(s.c, "kept", s.to)
}

func (k *sink) keep(l letter) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.letters = append(k.letters, l)
	if l.code != "" {
		k.newest[l.to] = l
	}
	close(k.on)
	k.on = make(chan struct{})
}

var codeLine = regexp.MustCompile(`(?m)^(\d{6})\r?$`)

// open reads a mail's id, and its code if it has one.
func open(data []byte) (l letter, err error) {
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return l, err
	}
	l.id, _, _ = strings.Cut(strings.Trim(m.Header.Get("Message-ID"), "<>"), "@")
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return l, err
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
	if err != nil {
		return l, err
	}
	text, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		return l, err
	}
	if found := codeLine.FindSubmatch(text); found != nil {
		l.code = string(found[1])
	}
	return l, nil
}

// all are the letters kept so far.
func (k *sink) all() []letter {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.letters)
}

// last is the newest letter with a code to an address, zero if there is none.
func (k *sink) last(to string) letter {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.newest[to]
}

// after waits until a letter with a code came to an address that is not the one
// named, and returns it, or zero after so long.
func (k *sink) after(to, id string, wait time.Duration) letter {
	limit := time.After(wait)
	for {
		k.mu.Lock()
		l, on := k.newest[to], k.on
		k.mu.Unlock()
		if l.code != "" && l.id != id {
			return l
		}
		select {
		case <-on:
		case <-limit:
			return letter{}
		}
	}
}
