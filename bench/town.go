package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"sync"
	"time"

	"aditus/funds"
	"aditus/internal/access"
	"aditus/internal/app"
	"aditus/internal/deliver"
	"aditus/internal/keys"
	"aditus/internal/password"
	"aditus/internal/policy"
)

// cheapest are the least costs that Argon2id has: with them a journey takes what
// it takes beside the password hash.
var cheapest = password.Params{MemoryKiB: 8, Time: 1, Threads: 1}

// A town is the product in this process, without HTTP, on a database of its own:
// the shipped funds as they are, a post office that hands what it sends to the
// load, and the workers beside. Password hashes cost next to nothing in it.
type town struct {
	where   string
	app     *app.App
	post    *letterbox
	letters *access.Fund // whose people make their access themselves, with a letter
	halves  *access.Fund // that gives secrets back in two halves

	stop context.CancelFunc
	work sync.WaitGroup
}

// openTown makes one on a new database.
func (b *bench) openTown(ctx context.Context, e *engine, name string) (t *town, err error) {
	t = &town{post: &letterbox{waits: map[string]chan string{}}}
	if t.letters, t.halves, err = shipped(); err != nil {
		return nil, err
	}
	if t.where, err = e.fresh(ctx, name); err != nil {
		return nil, err
	}
	ring, err := keys.Load(b.keys)
	if err != nil {
		return nil, err
	}
	t.app, err = app.New(ctx, app.Options{Database: t.where, Keys: ring, Funds: []*access.Fund{t.letters, t.halves}, Wording: funds.Files,
		Senders:     map[access.Kind]deliver.Sender{access.Email: t.post, access.SMS: t.post, access.PEC: t.post},
		Checkpoints: io.Discard, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Password: cheapest, Queue: 256, Wait: time.Minute, Conns: b.conns})
	if err != nil {
		return nil, err
	}
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	t.stop = stop
	t.work.Go(func() { t.app.Run(working) })
	return t, nil
}

func (t *town) close() error {
	t.stop()
	t.work.Wait()
	return t.app.Close()
}

// shipped finds the funds that are meant among those the product ships, by what
// they do and not by their names.
func shipped() (letters, halves *access.Fund, err error) {
	all, err := policy.LoadAll(funds.Files)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range all {
		if _, ok := f.Flow("enrol"); ok {
			letters = f
		}
		if flow, ok := f.Flow("recover"); ok && slices.ContainsFunc(flow.Steps, func(s access.Step) bool { return s.Word == "hand_over" }) {
			halves = f
		}
	}
	if letters == nil || halves == nil {
		return nil, nil, errors.New("no shipped fund enrols by letter, or none hands secrets over in halves")
	}
	return letters, halves, nil
}

// A letterbox is a post office that hands the secret in each message to whoever
// waits at its address, and throws everything else away.
type letterbox struct {
	mu    sync.Mutex
	waits map[string]chan string // by address
}

// secrets are what messages carry: a code or half of letters on a line of its own,
// a code behind the last line's #, a temporary password.
var secrets = regexp.MustCompile(`(?m)^([0-9A-Z]{6,12})$|#([0-9A-Z]{6,12})$|\b([A-Z2-9]{4}(?:-[A-Z2-9]{4}){3})\b`)

// Send delivers e.
func (l *letterbox) Send(_ context.Context, e deliver.Envelope) (deliver.Receipt, error) {
	l.mu.Lock()
	at := l.waits[e.To]
	l.mu.Unlock()
	if found := secrets.FindStringSubmatch(e.Text); at != nil && found != nil {
		select {
		case at <- found[1] + found[2] + found[3]:
		default: // nobody listened to the one before
		}
	}
	return deliver.Receipt{ProviderID: "bench"}, nil
}

// listen has what goes to an address kept for next.
func (l *letterbox) listen(address string) <-chan string {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := make(chan string, 4)
	l.waits[address] = at
	return at
}

// leave ends listen.
func (l *letterbox) leave(addresses ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range addresses {
		delete(l.waits, a)
	}
}

// next waits for what is sent.
func next(ctx context.Context, at <-chan string) (string, error) {
	select {
	case s := <-at:
		return s, nil
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(20 * time.Second):
		return "", errors.New("nothing was sent")
	}
}

// takers hands out numbers from 0 up to most, each once, to many at the same time.
type takers struct {
	mu       sync.Mutex
	at, most int
}

func (t *takers) take() (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at == t.most {
		return 0, errOut
	}
	t.at++
	return t.at - 1, nil
}

// network is an address that nobody else comes from.
func network(i int) string { return fmt.Sprintf("10.%d.%d.%d", 1+i>>16&127, i>>8&255, i&255) }
