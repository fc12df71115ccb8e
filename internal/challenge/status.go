package challenge

import (
	"errors"
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
)

// A Status is where the code for a question stands, for the page that asks it.
type Status struct {
	Challenge access.Challenge // the newest for the question; its ID is "" if there is none
	Live      bool             // it can be answered
	Again     time.Time        // from when on a new code can be asked for; zero is now
	Delivery  access.MessageState
}

// Status reads where the code for q stands.
func (s *Service) Status(tx *store.Tx, q access.Question, rules access.CodeRules) (st Status, err error) {
	st.Challenge, err = tx.LastChallenge(q)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return st, err
	}
	c := st.Challenge
	st.Live = c.ID != "" && c.ExpiresAt.After(tx.Now()) &&
		(c.State == access.ChallengeOpen && c.Left > 0 || c.State == access.ChallengePassed)
	held, err := tx.HoldingChallenge(q.Member, q.Purpose)
	switch {
	case err == nil && held.Kind == access.TOTP:
		// Another takes its place at any time.
	case err == nil:
		st.Again = held.ExpiresAt
		if soon := held.IssuedAt.Add(rules.Again); rules.Again > 0 && soon.Before(st.Again) {
			st.Again = soon
		}
		if !st.Again.After(tx.Now()) {
			st.Again = time.Time{}
		}
	case !errors.Is(err, store.ErrNone):
		return st, err
	}
	if c.ID == "" {
		return st, nil
	}
	m, _, err := tx.MessageOf(c.ID)
	if errors.Is(err, store.ErrNone) {
		err = nil
	}
	st.Delivery = m.State
	return st, err
}
