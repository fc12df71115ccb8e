package store_test

import (
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// A proxy stands between the store and PostgreSQL on a socket of its own. It
// counts round trips, and can lose the server's next answer with the connection.
type proxy struct {
	Where string       // the database, through the proxy
	trips atomic.Int64 // how often the client said «your turn»
	deaf  atomic.Bool  // the next answer is lost
	mu    sync.Mutex
	open  []net.Conn
}

// newProxy listens in a directory of its own until the end of the test.
func newProxy(t *testing.T, where string) *proxy {
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
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	p := &proxy{Where: u.String()}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed: the test is over
			}
			up, err := net.Dial("unix", server)
			if err != nil {
				client.Close()
				return
			}
			p.mu.Lock()
			p.open = append(p.open, client, up)
			p.mu.Unlock()
			running.Go(func() { p.forth(up, client) })
			running.Go(func() { p.back(client, up) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		p.mu.Lock()
		for _, c := range p.open {
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

// forth carries the client's messages and counts those that end a round trip:
// Query and Sync. The first message has no type.
func (p *proxy) forth(up io.WriteCloser, client io.Reader) {
	defer up.Close()
	for first := true; ; first = false {
		head := make([]byte, 5)
		if first {
			head = head[1:]
		}
		if _, err := io.ReadFull(client, head); err != nil {
			return
		}
		rest := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
		if _, err := io.ReadFull(client, rest); err != nil {
			return
		}
		if !first && (head[0] == 'Q' || head[0] == 'S') {
			p.trips.Add(1)
		}
		if _, err := up.Write(append(head, rest...)); err != nil {
			return
		}
	}
}

// back carries the server's answers until one is to be lost: then it closes the
// client's connection.
func (p *proxy) back(client io.WriteCloser, up io.Reader) {
	defer client.Close()
	b := make([]byte, 1<<16)
	for {
		n, err := up.Read(b)
		if err != nil || p.deaf.CompareAndSwap(true, false) {
			return
		}
		if _, err := client.Write(b[:n]); err != nil {
			return
		}
	}
}
