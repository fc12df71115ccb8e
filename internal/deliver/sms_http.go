package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// GatewayConfig describes an SMS gateway that is spoken to over HTTP: what a
// request looks like, and how its answer is read. See holes for what templates may
// hold, Rule and parsePlace for answers. Zero values mean the defaults.
type GatewayConfig struct {
	Method  string   // GET, POST or PUT; default POST, without a body GET
	URL     string   // https://…; holes in the query only
	Headers []string // «Name: value»
	Format  string   // of the body: "json" or "form"; "" without one
	Body    string

	From               string // what the telephone shows, where the fund names nothing
	Username, Password string

	// The first rule that is met decides, in this order. Where none is: an answer
	// of 4xx, 503 or a redirect was not taken, and may be sent again; of anything
	// else nobody knows.
	Bounce    Rule   // nobody is reached at that number
	Permanent Rule   // not taken, and never will be
	Temporary Rule   // not taken; may be sent again
	Success   Rule   // taken; default: any 2xx
	ID        string // the place of the gateway's id for the message; "" for none
	Reason    string // the place of its reason, where it took nothing; "" for none

	// Idempotent: the gateway drops a second message with the same {id}, so that
	// one of which nobody knows can be sent again.
	Idempotent bool

	// PrivateHosts may lead to this machine or to a private network. Other names
	// that do are not connected to.
	PrivateHosts []string
	RootCAs      *x509.CertPool // whom its certificate must come from; nil: the system's
	Connections  int            // at the same time; default 4
	Connect      time.Duration  // to reach it and shake hands; default 5 s
	Answer       time.Duration  // for all of it; default 15 s
}

// A Gateway sends SMS through one provider's HTTP interface. It is safe for
// concurrent use.
//
// It goes to the one host its settings name, over TLS, to an address that is the
// internet's unless the settings say otherwise; it follows no redirect, knows no
// proxy and keeps no cookie.
type Gateway struct {
	config    GatewayConfig
	target    string // the URL up to its query
	query     pairs
	headers   []header
	form      pairs
	document  document
	rules     struct{ bounce, permanent, temporary, success rule }
	body      bool // a rule reads the body, so that success cannot be known without
	id        *place
	reason    *place
	transport *http.Transport
}

type header struct {
	name  string
	value pattern
}

const (
	answerMax = 64 << 10 // bytes of an answer's body that are read
	headerMax = 32 << 10 // and of its headers

	// idleMax is how long a connection is kept: for a burst, and less than any
	// server keeps one. A code written into a connection that is being closed is a
	// code of which nobody knows.
	idleMax = 2 * time.Second
)

// NewGateway checks the configuration; it does not connect. Its errors begin with
// the name of the setting, and show no value of one that may hold a secret.
func NewGateway(c GatewayConfig) (*Gateway, error) {
	if c.Connections == 0 {
		c.Connections = 4
	}
	if c.Connect == 0 {
		c.Connect = 5 * time.Second
	}
	if c.Answer == 0 {
		c.Answer = 15 * time.Second
	}
	if len(c.Success.Status) == 0 {
		c.Success.Status = []string{"200-299"}
	}
	if c.Method == "" {
		c.Method = http.MethodPost
		if c.Body == "" {
			c.Method = http.MethodGet
		}
	}
	g := &Gateway{config: c}
	guard := guard{timeout: c.Connect}
	for _, step := range []func() error{
		func() error { return g.parseURL(&guard) }, g.parseHeaders, g.parseBody, g.parseRules, g.checkHoles,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	g.transport = &http.Transport{ // Proxy is nil: none, whatever the environment says
		DialContext: guard.dial, TLSClientConfig: &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: c.Connect, MaxConnsPerHost: c.Connections, MaxIdleConnsPerHost: c.Connections, IdleConnTimeout: idleMax,
		MaxResponseHeaderBytes: headerMax, DisableCompression: true, // a small body stays small
	}
	return g, nil
}

// telephone is a number in E.164; rowID the form of an id.
var telephone = regexp.MustCompile(`^\+[1-9][0-9]{5,14}$`)

// Send hands one SMS to the gateway. The receipt holds the gateway's id for it.
func (g *Gateway) Send(ctx context.Context, e Envelope) (Receipt, error) {
	ctx, stop := context.WithTimeout(ctx, g.config.Answer)
	defer stop()
	var reached progress
	req, err := g.request(httptrace.WithClientTrace(ctx, reached.trace()), e)
	if err != nil {
		return Receipt{}, &Permanent{Failure{Stage: "compose", Err: err}}
	}
	// Not by an http.Client: nothing is followed, and its errors show the URL.
	res, err := g.transport.RoundTrip(req)
	if err != nil {
		f := Failure{Stage: reached.stage(), Err: &shown{g.clean(err.Error(), e), err}}
		if f.Stage == "answer" {
			return Receipt{}, &Unknown{Failure: f, Repeat: g.config.Idempotent}
		}
		return Receipt{}, &Temporary{f}
	}
	a := answer{status: res.StatusCode, header: res.Header}
	a.body, err = io.ReadAll(io.LimitReader(res.Body, answerMax+1))
	a.whole = err == nil && len(a.body) <= answerMax
	res.Body.Close() // what was read counts; the connection is dropped unless that was all
	return g.judge(a, e)
}

// progress is how far a request came.
type progress struct{ at atomic.Int32 }

const (
	connecting = iota
	shaking
	written // perhaps: there is a connection, and the request is on its way into it
)

func (p *progress) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		// The transport begins anew if a kept connection was closed before anything was written.
		GetConn:           func(string) { p.at.Store(connecting) },
		TLSHandshakeStart: func() { p.at.CompareAndSwap(connecting, shaking) },
		GotConn:           func(httptrace.GotConnInfo) { p.at.Store(written) },
	}
}

