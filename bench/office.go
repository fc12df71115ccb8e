package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"sync"

	"aditus/internal/access"
	"aditus/internal/deliver"
	"aditus/internal/keys"
	"aditus/internal/store"

	"github.com/jackc/pgx/v5/pgconn"
)

// An office is the post office of the server: it hands each code to the load, at
// the other end of a pipe, and throws everything else away. While it is shut
// messages wait in the outbox.
type office struct {
	out *os.File

	mu     sync.Mutex
	opened chan struct{} // closed when it opens again; nil while it is open
}

// digits is a code on a line of its own, as our mails have it.
var digits = regexp.MustCompile(`(?m)^\d{6}$`)

// Send delivers e.
func (o *office) Send(ctx context.Context, e deliver.Envelope) (deliver.Receipt, error) {
	o.mu.Lock()
	opened := o.opened
	o.mu.Unlock()
	if opened != nil {
		select {
		case <-opened:
		case <-ctx.Done():
			return deliver.Receipt{}, &deliver.Temporary{Failure: deliver.Failure{Stage: "connect", Err: ctx.Err()}}
		}
	}
	if code := digits.FindString(e.Text); code != "" { // else it is a receipt
		if _, err := fmt.Fprintf(o.out, "%s %s\n", e.To, code); err != nil { // one write, which no other can divide
			return deliver.Receipt{}, &deliver.Permanent{Failure: deliver.Failure{Stage: "data", Err: err}}
		}
	}
	return deliver.Receipt{ProviderID: "bench"}, nil
}

// shut closes the office, or opens it.
func (o *office) shut(closed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case closed && o.opened == nil:
		o.opened = make(chan struct{})
	case !closed && o.opened != nil:
		close(o.opened)
		o.opened = nil
	}
}

// A peek reads codes where they wait to be sent, in the outbox, with the fund's
// keys. It is how the load knows a code when what is measured is asking and
// answering, and not the sending between them.
type peek struct {
	db   *sql.DB
	find *sql.Stmt
	fund string
	keys *keys.Fund
}

func openPeek(where, fund string, ring *keys.Ring) (p *peek, err error) {
	p = &peek{fund: fund, keys: ring.Fund(fund)}
	if store.Postgres(where) {
		p.db, err = sql.Open("pgx", where)
	} else {
		p.db, err = bareSQLite(where)
	}
	if err != nil {
		return nil, err
	}
	p.db.SetMaxIdleConns(8)
	p.db.SetMaxOpenConns(8)
	p.find, err = p.db.Prepare(`
		SELECT m.id, m.body FROM operation AS o JOIN outbox AS m ON m.fund = o.fund AND m.challenge = o.challenge AND m.challenge <> ''
		WHERE o.fund = $1 AND o.id = $2`)
	if err != nil {
		return nil, errors.Join(err, p.db.Close())
	}
	return p, nil
}

// code is the code that was asked for last to confirm an operation.
func (p *peek) code(operation string) (string, error) {
	var id string
	var sealed []byte
	if err := p.find.QueryRow(p.fund, operation).Scan(&id, &sealed); err != nil {
		return "", fmt.Errorf("the code's message: %w", err)
	}
	plain, err := p.keys.Open("outbox", "body", id, sealed)
	if err != nil {
		return "", err
	}
	var message struct {
		Args []access.Arg `json:"args"`
	}
	if err := json.Unmarshal(plain, &message); err != nil {
		return "", err
	}
	for _, a := range message.Args {
		if a.Name == "code" {
			return a.Value, nil
		}
	}
	return "", errors.New("the message has no code")
}

// empty throws away what waits to be sent. The server claims messages meanwhile,
// and PostgreSQL may then end one of the two: the caller comes again in a moment.
func (p *peek) empty() error {
	_, err := p.db.Exec(`DELETE FROM outbox WHERE state = 'queued'`)
	if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "40P01" { // deadlock_detected
		return nil
	}
	return err
}

func (p *peek) close() error { return errors.Join(p.find.Close(), p.db.Close()) }
