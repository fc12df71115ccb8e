// Package deliver sends what the outbox holds. A Worker claims messages, puts
// them into words and hands each to the Sender of its kind: SMTP for mail, an SMTP
// of its own for PEC, a Gateway for SMS, Capture where nothing may leave. Senders
// know nothing of members, codes or the database: they get an Envelope and say
// whether it was taken.
package deliver

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// An Envelope is one message ready to leave: worded, addressed, in one language.
type Envelope struct {
	ID       string    `json:"id"` // the outbox row's; a gateway drops a second one with the same
	Fund     string    `json:"fund"`
	Channel  string    `json:"channel"` // email, pec, sms, letter
	To       string    `json:"to"`
	From     string    `json:"from,omitempty"`
	FromName string    `json:"from_name,omitempty"`
	ReplyTo  string    `json:"reply_to,omitempty"`
	Subject  string    `json:"subject,omitempty"` // never holds the code
	Text     string    `json:"text"`
	HTML     string    `json:"html,omitempty"` // of a mail; empty: made of the text
	Lang     string    `json:"lang"`
	Created  time.Time `json:"created"` // when the cause was committed
	Secret   bool      `json:"-"`       // it holds a code: nothing that reports on it may repeat it
}

// A Receipt is what the next system said when it took the message.
type Receipt struct {
	ProviderID string // for the row; of a mail, what the server answered
}

// A Sender hands a message to the next system. It returns a Receipt when that
// system has taken it, or one of three errors (errors.As):
//
//   - *Temporary: the message was surely not taken; it may be sent again.
//   - *Permanent: the message was surely not taken and will never be.
//   - *Unknown, and any other error: it may have been taken. Sending it again may
//     deliver it twice, with the same id and content (reliability.md I6); the
//     worker decides whether it is worth that.
//
// A Sender is safe for concurrent use.
type Sender interface {
	Send(ctx context.Context, e Envelope) (Receipt, error)
}

// A Failure says where a message was stopped.
type Failure struct {
	Stage    string        // compose, queue, connect, tls, auth, from, to, data, body, end; of a gateway: answer
	Code     int           // the server's reply code, or a gateway's HTTP status; 0: it gave none
	Enhanced string        // its enhanced code («5.1.1», RFC 3463), or ""
	Err      error         // shows no address and no content
	Nobody   bool          // the gateway's settings say that this answer means: nobody is reached there
	After    time.Duration // the gateway asked to be left alone for so long; 0: it did not
}

// Error fits one line of a log or of the outbox row.
func (f *Failure) Error() string { return fmt.Sprintf("stopped at %s: %v", f.Stage, f.Err) }

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Temporary: not taken, may be sent again. It is also used for faults of our own
// set-up (credentials, certificate), which an operator mends while messages wait.
type Temporary struct{ Failure }

// Permanent: not taken, and never will be.
type Permanent struct{ Failure }

// Bounce reports whether the failure proves that nobody reads this address: the
// server named the mailbox or the domain as not there, closed or full. A refusal
// of the content, or of us, proves nothing about the address, and a message we
// could not compose even less.
func (p *Permanent) Bounce() bool {
	if p.Nobody {
		return true
	}
	if p.Code < 500 || p.Stage == "from" {
		return false
	}
	if p.Enhanced == "" {
		return p.Stage == "to" // the classic 550 to RCPT
	}
	return strings.HasPrefix(p.Enhanced, "5.1.") || strings.HasPrefix(p.Enhanced, "5.2.")
}

// Unknown: the message left us whole, and no answer came, or none that says. It
// may have been taken.
type Unknown struct {
	Failure
	Repeat bool // a second one does no harm: it is dropped, or can be seen to be the same
}
