package fault

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aditus/internal/dbtest"
)

// What could have happened: the connection ends when a code has reached the
// server, or its answer is lost on the way; the member presses again, and hears
// that the code was used already, for an operation that is confirmed. Or what
// was under way is given up between two of its steps, with the request.
//
// A third of all codes for operations lose their connection, at any moment from
// the request's arrival to the answer's.
func TestFaultCut(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{engine: engine, rows: 120, actors: 80, readers: 10})
			n := launch(t, w.config, nil)
			n.ready(t)
			g := newGate(t)
			g.lead(n.addr)
			rnd := w.random(1)
			var asked, lost atomic.Int64
			g.watch(func(r *http.Request) *cut { // under the gate's own lock
				if !confirming(r) || asked.Add(1)%3 != 0 {
					return nil
				}
				lost.Add(1)
				if rnd.IntN(2) == 0 {
					return &cut{answered: true}
				}
				return &cut{after: time.Duration(rnd.IntN(6000)) * time.Microsecond}
			})
			town := newTown(w, g.addr)
			town.populate(clients)
			defer town.leave()
			town.let(true)
			until(t, "sixty confirmations", func() bool {
				done := 0
				town.h.promise(func(p *promises) { done = len(p.confirmed) })
				return done >= 60 || len(town.h.complaints()) > 0
			})
			town.leave()
			w.ended()
			if wrong := append(w.check(town.h), w.messages(0)...); len(wrong) > 0 {
				t.Fatal(strings.Join(wrong, "\n"))
			}
			w.verify()
			if lost.Load() < 10 || town.h.count[unknown] < 10 {
				t.Errorf("%d connections were cut, and clients missed %d answers: that proves little", lost.Load(), town.h.count[unknown])
			}
		})
	}
}
