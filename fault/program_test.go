package fault

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything that must happen is waited for. It is not what
// anything may take: it only ends a test that would wait for ever.
const patience = 30 * time.Second

// program is the command under test, built once for all tests of the package.
var program struct {
	once sync.Once
	dir  string
	path string
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if program.dir != "" {
		if err := os.RemoveAll(program.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// built is the path of the program: the real command, all of it, with one file
// laid over it that can end the process at a named step.
func built(t testing.TB) string {
	t.Helper()
	p := &program
	p.once.Do(func() {
		if p.dir, p.err = os.MkdirTemp("", "aditus-fault-"); p.err != nil {
			return
		}
		crash, err := filepath.Abs("testdata/crash.go")
		if err != nil {
			p.err = err
			return
		}
		cmd, err := filepath.Abs("../cmd/aditus/crash.go")
		if err != nil {
			p.err = err
			return
		}
		overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{cmd: crash}})
		if err != nil {
			p.err = err
			return
		}
		file := filepath.Join(p.dir, "overlay.json")
		if p.err = os.WriteFile(file, overlay, 0o600); p.err != nil {
			return
		}
		p.path = filepath.Join(p.dir, "aditus")
		build := exec.Command("go", "build", "-ldflags", "-s -w", "-overlay", file, "-o", p.path, "../cmd/aditus")
		if out, err := build.CombinedOutput(); err != nil {
			p.err = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if p.err != nil {
		t.Fatal(p.err)
	}
	return p.path
}

// command runs the program to its end and returns its exit code and what it said.
func command(t testing.TB, args ...string) (code int, out string) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	defer stop()
	b, err := exec.CommandContext(ctx, built(t), args...).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), string(b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, string(b)
}

// must is command for one that has to succeed.
func must(t testing.TB, args ...string) string {
	t.Helper()
	code, out := command(t, args...)
	if code != 0 {
		t.Fatalf("aditus %s: exit %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// A node is one running `aditus serve`.
type node struct {
	addr  string // host:port it listens on
	cmd   *exec.Cmd
	said  *lines
	began time.Time
	done  chan struct{} // closed when the process has ended
	state *os.ProcessState
}

// lines is a log that can be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
	on chan struct{} // closed and renewed at each write
}

func newLines() *lines { return &lines{on: make(chan struct{})} }

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.on)
	l.on = make(chan struct{})
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var serving = regexp.MustCompile(`"msg":"serving","address":"([^"]+)"`)

// launch starts a process that serves by a settings file, and waits until it
// says where, or has ended. Before is put in front of the command line, as
// strace is.
func launch(t testing.TB, config string, env []string, before ...string) *node {
	t.Helper()
	args := append(before, built(t), "serve", "--config", config)
	n := &node{cmd: exec.Command(args[0], args[1:]...), said: newLines(), done: make(chan struct{})}
	n.cmd.Env = append(os.Environ(), env...)
	n.cmd.Stderr = n.said
	// In a process group of its own, so that what stands in front ends with it.
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	n.began = time.Now()
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		// How it ended is in its state: a killed process is no error here.
		_ = n.cmd.Wait()
		n.state = n.cmd.ProcessState
		close(n.done)
	}()
	t.Cleanup(n.kill)
	limit := time.After(patience)
	for {
		n.said.mu.Lock()
		on := n.said.on
		n.said.mu.Unlock()
		if m := serving.FindStringSubmatch(n.said.String()); m != nil {
			n.addr = m[1]
			return n
		}
		select {
		case <-on:
		case <-n.done:
			return n
		case <-limit:
			t.Fatalf("the program did not begin to serve:\n%s", n.said)
		}
	}
}

// ready waits until /readyz says yes, and returns how long that was after the
// start. It reports false if the process ended before.
func (n *node) ready(t testing.TB) (time.Duration, bool) {
	t.Helper()
	limit := time.Now().Add(patience)
	for n.addr != "" && time.Now().Before(limit) {
		res, err := http.Get("http://" + n.addr + "/readyz")
		if err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(n.began), true
			}
		}
		select {
		case <-n.done:
			return 0, false
		case <-time.After(2 * time.Millisecond):
		}
	}
	select {
	case <-n.done:
		return 0, false
	default:
		t.Fatalf("the program is not ready after %v:\n%s", patience, n.said)
	}
	return 0, false
}

// kill is kill -9, and waits until the process is gone. Killing one that has
// ended does nothing.
func (n *node) kill() {
	select {
	case <-n.done:
		return
	default:
	}
	// The group is this process's own and is never another's while it lives.
	_ = syscall.Kill(-n.cmd.Process.Pid, syscall.SIGKILL)
	<-n.done
}

// signal sends a signal.
func (n *node) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// exit waits for the process to end and returns its exit code: -1 after a signal.
func (n *node) exit(t testing.TB) int {
	t.Helper()
	select {
	case <-n.done:
		return n.state.ExitCode()
	case <-time.After(patience):
		t.Fatalf("the program did not end:\n%s", n.said)
		return 0
	}
}

// alive reports whether the process runs.
func (n *node) alive() bool {
	select {
	case <-n.done:
		return false
	default:
		return true
	}
}
