// Package passkey is signing in and confirming with a passkey (WebAuthn level 3;
// issue 3, 6), on go-webauthn. Each step is a function of what it is given:
//
//	Register  -> options for the page's script, and a session to keep
//	Registered   the session and the script's answer -> a Key to keep
//	Ask, AskAnyone -> options, and a session to keep
//	Answered     the session, the answer and the member's keys -> the key that answered
//
// A session answers once. The package keeps nothing and cannot know: whoever calls
// Registered or Answered must first have deleted the session in a transaction of its
// own, or the same answer is good twice. The session's life, too, is that of its row.
//
// User verification (a finger, a face, the device's PIN) is asked for and checked:
// a passkey then is two factors. Attestation is not asked for, because which
// maker's device a member has is nobody's business.
package passkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// ErrRefused is every answer that is not right: of another site, session, member or
// key, without user verification, badly signed, or no answer at all. What it wraps
// is for the log.
var ErrRefused = errors.New("passkey: refused")

// ErrCopied is the answer of a key that counts its uses and has counted backwards:
// there are two of it. It is an ErrRefused.
var ErrCopied = fmt.Errorf("%w: the key seems to have been copied", ErrRefused)

// maxAnswer is more than any answer has; an attestation with its certificates is
// the longest.
const maxAnswer = 64 << 10

// A Site is where passkeys are good. It is safe for concurrent use.
type Site struct{ w *webauthn.WebAuthn }

// NewSite makes the site of a host, with the fund's name as devices show it and the
// origins its pages come from («https://host», with the port if there is one): of
// the host or below it, since browsers accept no other.
func NewSite(host, name string, origins ...string) (*Site, error) {
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil {
			return nil, fmt.Errorf("passkey: %w", err)
		}
		under := host != "" && (u.Hostname() == host || strings.HasSuffix(u.Hostname(), "."+host))
		if !under || u.Scheme != "https" && u.Scheme != "http" || origin != u.Scheme+"://"+u.Host {
			return nil, fmt.Errorf("passkey: %q is no origin of the host %q", origin, host)
		}
	}
	if len(origins) == 0 {
		return nil, fmt.Errorf("passkey: the host %q has no origin", host)
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: name, RPOrigins: origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkey: %w", err)
	}
	return &Site{w}, nil
}

// A Member is whom keys belong to. ID is what the device keeps and gives back with
// an answer to AskAnyone; it tells nothing about the person. Name is what the
// device shows: the user name.
type Member struct{ ID, Name string }

// A Key is one passkey of a member.
type Key struct {
	ID []byte // public; a key is found by it
	// Data is the whole record, 1 to 2 KB of JSON, and is stored as it is: flags and
	// counter in it are compared at the next answer. Keep it sealed.
	Data []byte
	// Synced says that the key may be on other devices of its owner too.
	Synced bool
}

// Register begins the making of a key for a member who has others already, which
// are not made again on the same device. It returns the options for
// navigator.credentials.create, as JSON, and the session.
func (s *Site) Register(m Member, has []Key) (options, session []byte, err error) {
	u, err := userOf(m, has)
	if err != nil {
		return nil, nil, err
	}
	creation, data, err := s.w.BeginRegistration(u, webauthn.WithExclusions(webauthn.Credentials(u.keys).CredentialDescriptors()))
	if err != nil {
		return nil, nil, fmt.Errorf("passkey: %w", err)
	}
	return both(creation, data)
}

// Registered ends it: the key to keep, or ErrRefused. The store must refuse a key
// whose ID it knows already, of whatever member.
func (s *Site) Registered(session, answer []byte, m Member) (Key, error) {
	data, err := sessionOf(session)
	if err != nil {
		return Key{}, err
	}
	if len(answer) > maxAnswer {
		return Key{}, fmt.Errorf("%w: %d bytes", ErrRefused, len(answer))
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Key{}, refused(err)
	}
	key, err := s.w.CreateCredential(user{Member: m}, data, parsed)
	if err != nil {
		return Key{}, refused(err)
	}
	return keyOf(key)
}

