//go:build linux && !race

package password

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
)

// 64 members sign in at once: with an arena for each that would be 1.2 GiB, and
// with two slots and the collector's own pace still 100 MiB. The goal is 40 MiB
// and one hash memory a core. (Not under the race detector, which multiplies
// memory by itself.)
func TestMemoryInAStorm(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), stormEnv+"=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var peak int
	var rate float64
	if _, err := fmt.Sscanf(string(out), "peak %d KiB, %f sign-ins/s", &peak, &rate); err != nil || peak == 0 {
		t.Fatalf("%v: %s", err, out)
	}
	limit := 40<<10 + runtime.NumCPU()*int(Default.MemoryKiB)
	t.Logf("peak %.1f MiB of %.1f, %.1f sign-ins/s", float64(peak)/1024, float64(limit)/1024, rate)
	if peak > limit {
		t.Errorf("peak %d KiB, limit %d KiB", peak, limit)
	}
}
