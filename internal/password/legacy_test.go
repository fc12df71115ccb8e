package password

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/keys"
)

// oldPassword is what the hashes below were made from, by other programs: Python's
// hashlib and libxcrypt.
const oldPassword = "caffè-Lampada 47"

var oldHashes = map[string]string{
	"PBKDF2-SHA256, Django":        "pbkdf2_sha256$1200$Qx7pLm2VbN9a$zJ8bdTvgrmy7VPRFxf+p5VPkBeayEfl6z83WlLCxkSM=",
	"PBKDF2-SHA1, Django":          "pbkdf2_sha1$1200$Qx7pLm2VbN9a$Zw7PH6qpd6BSifp+ZiPRU7VLg28=",
	"PBKDF2-SHA1, passlib":         "$pbkdf2$1300$8PHy8/T19vf4.fr7/P3./w$rnGvS5Wwzrpv5YB36K9m1OSyoJY",
	"PBKDF2-SHA256, passlib":       "$pbkdf2-sha256$1300$8PHy8/T19vf4.fr7/P3./w$TVgLWJy8e7hiLYot9EuvUjrj2P1AbLEVElK9Xj9XDtg",
	"PBKDF2-SHA512, passlib":       "$pbkdf2-sha512$1300$8PHy8/T19vf4.fr7/P3./w$V5SoumdKNId4DyAou4vbXOJt1AC5Wr37TTuO.gG2K6lWrlxgLBy6YcgXMg9GRfmaBm815mHzOlR7I91A27EBBg",
	"PBKDF2-SHA512, PHC, length":   "$pbkdf2-sha512$i=1300,l=32$8PHy8/T19vf4+fr7/P3+/w$V5SoumdKNId4DyAou4vbXOJt1AC5Wr37TTuO+gG2K6k",
	"PBKDF2-SHA256, PHC":           "$pbkdf2-sha256$i=1300$8PHy8/T19vf4+fr7/P3+/w$TVgLWJy8e7hiLYot9EuvUjrj2P1AbLEVElK9Xj9XDtg",
	"PBKDF2-SHA256, LDAP":          "{PBKDF2-SHA256}1300$8PHy8/T19vf4.fr7/P3./w$TVgLWJy8e7hiLYot9EuvUjrj2P1AbLEVElK9Xj9XDtg",
	"PBKDF2-SHA1, LDAP":            "{PBKDF2}1300$8PHy8/T19vf4.fr7/P3./w$rnGvS5Wwzrpv5YB36K9m1OSyoJY",
	"scrypt, PHC":                  "$scrypt$ln=6,r=8,p=2$8PHy8/T19vf4+fr7/P3+/w$CT6WnP2kPRjw9KlNNnbfIv7cFVbeQ08XUu3Soe0Si/8",
	"scrypt, Django":               "scrypt$64$Qx7pLm2VbN9a$8$2$vrtDIBLYLqdIeXqQjOk3PhfWFrmxvFzAebOCty6qtAZRhP0l9aMNFCrrMO3n17CXq3i45f4Opihkn1fpdIxPlw==",
	"{SSHA}":                       "{SSHA}WdD0NuePKhGv9081L/UMNgdMvurw8fLz9PX29w==",
	"{ssha}":                       "{ssha}WdD0NuePKhGv9081L/UMNgdMvurw8fLz9PX29w==",
	"{SSHA256}":                    "{SSHA256}c2AjOt/pQ7cnnkSEFNiP5C2wrIPHJX049FCSOVam+5Tw8fLz9PX29w==",
	"{SSHA512}":                    "{SSHA512}N1cINyBUlNwe36fzJ6ZnXdKlkZXoo+Ej5/bj6Y3qhTrMZ06Sh9nrxXeXh8d3l1I7bo52y5dLQV6w2CQons9HrfDx8vP09fb3",
	"bcrypt 2a":                    "$2a$05$abcdefghijklmnopqrstuujSz8aGYwjO6KXs5WHf69rhcUwwgMuj6",
	"bcrypt 2b":                    "$2b$05$abcdefghijklmnopqrstuujSz8aGYwjO6KXs5WHf69rhcUwwgMuj6",
	"bcrypt 2y":                    "$2y$05$abcdefghijklmnopqrstuujSz8aGYwjO6KXs5WHf69rhcUwwgMuj6",
	"bcrypt, Django":               "bcrypt$$2b$05$abcdefghijklmnopqrstuujSz8aGYwjO6KXs5WHf69rhcUwwgMuj6",
	"bcrypt after SHA-256, Django": "bcrypt_sha256$$2b$05$abcdefghijklmnopqrstuubqFF1kt.Xs2Uqcs.oNh1IR9/Bzbwese",
}

