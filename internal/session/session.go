// Package session knows who is signed in, in which browser, at which level.
//
// A session lives in the database, under the SHA-256 of a random token that
// only the browser has. What was read is remembered for a second: a session that
// was ended elsewhere, by another node or a command, is over here within that
// time, and so is one whose member may not come in any more since the register
// says so (security.md part 3, row 30), or the profile that was open in one. A session ended here is over at the next
// check.
package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/profile"
	"aditus/internal/store"
)

// tokenLength is that of access.NewSecret: anything else is not looked up.
const tokenLength = 52

// written is how often the time a session was last used goes to the database.
const written = time.Minute

// trusted is how long a remembered session is believed.
const trusted = time.Second

// most is how many sessions are remembered in each of the shards.
const (
	shards = 64
	most   = 4096
)

// A Service checks and ends sessions. Use New.
type Service struct {
	db     *store.DB
	now    func() time.Time
	skew   atomic.Int64  // the database's clock less this process's, ns
	ends   atomic.Uint64 // grows with each session ended: what was read before must not be remembered
	seed   maphash.Seed
	shards [shards]shard
}

type shard struct {
	mu  sync.RWMutex
	all map[key]*remembered
}

type key struct{ fund, id string }

type remembered struct {
	session access.Session // but for SeenAt
	loaded  time.Time
	seen    atomic.Int64 // Unix ms
	wrote   atomic.Int64 // the SeenAt in the database, Unix ms
}

// New makes a service. Now is the process's clock; where the database has its
// own, what they differ by is taken into account.
func New(db *store.DB, now func() time.Time) *Service {
	s := &Service{db: db, now: now, seed: maphash.MakeSeed()}
	for i := range s.shards {
		s.shards[i].all = map[key]*remembered{}
	}
	return s
}

