package recovery

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"aditus/internal/keys"
)

func TestNew(t *testing.T) {
	seen := map[string]bool{}
	letters := map[rune]bool{}
	for range 100 {
		codes := New()
		if len(codes) != 10 {
			t.Fatalf("%d codes", len(codes))
		}
		for _, code := range codes {
			if !regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`).MatchString(code) {
				t.Errorf("%q", code)
			}
			if normal, ok := Normal(code); !ok || normal != strings.ReplaceAll(code, "-", "") {
				t.Errorf("%q is read as %q, %v", code, normal, ok)
			}
			seen[code] = true
			for _, r := range code {
				letters[r] = true
			}
		}
	}
	if len(seen) != 1000 || len(letters) != 33 {
		t.Errorf("%d different codes of %d characters", len(seen), len(letters))
	}
}

func TestNormal(t *testing.T) {
	for _, typed := range []string{
		"7KQ2-M9XD-0F1W-B3RV", "7kq2m9xd0f1wb3rv", " 7kq2 m9xd of1w b3rv\n", "7KQ2–M9XD–OFIW–B3RV", "7kq2.m9xd.oflw.b3rv", "7KQ2\u00a0M9XD\u00a00F1W\u00a0B3RV",
		"7 K Q 2 M 9 X D 0 F L W B 3 R V", "7kq2_m9xd_0f1w_b3rv",
	} {
		if got, ok := Normal(typed); !ok || got != "7KQ2M9XD0F1WB3RV" {
			t.Errorf("%q: %q, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{
		"", "-", "7KQ2-M9XD-0F1W-B3R", "7KQ2-M9XD-0F1W-B3RVV", "7KQ2-M9XD-0F1W-B3RU", "7KQ2-M9XD-0F1W-B3R!", "７KQ2-M9XD-0F1W-B3RV",
		"7KQ2-M9XD-0F1W-B3R\u212a", "7KQ2-M9XD-0F1W-B3R\x7f", strings.Repeat("7KQ2-M9XD-0F1W-B3RV", 1000),
	} {
		if got, ok := Normal(typed); ok {
			t.Errorf("%q: %q", typed, got)
		}
	}
}

// One member's code is nothing for another, nor in another fund, nor under other keys.
func TestHash(t *testing.T) {
	ring := keys.New(nil)
	fund := ring.Fund("aurora")
	shown := "7KQ2-M9XD-0F1W-B3RV"
	normal, _ := Normal("7kq2 m9xd of1w b3rv")
	hash := Hash(fund, "m1", shown)
	if len(hash) != 32 || !bytes.Equal(hash, Hash(fund, "m1", normal)) {
		t.Errorf("shown and typed differ: %x", hash)
	}
	for what, other := range map[string][]byte{
		"member": Hash(fund, "m2", shown), "fund": Hash(ring.Fund("alpina"), "m1", shown),
		"keys": Hash(keys.New(nil).Fund("aurora"), "m1", shown), "code": Hash(fund, "m1", "7KQ2-M9XD-0F1W-B3RW"),
	} {
		if bytes.Equal(hash, other) {
			t.Errorf("another %s, the same hash", what)
		}
	}
}

func FuzzNormal(f *testing.F) {
	f.Add("7KQ2-M9XD-0F1W-B3RV")
	f.Add("7kq2 m9xd ofiw b3rv\xff")
	f.Fuzz(func(t *testing.T, typed string) {
		got, ok := Normal(typed)
		if !ok {
			return
		}
		if again, ok := Normal(got); !ok || again != got || strings.Trim(got, alphabet) != "" || len(got) != 16 {
			t.Errorf("%q: %q, and again %q", typed, got, again)
		}
	})
}
