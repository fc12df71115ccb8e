package deliver

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// A guard dials one host, and looks at the address the host's name led to before
// anything is sent there. A name that leads inside, on purpose or because somebody
// changed its DNS entry, would let whoever writes a URL talk to what only this
// machine or its network can reach.
type guard struct {
	private  bool // the operator named the host as one inside
	loopback bool // it must be this machine: there is no TLS
	timeout  time.Duration
}

// dial is for http.Transport. Each address of the name is judged by itself, at the
// moment it is connected to, so a second look-up cannot lead elsewhere.
func (g guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: g.timeout, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return g.check(address)
	}}
	return d.DialContext(ctx, network, address)
}

// check refuses an address, as host:port, that the host may not lead to.
func (g guard) check(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("the name led to %q, which is no address: %w", address, err)
	}
	ip := to.Addr().Unmap()
	switch {
	case g.loopback && !ip.IsLoopback():
		return fmt.Errorf("without TLS the gateway must be on this machine, and its name leads to %s", ip)
	case !g.private && !public(ip):
		return fmt.Errorf("the gateway's name leads to %s, which is not a public address: if that is right, name the host in private_hosts", ip)
	}
	return nil
}

// inside are the networks that are nobody's on the internet, beside those that
// netip knows (IANA's special-purpose registries, RFC 6890), and those that carry
// an IPv4 address through which one could come back.
func inside() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
		netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
		netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
		netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
		netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("5f00::/16"), netip.MustParsePrefix("fec0::/10"),
	}
}

// public reports whether an address can be anybody's on the internet.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if ip.Zone() != "" || !ip.IsGlobalUnicast() || ip.IsPrivate() { // the second: no loopback, link-local, multicast
		return false
	}
	if netip.MustParsePrefix("64:ff9b::/96").Contains(ip) { // NAT64: how a network without IPv4 reaches it
		b := ip.As16()
		return public(netip.AddrFrom4([4]byte(b[12:])))
	}
	for _, p := range inside() {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}
