package password

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
	"golang.org/x/text/unicode/norm"
)

// A legacy is a password as another system stored it. It comes from a register,
// so nothing in it may cost more than about a second or 256 MiB.
type legacy struct {
	cost    int64 // about how long the work takes, in microseconds; at least 1
	memory  int   // bytes the work takes; 0 is next to nothing
	limit   int   // bytes after which the old system stopped reading; 0 for none
	matches func(password []byte) bool
}

// What an imported hash may cost. Measured on the machine security.md was written
// on, each bound is about a second: bcrypt 14 is four times bcrypt 12 (281 ms).
const (
	maxLegacyText   = 512
	maxBcryptCost   = 14
	maxIterations   = 2_000_000 // PBKDF2; Django asked for 1,200,000 in 2026
	maxScryptMemory = 128 << 20 // 2^17 blocks of 8, OWASP's first choice
	maxScryptWork   = 1 << 22   // N r p: four lanes of that
	maxArgonWork    = 1 << 20   // KiB times passes
	minLegacyHash   = 16        // bytes; a shorter one is soon met by chance
	bcryptReads     = 72        // bytes
)

// The spellings that are read. Numbers are short, so none overflows; the text is
// no longer than maxLegacyText, so the rest need not count.
var (
	argonForm  = regexp.MustCompile(`^(?:argon2)?\$(argon2id?)\$v=19\$m=([1-9][0-9]{0,6}),t=([1-9][0-9]?),p=([1-9][0-9]?)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$`)
	bcryptForm = regexp.MustCompile(`^(bcrypt\$|bcrypt_sha256\$)?(\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53})$`)
	// Django writes the salt as it is; passlib, PHC and LDAP in base64.
	pbkdf2Django = regexp.MustCompile(`^pbkdf2_(sha1|sha256|sha512)\$([1-9][0-9]{0,7})\$([!-#%-~]+)\$([A-Za-z0-9+/=]+)$`)
	pbkdf2Form   = regexp.MustCompile(`^(?:\$pbkdf2(?:-(sha1|sha256|sha512))?\$|\{PBKDF2(?:-(SHA1|SHA256|SHA512))?\})(?:i=)?([1-9][0-9]{0,7})(?:,l=([1-9][0-9]?))?\$([A-Za-z0-9+/.]+)\$([A-Za-z0-9+/.]+)$`)
	scryptDjango = regexp.MustCompile(`^scrypt\$([1-9][0-9]{0,7})\$([!-#%-~]+)\$([1-9][0-9]?)\$([1-9][0-9]?)\$([A-Za-z0-9+/=]+)$`)
	scryptForm   = regexp.MustCompile(`^\$scrypt\$ln=([1-9][0-9]?),r=([1-9][0-9]?),p=([1-9][0-9]?)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$`)
	sshaForm     = regexp.MustCompile(`^\{(?i:SSHA)(256|512)?\}([A-Za-z0-9+/=]+)$`)
)

var (
	errUnknown = errors.New("password: the stored hash is of no form that is read")
	errCosts   = errors.New("password: the costs of the stored hash are out of bounds")
	errDamaged = errors.New("password: the salt or the hash of the stored text is damaged")
)

// Legacy says whether a hash that another system made can be verified here: nil,
// or why not. An import asks it of each, before anything is stored. The error
// never shows the hash. Read are
//
//	Argon2i, Argon2id   PHC version 19, also as Django writes it
//	bcrypt              $2a$ $2b$ $2y$, also as Django writes it, bcrypt_sha256 too
//	PBKDF2              SHA-1, SHA-256, SHA-512; Django, passlib, PHC, LDAP
//	scrypt              PHC, as passlib does; Django
//	{SSHA} {SSHA256} {SSHA512}
//
// Not read: what has no salt, $2x$ (its maker had a bug), Argon2d, and a text
// that names a pepper, because the key is elsewhere.
func Legacy(text string) error {
	_, err := parseLegacy(text)
	return err
}

// Cost is about how long it takes to verify a hash that another system made, in
// microseconds, as it was measured on the machine of security.md: good enough to
// say of two which is dearer, and to know a kind of hash by. It is 0 for one of
// ours. Errors as Legacy.
func Cost(text string) (int64, error) {
	if peppered(text) {
		return 0, nil
	}
	l, err := parseLegacy(text)
	return l.cost, err
}

