package deliver

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// What could have happened: the SMS gateway hangs, and nobody gets an e-mail, no
// other fund an SMS, and no other member of the fund either.
func TestWorkerQueues(t *testing.T) {
	onTowns(t, func(t *testing.T, engine string) {
		hold, stuck := make(chan struct{}), make(chan struct{}, 1)
		left := make(chan string, 100)
		town := newTown(t, engine, map[access.Kind]Sender{
			access.Email: sender(func(_ context.Context, e Envelope) (Receipt, error) {
				left <- e.ID
				return Receipt{}, nil
			}),
			access.SMS: sender(func(_ context.Context, e Envelope) (Receipt, error) {
				if e.ID == "stuck" {
					stuck <- struct{}{}
					<-hold
				}
				left <- e.ID
				return Receipt{}, nil
			})})
		town.post("aurora", "stuck", access.SMS, true)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			town.Run(ctx)
		}()
		<-stuck
		for i, want := range []struct {
			fund string
			kind access.Kind
		}{{"aurora", access.Email}, {"alpina", access.SMS}, {"aurora", access.SMS}, {"alpina", access.Email}} {
			id := fmt.Sprint("m", i)
			town.post(want.fund, id, want.kind, true)
			town.Wake(store.Queue{Fund: want.fund, Kind: want.kind})
			if got := <-left; got != id { // or the test hangs: it waits behind the other
				t.Errorf("%s left, want %s", got, id)
			}
		}
		// Told to stop, it finishes what is under way and writes it down.
		stop()
		close(hold)
		<-done
		if got := <-left; got != "stuck" || town.line("stuck").State != "sent" {
			t.Errorf("%s left, %+v", got, town.line("stuck"))
		}
		if len(town.faults) > 0 {
			t.Error(town.faults)
		}
	})
}

// What could have happened: a gateway is slow, ten thousand messages wait for it,
// and each member who posts one more has them all read again.
func TestWakeReadsNothing(t *testing.T) {
	w := &Worker{}
	w.init()
	busy, rests := store.Queue{Fund: "aurora", Kind: access.SMS}, store.Queue{Fund: "aurora", Kind: access.PEC}
	l := &lane{poked: make(chan struct{}, 1)}
	w.lanes[busy], w.rests[rests] = l, time.Now()
	for range 3 {
		w.Wake(busy)
		w.Wake(rests)
	}
	if len(l.poked) != 1 || len(w.wake) != 0 {
		t.Errorf("a queue at work heard %d times, and %d looks were asked for", len(l.poked), len(w.wake))
	}
	w.Wake(store.Queue{Fund: "alpina", Kind: access.SMS})
	if len(w.wake) != 1 {
		t.Error("a queue that nobody works at was not heard of")
	}
}

// A queue's messages are claimed together and leave together: nothing waits in a
// worker's hands while its lease runs. The barrier opens when four are under way.
func TestWorkerBatches(t *testing.T) {
	onTowns(t, func(t *testing.T, engine string) {
		var mu sync.Mutex
		under, most := 0, 0
		open := make(chan struct{})
		sent := map[string]int{}
		town := newTown(t, engine, map[access.Kind]Sender{access.Email: sender(func(_ context.Context, e Envelope) (Receipt, error) {
			mu.Lock()
			under++
			most = max(most, under)
			sent[e.ID]++
			if under == 4 && most == 4 {
				select {
				case <-open:
				default:
					close(open)
				}
			}
			mu.Unlock()
			<-open
			mu.Lock()
			under--
			mu.Unlock()
			return Receipt{ProviderID: "queued as " + e.ID}, nil
		})})
		for i := range 50 {
			town.post("aurora", fmt.Sprintf("m%02d", i), access.Email, i%2 == 0)
		}
		if n := town.work(); n != 50 || most != 4 || len(sent) != 50 {
			t.Errorf("%d closed, %d different sent, %d at once", n, len(sent), most)
		}
		for id, n := range sent {
			if l := town.line(id); n != 1 || l != (line{State: "sent", Tries: 1}) {
				t.Errorf("%s: sent %d times, %+v", id, n, l)
			}
		}
		if n := town.work(); n != 0 {
			t.Errorf("%d closed again", n)
		}
	})
}

