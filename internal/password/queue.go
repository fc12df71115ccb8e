package password

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"
)

// A queue lets a few callers run at once and a few more wait, first come first
// served. Without it forty sign-ins at once take forty times the memory and are
// slower for everybody; with it the rest are told to come again.
type queue struct {
	wait time.Duration // no one waits longer

	mu      sync.Mutex
	free    int       // slots nobody has
	waiting list.List // of chan struct{}; closed when the caller may run
	room    int       // as many may wait
}

func newQueue(slots, room int, wait time.Duration) *queue {
	return &queue{wait: wait, free: slots, room: room}
}

// enter returns nil when the caller may run; it must then leave. Otherwise it
// returns ErrBusy, or the context's error if that ended first.
func (q *queue) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("password: waiting for a turn: %w", err)
	}
	q.mu.Lock()
	if q.free > 0 { // then nobody waits
		q.free--
		q.mu.Unlock()
		return nil
	}
	if q.waiting.Len() >= q.room {
		q.mu.Unlock()
		return ErrBusy
	}
	turn := make(chan struct{})
	place := q.waiting.PushBack(turn)
	q.mu.Unlock()

	timer := time.NewTimer(q.wait)
	defer timer.Stop()
	var gaveUp error
	select {
	case <-turn:
		return nil
	case <-timer.C:
		gaveUp = ErrBusy
	case <-ctx.Done():
		gaveUp = fmt.Errorf("password: waiting for a turn: %w", ctx.Err())
	}
	q.mu.Lock()
	select {
	case <-turn:
		// The turn came in the same moment. It goes to the next, or it would be lost.
		q.mu.Unlock()
		q.leave()
	default:
		q.waiting.Remove(place)
		q.mu.Unlock()
	}
	return gaveUp
}

// leave gives the slot to who has waited longest.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	first := q.waiting.Front()
	if first == nil {
		q.free++
		return
	}
	close(q.waiting.Remove(first).(chan struct{}))
}
