// Package totp is the authenticator app: six digits made of a shared secret and
// the time (RFC 6238, over RFC 4226), with SHA-1 and steps of 30 seconds, because
// that is what every app knows (S-10). SHA-1 is no weakness here: HMAC does not
// rest on what was broken.
//
// A code is good once (RFC 6238 5.2; NIST SP 800-63B-4; security.md part 3, row
// 6). This package keeps nothing, so Verify returns the step that a code belongs
// to, and the store takes only a step above the last one it took.
package totp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

const (
	// Step is how long a code is shown.
	Step = 30 * time.Second
	// Digits are those of a code.
	Digits = 6
	// SecretLen is the length of a secret in bytes: 160 bits, as RFC 4226 4 R6
	// recommends; NIST asks for 112.
	SecretLen = 20
	// skew is how many steps a telephone's clock may be off, either way.
	skew = 1
)

// NewSecret makes the secret of one member's app. It is kept sealed
// (security.md part 7).
func NewSecret() []byte {
	secret := make([]byte, SecretLen)
	rand.Read(secret)
	return secret
}

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Text is the secret for who types it into the app: base32 in groups of four, as
// apps take it with or without blanks.
func Text(secret []byte) string {
	s := encoding.EncodeToString(secret)
	var groups []string
	for len(s) > 4 {
		groups, s = append(groups, s[:4]), s[4:]
	}
	return strings.Join(append(groups, s), " ")
}

// URI is what the QR code says to the app, in the Key Uri Format: the app shows
// issuer, the fund's name, and account, the member's user name. Algorithm, digits
// and period are what the format takes where nothing is said, and are left out:
// the fewer letters, the coarser the QR code, the surer an old camera.
func URI(issuer, account string, secret []byte) string {
	// A colon parts the two in the label, and an app that takes %3A for one as well
	// would cut at the wrong place.
	issuer = strings.ReplaceAll(issuer, ":", " ")
	account = strings.ReplaceAll(account, ":", " ")
	// Blanks must be %20: apps show the + of a form as it is.
	value := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	return "otpauth://totp/" + value(issuer) + ":" + value(account) + "?secret=" + encoding.EncodeToString(secret) + "&issuer=" + value(issuer)
}

// At is the number of the step that a time is in.
func At(now time.Time) int64 { return now.Unix() / int64(Step/time.Second) }

// Code is the code of a step.
func Code(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	from := sum[len(sum)-1] & 0x0f // RFC 4226 5.3
	n := binary.BigEndian.Uint32(sum[from:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", Digits, n%1_000_000)
}

// Verify reports whether what was typed is a code of now, of the step before or of
// the one after, and which step that is. The caller must refuse a step that is not
// above the last one taken, in the same statement that takes it.
//
// Blanks, dashes, dots and a leading # do not matter, as with every other code; so
// the same digits spelt otherwise are the same step. Should the code be right for
// two of the three steps, the later is returned, so that it is good once all the
// same. A secret that is shorter than SecretLen is never right.
func Verify(secret []byte, typed string, now time.Time) (step int64, ok bool) {
	code, formed := digits(typed)
	if !formed || len(secret) < SecretLen {
		return 0, false
	}
	for s := At(now) - skew; s <= At(now)+skew; s++ {
		if subtle.ConstantTimeCompare([]byte(Code(secret, s)), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// digits reads what was typed or pasted. Only ASCII digits are digits.
func digits(typed string) (code string, ok bool) {
	typed = strings.TrimSpace(typed)
	if len(typed) > 64 {
		return "", false
	}
	var b strings.Builder
	for i, r := range typed {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case r == ' ' || r == '-' || r == '.' || r == '\u00a0' || r == '\u2011' || r == '\t' || r == '#' && i == 0:
		default:
			return "", false
		}
	}
	return b.String(), b.Len() == Digits
}
