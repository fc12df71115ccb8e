package main

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"aditus/internal/access"
	"aditus/internal/settings"
	"aditus/internal/store"
)

// warnings are what the server can live with and the operator should know before
// the members do: each a sentence that says what to do.
func warnings(s settings.Settings, funds []*access.Fund, environ []string) (all []string) {
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if s.Server.HTTPS && s.Server.TLSCert == "" && len(s.Server.Proxies) == 0 {
		say("members come over https by a proxy, and server.proxies names none: to the limits they are all one visitor, and one who guesses shuts out everybody. " +
			`Name the proxy's network in server.proxies, as "127.0.0.1/32"`)
	}
	for _, p := range s.Server.Proxies {
		if everybody(p) {
			say("server.proxies trusts %s: anybody can say which address they come from, and no limit by network holds. Name the proxy's own network, as \"10.0.0.5/32\"", p)
		}
	}
	if unprotected(s.Database.URL, environ) {
		say("database.url names a server on another machine and no sslmode: what goes to the database may go in clear, and nobody checks that it is yours. " +
			"Add ?sslmode=verify-full")
	}
	for _, f := range funds {
		if f.Registry.Fiction {
			say("fund %s takes telephone numbers set aside for invented people (fiction = true): that is for demonstrations. Remove it from %s.toml before members come", f.ID, f.ID)
		}
		for _, way := range []struct {
			kind    access.Kind
			set     bool
			section string
		}{{access.SMS, s.SMS.URL != "", "sms"}, {access.PEC, s.PEC.Host != "", "pec"}} {
			if uses(f, way.kind) && !way.set {
				say("fund %s writes to members by %s, and the settings have no [%s]: such messages fail at once. Set it up, or take %s out of %s.toml",
					f.ID, strings.ToUpper(way.section), way.section, way.section, f.ID)
			}
		}
		if uses(f, access.PEC) && s.PEC.Host != "" && f.Sender.PEC == "" && s.PEC.From == "" {
			say("fund %s writes to members by PEC, and nothing says from which mailbox: such messages fail at once. Name it in sender.pec of %s.toml, or in pec.from", f.ID, f.ID)
		}
	}
	return all
}

// everybody reports whether a network is so wide that it can only stand for all.
func everybody(network string) bool {
	p, err := netip.ParsePrefix(network)
	if err != nil {
		return false // settings.Load refused it
	}
	return p.Addr().Is4() && p.Bits() < 8 || p.Addr().Is6() && p.Bits() < 16
}

// uses reports whether a step of one of the fund's flows may write to a member
// over that kind of channel.
func uses(f *access.Fund, kind access.Kind) bool {
	return slices.ContainsFunc(f.Flows, func(fl access.Flow) bool {
		return slices.ContainsFunc(fl.Steps, func(st access.Step) bool {
			return slices.ContainsFunc(st.Args, func(a string) bool { return slices.Contains(strings.Fields(a), string(kind)) })
		})
	})
}

// unprotected reports whether a database's address leads to PostgreSQL on another
// machine without saying how the way there is protected: «prefer», which stands
// where nothing is said, is TLS if the other side likes and whoever it is.
func unprotected(where string, environ []string) bool {
	if !store.Postgres(where) {
		return false
	}
	u, err := url.Parse(where)
	if err != nil {
		return false // it will not open
	}
	env := func(name string) (value string) {
		for _, e := range environ {
			if k, v, ok := strings.Cut(e, "="); ok && k == name {
				value = v
			}
		}
		return value
	}
	mode := u.Query().Get("sslmode")
	if mode == "" {
		mode = env("PGSSLMODE")
	}
	if mode != "" && mode != "prefer" && mode != "allow" {
		return false
	}
	hosts := u.Host
	if hosts == "" {
		hosts = u.Query().Get("host")
	}
	if hosts == "" {
		hosts = env("PGHOST")
	}
	return slices.ContainsFunc(strings.Split(hosts, ","), func(host string) bool { return !local(host) })
}

// local reports whether a host of a database's address is this machine.
func local(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if host == "" || host == "localhost" || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
