package identifier

import (
	"errors"
	"strings"
	"testing"
)

func TestActivationCode(t *testing.T) {
	for in, want := range map[string]string{
		"TL94-QNN5-TD47":                       "TL94QNN5TD47",
		"tl94 qnn5 td47":                       "TL94QNN5TD47",
		" T L 9 4\u00a0\u2013 QNN5 \u2212TD47": "TL94QNN5TD47",
		"TL94.QNN5/TD47":                       "TL94QNN5TD47",
		"TL94\u2011QNN5\u00adTD47\u200b":       "TL94QNN5TD47", // a hyphen that does not break, one that is not seen
		"TL94-0NN5-TD47":                       "TL94QNN5TD47",
		"Tl94-oNN5-TD47":                       "TL94QNN5TD47",
		"Ti94-ONN5-TD47":                       "TL94QNN5TD47",
		"T194QNN5TD47":                         "TL94QNN5TD47",
	} {
		if got, err := ActivationCode(in); got != want || err != nil {
			t.Errorf("%q: %q, %v, want %q", in, got, err, want)
		}
		if got, err := ActivationCode(want); got != want || err != nil {
			t.Errorf("%q does not pass again: %q, %v", want, got, err)
		}
	}
	for in, want := range map[string]string{
		"":                    "length",
		"----":                "length",
		"TL94-QNN5-TD4":       "length",
		"TL94-QNN5-TD477":     "length",
		"TL94-QNN5-TD4?":      "charset",
		"ТL94-QNN5-TD47":      "charset", // a Cyrillic letter
		"ＴL94-QNN5-TD47":      "charset",
		"TL94-QNN5-TD4\x00":   "charset",
		"TL94-QNN5-TD4\xff":   "charset",
		"TL94;QNN5;TD47;TD47": "charset",
	} {
		got, err := ActivationCode(in)
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != want || e.Kind != KindActivationCode || got != "" {
			t.Errorf("%q: %q, %v, want %s", in, got, err, want)
		}
	}
}

func TestUsername(t *testing.T) {
	for in, want := range map[string]string{"902464": "902464", " s9000 2301\u00a0": "S90002301", "S90002301": "S90002301", "": ""} {
		if got := Username(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Whatever is typed is refused with a reason, or is twelve characters of the
// alphabet that pass again unchanged.
func FuzzActivationCode(f *testing.F) {
	for _, s := range []string{"TL94-QNN5-TD47", "tl94 0nn5 1d47", "", "TL94-QNN5-TD4?", "ＴL94", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ActivationCode(s)
		if err != nil {
			if got != "" || reason(t, KindActivationCode, err) == "" {
				t.Errorf("%q: both %q and %v", s, got, err)
			}
			return
		}
		if len(got) != ActivationLength || strings.Trim(got, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789") != "" {
			t.Errorf("%q: %q", s, got)
		}
		if again, err := ActivationCode(got); again != got || err != nil {
			t.Errorf("%q normalises to %q, %v", got, again, err)
		}
	})
}
