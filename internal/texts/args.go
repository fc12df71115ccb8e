package texts

import (
	"strconv"
	"strings"
	"time"

	"aditus/internal/access"
)

// Args turns the holes of a refusal or a message into what T takes. A value
// that cannot be read is put in as it stands: a text is never lost to it.
func (v *Voice) Args(args []access.Arg) []any {
	out := make([]any, 0, 2*len(args))
	for _, a := range args {
		out = append(out, a.Name, v.arg(a))
	}
	return out
}

func (v *Voice) arg(a access.Arg) any {
	number := func() (int64, bool) {
		n, err := strconv.ParseInt(a.Value, 10, 64)
		return n, err == nil
	}
	switch a.Type {
	case access.ArgKey:
		return Plain(v.T(a.Value))
	case access.ArgTime, access.ArgDay, access.ArgStamp:
		n, ok := number()
		if !ok {
			break
		}
		t := time.UnixMilli(n)
		switch a.Type {
		case access.ArgTime:
			return Clock(t)
		case access.ArgDay:
			return Day(t)
		}
		return Stamp(t)
	case access.ArgMoney:
		cents, currency, _ := strings.Cut(a.Value, " ")
		if n, err := strconv.ParseInt(cents, 10, 64); err == nil {
			return Money{Cents: n, Currency: currency}
		}
	case access.ArgPercent:
		if n, ok := number(); ok {
			return Percent(n)
		}
	case access.ArgCount:
		if n, ok := number(); ok {
			return n
		}
	}
	return a.Value
}

// StyleOf is how a fund writes in one language.
func StyleOf(f *access.Fund, lang string) Style {
	return Style{Fund: f.ID, Country: f.Country, Zone: f.Zone, Variant: f.Variants[lang],
		Always: []any{"fund", f.Name, "phone", f.Help.Shown, "open", f.Help.Hours[lang]}}
}
