package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"aditus/internal/store"
)

// The people of the site, by what they do. Many confirm acts, so that at the end
// of a run each has a few dozen behind them, as a member has after some years,
// and not thousands.
const (
	confirming = 4096 // people who confirm acts
	browsing   = 64   // people who read pages
	signing    = 64   // people who sign in
)

// openSite starts the server on a new database and brings its people in.
func (b *bench) openSite(ctx context.Context, e *engine) (s *site, err error) {
	s = &site{drafts: make([][]string, confirming)}
	if s.where, err = e.fresh(ctx, "site"); err != nil {
		return nil, err
	}
	if s.db, err = b.open(ctx, s.where); err != nil {
		return nil, err
	}
	if s.people, err = b.populate(ctx, s.db, confirming+browsing+signing); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	var two []int // drafts for everybody who reads
	for i := range browsing {
		two = append(two, confirming+i, confirming+i)
	}
	if _, err = b.draft(ctx, s.db, s.people, two); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	if s.peek, err = openPeek(s.where, b.fund.ID, s.db.Keys()); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	if s.server, err = b.startServer(s.where, false); err != nil {
		return nil, errors.Join(err, s.peek.close(), s.db.Close())
	}
	return s, b.warm(ctx, s)
}

// warm has the server do what is measured later for a moment, and then lets the
// engine look at what its tables hold: as a database that is in use has been
// looked at, by PostgreSQL's own autovacuum after a minute.
func (b *bench) warm(ctx context.Context, s *site) error {
	const n = 500
	if err := b.restock(ctx, s, n); err != nil {
		return err
	}
	if _, err := s.server.tell(order{Do: "office", Closed: true}); err != nil {
		return err
	}
	if _, err := s.server.tell(order{Do: "cycles", Clients: 8, Span: 10 * time.Second, Flows: s.take(8, n)}); err != nil {
		return err
	}
	if _, err := s.server.tell(order{Do: "office"}); err != nil {
		return err
	}
	return s.db.Analyze(ctx)
}

func (s *site) readers() []person { return s.people[confirming : confirming+browsing] }
func (s *site) signing() []person { return s.people[confirming+browsing:] }

// A flow is one act to be confirmed: its code is asked for, answered and spent.
type flow struct {
	Person person
	Draft  string
}

// restock sees that there are n drafts, of everybody who confirms in turn.
func (b *bench) restock(ctx context.Context, s *site, n int) error {
	var short []int // people to write a draft for
	for i := range s.drafts {
		for range (n+confirming-1)/confirming - len(s.drafts[i]) {
			short = append(short, i)
		}
	}
	for part := range slices.Chunk(short, 500) {
		ids, err := b.draft(ctx, s.db, s.people, part)
		if err != nil {
			return err
		}
		for k, i := range part {
			s.drafts[i] = append(s.drafts[i], ids[k])
		}
	}
	return nil
}

// turns gives each client people of its own, who take turns: one has one code
// at a time. It is not for concurrent use by one client.
func (s *site) turns(clients int) func(client int) (flow, bool) {
	at := make([]int, clients)
	own := confirming / clients
	return func(client int) (flow, bool) {
		for range own {
			i := client*own + at[client]%own
			at[client]++
			if n := len(s.drafts[i]); n > 0 {
				draft := s.drafts[i][n-1]
				s.drafts[i] = s.drafts[i][:n-1]
				return flow{s.people[i], draft}, true
			}
		}
		return flow{}, false
	}
}

// take is up to n flows for so many clients, each client's own at its place in
// every round of them.
func (s *site) take(clients, n int) (flows []flow) {
	next := s.turns(clients)
	for len(flows) < n {
		for c := range clients {
			fl, ok := next(c)
			if !ok {
				return flows
			}
			flows = append(flows, fl)
		}
	}
	return flows
}

// fastest is more flows a second than there can be: so many drafts are made.
const fastest = 6000

// flows measures the way of a code from asking for it to the receipt. The limit
// is two durable commits one after the other: nothing that keeps a code and its
// use can do with less.
//
// First the code is read where it waits in the outbox, and nothing is sent;
// then the same is done with the sending, which a member waits for, between.
func (b *bench) flows(ctx context.Context, e *engine) (err error) {
	if e.limits, err = b.commits(ctx, e); err != nil {
		return err
	}
	b.showLimits(e)
	span := b.span(2500 * time.Millisecond)
	steps := []struct {
		clients   int
		delivered bool
	}{{1, false}, {16, false}, {64, false}, {64, true}}
	for _, step := range steps {
		if err := b.restock(ctx, e.site, int(fastest*span.Seconds())); err != nil {
			return err
		}
		if _, err := e.site.server.tell(order{Do: "office", Closed: !step.delivered}); err != nil {
			return err
		}
		name := fmt.Sprintf("flows-%d-%t", step.clients, step.delivered)
		err := b.profiled(e, name, func() error { return b.flowsOver(ctx, e, step.clients, step.delivered, span) })
		if err := errors.Join(err, b.settle(ctx, e)); err != nil {
			return err
		}
	}
	if _, err := e.site.server.tell(order{Do: "office", Closed: true}); err != nil {
		return err
	}
	if err := b.cyclesOver(ctx, e, 64, span); err != nil {
		return err
	}
	if err := b.messages(ctx, e); err != nil {
		return err
	}
	return b.settle(ctx, e)
}

