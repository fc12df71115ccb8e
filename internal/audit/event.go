// Package audit keeps the trail: typed events committed with what they tell,
// sealed into one hash chain for each fund within a second, signed checkpoints
// in a second place, and a check that finds what was changed (security.md part 8).
package audit

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"aditus/internal/access"
	"aditus/internal/store"
)

// An Event tells one thing that happened. The types of events.go and events_factor.go are all there
// are; their fields are the allowlist, and hold neither a secret nor, in clear,
// anything personal but the member's internal id.
type Event interface {
	kind() string
	about() string // the member's id, or ""
}

// A private event has values that only the fund's keys and the member's salt
// can read: when the salt is dropped they are noise, and the chain stays.
type private interface {
	personal() any
}

// body is what is stored, hashed and checked.
type body struct {
	Event  Event  `json:"event"`
	Sealed string `json:"sealed,omitempty"`
}

// Record appends e in the transaction of what it tells. The JSON is made once,
// here.
func Record(tx *store.Tx, e Event) error {
	id := access.NewID(tx.Now())
	b := body{Event: e}
	if p, ok := e.(private); ok {
		plain, err := json.Marshal(p.personal())
		if err != nil {
			return err
		}
		fresh := make([]byte, 32)
		rand.Read(fresh) // never fails (crypto/rand)
		salt, err := tx.PersonSalt(e.about(), fresh)
		if err != nil {
			return err
		}
		if len(salt) > 0 { // else the person was erased: nothing personal is written again
			b.Sealed = base64.StdEncoding.EncodeToString(tx.Keys().SealPerson(salt, "event", "personal", id, plain))
		}
	}
	text, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return tx.AddEvent(store.Event{ID: id, Kind: e.kind(), Member: e.about(), Body: string(text), At: tx.Now().UnixMilli()})
}

// Personal reads the sealed part of an event into p. It reports false if there
// is none, or if the person was erased.
func Personal(tx *store.Tx, e store.Event, p any) (bool, error) {
	var b struct{ Sealed string }
	if err := json.Unmarshal([]byte(e.Body), &b); err != nil {
		return false, fmt.Errorf("event %s: %w", e.ID, err)
	}
	if b.Sealed == "" {
		return false, nil
	}
	salt, err := tx.SaltOf(e.Member)
	if err != nil || len(salt) == 0 {
		return false, err
	}
	sealed, err := base64.StdEncoding.DecodeString(b.Sealed)
	if err != nil {
		return false, fmt.Errorf("event %s: %w", e.ID, err)
	}
	plain, err := tx.Keys().OpenPerson(salt, "event", "personal", e.ID, sealed)
	if err != nil {
		return false, fmt.Errorf("event %s: %w", e.ID, err)
	}
	return true, json.Unmarshal(plain, p)
}

// Read reads the open part of an event into an event's type.
func Read(e store.Event, into any) error {
	b := struct {
		Event any `json:"event"`
	}{into}
	if err := json.Unmarshal([]byte(e.Body), &b); err != nil {
		return fmt.Errorf("event %s: %w", e.ID, err)
	}
	return nil
}
