package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"sync/atomic"
	"time"

	"aditus/internal/password"

	"golang.org/x/crypto/argon2"
)

// signIns measures sign-ins with login and password on a device that the member
// has used before, beside the password hash alone on every processor.
func (b *bench) signIns(ctx context.Context, e *engine) error {
	raw := b.load(ctx, runtime.NumCPU(), b.span(2*time.Second), meter{}, func(int) error {
		p := password.Default
		argon2.IDKey([]byte(secret), []byte("sixteen bytes it"), p.Time, p.MemoryKiB, uint8(p.Threads), 32)
		return nil
	})
	b.table.row(e.name, "the machine", "Argon2id as the product's, one a processor").add(raw, sample{})

	server := e.site.server
	if _, err := server.tell(order{Do: "queue", Waiting: 64, Wait: time.Minute}); err != nil {
		return err
	}
	for _, clients := range []int{4, 16, 64} {
		var refused, bare atomic.Int64
		var f figure
		if err := b.profiled(e, fmt.Sprintf("signin-%d", clients), func() error {
			f = b.signInsOver(ctx, server.site, e.site.signing(), clients, b.span(3*time.Second), b.serverMeter(e), &refused, &bare)
			return nil
		}); err != nil {
			return err
		}
		r := b.table.row(e.name, "sign-ins", "the queue holds them all, "+people(clients))
		r.limit("Argon2id alone")
		r.goal("0.97 of the limit, no refusal", func(s sample) bool { return s.ratio >= 0.97 && s.refused == 0 })
		r.add(f, sample{bound: raw.rate(), boundCPU: raw.each(), ratio: f.rate() / raw.rate(), refused: float64(refused.Load())})
		if err := f.fine(); err != nil {
			return err
		}
	}

	if _, err := server.tell(order{Do: "queue"}); err != nil { // the shipped one
		return err
	}
	var refused, bare atomic.Int64
	f := b.signInsOver(ctx, server.site, e.site.signing(), 64, b.span(3*time.Second), b.serverMeter(e), &refused, &bare)
	r := b.table.row(e.name, "sign-ins", fmt.Sprintf("the shipped queue (%d, %s), 64 clients", password.DefaultQueue, password.DefaultWait))
	r.limit("Argon2id alone")
	r.goal("every refusal 503 with Retry-After", func(s sample) bool { return s.refused > 0 && s.bare == 0 })
	r.add(f, sample{bound: raw.rate(), boundCPU: raw.each(), ratio: f.rate() / raw.rate(), refused: float64(refused.Load()), bare: float64(bare.Load())})
	if err := f.fine(); err != nil {
		return err
	}
	return b.settle(ctx, e)
}

// signInsOver has clients sign in, each as somebody else, from a network of
// their own. A 503 is counted as refused and no time of it is kept; one without
// Retry-After counts as bare too. After it the client waits for a moment, as the
// page asks people to, though not as long.
func (b *bench) signInsOver(ctx context.Context, addr string, people []person, clients int, span time.Duration, m meter, refused, bare *atomic.Int64) figure {
	conns := make([]client, clients)
	f := b.load(ctx, clients, span, m, func(c int) error {
		conns[c].addr = addr
		for at := time.Now(); ; {
			a, err := conns[c].do(signIn(host(b.fund), people[c], fmt.Sprintf("10.1.%d.1", c)))
			switch {
			case err != nil:
				return err
			case a.status == http.StatusServiceUnavailable:
				refused.Add(1)
				if a.retry == "" {
					bare.Add(1)
				}
				if time.Since(at) > span {
					return errOut
				}
				time.Sleep(100 * time.Millisecond)
			case a.status != http.StatusSeeOther || a.location != "/" || !a.session:
				return fmt.Errorf("status %d, to %q", a.status, a.location)
			default:
				return nil
			}
		}
	})
	for c := range conns {
		// The connection's end is not what is measured.
		_ = conns[c].close()
	}
	return f
}

// signIn makes the request.
func signIn(host string, p person, from string) []byte {
	form := url.Values{"username": {p.TaxCode}, "password": {secret}}
	return post(host, "/login", cookies("device", p.Device), from, form.Encode())
}
