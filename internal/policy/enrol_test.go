package policy_test

import (
	"errors"
	"strings"
	"testing"

	"aditus/funds"
	"aditus/internal/policy"
)

// What could have happened: terms that nobody wrote are accepted, an app's six
// digits are asked for in a field of eight, or codes go to any number of the world.
func TestEnrolProblems(t *testing.T) {
	data, err := funds.Files.ReadFile("alpina.toml")
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	for _, c := range []struct{ name, old, new, want string }{
		{"version", `terms = "2025-01" # S-6`, `terms = "" # S-6`, "enrol.terms: say the version"},
		{"text", "  [enrol.text]\n  de = ", "  [enrol.text]\n  xx = ", `enrol.text: no text in "de"`},
		{"others", "  [enrol.others] # S-3\n  de = ", "  [enrol.others] # S-3\n  xx = ", `enrol.others: no text in "de"`},
		{"delay short", `prefixes = ["+41"`, `delay = "23h"` + "\n" + `prefixes = ["+41"`, `factor.delay: must be between "24h" and "168h"`},
		{"delay long", `prefixes = ["+41"`, `delay = "169h"` + "\n" + `prefixes = ["+41"`, `factor.delay: must be between "24h" and "168h"`},
		{"prefix", `prefixes = ["+41"`, `prefixes = ["41"`, `factor.prefixes: "41" is not the beginning of a number`},
		{"digits", "digits      = 6", "digits = 8", "code.digits: must be 6 where an app makes codes"},
		{"two of three", `{ identify = ["ahv", "birth_date", "activation_code"] }`, `{ identify = ["ahv", "activation_code"] }`, "flow enrol, step 1"},
		{"login", `login     = "ahv"`, `login = "tax_code"`, "registry.login: must be"},
		{"no way to let one in", `goal  = "confirm"`, `goal = "trust_mobile"`, "factor.passkeys: a passkey is let in by a code"},
		{"no name", `hosts     = ["flex.fondationalpina.example"`, `hosts = ["192.0.2.1"`, "factor.passkeys: 192.0.2.1 is a number"},
		{"no app", `{ factor   = ["sms", "totp"] }, `, `{ factor   = ["pigeon"] }, `, `"factor" does not know "pigeon"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatalf("%q is not in the file any more", c.old)
			}
			_, err := policy.Parse("alpina.toml", []byte(text))
			problems, ok := errors.AsType[policy.Problems](err)
			if !ok || !strings.Contains(problems.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
		})
	}
}

// A delay of what cannot happen is a mistake in the file.
func TestDelayOfNothing(t *testing.T) {
	data, err := funds.Files.ReadFile("aurora.toml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = policy.Parse("aurora.toml", append(data, "\n[factor]\ndelay = \"24h\"\n"...))
	problems, ok := errors.AsType[policy.Problems](err)
	if want := `factor.delay: there is no flow with the goal "change_factor"`; !ok || !strings.Contains(problems.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}
