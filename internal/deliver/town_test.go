package deliver

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/dbtest"
	"aditus/internal/keys"
	"aditus/internal/store"
	"aditus/internal/texts"
)

var start = time.Date(2026, 11, 21, 14, 30, 0, 0, time.UTC)

// A town is a database with two funds, and a worker that sends their messages.
type town struct {
	*Worker
	t     *testing.T
	where string
	clock atomic.Int64 // Unix ms

	mu     sync.Mutex
	faults []error
	told   map[string]Ending // by message: what Undelivered was told
}

// sender makes a Sender of a function.
type sender func(context.Context, Envelope) (Receipt, error)

func (s sender) Send(ctx context.Context, e Envelope) (Receipt, error) { return s(ctx, e) }

func newTown(t *testing.T, engine string, senders map[access.Kind]Sender) *town {
	t.Helper()
	book := texts.Load()
	town := &town{t: t, where: dbtest.New(t, engine), told: map[string]Ending{}}
	town.clock.Store(start.UnixMilli())
	db := dbtest.Open(t, town.where, store.Options{Keys: keys.New(nil), Now: func() time.Time { return time.UnixMilli(town.clock.Load()).UTC() }})
	funds := map[string]*access.Fund{}
	for _, id := range []string{"aurora", "alpina"} {
		funds[id] = &access.Fund{ID: id, Name: "Fund " + id, Short: id, Zone: time.UTC, Country: "IT",
			Sender: access.Sender{Name: id, Email: "noreply@" + id + ".example", PEC: "pec@" + id + ".example", SMS: strings.ToUpper(id)}}
	}
	town.Worker = &Worker{DB: db, Funds: funds, Texts: book, Senders: senders, Hold: 5 * time.Minute, Threads: 4, Pause: 10 * time.Millisecond,
		Undelivered: func(_ *store.Tx, m access.Message, why Ending) error {
			town.mu.Lock()
			defer town.mu.Unlock()
			town.told[m.ID] = why
			return nil
		},
		Report: func(err error) {
			town.mu.Lock()
			defer town.mu.Unlock()
			town.faults = append(town.faults, err)
		}}
	return town
}

// onTowns runs f on both engines.
func onTowns(t *testing.T, f func(t *testing.T, engine string)) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) { f(t, engine) })
	}
}

func (town *town) pass(d time.Duration) { town.clock.Add(d.Milliseconds()) }

// post puts a message in the outbox: a code, which lives five minutes, or a notice.
func (town *town) post(fund, id string, kind access.Kind, code bool) {
	town.t.Helper()
	m := access.Message{ID: id, Member: "anna", Kind: kind, To: "anna@example.it", Lang: "it", Key: "password_changed",
		Args: []access.Arg{{Name: "code", Value: "359359"}}}
	if kind == access.SMS {
		m.To = "+393006220277"
	}
	err := town.DB.Write(town.t.Context(), fund, func(tx *store.Tx) error {
		if code {
			m.Key, m.Challenge, m.ExpiresAt = "code_password", "challenge of "+id, tx.Now().Add(5*time.Minute)
		}
		return tx.Post(m)
	})
	if err != nil {
		town.t.Fatal(err)
	}
}

// work does all that is due, and returns how many messages were closed.
func (town *town) work() int {
	town.t.Helper()
	n, err := town.Once(town.t.Context())
	if err != nil {
		town.t.Error(err)
	}
	return n
}

// A line is what the outbox says of a message.
type line struct {
	State  string
	Tries  int
	Doubts int
	Body   bool // it is still there
}

func (town *town) line(id string) (l line) {
	town.t.Helper()
	var body int
	err := dbtest.Raw(town.t, town.where).QueryRow(`SELECT state, tries, doubts, length(body) FROM outbox WHERE id = $1`, id).Scan(&l.State, &l.Tries, &l.Doubts, &body)
	if err != nil {
		town.t.Fatal(err)
	}
	l.Body = body > 0
	return l
}

// failed are the events about messages that will not be sent any more: id and why.
func (town *town) failed(fund string) map[string]string {
	town.t.Helper()
	all := map[string]string{}
	err := town.DB.Read(town.t.Context(), fund, func(tx *store.Tx) error {
		events, err := tx.EventsOf("anna", 100, audit.KindMessageFailed)
		for _, e := range events {
			_, rest, _ := strings.Cut(e.Body, `"message":"`)
			id, _, _ := strings.Cut(rest, `"`)
			_, rest, _ = strings.Cut(e.Body, `"why":"`)
			all[id], _, _ = strings.Cut(rest, `"`)
		}
		return err
	})
	if err != nil {
		town.t.Fatal(err)
	}
	return all
}

// What one message costs: posted before, claimed, handed over and noted here.
func BenchmarkWorker(b *testing.B) {
	for _, engine := range dbtest.Engines {
		for _, threads := range []int{1, 4, 16} {
			b.Run(fmt.Sprintf("%s/%d", engine, threads), func(b *testing.B) {
				book := texts.Load()
				db := dbtest.Open(b, dbtest.New(b, engine), store.Options{Keys: keys.New(nil)})
				f := &access.Fund{ID: "aurora", Name: "Fund", Short: "Fund", Zone: time.UTC, Country: "IT", Sender: access.Sender{Email: "a@example.it"}}
				w := &Worker{DB: db, Funds: map[string]*access.Fund{f.ID: f}, Texts: book, Hold: time.Minute, Threads: threads, Pause: time.Second,
					Senders: map[access.Kind]Sender{access.Email: sender(func(context.Context, Envelope) (Receipt, error) { return Receipt{}, nil })}}
				for i := 0; i < b.N; i += 500 {
					err := db.Write(b.Context(), f.ID, func(tx *store.Tx) error {
						for j := i; j < min(i+500, b.N); j++ {
							if err := tx.Post(access.Message{ID: fmt.Sprint("m", j), Kind: access.Email, To: "a@example.it", Lang: "it", Key: "code_password", ExpiresAt: tx.Now().Add(time.Hour)}); err != nil {
								return err
							}
						}
						return nil
					})
					if err != nil {
						b.Fatal(err)
					}
				}
				b.ResetTimer()
				if n, err := w.Once(b.Context()); n != b.N || err != nil {
					b.Fatalf("%d of %d, %v", n, b.N, err)
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			})
		}
	}
}
