package deliver

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestCapture(t *testing.T) {
	now := time.Date(2026, 11, 21, 14, 30, 0, 0, time.UTC)
	c := NewCapture(func() time.Time { return now })
	if got := c.Messages(); len(got) != 0 {
		t.Errorf("new, it holds %v", got)
	}
	for i := range 3 {
		if _, err := c.Send(t.Context(), example(fmt.Sprint("m", i))); err != nil {
			t.Fatal(err)
		}
	}
	sms := example("s1")
	sms.Channel, sms.To, sms.Subject = "sms", "+393006220277", ""
	if _, err := c.Send(t.Context(), sms); err != nil {
		t.Fatal(err)
	}
	got := c.Messages()
	if len(got) != 4 || got[0].ID != "s1" || got[0].N != 4 || got[3].ID != "m0" || got[3].N != 1 || !got[0].At.Equal(now) {
		t.Errorf("not newest first: %+v", got)
	}
	if got[0].HTML != "" || !strings.Contains(got[1].HTML, "359359") {
		t.Error("a mail has two forms, an SMS one")
	}
	got[0].To = "changed"
	if c.Messages()[0].To != "+393006220277" {
		t.Error("a caller can change what is kept")
	}
	data, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"n":4`, `"id":"s1"`, `"fund":"aurora"`, `"channel":"sms"`, `"at":"2026-11-21T14:30:00Z"`, `"text":"Ecco`, `"from_name":`} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %s in %.300s", want, data)
		}
	}
}

func TestCaptureIsBounded(t *testing.T) {
	c := NewCapture(time.Now)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 300 {
				if _, err := c.Send(t.Context(), example(fmt.Sprintf("m%d-%d", g, i))); err != nil {
					t.Error(err)
				}
				if i%50 == 0 {
					c.Messages()
				}
			}
		})
	}
	wg.Wait()
	got := c.Messages()
	if len(got) != captureMax || got[0].N != 2400 || got[captureMax-1].N != 401 {
		t.Errorf("%d kept, from %d to %d", len(got), got[0].N, got[len(got)-1].N)
	}
}

func TestCaptureRefuses(t *testing.T) {
	c := NewCapture(time.Now)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Send(ended, example("m1"))
	if kind, _ := asOne(err); kind != "temporary" {
		t.Errorf("a caller who is gone: %s, %v", kind, err)
	}
	_, err = c.Send(t.Context(), Envelope{ID: "m1"})
	if kind, _ := asOne(err); kind != "permanent" {
		t.Errorf("no address: %s, %v", kind, err)
	}
	if len(c.Messages()) != 0 {
		t.Error("kept")
	}
}
