package operation

import (
	"slices"
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
)

// A Hold says how long an operation is held once it is confirmed, why, and who
// is warned.
type Hold struct {
	Until time.Time // zero if nothing holds it
	For   string    // "contact_change", "email", "password_reset", "passkey": the one that ends last
	Warn  []Address
}

// An Address is where a warning goes.
type Address struct {
	Kind access.Kind
	To   string
	Text string // the message's key
}

// by is what an act is confirmed by: a code over a channel, or a passkey.
type by struct {
	access.Channel                // where codes go; its Kind is the proof's
	key            access.Passkey // its ID is "" for a code
}

// method is its word in a receipt.
func (b by) method() string {
	if b.key.ID != "" {
		return string(access.ByPasskey)
	}
	return "otp_" + string(b.Kind)
}

// warning is the message to who did not confirm.
func (b by) warning() string {
	if b.key.ID != "" {
		return "operation_held_passkey"
	}
	return "operation_held_other_contact"
}

// index is the address whose holder could have confirmed since then. A passkey that
// was there before was let in by something else; a younger one was let in by a
// code, and is worth no more than that.
func (b by) index(tx *store.Tx, since time.Time) string {
	switch {
	case b.key.ID == "":
		return tx.ChannelIndex(b.Kind, b.Address)
	case b.key.MadeAt.Before(since):
		return ""
	}
	return b.key.CodeBy
}

// hold judges what holds an act, if it is confirmed now by that of who acts. Whose
// contact it is that changed does not matter, the actor's or the owner's: no money
// so soon after a contact changed, or a passkey came (Q6), none at once on the word
// of an e-mail alone, and nothing on the word of the channel alone that has just
// given the password back (security.md 4.4). A passkey that an e-mail let in is as
// good as the e-mail for as long as that would be held.
func hold(tx *store.Tx, f *access.Fund, act access.Act, p parties, by by) (h Hold, err error) {
	m := p.actor
	until := func(t time.Time, why string) {
		if t.After(tx.Now()) && t.After(h.Until) {
			h.Until, h.For = t, why
		}
	}
	if act.Has("contact_change") && f.Hold.ContactChange > 0 {
		entries := m.Entries
		if p.how != "" {
			entries = append(slices.Clone(entries), p.owner.Entries...)
		}
		for _, e := range entries {
			for _, past := range e.Record.Past {
				end := time.UnixMilli(past.Until).UTC().Add(f.Hold.ContactChange)
				if !end.After(tx.Now()) {
					continue
				}
				until(end, "contact_change")
				h.warn(past.Kind, past.Address, "warn_old_contact")
			}
		}
		old, err := tx.EndedChannel(m.ID)
		if err != nil {
			return h, err
		}
		present, err := tx.Channel(m.ID)
		if err != nil {
			return h, err
		}
		if end := old.Ended.Add(f.Hold.ContactChange); old.ID != "" && (old.Kind == access.TOTP || old.Address != present.Address) && end.After(tx.Now()) {
			until(end, "contact_change")
			h.warn(old.Kind, old.Address, "warn_old_contact")
		}
		// What the member chose freely is new to the fund as well: whoever found a
		// letter has 72 hours in which the contacts on file can object (security.md 4.8).
		if end := present.Proved.Add(f.Hold.ContactChange); present.Source == "member" && end.After(tx.Now()) &&
			(present.Kind == access.TOTP || present.Address != m.OnFile(present.Kind)) {
			until(end, "contact_change")
			for _, kind := range []access.Kind{access.Email, access.SMS} {
				h.warn(kind, m.OnFile(kind), "warn_old_contact")
			}
		}
		if end := by.key.MadeAt.Add(f.Hold.ContactChange); by.key.ID != "" && end.After(tx.Now()) {
			until(end, "passkey")
			for _, kind := range []access.Kind{access.Email, access.SMS} {
				h.warn(kind, m.OnFile(kind), by.warning())
			}
		}
	}
	if act.Has("password_reset") && f.Hold.PasswordReset > 0 {
		password, err := tx.Password(m.ID)
		if err != nil {
			return h, err
		}
		if end := password.ResetAt.Add(f.Hold.PasswordReset); end.After(tx.Now()) && password.ResetBy == by.index(tx, password.ResetAt) {
			until(end, "password_reset")
			for _, kind := range []access.Kind{access.Email, access.SMS} {
				if kind != by.Kind {
					h.warn(kind, m.OnFile(kind), by.warning())
				}
			}
		}
	}
	if act.Has("email") && f.Hold.Email > 0 {
		end, why := time.Time{}, "email"
		switch {
		case by.key.ID != "" && by.key.CodeKind == access.Email:
			end, why = by.key.MadeAt.Add(f.Hold.Email), "passkey"
		case by.key.ID == "" && by.Kind == access.Email:
			end = tx.Now().Add(f.Hold.Email)
		}
		if end.After(tx.Now()) {
			until(end, why)
			h.warn(access.SMS, m.OnFile(access.SMS), by.warning())
		}
	}
	return h, nil
}

// warn adds an address once.
func (h *Hold) warn(kind access.Kind, to, text string) {
	for _, w := range h.Warn {
		if w.To == to {
			return
		}
	}
	if to != "" {
		h.Warn = append(h.Warn, Address{kind, to, text})
	}
}
