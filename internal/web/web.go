// Package web is the members' site: every fund under its own host.
package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"aditus/internal/access"
	"aditus/internal/journey"
	"aditus/internal/texts"
	"aditus/internal/web/page"
)

// MaxForm is the largest form that is read, in bytes. No page of ours comes near.
const MaxForm = 64 << 10

// deadline is how long one request may take: a database that does not answer
// must not gather requests without end (F10). It is longer than the time after
// which PostgreSQL ends a frozen node's transaction (store: 5 s), so that who waits
// for its rows is answered.
const deadline = 15 * time.Second

// A Site serves the funds. Handler may be called once all fields are set.
type Site struct {
	page.Services
	Funds []*access.Fund
	Hosts map[string]string // more hosts: host -> fund's ID, beside those of the funds' files
	Marks map[string]Marks  // by fund's ID; nil for none
	Log   *slog.Logger

	// Proxies are the networks whose word on the client's address is taken
	// (X-Forwarded-For); none by default.
	Proxies []netip.Prefix

	// Ready says whether requests can be served; its error is for the log.
	Ready func(context.Context) error
}

// A hosted fund, prepared.
type hosted struct {
	fund  *access.Fund
	site  *page.Site
	marks Marks
}

// Handler has every route there is.
func (s *Site) Handler() http.Handler {
	hosts := map[string]hosted{}
	byID := map[string]hosted{}
	for _, f := range s.Funds {
		marks := s.Marks[f.ID]
		h := hosted{f, &page.Site{Theme: theme(f.Brand), Logo: marks.Logo.Path, Favicon: marks.Favicon.Path}, marks}
		byID[f.ID] = h
		for _, name := range f.Hosts {
			hosts[name] = h
		}
	}
	for name, id := range s.Hosts {
		hosts[name] = byID[id]
	}

	mux := http.NewServeMux()
	for _, r := range routes() {
		h := s.serve(r, parsed(r.html))
		mux.Handle(r.path, h)
	}
	mux.Handle("/", s.serve(route{path: "/", page: nowhere{}, html: errorHTML}, errorPage))

	protected := http.NewCrossOriginProtection()
	protected.SetDenyHandler(s.serve(route{path: "/", page: crossOrigin{}, html: errorHTML}, errorPage))
	members := protected.Handler(mux)

	built := s.Assets.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w = &recorder{ResponseWriter: w}
		defer s.recover(w, r)
		switch {
		case r.URL.Path == "/healthz":
			plain(w, http.StatusOK, "ok")
			return
		case r.URL.Path == "/readyz":
			s.ready(w, r)
			return
		}
		host := hostOf(r.Host)
		h, ok := hosts[host]
		if !ok {
			plain(w, http.StatusMisdirectedRequest, "no fund at this address")
			return
		}
		if strings.HasPrefix(r.URL.Path, "/assets/") {
			built.ServeHTTP(w, r)
			return
		}
		headers(w.Header(), s.Secure)
		if strings.HasPrefix(r.URL.Path, "/brand/") {
			h.marks.serve(w, r)
			return
		}
		ctx, stop := context.WithTimeout(r.Context(), deadline)
		defer stop()
		r = r.WithContext(ctx)
		members.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), hostKey{}, h)))
	})
}

// parsed is a page's template, made when it is first drawn: to make all of them
// at the start was most of the start, and of what the program held when idle.
func parsed(html string) func() *template.Template {
	return sync.OnceValue(func() *template.Template { return page.Parse(html) })
}

type hostKey struct{}

// hostOf is a Host header without its port, in small letters.
func hostOf(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// An error here is a client that went away.
	_, _ = io.WriteString(w, text+"\n")
}

func (s *Site) ready(w http.ResponseWriter, r *http.Request) {
	if s.Ready != nil {
		if err := s.Ready(r.Context()); err != nil {
			s.Log.Warn("not ready", "err", err)
			plain(w, http.StatusServiceUnavailable, "not ready")
			return
		}
	}
	plain(w, http.StatusOK, "ready")
}

// serve asks the page and answers. It is the one place that renders, and with
// fail the one place that knows what an error looks like.
func (s *Site) serve(rt route, t func() *template.Template) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, ok := r.Context().Value(hostKey{}).(hosted)
		if !ok {
			plain(w, http.StatusMisdirectedRequest, "no fund at this address")
			return
		}
		v := &page.Visit{Request: r, Services: &s.Services, W: w, Fund: h.fund, Site: h.site, Here: rt.here(), Nonce: rand.Text(),
			IP: s.clientIP(r), Agent: agent(r.UserAgent()), Form: url.Values{}, Status: http.StatusOK}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self' 'nonce-"+v.Nonce+
			"'; img-src 'self' data:; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		asked := v.Speak()
		v.Voice = s.Texts.Voice(texts.StyleOf(h.fund, v.Lang), v.Lang)
		if err := s.answer(v, rt, t, asked); err != nil {
			s.fail(v, err)
		}
	})
}

