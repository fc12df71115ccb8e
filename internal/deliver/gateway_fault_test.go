package deliver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// hijack takes the connection from the server, to do with it what servers do not.
func hijack(t *testing.T, w http.ResponseWriter, say string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	if _, err := io.WriteString(conn, say); err != nil {
		t.Error(err)
	}
	conn.Close()
}

// A server that answers too late, half, too much or something else. What left us
// may have been taken; a status that arrived counts, if the settings ask no more.
func TestGatewayMisbehaves(t *testing.T) {
	const short = 50 * time.Millisecond
	hold := make(chan struct{})
	byWord := func(c *GatewayConfig) { c.Success = Rule{At: "json:/ok", Is: "true"} }
	elsewhere := newProvider(t, relayOptions{})
	for _, c := range []struct {
		what string
		on   func(http.ResponseWriter)
		by   func(*GatewayConfig)
		kind string
	}{
		{"says nothing", func(http.ResponseWriter) { <-hold }, nil, "unknown"},
		{"hangs up", func(w http.ResponseWriter) { hijack(t, w, "") }, nil, "unknown"},
		{"hangs up in its headers", func(w http.ResponseWriter) { hijack(t, w, "HTTP/1.1 200 OK\r\nContent-Le") }, nil, "unknown"},
		{"talks another protocol", func(w http.ResponseWriter) { hijack(t, w, "220 mail.example ESMTP 359359\r\n") }, nil, "unknown"},
		{"has no end of headers", func(w http.ResponseWriter) {
			hijack(t, w, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", headerMax+1)+"\r\n\r\n")
		}, nil, "unknown"},
		{"cuts its body", func(w http.ResponseWriter) {
			hijack(t, w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ok\":true}")
		}, nil, "sent"},
		{"cuts the body that counts", func(w http.ResponseWriter) {
			hijack(t, w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"ok\":true}")
		}, byWord, "unknown"},
		{"cuts the body that could say no", func(w http.ResponseWriter) {
			hijack(t, w, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"error\":")
		}, func(c *GatewayConfig) { c.Bounce = Rule{At: "json:/error"} }, "unknown"},
		{"stops in its body", func(w http.ResponseWriter) {
			io.WriteString(w, "{")
			w.(http.Flusher).Flush()
			<-hold
		}, nil, "sent"},
		{"stops in the body that counts", func(w http.ResponseWriter) {
			io.WriteString(w, `{"ok":true}`)
			w.(http.Flusher).Flush()
			<-hold
		}, byWord, "unknown"},
		{"has no end", func(w http.ResponseWriter) {
			for range 64 {
				if _, err := io.WriteString(w, strings.Repeat(`{"ok":true}`+"\n", 1024)); err != nil {
					return // hung up on, as it should be
				}
			}
		}, byWord, "unknown"},
		{"sends elsewhere", func(w http.ResponseWriter) {
			w.Header().Set("Location", elsewhere.URL+"/send")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}, nil, "temporary"},
		{"sends elsewhere with a GET", func(w http.ResponseWriter) {
			w.Header().Set("Location", elsewhere.URL+"/send")
			w.WriteHeader(http.StatusSeeOther)
		}, nil, "temporary"},
	} {
		t.Run(c.what, func(t *testing.T) {
			p := newProvider(t, relayOptions{})
			p.answer(func(w http.ResponseWriter, _ *http.Request) { c.on(w) })
			g := p.gateway(func(g *GatewayConfig) {
				g.Answer = 10 * time.Second
				if strings.Contains(c.what, "says nothing") || strings.Contains(c.what, "stops in") {
					g.Answer = short
				}
				if c.by != nil {
					c.by(g)
				}
			})
			_, err := g.Send(t.Context(), sms("m1"))
			if kind, f := asOne(err); kind != c.kind || err != nil && f.Stage != "answer" {
				t.Errorf("%s, %v", kind, err)
			}
			if err != nil && (strings.Contains(err.Error(), "359359") || strings.Contains(err.Error(), "\n")) {
				t.Errorf("not fit for a log: %v", err)
			}
			if n := len(p.requests()); n != 1 {
				t.Errorf("it was told %d times", n)
			}
			if strings.HasPrefix(c.what, "says") || strings.HasPrefix(c.what, "stops") {
				hold <- struct{}{}
			}
		})
	}
	if n := len(elsewhere.requests()); n != 0 {
		t.Errorf("a redirect was followed %d times", n)
	}
}

// Nothing left us: the message can be sent again without a doubt.
func TestGatewayAway(t *testing.T) {
	other := newProvider(t, relayOptions{})
	for what, o := range map[string]relayOptions{
		"certificate of another name": {name: "sms.example.org"}, "expired": {notAfter: time.Now().Add(-time.Hour)},
		"of an unknown issuer": {}, "without TLS": {plain: true},
	} {
		p := newProvider(t, o)
		_, err := p.gateway(func(c *GatewayConfig) {
			c.URL = strings.Replace(c.URL, "http://", "https://", 1)
			if what == "of an unknown issuer" {
				c.RootCAs = other.ca
			}
		}).Send(t.Context(), sms("m1"))
		if kind, f := asOne(err); kind != "temporary" || f.Stage != "tls" || len(p.requests()) != 0 {
			t.Errorf("%s: %s at %s, %v", what, kind, f.Stage, err)
		}
	}
	silent, _ := scripted(t, "wait")
	for what, port := range map[string]int{"nobody listens": 1, "no handshake": silent} {
		g, err := NewGateway(GatewayConfig{URL: fmt.Sprintf("https://127.0.0.1:%d/?to={to}&text={text}", port), PrivateHosts: []string{"127.0.0.1"}, Connect: 50 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		_, err = g.Send(t.Context(), sms("m1"))
		if kind, _ := asOne(err); kind != "temporary" {
			t.Errorf("%s: %s, %v", what, kind, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := other.gateway(nil).Send(ended, sms("m1"))
	if kind, _ := asOne(err); kind != "temporary" || len(other.requests()) != 0 {
		t.Errorf("a caller who is gone: %s, %v", kind, err)
	}
}

// What could have happened: the transport repeats a request by itself, as Go's does
// on a kept connection that broke, and the member gets two SMS. Here each tenth
// request is taken, and its connection ends without an answer.
func TestGatewayNeverTwice(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		p := newProvider(t, relayOptions{})
		p.answer(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Query().Get("id"), "0") {
				hijack(t, w, "")
			}
		})
		g := p.gateway(func(c *GatewayConfig) {
			c.Method = method
			c.URL += "?id={id}&to={to}&text={text}"
			c.Format, c.Body = "", ""
		})
		var all sync.WaitGroup
		for part := range 4 {
			all.Go(func() {
				for i := part; i < 100; i += 4 {
					_, err := g.Send(t.Context(), sms(fmt.Sprint("m", i)))
					if kind, _ := asOne(err); kind != map[bool]string{true: "unknown", false: "sent"}[i%10 == 0] {
						t.Errorf("%s %d: %s, %v", method, i, kind, err)
					}
				}
			})
		}
		all.Wait()
		heard := map[string]int{}
		for _, r := range p.requests() {
			heard[r.query.Get("id")]++
		}
		for id, n := range heard {
			if n != 1 {
				t.Errorf("%s: %s arrived %d times", method, id, n)
			}
		}
	}
}

// A burst of POSTs goes over few connections, each GET over its own.
func TestGatewayConnections(t *testing.T) {
	for method, most := range map[string]int{"POST": 2, "GET": 40} {
		p := newProvider(t, relayOptions{})
		g := p.gateway(func(c *GatewayConfig) {
			c.Connections = 2
			if c.Method = method; method == "GET" {
				c.URL += "?to={to}&text={text}"
				c.Format, c.Body = "", ""
			}
		})
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for i := range 10 {
					if _, err := g.Send(t.Context(), sms(fmt.Sprint("m", i))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		n := p.connections()
		if n == 0 || n > most || method == "GET" && n != most || len(p.requests()) != 40 {
			t.Errorf("%s: %d requests over %d connections", method, len(p.requests()), n)
		}
	}
}

// What could have happened: somebody who can change a DNS entry, or a setting, has
// the program talk to the machine's metadata service or to the database beside it.
func TestGatewayStaysOutside(t *testing.T) {
	p := newProvider(t, relayOptions{name: "localhost"})
	port := p.URL[strings.LastIndex(p.URL, ":"):]
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.1.2.3", "169.254.169.254", "0.0.0.0", "[fd00::1]", "[fe80::1]", "100.64.0.1", "224.0.0.1"} {
		g, err := NewGateway(GatewayConfig{URL: "https://" + host + port + "/?to={to}&text={text}", RootCAs: p.ca, Connect: 5 * time.Second})
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		_, err = g.Send(t.Context(), sms("m1"))
		if kind, f := asOne(err); kind != "temporary" || f.Stage != "connect" || !strings.Contains(err.Error(), "private_hosts") {
			t.Errorf("%s: %s, %v", host, kind, err)
		}
		if g.transport.Proxy != nil {
			t.Error("a proxy of the environment would be used")
		}
	}
	if n := len(p.requests()); n != 0 {
		t.Errorf("%d requests arrived", n)
	}
	// Named in the settings, it may lead inside.
	g, err := NewGateway(GatewayConfig{URL: "https://localhost" + port + "/?to={to}&text={text}", RootCAs: p.ca, PrivateHosts: []string{"LOCALHOST"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Send(t.Context(), sms("m1")); err != nil {
		t.Error(err)
	}
	// Without TLS it must be this machine, whatever its name leads to.
	if err := (guard{private: true, loopback: true}).check("192.168.1.1:80"); err == nil {
		t.Error("in clear to another machine")
	}
	for _, bad := range []string{"0.1.2.3", "10.0.0.1", "100.127.255.255", "127.0.0.1", "169.254.1.1", "172.16.0.1", "192.0.0.8", "192.168.0.1", "198.19.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::", "2001:db8::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"} {
		if public(netip.MustParseAddr(bad)) {
			t.Errorf("%s counts as public", bad)
		}
	}
	for _, good := range []string{"8.8.8.8", "100.63.255.255", "172.32.0.1", "2a00:1450:4002::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"} {
		if !public(netip.MustParseAddr(good)) {
			t.Errorf("%s does not count as public", good)
		}
	}
}