// ID is what a token is stored as, or "" if it cannot be a token.
func ID(token string) string {
	if len(token) != tokenLength {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Start begins a session in tx and returns the token for the browser. The
// fund's rules say how long it may live.
func (s *Service) Start(tx *store.Tx, f *access.Fund, n access.Session, device string, where audit.Where) (token string, err error) {
	token = access.NewSecret()
	n.ID, n.Fund, n.EndsAt = ID(token), f.ID, tx.Now().Add(f.Session.Absolute)
	if n.Several, err = profile.Several(tx, f, n.Member); err != nil {
		return "", err
	}
	if err := tx.AddSession(n); err != nil {
		return "", err
	}
	return token, audit.Record(tx, audit.SignedIn{Member: n.Member, Session: n.ID, Method: n.Method, Level: string(n.Level), Device: device, Where: where})
}

// Choose opens one of the member's profiles in the session: all that is shown and
// acted on from then on is that person's. It refuses with profile_closed for a
// profile that is not the member's, or not any more, and with session_ended.
func (s *Service) Choose(ctx context.Context, f *access.Fund, sess access.Session, whose string) error {
	err := s.db.Write(ctx, f.ID, func(tx *store.Tx) error {
		m, err := tx.Member(sess.Member)
		if err != nil {
			return err
		}
		p, err := profile.Find(tx, f, m, whose)
		if err != nil {
			return err
		}
		if err := tx.ChooseProfile(sess.Member, sess.ID, p.Member.ID); errors.Is(err, store.ErrNone) {
			return access.Refuse("session_ended")
		} else if err != nil {
			return err
		}
		return audit.Record(tx, audit.ProfileChosen{Member: sess.Member, Session: sess.ID, Profile: p.Member.ID, For: p.For, Mandate: p.Mandate.ID})
	})
	s.forget(key{f.ID, sess.ID}) // also when the outcome is unknown: then it is read again
	return err
}

// Profiles are those that the session's member can choose from.
func (s *Service) Profiles(ctx context.Context, f *access.Fund, sess access.Session) (all []profile.Profile, err error) {
	err = s.db.Read(ctx, f.ID, func(tx *store.Tx) error {
		m, err := tx.Member(sess.Member)
		if err != nil {
			return err
		}
		all, err = profile.Of(tx, f, m)
		return err
	})
	return all, err
}

// Check finds the session of a token and notes that it was used. It refuses
// with session_ended when there is none, or its time is over.
func (s *Service) Check(ctx context.Context, f *access.Fund, token string) (access.Session, error) {
	id := ID(token)
	if id == "" {
		return access.Session{}, access.Refuse("session_ended")
	}
	k := key{f.ID, id}
	sh := &s.shards[maphash.String(s.seed, id)%shards]
	sh.mu.RLock()
	r := sh.all[k]
	sh.mu.RUnlock()
	local := s.now()
	if r == nil || local.Sub(r.loaded) >= trusted {
		var err error
		if r, err = s.load(ctx, f, sh, k, r); err != nil {
			return access.Session{}, err
		}
	}
	now := local.Add(time.Duration(s.skew.Load()))
	seen := time.UnixMilli(r.seen.Load())
	if !now.Before(r.session.EndsAt) || now.Sub(seen) >= f.Session.Idle {
		return access.Session{}, access.Refuse("session_ended")
	}
	r.seen.Store(now.UnixMilli())
	if wrote := r.wrote.Load(); now.UnixMilli()-wrote >= written.Milliseconds() && r.wrote.CompareAndSwap(wrote, now.UnixMilli()) {
		err := s.db.Write(ctx, f.ID, func(tx *store.Tx) error { return tx.SeenSession(id, now) })
		// On a full disk members go on reading (reliability.md F3): after a restart
		// the session may be over sooner, never later.
		if err != nil && !errors.Is(err, store.ErrFull) {
			return access.Session{}, err
		}
	}
	got := r.session
	got.SeenAt = now
	return got, nil
}

// load reads a session and remembers it, unless one was ended meanwhile.
func (s *Service) load(ctx context.Context, f *access.Fund, sh *shard, k key, old *remembered) (*remembered, error) {
	before := s.ends.Load()
	var got access.Session
	closed := false
	local := s.now()
	err := s.db.Read(ctx, k.fund, func(tx *store.Tx) (err error) {
		closed = false
		s.skew.Store(int64(tx.Now().Sub(local)))
		if got, err = tx.Session(k.id); err != nil || !got.EndedAt.IsZero() {
			return err
		}
		m, err := tx.Member(got.Member)
		if err != nil {
			return err
		}
		if closed = m.Access(f, tx.Now()) == "none"; closed || got.Whose() == got.Member {
			return nil
		}
		p, err := profile.Find(tx, f, m, got.Profile)
		if access.Refused(err, "profile_closed") { // the member chooses again
			got.Profile = ""
			return nil
		}
		if err != nil {
			return err
		}
		got.For, got.Person = p.For, p.Called()
		return nil
	})
	if errors.Is(err, store.ErrNone) || err == nil && (!got.EndedAt.IsZero() || closed) {
		s.forget(k)
		return nil, access.Refuse("session_ended")
	}
	if err != nil {
		return nil, err
	}
	r := &remembered{session: got, loaded: local}
	r.seen.Store(got.SeenAt.UnixMilli())
	if old != nil {
		r.seen.Store(max(got.SeenAt.UnixMilli(), old.seen.Load()))
	}
	r.wrote.Store(got.SeenAt.UnixMilli())
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if s.ends.Load() == before {
		if len(sh.all) >= most {
			clear(sh.all) // they are read again when they are used
		}
		sh.all[k] = r
	}
	return r, nil
}

// forget takes a session out of memory. It is called after the commit that
// ended it.
func (s *Service) forget(k key) {
	sh := &s.shards[maphash.String(s.seed, k.id)%shards]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s.ends.Add(1)
	delete(sh.all, k)
}

// End ends one of the member's sessions. It refuses with session_ended if it
// had ended already.
func (s *Service) End(ctx context.Context, f *access.Fund, member, id string) error {
	err := s.db.Write(ctx, f.ID, func(tx *store.Tx) error {
		if err := tx.EndSession(member, id); err != nil {
			return err
		}
		return audit.Record(tx, audit.SignedOut{Member: member, Session: id})
	})
	s.forget(key{f.ID, id}) // also when the outcome is unknown: then it is read again
	if errors.Is(err, store.ErrNone) {
		return access.Refuse("session_ended")
	}
	return err
}

// EndOthers ends the member's sessions but keep, in tx. The caller gives what
// is returned to Forget once tx has committed.
func (s *Service) EndOthers(tx *store.Tx, member, keep, why string) ([]string, error) {
	ended, err := tx.EndOtherSessions(member, keep)
	if err != nil || len(ended) == 0 {
		return nil, err
	}
	return ended, audit.Record(tx, audit.SessionsEnded{Member: member, Count: len(ended), Why: why})
}

// Forget takes sessions out of memory, after the commit that ended them.
func (s *Service) Forget(fund string, ids ...string) {
	for _, id := range ids {
		s.forget(key{fund, id})
	}
}
