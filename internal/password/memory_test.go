package password

import (
	"runtime"
	"testing"
)

// Each arena dropped must be collected before the next is taken, as long as the
// rest of the heap is small.
func TestArenasAskForTheCollection(t *testing.T) {
	const size = 1 << 20
	a := &arenas{}
	collections := func(n int) uint32 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			a.take(size)
			a.drop()
		}
		runtime.ReadMemStats(&after)
		return after.NumForcedGC - before.NumForcedGC
	}
	a.other = 0
	if n := collections(2); n != 1 {
		t.Errorf("two hashes, small heap: %d collections, want 1", n)
	}
	// With much else in use a collection is dear: one for as much garbage as heap.
	a.dead, a.other = 0, 8*size
	if n := collections(8); n != 0 {
		t.Errorf("8 MiB of garbage beside a heap of 8 MiB: %d collections", n)
	}
	if n := collections(1); n != 1 {
		t.Errorf("more garbage than heap: %d collections, want 1", n)
	}
	if a.other < 0 || a.other > 1<<30 || a.dead != 1 || a.running != 0 {
		t.Errorf("counts: %+v", a)
	}
}
