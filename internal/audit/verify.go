package audit

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"aditus/internal/store"
)

// A Report is what Verify saw of one fund's chain.
type Report struct {
	Sealed   int64 // the last number
	Unsealed int   // committed and not yet linked: the last second, or a sealer that stands still
	Checked  int   // checkpoints of this fund
	After    int64 // events after the last checkpoint: they could be removed without trace
}

// A Broken chain names the first event that is not as it was sealed.
type Broken struct {
	Fund string
	N    int64
	What string
}

// Error names the fund, the event and what is wrong with it.
func (b *Broken) Error() string { return fmt.Sprintf("%s: event %d: %s", b.Fund, b.N, b.What) }

// Verify reads a fund's whole chain, compares it with the checkpoints, and
// returns a *Broken for the first thing wrong. It finds an event changed,
// deleted, put in, exchanged, renumbered or moved from another fund; a tail cut
// or made again before the last checkpoint; a fork; a replaced key. It cannot
// find what was changed before it was sealed, nor a tail cut after the last
// checkpoint: the report says how much that is.
//
// Public is, by its id, every key that ever signed checkpoints.
func Verify(ctx context.Context, db *store.DB, fund string, checkpoints io.Reader, public map[string]ed25519.PublicKey) (r Report, err error) {
	signed, err := readCheckpoints(checkpoints, fund, public)
	if err != nil {
		return r, err
	}
	err = db.Read(ctx, fund, func(tx *store.Tx) error {
		last, hash := int64(0), ""
		for from := int64(math.MinInt64); ; from = last { // below the first, too, nothing may stand
			es, err := tx.Sealed(from, 1000)
			if err != nil {
				return err
			}
			if len(es) == 0 {
				break
			}
			for _, e := range es {
				if e.N <= last {
					return &Broken{fund, e.N, "was put in: the first is 1"}
				}
				if e.N != last+1 {
					return &Broken{fund, last + 1, "missing"}
				}
				if hash = link(fund, hash, e); hash != e.Hash {
					return &Broken{fund, e.N, "does not follow from the one before"}
				}
				if want, ok := signed[e.N]; ok && want != hash {
					return &Broken{fund, e.N, "is not the one that was signed: the chain was made again, or forked, at or before it"}
				}
				last = e.N
			}
		}
		top := slices.Max(append(slices.Collect(maps.Keys(signed)), 0))
		r.Sealed, r.Checked, r.After = last, len(signed), last-top
		if top > last {
			return &Broken{fund, last + 1, fmt.Sprintf("missing, with all up to %d at least: the tail was cut", top)}
		}
		r.Unsealed, _, err = tx.CountUnsealed()
		return err
	})
	return r, err
}

// readCheckpoints gives the signed hash for each number of one fund. A last
// line without its end is one that a crash cut short, and is passed over.
func readCheckpoints(from io.Reader, fund string, public map[string]ed25519.PublicKey) (map[int64]string, error) {
	signed := map[int64]string{}
	lines := bufio.NewReader(from)
	for i := 1; ; i++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return signed, nil
		}
		if err != nil {
			return nil, err
		}
		var c Checkpoint
		if err := json.Unmarshal(line, &c); err != nil {
			return nil, fmt.Errorf("checkpoint %d: %w", i, err)
		}
		sig, err := base64.StdEncoding.DecodeString(c.Sig)
		key := public[c.Key]
		if err != nil || key == nil || !ed25519.Verify(key, c.signed(), sig) {
			return nil, &Broken{c.Fund, c.N, fmt.Sprintf("checkpoint on line %d is not signed by a key of ours", i)}
		}
		if c.Fund != fund {
			continue
		}
		if had, ok := signed[c.N]; ok && had != c.Hash {
			return nil, &Broken{fund, c.N, "signed twice with different hashes: a fork"}
		}
		signed[c.N] = c.Hash
	}
}
