package identifier

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestPhone(t *testing.T) {
	for _, c := range phoneVectors {
		got, err := Phone(c.number, c.region)
		if r := reason(t, KindPhone, err); got != c.e164 || r != c.reason {
			t.Errorf("%s %q: %q, %q; want %q, %q", c.region, c.number, got, r, c.e164, c.reason)
		}
		if got != "" {
			if again, err := Phone(got, c.region); again != got || err != nil {
				t.Errorf("%q becomes %q, %v", got, again, err)
			}
		}
	}
	for _, c := range []struct{ region, number, e164, reason string }{
		{"IT", "", "", "not_valid"},
		{"IT", "+", "", "not_valid"},
		{"IT", "++39 3331234567", "+393331234567", ""}, // the library's leave
		{"IT", "333\u00a01234567", "+393331234567", ""},
		{"IT", "333–1234567", "", "charset"},
		{"IT", "٣٣٣١٢٣٤٥٦٧", "", "charset"}, // Arabic-Indic digits
		{"IT", "333１２３４５６７", "", "charset"},
		{"IT", "333 1234567;ext=5", "", "charset"},
		{"IT", "333 1234567 #5", "", "charset"},
		{"IT", "3,00123E+11", "", "charset"},
		{"IT", "n.d.", "", "letter"},
		{"IT", strings.Repeat("3", 100), "", "length"},
		{"IT", strings.Repeat("3", 1<<20), "", "length"},
		{"", "3331234567", "", "not_valid"},
		{"", "+39 333 1234567", "+393331234567", ""},
		{"ZZ", "3331234567", "", "not_valid"},
		{"US", "(650) 253-0000", "+16502530000", ""}, // fixed or mobile: nobody can tell
		{"GB", "07400 123456", "+447400123456", ""},
	} {
		got, err := Phone(c.number, c.region)
		if r := reason(t, KindPhone, err); got != c.e164 || r != c.reason {
			t.Errorf("%s %q: %q, %q; want %q, %q", c.region, c.number, got, r, c.e164, c.reason)
		}
	}
}

// The ranges for invented people pass where a demonstration fund allows them,
// in any spelling, and nowhere else.
func TestPhoneFiction(t *testing.T) {
	for _, c := range []struct{ region, number, e164 string }{
		{"IT", "3007029455", "+393007029455"},
		{"IT", "+393007029455", "+393007029455"},
		{"IT", "(+39) 300.095.3661", "+393000953661"},
		{"IT", "00393004938172", "+393004938172"},
		{"IT", "300-0422305", "+393000422305"},
		{"IT", "+33 6 39 98 54 92", "+33639985492"},
		{"IT", "0033 6 39 98 73 09", "+33639987309"},
		{"IT", "+44 7700 900977", "+447700900977"},
		{"IT", "0044 7700 900742", "+447700900742"},
		{"IT", "393004938172", "+393004938172"},
		{"CH", "41 70 325 55 48", "+41703255548"},
		{"CH", "070 325 55 48", "+41703255548"},
		{"CH", "706587793", "+41706587793"},
		{"CH", "+41703255548", "+41703255548"},
		{"FR", "06 39 98 54 92", "+33639985492"},
	} {
		if got, err := (Phones{Fiction: true}).Mobile(c.number, c.region); got != c.e164 || err != nil {
			t.Errorf("%s %q: %q, %v; want %q", c.region, c.number, got, err, c.e164)
		}
		if got, err := Phone(c.number, c.region); reason(t, KindPhone, err) != "not_valid" {
			t.Errorf("%s %q passes as a real number: %q, %v", c.region, c.number, got, err)
		}
	}
	for _, number := range []string{"300 12", "300", "30012345678901", "+44 7700 901000", "+41 70 325 55 4", "+33 6 39 97 54 92", "30O 7029455"} {
		if got, err := (Phones{Fiction: true}).Mobile(number, "IT"); err == nil {
			t.Errorf("%q passes as %q", number, got)
		}
	}
}

