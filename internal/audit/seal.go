package audit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"aditus/internal/keys"
	"aditus/internal/store"
)

// link is h_n. Each part goes in after its length, so no two lists of parts
// give the same bytes.
func link(fund, previous string, e store.Event) string {
	h := sha256.New()
	for _, part := range []string{"audit1", fund, fmt.Sprint(e.N), previous, e.ID, fmt.Sprint(e.At), e.Kind, e.Member, e.Body} {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(part)))
		h.Write(size[:]) // a hash never fails
		io.WriteString(h, part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// A Checkpoint says that at that time event N of the fund's chain had that hash.
// One a line, it goes to a second place that only grows: the chain alone does
// not show that its tail was cut, or made again from some event on.
type Checkpoint struct {
	Fund string `json:"fund"`
	N    int64  `json:"n"`
	Hash string `json:"hash"`
	At   int64  `json:"at"` // Unix ms
	Key  string `json:"key"`
	Sig  string `json:"sig"`
}

func (c Checkpoint) signed() []byte {
	return fmt.Appendf(nil, "checkpoint1\n%s\n%d\n%s\n%d\n%s\n", c.Fund, c.N, c.Hash, c.At, c.Key)
}

// A Sealer numbers and links committed events. Any number may run; for each
// fund the lease lets one work at a time.
//
// The number is the order of sealing. As transactions do not commit in the
// order in which they began, At may step back a little along the chain; that is
// why a sealer asks for «no number yet» and never for «later than the last».
type Sealer struct {
	DB     *store.DB
	Funds  []string
	Holder string        // unlike any other sealer's
	Lease  time.Duration // longer than a batch can take
	Batch  int           // events in one transaction

	Signer keys.Signer
	Second io.Writer // where checkpoints go; one line is one Write
	Every  int64     // a checkpoint each so many events, and
	Within time.Duration

	heads map[string]Checkpoint // the last link made here
	last  map[string]Checkpoint // the last one signed
}

// Seal links what is unsealed, in all funds, and returns how many events.
// A fund held by another sealer is left to it.
func (s *Sealer) Seal(ctx context.Context) (total int, err error) {
	var funds []string
	err = s.DB.Across(ctx, func(all *store.All) (err error) {
		funds, err = all.WithUnsealed()
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, fund := range funds { // a fault in one does not stop the others
		var fault error
		for n := s.Batch; fault == nil && n == s.Batch; total += n {
			n, fault = s.batch(ctx, fund)
		}
		if !errors.Is(fault, store.ErrNone) {
			err = errors.Join(err, fault)
		}
	}
	return total, err
}

// batch seals up to s.Batch events of one fund in one transaction. ErrNone:
// another sealer has the fund.
func (s *Sealer) batch(ctx context.Context, fund string) (sealed int, err error) {
	head := Checkpoint{Fund: fund}
	err = s.DB.Write(ctx, fund, func(tx *store.Tx) error {
		sealed = 0
		if err := tx.Hold("seal", s.Holder, tx.Now().Add(s.Lease)); err != nil {
			return err
		}
		n, hash, err := tx.Head()
		if err != nil {
			return err
		}
		es, err := tx.Unsealed(s.Batch)
		if err != nil {
			return err
		}
		for i := range es {
			n++
			es[i].N = n
			hash = link(fund, hash, es[i])
			es[i].Hash = hash
		}
		sealed, head.N, head.Hash, head.At = len(es), n, hash, tx.Now().UnixMilli()
		return tx.Link(es)
	})
	if err != nil || sealed == 0 {
		return 0, err
	}
	s.note(head)
	if last, ok := s.last[fund]; ok && head.N-last.N < s.Every && head.At-last.At < s.Within.Milliseconds() {
		return sealed, nil
	}
	return sealed, s.checkpoint(head)
}

func (s *Sealer) note(head Checkpoint) {
	if s.heads == nil {
		s.heads, s.last = map[string]Checkpoint{}, map[string]Checkpoint{}
	}
	s.heads[head.Fund] = head
}

func (s *Sealer) checkpoint(c Checkpoint) error {
	c.Key = s.Signer.KeyID()
	c.Sig = base64.StdEncoding.EncodeToString(s.Signer.Sign(c.signed()))
	line, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if _, err := s.Second.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	s.last[c.Fund] = c
	return nil
}

// Sign signs every head that has moved since its last checkpoint and is older
// than Within, or all that have moved. Without it the tail of a fund at rest
// would stay unsigned until the next event.
func (s *Sealer) Sign(ctx context.Context, all bool) error {
	return s.DB.Across(ctx, func(a *store.All) error {
		for fund, head := range s.heads {
			if last := s.last[fund]; last.N < head.N && (all || a.Now().UnixMilli()-last.At >= s.Within.Milliseconds()) {
				head.At = a.Now().UnixMilli()
				if err := s.checkpoint(head); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Start reads where the chains stand and signs that: what an earlier process
// sealed and did not come to sign is signed now. A chain without events is signed
// as such: from then on no checkpoint means that somebody took them away, and not
// that the process ended between its first link and the checkpoint of it.
func (s *Sealer) Start(ctx context.Context) error {
	for _, fund := range s.Funds {
		head := Checkpoint{Fund: fund}
		err := s.DB.Read(ctx, fund, func(tx *store.Tx) (err error) {
			head.N, head.Hash, err = tx.Head()
			head.At = tx.Now().UnixMilli()
			return err
		})
		if err != nil {
			return err
		}
		s.note(head)
		if head.N == 0 {
			if err := s.checkpoint(head); err != nil {
				return err
			}
		}
	}
	return s.Sign(ctx, true)
}

// Run seals until ctx ends, each event within about a pause of its commit, and
// signs what is left at the end. A fault goes to report, and sealing goes on:
// events wait in the database, and doctor sees that they do.
func (s *Sealer) Run(ctx context.Context, pause time.Duration, report func(error)) {
	started := false
	for {
		err := error(nil)
		if !started {
			err = s.Start(ctx)
			started = err == nil
		}
		if started {
			_, err = s.Seal(ctx)
			err = errors.Join(err, s.Sign(ctx, false))
		}
		rest := pause
		if err != nil && ctx.Err() == nil {
			report(fmt.Errorf("sealing: %w", err))
			rest = 20 * pause // a fault that stays must not fill the log
		}
		select {
		case <-ctx.Done():
			last := context.WithoutCancel(ctx)
			_, err := s.Seal(last)
			if err = errors.Join(err, s.Sign(last, true)); err != nil {
				report(fmt.Errorf("sealing at the end: %w", err))
			}
			return
		case <-time.After(rest):
		}
	}
}
