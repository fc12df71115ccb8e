package policy

import (
	"fmt"
	"slices"
	"time"

	"aditus/internal/access"
)

// minAlone is how long a password must be that stands alone (NIST SP 800-63B,
// security.md 4.6).
const minAlone = 15

// trustBy are the ways in which a mobile can become reliable.
var trustBy = []string{"registry", "sms", "desk", "form"}

// secrets judges the tables of passwords, of giving them back, and of the
// mobiles that secrets are sent to.
func (c *checker) secrets(fund *access.Fund, f *file) {
	p := access.PasswordRules{Min: f.Password.Min, MaxBytes: f.Password.MaxBytes, Groups: f.Password.Groups, Grace: f.Password.Grace}
	if p.MaxBytes == 0 {
		p.MaxBytes = 256
	}
	c.need(p.Min >= 8, "password.min", "must be 8 or more")
	c.need(p.MaxBytes >= 64 && p.MaxBytes <= 256, "password.max_bytes", "must be between 64 and 256 (NIST SP 800-63B 3.1.1.2)")
	c.need(p.Groups >= 0 && p.Groups <= 4, "password.groups", "must be between 0 and 4")
	if d := f.Password.Rollout; d.Year != 0 && fund.Zone != nil {
		p.Rollout = d.AsTime(fund.Zone)
	}
	c.need(p.Grace >= 0 && p.Grace <= 10, "password.grace", "must be between 0 and 10 sign-ins")
	c.need(p.Grace == 0 || !p.Rollout.IsZero(), "password.grace", "counts sign-ins from password.rollout on: name that day")
	c.need(f.Password.Alone == "" || f.Password.Alone == "accepted", "password.alone", `can only be "accepted": that a password shorter than %d characters stands alone`, minAlone)
	p.Alone = f.Password.Alone == "accepted"
	short := f.SignIn.Code == "never" && p.Min < minAlone
	c.need(!short || p.Alone, "password.min", `must be %d or more where a password stands alone (security.md 4.6), or say password.alone = "accepted"`, minAlone)
	c.need(!p.Alone || short, "password.alone", "says that a shorter password stands alone, and none does")
	fund.Password = p

	fund.Recovery.Style = f.Recovery.Style
	if fund.Recovery.Style == "" {
		fund.Recovery.Style = access.SplitCodes
	}
	styles := []string{access.SplitCodes, access.SplitInitialSecret}
	c.need(slices.Contains(styles, fund.Recovery.Style), "recovery.style", "must be %q or %q", styles[0], styles[1])

	t := access.TrustRules{By: f.Trust.By, MaxPersons: f.Trust.MaxPersons, MaxAge: f.Trust.MaxAge.Duration, Demote: f.Trust.DemoteAfter}
	if t.By == nil {
		t.By = []string{"registry", "sms"}
	}
	for _, by := range t.By {
		c.need(slices.Contains(trustBy, by), "trust.by", "%q does not make a mobile reliable; what does is %v", by, trustBy)
	}
	if t.MaxPersons == 0 {
		t.MaxPersons = 1
	}
	if t.Demote == 0 {
		t.Demote = 1
	}
	c.need(t.MaxPersons >= 1 && t.MaxPersons <= 3, "trust.max_persons", "must be between 1 and 3: a number of more people is nobody's own")
	c.need(t.MaxAge == 0 || t.MaxAge >= 30*24*time.Hour, "trust.max_age", `must be "720h" (30 days) or more, or left out`)
	c.need(t.Demote >= 1 && t.Demote <= 10, "trust.demote_after_failures", "must be between 1 and 10")
	fund.Trust = t
}

// Deviations are what a good file sets below what we advise, each as one line:
// the fund chose it, and whoever checks the file is told.
func Deviations(f *access.Fund) (all []string) {
	if f.Password.Alone {
		all = append(all, fmt.Sprintf("password.alone: a password of %d characters stands alone; %d are advised (NIST SP 800-63B, ASVS 6.2.1)", f.Password.Min, minAlone))
	}
	return all
}
