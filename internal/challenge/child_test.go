package challenge_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/challenge"
	"aditus/internal/keys"
	"aditus/internal/store"
)

const (
	members = 16                     // at once
	workers = 2                      // of the outbox, in each process
	lease   = 200 * time.Millisecond // of a message and of the sealer
)

// An unfinished walk is what a member knows whose process died: the code has
// arrived, the receipt has not.
type unfinished struct{ Member, Operation, Session, Code string }

func TestMain(m *testing.M) {
	if where := os.Getenv("ADITUS_CHILD"); where != "" {
		if err := child(context.Background(), where); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// say tells the parent one thing: one write, whole even if killed.
func say(format string, args ...any) {
	_, _ = os.Stdout.WriteString(fmt.Sprintf(format, args...) + "\n")
}

// A town is the members of one process, their mail, and the service.
type town struct {
	s    *challenge.Service
	mail sync.Map // challenge -> chan string
}

// child serves members until it is killed; that anything goes wrong ends it.
func child(ctx context.Context, where string) error {
	ring, err := keys.Load(os.Getenv("ADITUS_CHILD_KEYS"))
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, where, store.Options{Keys: ring})
	if err != nil {
		return err
	}
	if err := db.QuickCheck(ctx); err != nil {
		return err
	}
	second, err := audit.OpenFile(os.Getenv("ADITUS_CHILD_SECOND"))
	if err != nil {
		return err
	}
	say("ready")
	failed := make(chan error)
	sealer := &audit.Sealer{DB: db, Funds: []string{fund}, Holder: fmt.Sprint(os.Getpid()), Lease: lease, Batch: 256,
		Signer: ring.Signer("checkpoint"), Second: second, Every: 100, Within: 50 * time.Millisecond}
	go sealer.Run(ctx, 20*time.Millisecond, func(err error) { failed <- err })

	w := &town{s: &challenge.Service{DB: db}}
	for i := range workers {
		go func() { failed <- w.deliver(ctx, fmt.Sprint(os.Getpid(), "/", i)) }()
	}
	var known map[string]unfinished
	if err := json.NewDecoder(os.Stdin).Decode(&known); err != nil {
		return err
	}
	for id, u := range known {
		if err := w.resume(ctx, id, u); err != nil {
			return fmt.Errorf("resume %s: %w", id, err)
		}
	}
	for i := range members {
		go func() {
			for n := 0; ; n++ {
				if err := w.walk(ctx, fmt.Sprintf("%d-%d-%d", os.Getpid(), i, n), fmt.Sprint("shared", i)); err != nil {
					failed <- fmt.Errorf("walk: %w", err)
				}
			}
		}()
	}
	return <-failed
}

// walk is one member's way from a draft to a receipt.
func (w *town) walk(ctx context.Context, member, counter string) error {
	o := access.Operation{ID: "o" + member, Fund: fund, Member: member, Session: "s" + member, Act: "iban", Number: "n" + member, Lang: "it",
		Values: access.Values{"iban": member}}
	q := o.Question(o.Session)
	mail := make(chan string, 100)
	var c access.Challenge
	err := w.s.DB.Write(ctx, fund, func(tx *store.Tx) error {
		if err := errors.Join(tx.AddOperation(o), audit.Record(tx, audit.OperationDrafted{Member: member, Operation: o.ID, Act: o.Act, Digest: o.Digest()})); err != nil {
			return err
		}
		var refusal *access.Refusal
		var err error
		r := request(q, rules)
		r.Rules.PerHour, r.Rules.PerDay, r.Rules.PerSite = 6, 10, 10
		if c, refusal, err = w.s.Ask(tx, r); err != nil || refusal != nil {
			return errors.Join(err, refusal)
		}
		w.mail.Store(c.ID, mail)
		return tx.CodeOperation(o, c.ID)
	})
	if err != nil {
		return err
	}
	say("asked %s", c.ID)
	var count int64
	var key string
	err = w.s.DB.Write(ctx, fund, func(tx *store.Tx) error {
		key = tx.Keys().Index("throttle", counter)
		th, err := tx.TakeThrottle(key, time.Hour)
		count = th.Wrong
		return err
	})
	if err != nil {
		return err
	}
	say("counted %s %d", key, count)
	code := <-mail
	say("knows %s %s %s %s %s", c.ID, member, o.ID, o.Session, code)
	for range rand.IntN(3) {
		_, err := w.s.Answer(ctx, q, rules, wrong(code))
		refusal, refused := errors.AsType[*access.Refusal](err)
		if !refused || refusal.Code != "code_wrong" {
			return fmt.Errorf("a wrong answer: %w", err)
		}
		say("wrong %s %s", c.ID, refusal.Args[0].Value)
	}
	p, err := w.s.Answer(ctx, q, rules, code)
	if err != nil {
		return fmt.Errorf("the right answer: %w", err)
	}
	say("passed %s", c.ID)
	if err := w.confirm(ctx, p, q, o.ID); err != nil {
		return err
	}
	if rand.IntN(4) > 0 {
		return nil
	}
	// The same again: a second deed with the proof, a second answer.
	if err := w.confirm(ctx, p, q, o.ID); !errors.Is(err, store.ErrNone) {
		return fmt.Errorf("done twice: %v", err)
	}
	if _, err := w.s.Answer(ctx, q, rules, code); !access.Refused(err, "code_closed") {
		return fmt.Errorf("heard twice: %v", err)
	}
	return nil
}

// confirm is the deed: the receipt, its event and its message in one commit.
func (w *town) confirm(ctx context.Context, p challenge.Proof, q access.Question, operation string) error {
	var k access.Confirmation
	err := w.s.DB.Write(ctx, fund, func(tx *store.Tx) error {
		o, err := tx.Operation(q.Member, operation)
		if err != nil {
			return err
		}
		if o.Question(q.Session) != q {
			return errors.New("another content")
		}
		if err := w.s.Spend(tx, p, q); err != nil {
			return err
		}
		if err := tx.ConfirmOperation(o, p.Challenge()); err != nil {
			return err
		}
		k = access.Confirmation{ID: access.NewID(tx.Now()), Operation: o.ID, Member: o.Member, Session: q.Session, Challenge: p.Challenge(),
			Digest: o.Digest(), Method: "otp_email", At: tx.Now(), Receipt: "{}", KeyID: "k", Signature: "s"}
		return errors.Join(tx.AddConfirmation(k),
			audit.Record(tx, audit.OperationConfirmed{Member: o.Member, Operation: o.ID, Challenge: k.Challenge, Digest: k.Digest, Method: k.Method, Receipt: k.ID}),
			tx.Post(access.Message{ID: access.NewID(tx.Now()), Member: o.Member, Kind: access.Email, To: "x@example.it", Lang: "it", Key: "receipt"}))
	})
	if err == nil {
		say("confirmed %s %s %s", p.Challenge(), operation, k.ID)
	}
	return err
}

// resume is a member whose process died: the browser posts the code again. It
// ends with the receipt that is there, or with the deed done now, and never with
// «this code is used».
func (w *town) resume(ctx context.Context, id string, u unfinished) error {
	// The dead process's last commit may still be under way in the server, so
	// what is there is read again when the answer is not heard.
	for range 2 {
		var o access.Operation
		var had access.Confirmation
		same := false
		err := w.s.DB.Read(ctx, fund, func(tx *store.Tx) (err error) {
			if o, err = tx.Operation(u.Member, u.Operation); err != nil {
				return err
			}
			had, err = tx.Confirmation(u.Member, u.Operation)
			if errors.Is(err, store.ErrNone) {
				return nil
			}
			if err != nil {
				return err
			}
			same, err = w.s.Same(tx, had.Challenge, u.Session, u.Code, rules)
			return err
		})
		if err != nil {
			return err
		}
		if same {
			say("confirmed %s %s %s", id, u.Operation, had.ID)
			say("resumed %s same", id)
			return nil
		}
		q := o.Question(u.Session)
		p, err := w.s.Answer(ctx, q, rules, u.Code)
		if err == nil {
			say("passed %s", id)
			err = w.confirm(ctx, p, q, u.Operation)
		}
		if err == nil {
			say("resumed %s done", id)
			return nil
		}
		if !access.Refused(err, "code_closed") && !errors.Is(err, store.ErrNone) {
			return err
		}
	}
	say("resumed %s lost", id)
	return nil
}

// A letter is a message in a worker's hands, with the time it was taken.
type letter struct {
	store.Claim
	Now time.Time
}

func take(ctx context.Context, db *store.DB, holder string) (m letter, err error) {
	err = db.Write(ctx, fund, func(tx *store.Tx) (err error) {
		m.Now = tx.Now()
		m.Claim, err = claim(tx, holder, lease)
		return err
	})
	return m, err
}

// contents is a digest of all that the receiver would see.
func contents(m letter) string {
	b, err := json.Marshal([]any{m.To, m.Key, m.Lang, m.Args})
	if err != nil {
		panic(err) // texts always marshal
	}
	return fmt.Sprintf("%x", sha256.Sum256(b))
}

func finish(ctx context.Context, db *store.DB, m letter, now time.Time) error {
	state := access.MessageSent
	if !m.ExpiresAt.IsZero() && !m.ExpiresAt.After(now) {
		state = access.MessageExpired
	}
	return db.Write(ctx, fund, func(tx *store.Tx) error { return tx.Finish(m.Claim, state, "", "") })
}

// deliver is a worker of the outbox: what it sends is said before it is noted,
// as with any gateway.
func (w *town) deliver(ctx context.Context, holder string) error {
	for {
		m, err := take(ctx, w.s.DB, holder)
		if errors.Is(err, store.ErrNone) {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if err != nil {
			return fmt.Errorf("take: %w", err)
		}
		say("sent %s %s", m.ID, contents(m))
		if box, ok := w.mail.Load(m.Challenge); ok {
			for _, a := range m.Args {
				if _, err := strconv.Atoi(a.Value); a.Name == "code" && err == nil {
					box.(chan string) <- a.Value
				}
			}
		}
		if err := finish(ctx, w.s.DB, m, m.Now); err != nil && !errors.Is(err, store.ErrNone) {
			return fmt.Errorf("finish: %w", err)
		}
	}
}
