package deliver

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
)

// An Ending is why a message was closed without having been taken for certain.
type Ending string

// The endings there are. All but Doubtful leave the message failed or expired,
// and it surely did not arrive.
const (
	Bounced    Ending = "bounced"    // nobody is reached at that address: proved (security.md 4.2)
	Refused    Ending = "permanent"  // refused for good, tried for too long, or there is no way to send it
	Expired    Ending = "expired"    // its time was over before it could be sent (I5)
	Unreadable Ending = "unreadable" // sealed with other keys, or damaged
	Doubtful   Ending = "unknown"    // it left us, nobody knows whether it was taken, and it is not sent again
)

const (
	// holdCode is how long a code is claimed at the most: if its worker is killed,
	// another sends it while it is still worth something.
	holdCode = 30 * time.Second

	// giveUp is how long a notice is tried.
	giveUp = 72 * time.Hour

	// mostTries is how often a message is claimed. Backing off, none reaches it in
	// its time; one at which the worker dies each time does.
	mostTries = 40

	// mostDoubts is how often a message is sent of which nobody knows whether it
	// was taken, where sending it again does no harm.
	mostDoubts = 3

	// mostRest is how long a gateway can have itself left alone. A wrong header
	// must not stop a queue for a day.
	mostRest = 5 * time.Minute
)

// send hands a claimed message to the sender of its kind. It was claimed at now,
// by the database's clock, and after before, by this process's: only differences
// are taken of either. It goes on when ctx ends: a send cut short would be sent
// again.
func (w *Worker) send(ctx context.Context, c store.Claim, now, before time.Time) (r result) {
	defer func() {
		if p := recover(); p != nil { // one message must not end the process, and be there again after it (F25)
			said := fmt.Sprintf("panic: %T", p) // its value may show the text
			if e, ok := p.(runtime.Error); ok {
				said = "panic: " + e.Error()
			}
			w.report(fmt.Errorf("sending %s: %s", c.Kind, said))
			r = judge(c, now, &Unknown{Failure: Failure{Stage: "compose", Err: errors.New(said)}})
		}
	}()
	ends := func(state access.MessageState, why Ending, said string) result {
		return result{claim: c, state: state, ending: why, said: said}
	}
	f, sender := w.Funds[c.Fund], w.Senders[c.Kind]
	switch {
	case !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt):
		return ends(access.MessageExpired, Expired, "")
	case c.Unreadable:
		return ends(access.MessageFailed, Unreadable, "sealed with other keys, or damaged")
	case f == nil || sender == nil:
		return ends(access.MessageFailed, Refused, fmt.Sprintf("no way to send %s", c.Kind))
	case c.Tries > mostTries:
		return ends(access.MessageFailed, Refused, fmt.Sprintf("tried %d times", mostTries))
	}
	hold := w.Hold
	if !c.ExpiresAt.IsZero() {
		hold = min(hold, holdCode)
	}
	until := now.Add(hold - hold/10)
	if !c.ExpiresAt.IsZero() && c.ExpiresAt.Before(until) {
		until = c.ExpiresAt // a code must not arrive at a gateway after its time (I5)
	}
	limited, stop := context.WithDeadline(context.WithoutCancel(ctx), before.Add(until.Sub(now)))
	defer stop()
	receipt, err := sender.Send(limited, w.word(f, c))
	if err == nil {
		return result{claim: c, state: access.MessageSent, provider: receipt.ProviderID}
	}
	return judge(c, now, err)
}

// judge says what a failure to send means for the message.
func judge(c store.Claim, now time.Time, err error) result {
	r := result{claim: c, state: access.MessageFailed, ending: Refused, said: err.Error(), wait: backoff(c)}
	if p, ok := errors.AsType[*Permanent](err); ok {
		if p.Bounce() {
			r.ending = Bounced
		}
		return r
	}
	if t, ok := errors.AsType[*Temporary](err); ok {
		r.rest = min(t.After, mostRest)
		r.wait = max(r.wait, r.rest)
	} else {
		r.claim.Doubts++
		if !again(r.claim, err) {
			// Not failed: it may well have arrived, and who reads it can use it.
			r.state, r.ending = access.MessageSent, Doubtful
			return r
		}
	}
	if c.Tries >= mostTries || c.ExpiresAt.IsZero() && now.Sub(c.QueuedAt) > giveUp {
		return r
	}
	r.state, r.ending = access.MessageQueued, ""
	return r
}

// again reports whether a message is sent once more that may have been taken.
// Where a second one does harm it is not: a code comes twice only where that
// cannot be noticed or can be seen to be the same, and a certified mail never
// (pec.md 5). A notice may come twice rather than not at all.
func again(c store.Claim, err error) bool {
	u, _ := errors.AsType[*Unknown](err)
	harmless := u != nil && u.Repeat
	notice := c.ExpiresAt.IsZero() && c.Kind != access.PEC
	return (harmless || notice) && c.Doubts < mostDoubts
}

// backoff is how long to wait after a message could not be sent: from 5 s, each
// time twice as long; up to 4 h, and for one that expires up to a 24th of its
// life, but 2 min at least (F14).
func backoff(c store.Claim) time.Duration {
	longest := 4 * time.Hour
	if !c.ExpiresAt.IsZero() {
		longest = min(longest, max(2*time.Minute, c.ExpiresAt.Sub(c.QueuedAt)/24))
	}
	return min(5*time.Second<<min(c.Tries-1, 12), longest)
}
