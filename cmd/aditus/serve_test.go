package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A server is `aditus serve` in a process of its own.
type server struct {
	cmd  *exec.Cmd
	url  string
	said *bytes.Buffer // its log, whole once it has ended
	read chan struct{} // closed then
}

// serve starts a server on the settings in dir and waits until it says where it
// listens, or has ended.
func serve(t *testing.T, dir string) server {
	t.Helper()
	s := server{cmd: exec.CommandContext(t.Context(), "aditus", "serve", "--config", filepath.Join(dir, "aditus.toml")),
		said: &bytes.Buffer{}, read: make(chan struct{})}
	log, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(io.TeeReader(log, s.said))
	for lines.Scan() {
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			s.url = "http://" + line.Address
			break
		}
	}
	go func() {
		defer close(s.read)
		for lines.Scan() {
		}
	}()
	return s
}

// home makes a folder with a key file and settings for a server.
func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if code := run(world{t.Context(), io.Discard, os.Stderr, nil}, []string{"keys", "init", filepath.Join(dir, "keys")}); code != 0 {
		t.Fatalf("keys init: exit %d", code)
	}
	config := "[server]\nlisten = \"127.0.0.1:0\"\n[database]\nurl = \"aditus.db\"\n[keys]\nfile = \"keys\"\n" +
		"[audit]\ncheckpoints = \"checkpoints\"\n[smtp]\nhost = \"localhost\"\n"
	if err := os.WriteFile(filepath.Join(dir, "aditus.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// end waits for the process and returns its exit code.
func (s server) end(t *testing.T) int {
	t.Helper()
	<-s.read
	err := s.cmd.Wait()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		return ended.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0
}

// A second `serve` on the same SQLite file ends with 1, says why in one line, and
// leaves the first one alone (issue 2, 6). What could have happened: both have a
// writer of their own, and one code is spent twice.
func TestSecondServe(t *testing.T) {
	dir := home(t)
	first := serve(t, dir)
	if first.url == "" {
		t.Fatalf("the first does not serve: exit %d\n%s", first.end(t), first.said)
	}
	second := serve(t, dir)
	if code := second.end(t); code != exitNo || strings.Count(second.said.String(), "aditus: ") != 1 {
		t.Errorf("the second ends with %d and says\n%s", code, second.said)
	}
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		res, err := http.Get(first.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK || string(body) != want {
			t.Errorf("%s of the first: %d %q %v", path, res.StatusCode, body, err)
		}
	}

	// Told to stop, the first finishes and ends with 0; then there is room again.
	stop := func(s server) {
		t.Helper()
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if code := s.end(t); code != exitDone {
			t.Errorf("told to stop, it ends with %d and says\n%s", code, s.said)
		}
	}
	stop(first)
	third := serve(t, dir)
	if third.url == "" {
		t.Fatalf("there is no room after the first has ended: exit %d\n%s", third.end(t), third.said)
	}
	stop(third)
}

// The settings of these tests, with the funds that are shipped for demonstrations,
// give reason to warn: a line each, at the start.
func TestServeWarns(t *testing.T) {
	s := serve(t, home(t))
	if s.url == "" {
		t.Fatalf("it does not serve: exit %d\n%s", s.end(t), s.said)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := s.end(t); code != exitDone {
		t.Errorf("told to stop, it ends with %d", code)
	}
	told := map[string]int{}
	for line := range strings.SplitSeq(s.said.String(), "\n") {
		var l struct{ Level, Msg string }
		if json.Unmarshal([]byte(line), &l) == nil && l.Level == "WARN" {
			for _, about := range []string{"server.proxies", "fiction = true", "[sms]"} {
				if strings.Contains(l.Msg, about) {
					told[about]++
				}
			}
		}
	}
	if told["server.proxies"] != 1 || told["fiction = true"] == 0 || told["[sms]"] == 0 {
		t.Errorf("%v in\n%s", told, s.said)
	}
}
