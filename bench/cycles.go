package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"aditus/internal/access"
	"aditus/internal/app"
	"aditus/internal/keys"
	"aditus/internal/store"
)

// cyclesOver measures the same without HTTP, in the server itself.
func (b *bench) cyclesOver(ctx context.Context, e *engine, clients int, span time.Duration) error {
	if err := b.restock(ctx, e.site, int(fastest*span.Seconds())); err != nil {
		return err
	}
	flows := e.site.take(clients, int(fastest*span.Seconds()))
	m := b.serverMeter(e)
	before := m.read(b)
	r, err := e.site.server.tell(order{Do: "cycles", Clients: clients, Span: span, Flows: flows})
	if err != nil {
		return err
	}
	after := m.read(b)
	f := figure{n: len(r.Times), elapsed: r.Wall, times: r.Times, cpu: after.measured - before.measured, others: others(before, after)}
	row := b.table.row(e.name, "codes", "asked, answered and spent without HTTP, "+people(clients))
	row.limit("2 bare commits")
	row.add(f, twoCommits(f, e.limits.ungrouped))
	return f.fine()
}

// cycles is cyclesOver in the server: the calls that the page makes.
func cycles(ctx context.Context, a *app.App, f *access.Fund, c config, o order) (r report, err error) {
	ring, err := keys.Load(c.Keys)
	if err != nil {
		return r, err
	}
	codes, err := openPeek(c.Database, f.ID, ring)
	if err != nil {
		return r, err
	}
	times := parts(o.Clients)
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	begun := time.Now()
	for client := range o.Clients {
		all.Go(func() {
			for i := client; i < len(o.Flows) && time.Since(begun) < o.Span && failed.Load() == nil; i += o.Clients {
				at := time.Now()
				if err := cycle(ctx, a, f, codes, o.Flows[i]); err != nil {
					failed.Store(&err)
					return
				}
				times[client] = append(times[client], time.Since(at))
			}
		})
	}
	all.Wait()
	r.Wall = time.Since(begun)
	r.Times = slices.Concat(times...)
	slices.Sort(r.Times)
	if p := failed.Load(); p != nil {
		err = *p
	}
	return r, errors.Join(err, codes.close())
}

func cycle(ctx context.Context, a *app.App, f *access.Fund, codes *peek, fl flow) error {
	sess, err := a.Sessions.Check(ctx, f, fl.Person.Token)
	if err != nil {
		return err
	}
	if err := a.Operations.Ask(ctx, f, sess, fl.Draft, host(f), ""); err != nil {
		return err
	}
	code, err := codes.code(fl.Draft)
	if err != nil {
		return err
	}
	_, err = a.Operations.Confirm(ctx, f, sess, fl.Draft, code)
	return err
}

// messages opens the office while many messages wait, and measures how many are
// sent in a second: claimed, handed over and noted as sent.
func (b *bench) messages(ctx context.Context, e *engine) error {
	waiting := func() (n int, err error) {
		err = e.site.db.Read(ctx, b.fund.ID, func(tx *store.Tx) error {
			states, err := tx.MessageStates()
			n = states[access.MessageQueued]
			return err
		})
		return n, err
	}
	before, err := waiting()
	if err != nil || before == 0 {
		return err
	}
	f, err := b.timedOn(b.serverMeter(e), func() error {
		_, err := e.site.server.tell(order{Do: "office"})
		time.Sleep(b.span(1500 * time.Millisecond))
		return err
	})
	if err != nil {
		return err
	}
	after, err := waiting()
	if err != nil {
		return err
	}
	f.n = before - after
	b.table.row(e.name, "codes", "messages sent, of those that wait").add(f, sample{})
	return nil
}
