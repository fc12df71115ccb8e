package challenge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/passkey"
	"aditus/internal/store"
)

// KeyLife is how long a browser has to answer with a passkey (security.md part 1).
const KeyLife = 5 * time.Minute

// Site is where passkeys of the fund are good that a browser at origin
// («https://host:port», the port only if there is one) is asked for: the host is
// the relying party. Each host of a fund has its own.
func Site(f *access.Fund, origin string) (*passkey.Site, error) {
	host := Host(origin)
	site, err := passkey.NewSite(host, f.Name, origin)
	if err != nil {
		return nil, fmt.Errorf("fund %s: %w", f.ID, err)
	}
	return site, nil
}

// Host is the host of an origin.
func Host(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	host, _, _ = strings.Cut(host, ":")
	return host
}

// Usable are those of a member's keys that are good at a host, as the package
// passkey wants to see them.
func Usable(all []access.Passkey, host string) (keys []passkey.Key) {
	for _, p := range all {
		if p.Host == host && p.MutedAt.IsZero() {
			keys = append(keys, passkey.Key{ID: p.Credential, Data: p.Data})
		}
	}
	return keys
}

// AskKey opens a challenge that one of the member's passkeys answers, and returns
// the options for the browser. Nothing is sent, and no code that lives is touched;
// an earlier challenge of the same member and purpose gives way. It refuses with
// passkey_none if the member has none for the browser's host, and with code_paused
// after too many answers that were wrong: those of codes do not count here.
func (s *Service) AskKey(tx *store.Tx, f *access.Fund, q access.Question, origin string) (c access.Challenge, options []byte, refusal *access.Refusal, err error) {
	if q.Fund != tx.Fund() {
		return c, nil, nil, fmt.Errorf("question of fund %q asked in %q", q.Fund, tx.Fund())
	}
	t, err := tx.Throttle(pauseKey(tx, q))
	if err != nil {
		return c, nil, nil, err
	}
	if t.FreeAt.After(tx.Now()) {
		return c, nil, access.Refuse("code_paused", access.TimeArg("time", access.ArgTime, t.FreeAt)), s.refused(tx, q, "paused")
	}
	all, err := tx.Passkeys(q.Member)
	if err != nil {
		return c, nil, nil, err
	}
	keys := Usable(all, Host(origin))
	if len(keys) == 0 {
		return c, nil, access.Refuse("passkey_none"), nil
	}
	site, err := Site(f, origin)
	if err != nil {
		return c, nil, nil, err
	}
	options, session, err := site.Ask(passkey.Member{ID: q.Member}, keys)
	if err != nil {
		return c, nil, nil, err
	}
	now := tx.Now()
	c = access.Challenge{ID: access.NewID(now), Question: q, Kind: access.ByPasskey, Left: 1, State: access.ChallengeOpen, IssuedAt: now, ExpiresAt: now.Add(KeyLife)}
	c.MAC = sealSecret(tx, c.ID, session)
	if _, err := place(tx, c, now); err != nil {
		return c, nil, nil, err
	}
	return c, options, nil, audit.Record(tx, audit.CodeAsked{Member: q.Member, Challenge: c.ID, Purpose: q.Purpose, Kind: string(c.Kind)})
}

// A KeyAnswer is what a browser said to AskKey.
type KeyAnswer struct {
	Origin string // of its page
	Lang   string // in which the member is told, should the key be a copy
	JSON   []byte
}

// AnswerKey hears the answer to AskKey. The challenge's one try is taken in a
// commit of its own before the answer is looked at: whatever becomes of it, nobody
// hears another answer to the same challenge. It refuses with passkey_over if there
// is no challenge to answer, and with passkey_refused if the answer is not right.
func (s *Service) AnswerKey(ctx context.Context, f *access.Fund, q access.Question, a KeyAnswer) (Proof, error) {
	var c access.Challenge
	var all []access.Passkey
	var session []byte
	var said error
	err := s.DB.Write(ctx, q.Fund, func(tx *store.Tx) (err error) {
		said = nil
		c, err = tx.TryChallenge(q, pauseKey(tx, q))
		if errors.Is(err, store.ErrNone) || err == nil && (c.State != access.ChallengeOpen || c.Kind != access.ByPasskey) {
			said = access.Refuse("passkey_over")
			return s.refused(tx, q, "closed")
		}
		if err != nil {
			return err
		}
		if session, err = tx.Keys().Open("challenge", "mac", c.ID, c.MAC); err != nil {
			return fmt.Errorf("challenge %s: %w", c.ID, err)
		}
		all, err = tx.Passkeys(q.Member)
		return err
	})
	if err == nil {
		err = said
	}
	if err != nil {
		return Proof{}, err
	}
	used, wrong := Judge(f, a.Origin, session, a.JSON, q.Member, all)
	if wrong != nil && !errors.Is(wrong, passkey.ErrRefused) {
		return Proof{}, wrong
	}
	err = s.DB.Write(ctx, q.Fund, func(tx *store.Tx) error {
		wrong := wrong // f may run again
		if wrong == nil {
			if err := tx.UsePasskey(used); errors.Is(err, store.ErrNone) {
				wrong = passkey.ErrRefused // taken away, or used, as we looked
			} else if err != nil {
				return err
			}
		}
		if err := audit.Record(tx, audit.CodeAnswered{Member: q.Member, Challenge: c.ID, Right: wrong == nil}); err != nil {
			return err
		}
		if wrong == nil {
			said = nil
			return errors.Join(tx.PassChallenge(c.ID), tx.FreeThrottle(pauseKey(tx, q)))
		}
		said = access.Refuse("passkey_refused")
		if errors.Is(wrong, passkey.ErrCopied) {
			if err := s.Mute(tx, used, a.Lang); err != nil {
				return err
			}
		}
		return errors.Join(tx.EndChallenge(c.ID, access.ChallengeBurnt), s.countWrong(tx, pauseKey(tx, q)))
	})
	if err == nil {
		err = said
	}
	if err != nil {
		return Proof{}, err
	}
	return Proof{c.ID, q, c.Kind, used.ID}, nil
}

// Judge looks at an answer with what was kept of its question and all keys of the
// member, and returns the key that answered as it must be kept from now on. The
// error is passkey.ErrRefused for what is not right; with passkey.ErrCopied comes
// the key that was copied.
func Judge(f *access.Fund, origin string, session, answer []byte, member string, all []access.Passkey) (access.Passkey, error) {
	site, err := Site(f, origin)
	if err != nil {
		return access.Passkey{}, err
	}
	key, err := site.Answered(session, answer, passkey.Member{ID: member}, Usable(all, Host(origin)))
	id := key.ID
	if errors.Is(err, passkey.ErrCopied) {
		if _, id, _ = passkey.Claim(answer); id == nil {
			return access.Passkey{}, err
		}
	} else if err != nil {
		return access.Passkey{}, err
	}
	i := slices.IndexFunc(all, func(p access.Passkey) bool { return p.Host == Host(origin) && slices.Equal(p.Credential, id) })
	if i < 0 {
		return access.Passkey{}, fmt.Errorf("%w: none of the member's", passkey.ErrRefused)
	}
	p := all[i]
	p.Data = key.Data
	return p, err
}

// Mute has a key that was copied answer nothing any more, and tells its member in
// the language that is being read.
func (s *Service) Mute(tx *store.Tx, p access.Passkey, lang string) error {
	err := tx.MutePasskey(p.Member, p.ID)
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := audit.Record(tx, audit.PasskeyMuted{Member: p.Member, Passkey: p.ID}); err != nil || s.Muted == nil {
		return err
	}
	return s.Muted(tx, p, lang)
}
