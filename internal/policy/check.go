package policy

import (
	"fmt"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"aditus/internal/access"
)

// A checker judges one file. It goes on after a problem, so that one run tells
// all of them.
type checker struct {
	file     string
	lines    lines
	problems Problems
}

func (c *checker) at(line int, key, text string) {
	c.problems = append(c.problems, Problem{c.file, line, key, text})
}

func (c *checker) bad(key, format string, args ...any) {
	c.at(c.lines.of(key), key, fmt.Sprintf(format, args...))
}

// need reports a problem unless ok.
func (c *checker) need(ok bool, key, format string, args ...any) {
	if !ok {
		c.bad(key, format, args...)
	}
}

var (
	idForm   = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)
	hostForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)
	markForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*\.png$`)
	colour   = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

	// senderForm is what networks let an SMS come from (3GPP TS 23.040, 9.1.2.5).
	senderForm = regexp.MustCompile(`^(?:[A-Za-z0-9 ]{1,11}|\+[1-9][0-9]{5,14})$`)

	// languages are those the product has texts in.
	languages = []string{"it", "fr", "de", "en"}
	countries = []string{"IT", "CH", "FR"}

	// variants are other ways to speak one of them: a fund names one in the place of
	// the language.
	variants = map[string]string{"it@lei": "it"}
)

func (c *checker) fund(id string, f *file) *access.Fund {
	fund := &access.Fund{ID: id, Name: f.Name, Short: f.Short, Country: f.Country, Variants: map[string]string{}, Hosts: f.Hosts}
	for i, l := range f.Languages {
		if lang := variants[l]; lang != "" {
			f.Languages[i], fund.Variants[lang] = lang, l
		}
	}
	fund.Languages = f.Languages
	c.need(idForm.MatchString(id), "", "the file's name is the fund's id: small letters, digits, - and _ only")
	c.need(f.Name != "" && len(f.Name) <= 80, "name", "say what the fund is called, in at most 80 characters")
	if fund.Short == "" {
		fund.Short = f.Name
	}
	c.need(len(fund.Short) <= 20 && isPlain(fund.Short), "short", "the name in an SMS: at most 20 characters without accents (now %q)", fund.Short)
	c.need(slices.Contains(countries, f.Country), "country", "must be one of %s", strings.Join(countries, ", "))
	c.need(len(f.Languages) > 0, "languages", "name at least one of %s", strings.Join(languages, ", "))
	for i, l := range f.Languages {
		c.need(slices.Contains(languages, l), "languages", "there are no texts in %q, only in %s, and %s", l, strings.Join(languages, ", "), list(variants))
		c.need(slices.Index(f.Languages, l) == i, "languages", "%q stands twice", l)
	}
	for i, h := range f.Hosts {
		c.need(hostForm.MatchString(h) && len(h) <= 253, "hosts", "%q is not a host name: no scheme, no port, small letters", h)
		c.need(slices.Index(f.Hosts, h) == i, "hosts", "%q stands twice", h)
	}
	zone, err := time.LoadLocation(f.Zone)
	c.need(err == nil && f.Zone != "", "zone", `must be a time zone such as "Europe/Rome"`)
	fund.Zone = zone

	fund.Sender = access.Sender{Name: f.Sender.Name, Email: f.Sender.Email, PEC: f.Sender.PEC, SMS: f.Sender.SMS}
	c.need(isAddress(f.Sender.Email), "sender.email", "must be the address that the fund's mail comes from")
	c.need(f.Sender.PEC == "" || isAddress(f.Sender.PEC), "sender.pec", "must be the address of the fund's PEC mailbox")
	c.need(f.Sender.SMS == "" || senderForm.MatchString(f.Sender.SMS), "sender.sms",
		"must be what a telephone shows: at most 11 letters and digits, or a number as +391234567")
	if fund.Sender.Name == "" {
		fund.Sender.Name = f.Name
	}
	c.brand(fund, f)
	c.help(fund, f)
	c.rules(fund, f)
	c.secrets(fund, f)
	c.status(fund, f)
	c.registry(fund, f)
	c.flows(fund, f)
	c.enrol(fund, f)
	c.acts(fund, f)
	return fund
}

// isAddress reports whether s is an e-mail address and nothing else.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

// isPlain reports whether s has only characters that every SMS can carry.
func isPlain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune("[]{}\\|^~`", r) })
}

