package script

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
)

// A browser does what a person does without JavaScript: reads labels, types,
// presses, follows. It has cookies of its own, an address in the network, and
// tabs that share both. Its requests go straight to the handler.
type browser struct {
	client *http.Client
	wire   *inProcess
	home   *url.URL
	agent  string
	tabs   map[string]*tab
	tab    *tab         // the one in front
	posted func() error // after each form that was sent; may be nil
	tongue *tongue      // what pages are held against; may be nil
}

// A tab is the page that is shown, and those before it.
type tab struct {
	view
	before []view
	last   shipment // the last form that was sent
}

// agents are what browsers call themselves: the first browser of a script is the
// first, and so on.
var agents = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
}

// newBrowser makes the nth browser of a script, from 0.
func newBrowser(h http.Handler, home *url.URL, n int) *browser {
	jar, _ := cookiejar.New(nil) // no options: cannot fail
	b := &browser{wire: &inProcess{h, fmt.Sprintf("192.0.2.%d", n+1)}, home: home, agent: agents[n%len(agents)], tabs: map[string]*tab{}}
	b.client = &http.Client{Jar: jar, Transport: b.wire}
	b.turn("")
	return b
}

// turn brings a tab to the front, a new one if there is none of that name.
func (b *browser) turn(name string) {
	if b.tabs[name] == nil {
		b.tabs[name] = &tab{view: view{at: b.home}}
	}
	b.tab = b.tabs[name]
}

// inProcess answers requests with a handler, without a network.
type inProcess struct {
	http.Handler
	from string // the browser's address
}

// RoundTrip answers r.
func (p *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), net.JoinHostPort(p.from, "4321")
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.Host = r.URL.Host
	w := httptest.NewRecorder()
	p.ServeHTTP(w, in)
	res := w.Result()
	res.Request = r
	return res, nil
}

// open goes to an address.
func (b *browser) open(to string) error {
	return b.send(shipment{method: "GET", to: b.tab.resolve(to)})
}

// press presses the button, or follows the link, that reads so.
func (b *browser) press(text string) error {
	s, err := b.ready(text)
	if err != nil {
		return err
	}
	return b.send(s)
}

func (b *browser) ready(text string) (shipment, error) {
	if b.tab.page == nil {
		return shipment{}, errors.New("no page is open")
	}
	return b.tab.pressed(text)
}

// together presses a button n times at the same instant, as a hand that
// trembles, or a thief with many connections. It shows one of the answers.
func (b *browser) together(text string, n int) error {
	s, err := b.ready(text)
	if err != nil {
		return err
	}
	answers, errs := make([]view, n), make([]error, n)
	var begin, done sync.WaitGroup
	begin.Add(n)
	for i := range n {
		done.Go(func() {
			begin.Done()
			begin.Wait()
			answers[i], errs[i] = b.fetch(s, "same-origin")
		})
	}
	done.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return b.show(answers[0], s)
}

// send sends a form, or goes to an address, and shows the answer.
func (b *browser) send(s shipment) error {
	v, err := b.fetch(s, "same-origin")
	if err != nil {
		return err
	}
	return b.show(v, s)
}

// show puts a page in front of the one that was there.
func (b *browser) show(v view, by shipment) error {
	if b.tab.page != nil {
		b.tab.before = append(b.tab.before, b.tab.view)
	}
	b.tab.view = v
	if b.tongue != nil {
		if err := b.tongue.judge(&v); err != nil {
			return err
		}
	}
	if by.method != "POST" {
		return nil
	}
	b.tab.last = by
	if b.posted == nil {
		return nil
	}
	return b.posted()
}

// back is the browser's button: the page before, as it was left.
func (b *browser) back() error {
	n := len(b.tab.before)
	if n == 0 {
		return errors.New("there is no page before this one")
	}
	b.tab.view, b.tab.before = b.tab.before[n-1], b.tab.before[:n-1]
	return nil
}

// again sends the last form once more, as it was.
func (b *browser) again() error {
	if b.tab.last.to == "" {
		return errors.New("no form was sent")
	}
	return b.send(b.tab.last)
}

// fetch asks for a page. Site is what the browser says of where the request
// comes from (Sec-Fetch-Site).
func (b *browser) fetch(s shipment, site string) (v view, err error) {
	r, err := http.NewRequest(s.method, s.to, strings.NewReader(s.values.Encode()))
	if err != nil {
		return v, err
	}
	if s.method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", site)
		origin := b.home.Scheme + "://" + b.home.Host
		if site != "same-origin" {
			origin = "https://elsewhere.example"
		}
		r.Header.Set("Origin", origin)
	}
	r.Header.Set("User-Agent", b.agent)
	r.Header.Set("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
	if s.json {
		r.Header.Set("Accept", "application/json")
	}
	res, err := b.client.Do(r)
	if err != nil {
		return v, err
	}
	body, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return v, err
	}
	v.status, v.at, v.header = res.StatusCode, res.Request.URL, res.Header
	return v, v.read(string(body))
}
