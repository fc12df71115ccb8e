package password

import (
	"runtime"
	"runtime/metrics"
	"sync"
)

// arenas keeps the memory of hashing near what the slots use at one time.
//
// Argon2 takes 19 MiB for each hash and drops it at the end. The garbage
// collector counts what is in use when it looks, so with two hashes running it
// lets the heap grow to twice their sum and more before it looks again. Here it
// is asked to look before a new arena is taken while a dropped one still lies
// about, so that the new one gets the old one's pages: the process stays near
// slots times 19 MiB, and a hash is even a little cheaper, because warm pages are
// neither asked from the system nor faulted in.
//
// A collection costs time in proportion to the rest of the heap, which is small
// at sign-in. Should it be large, for instance while a register is imported, as
// much garbage is allowed as there is heap, which is the collector's own measure.
//
// Returning the memory to the system after each hash was measured too: the page
// faults double to quadruple the cost.
type arenas struct {
	mu      sync.Mutex
	running int // taken, not yet dropped
	dead    int // dropped since the last collection asked for here
	other   int // bytes in use besides the running arenas, at that collection
}

// take makes room for an arena of so many bytes, which drop gives up. Callers
// wait for one another here: one collection serves them all.
func (a *arenas) take(size int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.dead > 0 && a.dead*size >= a.other {
		runtime.GC()
		a.dead = 0
		a.other = heapInUse() - a.running*size
	}
	a.running++
}

// drop says that a hash has ended and its arena is garbage.
func (a *arenas) drop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running--
	a.dead++
}

// heapInUse is how many bytes the last collection found in use.
func heapInUse() int {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return int(sample[0].Value.Uint64())
}
