package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/policy"
)

func shipped(t testing.TB) string {
	t.Helper()
	data, err := funds.Files.ReadFile("aurora.toml")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The shipped files are good, and say what the issue asks of them.
func TestShipped(t *testing.T) {
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		t.Fatal(err)
	}
	f, err := policy.Parse("aurora.toml", []byte(shipped(t)))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 || f.ID != "aurora" || f.Password.Min != 15 || f.Password.MaxBytes != 256 || f.Password.Groups != 0 ||
		f.SignIn.Code != "unknown_device" || f.Channel.Reauth != "always" || f.Code.Again != 0 || f.Code.PerDay != 10 || f.Code.TTL.Minutes() != 5 {
		t.Errorf("%+v", f)
	}
	flow, ok := f.Flow("secure_channel")
	if !ok || flow.Grants != access.LevelAct || len(flow.Steps) != 5 || !flow.Steps[0].Says("enrolment_no") {
		t.Errorf("%+v", flow)
	}
	if _, ok := f.Act("advance"); !ok {
		t.Error("no advance")
	}
}

// A file that does not make sense is refused with its name, the line, the key
// and what is missing.
func TestProblems(t *testing.T) {
	good := shipped(t)
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", `[code]`, "[code]\ncolour = 1", ": code.colour: is not a setting"},
		{"not TOML", `[code]`, `[code`, "aurora.toml:"},
		{"wrong type", `digits      = 6`, `digits = "six"`, "code.digits"},
		{"bad time", `ttl         = "5m"`, `ttl = "soon"`, `"soon" is not a duration`},
		{"digits", `digits      = 6`, `digits = 4`, "code.digits: must be between 6 and 10"},
		{"again", `again       = "expiry"`, `again = "1s"`, "code.again: must be"},
		{"country", `country   = "IT"`, `country = "XX"`, "country: must be one of"},
		{"zone", `"Europe/Rome"`, `"Europe/Atlantis"`, "zone: must be a time zone"},
		{"language", `["it", "fr", "de", "en"]`, `["it", "fr", "de", "es"]`, `there are no texts in "es"`},
		{"twice", `["it", "fr", "de", "en"]`, `["it", "it", "de", "en"]`, `"it" stands twice`},
		{"host", `["area.fondoaurora.example"]`, `["https://area"]`, "hosts: \"https://area\" is not a host name"},
		{"sender", `email = "noreply@fondoaurora.example"`, `email = "nobody"`, "sender.email: must be"},
		{"certified sender", `email = "noreply@fondoaurora.example"`, "email = \"noreply@fondoaurora.example\"\npec = \"Aurora <a@pec.example>\"", "sender.pec: must be"},
		{"sender of SMS", `email = "noreply@fondoaurora.example"`, "email = \"noreply@fondoaurora.example\"\nsms = \"Fondo Aurora!\"", "sender.sms: must be"},
		{"contrast", `brand = "#0b5563"`, `brand = "#ffee00"`, "contrast of"},
		{"logo that is a program", `brand = "#0b5563"`, `logo = "logo.svg"`, `brand.logo: must be a PNG file beside this one`},
		{"favicon from elsewhere", `brand = "#0b5563"`, `favicon = "../icon.png"`, `brand.favicon: must be a PNG file beside this one`},
		{"colour", `brand = "#0b5563"`, `brand = "petrol"`, "brand.brand: must be a colour"},
		{"hours", ` de = "Montag bis Freitag, 9:00–17:00",`, ``, `help.hours: no text in "de"`},
		{"password", "min = 15", "min = 7", "password.min: must be 8 or more"},
		{"short alone", "min = 15", "min = 12", ""},
		{"sign in", `code         = "unknown_device"`, `code = "sometimes"`, "sign_in.code: must be"},
		{"idle", `idle     = "15m"`, `idle = "2h"`, "session.idle: must be between"},
		{"status", `left      = { access = "read" }`, `left = { access = "some" }`, "status.left: access must be"},
		{"left for a time", `left      = { access = "read" }`, `left = { access = "read", for = "3 months" }`, "status.left.for: is counted from the day of leaving, and no column"},
		{"no time", `left      = { access = "read" }`, `left = { access = "read", for = "a while" }`, `status.left.for: must be a time such as "3 months"`},
		{"no months", `left      = { access = "read" }`, `left = { access = "read", for = "0 months" }`, `status.left.for: must be a time such as "3 months"`},
		{"acts of a status", `annuity   = { access = "full" }`, `annuity = { access = "full", operations = ["iban"] }`, ""},
		{"no acts", `annuity   = { access = "full" }`, `annuity = { access = "full", operations = [] }`, ""},
		{"acts nobody knows", `annuity   = { access = "full" }`, `annuity = { access = "full", operations = ["pigeon"] }`, `status.annuity.operations: there is no operation "pigeon"`},
		{"acts of a reader", `left      = { access = "read" }`, `left = { access = "read", operations = ["iban"] }`, `status.left.operations: only those with the access "full"`},
		{"status nobody has", `left      = { access = "read" }`, "left = { access = \"read\" }\nwidow = { access = \"none\" }", "status.widow: is no word of ours"},
		{"no status", `left      = { access = "read" }`, "", "no [status.left] says"},
		{"goal", `goal   = "secure_channel"`, `goal = "fly"`, `"fly" is not a goal; the goals are change_factor, change_password, change_pin, confirm, enrol, recover, secure_channel, sign_in`},
		{"grants", "goal   = \"sign_in\" # consult only (F-1)\ngrants = \"read\"", `goal = "sign_in"`, "must say what it grants"},
		{"word", `{ channel  = ["email", "sms"] },                        # F-3`, `{ pigeon = "post" },`, `unknown word "pigeon"`},
		{"needs", `{ channel  = ["email", "sms"] },                        # F-3`, ``, `flow secure_channel, step 2: "code" needs a channel, and no step before it gives one`},
		{"argument", `{ channel  = ["email", "sms"] },                        # F-3`, `{ channel = ["email", "fax"] },`, `"channel" does not know "fax"`},
		{"two words", `{ channel  = ["email", "sms"] },                        # F-3`, `{ channel = ["email"], code = "channel" },`, "a step is one word and its argument"},
		{"ends", `{ password = "new" }, { code = "channel" }`, `{ password = "new" }`, "ends without a proof"},
		{"field type", `type = "postcode"`, `type = "colour"`, `"colour" is not a type`},
		{"variant", `languages = ["it", "fr", "de", "en"]`, `languages = ["it@voi", "fr", "de", "en"]`, `there are no texts in "it@voi", only in it, fr, de, en, and it@lei`},
		{"variant and language", `languages = ["it", "fr", "de", "en"]`, `languages = ["it@lei", "it", "fr", "de", "en"]`, `"it" stands twice`},
		{"hold", `hold  = ["contact_change", "email", "password_reset"]`, `hold = ["weather"]`, `"weather" is not a hold`},
		{"amount", `type = "iban" } ]`, `type = "amount", min = 5, max = 4 } ]`, "an amount lies between 0 and 10000000, and min below max"},
		{"least", `type = "iban" } ]`, `type = "iban", min = 5 } ]`, "only an amount has a least value"},
		{"ranks", `max = 5 } ]`, `max = 5, ranks = 1 } ]`, "shares can have 2 to 5 ranks"},
		{"year", `type = "iban" } ]`, `type = "year", past = 1, ahead = -2 } ]`, "no year lies between"},
		{"vat", `type = "iban" } ]`, `type = "vat" } ]`, ""},
		{"choice", `options = ["health", "home", "other"]`, `options = ["health"]`, "at least two options"},
		{"confirm", "goal  = \"confirm\"", "goal  = \"change_password\"", `no flow with the goal "confirm"`},
		{"registry", `encoding  = "windows-1252"`, `encoding = "morse"`, "registry.encoding: must be"},
		{"column", `EMAIL               = "email"`, `EMAIL = "pigeon"`, "registry.columns.EMAIL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatalf("%q is not in the file any more", c.old)
			}
			_, err := policy.Parse("aurora.toml", []byte(text))
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			problems, ok := errors.AsType[policy.Problems](err)
			if !ok || !strings.Contains(problems.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if problems[0].File != "aurora.toml" {
				t.Errorf("no file's name in %+v", problems[0])
			}
		})
	}
}

