package deliver

import (
	"context"
	"errors"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
)

// A lane is one queue at work. One goroutine keeps it: each turn is one commit,
// which writes down how messages ended and claims as many as there is room for.
// Each claimed message is on its way at once, on a goroutine of its own, so that a
// lease is never spent waiting for a neighbour.
type lane struct {
	w     *Worker
	queue store.Queue
	poked chan struct{} // there may be more; holds one
	ended chan result   // from the messages under way
	under int           // how many these are
	rest  time.Time     // nothing is claimed before: the gateway asked for it

	closed int // messages brought to a final state
}

// A result is what became of a message under way. Writing it down twice, or
// after another worker has claimed the message, changes nothing.
type result struct {
	claim    store.Claim
	state    access.MessageState // queued: to be tried again
	provider string              // its receipt's, of a message that was sent
	said     string
	ending   Ending        // of one that will not arrive, or of which nobody knows
	wait     time.Duration // of one to be tried again: at least so long
	rest     time.Duration // the gateway asked that nothing be sent for so long
}

// walk sends what is due, until nothing is, or ctx has ended and what was under
// way is written down. It returns how many messages were closed.
func (l *lane) walk(ctx context.Context) (closed int, err error) {
	var told []result // not yet written down
	for failed := 0; ; {
		told, err = l.turn(ctx, told)
		if err == nil {
			failed = 0
		} else if failed++; l.under == 0 && (len(told) == 0 || failed >= turns || ctx.Err() != nil) {
			return l.closed, err // what was not written down is sent again when its lease is over
		}
		if l.under == 0 && len(told) == 0 {
			return l.closed, nil
		}
		l.w.report(err)
		told = l.wait(ctx, told)
	}
}

// turns is how often a lane tries to write down the same, a Pause apart.
const turns = 20

// wait returns when there is a reason for another turn: messages ended, there may
// be more to send, or what could not be written down is to be tried again.
func (l *lane) wait(ctx context.Context, told []result) []result {
	var again <-chan time.Time
	if len(told) > 0 {
		again = time.After(l.w.Pause)
	}
	poked := l.poked
	if l.room(ctx) == 0 {
		poked = nil
	}
	select {
	case r := <-l.ended:
		told = append(told, r)
		l.under--
	case <-poked:
		return told
	case <-again:
		return told
	}
	for { // whatever else has ended by now goes into the same commit
		select {
		case r := <-l.ended:
			told = append(told, r)
			l.under--
		default:
			return told
		}
	}
}

// room is how many messages may be claimed.
func (l *lane) room(ctx context.Context) int {
	if ctx.Err() != nil {
		return 0
	}
	return max(l.w.Threads, 1) - l.under
}

// turn writes down what was told, claims what there is room for and sends it. It
// returns what could not be written down. What will not arrive has a commit of its
// own: what Undelivered does must not take neighbours with it.
func (l *lane) turn(ctx context.Context, told []result) (kept []result, err error) {
	var plain []result
	var faults []error
	for _, r := range told {
		if r.ending == "" {
			plain = append(plain, r)
			continue
		}
		err := l.write(ctx, func(tx *store.Tx) error { return l.w.end(tx, r) })
		switch {
		case err == nil:
			l.closed++
		case !errors.Is(err, store.ErrNone):
			faults, kept = append(faults, err), append(kept, r)
		}
	}
	room := l.room(ctx)
	if len(plain) == 0 && room == 0 {
		return kept, errors.Join(faults...)
	}
	var claims []store.Claim
	var now, rest time.Time
	before := time.Now() // a slow commit is time of the lease too
	err = l.write(ctx, func(tx *store.Tx) (err error) {
		claims, now, rest = nil, tx.Now(), l.rest
		for _, r := range plain {
			if err := l.w.note(tx, r); err != nil {
				return err
			}
			if until := now.Add(r.rest); r.rest > 0 && until.After(rest) {
				rest = until
			}
		}
		if room > 0 && !now.Before(rest) {
			claims, err = tx.Claim(l.queue.Kind, room, l.w.name, now.Add(l.w.Hold), now.Add(min(l.w.Hold, holdCode)))
		}
		return err
	})
	if err != nil {
		return append(kept, plain...), errors.Join(append(faults, err)...)
	}
	l.rest = rest
	for _, r := range plain {
		if r.state != access.MessageQueued {
			l.closed++
		}
	}
	for _, c := range claims {
		l.under++
		go func() { l.ended <- l.w.send(ctx, c, now, before) }()
	}
	return kept, errors.Join(faults...)
}

// write runs f also when ctx has ended: what was sent is written down even while
// stopping.
func (l *lane) write(ctx context.Context, f func(*store.Tx) error) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer stop()
	return l.w.DB.Write(ctx, l.queue.Fund, f)
}

// note writes down a message that was sent, or is to be sent again. If its claim
// was lost meanwhile, because this process slept beyond its lease, the message is
// another worker's and there is nothing to note.
func (w *Worker) note(tx *store.Tx, r result) error {
	if r.state == access.MessageSent {
		return tx.Sent(r.claim, r.provider)
	}
	next := tx.Now().Add(r.wait)
	if e := r.claim.ExpiresAt; !e.IsZero() && e.Before(next) {
		next = e // then it is closed at once
	}
	if err := tx.Delay(r.claim, next, r.said); !errors.Is(err, store.ErrNone) {
		return err
	}
	return nil
}

// end closes a message that will not arrive, or of which nobody knows, and tells
// whoever asked for it. It reports ErrNone if the message is another worker's.
func (w *Worker) end(tx *store.Tx, r result) error {
	if err := tx.Finish(r.claim, r.state, "", r.said); err != nil {
		return err
	}
	if w.Undelivered != nil && r.ending != Doubtful {
		if err := w.Undelivered(tx, r.claim.Message, r.ending); err != nil {
			return err
		}
	}
	return audit.Record(tx, audit.MessageFailed{Member: r.claim.Member, Message: r.claim.ID, Key: r.claim.Key, Why: string(r.ending)})
}
