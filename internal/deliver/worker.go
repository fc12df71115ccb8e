package deliver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/store"
	"aditus/internal/texts"
)

// A Worker sends what the outbox holds, for all funds. Any number may run, here
// and on other nodes: a message is claimed in a commit of its own before it
// leaves, so a crash between the two can only send it again, with the same id
// and content (I6). All fields but Report and Undelivered are required.
type Worker struct {
	DB      *store.DB
	Funds   map[string]*access.Fund
	Texts   *texts.Book
	Senders map[access.Kind]Sender
	Hold    time.Duration // a claim lives so long: longer than a Send
	Threads int           // messages under way at the same time
	Pause   time.Duration // between looks, when nobody calls Wake
	Report  func(error)   // told of faults; nil tells nobody

	// Undelivered is told, in the transaction that notes it, of each message that
	// is proved not to arrive; nil tells nobody.
	Undelivered func(*store.Tx, access.Message) error

	once sync.Once
	wake chan struct{}
	name string
}

func (w *Worker) init() {
	w.once.Do(func() {
		w.wake = make(chan struct{}, 1)
		w.name = rand.Text()
	})
}

// Wake has the worker look at once. It never waits.
func (w *Worker) Wake() {
	w.init()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Run sends until ctx ends, and finishes what is under way then.
func (w *Worker) Run(ctx context.Context) {
	w.init()
	for {
		if _, err := w.Once(ctx); err != nil && ctx.Err() == nil && w.Report != nil {
			w.Report(fmt.Errorf("outbox: %w", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-time.After(w.Pause):
		}
	}
}

// Once sends all that is due, and returns how many messages were closed.
func (w *Worker) Once(ctx context.Context) (closed int, err error) {
	w.init()
	var funds []string
	err = w.DB.Across(ctx, func(all *store.All) (err error) {
		funds, err = all.WithMail()
		return err
	})
	if err != nil {
		return 0, err
	}
	var mu sync.Mutex
	var faults []error
	for _, fund := range funds {
		var group sync.WaitGroup
		for range max(w.Threads, 1) {
			group.Go(func() {
				for ctx.Err() == nil {
					done, err := w.one(ctx, fund)
					if errors.Is(err, store.ErrNone) {
						return
					}
					mu.Lock()
					if done {
						closed++
					}
					if err != nil {
						faults = append(faults, err)
					}
					mu.Unlock()
					if err != nil {
						return
					}
				}
			})
		}
		group.Wait()
	}
	return closed, errors.Join(faults...)
}

// one claims a message, sends it and notes what became of it. ErrNone: nothing
// is due.
func (w *Worker) one(ctx context.Context, fund string) (closed bool, err error) {
	var c store.Claim
	var now time.Time
	err = w.DB.Write(ctx, fund, func(tx *store.Tx) (err error) {
		now = tx.Now()
		c, err = tx.Claim(w.name, now.Add(w.Hold), now.Add(min(w.Hold, holdCode)))
		return err
	})
	if err != nil {
		return false, err
	}
	finish := context.WithoutCancel(ctx) // what was sent is noted even while stopping
	if !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt) {
		return true, w.close(finish, fund, c, access.MessageExpired, "expired", "")
	}
	if c.Unreadable {
		return true, w.close(finish, fund, c, access.MessageFailed, "unreadable", "sealed with other keys, or damaged")
	}
	f := w.Funds[fund]
	sender := w.Senders[c.Kind]
	if f == nil || sender == nil {
		return true, w.close(finish, fund, c, access.MessageFailed, "permanent", fmt.Sprintf("no way to send %s", c.Kind))
	}
	held := w.Hold
	if !c.ExpiresAt.IsZero() {
		held = min(held, holdCode)
	}
	until := now.Add(held - held/10)
	if !c.ExpiresAt.IsZero() && c.ExpiresAt.Before(until) {
		until = c.ExpiresAt // a code must not arrive at a gateway after its time (I5)
	}
	limited, stop := context.WithTimeout(finish, until.Sub(now)) // a send cut short would be sent again
	receipt, err := sender.Send(limited, w.word(f, c))
	stop()
	if err == nil {
		return true, w.note(finish, fund, func(tx *store.Tx) error {
			return tx.Finish(c, access.MessageSent, receipt.ProviderID, "")
		})
	}
	if permanent, ok := errors.AsType[*Permanent](err); ok {
		said := permanent.Error()
		return true, w.bounce(finish, fund, c, said, permanent.Bounce())
	}
	next := now.Add(backoff(c))
	if c.ExpiresAt.IsZero() && now.Sub(c.QueuedAt) > giveUp {
		return true, w.close(finish, fund, c, access.MessageFailed, "permanent", err.Error())
	}
	return false, w.note(finish, fund, func(tx *store.Tx) error { return tx.Delay(c, next, err.Error()) })
}

// holdCode is how long a code is claimed at the most: if its worker is killed,
// another sends it while it is still worth something.
const holdCode = 30 * time.Second

// giveUp is how long a notice is tried.
const giveUp = 72 * time.Hour

// backoff is how long to wait after a message could not be sent: from 5 s to
// 2 min for one that expires, else up to 4 h (F14).
func backoff(c store.Claim) time.Duration {
	longest := 4 * time.Hour
	if !c.ExpiresAt.IsZero() {
		longest = 2 * time.Minute
	}
	return min(5*time.Second<<min(c.Tries-1, 12), longest)
}

// word puts a message into words, in the language it was caused in.
func (w *Worker) word(f *access.Fund, c store.Claim) Envelope {
	e := Envelope{ID: c.ID, Fund: f.ID, Channel: string(c.Kind), To: c.To, From: f.Sender.Email, FromName: f.Sender.Name,
		Lang: c.Lang, Created: c.QueuedAt}
	style := texts.StyleOf(f, c.Lang)
	voice := w.Texts.Voice(style, c.Lang)
	if c.Kind == access.SMS {
		style.Always = append([]any{"fund", f.Short}, style.Always...) // the first one counts
		voice = w.Texts.Voice(style, c.Lang).SMS()
		e.Text = voice.T("sms."+c.Key, voice.Args(c.Args)...)
		return e
	}
	args := voice.Args(c.Args)
	e.Subject, e.Text = voice.T("mail."+c.Key+".subject", args...), voice.T("mail."+c.Key+".text", args...)
	return e
}

// bounce ends a message that will never arrive. If that is proved of its
// address, the code it carried frees its member's place at once (security.md 4.2).
func (w *Worker) bounce(ctx context.Context, fund string, c store.Claim, said string, proved bool) error {
	return w.note(ctx, fund, func(tx *store.Tx) error {
		if err := tx.Finish(c, access.MessageFailed, "", said); err != nil {
			return err
		}
		if c.Challenge != "" && proved {
			if err := tx.EndChallenge(c.Challenge, access.ChallengeBounced); err != nil {
				return err
			}
			if err := audit.Record(tx, audit.CodeKilled{Member: c.Member, Challenge: c.Challenge, Why: "bounced"}); err != nil {
				return err
			}
		}
		if proved && w.Undelivered != nil {
			if err := w.Undelivered(tx, c.Message); err != nil {
				return err
			}
		}
		return audit.Record(tx, audit.MessageFailed{Member: c.Member, Message: c.ID, Key: c.Key, Why: "permanent"})
	})
}

func (w *Worker) close(ctx context.Context, fund string, c store.Claim, state access.MessageState, why, said string) error {
	return w.note(ctx, fund, func(tx *store.Tx) error {
		if err := tx.Finish(c, state, "", said); err != nil {
			return err
		}
		return audit.Record(tx, audit.MessageFailed{Member: c.Member, Message: c.ID, Key: c.Key, Why: why})
	})
}

// note writes down what became of a claimed message. If the claim was lost
// meanwhile, because this process slept beyond its hold, the message is another
// worker's and there is nothing to note.
func (w *Worker) note(ctx context.Context, fund string, f func(*store.Tx) error) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	err := w.DB.Write(ctx, fund, f)
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	return err
}
