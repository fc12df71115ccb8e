package access

import "testing"

func TestReadPIN(t *testing.T) {
	for typed, want := range map[string]string{
		"K7M2Q9XA": "K7M2Q9XA", " k7m2 q9xa ": "K7M2Q9XA", "k7m2-q9xa": "K7M2Q9XA", "12345678": "12345678",
		"": "pin_empty", "  ": "pin_empty", "K7M2Q9X": "pin_form", "K7M2Q9XAB": "pin_form", "K7M2Q9X\u00e0": "pin_form",
		"\uff2b7M2Q9XA": "pin_form", "K7M2.Q9XA": "pin_form", "K7M2Q9XA                                ": "K7M2Q9XA",
		"                                K  7  M  2  Q  9  X  A  K  K": "pin_form",
	} {
		got, refusal := ReadPIN(typed)
		if refusal != nil {
			got = refusal.Code
		}
		if got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}