// A member signs in once with the password of the old system, whatever that was.
func TestImportedHashes(t *testing.T) {
	h := smallHasher(keys.New(nil))
	for what, text := range oldHashes {
		if err := Legacy(text); err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		t.Run(what, func(t *testing.T) {
			expect(t, h, text, oldPassword, true, true)
			expect(t, h, text, "caffe\u0300-Lampada 47", true, true) // as a Mac's file name would have it
			expect(t, h, text, "caffe-Lampada 47", false, true)
			expect(t, h, text, oldPassword+" ", false, true)
			expect(t, h, text, "", false, true)
		})
	}
	// The Argon2 reference implementation's own, with and without Django's prefix.
	for _, text := range []string{
		"$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"argon2$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
	} {
		expect(t, h, text, "password", true, true)
		expect(t, h, text, "passwore", false, true)
	}
}

// What an import was told it can use must not fail at the sign-in, whatever stands
// in a salt.
func TestSaltLikeOurOwnTexts(t *testing.T) {
	h := smallHasher(keys.New(nil))
	text := "pbkdf2_sha256$1200$,keyid=abcdefgh$zJ8bdTvgrmy7VPRFxf+p5VPkBeayEfl6z83WlLCxkSM="
	if err := Legacy(text); err != nil {
		t.Fatal(err)
	}
	expect(t, h, text, oldPassword, false, true)
}

// bcrypt reads 72 bytes and forgets the rest, and so does its Go package: whoever
// knows the first 72 of a long password could put anything behind them.
func TestBcryptBeyond72Bytes(t *testing.T) {
	h := smallHasher(keys.New(nil))
	calls := counting(h)
	var old atomic.Int32
	inner := h.old
	h.old = func(l *legacy, password []byte) bool { old.Add(1); return inner(l, password) }

	full := "$2b$05$abcdefghijklmnopqrstuuGUnCqbfgs3htOkLrFduUjAyLBw1Rq/u" // of 72 times a
	expect(t, h, full, strings.Repeat("a", 72), true, true)
	for _, n := range []int{73, 80, MaxBytes} {
		old.Store(0)
		*calls = nil
		expect(t, h, full, strings.Repeat("a", n), false, true)
		if old.Load() != 1 || len(*calls) != 1 {
			t.Errorf("%d bytes: worked %d times the old way and %d ours", n, old.Load(), len(*calls))
		}
	}
	// Sixty letters of two bytes are 120 bytes: bytes count, not letters.
	expect(t, h, full, strings.Repeat("à", 60), false, true)
	// Django's prefix that hashes first has no such limit, but ours holds.
	long := oldHashes["PBKDF2-SHA256, Django"]
	expect(t, h, long, strings.Repeat("a", MaxBytes+1), false, true)
}

