package fault

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// A gate stands before a node, at an address that stays when the node is killed
// and started anew. It can cut a connection when a request has reached the
// server, or when the server's answer has come and before the client sees it.
type gate struct {
	addr string

	mu   sync.Mutex
	to   string // host:port of the node
	open map[net.Conn]bool

	// plan is asked for each request, one after the other; nil lets it pass.
	plan func(*http.Request) *cut
}

// A cut is what happens to one request.
type cut struct {
	answered bool          // at the answer; else when the request is with the server, and so much later:
	after    time.Duration // 0: at once
	do       func()        // before the connection is cut; may be nil
}

func newGate(t testing.TB) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{addr: l.Addr().String(), open: map[net.Conn]bool{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed: the test is over
			}
			running.Go(func() { g.carry(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		g.mu.Lock()
		for c := range g.open {
			c.Close()
		}
		g.mu.Unlock()
		running.Wait()
	})
	return g
}

// lead sends requests to a node from now on.
func (g *gate) lead(addr string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.to = addr
}

// watch sets the plan.
func (g *gate) watch(plan func(*http.Request) *cut) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.plan = plan
}

func (g *gate) keep(c net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open[c] = true
}

func (g *gate) drop(c net.Conn) {
	c.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, c)
}

// carry serves one client's connection: request by request, each answered before
// the next is read, as HTTP/1.1 without pipelining is.
func (g *gate) carry(client net.Conn) {
	g.keep(client)
	defer g.drop(client)
	g.mu.Lock()
	to := g.to
	g.mu.Unlock()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return // the client sees a connection that ends: the node is down
	}
	g.keep(server)
	defer g.drop(server)
	in, out := bufio.NewReader(client), bufio.NewReader(server)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		var c *cut
		g.mu.Lock()
		if g.plan != nil {
			c = g.plan(r)
		}
		g.mu.Unlock()
		if err := r.Write(server); err != nil {
			return
		}
		if c != nil && !c.answered {
			time.Sleep(c.after)
			if c.do != nil {
				c.do()
			}
			return
		}
		res, err := http.ReadResponse(out, r)
		if err != nil {
			return
		}
		if c != nil {
			if c.do != nil {
				c.do()
			}
			res.Body.Close()
			return
		}
		err = res.Write(client)
		if res.Body.Close(); err != nil || res.Close {
			return
		}
	}
}

// confirming reports whether a request carries a code for an operation.
func confirming(r *http.Request) bool {
	return r.Method == "POST" && strings.HasPrefix(r.URL.Path, "/operations/") && strings.HasSuffix(r.URL.Path, "/confirm")
}