// What is read without the library is what the library would have read: on all
// vectors, and on random numbers near the plans in random spellings.
func TestPhoneLikeLibrary(t *testing.T) {
	read := 0
	like := func(number, region string) {
		n, why := spell(number)
		if why != "" {
			return
		}
		fast, ok := Phones{}.ordinary(n, region)
		if !ok {
			return
		}
		read++
		if slow, err := byLibrary(n.raw, region); slow != fast || err != nil {
			t.Fatalf("%s %q: read as %q, the library says %q, %v", region, number, fast, slow, err)
		}
	}
	for _, c := range phoneVectors {
		like(c.number, c.region)
	}
	if read < 30 {
		t.Fatalf("only %d vectors are read without the library", read)
	}
	random := rand.New(rand.NewPCG(2, 9))
	for range 20_000 {
		like(randomNumber(random), []string{"IT", "CH", "FR"}[random.IntN(3)])
	}
	t.Logf("%d numbers compared", read)
}

// And every mobile of the three plans that is plainly written is read without
// the library, or an import would be slow.
func TestPhoneOrdinary(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 9))
	slow := 0
	for range 5_000 {
		number, region := randomNumber(random), []string{"IT", "CH", "FR"}[random.IntN(3)]
		n, why := spell(number)
		if _, ok := (Phones{}).ordinary(n, region); ok || why != "" || !n.plus && n.n > 10 {
			continue // a country's code without + or 00 is a guess of the library's
		}
		if e164, err := byLibrary(n.raw, region); err == nil && !n.odd && !strings.Contains(number, "0") {
			switch e164[:3] {
			case "+39", "+41", "+33":
				slow++
				t.Logf("%s %q is %s to the library alone", region, number, e164)
			}
		}
	}
	if slow > 0 {
		t.Errorf("%d ordinary numbers need the library", slow)
	}
}

// randomNumber is a number like those of the three plans, or nearly, in some
// spelling.
func randomNumber(r *rand.Rand) string {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	s := pick("", "", "0", "+39", "+41", "+33", "0039", "0041", "0033", "39", "41", "33", "+", "00", "+390", "+410", "+330", "+44", "+377")
	s += pick(" ", "", "(", "-") + pick("3", "31", "43", "6", "7", "63", "69", "70", "74", "79", "39", "33", "34", "300", "")
	for range 5 + r.IntN(7) {
		s += string(byte('0' + r.IntN(10)))
		if r.IntN(4) == 0 {
			s += pick(" ", ".", "-", "/", ")")
		}
	}
	return s
}

func FuzzPhone(f *testing.F) {
	for _, c := range phoneVectors {
		f.Add(c.number, c.region)
	}
	f.Add("+39 300 7029455", "IT")
	f.Fuzz(func(t *testing.T, s, region string) {
		if len(region) > 3 {
			return
		}
		for _, p := range []Phones{{}, {Fiction: true}} {
			got, err := p.Mobile(s, region)
			if err != nil {
				reason(t, KindPhone, err)
				continue
			}
			if got[0] != '+' || len(got) > 20 || !all(got[1:], digit) {
				t.Errorf("%q gives %q", s, got)
			}
			if again, err := p.Mobile(got, region); again != got || err != nil {
				t.Errorf("%q gives %q, which gives %q, %v", s, got, again, err)
			}
		}
		if n, why := spell(s); why == "" {
			want, wantErr := byLibrary(n.raw, region)
			if got, err := byPlans(n.raw, region); got != want || reason(t, KindPhone, err) != reason(t, KindPhone, wantErr) {
				t.Errorf("%q in %q: %q, %v by the plans, the library says %q, %v", s, region, got, err, want, wantErr)
			}
			if fast, ok := (Phones{}).ordinary(n, region); ok {
				if slow, err := byLibrary(n.raw, region); slow != fast || err != nil {
					t.Errorf("%q in %q: read as %q, the library says %q, %v", s, region, fast, slow, err)
				}
			}
		}
	})
}

func BenchmarkPhoneOrdinary(b *testing.B) {
	for b.Loop() {
		if _, err := Phone("+393331234567", "IT"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPhonePlans(b *testing.B) {
	for b.Loop() {
		if _, err := byPlans("+393331234567", "IT"); err != nil {
			b.Fatal(err)
		}
	}
}