func (c *checker) brand(fund *access.Fund, f *file) {
	b := &fund.Brand
	b.Radius, b.Logo, b.Favicon = 8, f.Brand.Logo, f.Brand.Favicon
	if f.Brand.Radius != nil {
		b.Radius = *f.Brand.Radius
		c.need(b.Radius >= 0 && b.Radius <= 24, "brand.radius", "must be between 0 and 24")
	}
	for _, mark := range []struct{ key, name string }{{"logo", b.Logo}, {"favicon", b.Favicon}} {
		c.need(mark.name == "" || markForm.MatchString(mark.name), "brand."+mark.key, `must be a PNG file beside this one, as "logo.png"`)
	}
	for _, v := range []struct {
		key, value, otherwise string
		to                    *string
	}{
		{"brand", f.Brand.Brand, "#0b5563", &b.Brand},
		{"on_brand", f.Brand.OnBrand, "#ffffff", &b.OnBrand},
		{"link", f.Brand.Link, "#0b5563", &b.Link},
		{"tint", f.Brand.Tint, "#f2f6f6", &b.Tint},
		{"focus", f.Brand.Focus, "#ffcf5c", &b.Focus},
	} {
		*v.to = v.value
		if v.value == "" {
			*v.to = v.otherwise
		} else if !colour.MatchString(v.value) {
			c.bad("brand."+v.key, `must be a colour such as "#0b5563"`)
			*v.to = v.otherwise
		}
	}
	// WCAG 1.4.3 and 1.4.11: what cannot be read is refused, not warned about.
	for _, pair := range []struct {
		key, a, b string
		least     float64
	}{
		{"brand.on_brand", b.OnBrand, b.Brand, 4.5},
		{"brand.link", b.Link, "#ffffff", 4.5},
		{"brand.tint", "#16232e", b.Tint, 4.5},
		{"brand.link", b.Link, b.Tint, 4.5},
	} {
		if got := contrast(pair.a, pair.b); got < pair.least {
			c.bad(pair.key, "%s on %s has a contrast of %.1f to 1; it must be at least %.1f", pair.a, pair.b, got, pair.least)
		}
	}
}

func (c *checker) help(fund *access.Fund, f *file) {
	fund.Help = access.Help{Phone: f.Help.Phone, Shown: f.Help.Shown, Hours: f.Help.Hours, Email: f.Help.Email, Address: f.Help.Address}
	c.need(strings.HasPrefix(f.Help.Phone, "+") && len(f.Help.Phone) >= 8 && len(f.Help.Phone) <= 16, "help.phone", `must be a number people can call, as "+390200000000"`)
	if fund.Help.Shown == "" {
		fund.Help.Shown = f.Help.Phone
	}
	c.worded("help.hours", f.Help.Hours, f.Languages)
	for i, w := range f.Way {
		key := fmt.Sprintf("way.%d", i)
		c.worded(key+".title", w.Title, f.Languages)
		c.worded(key+".text", w.Text, f.Languages)
		fund.Ways = append(fund.Ways, access.Way{Title: w.Title, Text: w.Text})
	}
	c.need(len(f.Way) > 0, "way", "say at least one way to have a contact put on file: nobody may stand before a closed door")
}

// worded reports a problem unless text is there in each language of the fund.
func (c *checker) worded(key string, text map[string]string, langs []string) {
	for _, l := range langs {
		c.need(text[l] != "", key, "no text in %q", l)
	}
	for _, l := range slices.Sorted(maps.Keys(text)) {
		c.need(slices.Contains(langs, l), key, "has a text in %q, which is not one of the fund's languages", l)
	}
}