// What could have happened: a gateway takes a code and its answer is lost, and the
// member gets the code twice, pays for it twice and believes the second is another;
// or the message is called failed, and the member is told that nothing left.
func TestWorkerUnknown(t *testing.T) {
	lost := func(repeat bool) error {
		return &Unknown{Failure: Failure{Stage: "answer", Err: errors.New("cut")}, Repeat: repeat}
	}
	cases := []struct {
		id   string
		kind access.Kind
		code bool
		err  error
		want line
	}{
		{"code", access.SMS, true, lost(false), line{State: "sent", Tries: 1, Doubts: 1}},
		{"code-of-a-gateway-that-drops-the-second", access.SMS, true, lost(true), line{State: "sent", Tries: 3, Doubts: 3}},
		{"notice", access.SMS, false, lost(false), line{State: "sent", Tries: 3, Doubts: 3}},
		{"mailed-code", access.Email, true, lost(true), line{State: "sent", Tries: 3, Doubts: 3}},
		{"certified", access.PEC, false, lost(false), line{State: "sent", Tries: 1, Doubts: 1}},
		{"untyped", access.Email, true, errors.New("something"), line{State: "sent", Tries: 1, Doubts: 1}},
	}
	onTowns(t, func(t *testing.T, engine string) {
		var mu sync.Mutex
		sent := map[string]int{}
		errs := map[string]error{}
		s := sender(func(_ context.Context, e Envelope) (Receipt, error) {
			mu.Lock()
			defer mu.Unlock()
			sent[e.ID]++
			return Receipt{}, errs[e.ID]
		})
		town := newTown(t, engine, map[access.Kind]Sender{access.Email: s, access.SMS: s, access.PEC: s})
		for _, c := range cases {
			errs[c.id] = c.err
			town.post("aurora", c.id, c.kind, c.code)
		}
		for range 10 {
			town.work()
			town.pass(30 * time.Second)
		}
		failed := town.failed("aurora")
		for _, c := range cases {
			if l := town.line(c.id); l != c.want || sent[c.id] != c.want.Tries || failed[c.id] != "unknown" {
				t.Errorf("%s: sent %d times, %+v, event %q", c.id, sent[c.id], l, failed[c.id])
			}
		}
		if len(town.told) > 0 {
			t.Errorf("told that they will not arrive: %v", town.told) // nobody knows
		}
		// One lost answer and then a good one: sent, and no event.
		errs["again"] = lost(true)
		town.post("aurora", "again", access.Email, true)
		town.work()
		errs["again"] = nil
		town.pass(time.Minute)
		town.work()
		if l := town.line("again"); l != (line{State: "sent", Tries: 2, Doubts: 1}) || town.failed("aurora")["again"] != "" {
			t.Errorf("%+v", l)
		}
	})
}

// Each way in which a message ends without arriving is told to whoever asked, in
// the transaction that closes it, with a typed event.
func TestWorkerEndings(t *testing.T) {
	onTowns(t, func(t *testing.T, engine string) {
		answers := map[string]error{
			"bounced":  &Permanent{Failure{Stage: "to", Code: 550, Enhanced: "5.1.1", Err: errors.New("no such mailbox")}},
			"no-phone": &Permanent{Failure{Stage: "answer", Code: 200, Nobody: true, Err: errors.New("no such number")}},
			"refused":  &Permanent{Failure{Stage: "data", Code: 554, Enhanced: "5.7.1", Err: errors.New("spam")}},
			"old":      &Temporary{Failure{Stage: "connect", Err: errors.New("away")}},
			"often":    &Temporary{Failure{Stage: "connect", Err: errors.New("away")}},
			"late":     &Temporary{Failure{Stage: "connect", Err: errors.New("away")}},
		}
		s := sender(func(_ context.Context, e Envelope) (Receipt, error) { return Receipt{}, answers[e.ID] })
		town := newTown(t, engine, map[access.Kind]Sender{access.Email: s, access.SMS: s})
		raw := dbtest.Raw(t, town.where)
		change := func(q string) {
			t.Helper()
			if _, err := raw.Exec(q); err != nil {
				t.Fatal(err)
			}
		}
		town.post("aurora", "bounced", access.Email, true)
		town.post("aurora", "no-phone", access.SMS, false)
		town.post("aurora", "refused", access.Email, true)
		town.post("aurora", "no-way", access.Letter, false)
		town.post("aurora", "old", access.Email, false)
		town.post("aurora", "often", access.Email, false)
		town.post("aurora", "deadly", access.Email, false)
		town.post("aurora", "late", access.Email, true)
		town.post("aurora", "well", access.Email, true)
		town.post("aurora", "unreadable", access.Email, true)
		change(`UPDATE outbox SET queued_at = queued_at - 260000000 WHERE id = 'old'`) // 72 hours and a little
		change(`UPDATE outbox SET tries = 39 WHERE id = 'often'`)
		change(`UPDATE outbox SET tries = 40 WHERE id = 'deadly'`)
		change(`UPDATE outbox SET body = (SELECT b.body FROM outbox b WHERE b.id = 'well') WHERE id = 'unreadable'`)
		town.work()
		town.pass(5 * time.Minute) // no claim of «late» comes before its time is over
		town.work()
		want := map[string]Ending{"bounced": Bounced, "no-phone": Bounced, "refused": Refused, "no-way": Refused, "old": Refused,
			"often": Refused, "deadly": Refused, "late": Expired, "unreadable": Unreadable}
		if !reflect.DeepEqual(town.told, want) {
			t.Errorf("told %v, want %v", town.told, want)
		}
		failed := town.failed("aurora")
		for id, why := range want {
			state := "failed"
			if why == Expired {
				state = "expired"
			}
			if l := town.line(id); l.State != state || l.Body || failed[id] != string(why) {
				t.Errorf("%s: %+v, event %q, want %s", id, l, failed[id], why)
			}
		}
		if l := town.line("well"); l.State != "sent" || len(failed) != len(want) {
			t.Errorf("%+v, %v", l, failed)
		}
	})
}

