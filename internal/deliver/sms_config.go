package deliver

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// parseURL reads where requests go. The host is a constant: a value of a message
// must never choose it.
func (g *Gateway) parseURL(to *guard) error {
	c := &g.config
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return errors.New(`url: must be as "https://gateway.example/send", without a user name and without #`) // the error would show it
	}
	base, _, _ := strings.Cut(c.URL, "?")
	if hole.MatchString(base) {
		return errors.New("url: holes stand behind the ? only")
	}
	host := u.Hostname()
	for _, h := range c.PrivateHosts {
		if !strings.EqualFold(h, host) {
			return fmt.Errorf("private_hosts: %q is not the host of the url", h)
		}
	}
	to.private = len(c.PrivateHosts) > 0
	switch {
	case u.Scheme == "http" && to.private && isLoopback(host):
		to.loopback = true
	case u.Scheme != "https":
		return errors.New("url: must begin with https:// (http:// only to this machine, named in private_hosts)")
	}
	g.target = base
	if g.query, err = parsePairs(u.RawQuery); err != nil {
		return fmt.Errorf("url: %w", err)
	}
	return nil
}

// taken are the headers that are HTTP's own, or that this program sets.
var taken = []string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Te", "Upgrade", "Expect", "Accept-Encoding", "Keep-Alive",
	"Proxy-Authorization", "Proxy-Connection"}

func (g *Gateway) parseHeaders() error {
	seen := map[string]bool{}
	for _, h := range g.config.Headers {
		name, value, ok := strings.Cut(h, ":")
		name, value = http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
		if !ok || name == "" || strings.ContainsFunc(name, func(r rune) bool {
			return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		}) {
			return errors.New(`headers: each must be as "Name: value"`)
		}
		if slices.Contains(taken, name) || seen[name] {
			return fmt.Errorf("headers: %s stands twice, or cannot be set", name)
		}
		seen[name] = true
		if !oneLine(value) {
			return fmt.Errorf("headers: %s holds a line end or another control character", name)
		}
		v, err := parsePattern(value, "to", "to_digits", "from", "id", "username", "password", "basic")
		if err != nil {
			return fmt.Errorf("headers: %s: %w", name, err)
		}
		// Go's transport repeats a request that bears one by itself.
		if strings.HasSuffix(name, "Idempotency-Key") && (!g.config.Idempotent || !v.has("id")) {
			return fmt.Errorf("headers: %s must hold {id}, and idempotent be true", name)
		}
		g.headers = append(g.headers, header{name, v})
	}
	return nil
}

func (g *Gateway) parseBody() (err error) {
	c := &g.config
	if !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodPut}, c.Method) {
		return errors.New("method: must be GET, POST or PUT")
	}
	switch {
	case c.Method == http.MethodGet && c.Body != "":
		return errors.New("body: a GET has none")
	case c.Body == "":
		if c.Format != "" {
			return errors.New("format: there is no body")
		}
	case c.Format == "form":
		g.form, err = parsePairs(c.Body)
	case c.Format == "json":
		g.document, err = parseDocument(c.Body)
	default:
		return errors.New(`format: must be "json" or "form"`)
	}
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

func (g *Gateway) parseRules() (err error) {
	c := &g.config
	for _, r := range []struct {
		key string
		of  Rule
		to  *rule
	}{
		{"bounce", c.Bounce, &g.rules.bounce}, {"permanent", c.Permanent, &g.rules.permanent},
		{"temporary", c.Temporary, &g.rules.temporary}, {"success", c.Success, &g.rules.success},
	} {
		if *r.to, err = r.of.compile(); err != nil {
			return fmt.Errorf("%s: %w", r.key, err)
		}
		g.body = g.body || r.to.at != nil && r.to.at.header == ""
	}
	if c.ID != "" {
		if g.id, err = parsePlace(c.ID); err != nil {
			return fmt.Errorf("id_at: %w", err)
		}
	}
	if c.Reason != "" {
		if g.reason, err = parsePlace(c.Reason); err != nil {
			return fmt.Errorf("reason_at: %w", err)
		}
	}
	return nil
}

// checkHoles refuses what would send a message without its text, or leave a
// setting unused.
func (g *Gateway) checkHoles() error {
	c := &g.config
	has := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool {
			return g.query.has(n) || g.form.has(n) || g.document.has(n) || slices.ContainsFunc(g.headers, func(h header) bool { return h.value.has(n) })
		})
	}
	switch {
	case !has("to", "to_digits"):
		return errors.New("body: nothing says {to} or {to_digits}: where the message goes")
	case !has("text"):
		return errors.New("body: nothing says {text}: the message")
	case c.Idempotent && !has("id"):
		return errors.New("idempotent: nothing says {id}, by which the gateway would know a second message")
	case (c.Password != "") != has("password", "basic"):
		return errors.New("password: a password is set and nothing says {password} or {basic}, or the other way round")
	case (c.Username != "") != has("username", "basic"):
		return errors.New("username: one is set and nothing says {username} or {basic}, or the other way round")
	case !oneLine(c.Username + c.Password + c.From):
		return errors.New("password: username, password and from are of one line")
	case c.Connections < 1 || c.Connections > 64:
		return errors.New("connections: must be between 1 and 64")
	}
	return nil
}
