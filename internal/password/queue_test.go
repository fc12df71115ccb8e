package password

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestQueueFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 10, time.Second)
		if err := q.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		var order []int
		for i := range 10 {
			go func() {
				if err := q.enter(t.Context()); err != nil {
					t.Errorf("%d: %v", i, err)
				}
				order = append(order, i) // one at a time: it has the only slot
			}()
			synctest.Wait()
		}
		if err := q.enter(t.Context()); !errors.Is(err, ErrBusy) {
			t.Errorf("the eleventh: %v", err)
		}
		for range 10 {
			q.leave()
			synctest.Wait()
		}
		if !slices.IsSorted(order) || len(order) != 10 {
			t.Errorf("served in the order %v", order)
		}
	})
}

func TestQueueWaitsSoLongAndNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1, 2, 2*time.Second)
		if err := q.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := q.enter(t.Context()); !errors.Is(err, ErrBusy) {
			t.Errorf("after the wait: %v", err)
		}
		if waited := time.Since(start); waited != 2*time.Second {
			t.Errorf("waited %v", waited)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.enter(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the caller's own deadline: %v", err)
		}
		if waited := time.Since(start); waited != 3*time.Second {
			t.Errorf("waited %v in all", waited)
		}
		// Who gave up keeps no place: two may wait again, and get the slot.
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if err := q.enter(t.Context()); err != nil {
					t.Error(err)
				}
				q.leave()
			})
		}
		synctest.Wait()
		q.leave()
		wg.Wait()
		if q.free != 1 || q.waiting.Len() != 0 {
			t.Errorf("%d free, %d waiting at the end", q.free, q.waiting.Len())
		}
	})
}

// The turn may come in the very moment a waiter gives up. If it is then kept by
// nobody, the slots run out one by one and in the end no member can sign in.
func TestQueueLosesNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 300 {
			q := newQueue(1, 3, 2*time.Second)
			if err := q.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { // its wait ends as the slot becomes free
				if q.enter(t.Context()) == nil {
					q.leave()
				}
			})
			wg.Go(func() { // its request ends as the slot becomes free
				if q.enter(ctx) == nil {
					q.leave()
				}
			})
			wg.Go(func() {
				time.Sleep(2 * time.Second)
				q.leave()
			})
			wg.Go(func() {
				time.Sleep(2 * time.Second)
				cancel()
			})
			wg.Wait()
			if q.free != 1 || q.waiting.Len() != 0 {
				t.Fatalf("%d free, %d waiting at the end", q.free, q.waiting.Len())
			}
		}
	})
}

func TestQueueNeverRunsMoreThanItsSlots(t *testing.T) {
	q := newQueue(3, 1000, time.Minute)
	var mu sync.Mutex
	running, most := 0, 0
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for range 20 {
				if err := q.enter(context.Background()); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				running++
				most = max(most, running)
				mu.Unlock()
				time.Sleep(10 * time.Microsecond)
				mu.Lock()
				running--
				mu.Unlock()
				q.leave()
			}
		})
	}
	wg.Wait()
	if most != 3 || q.free != 3 {
		t.Errorf("%d ran at once, %d free at the end; want 3 and 3", most, q.free)
	}
}
