//go:build fault

package fault

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A server is a PostgreSQL of the test's own, which it may stop and start.
type server struct {
	t    *testing.T
	bin  string // where the server's programs are
	data string
	url  string
	as   *syscall.Credential // PostgreSQL refuses to run as root
}

// newServer starts one until the end of the test. What it promises (fsync) is
// left on.
func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{t: t}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		one, err := exec.LookPath("initdb")
		if err != nil {
			t.Fatal("there is no PostgreSQL server on this machine: run scripts/setup")
		}
		found = []string{one}
	}
	s.bin = filepath.Dir(slices.Max(found))
	dir, err := os.MkdirTemp("/tmp", "aditus-fault-") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	s.data = filepath.Join(dir, "data")
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	s.run("initdb", "-D", s.data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
	s.start()
	t.Cleanup(func() {
		if _, err := os.Stat(filepath.Join(s.data, "postmaster.pid")); !os.IsNotExist(err) {
			s.stop("immediate")
		}
	})
	s.url = (&url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {dir}, "sslmode": {"disable"}}.Encode()}).String()
	return s
}

// run runs one of the server's programs. Its output goes to a file: a pipe that
// the server keeps open would never end.
func (s *server) run(name string, args ...string) {
	s.t.Helper()
	out, err := os.CreateTemp(s.t.TempDir(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Close()
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir, c.Stdout, c.Stderr = filepath.Dir(s.data), out, out
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	if err := c.Run(); err != nil {
		said, readErr := os.ReadFile(out.Name())
		s.t.Fatalf("%s: %v %v\n%s", name, err, readErr, said)
	}
}

func (s *server) start() {
	s.run("pg_ctl", "-D", s.data, "-l", filepath.Join(s.data, "log"), "-w", "start",
		"-o", fmt.Sprintf("-k %s -c listen_addresses='' -c max_connections=100", filepath.Dir(s.data)))
}

func (s *server) stop(mode string) { s.run("pg_ctl", "-D", s.data, "-m", mode, "-w", "stop") }

// What could have happened: the database goes away and comes back, and the
// program does not; or a commit that was not answered is taken for one that
// failed, and a member confirms twice, or for one that was made, and the receipt
// is of nothing (F6, R3).
func TestFaultPostgresRestart(t *testing.T) {
	s := newServer(t)
	w := newWorld(t, setup{engine: "postgres", database: s.url, rows: 200, actors: 150, readers: 20})
	nodes := []*node{launch(t, w.settings("a.toml", w.database, ""), nil), launch(t, w.settings("b.toml", w.database, ""), nil)}
	g := newGate(t)
	for _, n := range nodes {
		n.ready(t)
		g.lead(n.addr)
	}
	town := newTown(w, g.addr)
	town.rough = true
	town.populate(clients)
	defer town.leave()
	town.let(true)
	confirmed := func() (n int) {
		town.h.promise(func(p *promises) { n = len(p.confirmed) })
		return n
	}
	until(t, "a few confirmations", func() bool { return confirmed() >= 5 })
	var back []time.Duration
	rounds := number(t, "ADITUS_RESTARTS", 10, 10)
	for i := range rounds {
		mode := []string{"fast", "immediate"}[i%2]
		time.Sleep(time.Duration(w.random(uint64(i)).IntN(500)) * time.Millisecond)
		s.stop(mode)
		// While it is away health says so, and the program lives.
		if a, err := newClient(nodes[0].addr).get("/readyz"); err != nil || a.status != 503 {
			t.Errorf("ready without a database: %v %s", err, a.said())
		}
		if a, err := newClient(nodes[0].addr).get("/healthz"); err != nil || a.status != 200 {
			t.Errorf("healthy without a database: %v %s", err, a.said())
		}
		s.start()
		up, had := time.Now(), confirmed()
		until(t, "a confirmation after the restart", func() bool { return confirmed() > had })
		back = append(back, time.Since(up))
		if wrong := w.check(town.h); len(wrong) > 0 {
			t.Fatalf("after restart %d (%s):\n%s", i+1, mode, strings.Join(wrong, "\n"))
		}
	}
	town.leave()
	w.release()
	w.ended()
	if wrong := append(w.check(town.h), w.messages(rounds)...); len(wrong) > 0 {
		t.Error(strings.Join(wrong, "\n"))
	}
	w.verify()
	for _, n := range nodes {
		if !n.alive() {
			t.Errorf("a node ended:\n%s", n.said)
		}
	}
	slices.Sort(back)
	t.Logf("%d restarts; clients were told %d times yes, %d no, %d nothing; %d operations confirmed; from the database's start to the next confirmation: median %v, longest %v (aim 2s)",
		rounds, town.h.count[ok], town.h.count[failed], town.h.count[unknown], confirmed(), quantile(back, 0.5), quantile(back, 1))
}
