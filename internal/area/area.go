// Package area is what a member reads of themselves: the position, the contacts,
// the sessions and devices, what happened. It changes nothing but to end a
// session or forget a device.
package area

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/session"
	"aditus/internal/store"
	"aditus/internal/trust"
)

// A Service reads for members.
type Service struct {
	DB       *store.DB
	Sessions *session.Service
}

// An Overview is what the first page shows.
type Overview struct {
	Member     access.Member  // whose profile is open in the session
	Access     string         // what they may do
	Acts       []access.Act   // that they may ask for
	Channel    access.Channel // its ID is "" if none is active
	Enrolment  access.Enrolment
	Operations []access.Operation // the latest few
	Last       *access.Session    // the session before this one
}

// Overview reads the first page for a session.
func (s *Service) Overview(ctx context.Context, f *access.Fund, sess access.Session) (o Overview, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		o = Overview{}
		if o.Member, err = owner(tx, f, sess); err != nil {
			return err
		}
		o.Access, o.Acts = o.Member.Access(f, tx.Now()), o.Member.Acts(f, tx.Now(), sess.For)
		if o.Channel, err = tx.Channel(sess.Member); err != nil {
			return err
		}
		if o.Enrolment, err = tx.Enrolment(sess.Member); err != nil {
			return err
		}
		all, err := tx.OperationsOf(sess.Whose(), 5)
		if err != nil {
			return err
		}
		o.Operations = slices.DeleteFunc(all, func(op access.Operation) bool { return !op.ShownTo(sess.Member) })
		before, err := tx.SessionsOf(sess.Member, 10)
		for i := range before {
			if before[i].ID != sess.ID && before[i].StartedAt.Before(sess.StartedAt) {
				o.Last = &before[i]
				break
			}
		}
		return err
	})
	return o, err
}

// member reads a person as they may see themselves. Where an access is made with a
// letter, that is the contracts whose letters were shown (S-24): one that comes
// later, or was found in the same drawer, shows nothing by itself.
func member(tx *store.Tx, f *access.Fund, id string) (access.Member, error) {
	m, err := tx.Member(id)
	if err != nil {
		return m, err
	}
	if _, letters := f.Flow("enrol"); !letters || len(m.Entries) < 2 {
		return m, nil
	}
	opened, err := tx.OpenedEntries(id)
	if err != nil || len(opened) == 0 { // let in by somebody else than a letter
		return m, err
	}
	m.Entries = slices.DeleteFunc(m.Entries, func(e access.Entry) bool { return !slices.Contains(opened, e.ID) })
	return m, nil
}

// Person reads whose profile is open in the session, and the acts that may be asked
// for in it.
func (s *Service) Person(ctx context.Context, f *access.Fund, sess access.Session) (m access.Member, acts []access.Act, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		if m, err = owner(tx, f, sess); err == nil {
			acts = m.Acts(f, tx.Now(), sess.For)
		}
		return err
	})
	return m, acts, err
}

// owner is whose profile is open, as the session's member may see them.
func owner(tx *store.Tx, f *access.Fund, sess access.Session) (access.Member, error) {
	m, err := member(tx, f, sess.Whose())
	if sess.For == access.ProfileMandate {
		m = m.Through()
	}
	if open := m.Open(f, tx.Now()); len(open.Entries) > 0 {
		m = open
	}
	return m, err
}

// Member reads the person and the channel in use.
func (s *Service) Member(ctx context.Context, f *access.Fund, id string) (m access.Member, c access.Channel, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		if m, err = member(tx, f, id); err != nil {
			return err
		}
		c, err = tx.Channel(id)
		return err
	})
	return m, c, err
}

// An Access is one sign-in, or one that failed.
type Access struct {
	At     time.Time
	OK     bool
	Method string // of a session
	Agent  string // browser and system, "" if erased
	Place  Place
}

// A Place is where a browser was, as far as that can be said without asking
// anybody: the network it came from. A town would be a guess.
type Place struct {
	Network string // the beginning of its address, "" if that is not known any more
	Same    bool   // it is the network of whoever asks
}

// A Safety is what the security page shows.
type Safety struct {
	Channel  access.Channel
	Password access.Credential // without the hash
	PIN      access.PIN        // without the hash; MadeAt is zero if there is none
	Accesses []Access
	Sessions []access.Session // those that live, the newest first
	Devices  []access.Device  // browsers that are known, the latest first
	Places   map[string]Place // of sessions, as far back as Accesses go
	Mobile   *trust.Mobile    // nil where the fund has no flow to make it reliable
	Earn     bool             // it can be made so
}

