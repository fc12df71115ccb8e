package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"aditus/internal/access"
	"aditus/internal/session"
	"aditus/internal/store"
)

// sessions measures the check of a session alone, beside a server that keeps
// sessions in memory and nothing else, and a whole page of a signed-in member.
func (b *bench) sessions(ctx context.Context, e *engine) error {
	s := e.site
	readers := s.readers()
	span := b.span(1500 * time.Millisecond)
	for _, clients := range []int{16, 64} {
		// Half of the limit before the check and half behind it: the machine is seldom
		// the same for three seconds, and a drift must not be taken for a ratio.
		bare := func() figure {
			return b.ask(ctx, clients, span/2, meter{pid: b.bare.cmd.Process.Pid}, b.bare.addr, func(c int) []byte {
				return get(host(b.fund), "/", cookies("session", b.bare.cookies[c]))
			})
		}
		var limit, check, page figure
		err := b.profiled(e, fmt.Sprintf("check-%d", clients), func() error {
			limit = bare()
			check = b.ask(ctx, clients, span, b.serverMeter(e), s.server.check, func(c int) []byte {
				return get(host(b.fund), "/", cookies("session", readers[c].Token))
			})
			limit = limit.and(bare())
			return check.fine()
		})
		if err != nil {
			return err
		}
		b.table.row(e.name, "the machine", "sessions in memory, "+people(clients)).add(limit, sample{})
		err = b.profiled(e, fmt.Sprintf("page-%d", clients), func() error {
			page = b.ask(ctx, clients, span, b.serverMeter(e), s.server.site, func(c int) []byte {
				return get(host(b.fund), "/", cookies("session", readers[c].Token, "device", readers[c].Device))
			})
			return page.fine()
		})
		if err := errors.Join(limit.fine(), err); err != nil {
			return err
		}
		r := b.table.row(e.name, "sessions", "the check alone, "+people(clients))
		r.limit("sessions in memory")
		r.goal("0.8 of the limit", func(s sample) bool { return s.ratio >= 0.8 })
		r.add(check, sample{bound: limit.rate(), boundCPU: limit.each(), ratio: check.rate() / limit.rate()})
		r = b.table.row(e.name, "sessions", "the member's first page, "+people(clients))
		r.limit("sessions in memory")
		r.add(page, sample{bound: limit.rate(), boundCPU: limit.each(), ratio: page.rate() / limit.rate()})
	}
	return b.revoke(ctx, e)
}

// ask has clients ask for the same again and again. Anything but 200 is wrong.
func (b *bench) ask(ctx context.Context, clients int, span time.Duration, m meter, addr string, request func(client int) []byte) figure {
	conns, requests := make([]client, clients), make([][]byte, clients)
	for c := range clients {
		conns[c].addr, requests[c] = addr, request(c)
	}
	f := b.load(ctx, clients, span, m, func(c int) error {
		a, err := conns[c].do(requests[c])
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("status %d", a.status)
		}
		return err
	})
	for c := range conns {
		// The connection's end is not what is measured.
		_ = conns[c].close()
	}
	return f
}

// revoke ends a session that was just checked, and looks whether the very next
// check knows.
func (b *bench) revoke(ctx context.Context, e *engine) error {
	s := e.site
	fresh, err := b.signedIn(ctx, e)
	if err != nil {
		return err
	}
	c := client{addr: s.server.check}
	request := get(host(b.fund), "/", cookies("session", fresh.Token))
	before, err := c.do(request)
	if err != nil {
		return err
	}
	if _, err := s.server.tell(order{Do: "end", Member: fresh.ID, Session: fresh.Session}); err != nil {
		return err
	}
	after, err := c.do(request)
	if err := errors.Join(err, c.close()); err != nil {
		return err
	}
	seen := 0.0
	if before.status == http.StatusOK && after.status == http.StatusUnauthorized {
		seen = 1
	}
	r := b.table.row(e.name, "sessions", "an ended session is over at the next check")
	r.unit = "of 1"
	r.goal("always", func(s sample) bool { return s.least == 1 })
	r.add(figure{}, sample{value: seen})
	return nil
}

// signedIn signs one of those who read in once more.
func (b *bench) signedIn(ctx context.Context, e *engine) (p person, err error) {
	p = e.site.readers()[0]
	p.Token = access.NewSecret()
	p.Session = session.ID(p.Token)
	return p, e.site.db.Write(ctx, b.fund.ID, func(tx *store.Tx) error {
		return tx.AddSession(access.Session{ID: p.Session, Member: p.ID, Level: access.LevelAct, Method: "password+email", Lang: "it",
			Device: session.ID(p.Device), Agent: "Firefox, Linux", ProvedAt: tx.Now(), EndsAt: tx.Now().Add(b.fund.Session.Absolute)})
	})
}
