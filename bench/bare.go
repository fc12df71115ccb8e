package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// childBare is the argument that makes this program the bare server.
const childBare = "bare-for-bench"

// bareSessions is how many sessions the bare server knows.
const bareSessions = 10_000

// bareChild is the least that a server with sessions in memory does: it verifies
// a signed cookie, looks it up, and answers who it is. It prints its address and
// its cookies, and ends with its standard input.
func bareChild() error {
	key := make([]byte, 32)
	rand.Read(key) // never fails (crypto/rand)
	type session struct {
		member string
		ends   time.Time
	}
	var mu sync.RWMutex
	sessions := map[string]session{}
	mac := func(id string) string {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(id))
		return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprintln(out, l.Addr())
	for i := range bareSessions {
		id := rand.Text()
		sessions[id] = session{fmt.Sprintf("member-%d", i), time.Now().Add(8 * time.Hour)}
		fmt.Fprintf(out, "%s.%s\n", id, mac(id))
	}
	if err := out.Flush(); err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("session")
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		id, sum, _ := strings.Cut(c.Value, ".")
		if !hmac.Equal([]byte(mac(id)), []byte(sum)) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mu.RLock()
		s, ok := sessions[id]
		mu.RUnlock()
		if !ok || time.Now().After(s.ends) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		known(w, s.member, "act")
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	err = server.Close()
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// A bareServer is the running bare server process.
type bareServer struct {
	cmd     *exec.Cmd
	input   io.Closer
	addr    string
	cookies []string
}

func (b *bench) startBare() (*bareServer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &bareServer{cmd: exec.Command(self, childBare)}
	s.cmd.Stderr = os.Stderr
	if s.input, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	b.pids = append(b.pids, s.cmd.Process.Pid)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if s.addr == "" {
			s.addr = lines.Text()
			continue
		}
		if s.cookies = append(s.cookies, lines.Text()); len(s.cookies) == bareSessions {
			return s, nil
		}
	}
	return nil, errors.Join(errors.New("the bare server did not start"), lines.Err(), s.stop())
}

func (s *bareServer) stop() error { return errors.Join(s.input.Close(), s.cmd.Wait()) }