// Decoy tells the Hasher what the imported hashes that are not yet replaced look
// like: one of each kind, whose Cost differs; none, when there are none any more.
// From then on a refused password costs all those works, whoever was named;
// otherwise an old hash that is slower than ours would tell by its time that the
// person is a member. A right password costs no more than before. It may be called
// at any time; an error means that nothing changed.
func (h *Hasher) Decoy(texts ...string) error {
	var all []legacy
	for _, text := range texts {
		l, err := parseLegacy(text)
		if err != nil {
			return err
		}
		all = append(all, l)
	}
	h.decoys.Store(&all)
	return nil
}

// Decoys is how many kinds of imported hash the Hasher knows of.
func (h *Hasher) Decoys() int { return len(*h.decoys.Load()) }

// refuse does the works that a refused password costs beside the one of cost,
// which was done. The caller has the turn.
func (h *Hasher) refuse(password string, done int64) {
	for _, l := range *h.decoys.Load() {
		if l.cost != done {
			h.tryLegacy(&l, password)
		}
	}
}

// tryLegacy does the work of a legacy, and says whether the password is right. The
// old system was sent what the keyboard gave, which is NFC nearly everywhere. What
// lies beyond the limit of the old system is wrong after equal work: bcrypt forgets
// it, so that anything might follow (security.md part 3, row 13). The caller has
// the turn.
func (h *Hasher) tryLegacy(l *legacy, password string) bool {
	typed := []byte(norm.NFC.String(password))
	if l.memory > 0 {
		h.memory.take(l.memory)
		defer h.memory.drop()
	}
	right := h.old(l, typed)
	return right && len(typed) <= MaxBytes && (l.limit == 0 || len(typed) <= l.limit)
}

// verifyLegacy is Verify for a hash another system made: always stale. After a
// wrong password it does our own work too, and that of the other kinds of hash
// there are, so that a hash as cheap as {SSHA} answers no sooner than for a person
// who is not there.
func (h *Hasher) verifyLegacy(ctx context.Context, text, password string) (ok, stale bool, err error) {
	l, err := parseLegacy(text)
	if err != nil {
		return false, false, err
	}
	if err := h.queue.enter(ctx); err != nil {
		return false, false, err
	}
	defer h.queue.leave()
	if h.tryLegacy(&l, password) {
		return true, true, nil
	}
	h.refuse(password, l.cost)
	_, err = h.derive(h.dummy, norm.NFKC.String(password))
	return false, true, err
}

// parseLegacy reads a hash that another system made.
func parseLegacy(text string) (l legacy, err error) {
	if len(text) > maxLegacyText {
		return l, errUnknown
	}
	if m := argonForm.FindStringSubmatch(text); m != nil {
		return argonLegacy(m)
	}
	if m := bcryptForm.FindStringSubmatch(text); m != nil {
		return bcryptLegacy(m)
	}
	if m := pbkdf2Django.FindStringSubmatch(text); m != nil {
		return pbkdf2Legacy(m[1], m[2], []byte(m[3]), "", m[4])
	}
	if m := pbkdf2Form.FindStringSubmatch(text); m != nil {
		salt, err := base64Any(m[5])
		if err != nil {
			return l, err
		}
		return pbkdf2Legacy(strings.ToLower(m[1]+m[2]), m[3], salt, m[4], m[6])
	}
	if m := scryptDjango.FindStringSubmatch(text); m != nil {
		return scryptLegacy(number(m[1]), m[3], m[4], []byte(m[2]), m[5])
	}
	if m := scryptForm.FindStringSubmatch(text); m != nil {
		salt, err := base64Any(m[4])
		if err != nil {
			return l, err
		}
		if number(m[1]) > 30 {
			return l, errCosts
		}
		return scryptLegacy(1<<number(m[1]), m[2], m[3], salt, m[5])
	}
	if m := sshaForm.FindStringSubmatch(text); m != nil {
		return sshaLegacy(m)
	}
	return l, errUnknown
}

// number is a number the form has seen to be one.
func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// base64Any reads base64 as PHC writes it, as passlib does («.» for «+») and as
// Django and LDAP do (with padding).
func base64Any(text string) ([]byte, error) {
	b, err := base64.RawStdEncoding.DecodeString(strings.ReplaceAll(strings.TrimRight(text, "="), ".", "+"))
	if err != nil {
		return nil, errDamaged
	}
	return b, nil
}

