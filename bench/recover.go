package main

import (
	"context"
	"fmt"

	"aditus/internal/access"
	"aditus/internal/journey"
)

const (
	// initialCommits are what a recovery with a temporary password commits: the three
	// facts, the guess and its deed, the try and the deed of the PIN's half, the
	// password, the PIN.
	initialCommits = 7

	// codesCommits are those with two codes: the three facts, the try and the deed of
	// the mail's, the wish for the SMS, the try and the deed of it, the password, the
	// PIN.
	codesCommits = 8

	// newPIN is the PIN that everybody chooses.
	newPIN = "4H7K9M2P"
)

// recovers measures how secrets are given back in two halves, from the three facts
// to a new password and PIN, in both of the ways that a fund's file can name.
func (b *bench) recovers(ctx context.Context, e *engine) error {
	t, err := b.townOf(ctx, e)
	if err != nil {
		return err
	}
	f := *t.halves // the shipped file sets one way; the other is the product's own
	f.Recovery.Style = access.SplitInitialSecret
	if err := b.journeys(ctx, e, "recoveries, a temporary password", initialCommits, "recover-initial",
		func(i int) error { return t.byPassword(ctx, &f, i) }, &e.initial); err != nil {
		return err
	}
	g := *t.halves
	g.Recovery.Style = access.SplitCodes
	return b.journeys(ctx, e, "recoveries, two codes", codesCommits, "recover-codes",
		func(i int) error { return t.byCodes(ctx, &g, i) }, &e.codes)
}

// facts are what a person types to be known.
func (p inhabitant) facts() journey.Facts {
	return journey.Facts{Login: p.Login, Mail: p.Email, Mobile: p.Mobile}
}

// byPassword takes a person through a recovery with a temporary password and half
// of a PIN.
func (t *town) byPassword(ctx context.Context, f *access.Fund, i int) error {
	p, j := living(i), t.app.Journeys
	v := journey.Visitor{Host: f.Hosts[0], Lang: "it", Agent: agentOf, IP: network(i)}
	mailed, texted := t.post.listen(p.Email), t.post.listen(p.Mobile)
	defer t.post.leave(p.Email, p.Mobile)
	if _, err := j.Recover(ctx, f, v, p.facts()); err != nil {
		return fmt.Errorf("the facts: %w", err)
	}
	password, err := next(ctx, texted)
	if err != nil {
		return err
	}
	half, err := next(ctx, mailed)
	if err != nil {
		return err
	}
	r, err := j.SignIn(ctx, f, v, p.Login, password)
	if err != nil {
		return fmt.Errorf("the temporary password: %w", err)
	}
	v.Journey, v.Device = r.Journey, r.Device
	return t.renew(ctx, f, v, func(at access.Journey, m access.Member) error {
		_, err := j.HandOver(ctx, f, v, at, m, half)
		return err
	})
}

// byCodes takes a person through a recovery with two codes.
func (t *town) byCodes(ctx context.Context, f *access.Fund, i int) error {
	p, j := living(i), t.app.Journeys
	v := journey.Visitor{Host: f.Hosts[0], Lang: "it", Agent: agentOf, IP: network(i)}
	mailed, texted := t.post.listen(p.Email), t.post.listen(p.Mobile)
	defer t.post.leave(p.Email, p.Mobile)
	r, err := j.Recover(ctx, f, v, p.facts())
	if err != nil {
		return fmt.Errorf("the facts: %w", err)
	}
	v.Journey, v.Device = r.Journey, r.Device
	typed := func(at <-chan string) func(access.Journey, access.Member) error {
		return func(now access.Journey, m access.Member) error {
			code, err := next(ctx, at)
			if err == nil {
				_, err = j.HandOver(ctx, f, v, now, m, code)
			}
			return err
		}
	}
	return t.renew(ctx, f, v, typed(mailed), func(at access.Journey, m access.Member) error { return j.SendHalf(ctx, f, v, at, m) }, typed(texted))
}

// renew goes on with the halves, and then the new password and the new PIN.
func (t *town) renew(ctx context.Context, f *access.Fund, v journey.Visitor, halves ...func(access.Journey, access.Member) error) error {
	j := t.app.Journeys
	var end journey.Place
	all := append(halves, func(at access.Journey, m access.Member) error {
		_, err := j.NewPassword(ctx, f, v, at, m, chosen)
		return err
	}, func(at access.Journey, m access.Member) (err error) {
		end, err = j.NewPIN(ctx, f, v, at, m, newPIN)
		return err
	})
	for n, do := range all {
		at, m, err := j.Load(ctx, f, v)
		if err == nil {
			err = do(at, m)
		}
		if err != nil {
			return fmt.Errorf("step %d after the facts: %w", n+1, err)
		}
	}
	if end != journey.SignIn {
		return fmt.Errorf("it ends at %q", end)
	}
	return nil
}
