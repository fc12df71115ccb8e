package session_test

import (
	"sync"
	"testing"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/dbtest"
	"aditus/internal/session"
	"aditus/internal/store"
)

// A clock that the test moves; one fund; one member.
type world struct {
	t    *testing.T
	db   *store.DB
	fund *access.Fund
	svc  *session.Service

	mu  sync.Mutex
	now time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) add(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			w := &world{t: t, now: time.Date(2025, 9, 30, 8, 0, 0, 0, time.UTC),
				fund: &access.Fund{ID: "prova", Session: access.SessionRules{Idle: 15 * time.Minute, Absolute: 8 * time.Hour},
					Status: map[string]access.StatusRule{"active": {Access: "full"}, "gone": {Access: "none"}}}}
			w.db = dbtest.Open(t, dbtest.New(t, engine), store.Options{Now: w.clock})
			w.svc = session.New(w.db, w.clock)
			w.enter("active")
			f(w)
		})
	}
}

// enter publishes the member with a status.
func (w *world) enter(status string) {
	w.t.Helper()
	err := w.db.Write(w.t.Context(), w.fund.ID, func(tx *store.Tx) error {
		im, err := tx.BeginImport("file", status)
		if err != nil {
			return err
		}
		e := access.Entry{ID: "e1", Member: "m1", Number: "1", Login: "l", Status: status, Version: im.Version, Digest: status}
		if _, err := tx.Entry("e1"); err == nil {
			err = tx.ChangeEntry(e)
			if err != nil {
				return err
			}
		} else if err := tx.AddEntry(e); err != nil {
			return err
		}
		return tx.PublishImport(im)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) start() (token string) {
	w.t.Helper()
	err := w.db.Write(w.t.Context(), w.fund.ID, func(tx *store.Tx) (err error) {
		token, err = w.svc.Start(tx, w.fund, access.Session{Member: "m1", Level: access.LevelRead, Method: "password"}, "new", audit.Where{})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func (w *world) alive(token string) bool {
	w.t.Helper()
	_, err := w.svc.Check(w.t.Context(), w.fund, token)
	if err != nil && !access.Refused(err, "session_ended") {
		w.t.Fatal(err)
	}
	return err == nil
}

func (w *world) want(what, token string, alive bool) {
	w.t.Helper()
	if got := w.alive(token); got != alive {
		w.t.Errorf("%s: alive is %v", what, got)
	}
}

// A session ends when nothing is done, and after its longest time however much is.
func TestLimits(t *testing.T) {
	each(t, func(w *world) {
		token := w.start()
		w.add(14*time.Minute + 59*time.Second)
		w.want("just before idle", token, true)
		w.add(15 * time.Minute)
		w.want("idle", token, false)

		token = w.start()
		for range 47 {
			w.add(10 * time.Minute)
			w.want("in use", token, true)
		}
		w.add(10 * time.Minute)
		w.want("absolute", token, false)
	})
}

// What cannot be a token is not looked up; another's is not found.
func TestTokens(t *testing.T) {
	each(t, func(w *world) {
		token := w.start()
		for _, bad := range []string{"", "x", token[1:], token + "A", token[:51] + "!", "' OR 1=1 --"} {
			w.want("a token that is none", bad, false)
		}
		other := *w.fund
		other.ID = "altro"
		if _, err := w.svc.Check(t.Context(), &other, token); !access.Refused(err, "session_ended") {
			t.Errorf("in another fund: %v", err)
		}
		w.want("the token", token, true)
	})
}

// A session ended here is over at the next check, also while others check it; one
// ended on another node within a second.
func TestEnded(t *testing.T) {
	each(t, func(w *world) {
		token := w.start()
		var checking sync.WaitGroup
		stop := make(chan struct{})
		for range 4 {
			checking.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						if _, err := w.svc.Check(t.Context(), w.fund, token); err != nil && !access.Refused(err, "session_ended") {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		if err := w.svc.End(t.Context(), w.fund, "m1", session.ID(token)); err != nil {
			t.Error(err)
		}
		w.want("ended here", token, false)
		close(stop)
		checking.Wait()
		w.want("ended here, and read meanwhile", token, false)
		if err := w.svc.End(t.Context(), w.fund, "m1", session.ID(token)); !access.Refused(err, "session_ended") {
			t.Error(err)
		}

		token = w.start()
		w.want("before", token, true)
		node := session.New(w.db, w.clock)
		if err := node.End(t.Context(), w.fund, "m1", session.ID(token)); err != nil {
			t.Error(err)
		}
		w.add(time.Second)
		w.want("ended on another node", token, false)
	})
}

// Whoever may not come in any more is out within a second (security.md, row 30).
func TestBlocked(t *testing.T) {
	each(t, func(w *world) {
		token := w.start()
		w.want("before", token, true)
		w.enter("gone")
		w.add(time.Second)
		w.want("after an import", token, false)
	})
}

// What could have happened: a form names a profile that is somebody else's, or another
// member's session, and opens it.
func TestChooseNobodyElses(t *testing.T) {
	each(t, func(w *world) {
		token := w.start()
		sess, err := w.svc.Check(t.Context(), w.fund, token)
		if err != nil || sess.Several || sess.Whose() != "m1" {
			t.Fatalf("%+v, %v", sess, err)
		}
		// There is no choice: not even one's own.
		if err := w.svc.Choose(t.Context(), w.fund, sess, "m1"); !access.Refused(err, "session_ended") {
			t.Errorf("chose where there is no choice: %v", err)
		}
		for _, whose := range []string{"m2", "", "nobody"} {
			if err := w.svc.Choose(t.Context(), w.fund, sess, whose); !access.Refused(err, "profile_closed") {
				t.Errorf("%q: %v", whose, err)
			}
		}
		// One with a choice, and somebody who says that it is theirs.
		several := access.Session{ID: session.ID(access.NewSecret()), Member: "m1", Level: access.LevelRead, Several: true, EndsAt: w.now.Add(time.Hour)}
		if err := w.db.Write(t.Context(), w.fund.ID, func(tx *store.Tx) error { return tx.AddSession(several) }); err != nil {
			t.Fatal(err)
		}
		profile := func() (got access.Session) {
			t.Helper()
			err := w.db.Read(t.Context(), w.fund.ID, func(tx *store.Tx) (err error) { got, err = tx.Session(several.ID); return err })
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := profile(); !got.Several || got.Profile != "" || got.Whose() != "m1" {
			t.Errorf("before a choice: %+v", got)
		}
		err = w.db.Write(t.Context(), w.fund.ID, func(tx *store.Tx) error { return tx.ChooseProfile("m2", several.ID, "m2") })
		if err != store.ErrNone || profile().Profile != "" {
			t.Errorf("another member chose in it: %v", err)
		}
		if err := w.svc.Choose(t.Context(), w.fund, several, "m1"); err != nil || profile().Profile != "m1" {
			t.Errorf("one's own: %v, %+v", err, profile())
		}
	})
}
