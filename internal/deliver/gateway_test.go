package deliver

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// A provider is a real SMS gateway on this machine that misbehaves on demand.
type provider struct {
	*httptest.Server
	t  *testing.T
	ca *x509.CertPool

	mu      sync.Mutex
	heard   []request
	dialled int

	// on answers; nil answers 200 and nothing more.
	on http.HandlerFunc
}

// A request is what the provider was told.
type request struct {
	method, path string
	query        url.Values
	header       http.Header
	body         string
}

func newProvider(t *testing.T, o relayOptions) *provider {
	t.Helper()
	cert, pool := certificate(t, o)
	p := &provider{t: t, ca: pool}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		p.mu.Lock()
		p.heard = append(p.heard, request{r.Method, r.URL.Path, r.URL.Query(), r.Header, string(body)})
		on := p.on
		p.mu.Unlock()
		if on != nil {
			on(w, r)
		}
	}))
	p.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.dialled++
		}
	}
	if o.plain {
		p.Start()
	} else {
		p.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
		p.StartTLS()
	}
	t.Cleanup(p.Close)
	return p
}

func (p *provider) answer(on http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.on = on
}

// connections is how many there were.
func (p *provider) connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dialled
}

func (p *provider) requests() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]request(nil), p.heard...)
}

// gateway makes a sender for the provider.
func (p *provider) gateway(change func(*GatewayConfig)) *Gateway {
	p.t.Helper()
	c := GatewayConfig{URL: p.URL + "/send", RootCAs: p.ca, PrivateHosts: []string{"127.0.0.1"},
		Format: "json", Body: `{"to":"{to}","text":"{text}"}`}
	if change != nil {
		change(&c)
	}
	g, err := NewGateway(c)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if err := g.Close(); err != nil {
			p.t.Error(err)
		}
	})
	return g
}

func sms(id string) Envelope {
	return Envelope{ID: id, Fund: "aurora", Channel: "sms", To: "+393006220277", Lang: "it", Created: start, Secret: true,
		Text: "Aurora: codice per accedere. Non dirlo a nessuno. Codice: 359359\n\n@area.example #359359"}
}

// nasty is a text that would be something else in each of the places it stands in.
const nasty = "a\"b\\c\n\r\t&to=+39000&x={to}{password}%41+ ;<b>è€\u2028\u0000\",\"to\":\"+39000\"}\r\nX-Evil: 1"

// A value is a value wherever it stands, whatever it holds.
func TestGatewayEscapes(t *testing.T) {
	p := newProvider(t, relayOptions{})
	credentials := func(c *GatewayConfig) { c.Username, c.Password, c.From = "us er", `pa:ss"&=+{text}`, "AURORA" }
	for what, c := range map[string]struct {
		change func(*GatewayConfig)
		values func(request) url.Values
	}{
		"json": {func(c *GatewayConfig) {
			credentials(c)
			c.Body = `{"messages":[{"to":"{to_digits}","text":"<{text}>","n":12345678901234567890,"urgent":true,"none":null}],"from":"{from}","ref":"{id}","login":{"u":"{username}","p":"{password}"}}`
		}, func(r request) url.Values {
			var d struct {
				Messages []struct {
					To, Text string
					N        json.Number
					Urgent   bool
				}
				From, Ref string
				Login     struct{ U, P string }
			}
			if err := json.Unmarshal([]byte(r.body), &d); err != nil || len(d.Messages) != 1 || d.Messages[0].N != "12345678901234567890" || !d.Messages[0].Urgent {
				t.Errorf("%v: %s", err, r.body)
				return nil
			}
			return url.Values{"to": {"+" + d.Messages[0].To}, "text": {strings.Trim(d.Messages[0].Text, "<>")}, "from": {d.From}, "ref": {d.Ref}, "u": {d.Login.U}, "p": {d.Login.P}}
		}},
		"form": {func(c *GatewayConfig) {
			credentials(c)
			c.Format, c.Body = "form", `to={to}&text={text}&from={from}&ref={id}&u={username}&p={password}`
		}, func(r request) url.Values {
			v, err := url.ParseQuery(r.body)
			if err != nil {
				t.Error(err)
			}
			return v
		}},
		"query": {func(c *GatewayConfig) {
			credentials(c)
			c.URL += "?to={to}&text={text}&from={from}&ref={id}&u={username}&p={password}"
			c.Format, c.Body = "", ""
		}, func(r request) url.Values { return r.query }},
	} {
		e := sms("row-1")
		e.Text = nasty
		if _, err := p.gateway(c.change).Send(t.Context(), e); err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		all := p.requests()
		r := all[len(all)-1]
		want := url.Values{"to": {"+393006220277"}, "text": {nasty}, "from": {"AURORA"}, "ref": {"row-1"}, "u": {"us er"}, "p": {`pa:ss"&=+{text}`}}
		if got := c.values(r); got.Encode() != want.Encode() {
			t.Errorf("%s: arrived\n%v, want\n%v", what, got, want)
		}
		if kind := map[string]string{"json": "application/json", "form": "application/x-www-form-urlencoded"}[what]; r.header.Get("Content-Type") != kind || r.path != "/send" {
			t.Errorf("%s: %q to %s", what, r.header.Get("Content-Type"), r.path)
		}
		if method := map[string]string{"query": "GET"}[what]; method != "" && r.method != method || method == "" && r.method != "POST" {
			t.Errorf("%s: %s", what, r.method)
		}
	}
}

