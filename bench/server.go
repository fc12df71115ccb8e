package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"runtime/pprof"
	"sync"
	"time"

	"aditus/internal/access"
	"aditus/internal/app"
	"aditus/internal/deliver"
	"aditus/internal/keys"
	"aditus/internal/password"
	"aditus/internal/policy"
	"aditus/internal/store"
)

// childServer is the argument that makes this program the server.
const childServer = "serve-for-bench"

// A config is the first line the server reads.
type config struct {
	Database string // where it is
	Keys     string
	Conns    int
	Letters  bool // it serves the shipped fund that enrols by letter, and not the bench's
}

// An order is one line more: what to do between measurements.
type order struct {
	Do string // what follows is for the one that needs it

	Waiting int           // queue: how many may wait to be hashed,
	Wait    time.Duration // and how long
	Clients int           // cycles: so many at a time,
	Span    time.Duration // for so long,
	Flows   []flow        // each of these once
	Member  string        // end: this member's
	Session string        // session
	File    string        // profile: begin one in it; "" ends it
	Closed  bool          // office: whether it is
}

// A report answers a line.
type report struct {
	Err   string
	Site  string // addresses
	Check string
	Times []time.Duration
	Wall  time.Duration
}

// serveChild is the server: the product, built as `aditus serve` builds it, but
// for the post office. It reads lines from its standard input, answers each on
// its standard output, and writes the codes that it sends to file 3.
func serveChild() (err error) {
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	out := json.NewEncoder(os.Stdout)
	var c config
	if err := in.Decode(&c); err != nil {
		return err
	}
	fund, err := policy.Parse(fundName, fundFile)
	if c.Letters {
		fund, _, err = shipped()
	}
	if err != nil {
		return err
	}
	ring, err := keys.Load(c.Keys)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	post := &office{out: os.NewFile(3, "codes")}
	a, err := app.New(ctx, app.Options{Database: c.Database, Conns: c.Conns, Keys: ring, Funds: []*access.Fund{fund},
		Senders: map[access.Kind]deliver.Sender{access.Email: post, access.SMS: post}, Checkpoints: io.Discard,
		Log:     slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Fatal: func(err error) { stop(err) }})
	if err != nil {
		return err
	}
	check := checkHandler(a, fund)
	site, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, a.Close())
	}
	bare, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, site.Close(), a.Close())
	}
	work, finish := context.WithCancel(context.WithoutCancel(ctx))
	var workers sync.WaitGroup
	workers.Go(func() { a.Run(work) })
	quiet := slog.New(slog.DiscardHandler)
	for l, h := range map[net.Listener]http.Handler{site: a.Handler, bare: check} {
		workers.Go(func() {
			if err := app.Serve(ctx, l, h, quiet); err != nil {
				stop(err)
			}
		})
	}
	err = out.Encode(report{Site: site.Addr().String(), Check: bare.Addr().String()})
	for err == nil {
		var o order
		if err = in.Decode(&o); err == nil {
			r := obey(ctx, a, fund, post, c, o)
			err = out.Encode(r)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	err = errors.Join(err, context.Cause(ctx))
	stop(nil)
	finish()
	workers.Wait()
	return errors.Join(err, a.Close())
}

// obey does one order.
func obey(ctx context.Context, a *app.App, f *access.Fund, post *office, c config, o order) (r report) {
	var err error
	switch o.Do {
	case "queue": // nobody is being hashed now
		ring := a.DB.Keys()
		a.Journeys.Passwords = password.NewHasher(password.Default, 0, o.Waiting, o.Wait, ring.Pepper())
	case "office":
		post.shut(o.Closed)
	case "cycles":
		r, err = cycles(ctx, a, f, c, o)
	case "end":
		err = a.Sessions.End(ctx, f, o.Member, o.Session)
	case "profile":
		err = profile(o.File)
	default:
		err = fmt.Errorf("no order %q", o.Do)
	}
	if err != nil {
		r.Err = err.Error()
	}
	return r
}

// profile begins a processor profile in a file, or ends the one that runs.
func profile(file string) error {
	pprof.StopCPUProfile() // it closes nothing: the process ends soon
	if file == "" {
		return nil
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return pprof.StartCPUProfile(f)
}

// checkHandler answers who is signed in and does nothing else, as the bare
// server does (bare.go).
func checkHandler(a *app.App, f *access.Fund) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("session")
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		s, err := a.Sessions.Check(r.Context(), f, c.Value)
		switch {
		case err == nil:
			known(w, s.Member, string(s.Level))
		case access.Refused(err, "session_ended"):
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
}

// known says who is signed in.
func known(w http.ResponseWriter, member, level string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Remote-User", member)
	// An error here is a client that went away.
	_, _ = fmt.Fprintf(w, `{"active":true,"member":%q,"level":%q}`, member, level)
}

// A site is the server as the load sees it.
type site struct {
	where  string
	db     *store.DB // for what is put there between measurements
	peek   *peek
	people []person
	drafts [][]string // by person, unused
	server *server
}

// A server is the running server process.
type server struct {
	cmd   *exec.Cmd
	in    *json.Encoder
	input io.Closer
	out   *json.Decoder
	site  string
	check string

	mu    sync.Mutex
	codes map[string]chan string // by address
}

// startServer starts the server on a database, for the bench's fund or for the
// shipped one that enrols by letter.
func (b *bench) startServer(where string, letters bool) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{cmd: exec.Command(self, childServer), codes: map[string]chan string{}}
	s.cmd.Stderr = os.Stderr
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	codes, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.cmd.ExtraFiles = []*os.File{theirs}
	if err := errors.Join(s.cmd.Start(), theirs.Close()); err != nil {
		return nil, err
	}
	s.in, s.input, s.out = json.NewEncoder(in), in, json.NewDecoder(bufio.NewReader(out))
	b.pids = append(b.pids, s.cmd.Process.Pid)
	if err := s.in.Encode(config{Database: where, Keys: b.keys, Conns: b.conns, Letters: letters}); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	var r report
	if err := s.out.Decode(&r); err != nil {
		return nil, errors.Join(fmt.Errorf("the server did not start: %w", err), s.stop())
	}
	s.site, s.check = r.Site, r.Check
	go s.sort(codes)
	return s, nil
}

// sort hands codes to who waits for them, until the server ends.
func (s *server) sort(codes io.ReadCloser) {
	defer codes.Close()
	lines := bufio.NewScanner(codes)
	for lines.Scan() {
		var to, code string
		if _, err := fmt.Sscan(lines.Text(), &to, &code); err != nil {
			continue
		}
		s.mu.Lock()
		at := s.codes[to]
		s.mu.Unlock()
		select {
		case at <- code:
		default: // a code that nobody waits for: its flow gave up
		}
	}
}

// codesOf is where the codes to an address arrive.
func (s *server) codesOf(address string) chan string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.codes[address] == nil {
		s.codes[address] = make(chan string, 1)
	}
	return s.codes[address]
}

// tell gives the server an order and waits until it is done.
func (s *server) tell(o order) (r report, err error) {
	if err := s.in.Encode(o); err != nil {
		return r, err
	}
	if err := s.out.Decode(&r); err != nil {
		return r, fmt.Errorf("the server: %w", err)
	}
	if r.Err != "" {
		return r, fmt.Errorf("the server: %s", r.Err)
	}
	return r, nil
}

// stop ends the server and waits for it.
func (s *server) stop() error {
	return errors.Join(s.input.Close(), s.cmd.Wait())
}
