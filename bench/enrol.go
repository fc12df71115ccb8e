package main

import (
	"context"
	"fmt"
	"time"

	"aditus/internal/access"
	"aditus/internal/journey"
	"aditus/internal/totp"
)

const (
	// enrolCommits are what an enrolment commits by itself, one after the other: the
	// letter, the terms, the name, the password, the try and the deed of its code, the
	// factor, and the try and the deed of that one's code.
	enrolCommits = 9

	// mostCPU is the aim for a journey, beside its password hashes.
	mostCPU = 2.0

	// chosen is the password that everybody chooses: the shipped funds let it through.
	chosen = "quattro-Parole-a-caso-1nsieme"

	agentOf = "Firefox, Linux"
)

// enrols measures enrolments by letter, from the three data to the session: every
// step is committed, and both codes are sent. Every second person takes an app for
// a factor, the others SMS.
func (b *bench) enrols(ctx context.Context, e *engine) error {
	t, err := b.townOf(ctx, e)
	if err != nil {
		return err
	}
	return b.journeys(ctx, e, "enrolments", enrolCommits, "enrol", func(i int) error { return t.enrol(ctx, i) }, &e.enrolled)
}

// journeys measures a way that each person goes once.
func (b *bench) journeys(ctx context.Context, e *engine, name string, commits int, profile string, walk func(i int) error, who *takers) error {
	if err := b.limitsOf(ctx, e); err != nil {
		return err
	}
	m := meter{postgres: e.server != ""}
	var f figure
	if err := b.profiledHere(e, profile, func() error {
		f = b.load(ctx, 16, b.span(2500*time.Millisecond), m, func(int) error {
			i, err := who.take()
			if err != nil {
				return err
			}
			return walk(i)
		})
		return nil
	}); err != nil {
		return err
	}
	limit := e.limits.ungrouped
	r := b.table.row(e.name, "journeys, without the password hash", name+", 16 clients")
	r.limit(fmt.Sprintf("%d bare commits", commits))
	r.goal(fmt.Sprintf("below %.0f CPU ms", mostCPU), func(s sample) bool { return s.cpu < mostCPU })
	n := float64(commits)
	r.add(f, sample{bound: limit.rate() / n, boundCPU: n * limit.each(), ratio: f.rate() / (limit.rate() / n)})
	return f.fine()
}

// townOf is the engine's town, with people for every round.
func (b *bench) townOf(ctx context.Context, e *engine) (*town, error) {
	if e.town != nil {
		return e.town, nil
	}
	t, err := b.openTown(ctx, e, "town")
	if err != nil {
		return nil, err
	}
	e.town = t
	n := b.rounds * int(walkers*b.span(time.Second).Seconds())
	for _, f := range []*access.Fund{t.letters, t.halves} {
		if err := settleIn(ctx, t.app.DB, f, n); err != nil {
			return nil, err
		}
	}
	// Each half of the people with halves is given them in a way of its own.
	e.enrolled = takers{most: n}
	e.initial, e.codes = takers{most: n / 2}, takers{at: n / 2, most: n}
	return t, nil
}

// walkers is how many people there are for each second of a round: more than can
// go their ways in it.
const walkers = 4000

// enrol takes a person through the whole enrolment.
func (t *town) enrol(ctx context.Context, i int) error {
	p, f, j := living(i), t.letters, t.app.Journeys
	v := journey.Visitor{Host: f.Hosts[0], Lang: "it", Agent: agentOf, IP: network(i)}
	mailed, texted := t.post.listen(p.Email), t.post.listen(p.Mobile)
	defer t.post.leave(p.Email, p.Mobile)
	r, err := j.Enrol(ctx, f, v, journey.Letter{AHV: p.AHV, Born: p.Born, Code: p.Letter})
	if err != nil {
		return fmt.Errorf("the letter: %w", err)
	}
	v.Journey, v.Device = r.Journey, r.Device
	steps := []struct {
		name string
		do   func(access.Journey, access.Member) error
	}{
		{"terms", func(at access.Journey, m access.Member) error {
			_, err := j.Accept(ctx, f, v, at, m, true)
			return err
		}},
		{"name", func(at access.Journey, m access.Member) error {
			_, err := j.ChooseName(ctx, f, v, at, m, p.Email)
			return err
		}},
		{"password", func(at access.Journey, m access.Member) error {
			_, err := j.NewPassword(ctx, f, v, at, m, chosen)
			return err
		}},
		{"first code", func(at access.Journey, m access.Member) error {
			code, err := next(ctx, mailed)
			if err == nil {
				_, err = j.Answer(ctx, f, v, at, m, code)
			}
			return err
		}},
		{"factor", func(at access.Journey, m access.Member) error {
			kind := access.SMS
			if i%2 == 0 {
				kind = access.TOTP
			}
			_, err := j.ChooseFactor(ctx, f, v, at, m, kind, p.Mobile)
			return err
		}},
		{"second code", func(at access.Journey, m access.Member) error {
			code := totp.Code(at.Factor.Secret, totp.At(time.Now()))
			if at.Factor.Kind != access.TOTP {
				if code, err = next(ctx, texted); err != nil {
					return err
				}
			}
			r, err = j.Answer(ctx, f, v, at, m, code)
			return err
		}},
	}
	for _, s := range steps {
		at, m, err := j.Load(ctx, f, v)
		if err == nil {
			err = s.do(at, m)
		}
		if err != nil {
			return fmt.Errorf("the %s: %w", s.name, err)
		}
	}
	return signedIn(r.Session)
}

// signedIn is an error if no session came of it.
func signedIn(session string) error {
	if session == "" {
		return fmt.Errorf("nobody is signed in at the end")
	}
	return nil
}
