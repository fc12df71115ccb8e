package challenge

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"aditus/internal/access"
	"aditus/internal/store"
)

// A limit is a count of codes that one more is held to.
type limit struct {
	key       string
	hour, day int
}

func limitsOf(tx *store.Tx, r Request) (all []limit) {
	if r.Rules.PerHour > 0 || r.Rules.PerDay > 0 {
		all = append(all, limit{tallyKey(tx, "member", r.Question.Member), r.Rules.PerHour, r.Rules.PerDay})
	}
	if r.Rules.PerSite > 0 {
		all = append(all, limit{tallyKey(tx, "address", strings.ToLower(r.Address)), 0, r.Rules.PerSite})
	}
	return all
}

// count counts one code against every limit, or against none: then the refusal
// says which was met. It comes before any code is touched, so that one which
// lives is not lost to a request that is refused.
func count(tx *store.Tx, all []limit) (*access.Refusal, error) {
	for i, l := range all {
		again, err := tx.Count(l.key, l.hour, l.day)
		if errors.Is(err, store.ErrNone) {
			return tooMany(again, tx.Now(), l.day), giveBack(tx, all[:i])
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func giveBack(tx *store.Tx, counted []limit) error {
	for _, l := range counted {
		if err := tx.Uncount(l.key); err != nil {
			return err
		}
	}
	return nil
}

// tooMany tells the limit that was met.
func tooMany(again, now time.Time, perDay int) *access.Refusal {
	if again.Sub(now) <= time.Hour {
		return access.Refuse("code_hour_limit", access.TimeArg("time", access.ArgTime, again))
	}
	return access.Refuse("code_daily_limit", access.Arg{Name: "n", Type: access.ArgCount, Value: fmt.Sprint(perDay)})
}