// Headers hold credentials and the row's id; nothing else goes along.
func TestGatewayHeaders(t *testing.T) {
	p := newProvider(t, relayOptions{})
	g := p.gateway(func(c *GatewayConfig) {
		c.Username, c.Password, c.Idempotent = "aditus", "geheim", true
		c.Headers = []string{"Authorization: Basic {basic}", "idempotency-key: aditus-{id}", "Content-Type: application/json; charset=utf-8", "X-From: {from}"}
	})
	e := sms("row-1")
	e.From = "AURORA"
	if _, err := g.Send(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	got := p.requests()[0].header
	for name, want := range map[string]string{"Authorization": "Basic YWRpdHVzOmdlaGVpbQ==", "Idempotency-Key": "aditus-row-1",
		"Content-Type": "application/json; charset=utf-8", "X-From": "AURORA", "User-Agent": "", "Accept-Encoding": ""} {
		if got.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Get(name), want)
		}
	}
	e.From = "A\r\nX-Evil: 1"
	_, err := g.Send(t.Context(), e)
	if kind, f := asOne(err); kind != "permanent" || f.Stage != "compose" || len(p.requests()) != 1 {
		t.Errorf("a header of two lines: %s, %v", kind, err)
	}
	for what, change := range map[string]func(*Envelope){
		"no number": func(e *Envelope) { e.To = "" }, "not a number": func(e *Envelope) { e.To = "anna@example.it" },
		"two numbers": func(e *Envelope) { e.To = "+393006220277,+393006220278" }, "no text": func(e *Envelope) { e.Text = "" }, "no id": func(e *Envelope) { e.ID = "" },
	} {
		e := sms("row-2")
		change(&e)
		_, err := g.Send(t.Context(), e)
		if kind, f := asOne(err); kind != "permanent" || f.Stage != "compose" || len(p.requests()) != 1 {
			t.Errorf("%s: %s, %v", what, kind, err)
		}
	}
}