// A line of a register must not take the machine for a minute, nor its memory.
func TestCostsOfImportedHashesAreBounded(t *testing.T) {
	const hash32, salt16 = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "8PHy8/T19vf4+fr7/P3+/w"
	for what, text := range map[string]string{
		"argon2, memory":     "$argon2id$v=19$m=9999999,t=2,p=1$" + salt16 + "$" + hash32,
		"argon2, work":       "$argon2id$v=19$m=262144,t=5,p=1$" + salt16 + "$" + hash32,
		"argon2, threads":    "$argon2i$v=19$m=65536,t=1,p=17$" + salt16 + "$" + hash32,
		"argon2, too small":  "$argon2i$v=19$m=7,t=1,p=1$" + salt16 + "$" + hash32,
		"bcrypt":             "$2b$15$abcdefghijklmnopqrstuujSz8aGYwjO6KXs5WHf69rhcUwwgMuj6",
		"bcrypt, years":      "$2b$31$abcdefghijklmnopqrstuujSz8aGYwjO6KXs5WHf69rhcUwwgMuj6",
		"bcrypt, too little": "$2b$03$abcdefghijklmnopqrstuujSz8aGYwjO6KXs5WHf69rhcUwwgMuj6",
		"PBKDF2":             "pbkdf2_sha256$2000001$Qx7pLm2VbN9a$zJ8bdTvgrmy7VPRFxf+p5VPkBeayEfl6z83WlLCxkSM=",
		"PBKDF2, passlib":    "$pbkdf2-sha512$99999999$" + salt16 + "$" + hash32,
		"scrypt, memory":     "$scrypt$ln=18,r=8,p=1$" + salt16 + "$" + hash32,
		"scrypt, blocks":     "$scrypt$ln=10,r=99,p=99$" + salt16 + "$" + hash32,
		"scrypt, lanes":      "$scrypt$ln=17,r=8,p=5$" + salt16 + "$" + hash32,
		"scrypt, shift":      "$scrypt$ln=99,r=8,p=1$" + salt16 + "$" + hash32,
		"scrypt, no power":   "scrypt$65$Qx7pLm2VbN9a$8$2$" + hash32,
		"scrypt, Django":     "scrypt$67108864$Qx7pLm2VbN9a$8$1$" + hash32,
	} {
		if err := Legacy(text); err != errCosts {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, text := range map[string]string{
		"nothing":               "",
		"a password":            "ciliegia",
		"MD5":                   "$1$abcdefgh$G/Aqlq5M/Q9dvKLRwXRb50",
		"SHA-512 crypt":         "$6$rounds=5000$usesomesillystri$D4IrlXatmP7rx3P3InaxBeoomnAihCKRVQAr/36eYJ",
		"hexadecimal MD5":       "5f4dcc3b5aa765d61d8327deb882cf99",
		"no salt":               "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
		"salted, no salt":       "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
		"SSHA512, short":        "{SSHA512}WdD0NuePKhGv9081L/UMNgdMvurw8fLz9PX29w==",
		"bcrypt 2x":             "$2x$05$abcdefghijklmnopqrstuujSz8aGYwjO6KXs5WHf69rhcUwwgMuj6",
		"bcrypt, cut":           "$2b$05$abcdefghijklmnopqrstuujSz8aGYwjO6KXs5WHf69rhcUwwgMuj",
		"argon2d":               "$argon2d$v=19$m=256,t=2,p=1$" + salt16 + "$" + hash32,
		"argon2, old version":   "$argon2id$v=16$m=256,t=2,p=1$" + salt16 + "$" + hash32,
		"argon2, no version":    "$argon2i$m=256,t=2,p=1$" + salt16 + "$" + hash32,
		"a foreign pepper":      "$argon2id$v=19$m=256,t=2,p=1,keyid=abcdefgh$" + salt16 + "$" + hash32,
		"PBKDF2, eight bytes":   "$pbkdf2-sha256$1300$" + salt16 + "$AAECAwQFBgc",
		"PBKDF2, half a SHA-1":  "$pbkdf2$1300$" + salt16 + "$AAECAwQFBgcICQoLDA0",
		"PBKDF2, wrong length":  "$pbkdf2-sha512$i=1300,l=33$" + salt16 + "$" + hash32,
		"PBKDF2, longer":        "$pbkdf2$1300$" + salt16 + "$" + hash32,
		"PBKDF2, no iterations": "pbkdf2_sha256$0$Qx7pLm2VbN9a$zJ8bdTvgrmy7VPRFxf+p5VPkBeayEfl6z83WlLCxkSM=",
		"a line break":          oldHashes["{SSHA}"] + "\n",
		"a megabyte":            "{SSHA}" + strings.Repeat("A", 1<<20),
	} {
		if err := Legacy(text); err == nil || err == errCosts {
			t.Errorf("%s: %v", what, err)
		} else if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%s: the error shows the hash: %v", what, err)
		}
	}
}

// With decoys every refusal does the same work, whoever was named; without one a
// refusal is never quicker than for nobody (security.md part 6).
func TestEqualWorkBesideImportedHashes(t *testing.T) {
	ctx := context.Background()
	h := smallHasher(keys.New(nil))
	ours, err := h.Hash(ctx, "ciliegia")
	if err != nil {
		t.Fatal(err)
	}
	bcrypt, ssha, another := oldHashes["bcrypt 2b"], oldHashes["{SSHA}"], oldHashes["bcrypt 2a"]
	calls := counting(h)
	var old []string
	inner := h.old
	h.old = func(l *legacy, password []byte) bool {
		old = append(old, fmt.Sprint(l.cost))
		return inner(l, password)
	}
	works := func(text, password string) string {
		t.Helper()
		*calls, old = nil, nil
		ok, _, err := h.Verify(ctx, text, password)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(old)
		return fmt.Sprintf("%v: %d ours, old %v", ok, len(*calls), old)
	}
	const refused = "false: 1 ours, old [1 2144]" // {SSHA}, and bcrypt with 2^5 rounds
	for _, c := range []struct{ what, text, password, before, after string }{
		{"right, imported", bcrypt, oldPassword, "true: 0 ours, old [2144]", "true: 0 ours, old [2144]"},
		{"right, imported cheaply", ssha, oldPassword, "true: 0 ours, old [1]", "true: 0 ours, old [1]"},
		{"wrong, imported", bcrypt, "nuvola", "false: 1 ours, old [2144]", refused},
		{"wrong, imported with the same costs", another, "nuvola", "false: 1 ours, old [2144]", refused},
		{"wrong, imported cheaply", ssha, "nuvola", "false: 1 ours, old [1]", refused},
		{"too long, imported", bcrypt, strings.Repeat("a", MaxBytes+1), "false: 1 ours, old [2144]", refused},
		{"right, ours", ours, "ciliegia", "true: 1 ours, old []", "true: 1 ours, old []"},
		{"wrong, ours", ours, "nuvola", "false: 1 ours, old []", refused},
		{"unknown", "", "nuvola", "false: 1 ours, old []", refused},
		{"too long, ours", ours, strings.Repeat("a", MaxBytes+1), "false: 1 ours, old []", refused},
	} {
		for _, with := range []struct {
			decoys []string
			want   string
		}{{nil, c.before}, {[]string{bcrypt, ssha}, c.after}} {
			if err := h.Decoy(with.decoys...); err != nil {
				t.Fatal(err)
			}
			if got := works(c.text, c.password); got != with.want {
				t.Errorf("%s, with %d decoys: %s, want %s", c.what, len(with.decoys), got, with.want)
			}
		}
	}
	if err := h.Decoy("$2x$"); err == nil {
		t.Error("a decoy that is no hash")
	}
	if got := works("", "nuvola"); got != refused {
		t.Errorf("after a decoy that is no hash: %s, want %s", got, refused)
	}
}

// What is dearer has the higher cost, and what costs the same is one kind.
func TestCost(t *testing.T) {
	cost := func(text string) int64 {
		t.Helper()
		c, err := Cost(text)
		if err != nil || c < 1 {
			t.Fatalf("%.20s: %d, %v", text, c, err)
		}
		return c
	}
	for what, text := range oldHashes {
		if c := cost(text); c > 5000 {
			t.Errorf("%s costs %d µs", what, c)
		}
	}
	rising := []string{
		oldHashes["{SSHA}"], oldHashes["PBKDF2-SHA1, LDAP"], oldHashes["PBKDF2-SHA256, PHC"], oldHashes["bcrypt 2a"],
		strings.Replace(oldHashes["bcrypt 2a"], "$05$", "$06$", 1),
		strings.Replace(oldHashes["bcrypt 2a"], "$05$", "$12$", 1),
	}
	for i := 1; i < len(rising); i++ {
		if cost(rising[i]) <= cost(rising[i-1]) {
			t.Errorf("%.20s is not dearer than %.20s", rising[i], rising[i-1])
		}
	}
	if cost(oldHashes["bcrypt 2a"]) != cost(oldHashes["bcrypt 2y"]) {
		t.Error("two spellings of bcrypt are two kinds")
	}
	ours, err := smallHasher(keys.New(nil)).Hash(context.Background(), "ciliegia")
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Cost(ours); c != 0 || err != nil {
		t.Errorf("ours costs %d, %v", c, err)
	}
	if _, err := Cost("$2x$"); err == nil {
		t.Error("what is no hash has a cost")
	}
}

// Imported hashes take their turn like ours.
func TestImportedHashesQueue(t *testing.T) {
	h := NewHasher(small, 1, -1, time.Minute, keys.New(nil).Pepper())
	inside, release := make(chan bool), make(chan bool)
	h.old = func(*legacy, []byte) bool {
		inside <- true
		<-release
		return true
	}
	done := make(chan error)
	go func() {
		_, _, err := h.Verify(context.Background(), oldHashes["{SSHA}"], "x")
		done <- err
	}()
	<-inside
	if _, _, err := h.Verify(context.Background(), oldHashes["{SSHA}"], "x"); err != ErrBusy {
		t.Errorf("one slot, nobody may wait: %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func FuzzLegacy(f *testing.F) {
	for _, text := range oldHashes {
		f.Add(text)
	}
	f.Add("$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := parseLegacy(text)
		if err != nil {
			if l.matches != nil {
				t.Error("an error, and yet a hash")
			}
			return
		}
		if peppered(text) {
			t.Errorf("%q is taken for ours", text)
		}
		if l.matches == nil || l.memory < 0 || l.memory > 300<<20 {
			t.Errorf("%q: takes %d bytes", text, l.memory)
		}
	})
}
