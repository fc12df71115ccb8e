package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/wneessen/go-mail/smtp"
)

// An smtpConn is one connection, signed in, between two mails.
type smtpConn struct {
	config *SMTPConfig
	raw    net.Conn // under TLS, if any; deadlines are set here
	client *smtp.Client
	whole  bool // may carry another mail
}

// dial connects, protects and signs in. Every error is Temporary: either the
// server is away or the set-up is wrong, and neither is the message's fault.
func (c *SMTPConfig) dial(ctx context.Context) (conn *smtpConn, err error) {
	fail := func(stage string, err error) (*smtpConn, error) {
		return nil, &Temporary{failure(stage, err, c.Username, c.Password)}
	}
	ctx, cancel := context.WithTimeout(ctx, c.Connect)
	defer cancel()
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, "tcp", c.address())
	if err != nil {
		return fail("connect", err)
	}
	defer func() {
		if conn == nil {
			raw.Close() // the error of the stage is the one to tell
		}
	}()
	if addr, ok := raw.RemoteAddr().(*net.TCPAddr); c.TLS == TLSNone && (!ok || !addr.IP.IsLoopback()) {
		return fail("connect", errors.New("without TLS the server must be on this machine, and its name leads elsewhere"))
	}
	stop, err := watch(ctx, raw)
	if err != nil {
		return fail("connect", err)
	}
	wire := raw
	if c.TLS == TLSImplicit {
		secure := tls.Client(raw, c.tlsConfig())
		if err := secure.HandshakeContext(ctx); err != nil {
			return fail("tls", err)
		}
		wire = secure
	}
	client, err := smtp.NewClient(wire, c.Host)
	if err != nil {
		return fail("connect", err)
	}
	client.SkipSMTPUTF8(true) // addresses are ASCII, and many servers pass such mail on to fewer
	if err := client.Hello(c.Helo); err != nil {
		return fail("connect", err)
	}
	if c.TLS == TLSStart {
		if offered, _ := client.Extension("STARTTLS"); !offered {
			return fail("tls", errors.New("the server offers no STARTTLS: it is set up wrong, or somebody in between took it out"))
		}
		if err := client.StartTLS(c.tlsConfig()); err != nil {
			return fail("tls", err)
		}
	}
	if state, ok := client.TLSConnectionState(); c.TLS != TLSNone && (!ok || !state.HandshakeComplete) {
		return fail("tls", errors.New("the connection is not protected"))
	}
	if c.Username != "" {
		if err := c.signIn(client); err != nil {
			return fail("auth", err)
		}
	}
	if !stop() {
		return fail("connect", context.Cause(ctx))
	}
	return &smtpConn{config: c, raw: raw, client: client, whole: true}, nil
}

// signIn takes the best of the three ways that servers offer.
func (c *SMTPConfig) signIn(client *smtp.Client) error {
	_, offer := client.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(offer))
	switch {
	case slices.Contains(offered, "SCRAM-SHA-256"):
		return client.Auth(smtp.ScramSHA256Auth(c.Username, c.Password))
	case slices.Contains(offered, "PLAIN"):
		return client.Auth(smtp.PlainAuth("", c.Username, c.Password, c.Host, false))
	case slices.Contains(offered, "LOGIN"):
		return client.Auth(smtp.LoginAuth(c.Username, c.Password, c.Host, false))
	}
	return errors.New("the server offers none of SCRAM-SHA-256, PLAIN and LOGIN")
}

// send carries one mail and returns the server's answer to it. Afterwards whole
// says whether the connection can carry another.
func (c *smtpConn) send(ctx context.Context, l letter) (answer string, err error) {
	stop, err := watch(ctx, c.raw)
	if err != nil {
		return "", &Temporary{failure("queue", err)}
	}
	// Until the end nothing is certain; a broken connection is never kept.
	c.whole = false
	keep := false
	defer func() {
		if stop() && keep {
			c.whole = true
			return
		}
		c.raw.Close() // whatever went wrong with it was told
	}()

	step := func(timeout time.Duration, do func() error) error {
		if err := c.deadline(ctx, timeout); err != nil {
			return err
		}
		return do()
	}
	refused := func(stage string, err error) error {
		f := failure(stage, err, l.to, l.from)
		if alive(f.Code) {
			// The server will go on, once the begun transaction is forgotten.
			keep = step(c.config.Command, c.client.Reset) == nil
		}
		if f.Code >= 500 && stage != "from" && !ours(f.Code) {
			return &Permanent{f}
		}
		return &Temporary{f}
	}

	if err := step(c.config.Command, func() error { return c.client.Mail("<" + l.from + ">") }); err != nil {
		return "", refused("from", err)
	}
	if err := step(c.config.Command, func() error { return c.client.Rcpt("<" + l.to + ">") }); err != nil {
		return "", refused("to", err)
	}
	var body *smtp.DataCloser
	err = step(c.config.Command, func() error {
		w, err := c.client.Data()
		if err == nil {
			body = w.(*smtp.DataCloser) // the type Data is documented to make
		}
		return err
	})
	if err != nil {
		return "", refused("data", err)
	}
	err = step(c.config.Body, func() error {
		_, err := body.Write(l.data)
		return err
	})
	if err != nil {
		// The dot that ends a message was not sent, so the server has none.
		return "", &Temporary{failure("body", err, l.to, l.from)}
	}
	err = step(c.config.End, body.Close)
	f := failure("end", err, l.to, l.from)
	keep = alive(f.Code) || err == nil
	switch {
	case err == nil, f.Code >= 200 && f.Code < 300:
		return tidy(body.ServerResponse()), nil
	case f.Code >= 400 && f.Code < 500 || ours(f.Code):
		return "", &Temporary{f}
	case f.Code >= 500:
		return "", &Permanent{f}
	}
	return "", &Unknown{Failure: f, Repeat: !l.certified}
}