// hashOf reads a hash of a length that can be believed.
func hashOf(text string) ([]byte, error) {
	b, err := base64Any(text)
	if err != nil {
		return nil, err
	}
	if len(b) < minLegacyHash || len(b) > sha512.Size {
		return nil, errDamaged
	}
	return b, nil
}

func argonLegacy(m []string) (l legacy, err error) {
	p := Params{MemoryKiB: uint32(number(m[2])), Time: uint32(number(m[3])), Threads: uint32(number(m[4]))}
	if p.MemoryKiB > maxMemoryKiB || p.Threads > maxThreads || p.MemoryKiB < 8*p.Threads || p.MemoryKiB*p.Time > maxArgonWork {
		return l, errCosts
	}
	salt, err := base64Any(m[5])
	if err != nil {
		return l, err
	}
	want, err := hashOf(m[6])
	if err != nil {
		return l, err
	}
	derive := argon2.IDKey
	if m[1] == "argon2i" {
		derive = argon2.Key
	}
	l.memory = int(p.MemoryKiB) << 10
	l.cost = 1 + int64(p.MemoryKiB)*int64(p.Time)*3/5
	l.matches = func(password []byte) bool {
		got := derive(password, salt, p.Time, p.MemoryKiB, uint8(p.Threads), uint32(len(want)))
		return subtle.ConstantTimeCompare(got, want) == 1
	}
	return l, nil
}

func bcryptLegacy(m []string) (l legacy, err error) {
	if cost := number(m[3]); cost < bcrypt.MinCost || cost > maxBcryptCost {
		return l, errCosts
	}
	l.cost = 67 << number(m[3])
	stored := []byte(m[2])
	if m[1] == "bcrypt_sha256$" { // so that Django has no limit
		l.matches = func(password []byte) bool {
			sum := sha256.Sum256(password)
			return bcrypt.CompareHashAndPassword(stored, []byte(hex.EncodeToString(sum[:]))) == nil
		}
		return l, nil
	}
	l.limit = bcryptReads
	l.matches = func(password []byte) bool { return bcrypt.CompareHashAndPassword(stored, password) == nil }
	return l, nil
}

func pbkdf2Legacy(name, iterations string, salt []byte, length, sum string) (l legacy, err error) {
	var of func() hash.Hash
	switch name {
	case "", "sha1": // passlib's $pbkdf2$ is SHA-1
		of = sha1.New
	case "sha256":
		of = sha256.New
	default:
		of = sha512.New
	}
	n := number(iterations)
	if n > maxIterations {
		return l, errCosts
	}
	want, err := hashOf(sum)
	if err != nil {
		return l, err
	}
	// A hash longer than the function's own would cost its iterations twice.
	if len(want) > of().Size() || length != "" && number(length) != len(want) {
		return l, errDamaged
	}
	l.cost = 1 + int64(n)*int64(of().Size())/64
	l.matches = func(password []byte) bool {
		got, err := pbkdf2.Key(of, string(password), salt, n, len(want))
		return err == nil && subtle.ConstantTimeCompare(got, want) == 1
	}
	return l, nil
}

func scryptLegacy(blocks int, size, lanes string, salt []byte, sum string) (l legacy, err error) {
	r, p := number(size), number(lanes)
	if blocks < 2 || blocks&(blocks-1) != 0 || 128*blocks*r > maxScryptMemory || blocks*r*p > maxScryptWork {
		return l, errCosts
	}
	want, err := hashOf(sum)
	if err != nil {
		return l, err
	}
	l.memory = 128 * r * (blocks + p)
	l.cost = 1 + int64(blocks)*int64(r)*int64(p)/3
	l.matches = func(password []byte) bool {
		got, err := scrypt.Key(password, salt, blocks, r, p, len(want))
		return err == nil && subtle.ConstantTimeCompare(got, want) == 1
	}
	return l, nil
}

func sshaLegacy(m []string) (l legacy, err error) {
	of := sha1.New
	switch m[1] {
	case "256":
		of = sha256.New
	case "512":
		of = sha512.New
	}
	both, err := base64Any(m[2])
	if err != nil {
		return l, err
	}
	size := of().Size()
	l.cost = 1
	if len(both) <= size { // no salt
		return l, errDamaged
	}
	want, salt := both[:size], both[size:]
	l.matches = func(password []byte) bool {
		h := of()
		h.Write(password)
		h.Write(salt)
		return subtle.ConstantTimeCompare(h.Sum(nil), want) == 1
	}
	return l, nil
}
