package fault

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A client is one browser: cookies, an address in the network, and no patience
// for redirects, which it looks at itself.
type client struct {
	base string // http://host:port
	http *http.Client

	mu      sync.Mutex
	cookies map[string]string
	from    string // X-Forwarded-For, which the settings believe of loopback; "" is none
}

// newClient makes a browser that knows nobody.
func newClient(addr string) *client {
	return &client{base: "http://" + addr, cookies: map[string]string{}, http: &http.Client{
		Transport:     &http.Transport{DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: patience}}
}

// as gives the browser what a person's has kept.
func (c *client) as(p *person) *client {
	if p.session != "" {
		c.cookies["session"] = p.session
	}
	if p.device != "" {
		c.cookies["device"] = p.device
	}
	return c
}

// An answer is what a request brought.
type answer struct {
	status int
	to     string // Location
	header http.Header
	body   string
}

// said is the text of the answer's errors, for a test that fails.
func (a answer) said() string {
	text := errorText.FindAllString(a.body, 4)
	return fmt.Sprintf("%d %s %s", a.status, a.to, html.UnescapeString(strings.Join(text, " | ")))
}

var errorText = regexp.MustCompile(`(?s)govuk-error-summary__list.*?</ul>|<h1[^>]*>.*?</h1>`)

func (c *client) get(path string) (answer, error) { return c.do("GET", path, nil) }

// post sends a form: pairs of name and value.
func (c *client) post(path string, pairs ...string) (answer, error) {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return c.do("POST", path, form)
}

func (c *client) request(ctx context.Context, method, path string, form url.Values) (*http.Request, error) {
	body := io.Reader(nil)
	if method == "POST" {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.from != "" {
		r.Header.Set("X-Forwarded-For", c.from)
	}
	for _, name := range slices.Sorted(maps.Keys(c.cookies)) {
		r.AddCookie(&http.Cookie{Name: name, Value: c.cookies[name]})
	}
	return r, nil
}

func (c *client) do(method, path string, form url.Values) (a answer, err error) {
	r, err := c.request(context.Background(), method, path, form)
	if err != nil {
		return a, err
	}
	res, err := c.http.Do(r)
	if err != nil {
		return a, err
	}
	body, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return a, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range res.Cookies() {
		if k.MaxAge < 0 || k.Value == "" {
			delete(c.cookies, k.Name)
			continue
		}
		c.cookies[k.Name] = k.Value
	}
	return answer{res.StatusCode, res.Header.Get("Location"), res.Header, string(body)}, nil
}

// twin is another tab: the same cookies, and connections of its own.
func (c *client) twin(addr string) *client {
	t := newClient(addr)
	c.mu.Lock()
	defer c.mu.Unlock()
	t.cookies, t.from = maps.Clone(c.cookies), c.from
	return t
}

var (
	operationPath = regexp.MustCompile(`^/operations/([^/?]+)/confirm`)
	receiptNumber = regexp.MustCompile(`<strong class="p-ref">([^<]+)</strong>`)
)

// drafted is the id in the path to which a draft leads, "" if it is no such path.
func drafted(to string) string {
	if m := operationPath.FindStringSubmatch(to); m != nil {
		return m[1]
	}
	return ""
}

// receipt is all that the receipt's page says: its number, and the words between
// the headings, without what differs at each look.
func receipt(a answer) string {
	m := receiptNumber.FindStringSubmatch(a.body)
	if a.status != http.StatusOK || m == nil {
		return ""
	}
	return m[1]
}

// residence is the form of an act that moves no money; n makes each its own.
func residence(n int) []string {
	now := time.Now()
	return []string{"street", fmt.Sprintf("Via della Prova, %d", n), "postcode", "41121", "city", "Modena", "province", "MO", "country", "IT",
		"from_date_day", fmt.Sprint(now.Day()), "from_date_month", fmt.Sprint(int(now.Month())), "from_date_year", fmt.Sprint(now.Year())}
}
