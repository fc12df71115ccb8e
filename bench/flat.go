package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"aditus/internal/access"
	"aditus/internal/journey"
	"aditus/internal/operation"
	"aditus/internal/session"
	"aditus/internal/store"
)

const (
	few = 1000 // people of the small town, half of them in each of its two funds

	// active is how many people of a fund do something: all of the small town's, and
	// as many of the large one's, spread over its whole register. So both towns have
	// lived through the same, and differ in nothing but who else is there.
	active = few / 2

	// mostGrowth is the aim for what an operation takes with many people, to what it
	// takes with few.
	mostGrowth = 1.15
)

// A grown town has people who stay.
type grown struct {
	*town
	people int            // in each fund
	turn   map[string]int // of each operation: how often it was done
}

// person is the k-th of those who are active.
func (g *grown) person(k int) inhabitant { return living(k % active * (g.people / active)) }

// token is the session that a person has from the beginning.
func (p inhabitant) token() string { return fmt.Sprintf("%052s", p.ID) }

// flat measures the processor time of what people do in a town of a thousand and in
// one of a million, a few hundred times here and there in turn. Everybody's password
// and PIN are hashed at next to no cost.
func (b *bench) flat(ctx context.Context, e *engine) (err error) {
	if e.small == nil {
		if e.small, err = b.grow(ctx, e, few); err != nil {
			return err
		}
	}
	if e.large == nil {
		if e.large, err = b.grow(ctx, e, b.people); err != nil {
			return err
		}
	}
	for _, o := range []struct {
		name  string
		times int // in each half: nobody asks for their password back more than thrice in an hour
		do    func(*grown, context.Context, *session.Service, int) error
	}{
		{"a sign-in, without the hash", 200, (*grown).flatSignIn},
		{"the check of a session, read from the database", 3000, (*grown).flatCheck},
		{"an act drafted, its code asked, answered and spent", 100, (*grown).flatAct},
		{"the facts of a recovery", 100, (*grown).flatFacts},
		{"the letter of an enrolment", 400, (*grown).flatLetter},
	} {
		if b.quick {
			o.times /= 3
		}
		var small, large figure
		for half := range 2 {
			for _, g := range []*grown{e.small, e.large} {
				f, err := b.several(ctx, e, g, o.name, o.times, o.do)
				if err != nil {
					return fmt.Errorf("%s, %d people: %w", o.name, g.people, err)
				}
				into := &small
				if g == e.large {
					into = &large
				}
				if half == 0 {
					*into = f
				} else {
					*into = into.and(f)
				}
			}
		}
		r := b.table.row(e.name, "with "+number(float64(b.people))+" people, 1 client", o.name)
		r.limit("with " + number(few))
		r.goal(fmt.Sprintf("CPU within %.2f", mostGrowth), func(s sample) bool { return s.ratio <= mostGrowth })
		r.add(large, sample{bound: small.rate(), boundCPU: small.each(), ratio: large.each() / small.each()})
	}
	return nil
}

// several does one thing n times, each as somebody else, and waits until what comes
// of it is sent and sealed.
func (b *bench) several(ctx context.Context, e *engine, g *grown, name string, n int, do func(*grown, context.Context, *session.Service, int) error) (figure, error) {
	var sessions *session.Service
	f, err := b.timed(e, func() error {
		for i := range n {
			if i%active == 0 {
				sessions = session.New(g.app.DB, time.Now) // one that remembers nobody yet
			}
			g.turn[name]++
			if err := do(g, ctx, sessions, g.turn[name]); err != nil {
				return err
			}
		}
		return g.quiet(ctx)
	})
	f.n = n
	return f, err
}

// quiet waits until nothing is to be sent or sealed.
func (t *town) quiet(ctx context.Context) error {
	for limit := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		busy := 0
		err := t.app.DB.Across(ctx, func(all *store.All) error {
			mail, err := all.WithMail()
			if err != nil {
				return err
			}
			unsealed, err := all.WithUnsealed()
			busy = len(mail) + len(unsealed)
			return err
		})
		if err != nil || busy == 0 {
			return err
		}
		if time.Now().After(limit) {
			return errors.New("a minute later there is still something to send or to seal")
		}
	}
}

