package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// A figure is what one measurement brought.
type figure struct {
	n       int // that went well
	elapsed time.Duration
	times   []time.Duration // of each, sorted
	cpu     time.Duration   // of what was measured
	others  float64         // the share of the machine that others took
	failed  map[string]int  // what went wrong, and how often
}

// rate is how many went well in a second.
func (f figure) rate() float64 { return float64(f.n) / f.elapsed.Seconds() }

// and is f and what was measured after it, as one.
func (f figure) and(after figure) figure {
	f.n += after.n
	f.elapsed += after.elapsed
	f.cpu += after.cpu
	f.others = max(f.others, after.others)
	f.times = append(f.times, after.times...)
	slices.Sort(f.times)
	for what, n := range after.failed {
		f.failed[what] += n
	}
	return f
}

// each is the processor time of one, in milliseconds.
func (f figure) each() float64 { return millis(f.cpu) / float64(max(f.n, 1)) }

// at is the time below which so many of a hundred are, in milliseconds.
func (f figure) at(percent int) float64 { return percentile(f.times, percent) }

func percentile(sorted []time.Duration, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return millis(sorted[min(len(sorted)*percent/100, len(sorted)-1)])
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// errOut says that a client has nothing more to do.
var errOut = errors.New("nothing left to do")

// load has clients do op, each again as soon as it is done, for d. What is under
// way then is finished and counts, with its time.
func (b *bench) load(ctx context.Context, clients int, d time.Duration, m meter, op func(client int) error) figure {
	f := figure{failed: map[string]int{}}
	times := make([][]time.Duration, clients)
	var mu sync.Mutex
	var all sync.WaitGroup
	before := m.read(b)
	begun := time.Now()
	for c := range clients {
		all.Go(func() {
			for ctx.Err() == nil && time.Since(begun) < d {
				at := time.Now()
				err := op(c)
				if errors.Is(err, errOut) {
					return
				}
				if err != nil {
					mu.Lock()
					f.failed[err.Error()]++
					mu.Unlock()
					continue
				}
				times[c] = append(times[c], time.Since(at))
			}
		})
	}
	all.Wait()
	f.elapsed = time.Since(begun)
	after := m.read(b)
	f.cpu = after.measured - before.measured
	f.others = others(before, after)
	f.times = slices.Concat(times...)
	slices.Sort(f.times)
	f.n = len(f.times)
	return f
}

// fine is an error if anything of f went wrong.
func (f figure) fine() error {
	for what, n := range f.failed {
		return fmt.Errorf("%d of %d went wrong, %d of them so: %s", sum(f.failed), f.n+sum(f.failed), n, what)
	}
	if f.n == 0 {
		return errors.New("nothing was done")
	}
	return nil
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// median of what was measured in the rounds.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// profiled runs f, with a processor profile of the server if one is wanted.
func (b *bench) profiled(e *engine, name string, f func() error) error {
	if b.profile == "" {
		return f()
	}
	file, err := b.profileFile(e, name)
	if err != nil {
		return err
	}
	if _, err := e.site.server.tell(order{Do: "profile", File: file}); err != nil {
		return err
	}
	err = f()
	_, end := e.site.server.tell(order{Do: "profile"})
	return errors.Join(err, end)
}

// profiledHere does the same for what this process does itself.
func (b *bench) profiledHere(e *engine, name string, f func() error) error {
	if b.profile == "" {
		return f()
	}
	file, err := b.profileFile(e, name)
	if err == nil {
		err = profile(file)
	}
	if err != nil {
		return err
	}
	return errors.Join(f(), profile(""))
}

func (b *bench) profileFile(e *engine, name string) (string, error) {
	return filepath.Abs(filepath.Join(b.profile, e.name+"-"+name+".pprof"))
}
