//go:build fault

package fault

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/dbtest"
)

// readers are members who are signed in and read pages while something else goes
// on. Stop ends them, and returns how long each page took, sorted.
func (w *world) readersAt(addr string, n int) (stop func() []time.Duration) {
	over := make(chan struct{})
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	for _, p := range w.actors[:n] {
		c := newClient(addr).as(p)
		all.Go(func() {
			for {
				select {
				case <-over:
					return
				case <-time.After(5 * time.Millisecond):
				}
				began := time.Now()
				a, err := c.get("/profile")
				if err != nil || a.status != http.StatusOK {
					w.t.Errorf("a signed-in member's page: %v %s", err, a.said())
					return
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		})
	}
	return func() []time.Duration {
		close(over)
		all.Wait()
		slices.Sort(took)
		return took
	}
}

// memory is the most that a process ever held, in KiB.
func memory(t testing.TB, n *node) (kib int) {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
			return kib
		}
	}
	t.Fatal("the system does not say how much memory a process holds")
	return 0
}

// What could have happened: everybody signs in at once, each hash takes its
// memory and its time, and those who are in already wait with them, or the
// process is killed for its size (F24).
func TestFaultSignInStorm(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			w := newWorld(t, setup{engine: engine, strong: true, rows: 120, actors: 80})
			n := launch(t, w.config, nil)
			n.ready(t)
			calm := w.readersAt(n.addr, 4)
			time.Sleep(2 * time.Second)
			before := calm()
			stop := w.readersAt(n.addr, 4)
			var mu sync.Mutex
			statuses := map[int]int{}
			end := time.Now().Add(10 * time.Second)
			together(64, func(i int) {
				p := w.actors[8+i]
				for time.Now().Before(end) {
					c := newClient(n.addr)
					c.cookies["device"] = p.device
					a, err := c.post("/login", "username", p.code, "password", p.password)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					statuses[a.status]++
					mu.Unlock()
					switch a.status {
					case http.StatusSeeOther:
					case http.StatusServiceUnavailable:
						if a.header.Get("Retry-After") == "" {
							t.Error("a 503 that does not say when to come again")
						}
						time.Sleep(100 * time.Millisecond)
					default:
						t.Errorf("a right password: %s", a.said())
						return
					}
				}
			})
			took := stop()
			peak := memory(t, n)
			t.Logf("64 clients for 10 s: %.1f sign-ins/s, %d times «come again»; a signed-in page takes %v in calm (p99 %v) and %v in the storm (p99 %v, aim 300ms); memory at most %d MiB (aim 512)",
				float64(statuses[http.StatusSeeOther])/10, statuses[http.StatusServiceUnavailable], quantile(before, 0.5), quantile(before, 0.99),
				quantile(took, 0.5), quantile(took, 0.99), peak>>10)
			if statuses[http.StatusSeeOther] == 0 || len(took) == 0 {
				t.Error("nobody came in, or nobody read")
			}
			if peak > 512<<10 {
				t.Errorf("the process held %d MiB", peak>>10)
			}
			// No right password that was turned away counts as a wrong one.
			if n := w.number(`SELECT count(*) FROM throttle WHERE wrong > 0`); n != 0 {
				t.Errorf("%d waits are left of sign-ins that were all right", n)
			}
		})
	}
}

