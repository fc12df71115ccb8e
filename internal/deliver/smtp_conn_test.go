package deliver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func TestSMTPKeepsOneConnection(t *testing.T) {
	r := newRelay(t, relayOptions{})
	s := r.sender(nil)
	const mails = 1000
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			for i := g; i < mails; i += 16 {
				if _, err := s.Send(t.Context(), example(fmt.Sprint("m", i))); err != nil {
					t.Errorf("mail %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	if got, n := len(r.received()), r.connections(); got != mails || n != 1 {
		t.Errorf("%d mails over %d connections, want %d over 1", got, n, mails)
	}
	several := newRelay(t, relayOptions{})
	s = several.sender(func(c *SMTPConfig) { c.Connections = 3 })
	for g := range 16 {
		wg.Go(func() {
			for i := g; i < 100; i += 16 {
				if _, err := s.Send(t.Context(), example(fmt.Sprint("m", i))); err != nil {
					t.Errorf("mail %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	if got, n := len(several.received()), several.connections(); got != 100 || n > 3 {
		t.Errorf("%d mails over %d connections, want 100 over 3 at most", got, n)
	}
}

// A server closes what stands idle, or after so many mails. The next mail must
// not notice, and must not arrive twice.
func TestSMTPKeptConnectionDies(t *testing.T) {
	for what, hangUp := range map[string]func(*smtp.Conn) error{
		"closed without a word": func(c *smtp.Conn) error { return c.Conn().Close() },
		"says goodbye first": func(c *smtp.Conn) error {
			if _, err := io.WriteString(c.Conn(), "421 4.4.2 idle too long\r\n"); err != nil {
				return err
			}
			return c.Conn().Close()
		},
	} {
		t.Run(what, func(t *testing.T) {
			r := newRelay(t, relayOptions{plain: true})
			s := r.sender(func(c *SMTPConfig) { c.TLS = TLSNone })
			var conn *smtp.Conn
			r.set(func(_ string, c *smtp.Conn) error {
				conn = c
				return nil
			})
			if _, err := s.Send(t.Context(), example("m1")); err != nil {
				t.Fatal(err)
			}
			if err := hangUp(conn); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Send(t.Context(), example("m2")); err != nil {
				t.Error(err)
			}
			if got, n := len(r.received()), r.connections(); got != 2 || n != 2 {
				t.Errorf("%d mails over %d connections", got, n)
			}
		})
	}
}

func TestSMTPIdleConnectionIsClosed(t *testing.T) {
	r := newRelay(t, relayOptions{})
	s := r.sender(func(c *SMTPConfig) { c.Idle = time.Millisecond })
	for i := range 3 {
		if _, err := s.Send(t.Context(), example(fmt.Sprint("m", i))); err != nil {
			t.Fatal(err)
		}
		<-r.gone // or the test hangs: nobody closed it
	}
	if n := r.connections(); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
}

func TestSMTPCloseAndContext(t *testing.T) {
	hold, inside := make(chan struct{}), make(chan struct{}, 1)
	r := newRelay(t, relayOptions{})
	r.on = func(stage string, _ *smtp.Conn) error {
		if stage == "data" {
			inside <- struct{}{}
			<-hold
		}
		return nil
	}
	s := r.sender(nil)
	first := make(chan error, 1)
	go func() {
		_, err := s.Send(t.Context(), example("m1"))
		first <- err
	}()
	<-inside
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Send(ended, example("m2"))
	if kind, f := asOne(err); kind != "temporary" || f.Stage != "queue" {
		t.Errorf("a caller who is gone: %s, %v", kind, err)
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	<-s.closed
	_, err = s.Send(t.Context(), example("m3"))
	if kind, _ := asOne(err); kind != "temporary" {
		t.Errorf("after Close: %s, %v", kind, err)
	}
	close(hold)
	if err := errors.Join(<-first, <-closed); err != nil {
		t.Errorf("the mail under way: %v", err)
	}
	if n := len(r.received()); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// One in four steps goes wrong, in every way there is. Whoever repeats what may
// be repeated gets every mail through, and none twice but the unknown ones.
func TestSMTPChaos(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 59937))
	r := newRelay(t, relayOptions{})
	taken := map[string]int{} // by sender's address, which stands for the mail
	r.on = func(stage string, c *smtp.Conn) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		switch dice := random.IntN(100); {
		case dice < 8:
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "chaos"}
		case dice < 12:
			return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "chaos, and goodbye"}
		case dice < 19:
			return c.Conn().Close()
		case dice < 25 && stage == "data":
			// Taken, and the answer lost: the case no sender can tell from a drop.
			if err := c.Conn().Close(); err != nil {
				return err
			}
		}
		return nil
	}
	s := r.sender(func(c *SMTPConfig) { c.Connections = 2 })
	const mails = 200
	var mu sync.Mutex
	var wg sync.WaitGroup
	unknown, kinds := map[string]int{}, map[string]int{}
	for g := range 4 {
		wg.Go(func() {
			for i := g; i < mails; i += 4 {
				id := fmt.Sprintf("m%d", i)
				e := example(id)
				e.To = id + "@example.it"
				for kind := ""; kind != "sent"; {
					_, err := s.Send(t.Context(), e)
					kind, _ = asOne(err)
					mu.Lock()
					kinds[kind]++
					if kind == "unknown" {
						unknown[e.To]++
					}
					mu.Unlock()
					if kind == "permanent" || kind == "untyped" {
						t.Errorf("%s: %s, %v", id, kind, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	for _, m := range r.received() {
		taken[m.to]++
	}
	if len(taken) != mails {
		t.Errorf("%d mails of %d arrived", len(taken), mails)
	}
	for to, n := range taken {
		if n > 1+unknown[to] {
			t.Errorf("%s arrived %d times, and %d were unknown", to, n, unknown[to])
		}
	}
	t.Logf("%v over %d connections", kinds, r.connections())
	if kinds["temporary"] < mails/4 || kinds["unknown"] == 0 {
		t.Errorf("too little chaos to prove anything: %v", kinds)
	}
}

// Mails a second over one connection, protected and not. The aim is 2,000.
func BenchmarkSMTP(b *testing.B) {
	for _, way := range []string{TLSNone, TLSStart} {
		for _, connections := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/%d", way, connections), func(b *testing.B) {
				r := newRelay(b, relayOptions{plain: way == TLSNone})
				s := r.sender(func(c *SMTPConfig) { c.TLS, c.Connections = way, connections })
				var wg sync.WaitGroup
				next := make(chan int)
				for range 2 * connections {
					wg.Go(func() {
						for i := range next {
							if _, err := s.Send(context.Background(), example(fmt.Sprint("m", i))); err != nil {
								b.Error(err)
							}
						}
					})
				}
				b.ResetTimer()
				for i := range b.N {
					next <- i
				}
				close(next)
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
				b.ReportMetric(float64(r.connections()), "connections")
			})
		}
	}
}

func BenchmarkCompose(b *testing.B) {
	for b.Loop() {
		if _, err := compose(example("m1")); err != nil {
			b.Fatal(err)
		}
	}
}