// Safety reads the security page for a session that asks from an address.
func (s *Service) Safety(ctx context.Context, f *access.Fund, sess access.Session, from string) (y Safety, err error) {
	err = s.DB.Read(ctx, f.ID, func(tx *store.Tx) (err error) {
		y = Safety{Places: map[string]Place{}}
		if y.Channel, err = tx.Channel(sess.Member); err != nil {
			return err
		}
		if y.Password, err = tx.Password(sess.Member); err != nil {
			return err
		}
		y.Password.Hash = ""
		if y.PIN, err = tx.PIN(sess.Member); err != nil {
			return err
		}
		y.PIN.Hash = ""
		if _, ok := f.Flow("trust_mobile"); ok {
			m, err := tx.Member(sess.Member)
			if err != nil {
				return err
			}
			mobile, err := trust.Of(tx, f, m)
			if err != nil {
				return err
			}
			y.Mobile, y.Earn = &mobile, trust.Earnable(mobile) == nil
		}
		all, err := tx.SessionsOf(sess.Member, 50)
		if err != nil {
			return err
		}
		for _, other := range all {
			if other.EndedAt.IsZero() && tx.Now().Before(other.EndsAt) && tx.Now().Sub(other.SeenAt) < f.Session.Idle || other.ID == sess.ID {
				y.Sessions = append(y.Sessions, other)
			}
		}
		if y.Devices, err = tx.DevicesOf(sess.Member, 50); err != nil {
			return err
		}
		events, err := tx.EventsOf(sess.Member, 20, audit.KindSignedIn, audit.KindSignInFailed)
		for _, e := range events {
			a := Access{At: time.UnixMilli(e.At).UTC(), OK: e.Kind == audit.KindSignedIn}
			var in audit.SignedIn
			if a.OK {
				if err := audit.Read(e, &in); err != nil {
					return err
				}
				a.Method = in.Method
			}
			var where audit.Where
			if _, err := audit.Personal(tx, e, &where); err != nil {
				return err
			}
			a.Agent = where.Agent
			a.Place = Place{network(where.IP), where.IP != "" && network(where.IP) == network(from)}
			if a.OK {
				y.Places[in.Session] = a.Place
			}
			y.Accesses = append(y.Accesses, a)
		}
		return err
	})
	return y, err
}

// network is the beginning of an address: what those who share a line, or a
// provider's part of a town, have in common.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		four := a.As4()
		return fmt.Sprintf("%d.%d.%d.x", four[0], four[1], four[2])
	}
	return netip.PrefixFrom(a, 64).Masked().Addr().String()
}

// EndSession ends another of the member's sessions, and makes its device an unknown
// one: whoever it is needs more than the password to come back. It refuses with
// session_ended if it had ended already.
func (s *Service) EndSession(ctx context.Context, f *access.Fund, sess access.Session, id string) error {
	if id == sess.ID || len(id) != len(sess.ID) {
		return access.Refuse("session_ended")
	}
	err := s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		other, err := tx.Session(id)
		if err != nil || other.Member != sess.Member || other.Device == sess.Device {
			return err
		}
		return tx.ForgetDevice(sess.Member, other.Device)
	})
	if errors.Is(err, store.ErrNone) {
		return access.Refuse("session_ended")
	}
	if err != nil {
		return err
	}
	return s.Sessions.End(ctx, f, sess.Member, id)
}

// EndOthers ends all of the member's sessions but this one, and makes every
// other device an unknown one.
func (s *Service) EndOthers(ctx context.Context, f *access.Fund, sess access.Session) error {
	var ended []string
	err := s.DB.Write(ctx, f.ID, func(tx *store.Tx) (err error) {
		if ended, err = s.Sessions.EndOthers(tx, sess.Member, sess.ID, "by_member"); err != nil {
			return err
		}
		return tx.ForgetDevices(sess.Member, sess.Device)
	})
	s.Sessions.Forget(f.ID, ended...)
	return err
}

// ForgetDevice makes a browser of the member an unknown one: from then on it is a
// stranger's, for codes at sign-in and for wrong passwords.
func (s *Service) ForgetDevice(ctx context.Context, f *access.Fund, sess access.Session, id string) error {
	return s.DB.Write(ctx, f.ID, func(tx *store.Tx) error {
		if _, err := tx.Device(id, sess.Member); errors.Is(err, store.ErrNone) {
			return nil // nobody's, another's, or forgotten already: all the same
		} else if err != nil {
			return err
		}
		if err := tx.ForgetDevice(sess.Member, id); err != nil {
			return err
		}
		return audit.Record(tx, audit.DeviceForgotten{Member: sess.Member, Session: sess.ID})
	})
}
