package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// prepared is what `aditus serve` is started on: settings, and a database whose
// tables and people are there.
type prepared struct {
	config  string
	address string
	where   string
	people  []person
}

// prepareServe makes it.
func (b *bench) prepareServe(ctx context.Context, e *engine) (p *prepared, err error) {
	p = &prepared{}
	if p.where, err = e.fresh(ctx, "serve"); err != nil {
		return nil, err
	}
	db, err := b.open(ctx, p.where)
	if err != nil {
		return nil, err
	}
	p.people, err = b.populate(ctx, db, signing)
	if err := errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.address = l.Addr().String() // free now, and hardly taken again before it is used
	if err := l.Close(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(b.dir, "settings-")
	if err != nil {
		return nil, err
	}
	funds := filepath.Join(dir, "funds")
	if err := errors.Join(os.Mkdir(funds, 0o700), os.WriteFile(filepath.Join(funds, fundName), fundFile, 0o600)); err != nil {
		return nil, err
	}
	p.config = filepath.Join(dir, "aditus.toml")
	text := fmt.Sprintf(`[server]
listen  = %q
https   = false
proxies = ["127.0.0.0/8"]
[database]
url = %q
[keys]
file = %q
[funds]
dir = %q
[audit]
checkpoints = %q
[smtp]
host = "127.0.0.1"
port = 2525
tls  = "none"
[password]
queue = 64
wait  = "60s"
`, p.address, p.where, b.keys, funds, filepath.Join(dir, "checkpoints.jsonl"))
	return p, os.WriteFile(p.config, []byte(text), 0o600)
}

// starts measures how long the product takes from its start to ready, beside a
// program that does nothing but open the database and the port. Three of each in
// turn, the middle one counts.
func (b *bench) starts(ctx context.Context, e *engine) (err error) {
	if e.serve == nil {
		if e.serve, err = b.prepareServe(ctx, e); err != nil {
			return err
		}
	}
	p := e.serve
	var ours, bare, oursCPU, bareCPU []float64
	for range 3 {
		for _, s := range []struct {
			args      []string
			took, cpu *[]float64
		}{
			{[]string{b.aditus, "serve", "--config", p.config}, &ours, &oursCPU},
			{[]string{b.barebin, p.address, p.where}, &bare, &bareCPU},
		} {
			cmd, took, err := startUntilReady(p.address, s.args)
			if err != nil {
				return err
			}
			*s.took, *s.cpu = append(*s.took, millis(took)), append(*s.cpu, millis(threadTime(cmd.Process.Pid)))
			if err := end(cmd); err != nil {
				return err
			}
		}
	}
	r := b.table.row(e.name, "start", "`aditus serve` from its start to ready")
	r.unit = "ms"
	r.limit("a bare program")
	r.goal("at most twice the limit", func(s sample) bool { return s.ratio <= 2 })
	r.add(figure{}, sample{value: median(ours), cpu: median(oursCPU), bound: median(bare), boundCPU: median(bareCPU), ratio: median(ours) / median(bare)})
	return nil
}

// startUntilReady starts a program and asks every millisecond whether it is ready.
func startUntilReady(address string, args []string) (cmd *exec.Cmd, took time.Duration, err error) {
	cmd = exec.Command(args[0], args[1:]...)
	log, err := os.CreateTemp("", "aditus-bench-log-")
	if err != nil {
		return nil, 0, err
	}
	defer os.Remove(log.Name())
	defer log.Close()
	cmd.Stderr = log
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	request := get("localhost", "/readyz", "")
	for {
		c := client{addr: address}
		a, err := c.do(request)
		took = time.Since(begun)
		// The connection's end is not what is measured.
		_ = c.close()
		if err == nil && a.status == http.StatusOK {
			return cmd, took, nil
		}
		if took > 20*time.Second {
			said, _ := os.ReadFile(log.Name())
			return nil, took, errors.Join(fmt.Errorf("%s is not ready: %w\n%s", args[0], err, said), cmd.Process.Kill(), cmd.Wait())
		}
		time.Sleep(time.Millisecond)
	}
}

// end asks a program to end, and waits. The bare one dies of it.
func end(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return nil
	}
	return err
}