// What could have happened: what is done about a bounce fails, and the neighbours'
// messages, which left in the same moment, are not noted and leave again.
func TestWorkerUndeliveredFails(t *testing.T) {
	onTowns(t, func(t *testing.T, engine string) {
		var mu sync.Mutex
		sent := map[string]int{}
		town := newTown(t, engine, map[access.Kind]Sender{access.Email: sender(func(_ context.Context, e Envelope) (Receipt, error) {
			mu.Lock()
			defer mu.Unlock()
			sent[e.ID]++
			if strings.HasPrefix(e.ID, "bad") {
				return Receipt{}, &Permanent{Failure{Stage: "to", Code: 550, Err: errors.New("nobody")}}
			}
			return Receipt{}, nil
		})})
		calls := 0
		town.Undelivered = func(tx *store.Tx, m access.Message, why Ending) error {
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls <= 3 {
				return errors.New("not now")
			}
			return nil
		}
		for i := range 4 {
			town.post("aurora", fmt.Sprint("good", i), access.Email, false)
			town.post("aurora", fmt.Sprint("bad", i), access.Email, false)
		}
		if n := town.work(); n != 8 || len(sent) != 8 {
			t.Errorf("%d closed, %d sent", n, len(sent))
		}
		for id, n := range sent {
			want := "sent"
			if strings.HasPrefix(id, "bad") {
				want = "failed"
			}
			if l := town.line(id); n != 1 || l.State != want {
				t.Errorf("%s: sent %d times, %+v", id, n, l)
			}
		}
		if len(town.faults) == 0 || !strings.Contains(town.faults[0].Error(), "not now") {
			t.Errorf("not reported: %v", town.faults)
		}
		// What never succeeds keeps nobody here, and is not lost.
		town.Undelivered = func(*store.Tx, access.Message, Ending) error { return errors.New("never") }
		town.post("aurora", "bad", access.Email, false)
		if _, err := town.Once(t.Context()); err == nil || town.line("bad").State != "queued" {
			t.Errorf("%v, %+v", err, town.line("bad"))
		}
	})
}

// A gateway that asks to be left alone is; others are not, and not for longer
// than five minutes, whatever it says.
func TestWorkerRests(t *testing.T) {
	onTowns(t, func(t *testing.T, engine string) {
		var mu sync.Mutex
		var err error
		sent := map[string]int{}
		s := sender(func(_ context.Context, e Envelope) (Receipt, error) {
			mu.Lock()
			defer mu.Unlock()
			sent[e.ID]++
			if e.Channel == "sms" {
				return Receipt{}, err
			}
			return Receipt{}, nil
		})
		town := newTown(t, engine, map[access.Kind]Sender{access.Email: s, access.SMS: s})
		busy := func(d time.Duration) error {
			return &Temporary{Failure{Stage: "answer", Code: 429, After: d, Err: errors.New("busy")}}
		}
		err = busy(time.Minute)
		town.post("aurora", "first", access.SMS, false)
		town.work()
		town.post("aurora", "second", access.SMS, false)
		town.post("aurora", "mail", access.Email, false)
		town.pass(time.Minute - time.Millisecond)
		town.work()
		if sent["first"] != 1 || sent["second"] != 0 || sent["mail"] != 1 {
			t.Errorf("while it rests: %v", sent)
		}
		err = busy(24 * time.Hour)
		town.pass(time.Millisecond)
		town.work()
		if sent["first"] != 2 || sent["second"] != 1 {
			t.Errorf("after its rest: %v", sent)
		}
		err = nil
		town.pass(mostRest)
		town.work()
		if sent["first"] != 3 || sent["second"] != 2 || town.line("first").State != "sent" || town.line("second").State != "sent" {
			t.Errorf("after a day that was five minutes: %v", sent)
		}
	})
}