// A VAT number is judged by Italy's rule, and is asked for nowhere else.
func TestVATAbroad(t *testing.T) {
	text := strings.Replace(strings.Replace(shipped(t), `type = "iban" } ]`, `type = "vat" } ]`, 1), `country   = "IT"`, `country   = "CH"`, 1)
	if _, err := policy.Parse("aurora.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), "only the VAT numbers of Italy are known") {
		t.Error(err)
	}
}

// The line named is the one to look at.
func TestLine(t *testing.T) {
	good := shipped(t)
	text := strings.Replace(good, `{ channel  = ["email", "sms"] }`, `{ channel = ["email", "fax"] }`, 1)
	want := 1 + strings.Count(text[:strings.Index(text, `"fax"`)], "\n")
	_, err := policy.Parse("aurora.toml", []byte(text))
	problems, ok := errors.AsType[policy.Problems](err)
	if !ok || problems[0].Line != want {
		t.Errorf("got %v, want line %d", err, want)
	}
	text = strings.Replace(good, "digits      = 6", "digits      = 3", 1)
	want = 1 + strings.Count(text[:strings.Index(text, "digits      = 3")], "\n")
	_, err = policy.Parse("aurora.toml", []byte(text))
	if problems, ok := errors.AsType[policy.Problems](err); !ok || problems[0].Line != want {
		t.Errorf("got %v, want line %d", err, want)
	}
}

// Whatever is in a fund's file, judging it neither panics nor lets through a
// fund that could not be served.
func FuzzParse(f *testing.F) {
	good := shipped(f)
	f.Add([]byte(good))
	f.Add([]byte(strings.Replace(good, "[[flow]]", "[flow]", 1)))
	f.Add([]byte("name = 1"))
	f.Add([]byte("[[flow]]\nsteps = [ { code = [ { a = 1 } ] } ]"))
	f.Add([]byte("[registry]\n[registry.values]\nstatus = 3"))
	f.Fuzz(func(t *testing.T, data []byte) {
		fund, err := policy.Parse("prova.toml", data)
		if (fund == nil) == (err == nil) {
			t.Fatal("neither a fund nor a reason")
		}
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Fatal("a reason that says nothing")
			}
			return
		}
		if _, ok := fund.Flow("sign_in"); !ok || fund.Zone == nil || len(fund.Languages) == 0 || fund.Code.Tries == 0 {
			t.Fatalf("let through: %+v", fund)
		}
	})
}

// A fund that speaks as Lei speaks Italian, to everybody but the texts.
func TestVariant(t *testing.T) {
	f, err := policy.Parse("aurora.toml", []byte(strings.Replace(shipped(t), `"it", "fr"`, `"fr", "it@lei"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.Languages, []string{"fr", "it", "de", "en"}) || len(f.Variants) != 1 || f.Variants["it"] != "it@lei" {
		t.Errorf("%v %v", f.Languages, f.Variants)
	}
}
