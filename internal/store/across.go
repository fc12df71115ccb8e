package store

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// An All sees every fund, and can only say which of them have work to do.
// A worker asks it where to go, then opens a Write for each fund.
type All struct {
	ctx    context.Context
	engine engine
	now    time.Time
}

// WithMail names the queues with a message to send.
func (a *All) WithMail() (queues []Queue, err error) {
	err = a.names(func(r row) error {
		var q Queue
		err := r.Scan(&q.Fund, &q.Kind)
		queues = append(queues, q)
		return err
	}, `SELECT DISTINCT fund, kind FROM outbox WHERE state = 'queued' AND next_at <= ?1 AND held_until <= ?1`, ms(a.now))
	return queues, err
}

// WithUnsealed names the funds with an event to seal.
func (a *All) WithUnsealed() ([]string, error) {
	return a.funds(`SELECT DISTINCT fund FROM event WHERE n IS NULL`)
}

// WithEnded names the funds with challenges that can no longer be answered and
// still hold a code's MAC.
func (a *All) WithEnded() ([]string, error) {
	return a.funds(`SELECT DISTINCT fund FROM challenge WHERE wiped_at = 0 AND expires_at <= ?1`, ms(a.now))
}

var fundNames = regexp.MustCompile(`^SELECT DISTINCT fund(?: FROM [a-z_]+|, kind FROM outbox) WHERE [^();]+$`)

// namesFunds refuses a query that could return anything but names of funds, and
// of their queues.
func namesFunds(q string) error {
	if !fundNames.MatchString(q) || strings.Contains(q, "UNION") {
		return fmt.Errorf("store: across funds, but not only their names: %s", q)
	}
	return nil
}

func (a *All) funds(q string, args ...any) (funds []string, err error) {
	err = a.names(func(r row) error {
		var f string
		err := r.Scan(&f)
		funds = append(funds, f)
		return err
	}, q, args...)
	return funds, err
}

func (a *All) names(scan func(row) error, q string, args ...any) error {
	if err := namesFunds(q); err != nil {
		return err
	}
	return a.engine.query(a.ctx, scan, q, args)
}

// Now is the one time of the view.
func (a *All) Now() time.Time { return a.now }
