package texts

import (
	"testing"

	"aditus/internal/access"
)

// What a refusal or a message carries, as it reaches a reader.
func TestArgs(t *testing.T) {
	v := load(t).Voice(Style{Country: "IT", Zone: rome(t)}, "it")
	for _, c := range []struct {
		arg  access.Arg
		want string
	}{
		{access.Arg{Name: "x", Value: "Anna\nBcc"}, "Anna Bcc"},
		{access.Arg{Name: "x", Type: access.ArgKey, Value: "otp.again"}, "Rigenera OTP"},
		{access.TimeArg("x", access.ArgTime, noon), "14:30"},
		{access.TimeArg("x", access.ArgDay, noon), "giovedì 12\u00a0marzo\u00a02026"},
		{access.TimeArg("x", access.ArgStamp, noon), "giovedì 12\u00a0marzo\u00a02026 alle 14:30"},
		{access.Arg{Name: "x", Type: access.ArgMoney, Value: "1250000 EUR"}, "12.500,00\u00a0€"},
		{access.Arg{Name: "x", Type: access.ArgPercent, Value: "1250"}, "12,5\u00a0%"},
		{access.Arg{Name: "x", Type: access.ArgCount, Value: "3"}, "3"},
		{access.Arg{Name: "x", Type: access.ArgTime, Value: "soon"}, "soon"},
		{access.Arg{Name: "x", Type: access.ArgMoney, Value: "much EUR"}, "much EUR"},
		{access.Arg{Name: "x", Type: access.ArgPercent, Value: "half"}, "half"},
		{access.Arg{Name: "x", Type: access.ArgCount, Value: ""}, ""},
	} {
		args := v.Args([]access.Arg{c.arg})
		if len(args) != 2 || args[0] != "x" || v.Format(args[1]) != c.want {
			t.Errorf("%+v became %q, not %q", c.arg, v.Format(args[1]), c.want)
		}
	}
	burnt := access.Refuse("code_wrong", access.Arg{Name: "n", Type: access.ArgCount, Value: "1"})
	if got := v.T("refusal."+burnt.Code, v.Args(burnt.Args)...); got != "Il codice non corrisponde. Usa l’ultimo ricevuto: resta un tentativo." {
		t.Errorf("a count did not choose the form: %q", got)
	}
}
