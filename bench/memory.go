package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"aditus/internal/password"
)

// memory measures what `aditus serve` holds when nobody comes, and the most it
// holds while 64 people sign in at once.
func (b *bench) memory(ctx context.Context, e *engine) (err error) {
	if e.serve == nil {
		if e.serve, err = b.prepareServe(ctx, e); err != nil {
			return err
		}
	}
	cmd, _, err := startUntilReady(e.serve.address, []string{b.aditus, "serve", "--config", e.serve.config})
	if err != nil {
		return err
	}
	b.pids = append(b.pids, cmd.Process.Pid)
	err = b.memoryOf(ctx, e, cmd.Process.Pid)
	b.pids = b.pids[:len(b.pids)-1]
	return errors.Join(err, end(cmd))
}

func (b *bench) memoryOf(ctx context.Context, e *engine, pid int) error {
	idle := 10 * time.Second
	if b.quick {
		idle = 3 * time.Second
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(idle):
	}
	pss, err := memory(pid, "Pss")
	rss, err2 := memory(pid, "VmRSS")
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	r := b.table.row(e.name, "memory", fmt.Sprintf("PSS after %s without a request", idle))
	r.unit = "MiB"
	r.goal("below 20", func(s sample) bool { return s.value < 20 })
	r.add(figure{}, sample{value: pss})
	r = b.table.row(e.name, "memory", "RSS at that time")
	r.unit = "MiB"
	r.add(figure{}, sample{value: rss})

	var refused, bare atomic.Int64
	f := b.signInsOver(ctx, e.serve.address, e.serve.people, 64, b.span(3*time.Second), meter{pid: pid, postgres: e.server != ""}, &refused, &bare)
	peak, err := memory(pid, "VmHWM")
	if err := errors.Join(err, f.fine()); err != nil {
		return err
	}
	most := 40 + float64(runtime.NumCPU())*float64(password.Default.MemoryKiB)/1024
	r = b.table.row(e.name, "memory", "highest RSS while 64 people sign in at once")
	r.unit = "MiB"
	r.goal(fmt.Sprintf("below %.0f: 40 and a hash a processor", most), func(s sample) bool { return s.value < most && s.refused == 0 })
	r.add(figure{}, sample{value: peak, refused: float64(refused.Load())})
	return nil
}

// size is the program's, stripped.
func (b *bench) size() error {
	info, err := os.Stat(b.aditus)
	if err != nil {
		return err
	}
	r := b.table.row("", "size", "bin/aditus, static and stripped")
	r.unit = "MB"
	r.goal("below 35", func(s sample) bool { return s.value < 35 })
	r.add(figure{}, sample{value: float64(info.Size()) / 1e6})
	return nil
}
