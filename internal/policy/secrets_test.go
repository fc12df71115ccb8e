package policy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/policy"
)

// A file that gives secrets back in two halves: what it says, what it may not
// say, and what it is warned of.
func TestSecrets(t *testing.T) {
	data, err := funds.Files.ReadFile("meridiana.toml")
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	f, err := policy.Parse("meridiana.toml", data)
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2025, 9, 30, 0, 0, 0, 0, f.Zone)
	if f.Password.Min != 10 || !f.Password.Alone || f.Password.Grace != 3 || !f.Password.Rollout.Equal(day) || f.Recovery.Style != access.SplitInitialSecret ||
		f.Trust.MaxPersons != 1 || f.Trust.Demote != 1 || f.Trust.MaxAge != 0 {
		t.Errorf("%+v %+v %+v", f.Password, f.Recovery, f.Trust)
	}
	if all := policy.Deviations(f); len(all) != 1 || !strings.Contains(all[0], "a password of 10 characters stands alone") {
		t.Errorf("%q", all)
	}
	aurora, err := policy.Parse("aurora.toml", []byte(shipped(t)))
	if err != nil {
		t.Fatal(err)
	}
	if all := policy.Deviations(aurora); len(all) != 0 || aurora.Recovery.Style != access.SplitCodes || len(aurora.Trust.By) != 2 {
		t.Errorf("%q, %+v, %+v", all, aurora.Recovery, aurora.Trust)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"short alone", `alone   = "accepted"`, `#`, `password.min: must be 15 or more where a password stands alone (security.md 4.6), or say password.alone = "accepted"`},
		{"a word that is none", `alone   = "accepted"`, `alone = "yes"`, `password.alone: can only be "accepted"`},
		{"accepted for nothing", `min     = 10`, `min = 15`, "password.alone: says that a shorter password stands alone, and none does"},
		{"grace without a day", `rollout = 2025-09-30`, `#`, "password.grace: counts sign-ins from password.rollout on"},
		{"much grace", `grace   = 3`, `grace = 11`, "password.grace: must be between 0 and 10"},
		{"style", `style = "split_initial_secret"`, `style = "one_mail"`, `recovery.style: must be "split_codes" or "split_initial_secret"`},
		{"style without halves", `{ hand_over = ["sms", "email | pec"] },`, `{ code = "trusted_mobile" },`, `recovery.style: says how secrets are handed over, and no flow has the word "hand_over"`},
		{"trust", `by                    = ["registry", "sms"]`, `by = ["rumour"]`, `trust.by: "rumour" does not make a mobile reliable`},
		{"many persons", `max_persons           = 1`, `max_persons = 4`, "trust.max_persons: must be between 1 and 3"},
		{"age", `max_persons           = 1`, `max_age = "24h"`, "trust.max_age: must be"},
		{"failures", `demote_after_failures = 1`, `demote_after_failures = 11`, "trust.demote_after_failures: must be between 1 and 10"},
		{"a PIN that none sets", `{ pin = "new" }, # C-6`, `# C-6`, "a flow asks for a PIN, and none sets one"},
		{"a PIN chosen by nobody's PIN", `steps = [ { pin = "known" }, { code = "trusted_mobile" }, { pin = "new" } ]`, `steps = [ { pin = "new" }, { code = "trusted_mobile" }, { pin = "new" } ]`,
			"flow change_pin begins with the words pin=known, code, pin=new"},
		{"a PIN by a code to anything", `{ code = "trusted_mobile" }, { pin = "new" }`, `{ code = "channel" }, { pin = "new" }`, `"code" needs a channel`},
		{"a code to nothing", `steps = [ { code = "mobile" } ]`, `steps = [ { pin = "new" } ]`, `flow trust_mobile ends without a proof`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(good, c.old, c.new, 1)
			if text == good {
				t.Fatalf("%q is not in the file any more", c.old)
			}
			_, err := policy.Parse("meridiana.toml", []byte(text))
			problems, ok := errors.AsType[policy.Problems](err)
			if !ok || !strings.Contains(problems.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
		})
	}
}
