package password

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"aditus/internal/keys"

	"golang.org/x/crypto/argon2"
)

func TestMain(m *testing.M) {
	if os.Getenv(stormEnv) != "" {
		storm()
		return
	}
	os.Exit(m.Run())
}

// small keeps the tests quick; the costs are not what they test.
var small = Params{MemoryKiB: 64, Time: 1, Threads: 1}

func smallHasher(ring *keys.Ring) *Hasher {
	return NewHasher(small, 2, 1000, time.Minute, ring.Pepper())
}

func TestHashAndVerify(t *testing.T) {
	ctx := context.Background()
	h := smallHasher(keys.New(nil))
	for _, password := range []string{
		"ciliegia-Lampada-47-nuvola", "x", " blank at both ends ", "пароль из слов", "密码密码密码", "😀😀😀", "nul\x00inside",
		"not \xff utf-8", strings.Repeat("a", MaxBytes), strings.Repeat("é", MaxBytes/2),
	} {
		phc, err := h.Hash(ctx, password)
		if err != nil {
			t.Fatalf("%q: %v", password, err)
		}
		if !regexp.MustCompile(`^\$argon2id\$v=19\$m=64,t=1,p=1,keyid=[a-z2-7]{8}\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`).MatchString(phc) {
			t.Errorf("not a PHC string: %s", phc)
		}
		expect(t, h, phc, password, true, false)
		expect(t, h, phc, password+" ", false, false)
		expect(t, h, phc, strings.ToUpper(password)+"x", false, false)
		expect(t, h, phc, "", false, false)
		if again, err := h.Hash(ctx, password); err != nil || again == phc {
			t.Errorf("%q: hashed twice it is the same, or %v", password, err)
		}
	}
	// No cut anywhere: the last letter counts (bcrypt forgets what follows the 72nd).
	long := strings.Repeat("a", MaxBytes-1)
	phc, err := h.Hash(ctx, long+"b")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, h, phc, long+"c", false, false)
	expect(t, h, phc, long, false, false)
}

func expect(t *testing.T, h *Hasher, phc, password string, ok, stale bool) {
	t.Helper()
	gotOK, gotStale, err := h.Verify(context.Background(), phc, password)
	if err != nil || gotOK != ok || gotStale != stale {
		t.Errorf("Verify(%.60q, %.40q) = %v, %v, %v; want %v, %v", phc, password, gotOK, gotStale, err, ok, stale)
	}
}

// One and the same word leaves a Mac as e and an accent, a PC as one letter, and
// a phone with a blank that does not break.
func TestSameLettersAnyKeyboard(t *testing.T) {
	h := smallHasher(keys.New(nil))
	phc, err := h.Hash(context.Background(), "caffè e più ﬁeno")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, h, phc, "caffe\u0300 e piu\u0300 ﬁeno", true, false)
	expect(t, h, phc, "caffè\u00a0e\u00a0più fieno", true, false)
	expect(t, h, phc, "caffe e piu fieno", false, false)
}

