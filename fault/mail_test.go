package fault

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"aditus/internal/dbtest"
)

// A message is the outbox row of an operation's newest code.
type message struct {
	id, state string
	said      string // the mail server's last words: there are some once a try is over
}

func (w *world) message(operation string) (m message) {
	w.t.Helper()
	err := w.raw.QueryRow(w.dialect(`
		SELECT o.id, o.state, o.said FROM outbox o JOIN challenge c ON c.id = o.challenge
		WHERE c.subject LIKE ?1 ORDER BY o.queued_at DESC, o.id DESC LIMIT 1`), "operation/"+operation+"/%").Scan(&m.id, &m.state, &m.said)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// ask drafts an operation and asks for its code, and does not wait for it.
func (w *world) ask(c *client, n int) (operation string) {
	w.t.Helper()
	a, err := c.post("/operations/new/residence", residence(n)...)
	if operation = drafted(a.to); err != nil || operation == "" {
		w.t.Fatalf("a draft: %v %s", err, a.said())
	}
	if a, err = c.post("/operations/"+operation+"/confirm", "do", "ask"); err != nil || a.status != http.StatusSeeOther {
		w.t.Fatalf("a code: %v %s", err, a.said())
	}
	// The page of the code is there too.
	if a, err = c.get("/operations/" + operation + "/confirm"); err != nil || a.status != http.StatusOK {
		w.t.Fatalf("the code's page: %v %s", err, a.said())
	}
	return operation
}

// confirm answers with the code that came, which must be right.
func (w *world) confirm(c *client, p *person, operation string) {
	w.t.Helper()
	m := w.sink.after(p.email, "", patience)
	if a, err := c.post("/operations/"+operation+"/confirm", "otp", m.code); err != nil || a.to != "/operations/"+operation+"/done" {
		w.t.Errorf("the code that came in the end: %v %s", err, a.said())
	}
}

// hurry lets messages that wait for another try be tried at once.
func (w *world) hurry() { w.change(`UPDATE outbox SET next_at = queued_at WHERE state = 'queued'`) }

// left counts how often a message left.
func (w *world) left(id string) (n int) {
	for _, l := range w.sink.all() {
		if l.id == id {
			n++
		}
	}
	return n
}

// What could have happened: the mail server is away, slow, or says no, and the
// member's page waits for it; a code goes out when nothing takes it any more; a
// message is lost, or sent for ever; a member whose address is dead waits five
// minutes for nothing (F14, I5, I6, I14).
func TestFaultMail(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{engine: engine, actors: 12})
			n := launch(t, w.config, nil)
			n.ready(t)
			browsers := make([]*client, len(w.actors))
			for i, p := range w.actors {
				browsers[i] = newClient(n.addr).as(p)
			}
			waits := func(op string) func() bool {
				return func() bool { m := w.message(op); return m.said != "" && m.state == "queued" }
			}
			sent := func(op string) func() bool { return func() bool { return w.message(op).state == "sent" } }

			// Each way in which nothing was taken: it is kept, and goes out later.
			for i, hook := range []func(stage, to string) error{
				func(stage, _ string) error { return when(away(stage), errGone) },
				func(stage, _ string) error {
					return when(away(stage), &smtp.SMTPError{Code: 421, Message: "closing"})
				},
				func(stage, _ string) error {
					return when(stage == "to", &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted"})
				},
				func(stage, _ string) error { return when(stage == "data", errGone) },
			} {
				w.sink.misbehave(hook)
				op := w.ask(browsers[i], i)
				until(t, "a first try", waits(op))
				w.sink.misbehave(nil)
				w.hurry()
				until(t, "the message to leave", sent(op))
				w.confirm(browsers[i], w.actors[i], op)
				if m := w.message(op); w.left(m.id) != 1 {
					t.Errorf("fault %d: the message left %d times", i, w.left(m.id))
				}
			}

			// Taken, and the answer lost: nobody can know. It goes out again, the same.
			w.sink.misbehave(func(stage, _ string) error { return when(stage == "kept", errGone) })
			op := w.ask(browsers[4], 4)
			until(t, "a first try", waits(op))
			w.sink.misbehave(nil)
			w.hurry()
			until(t, "the message to leave", sent(op))
			w.confirm(browsers[4], w.actors[4], op)
			if m := w.message(op); w.left(m.id) != 2 {
				t.Errorf("after a lost answer the message left %d times", w.left(m.id))
			}

			// Nobody waits for a server that does not answer.
			stuck, let := make(chan struct{}), make(chan struct{})
			var once sync.Once
			w.sink.misbehave(func(stage, _ string) error {
				if stage == "to" {
					once.Do(func() { close(stuck) })
					<-let
				}
				return nil
			})
			slow := []string{w.ask(browsers[5], 5)}
			<-stuck
			slow = append(slow, w.ask(browsers[6], 6))
			if a, err := browsers[7].get("/profile"); err != nil || a.status != http.StatusOK {
				t.Errorf("a page, while the mail server hangs: %v %s", err, a.said())
			}
			w.sink.misbehave(nil)
			close(let)
			for i, op := range slow {
				until(t, "the message to leave", sent(op))
				w.confirm(browsers[5+i], w.actors[5+i], op)
			}

			// A code whose time is over is not sent, and a new one can be had.
			w.sink.misbehave(func(stage, _ string) error { return when(away(stage), errGone) })
			op = w.ask(browsers[8], 8)
			until(t, "a first try", waits(op))
			late := w.message(op)
			// Five minutes pass for this one member.
			w.change(`UPDATE outbox SET expires_at = expires_at - 300000, queued_at = queued_at - 300000 WHERE id = ?1`, late.id)
			w.change(`UPDATE challenge SET expires_at = expires_at - 300000, issued_at = issued_at - 300000 WHERE member = ?1`, w.actors[8].member)
			w.sink.misbehave(nil)
			w.hurry()
			until(t, "the message to expire", func() bool { return w.message(op).state == "expired" })
			if a, err := browsers[8].post("/operations/"+op+"/confirm", "do", "again"); err != nil || a.status != http.StatusSeeOther {
				t.Errorf("a new code after the old one expired: %v %s", err, a.said())
			}
			w.confirm(browsers[8], w.actors[8], op)
			if w.left(late.id) != 0 {
				t.Error("a code was sent after its time")
			}

			// A dead address frees the member's place at once; a refusal that says
			// nothing of the address does not.
			for i, c := range []struct {
				answer *smtp.SMTPError
				dead   bool
			}{
				{&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}, true},
				{&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "we do not like you"}, false},
			} {
				p, b := w.actors[9+i], browsers[9+i]
				w.sink.misbehave(func(stage, to string) error { return when(stage == "to" && to == p.email, c.answer) })
				op := w.ask(b, 9+i)
				until(t, "the message to fail", func() bool { return w.message(op).state == "failed" })
				w.sink.misbehave(nil)
				a, err := b.post("/operations/"+op+"/confirm", "do", "again")
				switch {
				case err != nil:
					t.Error(err)
				case c.dead && a.status != http.StatusSeeOther:
					t.Errorf("a new code after a bounce: %s", a.said())
				case c.dead:
					w.confirm(b, p, op)
				case a.status != http.StatusConflict:
					t.Errorf("a new code after a refusal that proves nothing: %s", a.said())
				}
			}
			w.ended()
			if wrong := append(w.check(nil), w.messages(1)...); len(wrong) > 0 {
				t.Error(strings.Join(wrong, "\n"))
			}
			w.verify()
		})
	}
}

func when(is bool, err error) error {
	if is {
		return err
	}
	return nil
}

// away are the stages at which a server that is not there would not be: a new
// connection, and one that was kept.
func away(stage string) bool { return stage == "conn" || stage == "from" }
