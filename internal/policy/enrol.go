package policy

import (
	"net/netip"
	"regexp"
	"slices"
	"time"

	"aditus/internal/access"
)

var (
	versionForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.-]{0,31}$`)
	prefixForm  = regexp.MustCompile(`^\+[1-9][0-9]{0,5}$`)
)

// enrol judges the tables of those who enrol themselves, and of factors. The
// flows are judged by then.
func (c *checker) enrol(fund *access.Fund, f *file) {
	fund.Enrol = access.EnrolRules{Terms: f.Enrol.Terms, Text: f.Enrol.Text, Others: f.Enrol.Others}
	fund.Factor = access.FactorRules{Prefixes: f.Factor.Prefixes, Delay: f.Factor.Delay.Duration, Passkeys: f.Factor.Passkeys}
	if len(fund.Factor.Prefixes) == 0 {
		fund.Factor.Prefixes = []string{"+39", "+41", "+33"} // security.md part 5
	}
	for _, p := range fund.Factor.Prefixes {
		c.need(prefixForm.MatchString(p), "factor.prefixes", "%q is not the beginning of a number, as +41", p)
	}
	_, changes := fund.Flow("change_factor")
	c.need(!f.Factor.Delay.set || changes, "factor.delay", `there is no flow with the goal "change_factor"`)
	if !f.Factor.Delay.set {
		fund.Factor.Delay = 24 * time.Hour
	}
	c.need(fund.Factor.Delay >= 24*time.Hour && fund.Factor.Delay <= 7*24*time.Hour, "factor.delay", `must be between "24h" and "168h": who did not ask for it must have time to object`)
	c.passkeys(fund)
	enrol, ok := fund.Flow("enrol")
	if !ok {
		c.need(f.Enrol.Terms == "" && len(f.Enrol.Text) == 0 && len(f.Enrol.Others) == 0, "enrol", `there is no flow with the goal "enrol"`)
	} else {
		c.worded("enrol.others", f.Enrol.Others, f.Languages)
		c.need(fund.Registry.Login == "ahv", "registry.login", `must be "ahv" where people enrol with a letter`)
		// What the product asks of a letter is these three, whatever the step says.
		c.need(len(enrol.Steps) > 0 && slices.Equal(slices.Sorted(slices.Values(enrol.Steps[0].Args)), []string{"activation_code", "ahv", "birth_date"}),
			"enrol", `flow enrol, step 1: { identify = ["ahv", "birth_date", "activation_code"] } is all that is known`)
		if slices.ContainsFunc(enrol.Steps, func(s access.Step) bool { return s.Word == "consent" }) {
			c.need(versionForm.MatchString(f.Enrol.Terms), "enrol.terms", "say the version of the terms of use: letters, digits, dots and dashes")
			c.worded("enrol.text", f.Enrol.Text, f.Languages)
		}
	}
	for _, flow := range fund.Flows {
		for _, s := range flow.Steps {
			if s.Word == "factor" && s.Says("totp") {
				c.need(fund.Code.Digits == 6, "code.digits", "must be 6 where an app makes codes: apps make no others (RFC 6238)")
			}
		}
	}
}

// passkeys judges whether the fund can have them: one is let in by the code that
// confirms an act.
func (c *checker) passkeys(fund *access.Fund) {
	if !fund.Factor.Passkeys {
		return
	}
	_, ok := fund.Flow("confirm")
	c.need(ok, "factor.passkeys", `a passkey is let in by a code, and there is no flow with the goal "confirm" to say where it goes`)
	for _, h := range fund.Hosts {
		_, err := netip.ParseAddr(h)
		c.need(err != nil, "factor.passkeys", "%s is a number: browsers keep passkeys for hosts with a name (WebAuthn, 5.1.2)", h)
	}
}