func TestStale(t *testing.T) {
	ctx := context.Background()
	ring := keys.New(nil)
	phc, err := smallHasher(ring).Hash(ctx, "ciliegia")
	if err != nil {
		t.Fatal(err)
	}
	dearer := NewHasher(Params{MemoryKiB: 128, Time: 1, Threads: 1}, 1, 1, time.Minute, ring.Pepper())
	expect(t, dearer, phc, "ciliegia", true, true)
	expect(t, dearer, phc, "lampada", false, true)

	rotated, err := ring.Add(keys.UsePepper, nil, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	later := smallHasher(rotated)
	expect(t, later, phc, "ciliegia", true, true)
	fresh, err := later.Hash(ctx, "ciliegia")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, later, fresh, "ciliegia", true, false)
	if _, _, err := smallHasher(ring).Verify(ctx, fresh, "ciliegia"); !errors.Is(err, keys.ErrUnknownKey) {
		t.Errorf("a pepper that is not there: %v", err)
	}
	// A vector of the Argon2 reference implementation: no pepper, other costs.
	expect(t, later, "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password", true, true)
	expect(t, later, "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "passwore", false, true)
}

// A stolen database without the key file must not tell which password is right.
func TestPepperIsNeeded(t *testing.T) {
	h := smallHasher(keys.New(nil))
	phc, err := h.Hash(context.Background(), "ciliegia")
	if err != nil {
		t.Fatal(err)
	}
	bare := regexp.MustCompile(`,keyid=[a-z2-7]+`).ReplaceAllString(phc, "")
	expect(t, h, bare, "ciliegia", false, true)
}

// call is what the key derivation was asked to do.
type call struct {
	bytes              int
	time, memory, lane uint32
	keyLen             uint32
}

func counting(h *Hasher) *[]call {
	var mu sync.Mutex
	calls := &[]call{}
	h.kdf = func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte {
		mu.Lock()
		defer mu.Unlock()
		*calls = append(*calls, call{len(password), time, memory, uint32(threads), keyLen})
		return argon2.IDKey(password, salt, time, memory, threads, keyLen)
	}
	return calls
}

// Right, wrong, unknown and too long must do the same work, or time tells who is
// a member (security.md part 6).
func TestEqualWork(t *testing.T) {
	ctx := context.Background()
	h := smallHasher(keys.New(nil))
	phc, err := h.Hash(ctx, "ciliegia")
	if err != nil {
		t.Fatal(err)
	}
	calls := counting(h)
	long := strings.Repeat("a", MaxBytes+1)
	for _, c := range []struct{ what, phc, password string }{
		{"right", phc, "ciliegia"},
		{"wrong", phc, "ciliegiA"},
		{"unknown", "", "ciliegia"},
		{"too long", phc, long},
		{"too long, unknown", "", long},
		{"as long as is looked at", phc, strings.Repeat("a", maxTyped)},
		{"empty", phc, ""},
	} {
		*calls = nil
		ok, stale, err := h.Verify(ctx, c.phc, c.password)
		if err != nil || stale || ok != (c.what == "right") {
			t.Errorf("%s: %v, %v, %v", c.what, ok, stale, err)
		}
		want := []call{{len(c.password), 1, 64, 1, hashLen}}
		if len(*calls) != 1 || (*calls)[0] != want[0] {
			t.Errorf("%s: worked %v, want %v", c.what, *calls, want)
		}
	}
	*calls = nil
	if err := h.Dummy(ctx, "ciliegia"); err != nil || len(*calls) != 1 {
		t.Errorf("Dummy: %v, %v", *calls, err)
	}
}

// A stored text made from more than MaxBytes, by whatever means, lets nobody in.
func TestLongerThanTheLimitIsWrong(t *testing.T) {
	h := smallHasher(keys.New(nil))
	for size, want := range map[int]bool{MaxBytes: true, MaxBytes + 1: false, maxTyped: false} {
		s := h.dummy
		hash, err := h.compute(context.Background(), s, strings.Repeat("a", size))
		if err != nil {
			t.Fatal(err)
		}
		s.hash = hash
		expect(t, h, s.String(), strings.Repeat("a", size), want, false)
	}
}

// A password of a megabyte must cost nothing (Mattermost CVE-2026-24458).
func TestTooLongBeforeAnyWork(t *testing.T) {
	ctx := context.Background()
	h := smallHasher(keys.New(nil))
	phc, err := h.Hash(ctx, "ciliegia")
	if err != nil {
		t.Fatal(err)
	}
	calls := counting(h)
	for _, password := range []string{strings.Repeat("a", maxTyped+1), strings.Repeat("a", 1<<20), strings.Repeat("\u0300", 1<<19)} {
		if _, _, err := h.Verify(ctx, phc, password); !errors.Is(err, ErrTooLong) {
			t.Errorf("%d bytes: Verify %v", len(password), err)
		}
		if _, _, err := h.Verify(ctx, "", password); !errors.Is(err, ErrTooLong) {
			t.Errorf("%d bytes: Verify of nobody %v", len(password), err)
		}
		if err := h.Dummy(ctx, password); !errors.Is(err, ErrTooLong) {
			t.Errorf("%d bytes: Dummy %v", len(password), err)
		}
		if _, err := h.Hash(ctx, password); !errors.Is(err, ErrTooLong) {
			t.Errorf("%d bytes: Hash %v", len(password), err)
		}
	}
	if _, err := h.Hash(ctx, strings.Repeat("a", MaxBytes+1)); !errors.Is(err, ErrTooLong) {
		t.Errorf("one byte above the limit: Hash %v", err)
	}
	if len(*calls) != 0 {
		t.Errorf("worked %d times", len(*calls))
	}
	// Short as typed, long as hashed: one letter of three bytes becomes thirty-three.
	if _, err := h.Hash(ctx, strings.Repeat("\ufdfa", 10)); !errors.Is(err, ErrTooLong) {
		t.Errorf("long after NFKC: Hash %v", err)
	}
}

// The dummy's hash is random bytes, so even a function that returns exactly
// those must not let an unknown person in.
func TestNobodyIsNeverRight(t *testing.T) {
	h := smallHasher(keys.New(nil))
	forged := make([]byte, hashLen)
	h.kdf = func(_, _ []byte, _, _ uint32, _ uint8, _ uint32) []byte { return forged }
	var err error
	if h.dummy.hash, err = h.pepper.Apply(h.dummy.keyID, forged); err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.Verify(context.Background(), "", "anything"); ok || err != nil {
		t.Errorf("an unknown person is in: %v, %v", ok, err)
	}
}

func TestBadStoredText(t *testing.T) {
	h := smallHasher(keys.New(nil))
	good, err := h.Hash(context.Background(), "ciliegia")
	if err != nil {
		t.Fatal(err)
	}
	calls := counting(h)
	replace := func(from, to string) string { return strings.Replace(good, from, to, 1) }
	bad := map[string]string{
		"another kind":        replace("argon2id", "argon2i"),
		"no form at all":      "$1$abcdefgh$G/Aqlq5M/Q9dvKLRwXRb50",
		"another version":     replace("v=19", "v=16"),
		"memory of a planet":  replace("m=64", "m=9999999"),
		"memory too small":    replace("m=64", "m=7"),
		"time without end":    replace("t=1", "t=99"),
		"too many threads":    replace("p=1", "p=99"),
		"no time":             replace("t=1", "t=0"),
		"a number overflows":  replace("m=64", "m=99999999999999999999"),
		"salt cut":            regexp.MustCompile(`\$[A-Za-z0-9+/]{22}\$`).ReplaceAllString(good, "$$abc$$"),
		"hash cut, peppered":  good[:len(good)-2],
		"stray bits in hash":  good[:len(good)-1] + "/",
		"something follows":   good + "$",
		"a newline follows":   good + "\n",
		"plain text":          "ciliegia",
		"params out of order": replace("m=64,t=1", "t=1,m=64"),
	}
	for what, phc := range bad {
		if ok, _, err := h.Verify(context.Background(), phc, "ciliegia"); err == nil || ok {
			t.Errorf("%s: %v, %v", what, ok, err)
		} else if strings.Contains(err.Error(), "$") {
			t.Errorf("%s: the error shows the stored text: %v", what, err)
		}
	}
	if len(*calls) != 0 {
		t.Errorf("worked %d times for texts that are none", len(*calls))
	}
}

func TestBusyIsTold(t *testing.T) {
	h := NewHasher(small, 1, -1, time.Minute, keys.New(nil).Pepper())
	inside, release := make(chan bool), make(chan bool)
	h.kdf = func(_, _ []byte, _, _ uint32, _ uint8, _ uint32) []byte {
		inside <- true
		<-release
		return make([]byte, hashLen)
	}
	done := make(chan error)
	go func() { done <- h.Dummy(context.Background(), "x") }()
	<-inside
	if err := h.Dummy(context.Background(), "x"); !errors.Is(err, ErrBusy) {
		t.Errorf("one slot, nobody may wait: %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.Dummy(ended, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who is gone: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1,keyid=abcdefgh$c29tc2FsdHNvbWVzYWx0$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
	f.Add("$argon2id$v=19$m=64,t=1,p=1,keyid=$$")
	f.Fuzz(func(t *testing.T, phc string) {
		s, err := parse(phc)
		if err != nil {
			return
		}
		if s.params.MemoryKiB > maxMemoryKiB || s.params.Time > maxTime || s.params.Threads > maxThreads || s.params.Time == 0 || s.params.Threads == 0 {
			t.Errorf("out of bounds: %+v", s.params)
		}
		if s.String() != phc {
			t.Errorf("written again it differs: %s", s.String())
		}
	})
}