// What an answer means, by the rules of the settings and without any.
func TestGatewayAnswers(t *testing.T) {
	p := newProvider(t, relayOptions{})
	words := func(c *GatewayConfig) { // a gateway that always says 200
		c.Success = Rule{At: "json:/messages/0/status", Is: "0|queued"}
		c.ID, c.Reason = "json:/messages/0/message-id", "json:/messages/0/error-text"
		c.Bounce = Rule{At: "json:/messages/0/status", Is: "7|15"}
		c.Permanent = Rule{Status: []string{"200"}, At: "json:/messages/0/status", Is: "3"}
		c.Temporary = Rule{At: "json:/messages/0/status", Is: "1|9"}
	}
	text := func(c *GatewayConfig) { // and one that says it in a line
		c.Success, c.ID = Rule{Status: []string{"200-202"}, At: "body:^OK:? "}, `body:^OK:? (\S+)`
		c.Permanent, c.Reason = Rule{Status: []string{"400", "422"}}, "header:X-Error"
	}
	for _, c := range []struct {
		what   string
		change func(*GatewayConfig)
		status int
		header string
		body   string
		kind   string
		id     string // or what the error says
	}{
		{"any 2xx", nil, 201, "", "whatever", "sent", ""},
		{"by word", words, 200, "", `{"messages":[{"status":"0","message-id":"A-1"}]}`, "sent", "A-1"},
		{"a number for a word, a long id", words, 200, "", `{"messages":[{"status":0,"message-id":12345678901234567890}]}`, "sent", "12345678901234567890"},
		{"without its id", words, 200, "", `{"messages":[{"status":"queued","message-id":null}]}`, "sent", ""},
		{"no such number", words, 200, "", `{"messages":[{"status":"7","error-text":"Number barred"}]}`, "bounce", "the gateway said 200: Number barred"},
		{"a broken text", words, 200, "", `{"messages":[{"status":"3","error-text":"Invalid"}]}`, "permanent", "200: Invalid"},
		{"throttled", words, 200, "", `{"messages":[{"status":"1"}]}`, "temporary", "the gateway said 200"},
		{"a word it never said", words, 200, "", `{"messages":[{"status":"scheduled"}]}`, "unknown", ""},
		{"part of a word", words, 200, "", `{"messages":[{"status":"00"}]}`, "unknown", ""},
		{"not JSON", words, 200, "", `<html>fine</html>`, "unknown", ""},
		{"not there", words, 200, "", `{"messages":[]}`, "unknown", ""},
		{"of another kind", words, 200, "", `{"messages":{"0":"x"}}`, "unknown", ""},
		{"a list for a word", words, 200, "", `{"messages":[{"status":["0"]}]}`, "unknown", ""},
		{"a line", text, 202, "", "OK: 77ab\n", "sent", "77ab"},
		{"another status", text, 204, "", "", "unknown", ""},
		{"another line", text, 200, "", "ERR 5", "unknown", ""},
		{"for good", text, 422, "X-Error: too long", "", "permanent", "the gateway said 422: too long"},
		{"not by rule", text, 401, "", "OK 1", "temporary", "the gateway said 401"},
		{"not found", nil, 404, "", "", "temporary", ""},
		{"too many", nil, 429, "Retry-After: 17", "", "temporary", ""},
		{"away", nil, 503, "Retry-After: Sat, 21 Nov 2026 14:30:17 GMT\nDate: Sat, 21 Nov 2026 14:30:00 GMT", "", "temporary", ""},
		{"broken", nil, 500, "", "", "unknown", "the gateway said 500"},
		{"a proxy in between", nil, 502, "", "", "unknown", ""},
		{"too late", nil, 504, "", "", "unknown", ""},
		{"broken, and known to take nothing", func(c *GatewayConfig) { c.Temporary = Rule{Status: []string{"500-502"}} }, 502, "", "", "temporary", ""},
	} {
		p.answer(func(w http.ResponseWriter, _ *http.Request) {
			for line := range strings.SplitSeq(c.header, "\n") {
				if name, value, ok := strings.Cut(line, ": "); ok {
					w.Header().Set(name, value)
				}
			}
			w.WriteHeader(c.status)
			if c.status != http.StatusNoContent {
				if _, err := io.WriteString(w, c.body); err != nil {
					t.Error(err)
				}
			}
		})
		for _, idempotent := range []bool{false, true} {
			receipt, err := p.gateway(func(g *GatewayConfig) {
				if c.change != nil {
					c.change(g)
				}
				if g.Idempotent = idempotent; idempotent {
					g.Headers = []string{"X-Ref: {id}"}
				}
			}).Send(t.Context(), sms("m1"))
			kind, f := asOne(err)
			if p, ok := err.(*Permanent); ok && p.Bounce() {
				kind = "bounce"
			}
			if kind != c.kind || kind == "sent" && receipt.ProviderID != c.id {
				t.Errorf("%s: %s %q, %v", c.what, kind, receipt.ProviderID, err)
			}
			if kind != "sent" && (f.Stage != "answer" || f.Code != c.status || !strings.Contains(f.Error(), c.id)) {
				t.Errorf("%s: %+v", c.what, f)
			}
			if wait := strings.Contains(c.header, "17"); wait != (f.After.Seconds() == 17) {
				t.Errorf("%s: wants to rest for %v", c.what, f.After)
			}
			if u, ok := err.(*Unknown); ok && u.Repeat != idempotent {
				t.Errorf("%s: may be repeated %v", c.what, u.Repeat)
			}
		}
	}
}

// What could have happened: a gateway answers with the request in its error, as
// many do, and the code, the number and the password stand in the log.
func TestGatewayErrorsShowNothing(t *testing.T) {
	p := newProvider(t, relayOptions{})
	p.answer(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Error", `bad "359359" for +393006220277 (393006220277, 39 300 622 0277), aditus:geheim `+r.Header.Get("Authorization")+" accedere. ciliegia7 anna@example.it")
		w.WriteHeader(http.StatusUnprocessableEntity)
	})
	g := p.gateway(func(c *GatewayConfig) {
		c.Username, c.Password, c.Reason = "aditus", "geheim", "header:X-Error"
		c.Headers = []string{"Authorization: Basic {basic}"}
		c.URL += "?key={password}"
	})
	e := sms("m1")
	e.Text += " ciliegia7"
	_, err := g.Send(t.Context(), e)
	for _, secret := range []string{"359359", "3006220277", "300 622", "geheim", "YWRpd", "accedere", "ciliegia7", "anna@", "key="} {
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q is told: %v", secret, err)
		}
	}
	if !strings.Contains(err.Error(), "the gateway said 422: bad") {
		t.Error(err)
	}
	p.Close()
	if _, err = g.Send(t.Context(), e); err == nil || strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "key=") || strings.Contains(err.Error(), "359359") {
		t.Errorf("nobody there: %v", err)
	}
}