// flowsOver measures flows over HTTP, with so many clients.
func (b *bench) flowsOver(ctx context.Context, e *engine, clients int, delivered bool, span time.Duration) error {
	s := e.site
	conns := make([]client, clients)
	asked, waited, answered := parts(clients), parts(clients), parts(clients)
	next := s.turns(clients)
	f := b.load(ctx, clients, span, b.serverMeter(e), func(c int) error {
		fl, ok := next(c)
		if !ok {
			return errOut
		}
		conns[c].addr = s.server.site
		at := time.Now()
		lap := func(into [][]time.Duration) {
			into[c] = append(into[c], time.Since(at))
			at = time.Now()
		}
		arrived := s.server.codesOf(fl.Person.Email)
		select {
		case <-arrived: // of a flow that gave up
		default:
		}
		who := cookies("session", fl.Person.Token, "device", fl.Person.Device)
		path := "/operations/" + fl.Draft
		a, err := conns[c].do(post(host(b.fund), path+"/confirm", who, "", "do=ask"))
		if err := led(a, err, path+"/confirm"); err != nil {
			return fmt.Errorf("asking: %w", err)
		}
		lap(asked)
		code, err := s.code(fl, arrived, delivered)
		if err != nil {
			return err
		}
		lap(waited)
		a, err = conns[c].do(post(host(b.fund), path+"/confirm", who, "", "otp="+code))
		if err := led(a, err, path+"/done"); err != nil {
			return fmt.Errorf("answering: %w", err)
		}
		lap(answered)
		return nil
	})
	for c := range conns {
		// The connection's end is not what is measured.
		_ = conns[c].close()
	}
	limit := e.limits.ungrouped
	if clients == 1 {
		limit = e.limits.one
	}
	name := "asked, answered and spent over HTTP, " + people(clients)
	if delivered {
		name = "the same, and delivered between, " + people(clients)
	}
	r := b.table.row(e.name, "codes", name)
	r.limit("2 bare commits")
	if clients == 64 && !delivered {
		least := 4000.0
		if e.server != "" {
			least = 3000
		}
		r.goal(fmt.Sprintf("%.0f/s, or 0.25 of the limit", least), func(s sample) bool { return s.value >= least || s.ratio >= 0.25 })
	}
	r.add(f, twoCommits(f, limit))
	if clients == 64 && delivered {
		for _, p := range []struct {
			name  string
			times [][]time.Duration
		}{{"of that, asking", asked}, {"of that, until the code is delivered", waited}, {"of that, answering and spending", answered}} {
			all := slices.Concat(p.times...)
			slices.Sort(all)
			b.table.row(e.name, "codes", p.name).add(figure{times: all}, sample{})
		}
	}
	return f.fine()
}

// twoCommits compares flows with two bare commits, one after the other.
func twoCommits(f, limit figure) sample {
	return sample{bound: limit.rate() / 2, boundCPU: 2 * limit.each(), ratio: f.rate() / (limit.rate() / 2)}
}

// code finds the code of a flow.
func (s *site) code(fl flow, arrived chan string, delivered bool) (string, error) {
	if !delivered {
		return s.peek.code(fl.Draft)
	}
	select {
	case code := <-arrived:
		return code, nil
	case <-time.After(20 * time.Second):
		return "", errors.New("no code came")
	}
}

func parts(clients int) [][]time.Duration { return make([][]time.Duration, clients) }

func people(n int) string {
	if n == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", n)
}

// led is an error unless an answer leads to a path.
func led(a answer, err error, path string) error {
	if err != nil {
		return err
	}
	if a.status != http.StatusSeeOther || a.location != path {
		where, _, _ := strings.Cut(a.location, "/operations/")
		return fmt.Errorf("status %d, to %q", a.status, where)
	}
	return nil
}

// settle throws away what still waits to be sent, and waits until the server has
// sealed what happened, so that one measurement does not disturb the next.
func (b *bench) settle(ctx context.Context, e *engine) error {
	if _, err := e.site.server.tell(order{Do: "office"}); err != nil {
		return err
	}
	for limit := time.Now().Add(time.Minute); ; {
		if err := e.site.peek.empty(); err != nil {
			return fmt.Errorf("emptying the outbox: %w", err)
		}
		busy := 0
		err := e.site.db.Across(ctx, func(all *store.All) error {
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
			return errors.New("a minute later there are messages to send or events to seal")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// serverMeter measures the server and its database.
func (b *bench) serverMeter(e *engine) meter {
	return meter{pid: e.site.server.cmd.Process.Pid, postgres: e.server != ""}
}
