package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// stored is a password as we put it into the database. What other systems made is
// a legacy.
type stored struct {
	params     Params
	keyID      string // of the pepper
	salt, hash []byte
}

var encoding = base64.RawStdEncoding.Strict()

// String writes the PHC string.
func (s stored) String() string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d,keyid=%s$%s$%s",
		s.params.MemoryKiB, s.params.Time, s.params.Threads, s.keyID,
		encoding.EncodeToString(s.salt), encoding.EncodeToString(s.hash))
}

// phcForm is the one form that is read. The numbers are short, so none overflows.
// Its long repetitions are a third of a megabyte: compiled when the first hash is read.
var phcForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\$argon2id\$v=19\$m=([1-9][0-9]{0,6}),t=([1-9][0-9]?),p=([1-9][0-9]?),keyid=([a-z2-7.]{1,200})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$`)
})

// peppered tells our own texts from those of other systems, which have no pepper
// of ours: Legacy reads no text that begins like this and names a key.
func peppered(text string) bool {
	return strings.HasPrefix(text, "$argon2id$") && strings.Contains(text, ",keyid=")
}

// Bounds of what a stored text may ask for: nobody who can write to the database
// must be able to take the machine's memory.
const (
	maxMemoryKiB = 256 << 10
	maxTime      = 16
	maxThreads   = 16
)

// parse reads a PHC string. The error never shows it.
func parse(phc string) (s stored, err error) {
	m := phcForm().FindStringSubmatch(phc)
	if m == nil {
		return s, errors.New("password: the stored hash is not an Argon2id text")
	}
	number := func(text string) uint32 {
		n, _ := strconv.ParseUint(text, 10, 32) // the form admits nothing else
		return uint32(n)
	}
	s.params = Params{MemoryKiB: number(m[1]), Time: number(m[2]), Threads: number(m[3])}
	if p := s.params; p.MemoryKiB > maxMemoryKiB || p.Time > maxTime || p.Threads > maxThreads || p.MemoryKiB < 8*p.Threads {
		return s, errors.New("password: the costs of the stored hash are out of bounds")
	}
	s.keyID = m[4]
	if s.salt, err = encoding.DecodeString(m[5]); err != nil {
		return s, errors.New("password: the salt of the stored hash is not base64")
	}
	if s.hash, err = encoding.DecodeString(m[6]); err != nil {
		return s, errors.New("password: the stored hash is not base64")
	}
	if len(s.hash) != hashLen {
		return s, fmt.Errorf("password: a peppered hash has %d bytes", hashLen)
	}
	return s, nil
}
