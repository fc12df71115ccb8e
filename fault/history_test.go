package fault

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// An outcome is what a client knows of something it asked for.
type outcome string

const (
	invoked outcome = "invoke"  // it is under way
	ok      outcome = "ok"      // the program said that it is done
	failed  outcome = "fail"    // the program said that it is not
	unknown outcome = "unknown" // nobody said anything: it may be done or not
)

// A record is one line of a history.
type record struct {
	At      int64   `json:"at"` // ns
	Client  int     `json:"client"`
	Number  string  `json:"number"` // the member's
	Act     string  `json:"act"`
	On      string  `json:"on,omitempty"` // an operation's id
	Outcome outcome `json:"outcome"`
	Said    string  `json:"said,omitempty"`
}

// A history is what all clients asked for and were told, in the order in which
// they knew it: a file that only grows, and the promises that follow from it.
type history struct {
	mu    sync.Mutex
	file  *os.File
	w     *bufio.Writer
	tail  []record // the last ones, for a test that fails
	count map[outcome]int

	promises
	wrongs []string // what a client saw that may not be
}

// promises are what members were told. They hold from then on, whatever happens.
type promises struct {
	confirmed map[string]string // operation -> the receipt's number
	withdrawn map[string]bool   // operation
	wrong     map[string]int    // operation -> wrong codes that were answered as such
	password  map[string]string // member -> the password that was set last
	doubt     map[string]string // member -> a password that may have been set since
	enrolled  map[string]bool   // member: the channel's steps were all done
}

func newHistory(t testing.TB) *history {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "history.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	h := &history{file: f, w: bufio.NewWriter(f), count: map[outcome]int{}, promises: promises{
		confirmed: map[string]string{}, withdrawn: map[string]bool{}, wrong: map[string]int{},
		password: map[string]string{}, doubt: map[string]string{}, enrolled: map[string]bool{}}}
	t.Cleanup(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if err := h.w.Flush(); err != nil {
			t.Error(err)
		}
		if err := h.file.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			for _, r := range h.tail {
				t.Logf("%s client %d, %s: %s %s %s %s", time.Unix(0, r.At).Format("15:04:05.000"), r.Client, r.Number, r.Act, r.On, r.Outcome, r.Said)
			}
		}
	})
	return h
}

// add appends a record.
func (h *history) add(r record) {
	r.At = time.Now().UnixNano()
	text, err := json.Marshal(r)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		_, err = h.w.Write(append(text, '\n'))
	}
	if err != nil {
		h.wrongs = append(h.wrongs, fmt.Sprintf("the history cannot be written: %v", err))
	}
	h.count[r.Outcome]++
	if h.tail = append(h.tail, r); len(h.tail) > 60 {
		h.tail = h.tail[1:]
	}
}

// promise notes something that was told, under the lock.
func (h *history) promise(f func(*promises)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f(&h.promises)
}

// wrongly notes something that may not be.
func (h *history) wrongly(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrongs = append(h.wrongs, fmt.Sprintf(format, args...))
}

// complaints are what clients saw that may not be, so far.
func (h *history) complaints() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.wrongs...)
}
