package totp

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The vectors of RFC 6238, appendix B, for SHA-1. It shows eight digits; six are
// the last six of them.
var vectors = []struct {
	unix int64
	code string
}{
	{59, "94287082"}, {1111111109, "07081804"}, {1111111111, "14050471"},
	{1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"},
}

var rfcSecret = []byte("12345678901234567890")

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		now := time.Unix(v.unix, 0)
		if got := Code(rfcSecret, At(now)); got != v.code[2:] {
			t.Errorf("at %d: %s, want %s", v.unix, got, v.code[2:])
		}
		if step, ok := Verify(rfcSecret, v.code[2:], now); !ok || step != v.unix/30 {
			t.Errorf("at %d: %d, %v", v.unix, step, ok)
		}
	}
	// RFC 4226, appendix D: the first ten counters.
	for step, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got := Code(rfcSecret, int64(step)); got != want {
			t.Errorf("step %d: %s, want %s", step, got, want)
		}
	}
}

// A telephone may be half a minute off, and no more.
func TestSkew(t *testing.T) {
	now := time.Unix(1_763_800_000, 0)
	for off := int64(-4); off <= 4; off++ {
		step, ok := Verify(rfcSecret, Code(rfcSecret, At(now)+off), now)
		if want := off >= -1 && off <= 1; ok != want || ok && step != At(now)+off {
			t.Errorf("%d steps off: %d, %v", off, step, ok)
		}
	}
	// The edges of a step: its code is good from 30 s before it to 30 s after it.
	begin := time.Unix(At(now)*30, 0)
	code := Code(rfcSecret, At(begin))
	for after, want := range map[time.Duration]bool{
		-30*time.Second - time.Millisecond: false, -30 * time.Second: true, 0: true, 59*time.Second + 999*time.Millisecond: true, 60 * time.Second: false,
	} {
		if _, ok := Verify(rfcSecret, code, begin.Add(after)); ok != want {
			t.Errorf("%v after its step began: %v", after, ok)
		}
	}
}

// OpenBao and others took a code a second time with a blank in it: here all
// spellings are one step, so the store refuses them alike.
func TestSpellingsAreOneStep(t *testing.T) {
	now := time.Unix(1111111109, 0)
	for _, typed := range []string{"081804", "081 804", " 081804\n", "081-804", "08.18.04", "#081804", "081\u00a0804", "0 8 1 8 0 4", "081\u2011804"} {
		if step, ok := Verify(rfcSecret, typed, now); !ok || step != At(now) {
			t.Errorf("%q: %d, %v", typed, step, ok)
		}
	}
	for _, typed := range []string{"", " ", "81804", "0081804", "0818041", "081804a", "０８１８０４", "081#804", "081,804", "-081804+", "08180\x004", strings.Repeat(" ", 60) + "081804" + strings.Repeat(".", 60)} {
		if step, ok := Verify(rfcSecret, typed, now); ok || step != 0 {
			t.Errorf("%q: %d, %v", typed, step, ok)
		}
	}
	if _, ok := Verify(rfcSecret[:19], Code(rfcSecret[:19], At(now)), now); ok {
		t.Error("a secret that is too short")
	}
	if _, ok := Verify(nil, Code(nil, At(now)), now); ok {
		t.Error("no secret at all")
	}
}

// Two steps may have the same code. It must still be good once: the later counts.
func TestSameCodeOfTwoSteps(t *testing.T) {
	found := false
	for step := int64(1); step < 3_000_000 && !found; step++ {
		if Code(rfcSecret, step) != Code(rfcSecret, step+1) {
			continue
		}
		found = true
		if got, ok := Verify(rfcSecret, Code(rfcSecret, step), time.Unix(step*30, 0)); !ok || got != step+1 {
			t.Errorf("step %d and the next have the same code: %d, %v", step, got, ok)
		}
	}
	if !found {
		t.Error("no two steps with the same code in three million")
	}
}

func TestSecret(t *testing.T) {
	a, b := NewSecret(), NewSecret()
	if len(a) != 20 || bytes.Equal(a, b) {
		t.Errorf("%x, %x", a, b)
	}
	if text := Text(a); !regexp.MustCompile(`^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$`).MatchString(text) {
		t.Errorf("shown as %q", text)
	}
	if text := Text(rfcSecret); text != "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ" {
		t.Errorf("shown as %q", text)
	}
}

func TestURI(t *testing.T) {
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for _, c := range []struct{ issuer, account, want string }{
		{"Fondation Alpina", "u.brunner@posta.example.org", "otpauth://totp/Fondation%20Alpina:u.brunner%40posta.example.org?secret=" + secret + "&issuer=Fondation%20Alpina"},
		{"Fürsorge & Söhne: 100%", "a+b@x.ch", "otpauth://totp/F%C3%BCrsorge%20%26%20S%C3%B6hne%20%20100%25:a%2Bb%40x.ch?secret=" + secret + "&issuer=F%C3%BCrsorge%20%26%20S%C3%B6hne%20%20100%25"},
		{"a/b?c#d", "e=f&secret=AAAA", "otpauth://totp/a%2Fb%3Fc%23d:e%3Df%26secret%3DAAAA?secret=" + secret + "&issuer=a%2Fb%3Fc%23d"},
	} {
		got := URI(c.issuer, c.account, rfcSecret)
		if got != c.want {
			t.Errorf("%q\nwant %q", got, c.want)
		}
		u, err := url.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		issuer := strings.ReplaceAll(c.issuer, ":", " ")
		if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/"+issuer+":"+c.account || len(u.Query()) != 2 ||
			u.Query().Get("issuer") != issuer || u.Query().Get("secret") != secret {
			t.Errorf("%q is read as %+v", got, u)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(rfcSecret, "081 804", int64(1111111109))
	f.Add([]byte{}, "#", int64(-1))
	f.Fuzz(func(t *testing.T, secret []byte, typed string, unix int64) {
		now := time.Unix(unix%(1<<40), 0)
		step, ok := Verify(secret, typed, now)
		if ok && (len(secret) < SecretLen || step < At(now)-1 || step > At(now)+1) {
			t.Errorf("%q: step %d", typed, step)
		}
	})
}

func FuzzURI(f *testing.F) {
	f.Add("Fondation Alpina", "u.brunner@posta.example.org")
	f.Add("a:b", "%3A\xff\r\n")
	f.Fuzz(func(t *testing.T, issuer, account string) {
		got := URI(issuer, account, rfcSecret)
		if !regexp.MustCompile(`^otpauth://totp/[A-Za-z0-9%._~-]*:[A-Za-z0-9%._~-]*\?secret=[A-Z2-7]{32}&issuer=[A-Za-z0-9%._~-]*$`).MatchString(got) {
			t.Errorf("%q", got)
		}
	})
}
