package page

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"aditus/internal/challenge"
	"aditus/internal/journey"
)

// The cookies there are. Over https each has the prefix __Host-, which a
// browser takes only from this host, over https and for the whole site: nobody
// beside us can plant one (ASVS 3.3.1).
const (
	cookieSession  = "session"
	cookieJourney  = "journey"
	cookieDevice   = "device"
	cookiePasskey  = "passkey"
	cookieLanguage = "lang"
	cookieDisplay  = "display"
	cookieNotice   = "notice"
)

// a year is how long a browser keeps what is not a secret of a session.
const year = 365 * 24 * time.Hour

func (v *Visit) cookieName(name string) string {
	if v.Secure {
		return "__Host-" + name
	}
	return name
}

func (v *Visit) cookie(name string) string {
	c, err := v.Request.Cookie(v.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// set gives the browser a cookie: for its own life, or for so long; a negative
// time takes it away. What was set before in the same answer is taken back: a
// cookie is set once (RFC 6265, 4.1.1).
func (v *Visit) set(name, value string, keep time.Duration) {
	h := v.W.Header()
	h["Set-Cookie"] = slices.DeleteFunc(h["Set-Cookie"], func(line string) bool {
		return strings.HasPrefix(line, v.cookieName(name)+"=")
	})
	c := &http.Cookie{Name: v.cookieName(name), Value: value, Path: "/", Secure: v.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	switch {
	case keep > 0:
		c.MaxAge = int(keep.Seconds())
	case keep < 0:
		c.MaxAge = -1
	}
	http.SetCookie(v.W, c)
}

// SessionToken is the token of the visitor's session, "" if there is none.
func (v *Visit) SessionToken() string { return v.cookie(cookieSession) }

// HasJourney reports whether the browser is on a journey.
func (v *Visit) HasJourney() bool { return v.cookie(cookieJourney) != "" }

// Visitor is the browser as the journeys know it.
func (v *Visit) Visitor() journey.Visitor {
	return journey.Visitor{Host: challenge.Host(v.Origin()), Lang: v.Lang, Agent: v.Agent, IP: v.IP, Origin: v.Origin(),
		Device: v.cookie(cookieDevice), Journey: v.cookie(cookieJourney), Work: v.Form.Get("work"), Passkey: v.cookie(cookiePasskey), Session: v.Session}
}

// Origin is that of the site's pages, as the browser names it: the host is one of
// the fund's, or the request would not be here.
func (v *Visit) Origin() string {
	host := strings.ToLower(v.Host)
	if v.Secure {
		return "https://" + strings.TrimSuffix(host, ":443")
	}
	return "http://" + strings.TrimSuffix(host, ":80")
}

// paths are the pages of the places a journey leads to.
var paths = map[journey.Place]string{
	journey.Home:     "/",
	journey.Invite:   "/channel",
	journey.Choose:   "/channel/choose",
	journey.Code:     "/otp",
	journey.Active:   "/channel/done",
	journey.Password: "/password/new",
	journey.SignIn:   "/login",
	journey.Terms:    "/enrol/terms",
	journey.Name:     "/enrol/name",
	journey.Factor:   "/enrol/factor",
	journey.Backup:   "/security/codes",
	journey.HandOver: "/recover",
	journey.Sent:     "/recover/sent",
	journey.PIN:      "/pin/new",
	journey.KnownPIN: "/pin",
	journey.Safety:   "/security",
	journey.Replace:  "/security/replacement",
	journey.NewKey:   "/security/passkeys/new",
	journey.Passkeys: "/security/passkeys",
}

// Path is the page of a place.
func Path(p journey.Place) string { return paths[p] }

// Follow gives the browser what a step of a journey brought, and returns where
// to go.
func (v *Visit) Follow(r journey.Result) string {
	if r.Device != "" {
		v.set(cookieDevice, r.Device, year)
	}
	if r.Ended {
		v.set(cookieSession, "", -1)
	}
	if r.Session != "" {
		v.set(cookieSession, r.Session, 0)
		v.set(cookieJourney, "", -1)
	}
	if r.Passkey != "" {
		v.set(cookiePasskey, r.Passkey, challenge.KeyLife)
	}
	if r.Journey != "" {
		v.set(cookieJourney, r.Journey, 0)
	}
	return Path(r.To)
}

// LeaveJourney forgets the browser's journey; LeaveSession its session.
func (v *Visit) LeaveJourney() { v.set(cookieJourney, "", -1) }

// LeaveSession forgets the browser's session.
func (v *Visit) LeaveSession() { v.set(cookieSession, "", -1) }

// Speak settles the language: asked for, chosen before, the browser's, the
// fund's. It reports whether the visitor has just asked for it.
func (v *Visit) Speak() (asked bool) {
	wishes := []string{v.URL.Query().Get("lang"), v.cookie(cookieLanguage)}
	header := v.Header.Get("Accept-Language")
	for wish := range strings.SplitSeq(header[:min(len(header), 256)], ",") {
		wish = strings.TrimSpace(wish)
		wishes = append(wishes, strings.ToLower(wish[:min(2, len(wish))]))
	}
	v.Lang = v.Fund.Languages[0]
	for i, wish := range wishes {
		if slices.Contains(v.Fund.Languages, wish) {
			v.Lang = wish
			if i == 0 {
				v.set(cookieLanguage, wish, year)
			}
			return i == 0
		}
	}
	return false
}

// The sizes and themes a visitor can choose (ux.md 4.1).
var (
	Sizes  = []string{"normal", "large", "xlarge"}
	Themes = []string{"auto", "light", "dark"}
)

// Display is the visitor's size and theme.
func (v *Visit) Display() (size, theme string) {
	size, theme, _ = strings.Cut(v.cookie(cookieDisplay), "-")
	if !slices.Contains(Sizes, size) {
		size = Sizes[0]
	}
	if !slices.Contains(Themes, theme) {
		theme = Themes[0]
	}
	return size, theme
}

// SetDisplay keeps a size and a theme, if they are ones there are.
func (v *Visit) SetDisplay(size, theme string) bool {
	if !slices.Contains(Sizes, size) || !slices.Contains(Themes, theme) {
		return false
	}
	v.set(cookieDisplay, size+"-"+theme, year)
	return true
}

// HTMLClass is the class of the page for the visitor's size and theme.
func (v *Visit) HTMLClass() string {
	size, theme := v.Display()
	class := "govuk-template"
	if size != "normal" {
		class += " size-" + size
	}
	if theme != "auto" {
		class += " theme-" + theme
	}
	return class
}

// notices are what can be told once on the next page. What the cookie says is
// only looked up here: it is not text.
var notices = []string{"password_saved", "session_ended", "sessions_ended", "withdrawn", "cancelled", "postponed", "display_saved", "draft_saved", "draft_changed", "dropped",
	"enrolled", "channel_cancelled", "channel_kept", "password_kept", "password_chosen", "password_later", "password_reset", "sign_in_cancelled", "enrol_cancelled", "factor_kept", "contract_added", "secrets_saved", "mobile_trusted", "mobile_kept", "pin_saved", "pin_kept",
	"nothing_changed", "replacement_stopped", "device_forgotten", "passkey_added", "passkey_removed", "passkey_renamed", "passkey_kept"}

// Tell has the next page say something.
func (v *Visit) Tell(notice string) { v.set(cookieNotice, notice, 0) }

// Told is what this page says, "" for nothing, and forgets it.
func (v *Visit) Told() string {
	notice := v.cookie(cookieNotice)
	if notice == "" {
		return ""
	}
	v.set(cookieNotice, "", -1)
	if !slices.Contains(notices, notice) {
		return ""
	}
	return v.T("notice." + notice)
}
