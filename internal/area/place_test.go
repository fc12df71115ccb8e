package area

import "testing"

// A network is what tells one line from another, and not whose it is to the last bit.
func TestNetwork(t *testing.T) {
	for ip, want := range map[string]string{
		"192.0.2.77":              "192.0.2.x",
		"::ffff:192.0.2.77":       "192.0.2.x",
		"2001:db8:1:2:3:4:5:6":    "2001:db8:1:2::",
		"fe80::1%eth0":            "fe80::",
		"":                        "",
		"somewhere":               "",
		"192.0.2.77:4321":         "",
		"2001:db8:1:2:ffff::9":    "2001:db8:1:2::",
		"203.0.113.255":           "203.0.113.x",
		"0:0:0:0:0:ffff:c000:24d": "192.0.2.x",
	} {
		if got := network(ip); got != want {
			t.Errorf("%s: %q, want %q", ip, got, want)
		}
	}
}
