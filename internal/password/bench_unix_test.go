//go:build unix

package password

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"aditus/internal/keys"

	"golang.org/x/crypto/argon2"
)

// Raw Argon2id on every core and the Hasher under 4, 16 and 64 clients, taking
// turns for five rounds: medians of the rates, their ratio to raw, and of the
// processor time a hash, which a busy machine disturbs least. The aim is 0.97 of
// raw. Run with -benchtime 1x.
func BenchmarkAgainstRaw(b *testing.B) {
	h := NewHasher(Default, runtime.NumCPU(), 64, time.Minute, keys.New(nil).Pepper())
	phc, err := h.Hash(context.Background(), "ciliegia-Lampada-47-nuvola")
	if err != nil {
		b.Fatal(err)
	}
	salt := make([]byte, saltLen)
	raw := func() {
		argon2.IDKey([]byte("ciliegia-Lampada-47-nuvola"), salt, Default.Time, Default.MemoryKiB, 1, hashLen)
	}
	verify := func() {
		if ok, _, err := h.Verify(context.Background(), phc, "ciliegia-Lampada-47-nuvola"); !ok {
			b.Error(err)
		}
	}
	for b.Loop() {
		clients := []int{runtime.NumCPU(), 4, 16, 64}
		rates, costs := make([][]float64, 4), make([][]float64, 4)
		for range 5 {
			for i, n := range clients {
				do := verify
				if i == 0 {
					do = raw
				}
				r, ms := rate(n, do)
				rates[i], costs[i] = append(rates[i], r), append(costs[i], ms)
			}
		}
		for i, n := range clients {
			slices.Sort(rates[i])
			slices.Sort(costs[i])
			name := fmt.Sprintf("at%d", n)
			if i == 0 {
				name = "raw"
			} else {
				b.ReportMetric(rates[i][2]/rates[0][2], name+"/raw")
			}
			b.ReportMetric(rates[i][2], name+"/s")
			b.ReportMetric(costs[i][2], name+"-cpu-ms")
		}
	}
}

// rate runs do on so many goroutines for a second and returns how often a second,
// and the processor time of the whole process for each, in milliseconds.
func rate(clients int, do func()) (perSecond, cpuMS float64) {
	var n atomic.Int64
	var wg sync.WaitGroup
	start, before := time.Now(), cpuTime()
	for range clients {
		wg.Go(func() {
			for time.Since(start) < time.Second {
				do()
				n.Add(1)
			}
		})
	}
	wg.Wait()
	done := float64(n.Load())
	return done / time.Since(start).Seconds(), (cpuTime() - before).Seconds() * 1000 / done
}

// cpuTime is the user and system time of this process so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkCheck(b *testing.B) {
	for b.Loop() {
		Check(Rules{Min: 15}, "ciliegia-Lampada-47-nuvola", samuele)
	}
}
