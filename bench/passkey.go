package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"time"

	"aditus/internal/access"
	"aditus/internal/passkey"
	"aditus/internal/softkey"
	"aditus/internal/store"
)

// passkeys measures sign-ins with a passkey, each a question and its answer, beside
// the check of such a signature alone on every processor. What the device does is the
// load's: it takes of the same processors, and is not in the processor time.
func (b *bench) passkeys(ctx context.Context, e *engine) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte("answer"))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		return err
	}
	raw := b.load(ctx, runtime.NumCPU(), b.span(time.Second), meter{}, func(int) error {
		if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
			return errors.New("the signature is wrong")
		}
		return nil
	})
	b.table.row(e.name, "the machine", "ES256 signature check, one a processor").add(raw, sample{})
	devices, err := b.devices(ctx, e)
	if err != nil {
		return err
	}
	for _, clients := range []int{4, 16, 64} {
		var f figure
		if err := b.profiled(e, fmt.Sprintf("passkey-%d", clients), func() error {
			f = b.keySignIns(ctx, e, devices, clients)
			return nil
		}); err != nil {
			return err
		}
		r := b.table.row(e.name, "passkeys", "sign-ins, "+people(clients))
		r.limit("the signature check alone")
		r.add(f, sample{bound: raw.rate(), boundCPU: raw.each(), ratio: f.rate() / raw.rate()})
		if err := f.fine(); err != nil {
			return err
		}
	}
	return b.settle(ctx, e)
}

// origin is that of the site's pages, as the load asks for them.
func (b *bench) origin() string { return "http://" + host(b.fund) }

// devices gives everybody who signs in a device with a passkey.
func (b *bench) devices(ctx context.Context, e *engine) (all []*softkey.Device, err error) {
	site, err := passkey.NewSite(host(b.fund), b.fund.Name, b.origin())
	if err != nil {
		return nil, err
	}
	for _, p := range e.site.signing() {
		d, m := &softkey.Device{}, passkey.Member{ID: p.ID, Name: p.Email}
		options, session, err := site.Register(m, nil)
		if err != nil {
			return nil, err
		}
		answer, err := d.Answer(b.origin(), options)
		if err != nil {
			return nil, err
		}
		key, err := site.Registered(session, answer, m)
		if err != nil {
			return nil, err
		}
		err = e.site.db.Write(ctx, b.fund.ID, func(tx *store.Tx) error {
			return tx.AddPasskey(access.Passkey{ID: access.NewID(tx.Now()), Member: p.ID, Host: host(b.fund), Credential: key.ID, Data: key.Data, Name: "telefono"})
		})
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// keySignIns has clients sign in, each as somebody else, from a network of their own.
func (b *bench) keySignIns(ctx context.Context, e *engine, devices []*softkey.Device, clients int) figure {
	conns, signing := make([]client, clients), e.site.signing()
	f := b.load(ctx, clients, b.span(2*time.Second), b.serverMeter(e), func(c int) error {
		conns[c].addr, conns[c].keeps = e.site.server.site, true
		from := fmt.Sprintf("10.2.%d.1", c)
		ask := post(host(b.fund), "/login/passkey", cookies("device", signing[c].Device), from, "do=passkey")
		asked, err := conns[c].do(bytes.Replace(ask, []byte("Accept: text/html"), []byte("Accept: application/json"), 1))
		if err != nil {
			return err
		}
		if asked.status != http.StatusOK || asked.passkey == "" {
			return fmt.Errorf("status %d, no question", asked.status)
		}
		answer, err := devices[c].Answer(b.origin(), asked.body)
		if err != nil {
			return err
		}
		form := url.Values{"do": {"passkey"}, "answer": {string(answer)}}
		a, err := conns[c].do(post(host(b.fund), "/login/passkey", cookies("device", signing[c].Device, "passkey", asked.passkey), from, form.Encode()))
		if err == nil && (a.status != http.StatusSeeOther || a.location != "/" || !a.session) {
			err = fmt.Errorf("status %d, to %q", a.status, a.location)
		}
		return err
	})
	for c := range conns {
		// The connection's end is not what is measured.
		_ = conns[c].close()
	}
	return f
}
