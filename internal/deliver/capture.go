package deliver

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// captureMax is how many messages a Capture keeps; then the oldest goes.
const captureMax = 2000

// A Captured is a message that a Capture kept instead of sending.
type Captured struct {
	N  int       `json:"n"`  // 1 for the first since the start; two rows of one id were sent twice
	At time.Time `json:"at"` // when it was sent
	Envelope
}

// A Capture is a Sender that keeps messages in memory and sends nothing, for the
// demo and for tests. It is safe for concurrent use.
type Capture struct {
	now func() time.Time

	mu   sync.Mutex
	n    int
	kept []Captured // oldest first
}

// NewCapture makes an empty Capture.
func NewCapture(now func() time.Time) *Capture { return &Capture{now: now} }

// Send keeps the message.
func (c *Capture) Send(ctx context.Context, e Envelope) (Receipt, error) {
	if err := ctx.Err(); err != nil {
		return Receipt{}, &Temporary{Failure{Stage: "queue", Err: err}}
	}
	if e.ID == "" || e.To == "" {
		return Receipt{}, &Permanent{Failure{Stage: "compose", Err: errors.New("a message needs an id and an address")}}
	}
	if e.HTML == "" && (e.Channel == "email" || e.Channel == "pec") {
		e.HTML = HTML(e.Lang, e.Subject, e.Text) // as SMTP would have sent it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	if len(c.kept) == captureMax {
		c.kept = slices.Delete(c.kept, 0, 1)
	}
	c.kept = append(c.kept, Captured{N: c.n, At: c.now(), Envelope: e})
	return Receipt{ProviderID: "captured"}, nil
}

// Messages are those kept, newest first.
func (c *Capture) Messages() []Captured {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Clone(c.kept)
	slices.Reverse(all)
	return all
}