// What could have happened: somebody opens ten thousand connections and says
// nothing, or speaks so slowly that they never end, or sends a hundred megabytes,
// and nobody else gets in (F23).
func TestFaultFlood(t *testing.T) {
	w := newWorld(t, setup{engine: "sqlite", rows: 40, actors: 8})
	n := launch(t, w.config, nil)
	n.ready(t)
	calm := w.readersAt(n.addr, 4)
	time.Sleep(2 * time.Second)
	before := calm()
	attack := func(name string, f func()) {
		stop := w.readersAt(n.addr, 4)
		began := time.Now()
		f()
		lasted := time.Since(began)
		took := stop()
		t.Logf("%-34s %6v  a signed-in page takes %v (p99 %v; in calm %v, p99 %v; aim 300ms)", name, lasted.Round(time.Millisecond),
			quantile(took, 0.5), quantile(took, 0.99), quantile(before, 0.5), quantile(before, 0.99))
		if len(took) == 0 {
			t.Errorf("%s: nobody could read meanwhile", name)
		}
	}
	dial := func() net.Conn {
		c, err := net.Dial("tcp", n.addr)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}

	attack("10,000 connections that say nothing", func() {
		var all []net.Conn
		for range 10_000 {
			all = append(all, dial())
		}
		// They are cut off without being asked, as no header comes.
		cut := 0
		for _, c := range all {
			if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1)); err != nil && !os.IsTimeout(err) {
				cut++
			}
			c.Close()
		}
		if cut != len(all) {
			t.Errorf("%d of %d silent connections stay open", len(all)-cut, len(all))
		}
	})
	attack("300 headers, a byte at a time", func() {
		var cut atomic.Int64
		together(300, func(i int) {
			c := dial()
			defer c.Close()
			text := "GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + strings.Repeat("a", 1000)
			for i := range len(text) {
				if _, err := c.Write([]byte(text[i : i+1])); err != nil {
					cut.Add(1)
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
		if cut.Load() != 300 {
			t.Errorf("%d of 300 slow headers were cut off", cut.Load())
		}
	})
	// told is the status that the server gives, or 0 if it just hangs up.
	told := func(c net.Conn) int {
		if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return 0
		}
		res.Body.Close()
		return res.StatusCode
	}
	attack("a body of 100 MB, 20 times", func() {
		together(20, func(i int) {
			c := dial()
			defer c.Close()
			fmt.Fprintf(c, "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\nusername=", 100<<20)
			sent, part := 0, bytes.Repeat([]byte("a"), 1<<16)
			for sent < 100<<20 {
				m, err := c.Write(part)
				if sent += m; err != nil {
					break
				}
			}
			if sent > 32<<20 {
				t.Errorf("the server took %d MB of a form", sent>>20)
			}
			if s := told(c); s != http.StatusRequestEntityTooLarge && s != 0 {
				t.Errorf("a body of 100 MB: %d", s)
			}
		})
	})
	attack("a header of 1 MB, 20 times", func() {
		together(20, func(i int) {
			c := dial()
			defer c.Close()
			// What the server does not read any more cannot be written: that is the point.
			_, _ = fmt.Fprintf(c, "GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: %s\r\n\r\n", strings.Repeat("a", 1<<20))
			if s := told(c); s != http.StatusRequestHeaderFieldsTooLarge && s != 0 {
				t.Errorf("a header of 1 MB: %d", s)
			}
		})
	})
	attack("a body, a byte at a time, 100 times", func() {
		together(100, func(i int) {
			c := dial()
			defer c.Close()
			fmt.Fprintf(c, "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n")
			limit := time.Now().Add(2 * patience)
			for time.Now().Before(limit) {
				if _, err := io.WriteString(c, "a"); err != nil {
					return
				}
				time.Sleep(500 * time.Millisecond)
			}
			t.Error("a body that never ends is waited for")
		})
	})
	peak := memory(t, n)
	t.Logf("memory at most %d MiB (aim 512)", peak>>10)
	if peak > 512<<10 {
		t.Errorf("the process held %d MiB", peak>>10)
	}
	if !n.alive() {
		t.Error("the program ended")
	}
}

// What could have happened: a member who asks for a code waits for the mail
// server (F14, I14). The figure is how long a request for a code takes while the
// server says nothing at all.
func TestFaultAskWithoutMail(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			w := newWorld(t, setup{engine: engine, rows: 160, actors: 120})
			n := launch(t, w.config, nil)
			n.ready(t)
			let := make(chan struct{})
			w.sink.misbehave(func(stage, _ string) error {
				if stage == "to" {
					<-let
				}
				return nil
			})
			var mu sync.Mutex
			var took []time.Duration
			together(clients, func(i int) {
				for j := i; j < len(w.actors); j += clients {
					c := newClient(n.addr).as(w.actors[j])
					a, err := c.post("/operations/new/residence", residence(j)...)
					if err != nil {
						t.Error(err)
						return
					}
					began := time.Now()
					asked, err := c.post(a.to, "do", "ask")
					d := time.Since(began)
					if err != nil || asked.status != http.StatusSeeOther {
						t.Errorf("a code: %v %s", err, asked.said())
					}
					mu.Lock()
					took = append(took, d)
					mu.Unlock()
				}
			})
			slices.Sort(took)
			t.Logf("%d codes asked for, %d at a time, while the mail server hangs: median %v, p99 %v (aim 300ms)",
				len(took), clients, quantile(took, 0.5), quantile(took, 0.99))
			w.sink.misbehave(nil)
			close(let)
			w.ended()
			if wrong := append(w.check(nil), w.messages(1)...); len(wrong) > 0 {
				t.Error(strings.Join(wrong, "\n"))
			}
		})
	}
}
