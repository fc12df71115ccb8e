package deliver

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A setting that cannot be meant is refused at the start, by its name, and no
// error shows a value that may be a secret.
func TestNewGatewayRefuses(t *testing.T) {
	const secret = "SECRET77"
	good := func() GatewayConfig {
		return GatewayConfig{URL: "https://sms.example/send?key={password}&k=" + secret, Format: "json", Body: `{"to":"{to}","text":"{text}"}`,
			Username: secret, Password: secret, Headers: []string{"Authorization: Basic {basic}", "X-Key: " + secret}}
	}
	if _, err := NewGateway(good()); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		change func(*GatewayConfig)
		want   string
	}{
		"no url":                     {func(c *GatewayConfig) { c.URL = "" }, "url: must be as"},
		"in clear":                   {func(c *GatewayConfig) { c.URL = "http://sms.example/?" + secret }, "url: must begin with https"},
		"in clear inside":            {func(c *GatewayConfig) { c.URL, c.PrivateHosts = "http://10.0.0.1/", []string{"10.0.0.1"} }, "url: must begin with https"},
		"in clear, here, not named":  {func(c *GatewayConfig) { c.URL = "http://127.0.0.1/" }, "url: must begin with https"},
		"another scheme":             {func(c *GatewayConfig) { c.URL = "file:///etc/passwd" }, "url: must be as"},
		"credentials in the url":     {func(c *GatewayConfig) { c.URL = "https://" + secret + "@sms.example/" }, "url: must be as"},
		"a fragment":                 {func(c *GatewayConfig) { c.URL += "#x" }, "url: must be as"},
		"a host of the message":      {func(c *GatewayConfig) { c.URL = "https://{to}/" }, "url: "},
		"a path of the message":      {func(c *GatewayConfig) { c.URL = "https://sms.example/{to}" }, "url: holes stand behind the ? only"},
		"a control character":        {func(c *GatewayConfig) { c.URL = "https://sms.example/\n" + secret }, "url: must be as"},
		"an unknown hole":            {func(c *GatewayConfig) { c.Body = `{"to":"{to}","text":"{txt}"}` }, "body: {txt} cannot stand here"},
		"a hole for a name":          {func(c *GatewayConfig) { c.Body = `{"{to}":"{text}"}` }, "body: holes stand in values"},
		"not JSON":                   {func(c *GatewayConfig) { c.Body = `{"to":{to}}` }, "body: is not JSON"},
		"two documents":              {func(c *GatewayConfig) { c.Body += "{}" }, "body: is not JSON"},
		"a form with a bare part":    {func(c *GatewayConfig) { c.Format, c.Body = "form", "to={to}&&text={text}" }, "body: each part"},
		"a form with a hole as name": {func(c *GatewayConfig) { c.Format, c.Body = "form", "{to}={text}" }, "body: each part"},
		"a bad escape":               {func(c *GatewayConfig) { c.Format, c.Body = "form", "to={to}&text={text}&x=%zz" }, "body: a name or a value"},
		"no format":                  {func(c *GatewayConfig) { c.Format = "" }, "format: must be"},
		"a format and no body":       {func(c *GatewayConfig) { c.Body = "" }, "format: there is no body"},
		"a body of a GET":            {func(c *GatewayConfig) { c.Method = "GET" }, "body: a GET has none"},
		"a method":                   {func(c *GatewayConfig) { c.Method = "DELETE" }, "method: must be"},
		"no number":                  {func(c *GatewayConfig) { c.Body = `{"text":"{text}"}` }, "body: nothing says {to}"},
		"no text":                    {func(c *GatewayConfig) { c.Body = `{"to":"{to}"}` }, "body: nothing says {text}"},
		"a text in a header":         {func(c *GatewayConfig) { c.Headers = []string{"X: {text}"} }, "headers: X: {text} cannot stand here"},
		"a header without a name":    {func(c *GatewayConfig) { c.Headers = []string{secret} }, "headers: each must be as"},
		"a header of two lines":      {func(c *GatewayConfig) { c.Headers = []string{"X: a\r\nY: " + secret} }, "headers: X holds a line end"},
		"the host's header":          {func(c *GatewayConfig) { c.Headers = []string{"host: x"} }, "headers: Host"},
		"a header twice":             {func(c *GatewayConfig) { c.Headers = []string{"X: 1", "x: 2"} }, "headers: X stands twice"},
		"a key and not idempotent":   {func(c *GatewayConfig) { c.Headers = append(c.Headers, "Idempotency-Key: {id}") }, "headers: Idempotency-Key"},
		"a key without the id": {func(c *GatewayConfig) {
			c.Idempotent, c.Headers = true, append(c.Headers, "X-Idempotency-Key: {to}", "X-Ref: {id}")
		}, "headers: X-Idempotency-Key"},
		"idempotent without the id": {func(c *GatewayConfig) { c.Idempotent = true }, "idempotent: nothing says {id}"},
		"an unused password":        {func(c *GatewayConfig) { c.Headers, c.URL = []string{"X: {username}"}, "https://sms.example/" }, "password: "},
		"an unused user name":       {func(c *GatewayConfig) { c.Headers = nil }, "username: "},
		"a status":                  {func(c *GatewayConfig) { c.Success.Status = []string{"ok"} }, "success: status"},
		"a status of another kind":  {func(c *GatewayConfig) { c.Bounce.Status = []string{"99"} }, "bounce: status"},
		"statuses the wrong way":    {func(c *GatewayConfig) { c.Permanent.Status = []string{"499-400"} }, "permanent: status"},
		"a place":                   {func(c *GatewayConfig) { c.Temporary.At = "xml:/a" }, "temporary: "},
		"a pointer":                 {func(c *GatewayConfig) { c.ID = "json:a" }, "id_at: "},
		"an expression":             {func(c *GatewayConfig) { c.Reason = "body:(" }, "reason_at: "},
		"two groups":                {func(c *GatewayConfig) { c.ID = "body:(a)(b)" }, "id_at: "},
		"what and not where":        {func(c *GatewayConfig) { c.Success.Is = "ok" }, "success: says what"},
		"a bad what":                {func(c *GatewayConfig) { c.Success.At, c.Success.Is = "json:/a", "(" }, "success: "},
		"another's host":            {func(c *GatewayConfig) { c.PrivateHosts = []string{"other.example"} }, "private_hosts: "},
		"connections":               {func(c *GatewayConfig) { c.Connections = 100 }, "connections: "},
	} {
		g := good()
		c.change(&g)
		_, err := NewGateway(g)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", what, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: a secret is told: %v", what, err)
		}
	}
}