// What could have happened: one message at which the sender panics ends the
// process, is there again after the restart, and ends it again.
func TestWorkerPanics(t *testing.T) {
	onTowns(t, func(t *testing.T, engine string) {
		town := newTown(t, engine, map[access.Kind]Sender{access.Email: sender(func(_ context.Context, e Envelope) (Receipt, error) {
			if e.ID == "poison" {
				panic("with " + e.Text)
			}
			return Receipt{}, nil
		})})
		town.post("aurora", "poison", access.Email, true)
		town.post("aurora", "well", access.Email, true)
		if n := town.work(); n != 2 || town.line("well").State != "sent" || town.line("poison") != (line{State: "sent", Tries: 1, Doubts: 1}) {
			t.Errorf("%d closed, %+v", n, town.line("poison"))
		}
		if len(town.faults) != 1 || strings.Contains(fmt.Sprint(town.faults), "359359") {
			t.Errorf("reported: %v", town.faults)
		}
	})
}

// A sender has less time than its message is claimed for, and a code less than it
// lives; whoever posts a message for a kind is who it comes from.
func TestWorkerEnvelopes(t *testing.T) {
	var mu sync.Mutex
	got := map[string]Envelope{}
	left := map[string]time.Duration{}
	s := sender(func(ctx context.Context, e Envelope) (Receipt, error) {
		mu.Lock()
		defer mu.Unlock()
		until, _ := ctx.Deadline()
		got[e.ID], left[e.ID] = e, time.Until(until)
		return Receipt{}, nil
	})
	town := newTown(t, "sqlite", map[access.Kind]Sender{access.Email: s, access.SMS: s, access.PEC: s})
	for _, kind := range []access.Kind{access.Email, access.SMS, access.PEC} {
		town.post("aurora", "code-"+string(kind), kind, true)
		town.post("aurora", "notice-"+string(kind), kind, false)
	}
	town.post("aurora", "soon", access.Email, true)
	if _, err := dbtest.Raw(t, town.where).Exec(`UPDATE outbox SET expires_at = queued_at + 10000 WHERE id = 'soon'`); err != nil {
		t.Fatal(err)
	}
	town.work()
	for id, most := range map[string]time.Duration{"code-sms": holdCode, "notice-sms": 5 * time.Minute, "soon": 10 * time.Second} {
		if left[id] <= 0 || left[id] >= most {
			t.Errorf("%s has %v, of %v", id, left[id], most)
		}
	}
	for id, from := range map[string]string{"code-email": "noreply@aurora.example", "code-pec": "pec@aurora.example", "code-sms": "AURORA"} {
		if e := got[id]; e.From != from || !e.Secret || !strings.Contains(e.Text, "359359") || (e.Subject == "") != (id == "code-sms") {
			t.Errorf("%s: %+v", id, e)
		}
	}
	if got["notice-pec"].Secret || got["notice-pec"].Channel != "pec" {
		t.Errorf("%+v", got["notice-pec"])
	}
}

func TestBackoff(t *testing.T) {
	for _, c := range []struct {
		life  time.Duration
		tries int
		want  time.Duration
	}{
		{5 * time.Minute, 1, 5 * time.Second}, {5 * time.Minute, 4, 40 * time.Second}, {5 * time.Minute, 30, 2 * time.Minute},
		{time.Hour, 30, 150 * time.Second}, {24 * time.Hour, 30, time.Hour},
		{0, 1, 5 * time.Second}, {0, 10, 2560 * time.Second}, {0, 39, 4 * time.Hour}, {0, 1000, 4 * time.Hour},
	} {
		m := store.Claim{Message: access.Message{Tries: c.tries, QueuedAt: start}}
		if c.life > 0 {
			m.ExpiresAt = start.Add(c.life)
		}
		if got := backoff(m); got != c.want {
			t.Errorf("after try %d, living %v: %v, want %v", c.tries, c.life, got, c.want)
		}
	}
	// In its time none of them reaches the most tries there are.
	for _, life := range []time.Duration{0, 5 * time.Minute, time.Hour, 24 * time.Hour} {
		m := store.Claim{Message: access.Message{QueuedAt: start}}
		until := start.Add(giveUp)
		if life > 0 {
			m.ExpiresAt, until = start.Add(life), start.Add(life)
		}
		for now := start; now.Before(until); now = now.Add(backoff(m)) {
			m.Tries++
		}
		if m.Tries >= mostTries {
			t.Errorf("what lives %v is tried %d times", life, m.Tries)
		}
	}
}