func (c *checker) rules(fund *access.Fund, f *file) {
	fund.Code = access.CodeRules{Digits: f.Code.Digits, Tries: f.Code.Tries, TTL: f.Code.TTL.Duration,
		PerHour: f.Code.PerHour, PerDay: f.Code.PerDay, PerSite: f.Code.PerAddress}
	c.need(f.Code.Digits >= 6 && f.Code.Digits <= 10, "code.digits", "must be between 6 and 10 (NIST SP 800-63B 3.1.3.2)")
	c.need(f.Code.Tries >= 1 && f.Code.Tries <= 10, "code.tries", "must be between 1 and 10")
	c.need(f.Code.TTL.Duration >= 2*time.Minute && f.Code.TTL.Duration <= 10*time.Minute && f.Code.TTL.Duration%time.Minute == 0,
		"code.ttl", "must be whole minutes, between 2m and 10m (NIST SP 800-63B 3.1.3.2)")
	switch {
	case f.Code.Again == "expiry":
	case f.Code.Again == "":
		c.bad("code.again", `must be "expiry", or how soon a newer code may be asked for, as "60s"`)
	default:
		d, err := time.ParseDuration(f.Code.Again)
		c.need(err == nil && d >= 30*time.Second && d <= f.Code.TTL.Duration, "code.again", `must be "expiry" or a time from 30s up to code.ttl`)
		fund.Code.Again = d
	}
	c.need(f.Code.PerHour >= 1, "code.per_hour", "must be 1 or more")
	c.need(f.Code.PerDay >= 1, "code.per_day", "must be 1 or more")
	c.need(f.Code.PerAddress >= 1, "code.per_address", "must be 1 or more")

	fund.SignIn.Code = f.SignIn.Code
	c.need(slices.Contains([]string{"never", "unknown_device", "always"}, f.SignIn.Code), "sign_in.code", `must be "never", "unknown_device" or "always"`)
	if d := f.SignIn.InviteUntil; d.Year != 0 && fund.Zone != nil {
		fund.SignIn.InviteUntil = d.AsTime(fund.Zone)
	}

	fund.Channel.Reauth = f.Channel.Reauth
	if fund.Channel.Reauth == "" {
		fund.Channel.Reauth = "fresh"
	}
	c.need(slices.Contains([]string{"always", "fresh"}, fund.Channel.Reauth), "channel.reauth", `must be "always" or "fresh"`)

	fund.Session = access.SessionRules{Idle: f.Session.Idle.Duration, Absolute: f.Session.Absolute.Duration}
	c.need(f.Session.Idle.Duration >= 5*time.Minute && f.Session.Idle.Duration <= time.Hour, "session.idle", "must be between 5m and 1h (NIST SP 800-63B, AAL2)")
	c.need(f.Session.Absolute.Duration >= f.Session.Idle.Duration && f.Session.Absolute.Duration <= 24*time.Hour, "session.absolute", "must be between session.idle and 24h (NIST SP 800-63B, AAL2)")

	fund.Hold = access.HoldRules{ContactChange: f.Hold.ContactChange.Duration, Email: f.Hold.Email.Duration, PasswordReset: f.Hold.PasswordReset.Duration}
	if !f.Hold.PasswordReset.set {
		fund.Hold.PasswordReset = 72 * time.Hour // security.md 4.4
		f.Hold.PasswordReset = duration{72 * time.Hour, true}
	}
	for _, h := range []struct {
		key string
		duration
	}{{"contact_change", f.Hold.ContactChange}, {"email", f.Hold.Email}, {"password_reset", f.Hold.PasswordReset}} {
		c.need(h.set && h.Duration >= 0 && h.Duration <= 30*24*time.Hour, "hold."+h.key, `must be a time from "0s" to "720h"`)
	}
}

func (c *checker) status(fund *access.Fund, f *file) {
	fund.Status = map[string]access.StatusRule{}
	for _, name := range slices.Sorted(maps.Keys(f.Status)) {
		s := f.Status[name]
		c.need(slices.Contains([]string{"full", "read", "none"}, s.Access), "status."+name, `access must be "full", "read" or "none"`)
		rule := access.StatusRule{Access: s.Access}
		words := slices.AppendSeq(slices.Collect(maps.Values(f.Registry.Values["status"])), maps.Values(f.Registry.Values["kind"]))
		c.need(slices.Contains(words, name), "status."+name, "is no word of ours in [registry.values.status] or [registry.values.kind]")
		if s.For != "" {
			var ok bool
			rule.For, ok = span(s.For)
			c.need(ok, "status."+name+".for", `must be a time such as "3 months" or "90 days"`)
			c.need(f.Registry.Has("left_on"), "status."+name+".for", "is counted from the day of leaving, and no column of the register gives left_on")
		}
		if s.Operations != nil {
			rule.Operations = append([]string{}, *s.Operations...)
			c.need(s.Access == "full", "status."+name+".operations", `only those with the access "full" can ask for any`)
			for _, id := range rule.Operations {
				c.need(slices.ContainsFunc(f.Operation, func(o operation) bool { return o.ID == id }), "status."+name+".operations", "there is no operation %q", id)
			}
		}
		fund.Status[name] = rule
	}
	c.need(len(fund.Status) > 0, "status", "say what people may do by their status")
}