// Ask begins an answer by a member who is known, to sign in or to confirm: any of
// the keys will do, and there must be one. It returns the options for
// navigator.credentials.get, as JSON, and the session.
func (s *Site) Ask(m Member, has []Key) (options, session []byte, err error) {
	u, err := userOf(m, has)
	if err != nil {
		return nil, nil, err
	}
	assertion, data, err := s.w.BeginLogin(u)
	if err != nil {
		return nil, nil, fmt.Errorf("passkey: %w", err)
	}
	return both(assertion, data)
}

// AskAnyone begins an answer by somebody who is not known yet: the device offers
// the passkeys it has for the site. Claim says who answers.
func (s *Site) AskAnyone() (options, session []byte, err error) {
	assertion, data, err := s.w.BeginDiscoverableLogin()
	if err != nil {
		return nil, nil, fmt.Errorf("passkey: %w", err)
	}
	return both(assertion, data)
}

// Claim reads whom an answer to AskAnyone claims to be by, so that the keys of that
// member can be looked up for Answered. Nothing is proved by it.
func Claim(answer []byte) (member string, key []byte, err error) {
	parsed, err := parseAnswer(answer)
	if err != nil {
		return "", nil, err
	}
	return string(parsed.Response.UserHandle), parsed.RawID, nil
}

// Answered ends Ask and AskAnyone. It returns the key that answered, as it must be
// stored from now on, or ErrRefused.
func (s *Site) Answered(session, answer []byte, m Member, has []Key) (Key, error) {
	data, err := sessionOf(session)
	if err != nil {
		return Key{}, err
	}
	u, err := userOf(m, has)
	if err != nil {
		return Key{}, err
	}
	parsed, err := parseAnswer(answer)
	if err != nil {
		return Key{}, err
	}
	var key *webauthn.Credential
	if len(data.UserID) > 0 {
		key, err = s.w.ValidateLogin(u, data, parsed)
	} else {
		_, key, err = s.w.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) { return u, nil }, data, parsed)
	}
	if err != nil {
		return Key{}, refused(err)
	}
	if key.Authenticator.CloneWarning {
		return Key{}, ErrCopied
	}
	return keyOf(key)
}

// parseAnswer reads an answer to Ask or AskAnyone.
func parseAnswer(answer []byte) (*protocol.ParsedCredentialAssertionData, error) {
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("%w: %d bytes", ErrRefused, len(answer))
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, refused(err)
	}
	return parsed, nil
}

// refused wraps what the library complains of, with what it has for developers.
func refused(err error) error {
	if e, ok := errors.AsType[*protocol.Error](err); ok && e.DevInfo != "" {
		return fmt.Errorf("%w: %w (%s)", ErrRefused, err, e.DevInfo)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}

// both writes the options and the session.
func both(options any, data *webauthn.SessionData) (o, s []byte, err error) {
	if o, err = json.Marshal(options); err == nil {
		s, err = json.Marshal(data)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("passkey: %w", err)
	}
	return o, s, nil
}

// sessionOf reads a session that both wrote.
func sessionOf(session []byte) (data webauthn.SessionData, err error) {
	d := json.NewDecoder(bytes.NewReader(session))
	d.DisallowUnknownFields()
	if err := d.Decode(&data); err != nil {
		return data, fmt.Errorf("passkey: the stored session: %w", err)
	}
	return data, nil
}

// keyOf writes a key.
func keyOf(c *webauthn.Credential) (Key, error) {
	data, err := json.Marshal(c)
	if err != nil {
		return Key{}, fmt.Errorf("passkey: %w", err)
	}
	return Key{ID: c.ID, Data: data, Synced: c.Flags.BackupEligible}, nil
}

// A user is a member as the library wants to see one.
type user struct {
	Member
	keys []webauthn.Credential
}

// userOf reads a member's keys.
func userOf(m Member, has []Key) (user, error) {
	u := user{Member: m}
	for _, k := range has {
		var c webauthn.Credential
		if err := json.Unmarshal(k.Data, &c); err != nil {
			return u, fmt.Errorf("passkey: a stored key: %w", err)
		}
		u.keys = append(u.keys, c)
	}
	return u, nil
}

// WebAuthnID is the member's ID.
func (u user) WebAuthnID() []byte { return []byte(u.ID) }

// WebAuthnName is what the device shows.
func (u user) WebAuthnName() string { return u.Name }

// WebAuthnDisplayName is what the device shows.
func (u user) WebAuthnDisplayName() string { return u.Name }

// WebAuthnCredentials are the member's keys.
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.keys }