func (s *Site) answer(v *page.Visit, rt route, t func() *template.Template, asked bool) error {
	if asked && v.Method == http.MethodGet {
		return page.Elsewhere(withoutLang(v.URL))
	}
	if err := s.session(v, rt); err != nil {
		return err
	}
	switch v.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		err := s.form(v, rt)
		next := ""
		if err == nil {
			next, err = rt.page.Take(v)
		}
		if err == nil {
			if data, ok := rt.page.(page.Data); ok && v.WantsData() {
				return send(v, data)
			}
			if next != "" {
				return page.Elsewhere(next)
			}
			break // the page says itself what came of it
		}
		if !v.Refuse(err) {
			return err
		}
		if v.Status, err = status(v.Wrong); err != nil {
			return err
		}
	default:
		return page.Wrong
	}
	if v.Status == http.StatusServiceUnavailable {
		v.W.Header().Set("Retry-After", "5")
	}
	if data, ok := rt.page.(page.Data); ok && v.WantsData() {
		if len(v.Wrong) > 0 {
			return v.Send(map[string][]page.Err{"refused": v.Errors()})
		}
		return send(v, data)
	}
	data, err := rt.page.Show(v)
	if err != nil {
		return err
	}
	if _, takes := rt.page.(page.Inputs); !takes && slices.ContainsFunc(v.Wrong, func(r *access.Refusal) bool { return r.Code == "form_unknown" }) {
		return page.Bad // it has no form, and no place to say what is wrong with one
	}
	return v.Draw(v.Status, t(), data)
}

// send answers a script.
func send(v *page.Visit, data page.Data) error {
	value, err := data.Data(v)
	if err != nil {
		return err
	}
	return v.Send(value)
}

// session finds who is asking. A page that needs a session sends those without
// one to where their journey stands, or to sign in.
func (s *Site) session(v *page.Visit, rt route) error {
	token := v.SessionToken()
	if token != "" {
		sess, err := s.Sessions.Check(v.Context(), v.Fund, token)
		switch {
		case err == nil:
			v.Session = sess
		case access.Refused(err, "session_ended"):
			v.LeaveSession()
		default:
			return err
		}
	}
	switch {
	case rt.needs == needsNothing:
		return nil
	case !v.SignedIn():
		on, err := v.Resume()
		switch {
		case err != nil:
			return err
		case on != "":
			return page.Elsewhere(on)
		case token != "":
			return page.Elsewhere("/session-ended")
		}
		return page.Elsewhere("/login")
	case rt.needs == needsChoice:
	case v.Session.Several && v.Session.Profile == "" && rt.here() != "/session":
		return page.Elsewhere("/profiles")
	case rt.needs == needsSession:
		return s.overdue(v)
	}
	return nil
}

// overdue sends a member who may not put the secure channel off any longer to
// the invitation (Q2). Whoever has no contact on file could not accept it, and
// goes on reading (F-28).
func (s *Site) overdue(v *page.Visit) error {
	if v.Session.Level != access.LevelRead || !journey.Overdue(v.Fund, s.Now()) {
		return nil
	}
	m, channel, err := s.Area.Member(v.Context(), v.Fund, v.Session.Member)
	if err == nil && channel.ID == "" && journey.Reachable(v.Fund, m) {
		err = page.Elsewhere("/channel")
	}
	return err
}

// form reads what was posted. A page gets only the names it knows, each once.
func (s *Site) form(v *page.Visit, rt route) error {
	v.Body = http.MaxBytesReader(v.W, v.Body, MaxForm)
	kind, _, _ := strings.Cut(v.Header.Get("Content-Type"), ";")
	if kind = strings.TrimSpace(kind); kind != "application/x-www-form-urlencoded" && (kind != "" || v.ContentLength != 0) {
		return page.Bad
	}
	if err := v.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return page.TooBig
		}
		return page.Bad
	}
	v.Form = v.PostForm
	var known []string
	if in, ok := rt.page.(page.Inputs); ok {
		known = in.Inputs(v)
	}
	for name, values := range v.Form {
		if !slices.Contains(known, name) {
			v.Form = url.Values{}
			return access.Refuse("form_unknown")
		}
		if len(values) > 1 {
			v.Form = url.Values{}
			return access.Refuse("form_doubled")
		}
		if strings.ContainsRune(values[0], 0) {
			v.Form = url.Values{}
			return access.Refuse("form_unknown")
		}
	}
	return nil
}

// withoutLang is the address less the wish for a language, which is a cookie by
// now. Only the path and query of the request itself are used.
func withoutLang(u *url.URL) string {
	q := u.Query()
	q.Del("lang")
	back := url.URL{Path: u.Path, RawQuery: q.Encode()}
	if strings.HasPrefix(back.Path, "//") || strings.HasPrefix(back.Path, `/\`) {
		return "/"
	}
	return back.String()
}

// clientIP is the address of the client: the peer's, or what a proxy we know
// says of it, the last word first.
func (s *Site) clientIP(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusts(ip); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = next.Unmap()
	}
	return ip.WithZone("").String()
}

func (s *Site) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(s.Proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// headers are those of every page (ASVS 3.4).
func headers(h http.Header, secure bool) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	if secure {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}

// theme is a fund's colours as the style sheet's variables. The policy has
// checked that each is a colour and can be read. In the dark the fund's own
// colours would not be readable: there the product's are used.
func theme(b access.Brand) template.CSS {
	return template.CSS(fmt.Sprintf(":root{--fund-brand:%s;--fund-on-brand:%s;--fund-link:%s;--fund-page:%s;--fund-focus:%s;--fund-radius:%dpx}",
		b.Brand, b.OnBrand, b.Link, b.Tint, b.Focus, b.Radius))
}