// quit says goodbye and closes. Nothing depends on the answer.
func (c *smtpConn) quit() {
	if c.deadline(context.Background(), time.Second) == nil && c.client.Quit() == nil {
		return
	}
	c.raw.Close()
}

// watch makes every read and write fail once the context has ended. stop ends
// that, and reports false if it was too late.
func watch(ctx context.Context, raw net.Conn) (stop func() bool, err error) {
	if deadline, ok := ctx.Deadline(); ok {
		if err := raw.SetDeadline(deadline); err != nil {
			return nil, err
		}
	}
	return context.AfterFunc(ctx, func() {
		raw.SetDeadline(longAgo) // fails only on a closed connection
	}), nil
}

var longAgo = time.Unix(1, 0)

// deadline gives the next step its time, which the context may shorten.
func (c *smtpConn) deadline(ctx context.Context, timeout time.Duration) error {
	by := time.Now().Add(timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(by) {
		by = d
	}
	if err := c.raw.SetDeadline(by); err != nil {
		return err
	}
	// Asked after setting: the context may have ended in between, and its own
	// deadline would then be overwritten.
	return ctx.Err()
}

// goneBefore reports whether a kept connection turned out to be dead before
// anything of the mail was taken.
func goneBefore(err error) bool {
	t, ok := errors.AsType[*Temporary](err)
	if !ok || t.Stage != "from" {
		return false
	}
	var n net.Error
	if errors.As(err, &n) && n.Timeout() {
		return false // it is there, and slow
	}
	return t.Code == 0 && !errors.Is(err, context.Canceled) || t.Code == 421
}

// alive reports whether the server, having answered so, goes on listening.
func alive(code int) bool { return code >= 400 && code < 600 && code != 421 && code != 521 }

// ours are the 5xx that blame our set-up, not the address or the content: bad
// command, sign-in required or wrong, TLS required. They wait for the operator.
func ours(code int) bool {
	return code >= 500 && code <= 504 || code == 530 || code == 534 || code == 535 || code == 538
}

var enhancedCode = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// failure reads a server's reply out of an error, and makes of both a line that
// may stand in logs and rows: no address, no credentials.
func failure(stage string, err error, private ...string) Failure {
	f := Failure{Stage: stage, Err: err}
	if err == nil {
		return f
	}
	said := err.Error()
	if reply, ok := errors.AsType[*textproto.Error](err); ok {
		f.Code = reply.Code
		f.Enhanced = enhancedCode.FindString(reply.Msg)
		said = fmt.Sprintf("the server said %d %s", reply.Code, reply.Msg)
	}
	f.Err = &shown{clean(said, private), err}
	return f
}

// shown is an error whose text was made fit to be shown.
type shown struct {
	text  string
	cause error
}

func (s *shown) Error() string { return s.text }
func (s *shown) Unwrap() error { return s.cause }

var anyAddress = regexp.MustCompile(`[^\s<>"(),:;]+@[^\s<>"(),:;]+`)

// clean takes out the given texts and whatever looks like an address.
func clean(said string, private []string) string {
	for _, p := range private {
		if p != "" {
			said = strings.ReplaceAll(said, p, "[…]")
		}
	}
	return tidy(anyAddress.ReplaceAllString(said, "[…]"))
}

// tidy makes one short line of what a server said.
func tidy(said string) string {
	said = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(said, "?"), func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r)
	}), " ")
	const most = 200
	if runes := []rune(said); len(runes) > most {
		said = string(runes[:most])
	}
	return said
}
