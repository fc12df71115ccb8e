package keys

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
)

// What can be wrong with a sealed value.
var (
	// ErrSealed: the value was changed, cut, or sealed for another place.
	ErrSealed = errors.New("the sealed value is damaged or belongs elsewhere")
	// ErrUnknownKey: the value names a key the key file does not hold.
	ErrUnknownKey = errors.New("the sealed value needs a key that is not in the key file")
	// ErrErased: the person's salt is gone, so the value is gone for good.
	ErrErased = errors.New("the person's salt was dropped: the value is erased")
)

// SaltLen is the length in bytes of a person's salt.
const SaltLen = 32

// A sealed value is
//
//	1 byte    form: plainForm or personForm
//	5 bytes   id of the seal key
//	24 bytes  nonce, random
//	n bytes   ciphertext
//	16 bytes  tag
//
// The tag also covers form, key id, fund, table, column and row, each of the
// last four with its length before it. So a value copied to another place does
// not open, and neither does one whose parts were shifted between the names.
const (
	plainForm  = 1
	personForm = 2

	headLen  = 1 + kidLen + nonceLen
	tagLen   = 16
	overhead = headLen + tagLen
)

// Seal encrypts a value for one place: this fund's table, column and row. The
// same value sealed twice differs. Safe for concurrent use.
func (f *Fund) Seal(table, column, row string, plain []byte) []byte {
	return f.seal(plainForm, f.now.x, table, column, row, plain)
}

// Open gives back what Seal encrypted for the same place, under whichever key of
// the ring did it. Errors: ErrSealed, ErrUnknownKey.
func (f *Fund) Open(table, column, row string, sealed []byte) ([]byte, error) {
	key, err := f.keyOf(plainForm, sealed)
	if err != nil {
		return nil, fmt.Errorf("%s.%s: %w", table, column, err)
	}
	return f.open(key.x, table, column, row, sealed)
}

// SealPerson is Seal for a personal value that must be erasable where it stands,
// as in the audit trail: the key also needs the person's random salt of SaltLen
// bytes, which the database keeps in one row. Drop that row and nobody can read
// the value again, while the chain of hashes over it stays whole. It panics on a
// salt of another length: a value sealed under no salt could never be erased.
func (f *Fund) SealPerson(salt []byte, table, column, row string, plain []byte) []byte {
	if len(salt) != SaltLen {
		panic(fmt.Sprintf("keys: a person's salt has %d bytes, not %d", SaltLen, len(salt)))
	}
	return f.seal(personForm, f.now.ofPerson(salt), table, column, row, plain)
}

// OpenPerson gives back what SealPerson encrypted. Errors: ErrErased when there
// is no salt any more, ErrSealed (also for another person's salt), ErrUnknownKey.
func (f *Fund) OpenPerson(salt []byte, table, column, row string, sealed []byte) ([]byte, error) {
	if len(salt) != SaltLen {
		return nil, fmt.Errorf("%s.%s: %w", table, column, ErrErased)
	}
	key, err := f.keyOf(personForm, sealed)
	if err != nil {
		return nil, fmt.Errorf("%s.%s: %w", table, column, err)
	}
	return f.open(key.ofPerson(salt), table, column, row, sealed)
}

// SealedBy tells which key sealed a value, so that rows can be counted by key
// before an old one is dropped. It does not say that the value opens.
func SealedBy(sealed []byte) (kid string, ok bool) {
	if len(sealed) < overhead || (sealed[0] != plainForm && sealed[0] != personForm) {
		return "", false
	}
	return text32.EncodeToString(sealed[1 : 1+kidLen]), true
}

func (f *Fund) seal(form byte, x xaes, table, column, row string, plain []byte) []byte {
	out := make([]byte, headLen, overhead+len(plain))
	out[0] = form
	copy(out[1:], f.now.kid[:])
	nonce := out[1+kidLen : headLen]
	rand.Read(nonce) // never fails: the runtime stops the program instead
	return x.seal(out, nonce, plain, f.place(out, table, column, row))
}

func (f *Fund) open(x xaes, table, column, row string, sealed []byte) ([]byte, error) {
	// Never nil for an empty value: nil would read as NULL in a database.
	plain := make([]byte, 0, len(sealed)-overhead)
	plain, err := x.open(plain, sealed[1+kidLen:headLen], sealed[headLen:], f.place(sealed, table, column, row))
	if err != nil {
		return nil, fmt.Errorf("%s.%s: %w", table, column, ErrSealed)
	}
	return plain, nil
}

// keyOf finds the key that sealed a value of the given form.
func (f *Fund) keyOf(form byte, sealed []byte) (*sealKey, error) {
	if len(sealed) < overhead || sealed[0] != form {
		return nil, ErrSealed
	}
	key, ok := f.sealKeys[[kidLen]byte(sealed[1:1+kidLen])]
	if !ok {
		return nil, ErrUnknownKey
	}
	return key, nil
}

// place is what a sealed value is bound to besides its key.
func (f *Fund) place(head []byte, table, column, row string) []byte {
	b := make([]byte, 0, 128)
	b = append(b, head[:1+kidLen]...)
	return appendParts(b, f.id, table, column, row)
}

// appendParts writes each part with its length before it, so that no two lists
// of parts make the same bytes.
func appendParts(b []byte, parts ...string) []byte {
	for _, p := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return b
}