// span reads a time by the calendar: «3 months», «1 month», «90 days».
func span(s string) (access.Span, bool) {
	number, unit, _ := strings.Cut(s, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 1200 {
		return access.Span{}, false
	}
	switch strings.TrimSuffix(unit, "s") {
	case "month":
		return access.Span{Months: n}, true
	case "day":
		return access.Span{Days: n}, true
	}
	return access.Span{}, false
}

func (c *checker) registry(fund *access.Fund, f *file) {
	fund.Registry = f.Registry
	c.need(slices.Contains([]string{"tax_code", "username", "ahv"}, f.Registry.Login), "registry.login", `people are known by "tax_code", "username" or "ahv"`)
	for _, p := range f.Registry.Problems() {
		c.bad("registry."+p.Key, "%s", p.Text)
	}
	for _, word := range slices.Sorted(maps.Keys(f.Registry.Values["status"])) {
		if to := f.Registry.Values["status"][word]; fund.Status[to].Access == "" {
			c.bad("registry.values.status."+word, "no [status.%s] says what such people may do", to)
		}
	}
}

// pages are names that an operation cannot have: its path would be a page's.
var pages = []string{"new", "edit", "confirm", "checking", "done", "withdraw"}

// holds are what can hold an act back once it is confirmed.
var holds = []string{"contact_change", "email", "password_reset"}

// fieldTypes are what a field of an act can be.
var fieldTypes = []string{"line", "postcode", "province", "country", "date", "year", "iban", "email", "mobile", "vat",
	"choice", "amount", "amount_or_percent", "shares", "declaration"}

// mostAmount is the most that an amount can be, in whole units of its currency.
const mostAmount = 10_000_000

func (c *checker) acts(fund *access.Fund, f *file) {
	seen := map[string]bool{}
	for i, o := range f.Operation {
		key := "operation." + strconv.Itoa(i)
		c.need(idForm.MatchString(o.ID), key+".id", "must be small letters, digits, - and _")
		c.need(!seen[o.ID], key+".id", "%q stands twice", o.ID)
		c.need(!slices.Contains(pages, o.ID), key+".id", "%q is the name of a page: call it something else", o.ID)
		seen[o.ID] = true
		act := access.Act{ID: o.ID, Country: f.Country, Fiction: f.Registry.Fiction, Hold: o.Hold, Money: o.Money}
		for _, h := range o.Hold {
			c.need(slices.Contains(holds, h), key+".hold", "%q is not a hold; the holds are %s", h, strings.Join(holds, ", "))
		}
		c.need(len(o.Field) > 0, key+".field", "an operation asks at least one thing")
		names := map[string]bool{}
		for j, fd := range o.Field {
			at := key + ".field." + strconv.Itoa(j)
			c.need(idForm.MatchString(fd.Name), at+".name", "must be small letters, digits, - and _")
			c.need(!names[fd.Name], at+".name", "%q stands twice", fd.Name)
			c.need(slices.Contains(fieldTypes, fd.Type), at+".type", "%q is not a type; the types are %s", fd.Type, strings.Join(fieldTypes, ", "))
			c.need(fd.Type != "choice" || len(fd.Options) > 1, at+".options", "a choice has at least two options")
			c.need(fd.By == "" || names[fd.By], at+".by", "no field %q stands before", fd.By)
			c.need(fd.By != "" || len(fd.Percent) == 0 && len(fd.Years) == 0, at+".by", "percent and years go by the answer to another field: name it")
			for _, p := range slices.Sorted(maps.Keys(fd.Percent)) {
				c.need(fd.Percent[p] > 0 && fd.Percent[p] <= 100, at+".percent", "%s must be between 1 and 100", p)
			}
			names[fd.Name] = true
			if fd.Max == 0 {
				fd.Max = map[string]int{"line": 80, "shares": 5, "amount": mostAmount}[fd.Type]
			}
			c.need(fd.Type != "amount" || fd.Min >= 0 && fd.Min < fd.Max && fd.Max <= mostAmount, at+".max", "an amount lies between 0 and %d, and min below max", mostAmount)
			c.need(fd.Type == "amount" || fd.Min == 0, at+".min", "only an amount has a least value")
			c.need(fd.Ranks == 0 || fd.Type == "shares" && fd.Ranks >= 2 && fd.Ranks <= 5, at+".ranks", "shares can have 2 to 5 ranks")
			c.need(fd.Type != "year" || fd.Past >= 0 && fd.Ahead >= -fd.Past, at+".past", "no year lies between past and ahead")
			c.need(fd.Type != "vat" || f.Country == "IT", at+".type", "only the VAT numbers of Italy are known")
			act.Fields = append(act.Fields, access.Field{Name: fd.Name, Type: fd.Type, Optional: fd.Optional, Min: fd.Min, Max: fd.Max, Ranks: fd.Ranks,
				Options: fd.Options, Percent: fd.Percent, Years: fd.Years, By: fd.By, Past: fd.Past, Ahead: fd.Ahead})
		}
		fund.Acts = append(fund.Acts, act)
	}
	if len(fund.Acts) > 0 {
		_, ok := fund.Flow("confirm")
		c.need(ok, "operation", `there are operations, and no flow with the goal "confirm" to confirm them`)
	}
}