// Whatever a text holds, it arrives as one value, in every place it can stand in;
// whatever a gateway answers, it is read without a panic.
func FuzzGateway(f *testing.F) {
	f.Add(nasty, `{"a":[{"b":"0"}]}`)
	f.Add("{text}{to}", "OK 12")
	f.Add("\xff", "[[[[")
	g, err := NewGateway(GatewayConfig{URL: "https://sms.example/send?t={text}&z={to}", Format: "json", Body: `{"text":"{text}","rest":["{to}{text}"]}`,
		Success: Rule{At: "json:/a/0/b", Is: "0"}, Bounce: Rule{At: `body:^E (\d+)`}, ID: "json:/a/0/c", Reason: "body:."})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, body string) {
		e := sms("m1")
		if e.Text = text; text == "" {
			return
		}
		req, err := g.request(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if req.URL.Host != "sms.example" || req.URL.Path != "/send" {
			t.Fatalf("goes to %s", req.URL)
		}
		query, err := url.ParseQuery(req.URL.RawQuery)
		if err != nil || len(query) != 2 || query.Get("t") != text || query.Get("z") != e.To {
			t.Fatalf("%q became %v, %v", text, query, err)
		}
		var d struct {
			Text string
			Rest []string
		}
		dec := json.NewDecoder(req.Body)
		dec.DisallowUnknownFields()
		valid := strings.ToValidUTF8(text, "�")
		if err := dec.Decode(&d); err != nil || len(d.Rest) != 1 || strings.ToValidUTF8(d.Rest[0], "�") != d.Rest[0] {
			t.Fatalf("%q became %+v, %v", text, d, err)
		}
		if text == valid && (d.Text != text || d.Rest[0] != e.To+text) {
			t.Fatalf("%q became %+v", text, d)
		}
		_, err = g.judge(answer{status: 200, header: http.Header{}, body: []byte(body), whole: true}, e)
		if err != nil && strings.ContainsAny(err.Error(), "\n\r\x00") {
			t.Fatalf("not one line: %q", err)
		}
	})
}
