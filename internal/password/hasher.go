// Package password keeps members' passwords: it hashes and verifies them under
// load without giving up memory or time (Hasher), and says which new ones are
// refused (Check).
//
// A password is normalised with NFKC before anything else, so that the same
// letters typed on two keyboards are one password (NIST SP 800-63B-4 3.1.1.2). It
// is then hashed whole with Argon2id and peppered with a key the database does
// not hold. The stored text says all that is needed to verify it:
//
//	$argon2id$v=19$m=19456,t=2,p=1,keyid=4jq7xk2a$<salt>$<HMAC of the hash>
//
// What other systems wrote, without keyid or of another kind altogether, verifies
// too, and is stale (Legacy).
//
// The work is the same whether the person is unknown, the password wrong or
// right, so that time tells nothing (security.md part 6).
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"aditus/internal/keys"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// What a caller can do something about.
var (
	// ErrBusy: too many are waiting to be hashed, or the wait was too long. The
	// web answers 503 with Retry-After.
	ErrBusy = errors.New("password: too many sign-ins at once")
	// ErrTooLong: more than any password may have; nothing was computed. The web
	// answers 400 (security.md part 3, row 14).
	ErrTooLong = errors.New("password: longer than a password may be")
)

const (
	// MaxBytes is the longest password, in bytes of its NFKC form.
	MaxBytes = 256
	// maxTyped is the longest text that is looked at at all. Between the two a
	// sign-in is simply wrong, after equal work. Four times MaxBytes, because the
	// typed form of the same letters may be three times as long as the NFKC form.
	maxTyped = 1024

	saltLen = 16
	hashLen = 32
)

// Params are the costs of Argon2id (RFC 9106).
type Params struct{ MemoryKiB, Time, Threads uint32 }

// Default is OWASP's first choice: 19 MiB, two passes, one thread.
var Default = Params{MemoryKiB: 19 * 1024, Time: 2, Threads: 1}

// The shipped limits of the queue before the hash (security.md part 5, row KDF).
const (
	DefaultQueue = 32
	DefaultWait  = 2 * time.Second
)

// A Hasher hashes and verifies passwords, a few at a time. It is safe for
// concurrent use.
type Hasher struct {
	params Params
	pepper *keys.Pepper
	queue  *queue
	memory *arenas
	dummy  stored                   // stands for the person who is not there
	decoys atomic.Pointer[[]legacy] // stand for the imported hashes that somebody else may have
	kdf    func(password, salt []byte, time, memory uint32, threads uint8, keyLen uint32) []byte
	old    func(l *legacy, password []byte) bool
}

// NewHasher makes a Hasher. Zero values mean Default, one slot a core,
// DefaultQueue and DefaultWait; a negative queue means that nobody waits.
func NewHasher(params Params, slots, waiting int, wait time.Duration, pepper *keys.Pepper) *Hasher {
	if params == (Params{}) {
		params = Default
	}
	if slots == 0 {
		slots = runtime.GOMAXPROCS(0)
	}
	if waiting == 0 {
		waiting = DefaultQueue
	}
	if wait == 0 {
		wait = DefaultWait
	}
	h := &Hasher{
		params: params,
		pepper: pepper,
		queue:  newQueue(slots, max(waiting, 0), wait),
		memory: &arenas{},
		dummy:  stored{params: params, keyID: pepper.ID(), salt: make([]byte, saltLen), hash: make([]byte, hashLen)},
		kdf:    argon2.IDKey,
		old:    func(l *legacy, password []byte) bool { return l.matches(password) },
	}
	h.decoys.Store(&[]legacy{})
	// Random, so that no password is the dummy's.
	rand.Read(h.dummy.salt)
	rand.Read(h.dummy.hash)
	return h
}

// Hash makes the text to store for a new password. The rules of the fund are
// Check's. Errors: ErrTooLong above MaxBytes, ErrBusy, the context's.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > maxTyped {
		return "", ErrTooLong
	}
	normal := norm.NFKC.String(password)
	if len(normal) > MaxBytes {
		return "", ErrTooLong
	}
	s := stored{params: h.params, keyID: h.pepper.ID(), salt: make([]byte, saltLen), hash: make([]byte, hashLen)}
	rand.Read(s.salt)
	hash, err := h.compute(ctx, s, normal)
	if err != nil {
		return "", err
	}
	s.hash = hash
	return s.String(), nil
}

// Verify reports whether the password is the one the stored text was made from.
// stale says that it was made with other parameters or another pepper than
// today's, or by another system: when ok, hash the password again and store that.
// An empty text stands for an unknown person: equal work, never ok. Errors:
// ErrTooLong, ErrBusy, the context's, or a fault of the stored text.
func (h *Hasher) Verify(ctx context.Context, phc, password string) (ok, stale bool, err error) {
	if len(password) > maxTyped {
		return false, false, ErrTooLong
	}
	s := h.dummy
	if phc != "" {
		if !peppered(phc) {
			return h.verifyLegacy(ctx, phc, password)
		}
		if s, err = parse(phc); err != nil {
			return false, false, err
		}
	}
	normal := norm.NFKC.String(password)
	if err := h.queue.enter(ctx); err != nil {
		return false, false, err
	}
	defer h.queue.leave()
	hash, err := h.derive(s, normal)
	if err != nil {
		return false, false, err
	}
	right := subtle.ConstantTimeCompare(hash, s.hash) == 1
	ok = right && phc != "" && len(normal) <= MaxBytes
	if !ok {
		h.refuse(password, 0)
	}
	return ok, s.params != h.params || s.keyID != h.pepper.ID(), nil
}

// Dummy does the work of a Verify for nobody, so that the answer about an unknown
// person takes as long as any. Errors as Verify.
func (h *Hasher) Dummy(ctx context.Context, password string) error {
	_, _, err := h.Verify(ctx, "", password)
	return err
}

// compute takes a slot, hashes and peppers.
func (h *Hasher) compute(ctx context.Context, s stored, normal string) ([]byte, error) {
	if err := h.queue.enter(ctx); err != nil {
		return nil, err
	}
	defer h.queue.leave()
	return h.derive(s, normal)
}

// derive hashes and peppers. The caller has the turn.
func (h *Hasher) derive(s stored, normal string) ([]byte, error) {
	h.memory.take(int(s.params.MemoryKiB) << 10)
	defer h.memory.drop()
	hash := h.kdf([]byte(normal), s.salt, s.params.Time, s.params.MemoryKiB, uint8(s.params.Threads), uint32(len(s.hash)))
	hash, err := h.pepper.Apply(s.keyID, hash)
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	return hash, nil
}