func (p *progress) stage() string { return []string{"connect", "tls", "answer"}[p.at.Load()] }

// request composes what is sent, and refuses whatever could become something else.
func (g *Gateway) request(ctx context.Context, e Envelope) (*http.Request, error) {
	switch {
	case !rowID.MatchString(e.ID):
		return nil, errors.New("the id is not one of an outbox row")
	case !telephone.MatchString(e.To):
		return nil, errors.New("the number is not one an SMS can be sent to")
	case e.Text == "":
		return nil, errors.New("an SMS needs a text")
	}
	from := e.From
	if from == "" {
		from = g.config.From
	}
	user, password := g.config.Username, g.config.Password
	values := map[string]string{"to": e.To, "to_digits": e.To[1:], "text": e.Text, "from": from, "id": e.ID,
		"username": user, "password": password, "basic": base64.StdEncoding.EncodeToString([]byte(user + ":" + password))}

	target, body := g.target, ""
	if len(g.query) > 0 {
		target += "?" + g.query.fill(values)
	}
	switch g.config.Format {
	case "form":
		body = g.form.fill(values)
	case "json":
		var err error
		if body, err = g.document.fill(values); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, g.config.Method, target, strings.NewReader(body))
	if err != nil {
		return nil, errors.New("the URL cannot be written") // the error would show it
	}
	if body == "" {
		req.Body, req.GetBody = http.NoBody, nil
	}
	// The transport repeats a GET by itself when a kept connection breaks. On a
	// fresh one it never does.
	req.Close = g.config.Method == http.MethodGet
	switch g.config.Format {
	case "form":
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case "json":
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("User-Agent", "") // nobody's business
	for _, h := range g.headers {
		v := h.value.fill(values)
		if !oneLine(v) {
			return nil, fmt.Errorf("the header %s holds a line end or another control character", h.name)
		}
		req.Header.Set(h.name, v)
	}
	return req, nil
}

// judge reads an answer.
func (g *Gateway) judge(a answer, e Envelope) (Receipt, error) {
	f := Failure{Stage: "answer", Code: a.status, After: retryAfter(a.header)}
	said := fmt.Sprintf("the gateway said %d", a.status)
	if g.reason != nil {
		if why, ok := g.reason.find(a); ok {
			said += ": " + g.clean(why, e)
		}
	}
	f.Err = errors.New(said)
	switch {
	case g.rules.bounce.met(a):
		f.Nobody = true
		return Receipt{}, &Permanent{f}
	case g.rules.permanent.met(a):
		return Receipt{}, &Permanent{f}
	case g.rules.temporary.met(a):
		return Receipt{}, &Temporary{f}
	case g.rules.success.met(a) && (a.whole || !g.body):
		id := ""
		if g.id != nil {
			id, _ = g.id.find(a) // an id is good to have; the message is taken without
		}
		return Receipt{ProviderID: tidy(id)}, nil
	case a.status >= 300 && a.status < 400:
		f.Err = fmt.Errorf("%s, a redirect, which is not followed", said)
		return Receipt{}, &Temporary{f}
	case a.status >= 400 && a.status < 500, a.status == http.StatusServiceUnavailable:
		return Receipt{}, &Temporary{f}
	}
	return Receipt{}, &Unknown{Failure: f, Repeat: g.config.Idempotent}
}

// retryAfter reads the header in either form (RFC 9110, 10.2.3). A date counts
// from the answer's own, as clocks differ.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(max(seconds, 0), 86400)) * time.Second
	}
	until, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return max(until.Sub(now), 0)
}

// number is what might be a code or a telephone number, also in groups.
var number = regexp.MustCompile(`[0-9](?:[ .-]?[0-9]){4,}`)

// clean makes a line that may stand in logs and rows of what the gateway said,
// which may be the request: no word of the text, no number, no credentials.
func (g *Gateway) clean(said string, e Envelope) string {
	words := strings.Fields(said)
	for i, w := range words {
		if bare := strings.Trim(w, `"'«»,.;:()[]{}`); len(bare) >= 4 && strings.Contains(e.Text, bare) {
			words[i] = "[…]"
		}
	}
	user, password := g.config.Username, g.config.Password
	said = clean(strings.Join(words, " "), []string{e.To, e.To[1:], user, password, base64.StdEncoding.EncodeToString([]byte(user + ":" + password))})
	return number.ReplaceAllString(said, "[…]")
}

// Close ends the connections that are kept.
func (g *Gateway) Close() error {
	g.transport.CloseIdleConnections()
	return nil
}