// grow makes a town with so many people, half of them in each of its funds.
func (b *bench) grow(ctx context.Context, e *engine, n int) (*grown, error) {
	t, err := b.openTown(ctx, e, "grown")
	if err != nil {
		return nil, err
	}
	g := &grown{t, n / 2, map[string]int{}}
	begun := time.Now()
	for _, f := range []*access.Fund{t.letters, t.halves} {
		if err := settleIn(ctx, t.app.DB, f, g.people); err != nil {
			return nil, errors.Join(err, t.close())
		}
	}
	fmt.Fprintf(os.Stderr, "%s: %d people moved in, in %s\n", e.name, n, time.Since(begun).Round(time.Second))
	if err := g.equip(ctx); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return g, t.app.DB.Analyze(ctx)
}

// equip gives those who are active a password, a PIN, a browser and a session in
// the fund with halves.
func (g *grown) equip(ctx context.Context) error {
	hash, err := g.app.Passwords.Hash(ctx, chosen)
	if err != nil {
		return err
	}
	pin, err := g.app.Passwords.Hash(ctx, newPIN)
	if err != nil {
		return err
	}
	for k := range active {
		p := g.person(k)
		err := g.app.DB.Write(ctx, g.halves.ID, func(tx *store.Tx) error {
			return errors.Join(
				tx.SetPassword(access.Credential{Member: p.ID, Hash: hash, Source: "member"}),
				tx.SetPIN(p.ID, pin),
				tx.UseDevice(access.Device{ID: session.ID(p.token()), Member: p.ID, Agent: agentOf, Proved: tx.Now()}),
				tx.AddSession(access.Session{ID: session.ID(p.token()), Member: p.ID, Level: access.LevelRead, Method: "password", Lang: "it",
					Device: session.ID(p.token()), Agent: agentOf, EndsAt: tx.Now().Add(g.halves.Session.Absolute)}))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// The operations. Each takes the number of its turn.

func (g *grown) flatSignIn(ctx context.Context, _ *session.Service, k int) error {
	p := g.person(k)
	r, err := g.app.Journeys.SignIn(ctx, g.halves, g.visitor(g.halves, p, k), p.Login, chosen)
	if err == nil {
		err = signedIn(r.Session)
	}
	return err
}

func (g *grown) flatCheck(ctx context.Context, sessions *session.Service, k int) error {
	_, err := sessions.Check(ctx, g.halves, g.person(k).token())
	return err
}

func (g *grown) flatAct(ctx context.Context, sessions *session.Service, k int) error {
	p, f := g.person(k), g.halves
	sess, err := sessions.Check(ctx, f, p.token())
	if err != nil {
		return err
	}
	texted := g.post.listen(p.Mobile)
	defer g.post.leave(p.Mobile)
	act, ok := f.Act("iban")
	if !ok {
		return errors.New("the fund has no act to confirm")
	}
	o, err := g.app.Operations.Draft(ctx, f, sess, act, operation.Form{"iban": {"IT60X0542811101000000123456"}})
	if err != nil {
		return fmt.Errorf("the draft: %w", err)
	}
	if err := g.app.Operations.Ask(ctx, f, sess, o.ID, f.Hosts[0], newPIN); err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	code, err := next(ctx, texted)
	if err != nil {
		return err
	}
	_, err = g.app.Operations.Confirm(ctx, f, sess, o.ID, code)
	return err
}

func (g *grown) flatFacts(ctx context.Context, _ *session.Service, k int) error {
	p := g.person(k)
	_, err := g.app.Journeys.Recover(ctx, g.halves, g.visitor(g.halves, p, k), p.facts())
	return err
}

func (g *grown) flatLetter(ctx context.Context, _ *session.Service, k int) error {
	p := g.person(k)
	_, err := g.app.Journeys.Enrol(ctx, g.letters, g.visitor(g.letters, p, k), journey.Letter{AHV: p.AHV, Born: p.Born, Code: p.Letter})
	return err
}

func (g *grown) visitor(f *access.Fund, p inhabitant, k int) journey.Visitor {
	return journey.Visitor{Host: f.Hosts[0], Lang: "it", Agent: agentOf, IP: network(k), Device: p.token()}
}
