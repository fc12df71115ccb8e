package deliver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
	"aditus/internal/texts"
)

// A Worker sends what the outbox holds, for all funds. Each queue, of one kind of
// one fund, is worked through by itself, so that a gateway which is slow or away
// holds up only what goes to it. Any number of workers may run, here and on other
// nodes: a message is claimed in a commit before it leaves, so a crash between the
// two can only send it again, with the same id and content (I6).
//
// All fields but Undelivered and Report are required.
type Worker struct {
	DB      *store.DB
	Funds   map[string]*access.Fund
	Texts   *texts.Book
	Senders map[access.Kind]Sender
	Hold    time.Duration // a claim lives so long: longer than a Send
	Threads int           // messages of one queue under way at the same time
	Pause   time.Duration // between looks, when nobody calls Wake

	// Undelivered is told of each message that will not arrive, in the transaction
	// that closes it, so that whoever asked for it can draw the consequences. If it
	// fails the message stays open, and is tried again. Nil tells nobody.
	Undelivered func(*store.Tx, access.Message, Ending) error
	Report      func(error) // told of faults; nil tells nobody

	once sync.Once
	wake chan struct{}
	name string

	mu    sync.Mutex
	lanes map[store.Queue]*lane     // at work
	rests map[store.Queue]time.Time // whose gateway asked to be left alone, until then
}

func (w *Worker) init() {
	w.once.Do(func() {
		w.wake = make(chan struct{}, 1)
		w.name = rand.Text()
		w.lanes = map[store.Queue]*lane{}
		w.rests = map[store.Queue]time.Time{}
	})
}

// Wake has the worker look at once for what was just put in a queue. It never
// waits.
//
// A queue at work is told and nothing is read: to look costs the more the more
// messages wait, and each member who posts one would pay for all that a slow
// gateway has left standing.
func (w *Worker) Wake(q store.Queue) {
	w.init()
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.lanes[q]
	_, rests := w.rests[q]
	switch {
	case l != nil:
		poke(l.poked)
	case !rests: // else Run looks after Pause, as it does when the rest is over
		poke(w.wake)
	}
}

// poke leaves word in a channel with room for one.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (w *Worker) report(err error) {
	if err != nil && w.Report != nil {
		w.Report(fmt.Errorf("outbox: %w", err))
	}
}

// Run sends until ctx ends, and finishes what is under way then.
func (w *Worker) Run(ctx context.Context) {
	w.init()
	var work sync.WaitGroup
	for {
		begun, err := w.look(ctx)
		for _, l := range begun {
			work.Go(func() {
				_, err := w.walk(ctx, l)
				w.report(err)
			})
		}
		if ctx.Err() == nil {
			w.report(err)
		}
		select {
		case <-ctx.Done():
			work.Wait()
			return
		case <-w.wake:
		case <-time.After(w.Pause):
		}
	}
}

// Once sends all that is due, and returns how many messages were closed.
func (w *Worker) Once(ctx context.Context) (closed int, err error) {
	w.init()
	begun, err := w.look(ctx)
	faults := []error{err}
	var mu sync.Mutex
	var work sync.WaitGroup
	for _, l := range begun {
		work.Go(func() {
			n, err := w.walk(ctx, l)
			mu.Lock()
			defer mu.Unlock()
			closed += n
			faults = append(faults, err)
		})
	}
	work.Wait()
	return closed, errors.Join(faults...)
}

// look begins a lane for each queue with something due, and pokes those that are
// at work already. Whoever calls it walks the lanes begun.
func (w *Worker) look(ctx context.Context) (begun []*lane, err error) {
	var due []store.Queue
	var now time.Time
	err = w.DB.Across(ctx, func(all *store.All) (err error) {
		now = all.Now()
		due, err = all.WithMail()
		return err
	})
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, q := range due {
		if until, rests := w.rests[q]; rests && now.Before(until) {
			continue
		}
		delete(w.rests, q)
		if l := w.lanes[q]; l != nil {
			poke(l.poked)
			continue
		}
		l := &lane{w: w, queue: q, poked: make(chan struct{}, 1), ended: make(chan result)}
		w.lanes[q] = l
		begun = append(begun, l)
	}
	return begun, nil
}

// walk works through a queue and takes its lane down.
func (w *Worker) walk(ctx context.Context, l *lane) (closed int, err error) {
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.lanes, l.queue)
		if !l.rest.IsZero() {
			w.rests[l.queue] = l.rest
		}
		select {
		case <-l.poked: // after its last claim: somebody must look again
			poke(w.wake)
		default:
		}
	}()
	return l.walk(ctx)
}

// word puts a message into words, in the language it was caused in.
func (w *Worker) word(f *access.Fund, c store.Claim) Envelope {
	e := Envelope{ID: c.ID, Fund: f.ID, Channel: string(c.Kind), To: c.To, From: f.Sender.Email, FromName: f.Sender.Name,
		Lang: c.Lang, Created: c.QueuedAt, Secret: !c.ExpiresAt.IsZero()}
	style := texts.StyleOf(f, c.Lang)
	voice := w.Texts.Voice(style, c.Lang)
	switch c.Kind {
	case access.SMS:
		e.From = f.Sender.SMS
		style.Always = append([]any{"fund", f.Short}, style.Always...) // the first one counts
		voice = w.Texts.Voice(style, c.Lang).SMS()
		e.Text = voice.T("sms."+c.Key, voice.Args(c.Args)...)
		return e
	case access.PEC:
		e.From = f.Sender.PEC
	}
	args := voice.Args(c.Args)
	e.Subject, e.Text = voice.T("mail."+c.Key+".subject", args...), voice.T("mail."+c.Key+".text", args...)
	return e
}
