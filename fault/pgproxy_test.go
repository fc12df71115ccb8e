package fault

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// A pgProxy stands between a node and PostgreSQL and reads along, so that a test
// can act at a named step: when a statement on a table is on its way, when the
// COMMIT of a transaction that touched it is, or when that COMMIT was answered
// and the node does not know yet.
type pgProxy struct {
	where string // the database, through the proxy

	mu   sync.Mutex
	open map[net.Conn]bool
	step func(when, table string) // when: write, commit, after
}

// newPgProxy listens on a socket of its own until the end of the test.
func newPgProxy(t testing.TB, where string) *pgProxy {
	t.Helper()
	u, err := url.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	server := filepath.Join(q.Get("host"), ".s.PGSQL.5432")
	dir, err := os.MkdirTemp("", "p") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	p := &pgProxy{where: u.String(), open: map[net.Conn]bool{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			node, err := l.Accept()
			if err != nil {
				return // closed: the test is over
			}
			up, err := net.Dial("unix", server)
			if err != nil {
				node.Close()
				continue // the server is down: the node sees that
			}
			p.mu.Lock()
			p.open[node], p.open[up] = true, true
			p.mu.Unlock()
			s := &pgSession{p: p, tables: map[string]string{}}
			running.Go(func() { s.forth(up, node) })
			running.Go(func() { s.back(node, up) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		for c := range p.open {
			c.Close()
		}
		p.mu.Unlock()
		running.Wait()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return p
}

// watch sets what is told each step.
func (p *pgProxy) watch(step func(when, table string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.step = step
}

func (p *pgProxy) tell(when string, tables ...string) {
	p.mu.Lock()
	step := p.step
	p.mu.Unlock()
	if step == nil {
		return
	}
	for _, table := range tables {
		step(when, table)
	}
}

// A pgSession is one connection: which prepared statement writes to which table,
// and what the transaction under way has touched.
type pgSession struct {
	p      *pgProxy
	tables map[string]string // by the statement's name; "COMMIT" stands for itself

	mu         sync.Mutex
	touched    []string
	committing []string // touched by the transaction whose COMMIT is under way
}

var writes = regexp.MustCompile(`^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+([a-z_]+)`)

// tableOf is the table a statement writes to, "COMMIT", or "".
func tableOf(q string) string {
	if strings.TrimSpace(q) == "COMMIT" {
		return "COMMIT"
	}
	if m := writes.FindStringSubmatch(q); m != nil {
		return m[1]
	}
	return ""
}

// forth carries the node's messages. The first of a connection has no type.
func (s *pgSession) forth(up io.WriteCloser, node io.Reader) {
	defer up.Close()
	for begun := false; ; begun = true {
		head := make([]byte, 5)
		if !begun {
			head = head[1:]
		}
		if _, err := io.ReadFull(node, head); err != nil {
			return
		}
		rest := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
		if _, err := io.ReadFull(node, rest); err != nil {
			return
		}
		if begun {
			s.read(head[0], rest)
		}
		if _, err := up.Write(append(head, rest...)); err != nil {
			return
		}
	}
}

// read follows Parse (statement, query), Bind (portal, statement) and Query.
func (s *pgSession) read(kind byte, body []byte) {
	table := ""
	switch kind {
	case 'P':
		name, q, _ := bytes.Cut(body, []byte{0})
		q, _, _ = bytes.Cut(q, []byte{0})
		s.tables[string(name)] = tableOf(string(q))
		return
	case 'B':
		_, rest, _ := bytes.Cut(body, []byte{0})
		name, _, _ := bytes.Cut(rest, []byte{0})
		table = s.tables[string(name)]
	case 'Q':
		q, _, _ := bytes.Cut(body, []byte{0})
		switch {
		case bytes.HasPrefix(q, []byte("BEGIN")), bytes.HasPrefix(q, []byte("ROLLBACK")):
			s.mu.Lock()
			s.touched, s.committing = nil, nil
			s.mu.Unlock()
			return
		}
		table = tableOf(string(q))
	}
	switch table {
	case "":
	case "COMMIT":
		s.mu.Lock()
		done := s.touched
		s.touched, s.committing = nil, done
		s.mu.Unlock()
		s.p.tell("commit", done...)
	default:
		s.p.tell("write", table)
		s.mu.Lock()
		s.touched = append(s.touched, table)
		s.mu.Unlock()
	}
}

// back carries the server's answers. A CommandComplete that says COMMIT is the
// one place where a transaction is durable and nobody knows.
func (s *pgSession) back(node io.WriteCloser, up io.Reader) {
	defer node.Close()
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(up, head); err != nil {
			return
		}
		rest := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(up, rest); err != nil {
			return
		}
		if head[0] == 'C' && bytes.Equal(rest, []byte("COMMIT\x00")) {
			s.mu.Lock()
			done := s.committing
			s.committing = nil
			s.mu.Unlock()
			s.p.tell("after", done...)
		}
		if _, err := node.Write(append(head, rest...)); err != nil {
			return
		}
	}
}
