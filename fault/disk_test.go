//go:build fault

package fault

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk is a file system of its own, of so many bytes, until the end of the
// test. It takes a superuser to make one.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		t.Fatalf("mounting a small disk: %v (make fault runs as root)", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("a mount is left at %s: %v", dir, err)
		}
	})
	return dir
}

// What could have happened: the disk is full, and the program ends, or says yes
// to what it could not write, or never comes back (F3).
func TestFaultDiskFull(t *testing.T) {
	dir := smallDisk(t, 20<<20)
	w := newWorld(t, setup{engine: "sqlite", rows: 60, actors: 40, dir: dir})
	// Sessions that were used a while ago: using one again is noted, and cannot be.
	w.change(`UPDATE session SET seen_at = seen_at - 300000`)
	n := launch(t, w.config, nil)
	n.ready(t)
	town := newTown(w, n.addr)
	acting, reading := w.actors[:32], w.actors[32:]
	w.actors, w.strangers = acting, nil
	town.populate(clients)
	defer town.leave()
	town.let(true)
	confirmed := func() (n int) {
		town.h.promise(func(p *promises) { n = len(p.confirmed) })
		return n
	}
	until(t, "a few confirmations", func() bool { return confirmed() >= 5 })

	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	c := newClient(n.addr).as(reading[0])
	until(t, "the disk to be full", func() bool {
		a, err := c.post("/operations/new/residence", residence(1)...)
		if err != nil {
			t.Fatal(err)
		}
		if a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "" {
			t.Error("a 503 that does not say when to come again")
		}
		return a.status == http.StatusServiceUnavailable
	})
	full := time.Now()
	at := confirmed()
	for i, p := range reading {
		b := newClient(n.addr).as(p)
		if a, err := b.get("/profile"); err != nil || a.status != http.StatusOK {
			t.Errorf("reading, on a full disk: %v %s", err, a.said())
		}
		if a, err := b.post("/login", "username", p.code, "password", p.password); err != nil || a.status != http.StatusServiceUnavailable && a.status != http.StatusSeeOther {
			t.Errorf("signing in, on a full disk: %v %s", err, a.said())
		}
		if a, err := b.get("/healthz"); err != nil || a.status != http.StatusOK {
			t.Errorf("health, on a full disk: %v %s (%d)", err, a.said(), i)
		}
	}
	time.Sleep(3 * time.Second)
	if !n.alive() {
		t.Fatalf("the program ended:\n%s", n.said)
	}
	if wrong := w.check(town.h); len(wrong) > 0 {
		t.Error(strings.Join(wrong, "\n"))
	}
	t.Logf("on a full disk for %v: %d operations were confirmed before, %d since", time.Since(full).Round(time.Millisecond), at, confirmed()-at)

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	room := time.Now()
	until(t, "it to work again", func() bool {
		a, err := c.post("/operations/new/residence", residence(2)...)
		return err == nil && a.status == http.StatusSeeOther
	})
	t.Logf("works again %v after there was room (aim 5s)", time.Since(room).Round(time.Millisecond))
	now := confirmed()
	until(t, "confirmations again", func() bool { return confirmed() >= now+5 })
	town.leave()
	// What was sent and could not be noted is held until its lease is over.
	w.release()
	w.ended()
	if wrong := append(w.check(town.h), w.messages(5)...); len(wrong) > 0 {
		t.Error(strings.Join(wrong, "\n"))
	}
	w.verify()
	n.signal(t, syscall.SIGTERM)
	if code := n.exit(t); code != 0 {
		t.Errorf("asked to stop, it ended with %d:\n%s", code, n.said)
	}
}

// fill writes until there is no room.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4096, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}

// What could have happened: the disk does not take what it said it took, and the
// program goes on as if it had, with a false receipt (F4, R8).
func TestFaultDiskBroken(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Log("there is no strace on this machine: a disk that fails was not tried")
		return
	}
	for _, after := range []int{1, 7, 30} {
		t.Run(fmt.Sprintf("after %d syncs", after), func(t *testing.T) {
			w := newWorld(t, setup{engine: "sqlite", rows: 60, actors: 40})
			n := launch(t, w.config, nil, strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync",
				"-e", fmt.Sprintf("inject=fsync,fdatasync:error=EIO:when=%d+", after+40))
			n.ready(t)
			town := newTown(w, n.addr)
			town.rough = true // «we do not know yet» is an honest answer here
			w.strangers = nil
			town.populate(clients)
			defer town.leave()
			town.let(true)
			if code := n.exit(t); code != 70 {
				t.Errorf("a disk that fails ends the program with %d, and not with 70:\n%s", code, n.said)
			}
			town.let(false)
			// On a disk that works again, all that was promised is there.
			n = launch(t, w.config, nil)
			n.ready(t)
			if wrong := w.check(town.h); len(wrong) > 0 {
				t.Error(strings.Join(wrong, "\n"))
			}
			w.verify()
			t.Logf("%d operations were confirmed before the disk failed", len(town.h.confirmed))
		})
	}
}
