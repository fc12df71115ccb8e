// Package security shows how a member's access is protected and used: the
// channel, the password, past accesses, and the sessions that live, which can
// be ended here (ASVS 7.5.2).
package security

import (
	_ "embed"

	"aditus/internal/access"
	"aditus/internal/area"
	"aditus/internal/journey"
	"aditus/internal/texts"
	"aditus/internal/trust"
	"aditus/internal/web/page"
	"aditus/internal/web/page/act"
)

// HTML is the page's template.
//
//go:embed page.html
var HTML string

// Page is the page.
type Page struct{}

// Inputs are what to do, and the session to end.
func (Page) Inputs(*page.Visit) []string { return []string{"do", "id"} }

type data struct {
	area.Safety
	Chooses   bool // the fund's members choose a secure channel
	Changes   journey.Changes
	MayChange bool     // the password can be changed now
	Renew     bool     // it could, with a PIN: both are given anew
	PINs      bool     // the fund has a PIN for acts, and a way to change it
	Where     act.Line // the channel
	Phone     string   // how the mobile stands, in words; "" where the fund asks for none
	Chosen    bool     // the member chose the password
	Backup    bool     // the fund gives backup codes
	Waits     bool     // a lost factor will be replaced
	Accesses  []accessed
	Devices   []device
	This      session
	Others    []session
}

type accessed struct {
	area.Access
	When, How, Device, Where string
}

// A device is a browser that is known.
type device struct {
	ID, Name, Used, Label string
	This                  bool
}

type session struct{ ID, Device, Since, Where, Label string }

// Show reads the page.
func (Page) Show(v *page.Visit) (any, error) {
	y, err := v.Area.Safety(v.Context(), v.Fund, v.Session, v.IP)
	if err != nil {
		return nil, err
	}
	d := data{Safety: y, Where: channel(v, y.Channel), Chosen: y.Password.Source == "member"}
	_, d.Chooses = v.Fund.Flow("secure_channel")
	if d.Changes, err = v.Journeys.MayChange(v.Context(), v.Fund, v.Session.Member); err != nil {
		return nil, err
	}
	d.MayChange = d.Changes.Password == nil
	d.Renew = access.Refused(d.Changes.Password, "pin_needed")
	_, d.PINs = v.Fund.Flow("change_pin")
	_, d.Backup = v.Fund.Flow("change_factor")
	if d.Backup {
		r, err := v.Journeys.Replacement(v.Context(), v.Fund, v.Visitor())
		if err != nil {
			return nil, err
		}
		d.Waits = r.ID != ""
	}
	for _, known := range y.Devices {
		name, used := act.Agent(v, known.Agent), texts.Stamp(known.SeenAt)
		d.Devices = append(d.Devices, device{known.ID, name, v.T("security.device_used", "stamp", used),
			v.T("security.device_forget_label", "device", name, "stamp", used), known.ID == v.Session.Device})
	}
	d.Phone = mobile(v, y.Mobile)
	for _, a := range y.Accesses {
		row := accessed{Access: a, When: v.ShortStamp(a.At), Device: act.Agent(v, a.Agent), Where: place(v, a.Place), How: v.T("method.password")}
		if a.OK {
			row.How = act.Method(v, a.Method)
		}
		d.Accesses = append(d.Accesses, row)
	}
	for _, s := range y.Sessions {
		since := texts.Stamp(s.StartedAt)
		row := session{ID: s.ID, Device: act.Agent(v, s.Agent), Since: v.T("security.session_since", "stamp", since), Where: place(v, y.Places[s.ID])}
		if s.ID == v.Session.ID {
			d.This = row
			continue
		}
		row.Label = v.T("security.session_end_label", "device", row.Device, "stamp", since)
		d.Others = append(d.Others, row)
	}
	return d, nil
}

// place is where a browser was, in words; "" if nothing can be said.
func place(v *page.Visit, p area.Place) string {
	switch {
	case p.Same:
		return v.T("security.place_same")
	case p.Network == "":
		return ""
	}
	return v.T("security.place_other", "network", p.Network)
}

// mobile is how the number on file stands.
func mobile(v *page.Visit, m *trust.Mobile) string {
	if m == nil {
		return ""
	}
	last := access.Last(m.Number, 3)
	switch {
	case m.Reliable:
		return v.T("security.mobile_reliable", "last3", last)
	case m.Why == "missing":
		return v.T("security.mobile_none")
	case m.Why == "shared":
		return v.T("security.mobile_shared", "last3", last)
	}
	return v.T("security.mobile_not", "last3", last)
}

// channel is where codes go, masked: seen and heard.
func channel(v *page.Visit, c access.Channel) (l act.Line) {
	switch c.Kind {
	case access.Email:
	case access.TOTP:
		l.Text = []string{v.T("security.channel_app")}
		return l
	default:
		l.Text = []string{v.T("security.channel_sms", "last3", access.MaskPhone(c.Address))}
		return l
	}
	masked := access.MaskEmail(c.Address)
	l.Text = []string{v.T("security.channel_email", "masked", masked)}
	l.Heard = v.T("security.channel_email", "masked", v.SpokenEmail(masked))
	return l
}

// Take ends another session, or all others, forgets a device, or begins to change the
// factor or to make the mobile reliable. The session that asks is ended by
// signing out, and not here.
func (Page) Take(v *page.Visit) (string, error) {
	switch do, id := v.Form.Get("do"), v.Form.Get("id"); {
	case do == "end" && id != v.Session.ID:
		err := v.Area.EndSession(v.Context(), v.Fund, v.Session, id)
		if err != nil && !access.Refused(err, "session_ended") { // somebody was faster, or the time was over: it has ended
			return "", err
		}
		v.Tell("session_ended")
	case do == "others":
		if err := v.Area.EndOthers(v.Context(), v.Fund, v.Session); err != nil {
			return "", err
		}
		v.Tell("sessions_ended")
	case do == "forget":
		if err := v.Area.ForgetDevice(v.Context(), v.Fund, v.Session, id); err != nil {
			return "", err
		}
		v.Tell("device_forgotten")
	case do == "factor":
		r, err := v.Journeys.RenewFactor(v.Context(), v.Fund, v.Visitor())
		if err != nil {
			return "", err
		}
		return v.Follow(r), nil
	case do == "mobile":
		r, err := v.Journeys.Mobile(v.Context(), v.Fund, v.Visitor())
		if err != nil {
			return "", err
		}
		return v.Follow(r), nil
	default:
		return "", access.Refuse("form_unknown")
	}
	return "/security", nil
}
