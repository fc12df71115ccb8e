package operation

import (
	"errors"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/profile"
	"aditus/internal/store"
)

// Parties are the two sides of an act: who asks for it, with their own credentials
// and over their own channel, and whose it is. Mostly they are the same.
type parties struct {
	actor, owner access.Member
	how          string // access.ProfileRole, access.ProfileMandate, "" if the two are one
}

// between finds the parties of a session, as register, mandates and clock have them
// in this very transaction. It refuses with profile_closed if the profile that is
// open in the session is not the actor's any more.
func between(tx *store.Tx, f *access.Fund, sess access.Session) (p parties, err error) {
	if p.actor, err = tx.Member(sess.Member); err != nil {
		return p, err
	}
	if sess.Whose() == sess.Member {
		p.owner = p.actor
		return p, nil
	}
	open, err := profile.Find(tx, f, p.actor, sess.Profile)
	p.owner, p.how = open.Member, open.For
	return p, err
}

// by is who acts, for what is kept of an operation: "" where that is its owner.
func (p parties) by() string {
	if p.how == "" {
		return ""
	}
	return p.actor.ID
}

// act is one that the owner's position allows. It refuses with operation_closed for one that the fund's file
// no longer has, and with operation_other for one that is not for this person.
func (p parties) act(tx *store.Tx, f *access.Fund, id string) (access.Act, error) {
	if _, ok := f.Act(id); !ok {
		return access.Act{}, access.Refuse("operation_closed")
	}
	for _, a := range p.owner.Acts(f, tx.Now(), p.how) {
		if a.ID == id {
			return a, nil
		}
	}
	return access.Act{}, access.Refuse("operation_other")
}

// find is one of the owner's operations; another's, or none, is operation_unknown.
// A draft is only its writer's: two who act for one person do not confirm what the
// other wrote.
func (p parties) find(tx *store.Tx, id string) (access.Operation, error) {
	o, err := tx.Operation(p.owner.ID, id)
	if errors.Is(err, store.ErrNone) || err == nil && !o.ShownTo(p.actor.ID) {
		return access.Operation{}, access.Refuse("operation_unknown")
	}
	return o, err
}

// record keeps an event about the owner and, where another acted, one about them.
func (p parties) record(tx *store.Tx, e audit.Event, operation, what string) error {
	if err := audit.Record(tx, e); err != nil || p.how == "" {
		return err
	}
	return audit.Record(tx, audit.ActedFor{Member: p.actor.ID, Profile: p.owner.ID, For: p.how, Operation: operation, What: what})
}
